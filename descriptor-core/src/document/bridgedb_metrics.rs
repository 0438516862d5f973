//! BridgeDB metrics: how many bridges were asked for and given out.

use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Reader, Sink, descriptor},
    value::*,
};

descriptor! {
    /// How often BridgeDB was asked for bridges. Daily since 2019-09; counts are rounded up to the next multiple of 10.
    pub struct BridgedbMetrics<'a> = "bridgedb-metrics"
        in "https://metrics.torproject.org/collector.html#type-bridgedb-metrics",
        check = Some(is_free_of_duplicates);

    /// The interval that the counts are about.
    "bridgedb-metrics-end" => bridgedb_metrics: StatsEnd;
    /// The version of the format: 1 or 2.
    "bridgedb-metrics-version" => bridgedb_metrics_version: Line<'a>;
    /// The counts, each with a key of its own.
    "bridgedb-metric-count" => bridgedb_metric_counts: Vec<MetricCount<'a>>;
}

impl BridgedbMetrics<'_> {
    /// The count of a key.
    pub fn count(&self, key: &str) -> Option<i64> {
        self.bridgedb_metric_counts.iter().find(|count| count.key == key.as_bytes()).map(|count| count.count)
    }
}

fn is_free_of_duplicates<'a>(metrics: &BridgedbMetrics<'a>, reader: &mut Reader<'a>) {
    let mut keys: Vec<&'a [u8]> = metrics.bridgedb_metric_counts.iter().map(|count| count.key).collect();
    keys.sort_unstable();
    if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        reader.complain_at("bridgedb-metric-count", pair[1], Problem::Duplicate);
    }
}

/// The `bridgedb-metric-count` line: `bridgedb-metric-count KEY COUNT`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MetricCount<'a> {
    /// What was counted, in parts: `https.obfs4.ru.success.none` is distributor, transport, country or mail provider,
    /// result, and a part for later use.
    pub key: &'a [u8],
    /// How often. Internal statistics may be negative.
    pub count: i64,
}

impl<'a> MetricCount<'a> {
    /// The parts of the key.
    pub fn parts(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.key.split(|&b| b == b'.')
    }
}

impl<'a> FromItem<'a> for MetricCount<'a> {
    const PARTS: &'static [Part] = &[Part::of("key", Kind::Text), Part::of("count", Kind::Int(""))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        Ok(MetricCount { key: args.text("key")?, count: args.value("count")? })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match part {
            0 => out.text(self.key),
            _ => out.int(self.count),
        }
    }
}
