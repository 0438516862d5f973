//! The estimates as tables (spec §5.7, §5.8).

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{
    Kind, Users,
    daily::{Daily, Group},
    files_2013,
};
use crate::stats::{
    Cell, Day, Options, Profile, Statistic, Table,
    detector::{Detector, Range},
    number::to_integer,
};
use crate::value::Timestamp;

/// Requests that a client makes a day.
pub(super) const REQUESTS: f64 = 10.0;

/// An estimate for one day and one kind of node.
pub(super) struct Estimate {
    /// Country, transport, version; two of them are empty.
    pub(super) group: (String, String, String),
    pub(super) users: i64,
}

/// What can be told of a day.
pub(super) struct DayOf {
    pub(super) percent: i64,
    pub(super) estimates: Vec<Estimate>,
}

pub(super) type Estimates = BTreeMap<(Day, Kind), DayOf>;

/// All tables.
pub(super) fn all(users: &Users, options: &Options) -> Vec<Table> {
    // What is not over yet is left out at the end.
    let options = &Options { now: Timestamp(i64::MAX), ..*options };
    let daily = Daily::of(users, options);
    let mut tables = vec![userstats(&estimates(&daily, options))];
    if options.profile == Profile::Y2020 {
        tables.push(combined(&daily, options));
    }
    tables
}

/// Adds the table with the detector's bounds, which are made of all days.
pub(super) fn close(tables: &mut Vec<Table>, options: &Options) {
    let Some(estimates) = tables.first().map(estimates_of) else { return };
    let ranges = ranges(&estimates, options);
    // What most ask for comes first.
    tables.splice(..1, [clients(&estimates, &ranges), userstats(&estimates)]);
    if options.profile == Profile::Y2013 {
        tables.extend([files_2013::detector_input(&estimates), files_2013::ranges(&ranges)]);
    }
}

/// The estimates that a table `userstats` was made of.
fn estimates_of(userstats: &Table) -> Estimates {
    let mut all = Estimates::new();
    for row in userstats.rows() {
        let [Cell::Day(day), node, country, transport, version, Cell::Int(percent), Cell::Int(users)] = row
        else {
            continue;
        };
        let kind = if node.text() == Kind::Relay.name() { Kind::Relay } else { Kind::Bridge };
        let of_day =
            all.entry((*day, kind)).or_insert_with(|| DayOf { percent: *percent, estimates: Vec::new() });
        let group = [country, transport, version].map(|cell| cell.text().to_owned()).into();
        of_day.estimates.push(Estimate { group, users: *users });
    }
    for of_day in all.values_mut() {
        of_day.estimates.sort_by(|a, b| a.group.cmp(&b.group));
    }
    all
}

/// Whether a share is one that estimates can be based on. Above all there is more than all: relays come and go.
pub(super) fn is_sound(fraction: f64, profile: Profile) -> bool {
    limits(profile).contains(&fraction)
}

/// The least and the greatest of such shares.
pub(super) fn limits(profile: Profile) -> RangeInclusive<f64> {
    match profile {
        Profile::Y2013 => 0.1..=1.0,
        Profile::Y2020 => 0.1..=1.1,
    }
}

/// Whether a day is over for long enough.
pub(super) fn is_over(day: Day, options: &Options) -> bool {
    Users::end(options).is_none_or(|end| day < end)
}

pub(super) fn users_of(tenths: i64, fraction: f64, options: &Options) -> i64 {
    let users = (tenths as f64 / 10.0) / (fraction * REQUESTS);
    if options.choices.users_rounded_down { users.floor() as i64 } else { to_integer(users) }
}

pub(super) fn estimates(daily: &Daily, options: &Options) -> Estimates {
    let mut all = Estimates::new();
    for (&(day, kind), components) in &daily.days {
        let sound =
            components.fraction().filter(|&it| is_sound(it, options.profile) && is_over(day, options));
        let Some(fraction) = sound else { continue };
        let mut estimates: Vec<_> = components
            .responses
            .iter()
            .map(|(group, &(tenths, _))| Estimate {
                group: names(daily, *group),
                users: users_of(tenths, fraction, options),
            })
            .collect();
        estimates.sort_by(|a, b| a.group.cmp(&b.group));
        all.insert((day, kind), DayOf { percent: to_integer(fraction * 100.0), estimates });
    }
    all
}

/// Country, transport and version of a group.
pub(super) fn names(daily: &Daily, group: Group) -> (String, String, String) {
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let none = String::new;
    match group {
        Group::Total => (none(), none(), none()),
        Group::Country(it) => (text(&it), none(), none()),
        Group::Transport(it) => (none(), daily.transports[usize::from(it)].clone(), none()),
        Group::Version(it) => (none(), none(), text(&it)),
    }
}

