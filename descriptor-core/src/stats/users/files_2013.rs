//! Two more files of 2013: the detector's input with a column for each country, and its bounds as it reckoned them.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::{Estimates, Ranges};
use crate::stats::{Cell, Day, Table};

/// Users of relays: a row for each day, a column for each country, `??` first, and the sum of these.
pub(super) fn detector_input(estimates: &Estimates) -> Table {
    let mut days: BTreeMap<Day, BTreeMap<&str, i64>> = BTreeMap::new();
    for ((day, _), of_day) in estimates.iter().filter(|((_, kind), _)| *kind == super::Kind::Relay) {
        let plain = of_day.estimates.iter().filter(|it| it.group.1.is_empty() && it.group.2.is_empty());
        let countries = plain.filter(|it| !it.group.0.is_empty()).map(|it| (it.group.0.as_str(), it.users));
        days.insert(*day, countries.collect());
    }
    let countries: BTreeSet<&str> = days.values().flat_map(|day| day.keys().copied()).collect();
    let mut table = Table::new("userstats-detector", &["date"]);
    table.columns.extend(countries.iter().map(|&country| country.to_owned().into()));
    table.columns.push("all".into());
    for (day, users) in days {
        let cell = |country: &&str| users.get(country).map_or(Cell::Text("NA".into()), |&it| it.into());
        let all = Cell::Int(users.values().sum());
        table.push_all([Cell::Day(day)].into_iter().chain(countries.iter().map(cell)).chain([all]));
    }
    table
}

/// The bounds, not rounded, by country and day, as Python writes them.
pub(super) fn ranges(ranges: &Ranges) -> Table {
    let number = |value: f64| format!("{value:?}");
    let mut table = Table::new("userstats-ranges", &["date", "country", "minusers", "maxusers"]);
    for ((country, day), range) in ranges {
        table.push([
            Cell::Day(*day),
            country.clone().into(),
            number(range.lower).into(),
            number(range.upper).into(),
        ]);
    }
    table
}
