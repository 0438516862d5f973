//! The guard over whole trees: many originals against many sanitized documents, in any order.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::OnceLock,
};

use memchr::memchr;

use super::{Facts, Leak, addresses::words};
use crate::{document::Type, sanitize::sha1, value::Hex};

/// What all originals of a tree say.
///
/// A sanitized document is searched for what its own original says, and for the fingerprints, digests, keys and addresses of
/// all originals. It finds its original by `router-digest`, an entry of a status by the hashes of identity and digest. Both
/// ways the cost is that of the documents' length.
#[derive(Debug, Default)]
pub struct Index {
    descriptors: HashMap<[u8; 20], Facts<'static>>,
    /// An entry of a bridge is in many statuses: what it says is kept once for each `r` and `a` lines.
    entries: HashMap<Names, BTreeMap<Vec<u8>, Facts<'static>>>,
    texts: HashSet<[u8; 20]>,
    /// The hashes of the fingerprints in pool assignments.
    pooled: HashSet<[u8; 20]>,
    all: Facts<'static>,
    /// `all`, sorted when first needed.
    sealed: OnceLock<Facts<'static>>,
}

/// Identity and digest of a status's entry, or their hashes.
type Names = ([u8; 20], [u8; 20]);

impl Index {
    /// Takes in an original: a server descriptor, an extra-info descriptor, a status of a bridge authority, or pool assignments.
    /// Other types say nothing that is known here.
    pub fn add(&mut self, kind: Type, original: &[u8]) {
        // Snapshots hold the same documents again and again.
        if !self.texts.insert(sha1(original)) {
            return;
        }
        self.sealed = OnceLock::new();
        match kind {
            Type::ServerDescriptor | Type::ExtraInfo => {
                let facts = Facts::of_descriptor(original);
                self.all.absorb(&facts);
                if let Some(digest) = kind.sha1(original) {
                    self.descriptors.insert(sha1(&digest.0), facts);
                }
            }
            Type::BridgeNetworkStatus => {
                for (_, entry) in entries(original) {
                    let Some((identity, digest)) = names(entry) else { continue };
                    let lines = entry.split_inclusive(|&byte| byte == b'\n');
                    let lines = lines.filter(|line| line.starts_with(b"r ") || line.starts_with(b"a "));
                    let known = self.entries.entry((sha1(&identity), sha1(&digest))).or_default();
                    let facts = known.entry(lines.collect::<Vec<_>>().concat());
                    facts.or_insert_with(|| {
                        let facts = Facts::of_entry(entry);
                        self.all.absorb(&facts);
                        facts
                    });
                }
            }
            Type::BridgePoolAssignment => {
                self.all.absorb(&Facts::of_pool_assignments(original));
                let bytes = pooled(original).filter_map(|hex| const_hex::decode(hex).ok());
                self.pooled.extend(bytes.map(|bytes| sha1(&bytes)));
            }
            _ => {}
        }
    }

    /// Makes the contact of every descriptor a fact, for trees whose rule set hides it.
    pub fn hide_contacts(&mut self) {
        self.descriptors.values_mut().for_each(Facts::hide_contact);
    }

    /// What a sanitized document says that it must not: of each document or entry the first that its original says, and the
    /// first that any original says.
    pub fn check(&self, kind: Type, sanitized: &[u8]) -> Vec<Leak> {
        let all = self.sealed.get_or_init(|| self.all.clone().sealed_of_many());
        let mut leaks = Vec::new();
        match kind {
            Type::BridgeNetworkStatus => {
                for (at, entry) in entries(sanitized) {
                    let own = names(entry).and_then(|names| self.entries.get(&names));
                    let own =
                        own.into_iter().flat_map(BTreeMap::values).find_map(|facts| facts.said_in(entry));
                    leaks.extend(own.map(|leak| Leak { at: at + leak.at, ..leak }));
                }
            }
            _ => {
                let own = kind.sha1(sanitized).and_then(|digest| self.descriptors.get(&digest.0));
                leaks.extend(own.and_then(|facts| facts.said_in(sanitized)));
            }
        }
        let of_any = all.said_in(sanitized);
        leaks.extend(of_any.filter(|leak| leaks.iter().all(|own| own.at != leak.at)));
        leaks
    }

