//! When the runs of `tordesc collect --every` begin.

use std::time::Duration;

use descriptor_core::value::Timestamp;

/// How much later than a period after the last one a run begins if the clock keeps it back.
const SLACK: Duration = Duration::from_secs(60);

/// Runs at each full period and an offset, by the clock. If that jumps ahead, or the computer has slept, one run makes up
/// for all that were missed; if it is put back, the next run comes when a period has passed nevertheless.
#[derive(Debug)]
pub(crate) struct Every {
    period: i64,
    offset: i64,
    next: Timestamp,
    /// When the last run began, by the time that only goes on.
    last: Duration,
}

impl Every {
    /// A run each so many minutes, so many minutes after the hour.
    pub(crate) fn new(minutes: u32, offset: u32, now: Timestamp) -> Self {
        let (period, offset) = (i64::from(minutes) * 60, i64::from(offset) * 60);
        let mut every = Every { period, offset, next: now, last: Duration::ZERO };
        every.next = every.after(now);
        every
    }

    /// Whether a run is to begin. `passed` is how much time has passed since the first one could, whatever the clock did.
    pub(crate) fn is_due(&mut self, now: Timestamp, passed: Duration) -> bool {
        let overdue = Duration::from_secs(self.period.unsigned_abs()) + SLACK;
        let due = now >= self.next || passed.saturating_sub(self.last) >= overdue;
        if due {
            (self.next, self.last) = (self.after(now), passed);
        }
        due
    }

    fn after(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0 + self.period - (now.0 - self.offset).rem_euclid(self.period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CollecTor's own cases, in other words: a period of five minutes, one minute after it began.
    #[test]
    fn runs_begin_at_their_offset() {
        for (now, next) in [(0, 60), (59, 60), (60, 360), (61, 360), (359, 360)] {
            assert_eq!(Every::new(5, 1, Timestamp(now)).next, Timestamp(next));
        }
    }

    /// The minutes that pass until each run of six hours, of a clock that jumps by so many minutes after so many.
    fn runs(jumps: &[(i64, i64)]) -> Vec<i64> {
        const NOON: i64 = 1_800_014_400;
        let mut every = Every::new(30, 5, Timestamp(NOON));
        let due = |minute: &i64| {
            let jumped: i64 = jumps.iter().filter(|(at, _)| at <= minute).map(|(_, by)| by).sum();
            let passed = Duration::from_secs(minute.unsigned_abs() * 60);
            every.is_due(Timestamp(NOON + (minute + jumped) * 60), passed)
        };
        (0..360).filter(due).collect()
    }

    #[test]
    fn a_clock_that_jumps_costs_no_hour_and_no_work() {
        let still: Vec<_> = (0..12).map(|run| 5 + 30 * run).collect();
        assert_eq!(runs(&[]), still);
        for back in [7, 25, 60, 24 * 60, 366 * 24 * 60] {
            for at in 60..95 {
                let runs = runs(&[(at, -back)]);
                let gaps: Vec<_> = runs.windows(2).map(|pair| pair[1] - pair[0]).collect();
                assert!(gaps.iter().all(|gap| *gap <= 31), "{back} minutes back at {at}: {runs:?}");
                assert!(
                    gaps.iter().filter(|gap| **gap < 30).count() <= 1,
                    "{back} minutes back at {at}: {runs:?}"
                );
            }
        }
        // A day ahead: one run makes up for all, and the minutes stay those of the schedule.
        let mut ahead = still.clone();
        ahead.insert(3, 70);
        assert_eq!(runs(&[(70, 24 * 60)]), ahead);
        // And back again within the hour.
        let there_and_back = runs(&[(70, 24 * 60), (80, -24 * 60)]);
        assert_eq!(there_and_back[..5], [5, 35, 65, 70, 101]);
    }
}
