//! How an estimate came about: components, share, users, the detector's bounds, and who reported.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use super::{
    Kind, Users,
    daily::{Components, Daily, Group},
    node::Node,
    tables::{Estimates, REQUESTS, detector, estimates, is_over, is_sound, limits, names, users_of},
};
use crate::{
    stats::{
        Cell, Day, Id, Options, Profile,
        day::SECONDS,
        detector::{Change, Detector, Reckoning},
        explain::{Explanation, List, Question, Unexplained},
        number::to_integer,
    },
    value::{Hex, Timestamp},
};

/// What tells rows apart.
const KEYS: &[&str] = &["node", "country", "transport", "version"];

/// Explains any number of rows of `clients`, and of `userstats-combined`, whose rows have both a country and a transport.
pub struct Explainer<'u> {
    users: &'u Users,
    options: &'u Options<'u>,
    daily: Daily,
    estimates: Estimates,
    detector: Detector,
    changes: BTreeMap<Day, Change>,
    /// Of the day that was explained last, for the next row is likely to be one of it too.
    last: RefCell<Option<OfDay>>,
}

/// A day, relays or bridges, and what each contributed.
type OfDay = ((Day, Kind), Rc<[Contribution]>);

/// Which row.
struct Row {
    kind: Kind,
    country: String,
    transport: String,
    version: String,
}

impl<'u> Explainer<'u> {
    /// Estimates everything. The users are settled.
    pub fn new(users: &'u Users, options: &'u Options) -> Self {
        let daily = Daily::of(users, options);
        let estimates = estimates(&daily, options);
        let detector = detector(&estimates, options);
        Explainer {
            users,
            options,
            daily,
            estimates,
            changes: detector.changes(),
            detector,
            last: RefCell::default(),
        }
    }

    /// How the numbers of a row came about.
    pub fn explain(&self, question: &Question) -> Result<Explanation, Unexplained> {
        question.only(KEYS)?;
        let row = Row::of(question)?;
        let combined = !row.country.is_empty() && !row.transport.is_empty();
        let table = if combined { "userstats-combined" } else { "clients" };
        let title = format!("{} on {}", row.title(), question.day);
        let mut it = Explanation::new(title, table, question);
        let key = [row.kind.name(), &row.country, &row.transport, &row.version].map(str::to_owned);
        it.key = KEYS.iter().copied().zip(key).collect();
        let Some(components) = self.daily.days.get(&(question.day, row.kind)) else {
            return Ok(it.without_row(format!("nothing was reported of {}s on that day", row.kind.name())));
        };
        Ok(match combined {
            true => self.combined(it, question.day, &row, components),
            false => self.plain(it, question.day, &row, components),
        })
    }

    fn plain(&self, mut it: Explanation, day: Day, row: &Row, components: &Components) -> Explanation {
        let name = (row.country.clone(), row.transport.clone(), row.version.clone());
        let group = components.responses.keys().find(|&&group| names(&self.daily, group) == name).copied();
        let (responses, time) =
            group.and_then(|it| components.responses.get(&it)).copied().unwrap_or_default();
        let nodes = self.nodes(day, row.kind);
        let of_group = |it: &Contribution| Some(it.components.responses.get(&group?)?.0);
        let answering: Vec<_> = nodes.iter().filter_map(|it| Some((it, of_group(it)?))).collect();
        let reports: usize = answering.iter().map(|(node, _)| node.node.responses.len()).sum();
        it.given(
            "r",
            tenths(responses),
            "responses",
            format!(
                "responses to {}, by {} {}s in {reports} reports of 24 hours each, of which that day has {time} seconds",
                row.asking(),
                answering.len(),
                row.kind.name(),
            ),
        );
        it.lists.push(answers(&answering, responses));
        self.components(&mut it, &nodes, row.kind, components);
        let Some(fraction) = self.fraction(&mut it, components) else {
            return it.without_row("without directory bytes or running time there is no share");
        };
        if let Err(why) = self.check(day, fraction, limits(self.options.profile)) {
            return it.without_row(why);
        }
        if group.is_none() {
            return it.without_row(format!("no {} reported responses to {}", row.kind.name(), row.asking()));
        }
        let users = responses as f64 / 10.0 / (fraction * REQUESTS);
        it.given("q", REQUESTS, "requests", "requests that a client makes a day, an assumption");
        it.reckoned("users", users, "users", self.rounding(), "{r} / ({frac} · {q})");
        let of_day = self.estimates.get(&(day, row.kind));
        let estimate = of_day.and_then(|it| it.estimates.iter().find(|it| it.group == name));
        let (Some(of_day), Some(estimate)) = (of_day, estimate) else { return it };
        let is_plain = row.kind == Kind::Relay && row.transport.is_empty() && row.version.is_empty();
        let week = (-6..=0).map(|ago| day.plus(ago)).filter(|_| is_plain);
        let reckonings = self.detector.reckonings(&self.changes, &row.country, week);
        let today = reckonings.last().filter(|it| it.day == day);
        if let Some(reckoning) = today {
            self.bounds(&mut it, reckoning, &reckonings);
        }
        it.result("lower", today.map(|it| it.range.lower.floor() as i64));
        it.result("upper", today.map(|it| it.range.upper.floor() as i64));
        it.result("clients", estimate.users);
        it.result("frac", of_day.percent);
        it
    }

