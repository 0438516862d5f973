//! How the means of a day came about. A status holds counts and no relays, so who contributed is told by status.

use std::collections::BTreeSet;

use super::{
    Key, Series, Server, Servers,
    counts::Protocols,
    tables::{self, FLAGS, Mean, OTHER, PLATFORMS, Rule, STATUSES, Status},
};
use crate::{
    stats::{
        Cell, FlagSet, Options,
        explain::{Explanation, Keyed, List, Question, Unexplained},
    },
    value::Timestamp,
};

const TABLES: [Keyed; 6] = [
    ("networksize", &[]),
    ("relayflags", &["flag"]),
    ("versions", &["version"]),
    ("platforms", &["platform"]),
    ("advbw", &["isexit", "isguard"]),
    (
        "ipv6servers",
        &[
            "server",
            "guard_relay",
            "exit_relay",
            "announced_ipv6",
            "exiting_ipv6_relay",
            "reachable_ipv6_relay",
        ],
    ),
];

pub(super) fn explain(
    servers: &Servers,
    question: &Question,
    options: &Options,
) -> Result<Explanation, Unexplained> {
    let (table, keys) = question.choose(&TABLES)?;
    let of_row = OfRow {
        servers,
        question,
        options,
        rule: Rule::of(table, options.choices),
        mean: Mean::of_choices(options.choices),
        it: Explanation::new(String::new(), table, question),
    };
    let (mut it, why) = match table {
        "networksize" => of_row.network_size(),
        "relayflags" => of_row.flag()?,
        "versions" => of_row.version(),
        "platforms" => of_row.platform()?,
        "advbw" => of_row.advertised(),
        _ => of_row.protocols(keys)?,
    };
    let mut tables = tables::all(servers, options);
    tables::close(&mut tables, options);
    let is_there = it.row(&tables);
    let why = why.unwrap_or_else(|| "the last day with a status that counts is left out".to_owned());
    Ok(if is_there { it } else { it.without_row(why) })
}

/// An explanation, and why there is no row if there is none.
type Explained = (Explanation, Option<String>);

/// What steps are called.
struct Symbols {
    all: &'static str,
    good: &'static str,
    rows: &'static str,
    occurs: &'static str,
    sum: &'static str,
    mean: &'static str,
}

const PLAIN: Symbols = Symbols { all: "N", good: "K", rows: "R", occurs: "n", sum: "S", mean: "relays" };
const BRIDGES: Symbols =
    Symbols { all: "N(b)", good: "K(b)", rows: "R(b)", occurs: "n(b)", sum: "S(b)", mean: "bridges" };

/// A row, and what is known of it so far.
struct OfRow<'s> {
    servers: &'s Servers,
    question: &'s Question,
    options: &'s Options<'s>,
    rule: Rule,
    mean: Mean,
    it: Explanation,
}

impl<'s> OfRow<'s> {
    fn title(&mut self, what: &str) {
        self.it.title = format!("{what} on {}", self.question.day);
    }

    /// The statuses of the day that count, with what decides about it.
    fn statuses(&mut self, server: Server, symbols: &Symbols) -> Vec<(Key, &'s Status)> {
        let day = self.question.day;
        let of_day = self.servers.join.statuses.iter().filter(|(key, _)| (key.day(), key.0) == (day, server));
        let all: Vec<_> =
            of_day.filter(|(_, status)| status.running > 0).map(|(key, it)| (*key, it)).collect();
        let good: Vec<_> = all.iter().copied().filter(|(_, status)| self.rule.holds(status)).collect();
        let (plural, documents) = (server.plural(), server.documents());
        let about = format!("{documents} of that day with running {plural}");
        self.it.given(symbols.all, all.len() as i64, documents, about);
        let about = match self.rule {
            Rule::Entries => format!(
                "those that count: the descriptors of more than 99.9 % of their running {plural} are known. A day needs \
                 {STATUSES}"
            ),
            Rule::Flags => format!(
                "those that count: {plural} whose descriptors are known have together more flags than 99.9 % of the running \
                 {plural}, which nearly always holds"
            ),
        };
        self.it.given(symbols.good, good.len() as i64, documents, about);
        if self.rule == Rule::Flags {
            let rows: usize = good.iter().map(|(_, status)| self.rule.rows(status)).sum();
            let about = format!("flags that occur in each of these, together. A day needs {STATUSES}");
            self.it.given(symbols.rows, rows as i64, "flags", about);
        }
        good
    }

