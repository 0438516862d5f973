//! Digests by each type's own rule (collector §2.5, §16).

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
pub(crate) fn through<'a>(body: &'a [u8], start: &[u8], end: &[u8]) -> Option<&'a [u8]> {
    let body = &body[find_line(body, start)?..];
    let at = memchr::memmem::find(body, end)?;
    Some(&body[..at + end.len()])
}

/// Types that nothing refers to by digest.
pub(crate) fn none(_: &[u8]) -> Digests {
    Digests::default()
}

/// Server and extra-info descriptors: SHA-1 from `start` through `router-signature`, SHA-256 through the signature.
pub(crate) fn signed(body: &[u8], start: &[u8]) -> Digests {
    Digests {
        sha1: through(body, start, b"\nrouter-signature\n").map(sha1),
        sha256: through(body, start, b"\n-----END SIGNATURE-----\n").map(sha256),
    }
}

/// Sanitized bridge descriptors carry the digests of their originals' digests.
pub(crate) fn sanitized(body: &[u8]) -> Digests {
    let value = |start: &[u8]| {
        let at = find_line(body, start)?;
        body[at + start.len()..].split(|&b| b == b'\n').next()
    };
    Digests {
        sha1: value(b"router-digest ").and_then(Hex::from_hex),
        sha256: value(b"router-digest-sha256 ").and_then(Base64::from_base64),
    }
}

/// The signed part of a consensus or vote: through the blank after the first `directory-signature`.
pub fn status_signed_part(body: &[u8]) -> Option<&[u8]> {
    through(body, b"network-status-version ", b"\ndirectory-signature ")
}

/// Consensuses and votes: the signed part.
pub(crate) fn consensus(body: &[u8]) -> Digests {
    let part = status_signed_part(body);
    Digests { sha1: part.map(sha1), sha256: part.map(sha256) }
}

/// Key certificates: through the line `dir-key-certification`.
pub(crate) fn certificate(body: &[u8]) -> Digests {
    let part = through(body, b"dir-key-certificate-version ", b"\ndir-key-certification\n");
    Digests { sha1: part.map(sha1), sha256: None }
}

/// Microdescriptors and bandwidth files: the whole document.
pub(crate) fn whole_sha256(body: &[u8]) -> Digests {
    Digests { sha1: None, sha256: Some(sha256(body)) }
}

/// Version 2 statuses: through the line of the signature.
pub(crate) fn network_status_2(body: &[u8]) -> Digests {
    let part = find_line(body, b"directory-signature ").map(|at| {
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |end| at + end + 1);
        &body[..end]
    });
    Digests { sha1: part.map(sha1), sha256: None }
}

/// Version 1 directories: through the line of the signature.
pub(crate) fn directory(body: &[u8]) -> Digests {
    network_status_2(body)
}
