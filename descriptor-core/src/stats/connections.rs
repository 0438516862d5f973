//! How many connections are used in one direction only, and in both (spec §11).
//!
//! File of a module: `connbidirect2`.
//!
//! One report counts for a relay and a day. Of several, which only a relay makes that was started anew, the one that ended
//! first counts; the originals took the first one that they read.

mod explain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cell, Day, Document, Id, Map, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    id,
    number::quantile,
    sorted,
};
use crate::document::Type;

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Connections {
    #[serde(with = "sorted")]
    reports: Map<(Day, Id), Report>,
}

/// When an interval ended, and its connections that mostly read, mostly wrote, and did both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Report(i64, [i32; 3]);

const DIRECTIONS: [&str; 3] = ["read", "write", "both"];

/// The quantiles, as they are written.
const QUANTILES: [(&str, f64); 3] = [("0.25", 0.25), ("0.5", 0.5), ("0.75", 0.75)];

impl Statistic for Connections {
    const TYPES: &'static [Type] = &[Type::ExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        let Document::ExtraInfo { document, bridge: false } = document else { return };
        let Some(line) = document.conn_bi_direct else { return };
        // metrics-lib reads numbers of 32 bits.
        let number = |count: u64| i32::try_from(count).ok();
        let (Some(read), Some(write), Some(both), Some(_)) =
            (number(line.read), number(line.write), number(line.both), number(line.below))
        else {
            return;
        };
        if read > 0 || write > 0 || both > 0 {
            let report = Report(line.stats.end.0, [read, write, both]);
            let key = (Day::of(line.stats.end), document.owner.fingerprint.into());
            let known = self.reports.entry(key).or_insert(report);
            *known = (*known).min(report);
        }
    }

    fn merge(&mut self, other: Self) {
        id::join(&mut self.reports, other.reports, |known, report| *known = (*known).min(report));
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        let exact = options.choices.exact_connections;
        let mut days: BTreeMap<Day, [Vec<f64>; 3]> = BTreeMap::new();
        for ((day, _), report) in &self.reports {
            if let Some(percents) = report.percents(exact) {
                let lists = days.entry(*day).or_default();
                lists.iter_mut().zip(percents).for_each(|(list, percent)| list.push(percent.into()));
            }
        }
        let mut table = Table::new("connbidirect2", &["date", "direction", "quantile", "fraction"]);
        for (day, mut lists) in days {
            lists.iter_mut().for_each(|list| list.sort_unstable_by(f64::total_cmp));
            // In the order of their names.
            for at in [2, 0, 1] {
                for (name, p) in QUANTILES {
                    let value = quantile(&lists[at], p).floor() as i64;
                    table.push([Cell::Day(day), DIRECTIONS[at].into(), name.into(), value.into()]);
                }
            }
        }
        vec![table]
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today().plus(-1))
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, report) in self.reports {
            parts.day(key.0).reports.insert(key, report);
        }
        parts
    }
}

impl Report {
    /// The shares in percent, rounded down; `None` if there is nothing to share. The originals' numbers have 32 bits, so
    /// that those of very busy relays overflow.
    fn percents(&self, exact: bool) -> Option<[i32; 3]> {
        let sum: i64 = self.1.iter().copied().map(i64::from).sum();
        if exact {
            return Some(self.1.map(|count| (i64::from(count) * 100 / sum.max(1)) as i32));
        }
        let total = sum as i32;
        (total > 0).then(|| self.1.map(|count| count.wrapping_mul(100) / total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percents() {
        assert_eq!(Report(0, [1, 1, 2]).percents(false), Some([25, 25, 50]));
        assert_eq!(Report(0, [22_000_000, 0, 22_000_000]).percents(true), Some([50, 0, 50]));
        assert_eq!(Report(0, [22_000_000, 0, 22_000_000]).percents(false), Some([-47, 0, -47]));
    }
}
