//! Explanations: their steps lead to the numbers of the table.

use descriptor_core::stats::{
    Cell, Choices, Day, Name, Options, Partials, Profile, Table,
    explain::{Explanation, List, Question, Unexplained},
};

use crate::{GENERATED, NETWORK, REAL, Set, formula, merges::saved};

/// Rows of a table are looked at so many at most, evenly.
const ROWS: usize = 80;

/// A table, the columns that tell its rows apart, and which step each of the others is, cut to a whole number.
pub(crate) struct Case {
    pub(crate) name: Name,
    pub(crate) table: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) steps: &'static [(&'static str, &'static str)],
    /// What else must hold of an explanation.
    pub(crate) check: fn(&Explanation),
}

const IPV6: &[&str] =
    &["server", "guard_relay", "exit_relay", "announced_ipv6", "exiting_ipv6_relay", "reachable_ipv6_relay"];
const WHISKERS: &[(&str, &str)] =
    &[("low", "low"), ("q1", "q1"), ("md", "md"), ("q3", "q3"), ("high", "high")];

const SERVERS: &[Case] = &[
    Case {
        name: Name::Servers,
        table: "networksize",
        keys: &[],
        steps: &[("relays", "relays"), ("bridges", "bridges")],
        check: |it| {
            sums(it, &it.lists[0], ["S", "n", "K"]);
            sums(it, &it.lists[1], ["S(b)", "n(b)", "K(b)"]);
        },
    },
    Case {
        name: Name::Servers,
        table: "relayflags",
        keys: &["flag"],
        steps: &[("relays", "relays")],
        check: of_statuses,
    },
    Case {
        name: Name::Servers,
        table: "versions",
        keys: &["version"],
        steps: &[("relays", "relays")],
        check: of_statuses,
    },
    Case {
        name: Name::Servers,
        table: "platforms",
        keys: &["platform"],
        steps: &[("relays", "relays")],
        check: of_statuses,
    },
    Case {
        name: Name::Servers,
        table: "ipv6servers",
        keys: IPV6,
        steps: &[
            ("server_count_sum_avg", "relays"),
            ("server_count_sum_avg", "bridges"),
            ("advertised_bandwidth_bytes_sum_avg", "bandwidth"),
        ],
        check: of_statuses,
    },
    Case {
        name: Name::Servers,
        table: "advbw",
        keys: &["isexit", "isguard"],
        steps: &[("advbw", "advbw")],
        check: |it| {
            for row in &it.lists[0].rows {
                let [count, sum, mean] = [3, 4, 5].map(|at| row[at].number().expect("a number"));
                assert!(mean == (sum / count).floor() || mean == (sum / step(it, "K")).floor(), "{row:?}");
            }
            assert_eq!(column(&it.lists[0], 5).sum::<f64>(), step(it, "advbw"), "{}", it.title);
        },
    },
];

