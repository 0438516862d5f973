//! Where addresses are: countries and autonomous systems, by databases of any vendor and of any day.
//!
//! A [`Database`] is one file: tor's own `geoip` or `geoip6`, or, with feature `geoip`, a MaxMind DB. [`Places`] holds several,
//! for countries and for autonomous systems apart, and gives the one that was right on a day. Nothing is opened here: who
//! has a file hands over its bytes.

#[cfg(feature = "geoip")]
mod mmdb;
mod places;
mod ranges;

use std::{borrow::Cow, fmt, net::IpAddr};

use crate::value::Timestamp;

#[cfg(feature = "geoip")]
pub use mmdb::Mmdb;
pub use places::Places;
pub use ranges::GeoIp;

/// A country by its ISO 3166-1 code, two lower-case letters. Old databases also have `a1` and `a2`, proxies and satellites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads a code of either case. `None` for anything else, also for `??`, which databases write for not known.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let code: [u8; 2] = text.try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_alphanumeric)
            .then(|| CountryCode(code.map(|byte| byte.to_ascii_lowercase())))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        // It is ASCII, so this never is the other case.
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An autonomous system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct System<'d> {
    /// Its number, without `AS`.
    pub number: u32,
    /// Who runs it, as the database writes it. Empty if it does not say.
    pub name: Cow<'d, str>,
}

/// One database: which country or which autonomous system an address is in.
#[derive(Debug)]
#[non_exhaustive]
pub enum Database {
    /// Tor's files. They know no autonomous systems.
    Tor(GeoIp),
    /// A MaxMind DB of any vendor.
    #[cfg(feature = "geoip")]
    Mmdb(Mmdb),
}

/// Why some bytes are no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line of one of tor's files is none.
    #[error("line {0}: not START,END,COUNTRY")]
    Line(usize),
    /// There is no range in it.
    #[error("no ranges of addresses")]
    Empty,
    /// A MaxMind DB that is broken.
    #[error("{0}")]
    Mmdb(String),
    /// A MaxMind DB, and this program was built without feature `geoip`.
    #[error("MaxMind databases cannot be read by this build")]
    NoMmdb,
}

/// What stands before the metadata of a MaxMind DB, in its last 128 KiB.
const MMDB: &[u8] = b"\xAB\xCD\xEFMaxMind.com";

impl Database {
    /// Reads a file's bytes, whichever of the kinds it is.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Error> {
        let end = &bytes[bytes.len().saturating_sub(128 * 1024)..];
        if memchr::memmem::rfind(end, MMDB).is_some() {
            #[cfg(feature = "geoip")]
            return Mmdb::read(bytes).map(Database::Mmdb);
            #[cfg(not(feature = "geoip"))]
            return Err(Error::NoMmdb);
        }
        let mut ranges = GeoIp::default();
        ranges.add(&bytes).map_err(Error::Line)?;
        if ranges.is_empty() { Err(Error::Empty) } else { Ok(Database::Tor(ranges)) }
    }

    /// When it was made, by itself. `None` if it does not say.
    pub fn date(&self) -> Option<Timestamp> {
        match self {
            Database::Tor(ranges) => ranges.date(),
            #[cfg(feature = "geoip")]
            Database::Mmdb(mmdb) => Some(mmdb.date()),
        }
    }

    /// How much it knows. Unit: ranges of addresses, or nodes of the tree of a MaxMind DB.
    pub fn size(&self) -> usize {
        match self {
            Database::Tor(ranges) => ranges.len(),
            #[cfg(feature = "geoip")]
            Database::Mmdb(mmdb) => mmdb.nodes(),
        }
    }

    /// The country of an address. `None` if it is not known.
    pub fn country(&self, address: IpAddr) -> Option<CountryCode> {
        match self {
            Database::Tor(ranges) => ranges.code(address),
            #[cfg(feature = "geoip")]
            Database::Mmdb(mmdb) => mmdb.country(address),
        }
    }

    /// The autonomous system of an address. `None` if it is not known, as always in tor's files.
    #[cfg_attr(not(feature = "geoip"), expect(unused_variables, reason = "tor's files know none"))]
    pub fn system(&self, address: IpAddr) -> Option<System<'_>> {
        match self {
            Database::Tor(_) => None,
            #[cfg(feature = "geoip")]
            Database::Mmdb(mmdb) => mmdb.system(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_bytes() {
        let tor = Database::read(b"16777216,16777471,AU\n".to_vec()).expect("tor's");
        let country = |address: [u8; 4]| tor.country(address.into()).map(|it| it.to_string());
        assert_eq!((country([1, 0, 0, 7]).as_deref(), country([2, 0, 0, 0])), (Some("au"), None));
        assert!(tor.system([1, 0, 0, 7].into()).is_none() && tor.date().is_none());
        assert_eq!(Database::read(b"# nothing\n".to_vec()).err(), Some(Error::Empty));
        assert_eq!(Database::read(b"# a\n1,2\n".to_vec()).err(), Some(Error::Line(2)));
        let broken = Database::read([b"x", MMDB, b"\x00"].concat());
        assert!(matches!(broken, Err(Error::Mmdb(_) | Error::NoMmdb)), "{broken:?}");
    }

    #[test]
    fn a_code_is_two_letters() {
        assert_eq!(CountryCode::parse(b"De").map(|it| it.to_string()).as_deref(), Some("de"));
        for text in ["??", "d", "deu", "d,", ""] {
            assert_eq!(CountryCode::parse(text.as_bytes()), None, "{text}");
        }
    }
}
