//! Onion services of version 2: how many there are, and how much traffic they make (spec §13).
//!
//! File of a module: `hidserv`.
//!
//! Relays report, with noise, what they see of both; a consensus tells what share of both each relay sees
//! (`fractions.rs`); the quotient is an estimate of the whole network, and the mean of these, weighed and without the outer
//! quarters, is what is published (`estimates.rs`).
//!
//! # What is kept
//!
//! By relay: its fractions by valid-after time, with six decimals as the originals stored them (12 bytes), and its reports
//! by the end of their interval. Of two consensuses of one time, or two reports of one end, that differ, the greater
//! stays. Which report of a day counts, if a relay was started anew, is decided at the end: the one that ended first.

mod estimates;
mod explain;
mod fractions;
mod v3;

pub use v3::OnionServicesV3;

use serde::{Deserialize, Serialize};

use self::fractions::Fractions;
use super::{
    Day, Document, Id, Map, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    id, sorted,
};
use crate::{
    document::Type,
    value::{NoisyCount, StatsEnd},
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct OnionServices {
    #[serde(with = "sorted")]
    relays: Map<Id, Relay>,
}

/// What is kept of a relay; both lists are sets once settled.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Relay {
    /// By valid-after time.
    fractions: Vec<(Seconds, Fractions)>,
    reports: Vec<Report>,
}

/// Seconds since 1970, until 2106.
type Seconds = u32;

/// What a relay has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Report {
    /// Unit: seconds since 1970.
    end: i64,
    /// Unit: seconds.
    interval: u32,
    /// Cells on rendezvous circuits, and the size of the bins that they are rounded up to.
    cells: (i64, i64),
    /// Onion services, and the size of the bins.
    onions: (i64, i64),
}

impl Report {
    /// The beginning of the interval. Unit: seconds since 1970.
    fn start(&self) -> i64 {
        self.end.saturating_sub(self.interval.into())
    }
}

impl Statistic for OnionServices {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::ExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => {
                let Ok(time) = Seconds::try_from(document.valid_after.0) else { return };
                for (fingerprint, fractions) in fractions::of(document, flags) {
                    self.relay(fingerprint).fractions.push((time, fractions));
                }
            }
            Document::ExtraInfo { document, bridge: false } => {
                if let (Some(stats), Some(cells), Some(onions)) = (
                    document.hidserv_stats,
                    document.hidserv_rend_relayed_cells,
                    document.hidserv_dir_onions_seen,
                ) && let Some(report) = Report::of(stats, cells, onions)
                {
                    self.relay(document.owner.fingerprint.into()).reports.push(report);
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        id::join(&mut self.relays, other.relays, |known, relay| {
            known.fractions.extend(relay.fractions);
            known.reports.extend(relay.reports);
        });
    }

    fn settle(&mut self) {
        for relay in self.relays.values_mut() {
            // The greater of two comes first, and stays.
            relay.fractions.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            relay.fractions.dedup_by_key(|(time, _)| *time);
            relay.reports.sort_unstable_by(|a, b| a.end.cmp(&b.end).then(b.cmp(a)));
            relay.reports.dedup_by_key(|report| report.end);
            relay.fractions.shrink_to_fit();
        }
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        let days = estimates::estimates(&self.relays, options.choices);
        vec![estimates::table("hidserv", estimates::KINDS, days)]
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::version_2(estimates::estimates(&self.relays, options.choices), question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today().plus(-1))
    }

    fn close(tables: &mut Vec<Table>, _: &Options) {
        estimates::close(tables, estimates::KINDS);
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (fingerprint, relay) in self.relays {
            for (time, fractions) in relay.fractions {
                parts.day(Day::of_seconds(time.into())).relay(fingerprint).fractions.push((time, fractions));
            }
            for report in relay.reports {
                parts.day(Day::of_seconds(report.end)).relay(fingerprint).reports.push(report);
            }
        }
        parts
    }

    /// Reports are extrapolated by the consensuses of their intervals.
    fn reach(&self, day: Day) -> (Day, Day) {
        let reports = self.relays.values().flat_map(|relay| &relay.reports);
        (reports.map(|report| Day::of_seconds(report.start())).fold(day, Day::min), day)
    }
}

impl Report {
    /// `None` if a number does not tell its bins.
    fn of(stats: StatsEnd, cells: NoisyCount<'_>, onions: NoisyCount<'_>) -> Option<Self> {
        let bin = |count: NoisyCount<'_>| {
            let bin = count.parameter("bin_size")?;
            Some((count.value as i64, bin as i64))
        };
        Some(Report { end: stats.end.0, interval: stats.interval, cells: bin(cells)?, onions: bin(onions)? })
    }

    /// Whether a time lies within the interval.
    fn has(&self, time: Seconds) -> bool {
        (self.start()..self.end).contains(&time.into())
    }
}

impl OnionServices {
    fn relay(&mut self, fingerprint: Id) -> &mut Relay {
        self.relays.entry(fingerprint).or_default()
    }
}