    /// Whether a descriptor's original is there, so that a document of which nothing is known is not taken for a clean one.
    pub fn knows(&self, kind: Type, sanitized: &[u8]) -> bool {
        match kind {
            Type::BridgeNetworkStatus => {
                let known = |(_, entry)| names(entry).is_some_and(|names| self.entries.contains_key(&names));
                entries(sanitized).all(known)
            }
            Type::BridgePoolAssignment => {
                let known = |hex| Hex::from_hex(hex).is_some_and(|Hex(hash)| self.pooled.contains(&hash));
                pooled(sanitized).all(known)
            }
            _ => kind.sha1(sanitized).is_some_and(|digest| self.descriptors.contains_key(&digest.0)),
        }
    }
}

/// The fingerprints in pool assignments, or their hashes: the first words of all lines but headers.
fn pooled(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|&byte| matches!(byte, b'\n' | b'\r'));
    let first = lines.filter_map(|line| words(line).next());
    first.filter(|word| !word.starts_with(b"@") && *word != b"bridge-pool-assignment")
}

impl Facts<'static> {
    /// Takes over what is one bridge's alone wherever it stands: not ports, which many bridges have, nor texts.
    fn absorb(&mut self, other: &Facts<'_>) {
        self.keys.absorb(&other.keys);
        self.addresses.absorb(&other.addresses);
    }

    pub(super) fn sealed_of_many(mut self) -> Self {
        self.addresses.many = true;
        self.seal();
        self
    }
}

/// The entries of a status with their places.
fn entries(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let next = |from: usize| {
        let mut at = from;
        while let Some(end) = memchr(b'\n', &text[at..]) {
            at += end + 1;
            if text[at..].starts_with(b"r ") {
                return at;
            }
        }
        text.len()
    };
    let mut at = if text.starts_with(b"r ") { 0 } else { next(0) };
    std::iter::from_fn(move || {
        let start = at;
        if start == text.len() {
            return None;
        }
        at = next(start);
        Some((start, &text[start..at]))
    })
}