    fn combined(&self, mut it: Explanation, day: Day, row: &Row, components: &Components) -> Explanation {
        let Some(key) = self.key(row) else { return it.without_row("no bridge reported of this transport") };
        let (low, high) = components.bounds.get(&key).copied().unwrap_or_default();
        let nodes = self.nodes(day, row.kind);
        let bounded = self.bounded(day, row);
        it.given("low", tenths(low), "responses", format!(
            "the least that must be of both: the sum of max(0, C + T − S) over {} bridges, where C are a bridge's responses \
             to the country, T those by the transport, S all of them", bounded.count));
        it.given(
            "high",
            tenths(high),
            "responses",
            "the most that can be of both: the sum of min(C, T) over the same",
        );
        it.lists.push(bounded);
        self.components(&mut it, &nodes, row.kind, components);
        let Some(fraction) = self.fraction(&mut it, components) else {
            return it.without_row("without directory bytes or running time there is no share");
        };
        // Not raised to 110 % with the other limit.
        if let Err(why) = self.check(day, fraction, limits(Profile::Y2013)) {
            return it.without_row(why);
        }
        if !components.bounds.contains_key(&key) {
            return it.without_row("no bridge has both on that day");
        }
        it.given("q", REQUESTS, "requests", "requests that a client makes a day, an assumption");
        for (symbol, value, formula) in
            [("users low", low, "{low} / ({frac} · {q})"), ("users high", high, "{high} / ({frac} · {q})")]
        {
            let users = value as f64 / 10.0 / (fraction * REQUESTS);
            it.reckoned(symbol, users, "users", self.rounding(), formula);
        }
        it.result("frac", to_integer(fraction * 100.0));
        it.result("low", users_of(low, fraction, self.options));
        it.result("high", users_of(high, fraction, self.options));
        it
    }

    fn components(&self, it: &mut Explanation, nodes: &[Contribution], kind: Kind, components: &Components) {
        let name = kind.name();
        let count = |time: fn(&Components) -> i64| nodes.iter().filter(|it| time(&it.components) > 0).count();
        let (writing, running) = (count(|it| it.bytes_time), count(|it| it.running_time));
        it.given(
            "h(H)",
            tenths(components.bytes),
            "bytes",
            format!("bytes that {writing} {name}s wrote to answer directory requests"),
        );
        it.given(
            "n(H)",
            components.bytes_time,
            "seconds",
            format!("for how long these {name}s reported the bytes"),
        );
        it.given(
            "n(N)",
            components.running_time,
            "seconds",
            format!("for how long statuses call {running} {name}s running"),
        );
        it.given(
            "h(R^H)",
            components.both,
            "bytes",
            "bytes of those that report responses too, in the time that they do both",
        );
        let alone = "for how long responses are reported and bytes are not";
        let about = match self.options.choices.responses_without_bytes {
            true => alone.to_owned(),
            false => format!("{alone}, by those that report bytes at all on that day"),
        };
        it.given("n(R\\H)", components.responses_time, "seconds", about);
        it.lists.push(written(nodes, components));
    }

    fn fraction(&self, it: &mut Explanation, components: &Components) -> Option<f64> {
        let fraction = components.fraction()?;
        it.reckoned(
            "frac",
            fraction,
            "",
            "the share of the network that reports responses; in the table in percent, rounded to the nearest, ties to even",
            "({h(R^H)} · {n(H)} + {h(H)} · {n(R\\H)}) / ({h(H)} · {n(N)})",
        );
        Some(fraction)
    }

