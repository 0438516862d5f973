//! Advertised bandwidth distribution (spec §10): the n-th fastest relays, and percentiles.
//!
//! Files of modules: `advbwdist`, and by consensus `advbwdist-validafter`.
//!
//! What is kept of a consensus are the advertised bandwidths of its running relays, 4 bytes each, and the entries whose
//! descriptor is not known yet (`join.rs`). The originals evaluated a consensus when they first read it, so that
//! descriptors that came later were missing (spec §27 C15); here they are not.

mod explain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cell, Choices, Day, Document, Facts, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    join::{self, Entry, Join, Tally},
    number::quantile,
    parts,
};
use crate::{document::Type, value::Timestamp};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Advertised {
    /// By valid-after time. A descriptor's advertised bandwidth in bytes per second; -1 if it does not tell what was
    /// observed.
    join: Join<i64, i32, Bandwidths>,
}

type Status = join::Status<Bandwidths>;

/// Advertised bandwidths of a consensus, in ascending order once settled.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Bandwidths {
    exits: Vec<i32>,
    others: Vec<i32>,
}

impl Tally<i32, ()> for Bandwidths {
    fn add(&mut self, entry: &Entry<()>, descriptor: &i32) {
        let list = if entry.flags.is_effective_exit() { &mut self.exits } else { &mut self.others };
        list.push(*descriptor);
    }

    fn settle(&mut self) {
        for list in [&mut self.exits, &mut self.others] {
            list.sort_unstable();
            list.shrink_to_fit();
        }
    }
}

/// Which relays are shown, the fastest being the first.
const RELAYS: [u32; 16] = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000];

/// Which percentiles are shown.
const PERCENTILES: [u32; 23] =
    [0, 1, 2, 3, 5, 9, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 91, 95, 97, 98, 99, 100];

/// A row's key below its date: exits only, a relay's place or a percentile.
type Key = (bool, Option<u32>, Option<u32>);

impl Statistic for Advertised {
    const TYPES: &'static [Type] = &[Type::Consensus, Type::ServerDescriptor];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => {
                let entries = document.entries.iter().zip(flags);
                let entries = entries.map(|(entry, &flags)| (entry.r.descriptor_digest, flags, ()));
                self.join.add_status(document.valid_after.0, entries);
            }
            Document::Server { document, digest, bridge: false } => {
                let bandwidth = document.bandwidth;
                let numbers = [bandwidth.average, bandwidth.burst, bandwidth.observed.unwrap_or(0)];
                // Numbers beyond 32 bits make a descriptor that metrics-lib cannot read.
                if numbers.iter().all(|&number| number <= i32::MAX as u64) {
                    let advertised = bandwidth.observed.map_or(-1, |_| bandwidth.advertised() as i32);
                    self.join.add_descriptor(*digest, advertised);
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, other: Self) {
        self.join.merge(other.join);
    }

    fn settle(&mut self) {
        self.join.settle();
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        let values = |status: &Status| status.tally.values(options.choices);
        let statuses = || self.join.statuses.iter().map(|(&time, status)| (time, values(status)));
        let mut days: BTreeMap<(Day, Key), Vec<f64>> = BTreeMap::new();
        for (time, values) in statuses() {
            for (key, value) in values {
                days.entry((Day::of_seconds(time), key)).or_default().push(value);
            }
        }
        let daily = days.into_iter().map(|((day, key), mut values)| {
            values.sort_unstable_by(f64::total_cmp);
            (day.into(), key, quantile(&values, 0.5).floor())
        });
        let all = statuses().flat_map(|(time, values)| {
            let time = Timestamp(time).to_string();
            values.into_iter().map(move |(key, value)| (time.clone().into(), key, value))
        });
        vec![
            table("advbwdist", "date", true.into(), daily),
            table("advbwdist-validafter", "valid_after", "TRUE".into(), all),
        ]
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn close(tables: &mut Vec<Table>, options: &Options) {
        parts::end(tables, &["advbwdist"], options.today());
    }

    fn split(mut self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (day, join) in self.join.split(|&time| Day::of_seconds(time)) {
            parts.day(day).join = join;
        }
        parts.whole = self;
        parts
    }

    fn facts(&mut self) -> Option<&mut dyn Facts> {
        Some(&mut self.join)
    }
}

impl Bandwidths {
    fn values(&self, choices: Choices) -> Vec<(Key, f64)> {
        let mut all = [&*self.exits, &*self.others].concat();
        all.sort_unstable();
        let mut values = Vec::new();
        for (exits, sorted) in [(false, &all), (true, &self.exits)] {
            if sorted.is_empty() {
                continue;
            }
            for place in RELAYS {
                let value = sorted.len().checked_sub(place as usize).map(|at| f64::from(sorted[at]));
                values.extend(value.map(|value| ((exits, Some(place), None), value)));
            }
            let sorted: Vec<f64> = sorted.iter().copied().map(f64::from).collect();
            for percent in PERCENTILES {
                let value = match choices.percentiles_by_rank {
                    true => sorted[(sorted.len() - 1) * percent as usize / 100],
                    false => quantile(&sorted, f64::from(percent) / 100.0).floor(),
                };
                values.push(((exits, None, Some(percent)), value));
            }
        }
        values
    }
}

fn table(
    name: &'static str,
    date: &'static str,
    exits: Cell,
    rows: impl Iterator<Item = (Cell, Key, f64)>,
) -> Table {
    // In the order of their text.
    let number = |it: Option<u32>| it.map(|it| it.to_string()).unwrap_or_default();
    let text = |cell: &Cell| (cell.day(), cell.text().to_owned());
    let mut rows: Vec<_> = rows
        .map(|(date, (of_exits, relay, percentile), value)| {
            ((text(&date), of_exits, number(relay), number(percentile)), date, value)
        })
        .collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut table = Table::new(name, &[date, "isexit", "relay", "percentile", "advbw"]);
    for ((_, of_exits, relay, percentile), date, value) in rows {
        let exits = if of_exits { exits.clone() } else { Cell::Missing };
        table.push([date, exits, relay.into(), percentile.into(), (value as i64).into()]);
    }
    table
}