/// Identity and digest of an entry.
fn names(entry: &[u8]) -> Option<Names> {
    let line = &entry[..memchr(b'\n', entry).unwrap_or(entry.len())];
    let mut words = words(line).skip(2);
    let mut name = || words.next().and_then(Hex::<20>::from_base64).map(|Hex(name)| name);
    Some((name()?, name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &[u8] =
        b"router B 83.1.2.3 443 0 0\nfingerprint 027752EF8842BA9E515D26F51E81C22E0B7A1608\n\
        router-signature\n-----BEGIN SIGNATURE-----\n-----END SIGNATURE-----\n";

    fn sanitized(original: &[u8], line: &str) -> Vec<u8> {
        let digest = Type::ServerDescriptor.sha1(original).expect("a digest");
        format!(
            "@type bridge-server-descriptor 1.2\nrouter B 10.1.1.1 50000 0 0\n{line}\nrouter-digest {}\n",
            Hex(sha1(&digest.0))
        )
        .into_bytes()
    }

    #[test]
    fn a_document_is_searched_for_its_own_original_and_for_all() {
        let mut index = Index::default();
        let other = String::from_utf8_lossy(ORIGINAL)
            .replace("83.1", "84.1")
            .replace("0277", "1277")
            .replace("443", "9001");
        index.add(Type::ServerDescriptor, ORIGINAL);
        index.add(Type::ServerDescriptor, other.as_bytes());
        let kind = Type::BridgeServerDescriptor;
        let found = |line: &str| {
            let leaks = index.check(kind, &sanitized(ORIGINAL, line));
            leaks.into_iter().map(|leak| (leak.what, leak.at)).collect::<Vec<_>>()
        };
        assert_eq!(found("reject *:*"), []);
        assert_eq!(found("accept 83.1.2.3:80"), [("IPv4 address", 70)]);
        assert_eq!(found("accept 84.1.2.3:80"), [("IPv4 address", 70)]);
        assert_eq!(found("family $1277 52EF8842BA9E515D26F51E81C22E0B7A1608"), [("fingerprint", 71)]);
        // Of other bridges only what nothing else can be.
        assert_eq!(found("contact 1392574979"), [("IPv4 address", 71)]);
        assert_eq!(found("contact 1409352195 10.1.1.1:9001"), []);
        assert!(index.knows(kind, &sanitized(ORIGINAL, "")) && !index.knows(kind, b"router-digest 00\n"));
    }

    #[test]
    fn pool_assignments_are_searched_for_all_fingerprints() {
        let mut index = Index::default();
        index.add(Type::ServerDescriptor, ORIGINAL);
        let header = "bridge-pool-assignment 2026-03-01 00:00:00\n";
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        index
            .add(Type::BridgePoolAssignment, format!("{header}{one} https ring=3\n{two} email\n").as_bytes());
        let hash = |hex: &str| const_hex::encode(sha1(&const_hex::decode(hex).expect("hex")));
        let kind = Type::BridgePoolAssignment;
        let check = |line: &str| {
            let text = format!("{header}{} https\n{line}\n", hash(&one));
            let leaks = index.check(kind, text.as_bytes()).iter().map(|leak| leak.what).collect::<Vec<_>>();
            (index.knows(kind, text.as_bytes()), leaks)
        };
        assert_eq!(check(&format!("{} email", hash(&two))), (true, vec![]));
        assert_eq!(check(&format!("{} email", hash(&"3".repeat(40)))), (false, vec![]));
        assert_eq!(check(&format!("{two} email")), (false, vec!["fingerprint"]));
        assert_eq!(check(&format!("{} ring=83.1.2.3", hash(&two))), (true, vec!["IPv4 address"]));
    }

    #[test]
    fn entries_are_searched_each_for_its_own() {
        let (identity, digest) = (Hex([1; 20]), Hex([2; 20]));
        let entry = |identity: Hex<20>, digest: Hex<20>, address: &str| {
            let (identity, digest) = (identity.to_base64(), digest.to_base64());
            format!("r B {identity} {digest} 2026-04-01 08:24:34 {address} 0\ns Running\n")
        };
        let mut index = Index::default();
        let head = "published 2026-04-01 09:10:55\n";
        let original = format!(
            "{head}{}{}",
            entry(identity, digest, "83.1.2.3 443"),
            entry(digest, identity, "84.1.2.3 9001")
        );
        index.add(Type::BridgeNetworkStatus, original.as_bytes());
        let hashed = |name: Hex<20>| Hex(sha1(&name.0));
        let found = |one: &str, two: &str| {
            let one = entry(hashed(identity), hashed(digest), one);
            let text = format!("{head}{one}{}", entry(hashed(digest), hashed(identity), two));
            assert!(index.knows(Type::BridgeNetworkStatus, text.as_bytes()));
            index
                .check(Type::BridgeNetworkStatus, text.as_bytes())
                .iter()
                .map(|leak| leak.what)
                .collect::<Vec<_>>()
        };
        assert_eq!(found("10.1.1.1 50000", "10.1.1.2 50001"), [""; 0]);
        assert_eq!(found("10.1.1.1 9001", "10.1.1.2 443"), [""; 0]);
        assert_eq!(found("10.1.1.1 443", "10.1.1.2 9001"), ["port", "port"]);
        assert_eq!(found("84.1.2.3 50000", "10.1.1.2 50000"), ["IPv4 address"]);
    }
}
