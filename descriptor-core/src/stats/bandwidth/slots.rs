//! A relay's histories of a day in quarters of an hour.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    document::ExtraInfo,
    stats::Day,
    value::{BandwidthHistory, Timestamp},
};

/// How long a slot is. Unit: seconds.
const LENGTH: u32 = 900;

/// Slots of a day.
pub(in crate::stats) const SLOTS: usize = 96;

/// How far a descriptor's time may be from the end of a history in it. Unit: seconds.
const FARTHEST: u64 = 7 * 86400;

/// Which history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::stats) enum History {
    Read,
    Written,
    DirectoryRead,
    DirectoryWritten,
}

impl History {
    /// All histories.
    pub(in crate::stats) const ALL: [History; 4] =
        [History::Read, History::Written, History::DirectoryRead, History::DirectoryWritten];

    /// A descriptor's history, if it has one.
    fn of<'a>(self, document: &ExtraInfo<'a>) -> Option<BandwidthHistory<'a>> {
        match self {
            History::Read => document.read_history,
            History::Written => document.write_history,
            History::DirectoryRead => document.dirreq_read_history,
            History::DirectoryWritten => document.dirreq_write_history,
        }
    }
}

/// Which slots have which value, in runs of equal ones: a word each, and relays report one value for 16 or 96 slots. The
/// history takes two bits, first slot and length seven each, and the value the rest; the words are sorted, and so the runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::stats) struct Slots(Vec<u64>);

/// The largest value that a slot holds: 2.5 Tbit/s. What is larger is cut, and no sum overflows.
const LARGEST: u64 = (1 << 48) - 1;

/// A run of slots with a value.
#[derive(Debug, Clone, Copy)]
struct Run {
    history: usize,
    first: usize,
    count: usize,
    value: u64,
}

impl Run {
    fn pack(self) -> u64 {
        (self.history as u64) << 62 | (self.first as u64) << 55 | (self.count as u64) << 48 | self.value
    }

    /// Takes a word apart, of any origin.
    fn unpack(word: u64) -> Self {
        let (first, count) = ((word >> 55 & 127) as usize, (word >> 48 & 127) as usize);
        let first = first.min(SLOTS);
        Run { history: (word >> 62) as usize, first, count: count.min(SLOTS - first), value: word & LARGEST }
    }
}

impl Slots {
    /// Adds a run of slots. Where there is a value already, the greater one stays.
    fn add(&mut self, history: History, first: usize, count: usize, value: u64) {
        let run = Run { history: history as usize, first, count, value: value.min(LARGEST) };
        let last = self.0.last().map(|&word| Run::unpack(word));
        // Most come in order.
        match last {
            Some(last) if (last.history, last.first + last.count) > (run.history, run.first) => {
                self.merge(&Slots(vec![run.pack()]));
            }
            Some(last)
                if (last.history, last.first + last.count, last.value)
                    == (run.history, run.first, run.value) =>
            {
                self.0.pop();
                self.0.push(Run { count: last.count + run.count, ..last }.pack());
            }
            _ => self.0.push(run.pack()),
        }
    }

    /// Takes the greater value of each slot.
    pub(in crate::stats) fn merge(&mut self, other: &Slots) {
        if self == other || other.0.is_empty() {
            return;
        }
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        // A value of no slot is zero, and one of a slot that nobody reports is none: hence one more.
        let mut slots = [[0u64; SLOTS]; 4];
        for run in self.runs().chain(other.runs()) {
            for slot in &mut slots[run.history][run.first..run.first + run.count] {
                *slot = (*slot).max(run.value + 1);
            }
        }
        self.0.clear();
        for (history, slots) in slots.iter().enumerate() {
            let mut first = 0;
            for equal in slots.chunk_by(|a, b| a == b) {
                if let Some(value) = equal[0].checked_sub(1) {
                    self.0.push(Run { history, first, count: equal.len(), value }.pack());
                }
                first += equal.len();
            }
        }
        self.0.shrink_to_fit();
    }

    /// The sum of each history; `None` for one that was not reported.
    pub(in crate::stats) fn sums(&self) -> [Option<u128>; 4] {
        let mut sums = [None; 4];
        for run in self.runs() {
            let sum: &mut Option<u128> = &mut sums[run.history];
            *sum = Some(sum.unwrap_or(0) + u128::from(run.value) * run.count as u128);
        }
        sums
    }

