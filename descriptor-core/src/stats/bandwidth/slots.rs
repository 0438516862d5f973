//! A relay's histories of a day in quarters of an hour.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    document::ExtraInfo,
    stats::{Choices, Day},
    value::{BandwidthHistory, Timestamp},
};

/// How long a slot is. Unit: seconds.
const LENGTH: u32 = 900;

/// Slots of a day.
const SLOTS: usize = 96;

/// And the one that follows, the first one of the next day, which may have begun on this one.
const ALL: usize = SLOTS + 1;

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
///
/// The number is how many seconds after a slot's border the intervals have ended, the same for all that a relay reports until
/// it is started anew; of several the greatest stays. It tells which part of the first slot, and of the one after the last, is
/// of the day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::stats) struct Slots(Vec<u64>, u16);

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
        let first = first.min(ALL);
        Run { history: (word >> 62) as usize, first, count: count.min(ALL - first), value: word & LARGEST }
    }

    /// How many seconds of the day it takes: whole slots, by the days of their ends, or what of them is on the day, if they
    /// end so many seconds after their borders.
    fn seconds(self, after: Option<u64>) -> u64 {
        let (length, end) = (u64::from(LENGTH), self.first + self.count);
        let whole = length * (end.min(SLOTS) - self.first.min(SLOTS)) as u64;
        let Some(after) = after.map(|it| it.min(length)) else { return whole };
        let next = if end == ALL && self.count > 0 { length - after } else { 0 };
        let last = if self.first == 0 && self.count > 0 { length - after } else { 0 };
        whole + next - last
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
                self.merge(&Slots(vec![run.pack()], 0));
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
        self.1 = self.1.max(other.1);
        if self.0 == other.0 || other.0.is_empty() {
            return;
        }
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        // A value of no slot is zero, and one of a slot that nobody reports is none: hence one more.
        let mut slots = [[0u64; ALL]; 4];
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

    /// The sum of each history, rounded down; `None` for one that was not reported.
    pub(in crate::stats) fn sums(&self, choices: Choices) -> [Option<u128>; 4] {
        let mut sums = [None; 4];
        for (history, seconds, value) in self.parts(choices) {
            let sum: &mut Option<u128> = &mut sums[history];
            *sum = Some(sum.unwrap_or(0) + u128::from(value) * u128::from(seconds));
        }
        sums.map(|sum| sum.map(|sum| sum / u128::from(LENGTH)))
    }

    /// Of how many seconds of the day a history tells.
    pub(in crate::stats) fn told(&self, history: History, choices: Choices) -> u64 {
        let parts = self.parts(choices).filter(|(which, ..)| *which == history as usize);
        parts.map(|(_, seconds, _)| seconds).sum()
    }

    /// Each run: the history, how many seconds it takes of the day, and the value of a slot.
    fn parts(&self, choices: Choices) -> impl Iterator<Item = (usize, u64, u64)> + use<'_> {
        let after = choices.histories_split_evenly.then_some(u64::from(self.1));
        let parts = self.runs().map(move |run| (run.history, run.seconds(after), run.value));
        parts.filter(|(_, seconds, _)| *seconds > 0)
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
            add(&history, which, &mut days);
        }
    }
    days
}

/// Adds a history to the days that it tells of.
fn add(history: &BandwidthHistory<'_>, which: History, days: &mut BTreeMap<Day, Slots>) {
    let after = history.last.end.0.rem_euclid(LENGTH.into()) as u16;
    spread(history, |day, first, count, value| {
        let slots = days.entry(day).or_default();
        slots.1 = slots.1.max(after);
        slots.add(which, first, count, value);
    });
}

