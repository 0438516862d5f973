//! Advertised and consumed bandwidth, and bytes spent on directory requests, as they were counted in 2013 (spec §9.3).
//!
//! File of a module: `bandwidth`, only in the profile of 2013; later there was what [`bandwidth`](super::bandwidth) makes.
//!
//! Consumed bandwidth comes from the same partial as later. Advertised bandwidth is a join of consensuses and descriptors
//! (`join.rs`), and each entry counts as what it is in its own consensus. Directory bytes are extrapolated from the relays
//! that report them to those with an open directory port.
//!
//! The originals took the last report that they read where two of one quarter of an hour differ; here the greater stays.

mod explain;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Cell, Choices, Day, Document, Facts, FlagSet, Id, Options, Parts, Profile, Statistic, Table,
    bandwidth::Bandwidth,
    explain::{Explanation, Question, Unexplained},
    join::{Entry, Join, Tally},
    number::divide_half_away,
};
use crate::document::Type;

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Bandwidth2013 {
    consumed: Bandwidth,
    /// By valid-after time.
    advertised: Join<i64, u64, Advertised>,
    /// The relays that had an open directory port in a consensus of the day.
    open: BTreeMap<Day, BTreeSet<Id>>,
}

/// Advertised bandwidth of relays that are neither exit nor guard, guard only, exit only, and both; absent if there are none.
/// Unit: bytes per second.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Advertised([Option<u64>; 4]);

impl Tally<u64, ()> for Advertised {
    fn add(&mut self, entry: &Entry<()>, bandwidth: &u64) {
        let sum = &mut self.0[class(entry.flags.has(FlagSet::EXIT), entry.flags.has(FlagSet::GUARD))];
        *sum = Some(sum.unwrap_or(0).saturating_add(*bandwidth));
    }
}

fn class(exit: bool, guard: bool) -> usize {
    usize::from(exit) * 2 + usize::from(guard)
}

/// Histories with longer intervals were not read. Unit: seconds.
const LONGEST: u32 = 900;

/// Directory bytes are extrapolated at most to so many times the bytes of those that report them, in whole numbers.
const FARTHEST: u128 = 3;

impl Statistic for Bandwidth2013 {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::ServerDescriptor, Type::ExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document: consensus, flags } => {
                self.consumed.add(document);
                let document = consensus;
                let time = document.valid_after.0;
                let entries = document.entries.iter().zip(flags);
                let entries = entries.map(|(entry, &flags)| (entry.r.descriptor_digest, flags, ()));
                self.advertised.add_status(time, entries);
                let open = self.open.entry(Day::of_seconds(time)).or_default();
                let ports = document.entries.iter().filter(|entry| entry.r.dir_port > 0);
                open.extend(ports.map(|entry| Id::from(entry.r.fingerprint)));
            }
            Document::Server { document, digest, bridge: false } => {
                // The burst did not count.
                let bandwidth = document.bandwidth;
                let advertised = bandwidth.average.min(bandwidth.observed.unwrap_or(0));
                self.advertised.add_descriptor(*digest, advertised);
            }
            Document::ExtraInfo { document, bridge: false } => {
                self.consumed.add_histories(document, LONGEST);
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.consumed.merge(other.consumed);
        self.advertised.merge(other.advertised);
        for (day, relays) in other.open {
            self.open.entry(day).or_default().extend(relays);
        }
    }

    fn settle(&mut self) {
        self.consumed.settle();
        self.advertised.settle();
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        match options.profile {
            Profile::Y2013 => vec![self.table(options.choices)],
            Profile::Y2020 => Vec::new(),
        }
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today().plus(-3))
    }

    fn split(mut self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (day, consumed) in self.consumed.split().days {
            parts.day(day).consumed = consumed;
        }
        for (day, advertised) in self.advertised.split(|&time| Day::of_seconds(time)) {
            parts.day(day).advertised = advertised;
        }
        for (day, relays) in self.open {
            parts.day(day).open.insert(day, relays);
        }
        parts.whole.advertised = self.advertised;
        parts
    }

    fn facts(&mut self) -> Option<&mut dyn Facts> {
        Some(&mut self.advertised)
    }
}

/// What is known of a day. Unit: bytes.
#[derive(Default)]
struct Sums {
    consensuses: i128,
    /// By class.
    advertised: [Option<i128>; 4],
    /// By class: read and written.
    consumed: [[Option<u128>; 2]; 4],
    /// Read and written by all relays.
    all: [Option<u128>; 2],
    /// By relays that are no authorities: read and written for directory requests, by those with an open port, and by those
    /// that report what they write for directory requests; absent if there are none.
    directory: [Option<[u128; 2]>; 3],
}

