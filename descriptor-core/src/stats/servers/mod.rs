//! Relays and bridges (spec §8): network size, flags, versions, platforms, IPv6, advertised bandwidth.
//!
//! Files of modules: `networksize`, `relayflags`, `versions`, `platforms`, `ipv6servers`, `advbw`.
//!
//! Statuses are [joined](super) with descriptors as soon as both are there, and then counted by every group, so that a
//! status takes half a kilobyte. A status's key is its kind, time and authority; the originals left out the authority, and
//! so ignored the second of two bridge authorities that publish in the same second.

mod counts;
mod explain;
mod series;
mod tables;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::{counts::Counts, series::Series};
use super::{
    Day, Document, Facts, Id, Options, Parts, Statistic, Table,
    explain::{Explanation, Question, Unexplained},
    join::Join,
};
use crate::{
    document::{ServerDescriptor, Type},
    value::Timestamp,
};

/// See the [module](self).
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Servers {
    /// The series of all versions that a consensus has ever recommended for relays.
    recommended: BTreeSet<Series>,
    /// Of an entry, whether the authorities reach it by IPv6.
    join: Join<Key, Descriptor, Counts, bool>,
}

/// What makes a status unique. The authority is zero for a consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key(Server, i64, Id);

/// Whom a status is about, in the order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Server {
    Relay,
    Bridge,
}

/// What a descriptor says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "Packed", from = "Packed")]
struct Descriptor {
    /// Absent if the platform line tells none.
    series: Option<Series>,
    platform: u8,
    /// Whether an IPv6 address is announced.
    announced: bool,
    /// Whether exits to IPv6 addresses are allowed.
    exiting: bool,
    /// Unit: bytes per second. 0 for bridges.
    advertised: u32,
}

/// A descriptor as it is stored, without the names of fields.
type Packed = (Option<Series>, u8, bool, bool, u32);

impl From<Descriptor> for Packed {
    fn from(it: Descriptor) -> Self {
        (it.series, it.platform, it.announced, it.exiting, it.advertised)
    }
}

impl From<Packed> for Descriptor {
    fn from((series, platform, announced, exiting, advertised): Packed) -> Self {
        Descriptor { series, platform, announced, exiting, advertised }
    }
}

impl Statistic for Servers {
    const TYPES: &'static [Type] =
        &[Type::Consensus, Type::BridgeNetworkStatus, Type::ServerDescriptor, Type::BridgeServerDescriptor];

    fn add(&mut self, document: &Document<'_>) {
        match document {
            Document::Consensus { document, flags } => {
                let recommended = document.server_versions.iter().flat_map(|versions| versions.iter());
                self.recommended.extend(recommended.filter_map(Series::of));
                let entries = document.entries.iter().zip(flags).map(|(entry, &flags)| {
                    let reachable = entry.or_addresses.iter().any(|address| address.0.is_ipv6());
                    (entry.r.descriptor_digest, flags, reachable)
                });
                self.join.add_status(Key(Server::Relay, document.valid_after.0, Id::default()), entries);
            }
            Document::BridgeStatus { document, published, authority, flags } => {
                let entries = document.entries.iter().zip(flags);
                let entries = entries.map(|(entry, &flags)| (entry.r.descriptor_digest, flags, false));
                self.join.add_status(Key(Server::Bridge, published.0, *authority), entries);
            }
            Document::Server { document, digest, bridge } => {
                if let Some(descriptor) = Descriptor::of(document, *bridge) {
                    self.join.add_descriptor(*digest, descriptor);
                }
            }
            _ => {}
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.recommended.append(&mut other.recommended);
        self.join.merge(other.join);
    }

    fn settle(&mut self) {
        self.join.settle();
    }

    fn finish(self, options: &Options) -> Vec<Table> {
        tables::all(&self, options)
    }

    fn explain(&self, question: &Question, options: &Options) -> Result<Explanation, Unexplained> {
        explain::explain(self, question, options)
    }

    fn close(tables: &mut Vec<Table>, options: &Options) {
        tables::close(tables, options);
    }

    fn split(mut self) -> Parts<Self> {
        let mut parts = Parts::<Self>::default();
        for (day, join) in self.join.split(Key::day) {
            parts.day(day).join = join;
        }
        parts.whole = self;
        parts
    }

    fn facts(&mut self) -> Option<&mut dyn Facts> {
        Some(&mut self.join)
    }
}

impl Descriptor {
    /// What a descriptor says; `None` if metrics-lib cannot read it, for its numbers have 32 bits (spec §27 C13).
    fn of(document: &ServerDescriptor<'_>, bridge: bool) -> Option<Self> {
        let bandwidth = document.bandwidth;
        let numbers = [bandwidth.average, bandwidth.burst, bandwidth.observed.unwrap_or(0)];
        if numbers.iter().any(|&number| number > i32::MAX as u64) {
            return None;
        }
        let platform = document.platform.and_then(|line| split_platform(line.0));
        Some(Descriptor {
            series: platform.and_then(|(version, _)| Series::of(version)),
            platform: tables::platform(platform.map_or(b"", |(_, system)| system)),
            announced: document.or_addresses.iter().any(|address| address.0.is_ipv6()),
            exiting: !bridge
                && document.ipv6_policy.is_some_and(|policy| policy.accept || policy.ports != b"1-65535"),
            advertised: if bridge { 0 } else { bandwidth.advertised() as u32 },
        })
    }
}

/// Version and system of `Tor VERSION on SYSTEM`; the system begins after the last ` on `.
fn split_platform(platform: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = platform.strip_prefix(b"Tor ")?;
    let at = memchr::memmem::rfind(rest, b" on ")?;
    let (version, system) = (&rest[..at], &rest[at + 4..]);
    (!version.is_empty() && !system.is_empty()).then_some((version, system))
}

impl Key {
    /// The day of the status.
    fn day(&self) -> Day {
        Day::of(Timestamp(self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_cut_at_its_last_on() {
        assert_eq!(split_platform(b"Tor 0.4.2.7 on Linux"), Some((&b"0.4.2.7"[..], &b"Linux"[..])));
        assert_eq!(split_platform(b"Tor 1 on 2 on FreeBSD"), Some((&b"1 on 2"[..], &b"FreeBSD"[..])));
        for text in ["Tor 0.4.2.7", "node-Tor 0.1 on Linux", "Tor  on Linux", "Tor 1 on "] {
            assert_eq!(split_platform(text.as_bytes()), None, "{text}");
        }
    }
}