    /// The mean of what is counted of each status; why there is none.
    fn count(
        &mut self,
        server: Server,
        who: &str,
        symbols: &Symbols,
        count: impl Fn(&Status) -> u64,
    ) -> Option<String> {
        let rule = self.rule;
        let good = self.statuses(server, symbols);
        let rows: usize = good.iter().map(|(_, status)| rule.rows(status)).sum();
        let counts = good.iter().map(|(_, status)| count(status)).filter(|&count| count > 0);
        let (occurs, sum) = counts.fold((0i64, 0u64), |(occurs, sum), it| (occurs + 1, sum + it));
        let statuses: Vec<&Status> = good.iter().map(|(_, status)| *status).collect();
        let mean = self.mean.of(statuses.iter().map(|it| count(it)).filter(|&count| count > 0), &statuses);
        let (plural, documents) = (server.plural(), server.documents());
        let lines = good.iter().map(|(Key(_, time, _), status)| {
            let start = [Timestamp(*time).to_string().into(), Cell::from(status.running)];
            let flags = (rule == Rule::Flags).then(|| rule.counted(status).into());
            let rest = [status.tally.entries().into()].into_iter().chain(flags).chain([count(status).into()]);
            start.into_iter().chain(rest).collect()
        });
        let flags = (rule == Rule::Flags).then_some("flags");
        let columns: Vec<_> =
            [server.time(), "running", "described"].into_iter().chain(flags).chain(["such"]).collect();
        let list = List::all(format!("{documents} that count"), &columns, lines.collect());
        let about = format!("those of the {} {documents} that have {who}", symbols.good);
        self.it.given(symbols.occurs, occurs, documents, about);
        let about = format!("{who} whose descriptors are known, over these {documents} together");
        self.it.given(symbols.sum, sum, plural, about);
        let divisor = if self.mean.over_all { symbols.good } else { symbols.occurs };
        let formula = format!("floor({{{}}} / {{{divisor}}})", symbols.sum);
        if occurs > 0 && rows >= STATUSES {
            self.it.reckoned(symbols.mean, mean, plural, "the mean, rounded down", &formula);
        }
        self.it.lists.push(list);
        if rows < STATUSES {
            return Some(match rule {
                Rule::Entries => format!("a day needs {STATUSES} {documents} that count"),
                Rule::Flags => format!("{documents} that count have fewer than {STATUSES} flags on that day"),
            });
        }
        (occurs == 0).then(|| format!("there are no {who} on that day"))
    }

    fn network_size(mut self) -> Explained {
        self.title("Running relays and bridges");
        let running = |status: &Status| u64::from(with(FlagSet::RUNNING, status));
        let why = self.count(Server::Relay, "running relays", &PLAIN, running);
        let also = self.count(Server::Bridge, "running bridges", &BRIDGES, running);
        (self.it, why.and(also))
    }

    fn flag(mut self) -> Result<Explained, Unexplained> {
        let asked = self.question.value("flag");
        let found = FLAGS.iter().find(|(name, _)| *name == asked);
        let choices = "Exit, Fast, Guard, HSDir, Running and Stable";
        let &(name, flag) = found.ok_or_else(|| Unexplained::Value("flag", asked.to_owned(), choices))?;
        self.title(&format!("Relays with the flag {name}"));
        self.it.key = [("flag", name.to_owned())].into();
        let who = format!("relays with the flag {name}");
        let why = self.count(Server::Relay, &who, &PLAIN, |status| with(flag, status).into());
        Ok((self.it, why))
    }

