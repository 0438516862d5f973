//! Digests by each type's own rule (collector §2.5, §16).

use std::sync::LazyLock;

use memchr::memmem::Finder;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use sha3::Sha3_256;

use crate::{
    netdoc::find_line,
    value::{Base64, Hex},
};

/// What a document is known by. A type has those that Tor uses for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digests {
    /// SHA-1, shown in upper-case hex.
    pub sha1: Option<Hex<20>>,
    /// SHA-256, shown in base64 without padding.
    pub sha256: Option<Base64<32>>,
}

/// The SHA-1 of some bytes.
pub fn sha1(bytes: &[u8]) -> Hex<20> {
    Hex(Sha1::digest(bytes).into())
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Base64<32> {
    Base64(Sha256::digest(bytes).into())
}

/// The SHA3-256 of some bytes; what consensus diffs name consensuses by.
pub fn sha3_256(bytes: &[u8]) -> Hex<32> {
    Hex(Sha3_256::digest(bytes).into())
}

/// The bytes from the first line that begins with `start` through the first `end` after it.
fn through<'a>(body: &'a [u8], start: &[u8], end: &Finder<'_>) -> Option<&'a [u8]> {
    let body = &body[find_line(body, start)?..];
    let at = end.find(body)?;
    Some(&body[..at + end.needle().len()])
}

// To make a searcher costs as much as to search one descriptor, so each is made once.
static ROUTER_SIGNATURE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\nrouter-signature\n"));
static END_SIGNATURE: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new("\n-----END SIGNATURE-----\n"));
static DIRECTORY_SIGNATURE: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new("\ndirectory-signature "));
static CERTIFICATION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\ndir-key-certification\n"));

/// How a type's digests are computed: which bytes, and which digests Tor uses for it.
pub(crate) struct Rule {
    pub(crate) sha1: fn(&[u8]) -> Option<Hex<20>>,
    pub(crate) sha256: fn(&[u8]) -> Option<Base64<32>>,
}

/// Types that nothing refers to by digest.
pub(crate) const NONE: Rule = Rule { sha1: |_| None, sha256: |_| None };

/// SHA-1 from `router ` through `router-signature`, SHA-256 through the signature.
pub(crate) const SERVER_DESCRIPTOR: Rule = Rule {
    sha1: |body| through(body, b"router ", &ROUTER_SIGNATURE).map(sha1),
    sha256: |body| through(body, b"router ", &END_SIGNATURE).map(sha256),
};

/// SHA-1 from `extra-info ` through `router-signature`, SHA-256 through the signature.
pub(crate) const EXTRA_INFO: Rule = Rule {
    sha1: |body| through(body, b"extra-info ", &ROUTER_SIGNATURE).map(sha1),
    sha256: |body| through(body, b"extra-info ", &END_SIGNATURE).map(sha256),
};

/// Sanitized bridge descriptors carry the digests of their originals' digests.
pub(crate) const SANITIZED: Rule = Rule {
    sha1: |body| line_value(body, b"router-digest ").and_then(Hex::from_hex),
    sha256: |body| line_value(body, b"router-digest-sha256 ").and_then(Base64::from_base64),
};

/// Consensuses and votes: the signed part, through the blank after the first `directory-signature`.
pub(crate) const STATUS_3: Rule =
    Rule { sha1: |body| status_signed_part(body).map(sha1), sha256: |body| status_signed_part(body).map(sha256) };

/// Key certificates: through the line `dir-key-certification`.
pub(crate) const CERTIFICATE: Rule = Rule {
    sha1: |body| through(body, b"dir-key-certificate-version ", &CERTIFICATION).map(sha1),
    sha256: |_| None,
};

/// Microdescriptors and bandwidth files: the whole document.
pub(crate) const WHOLE: Rule = Rule { sha1: |_| None, sha256: |body| Some(sha256(body)) };

/// Version 2 statuses and version 1 directories: through the line `directory-signature NICKNAME`.
pub(crate) const STATUS_2: Rule = Rule {
    sha1: |body| {
        let at = find_line(body, b"directory-signature ")?;
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |end| at + end + 1);
        Some(sha1(&body[..end]))
    },
    sha256: |_| None,
};

/// The signed part of a consensus or vote: through the blank after the first `directory-signature`.
pub fn status_signed_part(body: &[u8]) -> Option<&[u8]> {
    through(body, b"network-status-version ", &DIRECTORY_SIGNATURE)
}

fn line_value<'a>(body: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    let at = find_line(body, start)?;
    body[at + start.len()..].split(|&b| b == b'\n').next()
}
