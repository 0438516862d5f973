//! What `tordesc summary` tells about one status: a consensus, a vote, a bridge status.

use std::{collections::BTreeMap, net::IpAddr};

use descriptor_core::{
    document::AnyParsed,
    schema::{Kind, Sink, Value},
    value::Timestamp,
};

use crate::tally::column;

/// The vitals of a status.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Status {
    /// When it becomes valid, or was published.
    pub(crate) time: Timestamp,
    /// How many entries it has.
    pub(crate) relays: u64,
    /// How many relays have each flag.
    pub(crate) flags: BTreeMap<String, u64>,
    /// How many relays run each series of versions, as `0.4.8`.
    pub(crate) versions: BTreeMap<String, u64>,
    /// How many relays have an IPv6 address.
    pub(crate) ipv6: u64,
    /// Bandwidth weights of all relays, of exits, of guards. Unit: kilobytes per second, as measured.
    pub(crate) bandwidth: [u64; 3],
    /// The consensus method, if it has one.
    pub(crate) method: Option<i64>,
    /// How many authorities signed it.
    pub(crate) signatures: Option<u64>,
}

impl Status {
    /// The vitals of a document, if it is a status.
    pub(crate) fn of(parsed: &AnyParsed<'_>, time: Option<Timestamp>) -> Option<Self> {
        let schema = parsed.partial.schema();
        let (entries, table) =
            schema.fields.iter().enumerate().find_map(|(at, field)| match field.parts {
                [part] if field.keywords.contains(&"r") => match part.kind {
                    Kind::List(Kind::Table(table)) => Some((at, table())),
                    _ => None,
                },
                _ => None,
            })?;
        let place =
            |names: &[&str]| names.iter().find_map(|name| table.column(name)).map(|it| (it.field, it.part));
        let (flags, version) = (place(&["flags"]), place(&["version"]));
        let (bandwidth, addresses) = (place(&["bandwidth"]), place(&["or_addresses", "addresses"]));
        let mut status = Status { time: time.unwrap_or_default(), ..Status::default() };
        let mut counts = Tokens::default();
        parsed.partial.each(entries, &mut |entry| {
            let tell = |place: Option<(usize, usize)>, seen: &mut Seen<'_>| {
                if let Some((field, part)) = place {
                    entry.emit(field, part, seen);
                }
            };
            status.relays += 1;
            let mut seen = Seen::new(&mut counts.flags);
            tell(flags, &mut seen);
            let (exit, guard) = (seen.exit && !seen.bad_exit, seen.guard);
            let mut seen = Seen::new(&mut counts.versions);
            tell(version, &mut seen);
            let mut seen = Seen::new(&mut counts.other);
            tell(addresses, &mut seen);
            status.ipv6 += u64::from(seen.ipv6);
            tell(bandwidth, &mut seen);
            let weight = seen.number.unwrap_or(0);
            for (sum, counted) in status.bandwidth.iter_mut().zip([true, exit, guard]) {
                *sum += if counted { weight } else { 0 };
            }
        });
        status.flags = counts.flags.into_iter().map(|(name, number)| (text(&name), number)).collect();
        for (name, number) in counts.versions {
            let name = name.strip_prefix(b"Tor ").unwrap_or(&name);
            *status.versions.entry(series(name)).or_default() += number;
        }
        status.method = match column(parsed, "consensus_method") {
            Some(Value::Int(method)) => Some(method),
            _ => None,
        };
        let signatures = ["directory_signatures", "signatures", "directory_signature"];
        status.signatures = signatures.iter().find_map(|name| match column(parsed, name) {
            Some(Value::List(all)) => Some(all.len() as u64),
            _ => None,
        });
        Some(status)
    }
}

/// The first three numbers of a version, as `0.4.8`; of what has no such, its first word.
pub(crate) fn series(version: &[u8]) -> String {
    let version = version.split(|&b| b == b' ' || b == b'-').next().unwrap_or_default();
    let dots = memchr::memchr_iter(b'.', version).nth(2).unwrap_or(version.len());
    text(&version[..dots.min(32)])
}

fn text(bytes: &[u8]) -> String {
    crate::figures::printable(bytes)
}

/// How many different flags or versions are kept; hostile input may have millions.
const MAX_DIFFERENT: usize = 200;

/// Counters of texts, filled without allocating for a text that was seen before.
#[derive(Debug, Default)]
struct Tokens {
    flags: BTreeMap<Vec<u8>, u64>,
    versions: BTreeMap<Vec<u8>, u64>,
    other: BTreeMap<Vec<u8>, u64>,
}

/// A sink that counts texts and keeps what else a summary needs of an entry.
struct Seen<'c> {
    counts: &'c mut BTreeMap<Vec<u8>, u64>,
    exit: bool,
    bad_exit: bool,
    guard: bool,
    ipv6: bool,
    number: Option<u64>,
}

impl<'c> Seen<'c> {
    fn new(counts: &'c mut BTreeMap<Vec<u8>, u64>) -> Self {
        Seen { counts, exit: false, bad_exit: false, guard: false, ipv6: false, number: None }
    }
}

impl Sink for Seen<'_> {
    fn text(&mut self, value: &[u8]) {
        if let Some(number) = self.counts.get_mut(value) {
            *number += 1;
        } else if self.counts.len() < MAX_DIFFERENT {
            self.counts.insert(value.to_vec(), 1);
        }
        self.exit |= value == b"Exit";
        self.bad_exit |= value == b"BadExit";
        self.guard |= value == b"Guard";
    }
    fn int(&mut self, value: i64) {
        self.number = self.number.or(u64::try_from(value).ok());
    }
    fn address(&mut self, value: IpAddr) {
        self.ipv6 |= value.is_ipv6();
    }
    fn null(&mut self) {}
    fn bool(&mut self, _: bool) {}
    fn float(&mut self, _: f64) {}
    fn hex(&mut self, _: &[u8]) {}
    fn base64(&mut self, _: &[u8]) {}
    fn time(&mut self, _: Timestamp) {}
    fn list(&mut self) {}
    fn end_list(&mut self) {}
    fn map(&mut self) {}
    fn key(&mut self, _: &[u8]) {}
    fn end_map(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_counted_by_series() {
        assert_eq!(series(b"0.4.8.12 on Linux"), "0.4.8");
        assert_eq!(series(b"0.4.9.1-alpha-dev"), "0.4.9");
        assert_eq!(series(b"0.1"), "0.1");
    }
}