    fn version(mut self) -> Explained {
        let asked = self.question.value("version").to_owned();
        self.title(&format!("Relays of version {asked}"));
        self.it.key = [("version", asked.clone())].into();
        let (servers, day) = (self.servers, self.question.day);
        let of_day =
            servers.join.statuses.iter().filter(|(key, _)| (key.day(), key.0) == (day, Server::Relay));
        let of_day: Vec<_> = of_day.map(|(_, status)| status).collect();
        let all: BTreeSet<_> = of_day.iter().flat_map(|status| status.tally.series.keys().copied()).collect();
        let left_out = self.options.choices.unknown_versions_left_out;
        let known = all.iter().copied().filter(|series| series.is_some() || !left_out);
        let series: BTreeSet<_> = known.filter(|series| servers.version(*series) == asked).collect();
        let of_series = |status: &Status| {
            let counts = status.tally.series.iter().filter(|(it, _)| series.contains(it));
            counts.map(|(_, count)| u64::from(*count)).sum()
        };
        let why = match &*asked {
            OTHER => {
                let why = self.count(Server::Relay, "relays of other versions", &PLAIN, of_series);
                let about = "other versions: no consensus has ever recommended them, or the relay tells none; relays in all \
                             statuses of the day";
                let sum = |it: &Option<Series>| {
                    let counts = of_day.iter().filter_map(|status| status.tally.series.get(it));
                    counts.map(|count| u64::from(*count)).sum::<u64>()
                };
                let name = |it: &Option<Series>| it.map_or("none".to_owned(), |it| it.to_string());
                let rows = series.iter().map(|it| vec![name(it).into(), sum(it).into()]).collect();
                self.it.lists.push(List::greatest(about.to_owned(), &["version", "relays"], 1, rows));
                why
            }
            _ => {
                let who = format!("relays of version {asked}");
                self.count(Server::Relay, &who, &PLAIN, of_series)
            }
        };
        let is_other = all.iter().flatten().any(|it| it.to_string() == asked) && series.is_empty();
        let why = match is_other {
            true => Some(format!("no consensus has ever recommended it, so its relays are among {OTHER}")),
            false => why,
        };
        (self.it, why)
    }

    fn platform(mut self) -> Result<Explained, Unexplained> {
        let asked = self.question.value("platform");
        let found = PLATFORMS.iter().position(|name| *name == asked);
        let choices = "BSD, Linux, Other, Windows and macOS";
        let at = found.ok_or_else(|| Unexplained::Value("platform", asked.to_owned(), choices))?;
        self.title(&format!("Relays on {asked}"));
        self.it.key = [("platform", asked.to_owned())].into();
        let who = match PLATFORMS[at] {
            "Linux" | "Windows" => format!("relays whose system begins with {asked}"),
            "macOS" => "relays whose system begins with Darwin".to_owned(),
            "BSD" => "relays whose system has BSD in its name".to_owned(),
            _ => "relays of another system, or of none that is known".to_owned(),
        };
        let why = self.count(Server::Relay, &who, &PLAIN, |status| status.tally.platforms[at].into());
        Ok((self.it, why))
    }

