//! Consumed bandwidth by flags, and bytes spent on directory requests (spec §9.1).
//!
//! File of a module: `bandwidth`.
//!
//! # What is kept
//!
//! By relay and day: which flags consensuses gave it, as bits that are or-ed, and its four histories in quarters of an
//! hour, of which the maximum of all reports is kept (`slots.rs`). Both are maps that an element is joined to, so that
//! repetition shows nowhere. A quarter belongs to the day of its end; values of longer intervals are divided evenly,
//! without rest, as the originals did. The quarter that follows upon a day is kept with it too, so that it can be split at
//! midnight where that is chosen (`histories-split-evenly`).
//!
//! The originals deleted reports older than 14 days after each run and lost results of those days in the next one (spec
//! §27 C14). Here they stay.

mod explain;
pub(super) mod slots;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::slots::{History, Slots};
use super::{
    Cell, Choices, Day, Document, FlagSet, Id, Map, Options, Parts, Profile, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    id, sorted,
};
use crate::document::{ExtraInfo, Type};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Bandwidth {
    #[serde(with = "sorted")]
    relays: Map<Id, Relay>,
}

/// What is kept of a relay, by day.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Relay {
    flags: BTreeMap<Day, Seen>,
    histories: BTreeMap<Day, Slots>,
}

/// What consensuses of a day say of a relay, one bit each.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Seen(u8);

impl Seen {
    const RUNNING: u8 = 1;
    const EXIT: u8 = 2;
    const GUARD: u8 = 4;
    const AUTHORITY: u8 = 8;
    const GOOD_EXIT: u8 = 16;

    /// Exits and guards are those that are so while they run. The originals did not look at `BadExit`.
    fn of(flags: FlagSet) -> Self {
        let running = flags.has(FlagSet::RUNNING);
        let bits = [
            (Self::RUNNING, running),
            (Self::EXIT, running && flags.has(FlagSet::EXIT)),
            (Self::GOOD_EXIT, running && flags.is_effective_exit()),
            (Self::GUARD, running && flags.has(FlagSet::GUARD)),
            (Self::AUTHORITY, flags.has(FlagSet::AUTHORITY)),
        ];
        Seen(bits.into_iter().filter(|(_, set)| *set).fold(0, |all, (bit, _)| all | bit))
    }

    pub(super) fn is_running(self) -> bool {
        self.has(Self::RUNNING)
    }

    pub(super) fn is_exit(self, choices: Choices) -> bool {
        self.has(if choices.bad_exits_are_no_exits { Self::GOOD_EXIT } else { Self::EXIT })
    }

    pub(super) fn is_guard(self) -> bool {
        self.has(Self::GUARD)
    }

    pub(super) fn is_authority(self) -> bool {
        self.has(Self::AUTHORITY)
    }

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

impl Statistic for Bandwidth {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::ExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => {
                let day = Day::of(document.valid_after);
                for (entry, &flags) in document.entries.iter().zip(flags) {
                    let seen = Seen::of(flags);
                    if seen.0 != 0 {
                        self.relay(entry.r.fingerprint.into()).flags.entry(day).or_default().0 |= seen.0;
                    }
                }
            }
            Document::ExtraInfo { document, bridge: false } => self.add_histories(document, u32::MAX),
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        id::join(&mut self.relays, other.relays, |known, relay| {
            for (day, seen) in relay.flags {
                known.flags.entry(day).or_default().0 |= seen.0;
            }
            for (day, slots) in relay.histories {
                known.histories.entry(day).or_default().merge(&slots);
            }
        });
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        match options.profile {
            // In 2013 the file of that name was another one.
            Profile::Y2013 => Vec::new(),
            Profile::Y2020 => vec![self.table(options.choices)],
        }
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today().plus(-2))
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (fingerprint, relay) in self.relays {
            for (day, seen) in relay.flags {
                parts.day(day).relay(fingerprint).flags.insert(day, seen);
            }
            for (day, slots) in relay.histories {
                parts.day(day).relay(fingerprint).histories.insert(day, slots);
            }
        }
        parts
    }
}

/// Sums of a day. Unit: bytes.
#[derive(Default)]
struct Sums {
    /// By exit and guard: read and written.
    by_flags: BTreeMap<(bool, bool), [Option<u128>; 2]>,
    /// For directory requests: read and written by mirrors, read and written by authorities.
    directory: [Option<u128>; 4],
}

impl Bandwidth {
    fn relay(&mut self, fingerprint: Id) -> &mut Relay {
        self.relays.entry(fingerprint).or_default()
    }

    /// Tells of each relay and day with histories: what the relay is, and the sums, read and written, and both for directory
    /// requests. Unit: bytes.
    pub(super) fn each(&self, choices: Choices, mut tell: impl FnMut(Day, Id, Seen, [Option<u128>; 4])) {
        for (&fingerprint, relay) in &self.relays {
            for (&day, slots) in &relay.histories {
                let sums = slots.sums(choices);
                if sums != [None; 4] {
                    let seen = relay.flags.get(&day).copied().unwrap_or_default();
                    tell(day, fingerprint, seen, sums);
                }
            }
        }
    }

    /// Adds the histories of a descriptor whose intervals are not longer. Unit: seconds.
    pub(super) fn add_histories(&mut self, document: &ExtraInfo<'_>, longest: u32) {
        let days = slots::by_day(document, &History::ALL, longest);
        if !days.is_empty() {
            let known = &mut self.relay(document.owner.fingerprint.into()).histories;
            for (day, slots) in days {
                known.entry(day).or_default().merge(&slots);
            }
        }
    }

    fn table(&self, choices: Choices) -> Table {
        let mut days: BTreeMap<Day, Sums> = BTreeMap::new();
        self.each(choices, |day, _, seen, [read, written, directory_read, directory_written]| {
            let sums = days.entry(day).or_default();
            if seen.is_running() {
                let by_flags = sums.by_flags.entry((seen.is_exit(choices), seen.is_guard())).or_default();
                add(&mut by_flags[0], read);
                add(&mut by_flags[1], written);
            }
            let offset = if seen.is_authority() { 2 } else { 0 };
            add(&mut sums.directory[offset], directory_read);
            add(&mut sums.directory[offset + 1], directory_written);
        });
        let columns = [
            "date",
            "isexit",
            "isguard",
            "bwread",
            "bwwrite",
            "dirread",
            "dirwrite",
            "dirauthread",
            "dirauthwrite",
        ];
        let mut table = Table::new("bandwidth", &columns);
        let none = || Cell::Missing;
        for (day, sums) in days {
            for ((exit, guard), [read, written]) in sums.by_flags {
                let flags = [day.into(), exit.into(), guard.into(), per_second(read), per_second(written)];
                table.push_all(flags.into_iter().chain([none(), none(), none(), none()]));
            }
            let start = [Cell::Day(day), none(), none(), none(), none()];
            table.push_all(start.into_iter().chain(sums.directory.map(per_second)));
        }
        table
    }
}

/// Adds up; what nobody reports stays absent.
pub(super) fn add(sum: &mut Option<u128>, value: Option<u128>) {
    if let Some(value) = value {
        *sum = Some(sum.unwrap_or(0) + value);
    }
}

/// Bytes of a day as bytes per second, rounded down.
pub(super) fn per_second(bytes: Option<u128>) -> Cell {
    bytes.map(|bytes| i64::try_from(bytes / 86400).unwrap_or(i64::MAX)).into()
}
