//! Churn: how many relays come and go.
//!
//! `churn`, one row for each `date` and `interval`:
//!
//! | column | what it is | missing |
//! | --- | --- | --- |
//! | `interval` | `status`: from each consensus to the next one; `day`: from the relays of the day before to those of the day | |
//! | `came` | share of the later relays that were not among the earlier ones | |
//! | `went` | share of the earlier relays that are not among the later ones | |
//! | `came_weight`, `went_weight` | the share of the consensus weight that these have, in the later and in the earlier | nothing has a weight |
//! | `comparisons` | over how many pairs of consensuses the mean is; 1 for days | |
//! | `statuses` | consensuses of the day | |
//!
//! A pair of consensuses counts if the later one is valid from when the earlier one is no longer fresh, so that a gap in the
//! archive looks like no change; it counts for the day of the later one. Relays of a day are those that were running in any
//! of its consensuses, their weight is their mean share; a day without a day before has no row.

use super::view::{View, cells, fraction, sum};
use crate::{
    stats::{Cell, Day, Id, Map, Table},
    value::Timestamp,
};

/// The table, and what the next day is compared with.
pub(super) struct Churn {
    pub(super) table: Table,
    /// When the consensus is due that follows the last one, and that one's relays with their weights.
    last: Option<(i64, Map<Id, f64>)>,
    /// The last day, and its relays with their mean shares.
    yesterday: Option<(Day, Map<Id, f64>)>,
}

impl Default for Churn {
    fn default() -> Self {
        let columns =
            ["date", "interval", "came", "went", "came_weight", "went_weight", "comparisons", "statuses"];
        Churn { table: Table::new("churn", &columns), last: None, yesterday: None }
    }
}

/// How many, and how much they weigh.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Amount {
    pub(super) relays: f64,
    weight: f64,
}

impl Amount {
    fn add(&mut self, weight: f64) {
        self.relays += 1.0;
        self.weight += weight;
    }

    fn of(relays: &Map<Id, f64>) -> Self {
        // In the order of fingerprints, for sums of fractions depend on it.
        let mut all: Vec<_> = relays.iter().collect();
        all.sort_unstable_by_key(|(relay, _)| **relay);
        let mut amount = Amount::default();
        all.into_iter().for_each(|(_, weight)| amount.add(*weight));
        amount
    }

    fn less(self, other: Amount) -> Self {
        Amount { relays: self.relays - other.relays, weight: self.weight - other.weight }
    }
}

/// From one set of relays to another.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    /// All of the earlier, and those of them that stayed.
    pub(super) before: [Amount; 2],
    /// All of the later, and those of them that had been there.
    pub(super) after: [Amount; 2],
}

impl Change {
    /// Adds a relay by its weight in the earlier and in the later set.
    fn add(&mut self, before: Option<f64>, after: Option<f64>) {
        for (side, weight, other) in [(&mut self.before, before, after), (&mut self.after, after, before)] {
            if let Some(weight) = weight {
                side[0].add(weight);
                if other.is_some() {
                    side[1].add(weight);
                }
            }
        }
    }

    /// Shares that came and went, of relays and of weight.
    pub(super) fn shares(&self) -> [Option<f64>; 4] {
        let share = |[all, stayed]: [Amount; 2]| {
            let moved = all.less(stayed);
            // What is left of fractions that should cancel out is noise.
            let of = |part: f64, all: f64| (all > 0.0).then(|| (part / all).max(0.0));
            [of(moved.relays, all.relays), of(moved.weight, all.weight)]
        };
        let ([came, came_weight], [went, went_weight]) = (share(self.after), share(self.before));
        [came, went, came_weight, went_weight]
    }
}

impl Churn {
    /// Adds a day; days come in order.
    pub(super) fn add(&mut self, view: &View<'_>) {
        for (interval, changes) in self.changes(view) {
            self.push(view, interval, &changes);
        }
    }

