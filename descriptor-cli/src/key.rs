//! What `tordesc find` looks for: a key, the ways documents spell it, and what a line that has it says about it.

use std::{fmt, net::IpAddr};

use descriptor_core::{
    document,
    value::{Base64, Hex},
};
use memchr::memmem::Finder;

/// A key to look for.
#[derive(Debug)]
pub(crate) struct Key {
    kind: Kind,
    needles: Vec<Needle>,
}

/// How far from a key its line may begin or end. Unit: bytes.
const MAX_LINE: usize = 2048;

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Twenty bytes: a fingerprint, a hashed fingerprint, or a SHA-1 digest.
    Short([u8; 20]),
    /// Thirty-two bytes: an Ed25519 identity or a SHA-256 digest.
    Long([u8; 32]),
    /// An IP address.
    Address(IpAddr),
    /// A nickname.
    Nickname,
}

/// One spelling of a key.
#[derive(Debug)]
struct Needle {
    finder: Finder<'static>,
    hashed: bool,
}

/// What a line says about the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    /// Where the line begins in the document.
    pub(crate) offset: usize,
    /// What matched: a keyword, with the argument's name where that says more.
    pub(crate) what: String,
}

impl Key {
    /// Reads a key as people write it: hex of either case with or without `$` and blanks, base64, an address, a nickname.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let joined: String = text
            .trim_start_matches('$')
            .split(['~', '='])
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let kind = if let Some(Hex(bytes)) = Hex::<20>::from_hex(joined.as_bytes()) {
            Kind::Short(bytes)
        } else if let Some(Hex(bytes)) = Hex::<32>::from_hex(joined.as_bytes()) {
            Kind::Long(bytes)
        } else if let Ok(address) = text.trim_matches(['[', ']']).parse() {
            Kind::Address(address)
        } else if (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Kind::Nickname
        } else if let Some(Base64(bytes)) = Base64::<20>::from_base64(text.as_bytes()) {
            Kind::Short(bytes)
        } else if let Some(Base64(bytes)) = Base64::<32>::from_base64(text.as_bytes()) {
            Kind::Long(bytes)
        } else {
            return Err(format!(
                "KEY: {text:?} is no fingerprint, digest, address or nickname (fingerprints have 40 hex digits, nicknames 1 to 19 letters and digits)"
            ));
        };
        let mut needles = Vec::new();
        match kind {
            Kind::Short(bytes) => {
                spell_short(&bytes, false, &mut needles);
                spell_short(&document::sha1(&bytes).0, true, &mut needles);
            }
            Kind::Long(bytes) => {
                let hex = Hex(bytes).to_string();
                needles.extend([needle(&hex.to_ascii_lowercase(), false), needle(&hex, false)]);
                needles.push(needle(&Base64(bytes).to_string(), false));
            }
            Kind::Address(address) => needles.push(needle(&address.to_string(), false)),
            Kind::Nickname => needles.push(needle(text, false)),
        }
        Ok(Key { kind, needles })
    }

    /// What kind of key it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The lines of a document that are about the key, in order.
    pub(crate) fn matches<'a>(&'a self, body: &'a [u8]) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        for needle in &self.needles {
            for at in needle.finder.find_iter(body) {
                let end = at + needle.finder.needle().len();
                // No line about a key is long. Looking no further keeps hostile lines from costing quadratic time.
                let near = at.saturating_sub(MAX_LINE);
                let start = match memchr::memrchr(b'\n', &body[near..at]) {
                    Some(before) => near + before + 1,
                    None if near == 0 => 0,
                    None => continue,
                };
                let rest = &body[end..body.len().min(end + MAX_LINE)];
                let line_end = end + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let Some(what) = self.judge(&body[start..line_end], at - start, end - start) else {
                    continue;
                };
                let what = if needle.hashed { format!("{what}, hashed") } else { what };
                found.push(Match { offset: start, what });
            }
        }
        found.sort_by_key(|it| it.offset);
        found.dedup_by_key(|it| it.offset);
        found
    }

    /// What a line says that has the key between two places, or `None` if it is not about the key.
    fn judge(&self, line: &[u8], from: usize, to: usize) -> Option<String> {
        let before = from.checked_sub(1).map(|at| line[at]);
        let after = line.get(to).copied();
        let six = matches!(self.kind, Kind::Address(IpAddr::V6(_)));
        let goes_on =
            |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'.') || six && b == b':';
        let whole = |byte: Option<u8>| !byte.is_some_and(goes_on);
        if !whole(before) || !whole(after) {
            return None;
        }
        let keyword_end = line.iter().position(|&b| matches!(b, b' ' | b'\t')).unwrap_or(line.len());
        let keyword = String::from_utf8_lossy(&line[..keyword_end.min(64)]).into_owned();
        let argument = line[..from].iter().filter(|&&b| b == b' ').count();
        // `key=value` words say their own name.
        let word = memchr::memrchr(b' ', &line[..from]).map_or(0, |at| at + 1);
        let name = memchr::memchr(b'=', &line[word..from])
            .map(|length| String::from_utf8_lossy(&line[word..word + length]));
        match self.kind {
            Kind::Nickname => match (keyword.as_str(), name.as_deref()) {
                ("router" | "extra-info" | "r", _) if argument == 1 => Some("nickname".to_owned()),
                (_, Some("nick")) => Some("nickname".to_owned()),
                ("dir-source", _) if argument == 1 => Some("authority".to_owned()),
                _ => None,
            },
            Kind::Address(_) => match keyword.as_str() {
                "accept" | "reject" | "p" | "p6" | "contact" | "platform" => None,
                _ => Some(name.map_or(keyword, |name| name.into_owned())),
            },
            Kind::Short(_) => match keyword.as_str() {
                "family" | "family-ids" => None,
                "r" if argument == 2 => Some("identity".to_owned()),
                "r" => Some("descriptor digest".to_owned()),
                "opt" => Some("fingerprint".to_owned()),
                // A line that begins with the key, as in bridge pool assignments.
                _ if from <= 1 => Some("fingerprint".to_owned()),
                _ => Some(name.map_or(keyword, |name| name.into_owned())),
            },
            Kind::Long(_) => Some(name.map_or(keyword, |name| name.into_owned())),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Short(bytes) => write!(f, "{}", Hex(bytes)),
            Kind::Long(bytes) => write!(f, "{}", Base64(bytes)),
            Kind::Address(address) => write!(f, "{address}"),
            Kind::Nickname => f.write_str(&String::from_utf8_lossy(
                self.needles.first().map_or(b"", |it| it.finder.needle()),
            )),
        }
    }
}