    fn protocols(mut self, keys: &'static [&'static str]) -> Result<Explained, Unexplained> {
        let server = match self.question.value("server") {
            "" | "relay" => Server::Relay,
            "bridge" => Server::Bridge,
            other => return Err(Unexplained::Value("server", other.to_owned(), "relay and bridge")),
        };
        let is = |column: usize| self.question.is_true(keys[column]);
        let asked =
            Protocols { guard: is(1), exit: is(2), announced: is(3), exiting: is(4), reachable: is(5) };
        let asked = asked.known_of(server);
        let relay = server == Server::Relay;
        let values = [asked.guard, asked.exit, asked.announced, asked.exiting, asked.reachable];
        let text = |(at, value)| if relay || at == 2 { if value { "t" } else { "f" } } else { "" };
        let name = if relay { "relay" } else { "bridge" };
        let values = [name].into_iter().chain(values.into_iter().enumerate().map(text)).map(str::to_owned);
        self.it.key = keys.iter().copied().zip(values).collect();
        let who = asked.words(server);
        self.title(&format!("{} {who}", if relay { "Relays" } else { "Bridges" }));
        let of_group = |status: &Status| {
            let groups = status.tally.protocols.iter().filter(|(it, _)| it.known_of(server) == asked);
            groups.fold((0u64, 0u64), |sum, (_, it)| (sum.0 + u64::from(it.0), sum.1 + it.1))
        };
        let symbols = Symbols { mean: if relay { "relays" } else { "bridges" }, ..PLAIN };
        let why =
            self.count(server, &format!("such {}", server.plural()), &symbols, |status| of_group(status).0);
        if relay && self.it.step("relays").is_some() {
            let good = self.good(server);
            let bytes: u64 = good.iter().map(|status| of_group(status).1).sum();
            let occurs = good.iter().filter(|status| of_group(status).0 > 0);
            let mean = self.mean.of(occurs.map(|status| of_group(status).1), &good);
            let about = "their advertised bandwidth over the same; of a relay it is the smallest of rate, burst and observed";
            self.it.given("B", bytes, "bytes per second", about);
            let formula = if self.mean.over_all { "floor({B} / {K})" } else { "floor({B} / {n})" };
            self.it.reckoned("bandwidth", mean, "bytes per second", "the mean, rounded down", formula);
        }
        Ok((self.it, why))
    }

    fn good(&self, server: Server) -> Vec<&'s Status> {
        let of_day = |(key, _): &(&Key, &Status)| (key.day(), key.0) == (self.question.day, server);
        let statuses = self.servers.join.statuses.iter().filter(of_day).map(|(_, status)| status);
        statuses.filter(|status| self.rule.holds(status)).collect()
    }

    /// The sum over rows of `ipv6servers`.
    fn advertised(mut self) -> Explained {
        let (exit, guard) = (self.question.is_true("isexit"), self.question.is_true("isguard"));
        let yes = |value: bool| if value { "yes" } else { "no" };
        self.title(&format!("Advertised bandwidth of relays (exit: {}, guard: {})", yes(exit), yes(guard)));
        let text = |value: bool| if value { "t" } else { "f" }.to_owned();
        self.it.key = [("isexit", text(exit)), ("isguard", text(guard))].into();
        let statuses: Vec<&Status> =
            self.statuses(Server::Relay, &PLAIN).into_iter().map(|(_, status)| status).collect();
        let groups: BTreeSet<Protocols> =
            statuses.iter().flat_map(|status| status.tally.protocols.keys().copied()).collect();
        let of_groups = groups.into_iter().filter(|it| (it.exit, it.guard) == (exit, guard));
        let (mut rows, mut means) = (Vec::new(), Vec::new());
        for group in of_groups {
            let numbers: Vec<u64> =
                statuses.iter().filter_map(|it| it.tally.protocols.get(&group)).map(|it| it.1).collect();
            let mean = self.mean.of(numbers.iter().copied(), &statuses).unwrap_or(0);
            means.push(mean);
            let flags = [group.announced, group.exiting, group.reachable].map(|it| Cell::from(yes(it)));
            let sums = [Cell::Int(numbers.len() as i64), numbers.iter().sum::<u64>().into(), mean.into()];
            rows.push(flags.into_iter().chain(sums).collect::<Vec<_>>());
        }
        self.it.given(
            "groups",
            means.len() as i64,
            "groups",
            "such relays by whether they announce an IPv6 address, permit exiting to IPv6, and are reached by it: rows of \
             ipv6servers",
        );
        let inserted: Vec<_> = means.iter().map(i64::to_string).collect();
        let sum: i64 = means.iter().sum();
        let divisor =
            if self.mean.over_all { "the K consensuses" } else { "those consensuses that have any" };
        let about = format!(
            "the sum of the groups' means, each over {divisor} and rounded down; advertised is the smallest of rate, burst and \
             observed"
        );
        if !means.is_empty() && statuses.len() >= STATUSES {
            let formula = "sum of the means of the groups".to_owned();
            self.it.shown("advbw", sum, "bytes per second", about, formula, inserted.join(" + "));
        }
        let columns = ["announced", "exiting", "reachable", "n", "bytes per second in n", "mean"];
        self.it.lists.push(List::all("groups of such relays".to_owned(), &columns, rows));
        let why = match statuses.len() {
            few if few < STATUSES => Some(format!("a day needs {STATUSES} consensuses that count")),
            _ => means.is_empty().then(|| "there are no such relays on that day".to_owned()),
        };
        (self.it, why)
    }
}

fn with(flag: FlagSet, status: &Status) -> u32 {
    status.tally.flags[flag.0.trailing_zeros() as usize]
}

impl Server {
    fn plural(self) -> &'static str {
        if self == Server::Relay { "relays" } else { "bridges" }
    }

    fn documents(self) -> &'static str {
        if self == Server::Relay { "consensuses" } else { "statuses" }
    }

    fn time(self) -> &'static str {
        if self == Server::Relay { "valid after" } else { "published" }
    }
}

impl Protocols {
    fn words(self, server: Server) -> String {
        let announced = ("IPv6 address announced", self.announced);
        let of_relays = [
            ("guard", self.guard),
            ("exit", self.exit),
            announced,
            ("exiting to IPv6", self.exiting),
            ("reached by IPv6", self.reachable),
        ];
        let of_bridges = [announced];
        let all = if server == Server::Relay { &of_relays[..] } else { &of_bridges };
        let words = all.iter().map(|(word, yes)| format!("{word}: {}", if *yes { "yes" } else { "no" }));
        format!("({})", words.collect::<Vec<_>>().join(", "))
    }
}
