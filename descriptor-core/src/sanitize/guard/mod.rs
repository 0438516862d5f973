//! Searches what is to be published for what the original said and must not be said.
//!
//! The guard stands behind the sanitizer and knows nothing of it: no table, no rule set, no field. It reads the original in
//! its own simple way ([`Facts`]) and looks for that in the output ([`Facts::said_in`]). So a wrong row of a table, or a
//! bridge that says its address where nobody expects it, is found.
//!
//! | what | where it comes from | how it is found |
//! | --- | --- | --- |
//! | fingerprint | `fingerprint`, `extra-info`, `r` | hex of any case, in groups or not; base64 and base32, either alphabet |
//! | digest | the original itself, `extra-info-digest`, `r` | the same |
//! | ed25519 key | `master-key-ed25519`, certificate of `identity-ed25519` | the same |
//! | family | `$FINGERPRINT` in `family`, `family-ids` | the same |
//! | key, certificate, signature | objects, `router-sig-ed25519` | lines of base64 of 32 characters or more |
//! | IPv4 address | `router`, `or-address`, `r`, `a`, `transport` | with `.`, `-` or `_`, zeros before, octal, backwards, as one number; in IPv6 |
//! | IPv6 address | the same | all that reads as the same; 32 hex digits; `ip6.arpa` |
//! | port | beside those | in lines of addresses; behind the bridge's address or what stands for it |
//! | transport argument, host name | `transport`, `transport-info` | without regard to case |
//! | contact | `contact`, if it is to be hidden | without regard to case |
//!
//! Pool assignments are searched for fingerprints and addresses in the same way ([`Facts::of_pool_assignments`]); of a web
//! server log each line is searched by its form and for what its original says ([`web_server_log_leak`]).
//!
//! Of a long value the first 125 bits are looked for, of a text the first 32 bytes. An original is its bridge's own: it
//! can make its own output be refused, but nobody else's. Not found is what is enciphered, spelled in words, split over
//! lines, escaped (`%2B`), hashed without a secret, or an address with other marks between its numbers.

mod addresses;
mod facts;
mod index;
mod keys;
mod logs;
mod needles;
mod notation;
#[cfg(test)]
mod random_tests;
mod runs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use addresses::Addresses;
pub use index::Index;
use keys::Keys;
pub use logs::{web_server_log_form, web_server_log_leak};
use needles::Needles;

use super::Keyed;
use crate::document::Digests;

/// What an original says that its published form must not.
#[derive(Debug, Clone, Default)]
pub struct Facts<'s> {
    keys: Keys,
    addresses: Addresses<'s>,
    needles: Needles,
    contact: Vec<u8>,
    hidden: bool,
    /// While the original is read: names of transports, and texts that must not be said unless they are such a name.
    names: BTreeSet<Vec<u8>>,
    pieces: Vec<(Vec<u8>, &'static str)>,
}

/// Something that must not be said and is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leak {
    /// What it is, such as `IPv4 address`.
    pub what: &'static str,
    /// Where it begins.
    pub at: usize,
}

impl<'s> Facts<'s> {
    /// What a server descriptor or an extra-info descriptor says, as its bridge made it. Annotations may stand before it.
    pub fn of_descriptor(original: &[u8]) -> Self {
        Self::of_descriptor_with(original, facts::digests(original))
    }

    /// The same, for who knows the original's digests already.
    pub fn of_descriptor_with(original: &[u8], digests: Digests) -> Self {
        let mut facts = Facts::default();
        if let Some(sha1) = digests.sha1 {
            facts.keys.add(&sha1.0, "digest");
        }
        if let Some(sha256) = digests.sha256 {
            facts.keys.add(&sha256.0, "digest");
        }
        facts.read(original);
        facts.seal();
        facts
    }

    /// What one entry of a bridge authority's status says: its `r` line and what follows.
    pub fn of_entry(entry: &[u8]) -> Self {
        let mut facts = Facts::default();
        facts.read(entry);
        facts.seal();
        facts
    }

    /// Tells the keyed hashes of the bridge. One in 16384 hashes of a port is a port of the bridge by chance, and that is no
    /// leak. Without this, ports from 49152 on are not judged, for they may be hashes.
    pub fn allow(&mut self, keyed: &Keyed<'s>) {
        self.addresses.keyed = Some(*keyed);
    }

    /// Makes the contact a fact. One of several words, or with any mark, must not occur anywhere; one plain word not in a
    /// line `contact`: anywhere else, a nickname for one, it says nothing.
    pub fn hide_contact(&mut self) {
        self.hidden = true;
        if self.contact.iter().any(|byte| !byte.is_ascii_alphanumeric()) {
            self.needles.add(&self.contact, "contact");
            self.needles.seal();
        }
    }

    /// The first that a text says of it. The text may be a document, an entry or a line.
    pub fn said_in(&self, text: &[u8]) -> Option<Leak> {
        let keys = || self.keys.said_in(text, |digits| self.addresses.hex_ipv6(digits));
        let texts = || self.needles.said_in(text).or_else(|| self.contact_in(text));
        keys().or_else(|| self.addresses.said_in(text)).or_else(texts)
    }

    fn contact_in(&self, text: &[u8]) -> Option<Leak> {
        if !self.hidden || self.contact.len() < 4 || self.contact == b"somebody" {
            return None;
        }
        let mut at = 0;
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let words = line.strip_prefix(b"opt ").unwrap_or(line).strip_prefix(b"contact ");
            if words.is_some_and(|words| words.trim_ascii() == self.contact) {
                return Some(Leak { what: "contact", at });
            }
            at += line.len();
        }
        None
    }
}
