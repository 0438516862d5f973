//! Databases in MaxMind's format, whose records each vendor names in its own way.

use std::{borrow::Cow, fmt, net::IpAddr};

use maxminddb::{PathElement, Reader};
use serde::Deserialize;

use super::{CountryCode, Error, System};
use crate::value::Timestamp;

/// A database in memory.
pub struct Mmdb(Reader<Vec<u8>>);

/// Where a country's code may be: in MaxMind's and DB-IP's own, in those of ip-location-db, in IPinfo's old ones.
const COUNTRY: &[&[&str]] = &[&["country", "iso_code"], &["country_code"], &["country"]];
/// Where the number of an autonomous system may be: MaxMind and most others, IPinfo, IP2Location.
const NUMBER: &[&[&str]] =
    &[&["autonomous_system_number"], &["asn"], &["as_number"], &["traits", "autonomous_system_number"]];
/// Where its name may be.
const NAME: &[&[&str]] = &[
    &["autonomous_system_organization"],
    &["as_name"],
    &["as_organization"],
    &["name"],
    &["traits", "autonomous_system_organization"],
];

/// A number, or the text `AS13335`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number<'a> {
    Number(u32),
    Text(&'a str),
}

impl Mmdb {
    /// Reads a file's bytes.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Error> {
        Reader::from_source(bytes).map(Mmdb).map_err(|error| Error::Mmdb(error.to_string()))
    }

    /// When it was built.
    pub fn date(&self) -> Timestamp {
        Timestamp(i64::try_from(self.0.metadata().build_epoch).unwrap_or(i64::MAX))
    }

    /// How many nodes its tree has.
    pub fn nodes(&self) -> usize {
        self.0.metadata().node_count as usize
    }

    /// The country of an address. `None` if no record has it, or the record names none.
    pub fn country(&self, address: IpAddr) -> Option<CountryCode> {
        self.find(address, COUNTRY, |text: &str| CountryCode::parse(text.as_bytes()))
    }

    /// The autonomous system of an address. `None` if no record has it, or the record names none.
    pub fn system(&self, address: IpAddr) -> Option<System<'_>> {
        let number = self.find(address, NUMBER, |number: Number<'_>| match number {
            Number::Number(number) => Some(number),
            Number::Text(text) => text.trim_start_matches("AS").parse().ok(),
        })?;
        let name = self.find(address, NAME, |text: &str| Some(Cow::Borrowed(text))).unwrap_or_default();
        Some(System { number, name })
    }

    /// The first of some places in an address's record where something is that can be understood.
    fn find<'d, T: Deserialize<'d>, R>(
        &'d self,
        address: IpAddr,
        places: &[&[&str]],
        understand: impl Fn(T) -> Option<R>,
    ) -> Option<R> {
        // An address that a database cannot hold is as unknown to it as one that it does not hold; so is a broken record.
        let record = self.0.lookup(address).ok()?;
        places.iter().find_map(|place| {
            let path: Vec<_> = place.iter().map(|key| PathElement::Key(key)).collect();
            understand(record.decode_path(&path).ok()??)
        })
    }
}

impl fmt::Debug for Mmdb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mmdb").field(self.0.metadata()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short text.
    fn text(text: &str) -> Vec<u8> {
        let head = match text.len() as u8 {
            short @ 0..=28 => vec![0x40 | short],
            long => vec![0x40 | 29, long - 29],
        };
        [&head[..], text.as_bytes()].concat()
    }

    fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let pairs = entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat());
        [0xe0 | entries.len() as u8].into_iter().chain(pairs).collect()
    }

    /// A number: of kind 5 in two bytes, of kind 6 in four, of kind 9 in four with a head of two.
    fn number(kind: u8, value: u32) -> Vec<u8> {
        let (head, bytes) = match kind {
            5 => (vec![5 << 5 | 2], value.to_be_bytes()[2..].to_vec()),
            6 => (vec![6 << 5 | 4], value.to_be_bytes().to_vec()),
            _ => (vec![4, kind - 7], value.to_be_bytes().to_vec()),
        };
        [head, bytes].concat()
    }

    /// A database of one node: addresses from 0.0.0.0 on have a record, those from 128.0.0.0 on have another.
    fn database(low: &[u8], high: &[u8]) -> Mmdb {
        let record = |offset: usize| (1 + 16 + offset as u32).to_be_bytes()[1..].to_vec();
        let metadata = map(&[
            ("binary_format_major_version", number(5, 2)),
            ("binary_format_minor_version", number(5, 0)),
            ("build_epoch", number(9, 1_767_225_600)),
            ("database_type", text("test")),
            ("description", map(&[])),
            ("ip_version", number(5, 4)),
            ("languages", vec![0, 4]),
            ("node_count", number(6, 1)),
            ("record_size", number(5, 24)),
        ]);
        let parts =
            [&record(0)[..], &record(low.len()), &[0; 16], low, high, b"\xAB\xCD\xEFMaxMind.com", &metadata];
        Mmdb::read(parts.concat()).expect("a database")
    }

    #[test]
    fn each_vendor_is_understood() {
        let nested = map(&[("country", map(&[("iso_code", text("DE"))]))]);
        let flat = map(&[("country_code", text("fr")), ("country", text("France"))]);
        let countries = database(&nested, &flat);
        let country = |address: [u8; 4]| countries.country(address.into()).map(|it| it.to_string());
        assert_eq!(
            [country([1, 1, 1, 1]), country([200, 1, 1, 1])],
            ["de", "fr"].map(|it| Some(it.to_owned()))
        );
        assert_eq!(countries.date().to_string(), "2026-01-01 00:00:00");
        assert!(countries.system([1, 1, 1, 1].into()).is_none());
        assert!(countries.country("2001:db8::1".parse().expect("an address")).is_none());

        let maxmind = map(&[
            ("autonomous_system_number", number(6, 13335)),
            ("autonomous_system_organization", text("Cloudflare, Inc.")),
        ]);
        let ipinfo = map(&[("asn", text("AS24940")), ("as_name", text("Hetzner"))]);
        let systems = database(&maxmind, &ipinfo);
        let system =
            |address: [u8; 4]| systems.system(address.into()).map(|it| (it.number, it.name.into_owned()));
        assert_eq!(system([9, 9, 9, 9]), Some((13335, "Cloudflare, Inc.".to_owned())));
        assert_eq!(system([199, 9, 9, 9]), Some((24940, "Hetzner".to_owned())));
        assert!(systems.country([9, 9, 9, 9].into()).is_none());
    }

    #[test]
    fn what_is_broken_is_refused_with_a_reason() {
        let error = Mmdb::read(b"nothing".to_vec()).expect_err("no database");
        assert!(matches!(&error, Error::Mmdb(text) if !text.is_empty()), "{error:?}");
    }
}
