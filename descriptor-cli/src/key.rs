//! What `tordesc find` looks for: a key, the ways documents spell it, and what a line that has it says about it.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    ops::Range,
};

use aho_corasick::AhoCorasick;
use descriptor_core::{
    document,
    value::{Base64, Hex},
};
use memchr::memmem::Finder;

/// A key to look for.
#[derive(Debug)]
pub(crate) struct Key {
    kind: Kind,
    /// As it is shown.
    text: String,
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
    /// An IP address and, if it is given, a port that must stand beside it.
    Address(IpAddr, Option<u16>),
    /// A nickname, in which tor does not tell apart upper and lower case.
    Nickname,
}

/// A way in which documents spell a key.
#[derive(Debug)]
enum Needle {
    Exact {
        finder: Box<Finder<'static>>,
        hashed: bool,
    },
    AnyCase(AhoCorasick),
    /// Zeros may stand there or not, and letters may be large.
    Ipv6(Ipv6Addr),
}

/// The longest spelling of an IPv6 address. Unit: bytes.
const MAX_IPV6: usize = 45;

impl Needle {
    /// Visits all places where the key is spelled so.
    fn each(&self, body: &[u8], mut visit: impl FnMut(Range<usize>)) {
        match self {
            Needle::Exact { finder, .. } => {
                finder.find_iter(body).for_each(|at| visit(at..at + finder.needle().len()));
            }
            Needle::AnyCase(finder) => finder.find_iter(body).for_each(|found| visit(found.range())),
            Needle::Ipv6(address) => {
                let part_of_it = |b: &&u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
                let mut end = 0;
                for colon in memchr::memchr_iter(b':', body) {
                    if colon < end {
                        continue;
                    }
                    let near = &body[colon.saturating_sub(MAX_IPV6)..colon];
                    let start = colon - near.iter().rev().take_while(part_of_it).count();
                    end = colon + body[colon..].iter().take(MAX_IPV6).take_while(part_of_it).count();
                    let text = std::str::from_utf8(&body[start..end]).unwrap_or_default();
                    if text.parse() == Ok(*address) {
                        visit(start..end);
                    }
                }
            }
        }
    }
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
    /// Reads a key as people write it: hex of either case with or without `$` and blanks, base64, an address with or without
    /// a port, a nickname.
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
            Kind::Address(address, None)
        } else if let Ok(socket) = text.parse::<SocketAddr>() {
            Kind::Address(socket.ip(), Some(socket.port()))
        } else if (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Kind::Nickname
        } else if let Some(Base64(bytes)) = Base64::<20>::from_base64(text.as_bytes()) {
            Kind::Short(bytes)
        } else if let Some(Base64(bytes)) = Base64::<32>::from_base64(text.as_bytes()) {
            Kind::Long(bytes)
        } else {
            return Err(format!(
                "KEY: {text:?} is no fingerprint, digest, address, ADDRESS:PORT or nickname (fingerprints have 40 hex digits, nicknames 1 to 19 letters and digits)"
            ));
        };
        let mut needles = Vec::new();
        let text = match kind {
            Kind::Short(bytes) => {
                spell_short(&bytes, false, &mut needles);
                spell_short(&document::sha1(&bytes).0, true, &mut needles);
                Hex(bytes).to_string()
            }
            Kind::Long(bytes) => {
                let hex = Hex(bytes).to_string();
                needles.extend([needle(&hex.to_ascii_lowercase(), false), needle(&hex, false)]);
                let text = Base64(bytes).to_string();
                needles.push(needle(&text, false));
                text
            }
            Kind::Address(address, port) => {
                needles.push(match address {
                    IpAddr::V4(address) => needle(&address.to_string(), false),
                    IpAddr::V6(address) => Needle::Ipv6(address),
                });
                port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string())
            }
            Kind::Nickname => {
                let finder = AhoCorasick::builder().ascii_case_insensitive(true).build([text]);
                needles.push(Needle::AnyCase(finder.map_err(|error| format!("KEY: {error}"))?));
                text.to_owned()
            }
        };
        Ok(Key { kind, text, needles })
    }

    /// What kind of key it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The lines of a document that are about the key, in order.
    pub(crate) fn matches<'a>(&'a self, body: &'a [u8]) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        for needle in &self.needles {
            needle.each(body, |Range { start: at, end }| {
                // No line about a key is long. Looking no further keeps hostile lines from costing quadratic time.
                let near = at.saturating_sub(MAX_LINE);
                let start = match memchr::memrchr(b'\n', &body[near..at]) {
                    Some(before) => near + before + 1,
                    None if near == 0 => 0,
                    None => return,
                };
                let rest = &body[end..body.len().min(end + MAX_LINE)];
                let line_end = end + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let Some(what) = self.judge(&body[start..line_end], at - start, end - start) else { return };
                let hashed = matches!(needle, Needle::Exact { hashed: true, .. });
                let what = if hashed { format!("{what}, hashed") } else { what };
                found.push(Match { offset: start, what });
            });
        }
        found.sort_by_key(|it| it.offset);
        found.dedup_by_key(|it| it.offset);
        found
    }

    /// What a line says that has the key between two places, or `None` if it is not about the key.
    fn judge(&self, line: &[u8], from: usize, to: usize) -> Option<String> {
        // Old documents have `opt` before lines that readers may not know.
        if let Some(line) = line.strip_prefix(b"opt ").filter(|_| from >= 4) {
            return self.judge(line, from - 4, to - 4);
        }
        let before = from.checked_sub(1).map(|at| line[at]);
        let after = line.get(to).copied();
        let six = matches!(self.kind, Kind::Address(IpAddr::V6(_), _));
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
            Kind::Address(_, Some(port)) if !is_beside(&line[to..], port) => None,
            Kind::Address(..) => match keyword.as_str() {
                "accept" | "reject" | "accept6" | "reject6" | "p" | "p6" | "contact" | "platform" => None,
                _ => Some(name.map_or(keyword, |name| name.into_owned())),
            },
            Kind::Short(_) => match keyword.as_str() {
                "family" | "family-ids" => None,
                "r" if argument == 2 => Some("identity".to_owned()),
                "r" => Some("descriptor digest".to_owned()),
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
        f.write_str(&self.text)
    }
}