/// What estimates are made of, under the names that the database had: the components by group, the bounds by country and
/// transport, and the share of the network that reports.
pub(super) fn intermediate(daily: &Daily) -> [Table; 3] {
    let sums = ["hh", "nn", "hrh", "nh", "nrh"];
    let groups = ["date", "node", "country", "transport", "version", "rrx", "nrx"];
    let mut aggregated = Table::new("aggregated", &[&groups[..], &sums].concat());
    let mut bounds = Table::new("combined", &["date", "country", "transport", "low", "high"]);
    let mut shares = Table::new("frac", &[&["date", "node", "frac", "rrx", "nrx"][..], &sums].concat());
    let value = |tenths: i64| Cell::Float(tenths as f64 / 10.0);
    for (&(day, kind), it) in &daily.days {
        let [date, node] = [day.into(), Cell::from(kind.name())];
        let sums = [
            value(it.bytes),
            it.running_time.into(),
            it.both.into(),
            it.bytes_time.into(),
            it.responses_time.into(),
        ];
        let mut groups: Vec<_> =
            it.responses.iter().map(|(group, sums)| (names(daily, *group), *sums)).collect();
        groups.sort_unstable();
        for ((country, transport, version), (responses, time)) in groups {
            let names = [country, transport, version].map(Cell::from);
            let start = [date.clone(), node.clone()].into_iter().chain(names);
            aggregated.push_all(start.chain([value(responses), time.into()]).chain(sums.clone()));
        }
        for (&(country, transport), &(low, high)) in &it.bounds {
            let [country, transport] = [Group::Country(country), Group::Transport(transport)];
            let (country, transport) = (names(daily, country).0, names(daily, transport).1);
            bounds.push([date.clone(), country.into(), transport.into(), value(low), value(high)]);
        }
        if let (Some(share), Some(&(responses, time))) = (it.fraction(), it.responses.get(&Group::Total)) {
            let start = [date, node, share.into(), value(responses), time.into()];
            shares.push_all(start.into_iter().chain(sums));
        }
    }
    [aggregated, bounds, shares]
}

/// The detector's input, in the order in which the database told it: latest day first, and by version, transport,
/// country.
fn userstats(estimates: &Estimates) -> Table {
    let columns = ["date", "node", "country", "transport", "version", "frac", "users"];
    let mut table = Table::new("userstats", &columns);
    let mut days: Vec<_> = estimates.iter().collect();
    days.sort_by_key(|((day, kind), _)| (std::cmp::Reverse(*day), *kind));
    for ((day, kind), of_day) in days {
        let mut rows: Vec<_> = of_day.estimates.iter().collect();
        rows.sort_by_key(|it| (&it.group.2, &it.group.1, &it.group.0));
        for Estimate { group: (country, transport, version), users } in rows {
            table.push([
                Cell::Day(*day),
                kind.name().into(),
                country.clone().into(),
                transport.clone().into(),
                version.clone().into(),
                of_day.percent.into(),
                (*users).into(),
            ]);
        }
    }
    table
}

/// By country and day.
pub(super) type Ranges = BTreeMap<(String, Day), Range>;

fn ranges(estimates: &Estimates, options: &Options) -> Ranges {
    detector(estimates, options).ranges()
}

/// The users of relays by country and day.
pub(super) fn detector(estimates: &Estimates, options: &Options) -> Detector {
    let mut detector = Detector::new(options.profile);
    for ((day, _), of_day) in estimates.iter().filter(|((_, kind), _)| *kind == Kind::Relay) {
        for Estimate { group: (country, transport, version), users } in &of_day.estimates {
            if transport.is_empty() && version.is_empty() {
                detector.add(*day, country, *users);
            }
        }
    }
    detector
}

fn clients(estimates: &Estimates, ranges: &Ranges) -> Table {
    let columns = ["date", "node", "country", "transport", "version", "lower", "upper", "clients", "frac"];
    let mut table = Table::new("clients", &columns);
    let mut days: Vec<_> = estimates.iter().collect();
    days.sort_by_key(|((day, kind), _)| (*day, kind.name()));
    for ((day, kind), of_day) in days {
        for Estimate { group: (country, transport, version), users } in &of_day.estimates {
            let plain = *kind == Kind::Relay && transport.is_empty() && version.is_empty();
            let range = ranges.get(&(country.clone(), *day)).filter(|_| plain);
            table.push([
                Cell::Day(*day),
                kind.name().into(),
                country.clone().into(),
                transport.clone().into(),
                version.clone().into(),
                range.map(|range| range.lower.floor() as i64).into(),
                range.map(|range| range.upper.floor() as i64).into(),
                (*users).into(),
                of_day.percent.into(),
            ]);
        }
    }
    table
}

fn combined(daily: &Daily, options: &Options) -> Table {
    let columns = ["date", "node", "country", "transport", "version", "frac", "low", "high"];
    let mut table = Table::new("userstats-combined", &columns);
    for (&(day, kind), components) in &daily.days {
        // Not raised to 110 % with the other limit.
        let sound = components.fraction().filter(|&it| is_sound(it, Profile::Y2013) && is_over(day, options));
        let Some(fraction) = sound.filter(|_| components.responses.contains_key(&Group::Total)) else {
            continue;
        };
        let name = |number: u16| daily.transports[usize::from(number)].as_str();
        let mut rows: Vec<_> = components.bounds.iter().collect();
        rows.sort_by_key(|((country, transport), _)| {
            (*country, name(*transport).to_lowercase(), name(*transport))
        });
        for (&(country, transport), &(low, high)) in rows {
            table.push([
                Cell::Day(day),
                kind.name().into(),
                String::from_utf8_lossy(&country).into_owned().into(),
                name(transport).to_owned().into(),
                Cell::Missing,
                to_integer(fraction * 100.0).into(),
                users_of(low, fraction, options).into(),
                users_of(high, fraction, options).into(),
            ]);
        }
    }
    table
}