/// Spreads a history, whose interval is a multiple of a slot, over slots: day, first slot, how many, and the value of each.
/// A slot belongs to the day of its end, and the first one of a day is told to the day before as well, as the one after its
/// last.
fn spread(history: &BandwidthHistory<'_>, mut slots: impl FnMut(Day, usize, usize, u64)) {
    let length = i64::from(LENGTH);
    let parts = i64::from(history.last.interval) / length;
    for (Timestamp(end), value) in history.iter() {
        // A clock that jumped has made negative numbers.
        let value = u64::try_from(value).unwrap_or(0) / parts.max(1).cast_unsigned();
        // All ends have the same distance from the slots' borders, so that slots follow each other without gaps.
        let last = end.div_euclid(length);
        let begin = last.saturating_sub(parts - 1);
        let mut first = begin;
        while first <= last {
            let day = Day::of_seconds(first * length);
            let slot = first - day.start() / length;
            if slot == 0 && first == begin {
                slots(day.plus(-1), SLOTS, 1, value);
            }
            let left = last - first + 1;
            slots(day, slot as usize, left.min(ALL as i64 - slot) as usize, value);
            first += SLOTS as i64 - slot;
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
        // Slot 96 is the first one of the next day.
        let quarters = [(0, 95, 1, 5), (0, 96, 1, 7), (1, 0, 1, 7)];
        assert_eq!(spread_line("x 1970-01-02 00:00:00 (900 s) 5,7"), quarters);
        assert_eq!(spread_line("x 1970-01-02 00:20:00 (3600 s) 11"), [(0, 94, 3, 2), (1, 0, 2, 2)]);
        assert_eq!(spread_line("x 1970-01-02 00:50:00 (3600 s) 11"), [(0, 96, 1, 2), (1, 0, 4, 2)]);
        assert_eq!(spread_line("x 1970-01-03 00:00:00 (86400 s) 96"), [(1, 1, 96, 1), (2, 0, 1, 1)]);
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
        let code = Choices::default();
        assert_eq!(ab.sums(code), [Some(12 * 5 + 4 * 9), Some(4), None, None]);
        assert_eq!(History::ALL.map(|it| ab.told(it, code)), [16 * 900, 5 * 900, 0, 0]);
        let before = ab.clone();
        ab.merge(&a);
        assert_eq!(ab, before);
    }

    #[test]
    fn words_of_any_origin_are_read() {
        for word in [0, u64::MAX, 1 << 61 | 1 << 48] {
            let mut slots = Slots(vec![word], u16::MAX);
            slots.merge(&Slots(vec![word, 0], 0));
            for choices in [Choices::default(), evenly()] {
                let sums = slots.sums(choices);
                assert!(sums.iter().flatten().all(|&sum| sum <= u128::from(LARGEST) * 97), "{sums:?}");
            }
        }
    }

    fn evenly() -> Choices {
        Choices { histories_split_evenly: true, ..Choices::default() }
    }

    /// What a day has of the bytes written, by the code and as documented.
    fn written(days: &BTreeMap<Day, Slots>, day: i32) -> [Option<u128>; 2] {
        let of_day = |choices| days.get(&Day(day)).and_then(|it| it.sums(choices)[History::Written as usize]);
        [Choices::default(), evenly()].map(of_day)
    }

    #[test]
    fn split_evenly_each_day_has_its_part() {
        let days = |line: &str| {
            let mut days: BTreeMap<Day, Slots> = BTreeMap::new();
            let item = items(line.as_bytes()).next().expect("an item");
            add(&BandwidthHistory::from_item(&item).expect("a history"), History::Written, &mut days);
            days
        };
        // From 23:50 to 00:05, which is ten minutes and five.
        let short = days("x 1970-01-02 00:05:00 (900 s) 7,900");
        assert_eq!(written(&short, 0), [Some(7), Some(7 + 600)]);
        assert_eq!(written(&short, 1), [Some(900), Some(300)]);
        // Four hours until 01:05, nearly three of them before midnight.
        let long = days("x 1970-01-02 01:05:00 (14400 s) 14400");
        assert_eq!(written(&long, 0), [Some(11 * 900), Some(2 * 3600 + 55 * 60)]);
        assert_eq!(written(&long, 1), [Some(5 * 900), Some(3900)]);
        // What ends at midnight is of the day before.
        let full = days("x 1970-01-02 00:00:00 (86400 s) 86400");
        assert_eq!(written(&full, 0), [Some(95 * 900), Some(86400)]);
        assert_eq!(written(&full, 1), [Some(900), None]);
        assert_eq!([0, 1].map(|day| full[&Day(day)].told(History::Written, evenly())), [86400, 0]);
        // Reports that go on from each other have all of it, once.
        let both = |first: &str, second: &str| {
            let mut all = days(first);
            days(second).iter().for_each(|(day, slots)| all.entry(*day).or_default().merge(slots));
            all
        };
        let [before, after] = ["x 1970-01-02 00:05:00 (900 s) 7,900", "x 1970-01-02 00:20:00 (900 s) 900,30"];
        assert_eq!(both(before, after), both(after, before));
        assert_eq!([0, 1].map(|day| written(&both(before, after), day)[1]), [Some(607), Some(330)]);
    }
}
