//! Overload: how many relays say that they are overloaded.
//!
//! `overload`, one row for each `date` and `kind`:
//!
//! | column | what it is | missing |
//! | --- | --- | --- |
//! | `kind` | `general` (dropped work, ran out of memory or of ports), `ratelimits` (hit its own bandwidth limits), `fd-exhausted` (out of file descriptors) | |
//! | `relays` | relays that were running at any time of the day and say that they were overloaded on it | |
//! | `reporters` | those that could have said it: whose descriptor of that kind is of the day | |
//! | `weight` | the share of the consensus weight that the overloaded ones have | no consensus of the day has weights |
//! | `reporters_weight` | that of the reporters | the same |
//! | `statuses` | consensuses of the day | |
//!
//! The day is that of the overload itself, to the hour as relays tell it, and not that of the descriptor: a relay repeats an
//! overload for three days. It tells only the last one, so an overload that another follows before the next descriptor is not
//! known. Relays report since tor 0.4.6; older ones are reporters that never are overloaded. `general` is in server
//! descriptors, the others in extra-info descriptors.

use super::{
    facts::{Facts, Reports},
    view::{View, sum},
};
use crate::stats::{Cell, Table};

/// The table.
pub(super) struct Overloads {
    pub(super) table: Table,
}

impl Default for Overloads {
    fn default() -> Self {
        let columns = ["date", "kind", "relays", "reporters", "weight", "reporters_weight", "statuses"];
        Overloads { table: Table::new("overload", &columns) }
    }
}

/// A kind of overload: its name, the report of it, and that of the document which would have it.
pub(super) type Kind = (&'static str, Reports, Reports);

/// Kinds of overload.
pub(super) const KINDS: [Kind; 3] = [
    ("general", Reports::GENERAL, Reports::SERVER),
    ("ratelimits", Reports::RATE_LIMITS, Reports::EXTRA_INFO),
    ("fd-exhausted", Reports::FILES, Reports::EXTRA_INFO),
];

/// Whether a relay that has reported so says that it is overloaded, and whether it could have said it.
pub(super) fn says(reports: Reports, (_, kind, document): Kind) -> [bool; 2] {
    let says = reports.has(kind);
    [says, says || reports.has(document)]
}

impl Overloads {
    /// Adds a day.
    pub(super) fn add(&mut self, view: &View<'_>, facts: &Facts) {
        let mut all = [[(0i64, 0.0); 2]; KINDS.len()];
        for (relay, rows) in view.relays() {
            let (reports, weight) = (facts.reports(view.day, relay), sum(rows).weight);
            for (sums, kind) in all.iter_mut().zip(KINDS) {
                for (sum, counts) in sums.iter_mut().zip(says(reports, kind)) {
                    if counts {
                        *sum = (sum.0 + 1, sum.1 + weight);
                    }
                }
            }
        }
        for ([overloaded, reporters], (kind, ..)) in all.into_iter().zip(KINDS) {
            self.table.push([
                view.day.into(),
                kind.into(),
                overloaded.0.into(),
                reporters.0.into(),
                view.weight(overloaded.1),
                view.weight(reporters.1),
                Cell::Int(view.heads.len() as i64),
            ]);
        }
    }
}