fn needle(text: &str, hashed: bool) -> Needle {
    Needle { finder: Finder::new(text.as_bytes()).into_owned(), hashed }
}

fn spell_short(bytes: &[u8; 20], hashed: bool, needles: &mut Vec<Needle>) {
    let hex = Hex(*bytes).to_string();
    let spaced: Vec<&str> = (0..10).filter_map(|at| hex.get(at * 4..at * 4 + 4)).collect();
    needles.push(needle(&spaced.join(" "), hashed));
    needles.push(needle(&hex.to_ascii_lowercase(), hashed));
    needles.push(needle(&Hex(*bytes).to_base64(), hashed));
    needles.push(needle(&hex, hashed));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, body: &str) -> Vec<(usize, String)> {
        let key = Key::read(key).expect("a key");
        key.matches(body.as_bytes()).into_iter().map(|it| (it.offset, it.what)).collect()
    }

    const FINGERPRINT: &str = "0011223344556677 8899 AABBCCDDEEFF00112233";

    #[test]
    fn every_spelling_of_a_fingerprint_is_found() {
        let r = "r nick ABEiM0RVZneImaq7zN3u/wARIjM AAAAAAAAAAAAAAAAAAAAAAAAAAA 2024-01-01";
        assert_eq!(found(FINGERPRINT, r), [(0, "identity".to_owned())]);
        let spaced = "router x\nfingerprint 0011 2233 4455 6677 8899 AABB CCDD EEFF 0011 2233\n";
        assert_eq!(
            found("$00112233445566778899aabbccddeeff00112233~x", spaced),
            [(9, "fingerprint".to_owned())]
        );
        let family = "family $00112233445566778899AABBCCDDEEFF00112233";
        assert!(found(FINGERPRINT, family).is_empty());
        let node = "node_id=$00112233445566778899AABBCCDDEEFF00112233 bw=1";
        assert_eq!(found(FINGERPRINT, node), [(0, "node_id".to_owned())]);
    }

    #[test]
    fn a_bridge_is_found_by_its_original_fingerprint() {
        let Some(Hex(bytes)) = Hex::<20>::from_hex(b"00112233445566778899AABBCCDDEEFF00112233") else {
            panic!()
        };
        let line = format!("{} email", document::sha1(&bytes).to_string().to_lowercase());
        assert_eq!(found(FINGERPRINT, &line), [(0, "fingerprint, hashed".to_owned())]);
    }

    #[test]
    fn addresses_and_nicknames_are_whole_words_of_the_right_lines() {
        assert_eq!(found("1.2.3.4", "router a 1.2.3.4 9001 0 0\n").len(), 1);
        assert!(found("1.2.3.4", "router a 11.2.3.4 9001 0 0\nreject 1.2.3.4:*\n").is_empty());
        assert_eq!(found("2001:db8::1", "a [2001:db8::1]:9001").len(), 1);
        assert!(found("2001:db8::1", "a [2001:db8::1:2]:9001").is_empty());
        assert_eq!(
            found("mars", "router mars 1.2.3.4 9001 0 0\ncontact mars\n"),
            [(0, "nickname".to_owned())]
        );
        assert!(Key::read("no such thing!").is_err());
    }
}