    /// What has come and gone by a day, for each interval; of each change since when. Days come in order.
    pub(super) fn changes(&mut self, view: &View<'_>) -> [(&'static str, Vec<(Timestamp, Change)>); 2] {
        [("status", self.statuses(view)), ("day", self.days(view).into_iter().collect())]
    }

    fn statuses(&mut self, view: &View<'_>) -> Vec<(Timestamp, Change)> {
        let count = view.heads.len();
        let (due, earlier) = self.last.take().unzip();
        // When the one before each is no longer fresh.
        let dues = std::iter::once(due).chain(view.heads.iter().map(|head| Some(head.next)));
        let follows: Vec<bool> =
            view.heads.iter().zip(dues).map(|(head, due)| due == Some(head.time)).collect();
        let earlier = earlier.filter(|_| follows.first() == Some(&true));
        let mut changes = vec![Change::default(); count];
        let mut last = Map::default();
        let mut present = vec![None; count];
        for (relay, rows) in view.relays() {
            present.fill(None);
            for (slot, weight) in
                rows.iter().flat_map(|seen| cells(seen.runs)).filter(|(slot, _)| *slot < count)
            {
                present[slot] = Some(weight);
            }
            let mut before = earlier.as_ref().and_then(|relays| relays.get(&relay).copied());
            for (change, after) in changes.iter_mut().zip(&present) {
                change.add(before, *after);
                before = *after;
            }
            last.extend(before.map(|weight| (relay, weight)));
        }
        if let (Some(earlier), Some(first)) = (&earlier, changes.first_mut()) {
            // Also those that are not here at all.
            first.before[0] = Amount::of(earlier);
        }
        self.last = view.heads.last().map(|head| (head.next, last));
        let times = view.heads.iter().map(|head| Timestamp(head.time));
        let pairs = times.zip(changes).zip(follows);
        pairs.filter(|(_, follows)| *follows).map(|(change, _)| change).collect()
    }

    fn days(&mut self, view: &View<'_>) -> Option<(Timestamp, Change)> {
        let yesterday =
            self.yesterday.take().filter(|(day, _)| day.plus(1) == view.day).map(|(_, relays)| relays);
        let today: Map<Id, f64> = view.relays().map(|(relay, rows)| (relay, sum(rows).weight)).collect();
        let change = yesterday.map(|yesterday| {
            let mut change = Change::default();
            for (relay, _) in view.relays() {
                change.add(yesterday.get(&relay).copied(), today.get(&relay).copied());
            }
            change.before[0] = Amount::of(&yesterday);
            (Timestamp(view.day.start()), change)
        });
        self.yesterday = Some((view.day, today));
        change
    }

    fn push(&mut self, view: &View<'_>, interval: &'static str, changes: &[(Timestamp, Change)]) {
        if changes.is_empty() {
            return;
        }
        let shares: Vec<_> = changes.iter().map(|(_, change)| change.shares()).collect();
        let mean = |at: usize| {
            let known: Vec<f64> = shares.iter().filter_map(|shares| shares[at]).collect();
            fraction(known.iter().sum(), known.len() as f64)
        };
        self.table.push([
            view.day.into(),
            interval.into(),
            mean(0),
            mean(1),
            mean(2),
            mean(3),
            Cell::Int(changes.len() as i64),
            Cell::Int(view.heads.len() as i64),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_what_came_and_went() {
        let mut change = Change::default();
        for (before, after) in
            [(Some(5.0), Some(1.0)), (Some(3.0), None), (None, Some(2.0)), (None, Some(1.0)), (None, None)]
        {
            change.add(before, after);
        }
        let [came, went, came_weight, went_weight] = change.shares();
        assert_eq!([came, went], [Some(2.0 / 3.0), Some(0.5)]);
        assert_eq!([came_weight, went_weight], [Some(0.75), Some(3.0 / 8.0)]);
        assert_eq!(Change::default().shares(), [None; 4]);
    }
}
