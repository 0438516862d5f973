//! A day, with what each relay had of the network.

use std::ops::AddAssign;

use super::{
    consumed::Used,
    facts::{Descriptor, Facts},
    statuses::{Head, Row, Run, Statuses},
};
use crate::stats::{Cell, Choices, Day, Id};

/// A day's consensuses, each row with its part of the network.
pub(super) struct View<'s> {
    pub(super) day: Day,
    pub(super) heads: &'s [Head],
    /// In order of relays.
    pub(super) rows: Vec<Seen<'s>>,
    /// Consensuses in which a relay has weight at all.
    pub(super) weighted: f64,
    /// Consensuses that have the weights of positions.
    pub(super) positioned: f64,
}

/// A row.
pub(super) struct Seen<'s> {
    pub(super) row: &'s Row,
    pub(super) runs: &'s [Run],
    pub(super) descriptor: Option<Descriptor>,
    pub(super) part: Part,
}

/// What some rows have of the network, summed up over the consensuses of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Part {
    /// Entries.
    pub(super) entries: f64,
    /// Those whose descriptor is known.
    pub(super) described: f64,
    /// Unit: bytes per second.
    pub(super) advertised: f64,
    /// Shares of the consensus weight.
    pub(super) weight: f64,
    /// Probabilities of being chosen as guard, in the middle and as exit.
    pub(super) positions: [f64; 3],
    /// What their relays have consumed. All of a relay is in one row.
    pub(super) used: Used,
}

impl AddAssign for Part {
    fn add_assign(&mut self, other: Part) {
        self.entries += other.entries;
        self.described += other.described;
        self.advertised += other.advertised;
        self.weight += other.weight;
        for (sum, it) in self.positions.iter_mut().zip(other.positions) {
            *sum += it;
        }
        self.used += other.used;
    }
}

impl<'s> View<'s> {
    pub(super) fn of(day: Day, statuses: &'s Statuses, facts: &Facts, choices: Choices) -> Self {
        let heads = &statuses.heads[..];
        // Of each consensus, what all together have: weight, then weight in each position.
        let mut totals = vec![[0.0; 4]; heads.len()];
        for (row, runs) in statuses.rows() {
            for (slot, weight) in cells(runs).filter(|(slot, _)| *slot < heads.len()) {
                let in_positions = heads[slot].weights.map_or([0.0; 3], |it| it.positions(row.kind));
                let [all, guard, middle, exit] = &mut totals[slot];
                *all += weight;
                for (sum, factor) in [guard, middle, exit].into_iter().zip(in_positions) {
                    *sum += weight * factor;
                }
            }
        }
        let rows = statuses.rows().map(|(row, runs)| {
            let descriptor = facts.descriptor(&row.digest);
            let mut part = Part::default();
            for (slot, weight) in cells(runs).filter(|(slot, _)| *slot < heads.len()) {
                part.entries += 1.0;
                part.weight += share(weight, totals[slot][0]);
                let in_positions = heads[slot].weights.map_or([0.0; 3], |it| it.positions(row.kind));
                for (at, (sum, factor)) in part.positions.iter_mut().zip(in_positions).enumerate() {
                    *sum += share(weight * factor, totals[slot][at + 1]);
                }
            }
            if let Some(Descriptor { advertised, .. }) = descriptor {
                part.described = part.entries;
                part.advertised = part.entries * f64::from(advertised);
            }
            Seen { row, runs, descriptor, part }
        });
        let mut rows: Vec<Seen<'s>> = rows.collect();
        for rows in rows.chunk_by_mut(|a, b| a.row.relay == b.row.relay) {
            let (relay, weight) = (rows[0].row.relay, sum(rows).weight);
            let place = longest(rows);
            rows[place].part.used = Used::of(facts.histories(day, relay), weight, choices);
        }
        View {
            day,
            heads,
            rows,
            weighted: totals.iter().filter(|total| total[0] > 0.0).count() as f64,
            positioned: heads.iter().filter(|head| head.weights.is_some()).count() as f64,
        }
    }

    /// How many consensuses there are.
    pub(super) fn statuses(&self) -> f64 {
        self.heads.len() as f64
    }

    /// Each relay with its rows, in order of fingerprints.
    pub(super) fn relays(&self) -> impl Iterator<Item = (Id, &[Seen<'s>])> {
        self.rows.chunk_by(|a, b| a.row.relay == b.row.relay).map(|rows| (rows[0].row.relay, rows))
    }

    /// The part of each relay, in order of fingerprints.
    pub(super) fn relays_alone(&self) -> Groups {
        self.relays().map(|(_, rows)| sum(rows)).collect()
    }

    /// The mean of a sum over those consensuses that have a weight; missing if none has.
    pub(super) fn weight(&self, sum: f64) -> Cell {
        fraction(sum, self.weighted)
    }

    /// The mean of a sum of probabilities; missing if no consensus tells them.
    pub(super) fn probability(&self, sum: f64) -> Cell {
        fraction(sum, self.positioned)
    }

    /// What columns [`COLUMNS`] say.
    pub(super) fn cells(&self, part: &Part) -> [Cell; 8] {
        let [guard, middle, exit] = part.positions.map(|sum| self.probability(sum));
        [
            Cell::Fixed(part.entries / self.statuses(), 2),
            Cell::Int((part.advertised / self.statuses()) as i64),
            self.weight(part.weight),
            guard,
            middle,
            exit,
            Cell::Int(self.heads.len() as i64),
            fraction(part.described, part.entries),
        ]
    }
}

/// The columns of a group of relays: how many are running on average; their advertised bandwidth in bytes per second; their
/// share of the consensus weight; the probabilities that one of them is chosen for each position; consensuses of the day;
/// the share of their entries whose descriptor is known.
pub(super) const COLUMNS: [&str; 8] = [
    "relays",
    "advertised_bandwidth",
    "consensus_weight",
    "guard_probability",
    "middle_probability",
    "exit_probability",
    "statuses",
    "described",
];

/// The parts of groups of relays. Relays of which it is not known where they belong are in none.
pub(super) type Groups = Vec<Part>;

/// All together.
pub(super) fn sum(rows: &[Seen<'_>]) -> Part {
    rows.iter().fold(Part::default(), |mut all, seen| {
        all += seen.part;
        all
    })
}

/// The first row with the address that a relay has in most consensuses, the smallest of several.
fn longest(rows: &[Seen<'_>]) -> usize {
    let entries = |address: u32| {
        rows.iter().filter(|it| it.row.address == address).map(|it| it.part.entries).sum::<f64>()
    };
    let rank = |at: &usize| {
        let address = rows[*at].row.address;
        // More entries first, and they are whole numbers.
        (std::cmp::Reverse(entries(address) as u64), address)
    };
    (0..rows.len()).min_by_key(rank).unwrap_or(0)
}

/// Each consensus in which a row is, with its weight there.
pub(super) fn cells(runs: &[Run]) -> impl Iterator<Item = (usize, f64)> {
    runs.iter().flat_map(|run| run.slots().map(|slot| (slot, f64::from(run.weight))))
}

/// Eight decimals; missing if there is nothing to divide by.
pub(super) fn fraction(sum: f64, all: f64) -> Cell {
    if all > 0.0 { Cell::Fixed(sum / all, 8) } else { Cell::Missing }
}

fn share(part: f64, all: f64) -> f64 {
    if all > 0.0 { part / all } else { 0.0 }
}
