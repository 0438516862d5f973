//! Torperf as it was told in 2013 (spec §12.3): quartiles by index, of days with enough downloads.

mod explain;

pub(super) use explain::explain;

use std::collections::BTreeMap;

use super::{Key, Measurement, Performance};
use crate::stats::{Cell, Day, Table};

/// Sizes of files that are shown. Unit: bytes.
const SIZES: [u64; 3] = [51_200, 1_048_576, 5_242_880];

/// A day must have more successful downloads than these.
const FEWEST: usize = 4;

/// What a source measured on a day.
#[derive(Default, Clone)]
struct Runs {
    /// Of successful downloads. Unit: milliseconds.
    times: Vec<i64>,
    timeouts: i64,
    failures: i64,
    all: i64,
}

impl Runs {
    fn add(&mut self, outcome: Outcome) {
        self.all += 1;
        match outcome {
            Outcome::TimedOut => self.timeouts += 1,
            Outcome::Failed => self.failures += 1,
            Outcome::Took(time) => self.times.push(time),
        }
    }

    fn extend(&mut self, other: &Runs) {
        self.times.extend(&other.times);
        self.timeouts += other.timeouts;
        self.failures += other.failures;
        self.all += other.all;
    }

    fn cells(&mut self) -> [Cell; 6] {
        self.times.sort_unstable();
        let count = self.times.len();
        let time = |at: usize| Cell::from(at.checked_sub(1).and_then(|at| self.times.get(at)).copied());
        let [q1, md, q3] = [count / 4, count / 2, 3 * count / 4].map(time);
        [q1, md, q3, self.timeouts.into(), self.failures.into(), self.all.into()]
    }
}

/// The part of a name that was shown, which is what stands before its first hyphen, and the rest. Sources whose names have a
/// hyphen share a name therefore, and their rest tells them apart; all sources are those with the same rest.
fn parts(source: &str) -> (&str, &str) {
    source.split_once('-').unwrap_or((source, ""))
}

/// What happened to a download of 2013.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    TimedOut,
    Failed,
    /// So many milliseconds it took.
    Took(i64),
}

impl Outcome {
    fn of(key: &Key, it: &Measurement) -> Self {
        match it.complete {
            _ if it.timed_out == Some(true) => Outcome::TimedOut,
            None if it.timed_out.is_none() => Outcome::TimedOut,
            _ if it.read < key.1 => Outcome::Failed,
            Some(time) => Outcome::Took(time),
            // It did not time out and was not completed, though all was read.
            None => Outcome::Failed,
        }
    }
}

pub(super) fn table(performance: &Performance) -> Table {
    let mut runs: BTreeMap<(Day, u64, &str), Runs> = BTreeMap::new();
    for (key, it) in performance.measurements.iter().filter(|(key, _)| SIZES.contains(&key.1)) {
        runs.entry((key.day(), key.1, &key.0)).or_default().add(Outcome::of(key, it));
    }
    let mut table = Table::new(
        "torperf",
        &["date", "size", "source", "q1", "md", "q3", "timeouts", "failures", "requests"],
    );
    let mut all: BTreeMap<(Day, u64, &str), Runs> = BTreeMap::new();
    let mut push = |day: Day, size: u64, source: &str, runs: &mut Runs| {
        let start = [day.into(), size.into(), source.to_owned().into()];
        table.push_all(start.into_iter().chain(runs.cells()));
    };
    for ((day, size, source), runs) in runs.iter_mut().filter(|(_, runs)| runs.times.len() > FEWEST) {
        let (shown, rest) = parts(source);
        push(*day, *size, shown, runs);
        all.entry((*day, *size, rest)).or_default().extend(runs);
    }
    for ((day, size, _), mut runs) in all {
        push(day, size, "", &mut runs);
    }
    table.sort(3);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_taken_by_index() {
        let mut runs = Runs { times: (2..10).rev().map(|it| it * 500).collect(), ..Runs::default() };
        let cells = runs.cells();
        assert_eq!(cells[..3], [1500, 2500, 3500].map(Cell::Int));
        assert_eq!(parts("op-nl-2"), ("op", "nl-2"));
        assert_eq!(parts("moria"), ("moria", ""));
    }
}
