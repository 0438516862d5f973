//! Reads what an original says that must not be said. This is a reader of its own on purpose: what the tables do not know,
//! or read wrongly, is found here.

use base64::Engine;
use memchr::{memchr, memmem};

use super::{Facts, addresses::words};
use crate::document::{Digests, Type};

/// A line of base64 of this many characters or more tells its object.
const OBJECT_LINE: usize = 32;
/// Where in such a line the search begins: before that, keys of a kind are alike.
const OBJECT_HEAD: usize = 11;

/// The digests of an original, by whether it is an extra-info descriptor.
pub(super) fn digests(original: &[u8]) -> Digests {
    let server = Type::ServerDescriptor.digests(original);
    let extra = if server == Digests::default() { Type::ExtraInfo.digests(original) } else { server };
    Digests { sha1: server.sha1.or(extra.sha1), sha256: server.sha256.or(extra.sha256) }
}

impl Facts<'_> {
    pub(super) fn read(&mut self, original: &[u8]) {
        let (mut rest, mut keyword) = (original, &b""[..]);
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).unwrap_or(rest.len());
            let (line, after) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
            rest = after;
            if line.starts_with(b"-----BEGIN ") {
                let body = &after[..memchr(b'-', after).unwrap_or(after.len())];
                self.object(keyword, line, body);
                rest = &after[body.len()..];
                continue;
            }
            let line = line.strip_prefix(b"opt ").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let blank = line.iter().position(|byte| matches!(byte, b' ' | b'\t'));
            keyword = &line[..blank.unwrap_or(line.len())];
            self.line(keyword, blank.map_or(b"", |at| &line[at + 1..]));
        }
    }

    fn line(&mut self, keyword: &[u8], value: &[u8]) {
        match keyword {
            b"router" => self.listed(words(value).skip(1)),
            b"or-address" | b"a" => self.listed(words(value)),
            b"r" => {
                let mut words = words(value).skip(1);
                self.keys.add_base64(words.next().unwrap_or_default(), "fingerprint");
                self.keys.add_base64(words.next().unwrap_or_default(), "digest");
                self.listed(words.skip(2));
            }
            b"fingerprint" => self.keys.add_hex(value, "fingerprint"),
            b"extra-info" => self.keys.add_hex(words(value).nth(1).unwrap_or_default(), "fingerprint"),
            b"extra-info-digest" => {
                let mut words = words(value);
                self.keys.add_hex(words.next().unwrap_or_default(), "digest");
                self.keys.add_base64(words.next().unwrap_or_default(), "digest");
            }
            b"master-key-ed25519" => self.keys.add_base64(value, "ed25519 key"),
            b"router-sig-ed25519" => self.keys.add_base64(value, "signature"),
            b"family" => {
                for member in words(value).filter_map(|word| word.strip_prefix(b"$")) {
                    self.keys.add_hex(member, "family");
                }
            }
            b"family-ids" => {
                for member in words(value) {
                    let key = memchr(b':', member).map_or(member, |at| &member[at + 1..]);
                    self.keys.add_base64(key, "family");
                }
            }
            b"contact" => {
                self.contact = value.trim_ascii().to_vec();
            }
            b"transport" => self.transport(value),
            b"transport-info" => self.words_of_transport(value, false),
            _ => {}
        }
    }

    /// An address and ports, or addresses with their ports. What is none is a text that must not be said, too.
    fn listed<'a>(&mut self, words: impl Iterator<Item = &'a [u8]>) {
        for (number, word) in words.take(4).enumerate() {
            if self.addresses.add_text(word) {
                continue;
            }
            match std::str::from_utf8(word).ok().and_then(|word| word.parse().ok()) {
                Some(port) if number > 0 => self.addresses.add_port(port),
                _ => self.needles.add(word, "address"),
            }
        }
    }

    /// `NAME ADDRESS:PORT ARGUMENTS`. The name stays, so an argument that is the same says nothing.
    fn transport(&mut self, value: &[u8]) {
        let value = value.trim_ascii_start();
        let blank = memchr(b' ', value).unwrap_or(value.len());
        self.names.insert(value[..blank].to_ascii_lowercase());
        self.words_of_transport(&value[blank..], true);
    }

    fn words_of_transport(&mut self, value: &[u8], arguments: bool) {
        const WHAT: &str = "transport argument";
        for word in words(value) {
            if arguments {
                self.pieces.push((word.to_vec(), WHAT));
            }
            for argument in word.split(|&byte| byte == b',') {
                let value = memchr(b'=', argument).map_or(&b""[..], |at| &argument[at + 1..]);
                if arguments {
                    self.pieces.push((value.to_vec(), WHAT));
                    // A certificate goes on being one in the other alphabet of base64.
                    self.keys.add_base64(value, WHAT);
                }
                let part = |byte: &u8| {
                    matches!(
                        byte,
                        b'=' | b'/'
                            | b'@'
                            | b'?'
                            | b'&'
                            | b'#'
                            | b'"'
                            | b'\''
                            | b'('
                            | b')'
                            | b'|'
                            | b';'
                            | b'<'
                            | b'>'
                    )
                };
                for part in argument.split(part).filter(|part| !part.is_empty()) {
                    if !self.addresses.add_text(part) {
                        let host = &part[..memchr(b':', part).unwrap_or(part.len())];
                        if is_host(host) {
                            self.pieces.push((host.to_vec(), "host name"));
                        }
                    }
                }
            }
        }
    }

    fn object(&mut self, keyword: &[u8], head: &[u8], body: &[u8]) {
        let has = |part: &[u8]| memmem::find(head, part).is_some();
        let what = match () {
            () if has(b"SIGNATURE") => "signature",
            () if has(b"CERT") => "certificate",
            () => "key",
        };
        for line in body.split(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = line.strip_suffix(b"=").unwrap_or(line);
            if line.len() >= OBJECT_LINE {
                self.keys.add_base64(&line[OBJECT_HEAD..], what);
            }
        }
        if keyword == b"identity-ed25519" {
            self.certificate(body);
        }
    }

    /// The extension of type 4 holds the master key: four bytes say how long an extension is, which and how it counts.
    fn certificate(&mut self, body: &[u8]) {
        let body: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let Ok(bytes) = crate::value::BASE64.decode(body) else { return };
        let mut rest = bytes.get(40..).unwrap_or_default();
        while let [high, low, kind, _, data @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let Some((data, after)) = data.split_at_checked(length) else { return };
            if *kind == 4 {
                self.keys.add(data, "ed25519 key");
            }
            rest = after;
        }
    }

    /// Makes all that was read ready to be searched for.
    pub(super) fn seal(&mut self) {
        let names = std::mem::take(&mut self.names);
        for (piece, what) in std::mem::take(&mut self.pieces) {
            if piece.len() >= 6 && !names.contains(&piece.to_ascii_lowercase()) {
                self.needles.add(&piece, what);
            }
        }
        self.needles.seal();
        self.addresses.seal();
        self.keys.seal(&self.addresses.in_hex());
    }
}

/// Labels with dots between, the last of two letters or more.
fn is_host(text: &[u8]) -> bool {
    let Some(dot) = memchr::memrchr(b'.', text) else { return false };
    let last = &text[dot + 1..];
    let label =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || *byte > 0x7f;
    dot > 0 && last.len() > 1 && last.iter().all(u8::is_ascii_alphabetic) && text.iter().all(label)
}