    fn rounding(&self) -> &'static str {
        match self.options.choices.users_rounded_down {
            true => "users; in the table rounded down",
            false => "users; in the table rounded to the nearest, ties to even",
        }
    }

    fn check(&self, day: Day, fraction: f64, limits: std::ops::RangeInclusive<f64>) -> Result<(), String> {
        if !is_over(day, self.options) {
            return Err(format!(
                "the run is of {}, and only days before the one before have rows",
                self.options.today()
            ));
        }
        let sound = limits.contains(&fraction) && is_sound(fraction, self.options.profile);
        sound.then_some(()).ok_or_else(|| {
            format!("there are rows only where frac is from {} to {}", limits.start(), limits.end())
        })
    }

    fn bounds(&self, it: &mut Explanation, reckoning: &Reckoning, week: &[Reckoning]) {
        let Reckoning { before, change, poisson, range, .. } = reckoning;
        let [q1, median, q3] = change.quartiles;
        it.given("c", *before, "users", "users a week before");
        it.given("mu", change.mean, "", format!(
            "mean of the ratios of users to those a week before, over the largest countries: {} ratios without outliers, of {}; \
             median {median}, quartiles {q1} and {q3}, outliers are 4 times their distance or more from the median",
            change.kept, change.all));
        it.given("sigma", change.deviation, "", "standard deviation of these ratios");
        let [least, greatest] = change.bounds();
        it.given(
            "z",
            change.normal,
            "",
            "1 in 10,000 of a normal distribution is more deviations above the mean",
        );
        it.reckoned("N0", least, "", "1 in 10,000 of the ratios is below", "{mu} − {z} · {sigma}");
        it.reckoned("N1", greatest, "", "1 in 10,000 of the ratios is above", "{mu} + {z} · {sigma}");
        it.reckoned(
            "P0",
            poisson.0,
            "users",
            "1 in 10,000 is below, where some are expected",
            "Poisson quantile(0.0001; {c})",
        );
        it.reckoned("P1", poisson.1, "users", "1 in 10,000 is above", "Poisson quantile(0.9999; {c})");
        let (lower, upper) = match self.options.profile {
            Profile::Y2013 => ("{N0} · {P0}", "{N1} · {P1}"),
            Profile::Y2020 => ("max(0, trunc({N0} · {P0}))", "trunc({N1} · {P1})"),
        };
        it.reckoned("lower", range.lower, "users", "fewer users would be a downturn", lower);
        it.reckoned("upper", range.upper, "users", "more users would be an upturn", upper);
        let columns =
            ["date", "users", "a week before", "ratio", "mean ratio", "deviation", "lower", "upper", "event"];
        let rows = week.iter().map(|it| {
            let event = it.range.event(it.users as f64).map(|event| format!("{event:?}").to_lowercase());
            vec![
                it.day.into(),
                it.users.into(),
                it.before.into(),
                (it.users as f64 / it.before as f64).into(),
                it.change.mean.into(),
                it.change.deviation.into(),
                it.range.lower.into(),
                it.range.upper.into(),
                event.into(),
            ]
        });
        it.lists.push(List::all("the last seven days and their bounds".to_owned(), &columns, rows.collect()));
    }

    /// What each node contributed to a day, in the order of fingerprints.
    fn nodes(&self, day: Day, kind: Kind) -> Rc<[Contribution]> {
        if let Some((known, nodes)) = &*self.last.borrow()
            && *known == (day, kind)
        {
            return Rc::clone(nodes);
        }
        let mut nodes: Vec<_> = self.users.nodes.iter().filter(|((it, _), _)| *it == kind).collect();
        nodes.sort_unstable_by_key(|(key, _)| *key);
        let contribution = |(key, node): (&(Kind, Id), &Node)| {
            let node = node.of_day(day);
            let mut daily = self.daily.with_names();
            daily.add_node(kind, &node, self.options);
            let components = daily.days.remove(&(day, kind))?;
            Some(Contribution { fingerprint: key.1, node, components })
        };
        let nodes: Rc<[Contribution]> = nodes.into_iter().filter_map(contribution).collect();
        self.last.replace(Some(((day, kind), Rc::clone(&nodes))));
        nodes
    }

    /// The country and the number of the transport.
    fn key(&self, row: &Row) -> Option<([u8; 2], u16)> {
        let number = self.daily.transports.iter().position(|name| *name == row.transport)?;
        Some((row.country.as_bytes().try_into().ok()?, u16::try_from(number).ok()?))
    }

    fn bounded(&self, day: Day, row: &Row) -> List {
        let key = self.key(row);
        let bounds = |it: &Components| key.and_then(|key| it.bounds.get(&key)).copied();
        let nodes = self.nodes(day, row.kind);
        let rows = nodes.iter().filter(|it| bounds(&it.components).is_some()).map(|it| {
            let of = |group| tenths(it.components.responses.get(&group).map_or(0, |it| it.0));
            let (country, transport) = key.unwrap_or_default();
            let (low, high) = bounds(&it.components).unwrap_or_default();
            let (in_country, by_transport) = (of(Group::Country(country)), of(Group::Transport(transport)));
            vec![it.fingerprint(), in_country, by_transport, of(Group::Total), tenths(low), tenths(high)]
        });
        List::greatest(
            "bridges by what they contribute".to_owned(),
            &["fingerprint", "C", "T", "S", "low", "high"],
            5,
            rows.collect(),
        )
    }
}