const OTHERS: &[Case] = &[
    Case {
        name: Name::Performance,
        table: "onionperf-including-partials",
        keys: &["filesize", "source", "server"],
        steps: &[("q1", "q1"), ("md", "md"), ("q3", "q3")],
        check: |it| quartiles(it, 1),
    },
    Case {
        name: Name::Performance,
        table: "buildtimes",
        keys: &["source", "position"],
        steps: &[("q1", "q1"), ("md", "md"), ("q3", "q3")],
        check: |it| quartiles(it, 2),
    },
    Case {
        name: Name::Performance,
        table: "onionperf-failures",
        keys: &["source", "server"],
        steps: &[("timeouts", "timeouts"), ("failures", "failures"), ("requests", "N")],
        check: |it| {
            let list = &it.lists[0];
            let bad = ["timeouts", "failures", "neither"].map(|symbol| step(it, symbol)).iter().sum::<f64>();
            assert_eq!(list.count as f64, bad, "{}", it.title);
        },
    },
    Case {
        name: Name::Performance,
        table: "latencies",
        keys: &["source", "server"],
        steps: WHISKERS,
        check: |it| {
            for row in &it.lists[0].rows {
                let [latency, request, response] = [1, 2, 3].map(|at| row[at].number().expect("a number"));
                assert_eq!(latency, response - request, "{}", it.title);
            }
            quartiles(it, 1);
        },
    },
    Case {
        name: Name::Performance,
        table: "onionperf-throughput",
        keys: &["source", "server"],
        steps: WHISKERS,
        check: |it| {
            for row in &it.lists[0].rows {
                let [rate, begin, end] = [1, 3, 4].map(|at| row[at].number().expect("a number"));
                assert_eq!(rate, (4_194_304.0 / (end - begin)).floor(), "{}", it.title);
            }
            quartiles(it, 1);
            let zeros = it.results.iter().all(|it| it.value == Cell::Int(0));
            assert_eq!(zeros, it.step("none").is_some(), "{}", it.title);
        },
    },
    Case {
        name: Name::Web,
        table: "webstats",
        keys: &["request_type", "platform", "channel", "locale", "incremental"],
        steps: &[("count", "count")],
        check: |it| {
            let list = &it.lists[0];
            assert_eq!(list.count as f64, step(it, "n"), "{}", it.title);
            assert!(list.count > list.rows.len() || column(list, 2).sum::<f64>() == step(it, "count"));
        },
    },
    Case {
        name: Name::Bridgedb,
        table: "bridgedb-stats",
        keys: &["distributor", "transport"],
        steps: &[("requests", "requests")],
        check: |it| {
            let counting: Vec<_> = it.lists[0].rows.iter().filter(|row| row[3].text() == "yes").collect();
            let sum: f64 = counting.iter().filter_map(|row| row[1].number()).sum();
            assert_eq!((counting.len() as f64, sum), (step(it, "n"), step(it, "requests")), "{}", it.title);
        },
    },
    Case {
        name: Name::Disagreement,
        table: "disagreement",
        keys: &["attribute", "votes"],
        steps: &[("required", "required"), ("max", "max"), ("relays", "relays")],
        check: |it| {
            let [by_votes, authorities, relays] = &it.lists[..] else { panic!("{}", it.title) };
            assert_eq!(column(by_votes, 1).sum::<f64>(), step(it, "all"), "{}", it.title);
            // Each vote for a relay is one of its votes.
            let given: f64 =
                column(by_votes, 0).zip(column(by_votes, 1)).map(|(votes, relays)| votes * relays).sum();
            assert_eq!(column(authorities, 3).sum::<f64>(), given, "{}", it.title);
            assert_eq!(relays.count as f64, step(it, "relays"), "{}", it.title);
            for row in &relays.rows {
                let votes = row[1].text().split_whitespace().count();
                assert_eq!(votes.to_string(), it.key["votes"], "{}", it.title);
            }
        },
    },
];

const NEW: &[Case] = &[
    Case {
        name: Name::Adoption,
        table: "version-adoption",
        keys: &["version", "recommended"],
        steps: &[("relays", "relays"), ("share", "share"), ("weight", "weight"), ("statuses", "N")],
        check: |it| {
            let list = &it.lists[0];
            assert_eq!(
                [list.count as f64, column(list, 2).sum()],
                [step(it, "N"), step(it, "S")],
                "{}",
                it.title
            );
            for row in &list.rows {
                let [all, such, share] = [1, 2, 3].map(|at| row[at].number().expect("a number"));
                assert!((such / all - share).abs() < 1e-8, "{row:?}");
            }
            for (symbol, at) in [("P", 3), ("W", 4)] {
                assert!((column(list, at).sum::<f64>() - step(it, symbol)).abs() < 1e-6, "{}", it.title);
            }
        },
    },
    Case {
        name: Name::Measurements,
        table: "measurements",
        keys: &["authority", "fingerprint"],
        steps: &[
            ("listed", "listed"),
            ("measured", "measured"),
            ("compared", "compared"),
            ("p5", "p5"),
            ("p25", "p25"),
            ("median", "median"),
            ("p75", "p75"),
            ("p95", "p95"),
            ("authorities", "authorities"),
        ],
        check: |it| {
            assert_eq!(it.lists[0].count as f64, step(it, "compared"), "{}", it.title);
            for row in &it.lists[0].rows {
                let [ratio, measured, median] = [1, 2, 3].map(|at| row[at].number().expect("a number"));
                assert!((measured / median - ratio).abs() < 1e-3, "{row:?}");
            }
        },
    },
];

pub(crate) fn step(it: &Explanation, symbol: &str) -> f64 {
    let value = it.step(symbol).and_then(|step| step.value.number());
    value.unwrap_or_else(|| panic!("{}: no {symbol}", it.title))
}

pub(crate) fn column(list: &List, at: usize) -> impl Iterator<Item = f64> {
    list.rows.iter().filter_map(move |row| row[at].number())
}

/// The sum is that of the statuses, in its last column, and as many as it says have any.
fn sums(it: &Explanation, list: &List, symbols: [&str; 3]) {
    let last = list.columns.len() - 1;
    let (sum, some) =
        (column(list, last).sum::<f64>(), column(list, last).filter(|&count| count > 0.0).count());
    assert_eq!([sum, some as f64, list.count as f64], symbols.map(|symbol| step(it, symbol)), "{}", it.title);
}

