//! Consumed bandwidth: the bytes that relays have read and written, by country, autonomous system and family.
//!
//! Columns of `bandwidth-countries`, `bandwidth-systems` and `bandwidth-families`, after the group:
//!
//! | column | what it is | missing |
//! | --- | --- | --- |
//! | `relays` | relays that were running at any time of the day | |
//! | `bwread`, `bwwrite` | what they have read and written, bytes per second, rounded down | none of them reported it |
//! | `reporters` | those of them that reported what they wrote on the day | |
//! | `covered` | for which share of the day the reporters did, on average | no reporter |
//! | `consensus_weight` | the share of the consensus weight that the relays have | no consensus of the day has weights |
//! | `reporters_weight` | that of the reporters | the same |
//! | `statuses` | consensuses of the day | |
//!
//! Bytes are those of the histories in extra-info descriptors, counted as [`bandwidth`](crate::stats::bandwidth) counts
//! them: in quarters of an hour, of each the greatest number that was reported. So the sums over all groups are those of
//! `bandwidth` over all flags, but for what is rounded. They are not extrapolated: what the relays that do not report may have
//! consumed, `reporters_weight` tells. `covered` is less than 1 where relays were off for a part of the day, too.
//!
//! A relay is counted once a day, where it was in most consensuses, if it has moved. Days are shown up to three before the
//! run's, as by `bandwidth`: relays report what they have consumed a day late.

use std::ops::AddAssign;

use super::view::{View, fraction};
use crate::stats::{
    Cell, Choices,
    bandwidth::{
        add, per_second,
        slots::{History, Slots},
    },
};

/// The tables.
pub(super) const TABLES: [&str; 3] = ["bandwidth-countries", "bandwidth-systems", "bandwidth-families"];

/// The columns after the group.
pub(super) const COLUMNS: [&str; 8] = [
    "relays",
    "bwread",
    "bwwrite",
    "reporters",
    "covered",
    "consensus_weight",
    "reporters_weight",
    "statuses",
];

/// What some relays have consumed on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Used {
    pub(super) relays: u64,
    pub(super) reporters: u64,
    /// Of how much time the reporters tell. Unit: seconds.
    pub(super) told: u64,
    /// Read and written.
    pub(super) bytes: [Option<u128>; 2],
    /// Sums of shares of the consensus weight: of all, and of the reporters.
    pub(super) weights: [f64; 2],
}

impl AddAssign for Used {
    fn add_assign(&mut self, other: Used) {
        self.relays += other.relays;
        self.reporters += other.reporters;
        self.told += other.told;
        self.bytes.iter_mut().zip(other.bytes).for_each(|(sum, it)| add(sum, it));
        self.weights.iter_mut().zip(other.weights).for_each(|(sum, it)| *sum += it);
    }
}

impl Used {
    /// Of a relay with a sum of shares of the consensus weight.
    pub(super) fn of(histories: Option<&Slots>, weight: f64, choices: Choices) -> Self {
        let [read, written, ..] = histories.map(|it| it.sums(choices)).unwrap_or_default();
        let told = histories.map_or(0, |it| it.told(History::Written, choices));
        let reports = told > 0;
        Used {
            relays: 1,
            reporters: u64::from(reports),
            told,
            bytes: [read, written],
            weights: [weight, if reports { weight } else { 0.0 }],
        }
    }

    /// What columns [`COLUMNS`] say.
    pub(super) fn cells(&self, view: &View<'_>) -> [Cell; 8] {
        let [read, written] = self.bytes.map(per_second);
        let [weight, of_reporters] = self.weights.map(|sum| view.weight(sum));
        [
            self.relays.into(),
            read,
            written,
            self.reporters.into(),
            fraction(self.told as f64, (self.reporters * 86400) as f64),
            weight,
            of_reporters,
            Cell::Int(view.heads.len() as i64),
        ]
    }
}
