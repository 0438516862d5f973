//! Requests for bridges (spec §17).
//!
//! File of a module: `bridgedb-stats`.
//!
//! A document is its counts by the end of its interval. The originals ignored a document that has a distributor and
//! transport in common with one of the same day that they had read before; here, with one whose interval ended before.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Cell, Day, Document, Options, Parts, Statistic, Table};
use crate::{
    document::{BridgedbMetrics, Type},
    schema::parse,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Bridgedb {
    documents: BTreeSet<(i64, Counts)>,
}

/// Requests by distributor and transport.
type Counts = BTreeMap<(Box<str>, Box<str>), i64>;

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
        let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
        for (end, counts) in self.documents {
            let day = days.entry(Day::of_seconds(end)).or_default();
            if counts.keys().all(|key| !day.contains_key(key)) {
                day.extend(counts);
            }
        }
        let mut table = Table::new("bridgedb-stats", &["date", "distributor", "transport", "requests"]);
        for (day, counts) in days {
            for ((distributor, transport), requests) in counts {
                table.push([
                    Cell::Day(day),
                    String::from(distributor).into(),
                    String::from(transport).into(),
                    requests.into(),
                ]);
            }
        }
        vec![table]
    }

    fn split(self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (end, counts) in self.documents {
            parts.day(Day::of_seconds(end)).documents.insert((end, counts));
        }
        parts
    }
}