fn of_statuses(it: &Explanation) {
    sums(it, &it.lists[0], ["S", "n", "K"]);
}

/// Where all values are shown, the quartiles are theirs.
fn quartiles(it: &Explanation, at: usize) {
    let list = &it.lists[0];
    let mut values: Vec<f64> = column(list, at).collect();
    if values.is_empty() || list.count > values.len() || step(it, "n") != values.len() as f64 {
        return;
    }
    values.sort_by(f64::total_cmp);
    for (symbol, p) in [("q1", 0.25), ("md", 0.5), ("q3", 0.75)] {
        let place = p * (values.len() - 1) as f64;
        let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
        let expected = below + place.fract() * (above - below);
        assert!((expected - step(it, symbol)).abs() < 1e-9, "{}: {symbol}", it.title);
    }
}

/// The question of a row.
fn question(table: &Table, row: &[Cell], keys: &[&str]) -> Question {
    let day = row[0].day().or_else(|| Day::parse(row[0].text().get(..10)?)).expect("a day");
    let value = |key: &str| row[table.column(key).expect("a column")].to_string();
    let question = Question::of(day).in_table(table.name);
    keys.iter().fold(question, |question, key| question.with(key, &value(key)))
}

/// Explains rows of a table and follows the steps. Returns how many rows there were.
fn follow(partials: &mut Partials, table: &Table, case: &Case, options: &Options) -> usize {
    let mut rows = 0;
    for row in table.rows().step_by(table.len() / ROWS + 1) {
        let it = partials.explain(case.name, &question(table, row, case.keys), options).expect("its keys");
        assert_eq!((it.table, &it.absent), (case.table, &None), "{}", it.title);
        assert_eq!(it.results.len(), table.columns.len() - 1 - case.keys.len(), "{}", it.title);
        for outcome in &it.results {
            let column = table.column(&outcome.column).expect("a column of the table");
            assert_eq!(outcome.value, row[column], "{}: {}", it.title, outcome.column);
            let of_column = case.steps.iter().filter(|(column, _)| *column == outcome.column);
            if outcome.column == "age" {
                let first = it.step("first").and_then(|step| step.value.day());
                let age = first.map(|first| i64::from(row[0].day().expect("a day").0 - first.0));
                assert_eq!(outcome.value, age.into(), "{}", it.title);
                continue;
            }
            let mut steps = of_column.filter_map(|(_, symbol)| it.step(symbol)?.value.number()).peekable();
            match outcome.value.number() {
                // Nothing could be reckoned.
                _ if it.step("none").is_some() => {}
                Some(_) if let Cell::Fixed(exact, _) = outcome.value => {
                    let step = steps.next().unwrap_or(f64::NAN);
                    assert!((step - exact).abs() < 1e-9, "{}: {step}, not {exact}", it.title);
                }
                Some(value) => assert_eq!(steps.next().map(f64::trunc), Some(value), "{}", it.title),
                None => assert_eq!(steps.next(), None, "{}: {}", it.title, outcome.column),
            }
        }
        formula::reckon(&it);
        (case.check)(&it);
        rows += 1;
    }
    rows
}

fn follow_all(set: Set, cases: &[Case], choices: &[&str]) {
    let mut all = Choices::default();
    choices.iter().for_each(|name| assert!(all.choose(name), "{name}"));
    follow_with(&set, cases, &Options { choices: all, ..set.options() });
}

pub(crate) fn follow_with(set: &Set, cases: &[Case], options: &Options) {
    let names: Vec<Name> = cases.iter().map(|case| case.name).collect();
    let Some(partials) = set.partials(&names) else { return };
    let bytes = saved(partials);
    let mut partials = Partials::load(&*bytes).expect("what was saved");
    let tables = Partials::load(&*bytes).expect("what was saved").tables(options).0;
    for case in cases {
        let table = tables.get(case.table).expect("a table");
        let rows = follow(&mut partials, table, case, options);
        eprintln!("{}: {}: {rows} of {} rows", set.name, case.table, table.len());
        assert!(rows > 0, "{}", case.table);
    }
}

#[test]
fn steps_of_servers() {
    follow_all(GENERATED, SERVERS, &[]);
    follow_all(NETWORK, SERVERS, &[]);
}

/// Choices are followed by the steps, too.
#[test]
fn steps_of_servers_as_documented() {
    let choices = ["flags-of-good-statuses", "averages-over-all-statuses", "unknown-versions-left-out"];
    follow_all(GENERATED, SERVERS, &choices);
}