fn needle(text: &str, hashed: bool) -> Needle {
    Needle::Exact { finder: Box::new(Finder::new(text.as_bytes()).into_owned()), hashed }
}

/// Whether a port stands behind an address: after a colon, or as one of the next words, which are ports in lines of routers
/// and status entries.
fn is_beside(rest: &[u8], port: u16) -> bool {
    let is = |word: &[u8]| std::str::from_utf8(word).is_ok_and(|word| word.parse() == Ok(port));
    match rest.strip_prefix(b"]").unwrap_or(rest).strip_prefix(b":") {
        Some(rest) => is(rest.split(|b| !b.is_ascii_digit()).next().unwrap_or_default()),
        None => rest.trim_ascii().split(|&b| b == b' ').take(3).any(is),
    }
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
        assert_eq!(found("MaRs", "router mArS 1.2.3.4 9001 0 0\n"), [(0, "nickname".to_owned())]);
        assert!(Key::read("no such thing!").is_err());
    }

    #[test]
    fn an_ipv6_address_is_found_however_it_is_spelled() {
        for spelled in ["fd9f:2e19:3bcf::cb:c64", "FD9F:2e19:3bcf::cb:0c64", "fd9f:2e19:3bcf:0:0:0:cb:0c64"] {
            let line = format!("r x 12:13:14\na [{spelled}]:443\n");
            assert_eq!(found("fd9f:2e19:3bcf::cb:c64", &line), [(13, "a".to_owned())], "{spelled}");
        }
        assert!(found("fd9f::1", "a [fd9f::1:1]:443\nreject6 [fd9f::1]/64:*\n").is_empty());
    }

    #[test]
    fn a_port_must_be_one_of_the_address() {
        for (line, what) in [
            ("router a 1.2.3.4 443 0 9030", Some("router")),
            ("router a 1.2.3.4 9001 0 443", Some("router")),
            ("or-address 1.2.3.4:443", Some("or-address")),
            ("or-address 1.2.3.4:4430", None),
            ("or-address 1.2.3.4:44", None),
            ("router a 1.2.3.4 9001 0 80", None),
            ("r a AAAA BBBB 2024-01-01 12:00:00 1.2.3.4 443 0", Some("r")),
        ] {
            let expected: Vec<_> = what.map(|what| (0, what.to_owned())).into_iter().collect();
            assert_eq!(found("1.2.3.4:443", line), expected, "{line}");
        }
        assert_eq!(found("[2001:db8::1]:443", "a [2001:DB8::1]:443").len(), 1);
        assert!(found("[2001:db8::1]:80", "a [2001:db8::1]:443").is_empty());
    }

    #[test]
    fn a_line_with_opt_is_named_by_its_keyword() {
        let digest = "00112233445566778899AABBCCDDEEFF00112233";
        let line = format!("opt extra-info-digest {digest}");
        assert_eq!(found(digest, &line), [(0, "extra-info-digest".to_owned())]);
        let spaced = "opt fingerprint 0011 2233 4455 6677 8899 AABB CCDD EEFF 0011 2233";
        assert_eq!(found(digest, spaced), [(0, "fingerprint".to_owned())]);
    }
}
