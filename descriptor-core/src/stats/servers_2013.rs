//! Relays and bridges as they were counted in 2013 (spec §8.6).
//!
//! File of a module: `servers`, only in the profile of 2013; later it was replaced by what [`servers`](super::servers) makes.
//!
//! Counts of each status, and of the relays of a consensus by version and platform of their descriptors (`join.rs`). Sums
//! of a day are divided by the number of its statuses. Relays by country need a database of addresses
//! ([`Options::places`]), the one of each day if there are several; without one, all are in the country `??`.

mod explain;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use memchr::memmem::find;
use serde::{Deserialize, Serialize};

use super::{
    Cell, Day, Document, Facts, FlagSet, Id, Options, Parts, Profile, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    join::{Entry, Join, Tally},
    number::divide_half_away,
    parts,
};
use crate::{document::Type, value::Timestamp};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Servers2013 {
    /// By valid-after time.
    join: Join<i64, Platform, Platforms>,
    /// Running relays of each consensus, and those with each of [`FLAGS`]; the greater of two that differ.
    relays: BTreeMap<i64, [u32; 6]>,
    /// The addresses of running relays of each consensus, in order; the greater of two that differ.
    addresses: BTreeMap<i64, Vec<u32>>,
    /// Running bridges of each status by time and authority, and those of Tor Cloud.
    bridges: BTreeMap<(i64, Id), [u32; 2]>,
}

/// Five letters of the version, and the number of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Platform([u8; 5], u8);

/// Relays by version and platform.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Platforms(BTreeMap<Platform, u32>);

impl Tally<Platform, ()> for Platforms {
    fn add(&mut self, _: &Entry<()>, platform: &Platform) {
        *self.0.entry(*platform).or_default() += 1;
    }
}

/// The platforms, by number; the first that a platform line contains counts.
const PLATFORMS: [(&str, &str); 5] =
    [("Linux", "Linux"), ("Darwin", "Darwin"), ("BSD", "FreeBSD"), ("Windows", "Windows"), ("", "Other")];

/// The flags that are shown, in order of their names.
const FLAGS: [(&str, FlagSet); 5] = [
    ("Exit", FlagSet::EXIT),
    ("Fast", FlagSet::FAST),
    ("Guard", FlagSet::GUARD),
    ("HSDir", FlagSet::HSDIR),
    ("Stable", FlagSet::STABLE),
];

/// A day must have so many statuses of bridges, half of those that there should be.
const STATUSES: u64 = 24;