#[test]
fn steps_of_what_is_measured_and_logged() {
    follow_all(GENERATED, OTHERS, &[]);
    follow_all(GENERATED, OTHERS, &["instant-downloads-left-out"]);
    let names = [Name::Performance, Name::Web, Name::Bridgedb];
    let of_real = OTHERS.split(|case| !names.contains(&case.name));
    of_real.filter(|cases| !cases.is_empty()).for_each(|cases| follow_all(REAL, cases, &[]));
    let of_votes = OTHERS.split(|case| case.name != Name::Disagreement);
    of_votes.filter(|cases| !cases.is_empty()).for_each(|cases| follow_all(NETWORK, cases, &[]));
}

#[test]
fn steps_of_versions_and_measurements() {
    follow_all(GENERATED, NEW, &[]);
    follow_all(NETWORK, NEW, &[]);
}

/// Where there is no row, the explanation says why.
#[test]
fn rows_that_are_not_there() {
    let names = [Name::Servers, Name::Performance, Name::Web, Name::Bridgedb, Name::Disagreement];
    let Some(mut partials) = GENERATED.partials(&names) else { return };
    let options = GENERATED.options();
    let on = |date: &str| Question::of(Day::parse(date).expect("a day"));
    let mut told = |name: Name, question: Question, expected: &str| {
        let it = partials.explain(name, &question, &options).expect("its keys");
        let why = it.absent.as_deref().unwrap_or_default();
        assert!(it.results.is_empty() && why.starts_with(expected), "{}: {why:?}", it.title);
    };
    let servers = [
        ("2021-01-11", "flag", "Exit", "the last day with a status that counts is left out"),
        ("1999-01-01", "platform", "Linux", "a day needs 12 consensuses that count"),
        ("2020-12-20", "version", "9.9.9", "there are no relays of version 9.9.9"),
    ];
    for (date, column, value, why) in servers {
        told(Name::Servers, on(date).with(column, value), why);
    }
    let late = on("2021-01-10").with("source", "op-aa").in_table("latencies");
    told(Name::Performance, late, "the day is not over for long enough");
    let none = on("2020-12-20").with("source", "op-zz").with("filesize", "51200");
    told(Name::Performance, none, "nothing of the kind was measured");
    told(Name::Web, on("2020-12-20").with("request_type", "tbid"), "no log of that day");
    told(Name::Bridgedb, on("2020-12-20").with("transport", "pigeons"), "no document of that day");
    let many = |date| on(date).with("attribute", "Exit").with("votes", "99");
    told(Name::Disagreement, many("2020-12-19"), "there are only 4 authorities");
    told(Name::Disagreement, many("1999-01-01"), "no vote for 12:00");
}

#[test]
fn what_is_refused() {
    let names = [
        Name::Servers,
        Name::Performance,
        Name::Web,
        Name::Disagreement,
        Name::Servers2013,
        Name::Bandwidth2013,
    ];
    let mut partials = Partials::new(&names);
    let mut options = GENERATED.options();
    let on = || Question::of(Day(0));
    let mut refused = |name: Name, question: Question, options: &Options| {
        partials.explain(name, &question, options).expect_err("refused").to_string()
    };
    let error = refused(Name::Servers, on().with("flag", "Fats"), &options);
    assert!(error.contains("\"Fats\"") && error.contains("Fast"), "{error}");
    let error = refused(Name::Servers, on().with("flag", "Fast").with("platform", "Linux"), &options);
    assert!(error.contains("not told apart by flag and platform"), "{error}");
    let error = refused(Name::Performance, on().in_table("clients"), &options);
    assert!(error.contains("no table clients") && error.contains("buildtimes"), "{error}");
    let error = refused(Name::Performance, on().with("position", "4"), &options);
    assert!(error.contains("1, 2 and 3"), "{error}");
    let error = refused(Name::Web, on().with("request_type", "tbid").in_table("webstat"), &options);
    assert!(error.contains("no table webstat") && error.contains("webstats"), "{error}");
    let error = refused(Name::Disagreement, on().with("attribute", "Exit"), &options);
    assert!(error.contains("votes"), "{error}");
    let error = refused(Name::Bandwidth2013, on(), &options);
    assert_eq!(error, Unexplained::Profile.to_string());
    options.profile = Profile::Y2013;
    let error = refused(Name::Performance, on().with("size", "1"), &options);
    assert!(error.contains("51200, 1048576 and 5242880"), "{error}");
    let error = refused(Name::Servers2013, on().with("flag", "Fats"), &options);
    assert!(error.contains("\"Fats\"") && error.contains("Fast"), "{error}");
    let error = refused(Name::Servers2013, on().with("flag", "Fast").with("platform", "Linux"), &options);
    assert!(error.contains("flag and platform"), "{error}");
}
