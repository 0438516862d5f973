//! Adoption of versions: how fast relays move to a new series of tor, and off the old ones.
//!
//! File of a module: `version-adoption`, one row for each `date`, `version` and `recommended`:
//!
//! | column | what it is | missing |
//! | --- | --- | --- |
//! | `version` | the series, the first three numbers | the entry has no version of tor |
//! | `recommended` | whether the consensus recommends the very version, with its last number, for relays | it recommends none |
//! | `relays` | running relays, mean over the consensuses of the day | |
//! | `share` | their share of all running relays, mean over the consensuses | |
//! | `weight` | their share of the consensus weight, mean over the consensuses | no consensus of the day has weights |
//! | `age` | days since the first day on which a relay of the series was running | no version |
//! | `statuses` | consensuses of the day | |
//!
//! The first day is that of the documents at hand, for they do not say when a version was released; in an archive that begins
//! later, all series of its first day have the age 0. The version is that of the consensus's `v` line, so every entry counts
//! whether or not its descriptor is known. Days are shown up to the one before the run's.
//!
//! Of two consensuses with the same valid-after time that differ, which has never been seen, the greater stays.

mod explain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cell, Day, Document, FlagSet, Map, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
};
use crate::{
    document::{Consensus, Type},
    value::TorVersion,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Adoption {
    statuses: BTreeMap<i64, Status>,
}

/// Relays of a consensus by version: how many, and their weight.
type Status = BTreeMap<Version, (u32, u64)>;

/// The series, and whether the consensus recommends the version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Version(Option<[u32; 3]>, Option<bool>);

/// Sums over the consensuses of a day.
#[derive(Default)]
struct Sums {
    relays: u64,
    share: f64,
    weight: f64,
}

impl Statistic for Adoption {
    const TYPES: &'static [Type] = &[Type::Consensus];

    fn add(&mut self, document: &Document<'_>) {
        if let Document::Consensus { document, flags } = document {
            self.join(document.valid_after.0, count(document, flags));
        }
    }

    fn merge(&mut self, other: Self) {
        other.statuses.into_iter().for_each(|(time, status)| self.join(time, status));
    }

    fn finish(self, _: &Options) -> Vec<Table> {
        vec![table(&self.statuses)]
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today())
    }

    fn close(tables: &mut Vec<Table>, _: &Options) {
        let mut first: BTreeMap<String, Day> = BTreeMap::new();
        for row in tables.iter_mut().flat_map(Table::rows_mut) {
            let [Cell::Day(day), Cell::Text(version), .., age, _] = row else { continue };
            let since = *first.entry(version.clone().into_owned()).or_insert(*day);
            *age = Cell::Int(i64::from(day.0 - since.0));
        }
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (time, status) in self.statuses {
            parts.day(Day::of_seconds(time)).statuses.insert(time, status);
        }
        parts
    }
}

impl Adoption {
    fn join(&mut self, time: i64, status: Status) {
        let known = self.statuses.entry(time).or_default();
        if *known < status {
            *known = status;
        }
    }
}

/// The relays of a consensus, and their weight.
fn all(status: &Status) -> (u32, u64) {
    status.values().fold((0, 0), |sum, (relays, weight)| (sum.0 + relays, sum.1.saturating_add(*weight)))
}

impl Version {
    /// The series as the table has it.
    fn name(self) -> Option<String> {
        self.0.map(|[major, minor, micro]| format!("{major}.{minor}.{micro}"))
    }
}

/// The table, but for the ages, as only all days together tell the first.
fn table(statuses: &BTreeMap<i64, Status>) -> Table {
    let columns = ["date", "version", "recommended", "relays", "share", "weight", "age", "statuses"];
    let mut table = Table::new("version-adoption", &columns);
    let mut days: BTreeMap<Day, Vec<&Status>> = BTreeMap::new();
    for (time, status) in statuses {
        days.entry(Day::of_seconds(*time)).or_default().push(status);
    }
    for (day, statuses) in days {
        let (mut sums, mut weighted) = (BTreeMap::<Version, Sums>::new(), 0u32);
        for status in &statuses {
            let (relays, weight) = all(status);
            weighted += u32::from(weight > 0);
            for (version, counts) in *status {
                let sums = sums.entry(*version).or_default();
                sums.relays += u64::from(counts.0);
                sums.share += f64::from(counts.0) / f64::from(relays);
                sums.weight += if weight > 0 { counts.1 as f64 / weight as f64 } else { 0.0 };
            }
        }
        let count = statuses.len() as f64;
        for (version, sums) in sums {
            table.push([
                day.into(),
                version.name().into(),
                version.1.into(),
                Cell::Fixed(sums.relays as f64 / count, 2),
                Cell::Fixed(sums.share / count, 8),
                match weighted {
                    0 => Cell::Missing,
                    weighted => Cell::Fixed(sums.weight / f64::from(weighted), 8),
                },
                Cell::Missing,
                Cell::Int(statuses.len() as i64),
            ]);
        }
    }
    table
}

fn count(consensus: &Consensus<'_>, flags: &[FlagSet]) -> Status {
    let mut status = Status::new();
    // There are few different versions, and to look one up in the list is dear.
    let mut known: Map<Option<&[u8]>, Version> = Map::default();
    let entries = consensus.entries.iter().zip(flags).filter(|(_, flags)| flags.has(FlagSet::RUNNING));
    for (entry, _) in entries {
        let version = known.entry(entry.version.map(|line| line.0)).or_insert_with(|| {
            entry.tor_version().map_or(Version::default(), |it: TorVersion<'_>| {
                Version(Some([it.major, it.minor, it.micro]), consensus.recommends_for_relays(&it))
            })
        });
        let counts = status.entry(*version).or_default();
        counts.0 += 1;
        counts.1 = counts.1.saturating_add(entry.weight.and_then(|weight| weight.bandwidth).unwrap_or(0));
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Timestamp;

    #[test]
    fn shares_and_ages() {
        let [old, new] = [[0, 4, 7], [0, 4, 8]];
        let status = |counts: &[([u32; 3], bool, u32, u64)]| -> Status {
            counts.iter().map(|&(series, yes, n, w)| (Version(Some(series), Some(yes)), (n, w))).collect()
        };
        let mut adoption = Adoption::default();
        let hour = 3600;
        adoption.join(0, status(&[(old, true, 4, 100)]));
        adoption.join(24 * hour, status(&[(old, true, 3, 60), (new, true, 1, 40)]));
        adoption.join(25 * hour, status(&[(old, true, 1, 20), (old, false, 2, 30), (new, true, 1, 50)]));
        // Of another document of the same time the greater stays.
        adoption.join(25 * hour, Status::new());
        let options = Options::at(Timestamp(72 * hour));
        let mut tables = adoption.finish(&options);
        Adoption::close(&mut tables, &options);
        let expected = "date,version,recommended,relays,share,weight,age,statuses\n\
            1970-01-01,0.4.7,t,4.00,1.00000000,1.00000000,0,1\n\
            1970-01-02,0.4.7,f,1.00,0.25000000,0.15000000,1,2\n\
            1970-01-02,0.4.7,t,2.00,0.50000000,0.40000000,1,2\n\
            1970-01-02,0.4.8,t,1.00,0.25000000,0.45000000,0,2\n";
        assert_eq!(tables[0].to_csv(), expected);
    }
}
