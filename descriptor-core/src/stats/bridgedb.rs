//! Requests for bridges (spec §17).
//!
//! File of a module: `bridgedb-stats`.
//!
//! A document is its counts by the end of its interval. The originals ignored a document that has a distributor and
//! transport in common with one of the same day that they had read before; here, with one whose interval ended before.

mod explain;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Cell, Day, Document, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
};
use crate::{
    document::{BridgedbMetrics, Type},
    schema::parse,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Bridgedb {
    documents: BTreeSet<(i64, Counts)>,
}

/// Distributor and transport.
type Key = (Box<str>, Box<str>);

/// Requests by distributor and transport.
type Counts = BTreeMap<Key, i64>;

/// Counts are rounded up to multiples of ten. Unit: requests.
const BIN: i64 = 10;

impl Statistic for Bridgedb {
    const TYPES: &'static [Type] = &[Type::BridgedbMetrics];

    fn add(&mut self, document: &Document<'_>) {
        let Document::Other { frame, .. } = document else { return };
        let parsed = parse::<BridgedbMetrics<'_>>(*frame);
        let Some(document) = parsed.document() else { return };
        if !matches!(document.bridgedb_metrics_version.0, b"1" | b"2") {
            return;
        }
        let mut counts = Counts::new();
        for line in &document.bridgedb_metric_counts {
            let mut parts = line.parts().map(|part| String::from_utf8_lossy(part).into());
            let (Some(distributor), Some(transport), Some(origin)) =
                (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let (distributor, origin): (Box<str>, Box<str>) = (distributor, origin);
            // Requests over Tor come from anywhere.
            if &*distributor != "internal" && &*origin != "zz" && line.count >= BIN {
                *counts.entry((distributor, transport)).or_default() += line.count - BIN / 2;
            }
        }
        self.documents.insert((document.bridgedb_metrics.end.0, counts));
    }

    fn merge(&mut self, mut other: Self) {
        self.documents.append(&mut other.documents);
    }

    fn finish(self, _: &Options) -> Vec<Table> {
        vec![table(self.taken().filter(|it| it.in_common.is_none()))]
    }

    fn explain(&self, question: &Question, _: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question)
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (end, counts) in self.documents {
            parts.day(Day::of_seconds(end)).documents.insert((end, counts));
        }
        parts
    }
}

/// A document, and whether it counts.
struct Taken<'b> {
    end: i64,
    counts: &'b Counts,
    /// What it has in common with one of the same day that ended before; if there is anything, it is ignored.
    in_common: Option<&'b Key>,
}

impl Bridgedb {
    /// All documents in the order of their ends.
    fn taken(&self) -> impl Iterator<Item = Taken<'_>> {
        let (mut last, mut known) = (None, BTreeSet::new());
        self.documents.iter().map(move |(end, counts)| {
            let day = Day::of_seconds(*end);
            if last.replace(day) != Some(day) {
                known = BTreeSet::new();
            }
            let in_common = counts.keys().find(|key| known.contains(key));
            if in_common.is_none() {
                known.extend(counts.keys());
            }
            Taken { end: *end, counts, in_common }
        })
    }
}

/// The table of documents that count.
fn table<'b>(documents: impl Iterator<Item = Taken<'b>>) -> Table {
    let mut days: BTreeMap<(Day, &Key), i64> = BTreeMap::new();
    for Taken { end, counts, .. } in documents {
        days.extend(counts.iter().map(|(key, requests)| ((Day::of_seconds(end), key), *requests)));
    }
    let mut table = Table::new("bridgedb-stats", &["date", "distributor", "transport", "requests"]);
    for ((day, (distributor, transport)), requests) in days {
        let names = [distributor, transport].map(|name| String::from(&**name).into());
        table.push_all([Cell::Day(day)].into_iter().chain(names).chain([requests.into()]));
    }
    table
}
