//! Bridgestrap statistics: which bridges could be reached.

use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink, descriptor},
    value::*,
};

descriptor! {
    /// Which bridges a test of bridgestrap could reach. Daily since 2021-08.
    pub struct BridgestrapStats<'a> = "bridgestrap-stats"
        in "https://metrics.torproject.org/collector.html#type-bridgestrap-stats";

    /// The interval that the tests are from.
    "bridgestrap-stats-end" => bridgestrap_stats: StatsEnd;
    /// How many requests were answered from the cache.
    "bridgestrap-cached-requests" => bridgestrap_cached_requests: Option<u64>;
    /// The tests.
    "bridgestrap-test" => bridgestrap_tests: Vec<BridgestrapTest>;
}

/// The `bridgestrap-test` line: `bridgestrap-test true|false [FINGERPRINT]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BridgestrapTest {
    /// Whether the bridge could be reached.
    pub reachable: bool,
    /// The SHA-1 of the bridge's fingerprint. Absent if bridgestrap does not know the bridge's fingerprint.
    pub hashed_fingerprint: Option<Fingerprint>,
}

impl<'a> FromItem<'a> for BridgestrapTest {
    const PARTS: &'static [Part] =
        &[Part::of("reachable", Kind::Bool), Part::of("hashed_fingerprint", Kind::Hex)];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut args = item.args();
        let Truth(reachable) = args.value("result")?;
        let hashed_fingerprint = match args.rest() {
            [] => None,
            _ => Some(args.value("hashed fingerprint")?),
        };
        Ok(BridgestrapTest { reachable, hashed_fingerprint })
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        match (part, &self.hashed_fingerprint) {
            (0, _) => out.bool(self.reachable),
            (_, Some(fingerprint)) => out.hex(&fingerprint.0),
            _ => out.null(),
        }
    }
}
