//! Relays by country and by autonomous system.
//!
//! `relay-countries`: `date`, `country` (two letters, `??` if not known), and `relay-systems`: `date`, `as` (the number), `name`
//! (as the database has it, without commas; both are missing for relays whose system is not known). Then in both:
//!
//! | column | what it is | missing |
//! | --- | --- | --- |
//! | `relays` | running relays | |
//! | `advertised_bandwidth` | their advertised bandwidth, bytes per second, of those that are described | |
//! | `consensus_weight` | their share of the consensus weight | no consensus of the day has weights |
//! | `guard_probability` … `exit_probability` | how likely one of them is chosen for that position | no consensus has `bandwidth-weights` |
//! | `statuses` | consensuses of the day | |
//! | `described` | share of the entries whose descriptor is known | |
//! | `database` | the day of the database of addresses that was used | it does not say |
//!
//! `bandwidth-countries`: `date` and `country`, and `bandwidth-systems`: `date`, `as` and `name`; then the columns of
//! [`consumed`], and `database`.
//!
//! A day is looked up in the newest database that is no younger, or in the oldest ([`Places`]). The address is that of the
//! `r` line, always IPv4.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use super::{
    consumed,
    view::{COLUMNS, Groups, Part, View},
};
use crate::{
    geoip::{Database, Places},
    stats::{Cell, Day, Table},
    value::Timestamp,
};

/// The tables of countries.
pub(super) struct Countries<'p> {
    places: &'p Places,
    tables: [Table; 2],
}

/// The tables of autonomous systems.
pub(super) struct Systems<'p> {
    places: &'p Places,
    tables: [Table; 2],
}

impl<'p> Countries<'p> {
    pub(super) fn new(places: &'p Places) -> Self {
        Countries { places, tables: tables(["relay-countries", "bandwidth-countries"], &["country"]) }
    }

    /// Adds a day; `None` if there is no database for countries.
    pub(super) fn add(&mut self, view: &View<'_>) -> Option<Groups> {
        let database = self.places.countries_at(view.day.end())?;
        let (known, unknown) = group(view, |address| database.country(address));
        let rows = unknown.iter().map(|part| ("??".to_owned(), part));
        for (country, part) in rows.chain(known.iter().map(|(country, part)| (country.to_string(), part))) {
            push(&mut self.tables, view, [country.into()], part, database);
        }
        Some(known.into_values().collect())
    }

    /// The tables; `None` if there was no database.
    pub(super) fn tables(self) -> Option<[Table; 2]> {
        self.places.countries_at(Timestamp(0)).map(|_| self.tables)
    }
}

impl<'p> Systems<'p> {
    pub(super) fn new(places: &'p Places) -> Self {
        Systems { places, tables: tables(["relay-systems", "bandwidth-systems"], &["as", "name"]) }
    }

    /// Adds a day; `None` if there is no database for autonomous systems.
    pub(super) fn add(&mut self, view: &View<'_>) -> Option<Groups> {
        let database = self.places.systems_at(view.day.end())?;
        let (known, unknown) = group(view, |address| database.system(address).map(|it| (it.number, it.name)));
        // A database may write a name in several ways; the system is the number.
        let mut systems: BTreeMap<u32, (String, Part)> = BTreeMap::new();
        for ((number, name), part) in known {
            let system = systems.entry(number).or_insert_with(|| (plain(&name), Part::default()));
            system.1 += part;
        }
        for (number, (name, part)) in &systems {
            push(&mut self.tables, view, [(*number).into(), name.clone().into()], part, database);
        }
        if let Some(part) = &unknown {
            push(&mut self.tables, view, [Cell::Missing, Cell::Missing], part, database);
        }
        Some(systems.into_values().map(|(_, part)| part).collect())
    }

    /// The tables; `None` if there was no database.
    pub(super) fn tables(self) -> Option<[Table; 2]> {
        self.places.systems_at(Timestamp(0)).map(|_| self.tables)
    }
}

/// A table of what relays are, and one of what they have consumed.
fn tables([relays, bandwidth]: [&'static str; 2], group: &[&'static str]) -> [Table; 2] {
    let table = |name, columns: &[&'static str]| {
        Table::new(name, &[&["date"][..], group, columns, &["database"]].concat())
    };
    [table(relays, &COLUMNS), table(bandwidth, &consumed::COLUMNS)]
}

fn push<const N: usize>(
    tables: &mut [Table; 2],
    view: &View<'_>,
    group: [Cell; N],
    part: &Part,
    database: &Database,
) {
    let date: Cell = database.date().map(Day::of).into();
    for (table, cells) in tables.iter_mut().zip([view.cells(part), part.used.cells(view)]) {
        let start = [view.day.into()].into_iter().chain(group.clone());
        table.push_all(start.chain(cells).chain([date.clone()]));
    }
}

/// The parts of the day's relays by something about their addresses, and of those of which it is not known, if any.
pub(super) fn group<K: Ord + Clone>(
    view: &View<'_>,
    key: impl Fn(IpAddr) -> Option<K>,
) -> (BTreeMap<K, Part>, Option<Part>) {
    let (mut known, mut unknown) = (BTreeMap::<K, Part>::new(), None);
    let mut last: Option<(u32, Option<K>)> = None;
    for seen in &view.rows {
        let address = seen.row.address;
        // The rows of a relay nearly always have the same one.
        if last.as_ref().is_none_or(|(known, _)| *known != address) {
            last = Some((address, key(Ipv4Addr::from(address).into())));
        }
        let part = match &last {
            Some((_, Some(key))) => known.entry(key.clone()).or_default(),
            _ => unknown.get_or_insert_default(),
        };
        *part += seen.part;
    }
    (known, unknown)
}

/// A name without what tables cannot hold.
fn plain(name: &str) -> String {
    let words = name.split(|it: char| it == ',' || it.is_whitespace() || it.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_commas() {
        assert_eq!(plain("Cloudflare, Inc.\n"), "Cloudflare Inc.");
        assert_eq!(plain("a,b"), "a b");
        assert_eq!(plain(""), "");
    }
}