/// What a node contributed to a day.
struct Contribution {
    fingerprint: Id,
    node: Node,
    components: Components,
}

impl Contribution {
    fn fingerprint(&self) -> Cell {
        Hex(self.fingerprint.0).to_string().into()
    }
}

/// Who answered most.
fn answers(nodes: &[(&Contribution, i64)], all: i64) -> List {
    let rows = nodes.iter().map(|(it, value)| {
        let of_node = |end: i64| format!("{} to {}", Timestamp(end - SECONDS), Timestamp(end));
        let intervals: Vec<_> = it.node.responses.iter().map(|it| of_node(it.end)).collect();
        let share = 100.0 * *value as f64 / all as f64;
        vec![it.fingerprint(), tenths(*value), Cell::Fixed(share, 1), intervals.join(" and ").into()]
    });
    let columns = ["fingerprint", "responses", "percent", "intervals"];
    List::greatest("those that reported responses, by how many".to_owned(), &columns, 1, rows.collect())
}

/// Who wrote most.
fn written(nodes: &[Contribution], components: &Components) -> List {
    let rows = nodes.iter().filter(|it| it.components.bytes_time > 0).map(|it| {
        let Components { bytes, bytes_time, running_time, both, .. } = it.components;
        let share = 100.0 * bytes as f64 / components.bytes as f64;
        let times =
            [bytes_time, it.components.responses.get(&Group::Total).map_or(0, |it| it.1), running_time];
        let start = [it.fingerprint(), tenths(bytes), Cell::Fixed(share, 1)];
        start.into_iter().chain(times.map(Cell::Int)).chain([both.into()]).collect()
    });
    let columns =
        ["fingerprint", "bytes", "percent", "seconds of bytes", "of responses", "running", "to h(R^H)"];
    List::greatest("those that reported directory bytes, by how many".to_owned(), &columns, 1, rows.collect())
}

fn tenths(value: i64) -> Cell {
    Cell::Float(value as f64 / 10.0)
}

impl Row {
    /// By default a row of relays, unless it is one that only bridges have.
    fn of(question: &Question) -> Result<Self, Unexplained> {
        let [node, country, transport, version] = [0, 1, 2, 3].map(|at| question.value(KEYS[at]).to_owned());
        let kind = match &*node {
            "relay" => Kind::Relay,
            "bridge" => Kind::Bridge,
            "" if transport.is_empty() && version.is_empty() => Kind::Relay,
            "" => Kind::Bridge,
            _ => return Err(Unexplained::Value("node", node, "relay and bridge")),
        };
        Ok(Row { kind, country, transport, version })
    }

    fn title(&self) -> String {
        let mut title = format!("Users of {}s", self.kind.name());
        for (word, name) in [("from", &self.country), ("by", &self.transport), ("with IP", &self.version)] {
            if !name.is_empty() {
                title.extend([" ", word, " ", name]);
            }
        }
        title
    }

    fn asking(&self) -> String {
        match (&*self.country, &*self.transport, &*self.version) {
            ("", "", "") => "all clients".to_owned(),
            (country, "", _) if !country.is_empty() => format!("clients from {country}"),
            (_, transport, _) if !transport.is_empty() => format!("clients that come by {transport}"),
            (_, _, version) => format!("clients with IP{version}"),
        }
    }
}
