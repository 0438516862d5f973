//! Connections of each relay, used in one direction or in both, as they were told in 2013 (spec §11).
//!
//! File of a module: `connbidirect`, only in the profile of 2013; later there were quartiles, which
//! [`connections`](super::connections) makes. A report is kept by the end of its interval and the relay. Of two that differ
//! the greater stays; the originals kept the first one.

mod explain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Cell, Day, Document, Id, Options, Parts, Profile, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
};
use crate::{document::Type, value::Hex};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Connections2013 {
    /// Connections below 20 KiB, and those that mostly read, mostly wrote, and did both.
    reports: BTreeMap<(i64, Id), [u64; 4]>,
}

impl Statistic for Connections2013 {
    const TYPES: &'static [Type] = &[Type::ExtraInfo];

    fn add(&mut self, document: &Document<'_>) {
        let Document::ExtraInfo { document, bridge: false } = document else { return };
        if let Some(line) = document.conn_bi_direct {
            let key = (line.stats.end.0, document.owner.fingerprint.into());
            self.join(key, [line.below, line.read, line.write, line.both]);
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, counts) in other.reports {
            self.join(key, counts);
        }
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        match options.profile {
            Profile::Y2013 => vec![self.table()],
            Profile::Y2020 => Vec::new(),
        }
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn end(options: &Options) -> Option<Day> {
        Some(options.today().plus(-1))
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (key, counts) in self.reports {
            parts.day(Day::of_seconds(key.0)).reports.insert(key, counts);
        }
        parts
    }
}

impl Connections2013 {
    fn table(&self) -> Table {
        let mut table = Table::new("connbidirect", &["date", "source", "below", "read", "write", "both"]);
        let rows = self.reports.iter().map(|((end, id), it)| (Day::of_seconds(*end), *id, *end, *it));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable();
        for (day, id, _, counts) in rows {
            let start = [Cell::Day(day), Hex(id.0).to_string().into()];
            table.push_all(start.into_iter().chain(counts.map(Cell::from)));
        }
        table
    }

    fn join(&mut self, key: (i64, Id), counts: [u64; 4]) {
        let known = self.reports.entry(key).or_insert(counts);
        *known = (*known).max(counts);
    }
}