impl Bandwidth2013 {
    fn table(&self, choices: Choices) -> Table {
        let columns = ["date", "isexit", "isguard", "advbw", "bwread", "bwwrite", "dirread", "dirwrite"];
        let mut table = Table::new("bandwidth", &columns);
        let per_second = |bytes: Option<u128>| Cell::from(bytes.map(|bytes| whole(bytes / 86400)));
        for (day, sums) in self.sums(choices) {
            let advertised =
                |sum: Option<i128>| Cell::from(sum.map(|sum| divide_half_away(sum, sums.consensuses) as i64));
            for (exit, guard) in [(false, false), (false, true), (true, false), (true, true)] {
                let class = class(exit, guard);
                let consumed = sums.consumed[class];
                if sums.advertised[class].is_some() || consumed != [None; 2] {
                    let start = [day.into(), exit.into(), guard.into(), advertised(sums.advertised[class])];
                    let row = start.into_iter().chain(consumed.map(per_second));
                    table.push_all(row.chain([Cell::Missing, Cell::Missing]));
                }
            }
            let total = sums.advertised.into_iter().flatten().reduce(|a, b| a + b);
            let start = [day.into(), Cell::Missing, Cell::Missing, advertised(total)];
            let row = start.into_iter().chain(sums.all.map(per_second));
            table.push_all(row.chain(sums.directory().map(|bytes| bytes.map(whole).into())));
        }
        table
    }

    fn sums(&self, choices: Choices) -> BTreeMap<Day, Sums> {
        let mut days: BTreeMap<Day, Sums> = BTreeMap::new();
        for (&time, status) in &self.advertised.statuses {
            let sums = days.entry(Day::of_seconds(time)).or_default();
            sums.consensuses += 1;
            for (sum, value) in sums.advertised.iter_mut().zip(status.tally.0) {
                *sum = value.map_or(*sum, |value| Some(sum.unwrap_or(0) + i128::from(value)));
            }
        }
        let nobody = BTreeSet::new();
        self.consumed.each(choices, |day, fingerprint, seen, [read, written, dir_read, dir_written]| {
            let sums = days.entry(day).or_default();
            let add = |sums: &mut [Option<u128>; 2]| {
                for (sum, value) in sums.iter_mut().zip([read, written]) {
                    *sum = value.map_or(*sum, |value| Some(sum.unwrap_or(0) + value));
                }
            };
            add(&mut sums.all);
            if seen.is_running() {
                add(&mut sums.consumed[class(seen.is_exit(choices), seen.is_guard())]);
            }
            if !seen.is_authority() {
                let general = [read, written].map(|it| it.unwrap_or(0));
                let directory = [dir_read, dir_written].map(|it| it.unwrap_or(0));
                let open = self.open.get(&day).unwrap_or(&nobody).contains(&fingerprint);
                let counted = [(directory, true), (general, open), (general, directory[1] > 0)];
                for (sums, (values, _)) in sums.directory.iter_mut().zip(counted).filter(|(_, (_, it))| *it) {
                    let sums = sums.get_or_insert_default();
                    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
                }
            }
        });
        days
    }
}

impl Sums {
    /// Bytes per second that relays read and wrote for directory requests, extrapolated; `None` where too few report.
    fn directory(&self) -> [Option<u128>; 2] {
        let [Some(directory), Some(open), Some(reporting)] = self.directory else { return [None; 2] };
        let far = open[1].checked_div(reporting[1]).is_none_or(|times| times > FARTHEST);
        [0, 1].map(|at| {
            let all = directory[at].saturating_mul(open[at]);
            all.checked_div(reporting[at]).filter(|_| !far).map(|bytes| bytes / 86400)
        })
    }
}

fn whole(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_bytes_are_extrapolated_from_enough_relays_only() {
        let sums = |open| Sums {
            directory: [Some([86400 * 2, 86400 * 4]), Some(open), Some([100, 10])],
            ..Sums::default()
        };
        assert_eq!(sums([150, 39]).directory(), [Some(3), Some(15)]);
        assert_eq!(sums([150, 40]).directory(), [None; 2]);
        assert_eq!(Sums::default().directory(), [None; 2]);
    }
}