    /// How many slots a history tells of.
    pub(in crate::stats) fn told(&self, history: History) -> usize {
        self.runs().filter(|run| run.history == history as usize).map(|run| run.count).sum()
    }

    fn runs(&self) -> impl Iterator<Item = Run> + use<'_> {
        self.0.iter().map(|&word| Run::unpack(word))
    }
}

/// What some histories of a descriptor tell of the slots of each day. Those whose intervals are no multiple of a slot, or
/// longer than so many seconds, and those that end far from the descriptor's time, tell nothing.
pub(in crate::stats) fn by_day(
    document: &ExtraInfo<'_>,
    histories: &[History],
    longest: u32,
) -> BTreeMap<Day, Slots> {
    let Timestamp(published) = document.published;
    let mut days: BTreeMap<Day, Slots> = BTreeMap::new();
    for (which, history) in histories.iter().filter_map(|which| Some((*which, which.of(document)?))) {
        let interval = history.last.interval;
        let near = published.abs_diff(history.last.end.0) <= FARTHEST;
        let fits = interval % LENGTH == 0 && interval <= longest;
        if near && fits && !history.values.is_empty() {
            spread(&history, |day, first, count, value| {
                days.entry(day).or_default().add(which, first, count, value);
            });
        }
    }
    days
}

/// Spreads a history, whose interval is a multiple of a slot, over slots: day, first slot, how many, and the value of each.
/// A slot belongs to the day of its end.
fn spread(history: &BandwidthHistory<'_>, mut slots: impl FnMut(Day, usize, usize, u64)) {
    let length = i64::from(LENGTH);
    let parts = i64::from(history.last.interval) / length;
    for (Timestamp(end), value) in history.iter() {
        // A clock that jumped has made negative numbers.
        let value = u64::try_from(value).unwrap_or(0) / parts.max(1).cast_unsigned();
        // All ends have the same distance from the slots' borders, so that slots follow each other without gaps.
        let last = end.div_euclid(length);
        let mut first = last.saturating_sub(parts - 1);
        while first <= last {
            let day = Day::of_seconds(first * length);
            let slot = first - day.start() / length;
            let count = (SLOTS as i64 - slot).min(last - first + 1);
            slots(day, slot as usize, count as usize, value);
            first += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{netdoc::items, schema::FromItem};

    fn spread_line(line: &str) -> Vec<(i32, usize, usize, u64)> {
        let item = items(line.as_bytes()).next().expect("an item");
        let history = BandwidthHistory::from_item(&item).expect("a history");
        let mut all = Vec::new();
        spread(&history, |day, first, count, value| all.push((day.0, first, count, value)));
        all
    }

    #[test]
    fn values_belong_to_the_days_of_their_ends() {
        assert_eq!(spread_line("x 1970-01-02 00:00:00 (900 s) 5,7"), [(0, 95, 1, 5), (1, 0, 1, 7)]);
        assert_eq!(spread_line("x 1970-01-02 00:20:00 (3600 s) 11"), [(0, 94, 2, 2), (1, 0, 2, 2)]);
        assert_eq!(spread_line("x 1970-01-03 00:00:00 (86400 s) 96"), [(1, 1, 95, 1), (2, 0, 1, 1)]);
        assert_eq!(spread_line("x 1970-01-01 12:00:00 (900 s) -5"), [(0, 48, 1, 0)]);
    }

    #[test]
    fn the_greater_value_stays_whatever_the_order() {
        let mut a = Slots::default();
        a.add(History::Read, 0, 10, 5);
        a.add(History::Read, 10, 6, 5);
        a.add(History::Written, 0, 1, 0);
        assert_eq!(a.0.len(), 2);
        let mut b = Slots::default();
        b.add(History::Written, 4, 4, 1);
        b.add(History::Read, 8, 4, 9);
        let [mut ab, mut ba] = [a.clone(), b.clone()];
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab, ba);
        assert_eq!(ab.sums(), [Some(12 * 5 + 4 * 9), Some(4), None, None]);
        assert_eq!(History::ALL.map(|it| ab.told(it)), [16, 5, 0, 0]);
        let before = ab.clone();
        ab.merge(&a);
        assert_eq!(ab, before);
    }

    #[test]
    fn words_of_any_origin_are_read() {
        for word in [0, u64::MAX, 1 << 61 | 1 << 48] {
            let mut slots = Slots(vec![word]);
            slots.merge(&Slots(vec![word, 0]));
            assert!(slots.sums().iter().flatten().all(|&sum| sum <= u128::from(LARGEST) * 96));
        }
    }
}