impl Statistic for Servers2013 {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::BridgeNetworkStatus, Type::ServerDescriptor];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => {
                let mut counts = [0; 6];
                for flags in flags.iter().filter(|flags| flags.has(FlagSet::RUNNING)) {
                    counts[0] += 1;
                    for (count, (_, flag)) in counts[1..].iter_mut().zip(FLAGS) {
                        *count += u32::from(flags.has(flag));
                    }
                }
                let time = document.valid_after.0;
                self.add_relays(time, counts);
                let running = document.entries.iter().zip(flags).filter(|(_, it)| it.has(FlagSet::RUNNING));
                let mut addresses: Vec<u32> = running.map(|(entry, _)| entry.r.address.into()).collect();
                addresses.sort_unstable();
                self.add_addresses(time, addresses);
                let entries = document.entries.iter().zip(flags);
                let entries = entries.map(|(entry, &flags)| (entry.r.descriptor_digest, flags, ()));
                self.join.add_status(time, entries);
            }
            Document::BridgeStatus { document, published: Timestamp(time), authority, flags } => {
                let mut counts = [0; 2];
                for (entry, flags) in document.entries.iter().zip(flags) {
                    if flags.has(FlagSet::RUNNING) {
                        counts[0] += 1;
                        counts[1] += u32::from(entry.r.nickname.starts_with(b"ec2bridge"));
                    }
                }
                self.add_bridges((*time, *authority), counts);
            }
            Document::Server { document, digest, bridge: false } => {
                if let Some(platform) = document.platform {
                    self.join.add_descriptor(*digest, Platform::of(platform.0));
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.join.merge(other.join);
        other.relays.into_iter().for_each(|(time, counts)| self.add_relays(time, counts));
        other.addresses.into_iter().for_each(|(time, addresses)| self.add_addresses(time, addresses));
        other.bridges.into_iter().for_each(|(key, counts)| self.add_bridges(key, counts));
    }

    fn settle(&mut self) {
        self.join.settle();
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        match options.profile {
            Profile::Y2013 => vec![self.table(options)],
            Profile::Y2020 => Vec::new(),
        }
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn close(tables: &mut Vec<Table>, options: &Options) {
        parts::end(tables, &[], options.today().plus(-1));
    }

    fn split(mut self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (day, join) in self.join.split(|&time| Day::of_seconds(time)) {
            parts.day(day).join = join;
        }
        for (time, counts) in std::mem::take(&mut self.relays) {
            parts.day(Day::of_seconds(time)).relays.insert(time, counts);
        }
        for (time, addresses) in std::mem::take(&mut self.addresses) {
            parts.day(Day::of_seconds(time)).addresses.insert(time, addresses);
        }
        for (key, counts) in std::mem::take(&mut self.bridges) {
            parts.day(Day::of_seconds(key.0)).bridges.insert(key, counts);
        }
        parts.whole = self;
        parts
    }

    fn facts(&mut self) -> Option<&mut dyn Facts> {
        Some(&mut self.join)
    }
}

/// Sums of a day.
#[derive(Default)]
struct Sums {
    consensuses: u64,
    relays: [u64; 6],
    /// By address.
    addresses: BTreeMap<u32, u64>,
    versions: BTreeMap<[u8; 5], u64>,
    platforms: [u64; 5],
    statuses: u64,
    bridges: [u64; 2],
}

impl Sums {
    /// Relays by country.
    fn countries(&self, day: Day, options: &Options) -> BTreeMap<String, u64> {
        let database = options.places.and_then(|places| places.countries_at(day.end()));
        let mut countries = BTreeMap::new();
        for (&address, count) in &self.addresses {
            let country = database.and_then(|it| it.country(Ipv4Addr::from(address).into()));
            let name = country.map_or_else(|| "??".to_owned(), |country| country.to_string());
            *countries.entry(name).or_default() += count;
        }
        countries
    }
}

impl Servers2013 {
    fn add_relays(&mut self, time: i64, counts: [u32; 6]) {
        let known = self.relays.entry(time).or_default();
        *known = (*known).max(counts);
    }

    fn add_addresses(&mut self, time: i64, addresses: Vec<u32>) {
        let known = self.addresses.entry(time).or_default();
        if *known < addresses {
            *known = addresses;
        }
    }

    fn add_bridges(&mut self, key: (i64, Id), counts: [u32; 2]) {
        let known = self.bridges.entry(key).or_default();
        *known = (*known).max(counts);
    }

    fn sums(&self) -> BTreeMap<Day, Sums> {
        let mut days: BTreeMap<Day, Sums> = BTreeMap::new();
        for (&time, counts) in &self.relays {
            let day = days.entry(Day::of_seconds(time)).or_default();
            day.consensuses += 1;
            day.relays.iter_mut().zip(counts).for_each(|(sum, &count)| *sum += u64::from(count));
        }
        for (&time, addresses) in &self.addresses {
            let day = days.entry(Day::of_seconds(time)).or_default();
            addresses.iter().for_each(|address| *day.addresses.entry(*address).or_default() += 1);
        }
        for (&time, status) in &self.join.statuses {
            let day = days.entry(Day::of_seconds(time)).or_default();
            for (Platform(version, platform), &count) in &status.tally.0 {
                *day.versions.entry(*version).or_default() += u64::from(count);
                day.platforms[usize::from(*platform) % 5] += u64::from(count);
            }
        }
        for (&(time, _), counts) in &self.bridges {
            let day = days.entry(Day::of_seconds(time)).or_default();
            day.statuses += 1;
            day.bridges.iter_mut().zip(counts).for_each(|(sum, &count)| *sum += u64::from(count));
        }
        days
    }

    fn table(&self, options: &Options) -> Table {
        let columns = ["date", "flag", "country", "version", "platform", "ec2bridge", "relays", "bridges"];
        let mut table = Table::new("servers", &columns);
        for (day, sums) in self.sums() {
            let relays = |sum: u64| Cell::from(sum.checked_div(sums.consensuses));
            let bridges =
                |at: usize| Cell::from((sums.statuses >= STATUSES).then(|| sums.bridges[at] / sums.statuses));
            let mut row = |column: usize, name: Cell, relays: Cell, bridges: Cell| {
                let mut cells: [Cell; 8] = std::array::from_fn(|_| Cell::Missing);
                cells[0] = day.into();
                cells[column] = name;
                (cells[6], cells[7]) = (relays, bridges);
                table.push(cells);
            };
            if sums.consensuses > 0 {
                for ((name, _), &sum) in FLAGS.into_iter().zip(&sums.relays[1..]).filter(|(_, sum)| **sum > 0)
                {
                    row(1, name.into(), relays(sum), Cell::Missing);
                }
                for (country, sum) in sums.countries(day, options) {
                    let rounded = divide_half_away(sum.into(), sums.consensuses.into());
                    row(2, country.into(), Cell::Int(rounded as i64), Cell::Missing);
                }
                for (version, &sum) in &sums.versions {
                    row(3, version_name(version).into(), relays(sum), Cell::Missing);
                }
                let names: BTreeSet<_> =
                    PLATFORMS.iter().zip(sums.platforms).map(|((_, name), sum)| (*name, sum)).collect();
                for (name, sum) in names.into_iter().filter(|(_, sum)| *sum > 0) {
                    row(4, name.into(), relays(sum), Cell::Missing);
                }
            }
            if !bridges(0).is_missing() {
                row(5, true.into(), Cell::Missing, bridges(1));
            }
            if sums.consensuses > 0 || !bridges(0).is_missing() {
                row(1, Cell::Missing, relays(sums.relays[0]), bridges(0));
            }
        }
        table
    }
}

/// A version as rows have it.
fn version_name(version: &[u8; 5]) -> String {
    String::from_utf8_lossy(version).trim_end_matches('\0').to_owned()
}

impl Platform {
    fn of(line: &[u8]) -> Self {
        let mut version = [0; 5];
        for (to, &from) in version.iter_mut().zip(line.iter().skip("Tor ".len())) {
            *to = from;
        }
        let number = PLATFORMS.iter().position(|(mark, _)| find(line, mark.as_bytes()).is_some());
        Platform(version, number.unwrap_or(4) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_lines_are_cut_without_looking() {
        assert_eq!(Platform::of(b"Tor 0.2.4.18-rc on Linux"), Platform(*b"0.2.4", 0));
        assert_eq!(Platform::of(b"Tor on OpenBSD"), Platform(*b"on Op", 2));
        assert_eq!(Platform::of(b"Tor"), Platform([0; 5], 4));
    }
}
