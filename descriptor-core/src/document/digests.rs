//! Digests by each type's own rule (collector §2.5, §16).

use std::sync::LazyLock;

use memchr::memmem::Finder;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use sha3::Sha3_256;

use self::Source::{Of, Written};
use super::{
    Type,
    hash::{Algorithm, Pairs, both},
};
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

impl<'a, D> Source<'a, D> {
    fn digest<A: Algorithm<Digest = D>>(self) -> D {
        match self {
            Of(text) => A::alone(text),
            Written(digest) => digest,
        }
    }

    /// The digest if it is written; if not, its text is hashed beside others.
    fn beside<A: Algorithm<Digest = D>>(
        self,
        number: usize,
        others: &mut Pairs<'a, A>,
    ) -> Option<(usize, D)> {
        match self {
            Of(text) => others.add(number, text),
            Written(digest) => Some((number, digest)),
        }
    }
}

impl Type {
    /// The SHA-1 of a document of this type, by its own rule.
    pub fn sha1(self, body: &[u8]) -> Option<Hex<20>> {
        (self.info().digests.sha1)(body).map(Source::digest::<Sha1>)
    }

    /// The SHA-256 of a document of this type, by its own rule.
    pub fn sha256(self, body: &[u8]) -> Option<Base64<32>> {
        (self.info().digests.sha256)(body).map(Source::digest::<Sha256>)
    }

    /// The digests of a document of this type, by its own rule. Absent where Tor uses none.
    pub fn digests(self, body: &[u8]) -> Digests {
        let rule = &self.info().digests;
        let (sha1, sha256) = match ((rule.sha1)(body), (rule.sha256)(body)) {
            (Some(Of(one)), Some(Of(other))) => {
                let (sha1, sha256) = both(one, other);
                (Some(sha1), Some(sha256))
            }
            (sha1, sha256) => (sha1.map(Source::digest::<Sha1>), sha256.map(Source::digest::<Sha256>)),
        };
        Digests { sha1, sha256 }
    }
}

/// The digests of many documents, each by its type's rule: SHA-1, SHA-256 or both. Two documents at a time are hashed
/// beside each other, which takes a seventh less than one after the other.
pub fn digests_of<'a>(
    documents: impl IntoIterator<Item = (Type, &'a [u8])>,
    sha1: bool,
    sha256: bool,
) -> Vec<Digests> {
    let mut all: Vec<Digests> = Vec::new();
    let (mut of_sha1, mut of_sha256) = (Pairs::<Sha1>::new(), Pairs::<Sha256>::new());
    for (number, (kind, body)) in documents.into_iter().enumerate() {
        let rule = &kind.info().digests;
        all.push(Digests::default());
        if sha1
            && let Some(source) = (rule.sha1)(body)
            && let Some((number, digest)) = source.beside(number, &mut of_sha1)
        {
            all[number].sha1 = Some(digest);
        }
        if sha256
            && let Some(source) = (rule.sha256)(body)
            && let Some((number, digest)) = source.beside(number, &mut of_sha256)
        {
            all[number].sha256 = Some(digest);
        }
    }
    if let Some((number, digest)) = of_sha1.finish() {
        all[number].sha1 = Some(digest);
    }
    if let Some((number, digest)) = of_sha256.finish() {
        all[number].sha256 = Some(digest);
    }
    all
}

// To make a searcher costs as much as to search one descriptor, so each is made once.
static ROUTER_SIGNATURE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\nrouter-signature\n"));
static END_SIGNATURE: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new("\n-----END SIGNATURE-----\n"));
static DIRECTORY_SIGNATURE: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new("\ndirectory-signature "));
static CERTIFICATION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\ndir-key-certification\n"));

/// Where a digest of a document comes from.
pub(crate) enum Source<'a, D> {
    /// It is the digest of these bytes.
    Of(&'a [u8]),
    /// The document says it itself.
    Written(D),
}

/// How a type's digests are computed, and which digests Tor uses for it.
pub(crate) struct Rule {
    pub(crate) sha1: fn(&[u8]) -> Option<Source<'_, Hex<20>>>,
    pub(crate) sha256: fn(&[u8]) -> Option<Source<'_, Base64<32>>>,
}

/// Types that nothing refers to by digest.
pub(crate) const NONE: Rule = Rule { sha1: |_| None, sha256: |_| None };

/// SHA-1 from `router ` through `router-signature`, SHA-256 through the signature.
pub(crate) const SERVER_DESCRIPTOR: Rule = Rule {
    sha1: |body| through(body, b"router ", &ROUTER_SIGNATURE).map(Of),
    sha256: |body| through(body, b"router ", &END_SIGNATURE).map(Of),
};

/// SHA-1 from `extra-info ` through `router-signature`, SHA-256 through the signature.
pub(crate) const EXTRA_INFO: Rule = Rule {
    sha1: |body| through(body, b"extra-info ", &ROUTER_SIGNATURE).map(Of),
    sha256: |body| through(body, b"extra-info ", &END_SIGNATURE).map(Of),
};

/// Sanitized bridge descriptors carry the digests of their originals' digests.
pub(crate) const SANITIZED: Rule = Rule {
    sha1: |body| line_value(body, b"router-digest ").and_then(Hex::from_hex).map(Written),
    sha256: |body| line_value(body, b"router-digest-sha256 ").and_then(Base64::from_base64).map(Written),
};

/// Consensuses and votes: the signed part, through the blank after the first `directory-signature`.
pub(crate) const STATUS_3: Rule =
    Rule { sha1: |body| status_signed_part(body).map(Of), sha256: |body| status_signed_part(body).map(Of) };

/// Key certificates: through the line `dir-key-certification`.
pub(crate) const CERTIFICATE: Rule = Rule {
    sha1: |body| through(body, b"dir-key-certificate-version ", &CERTIFICATION).map(Of),
    sha256: |_| None,
};

/// Microdescriptors and bandwidth files: the whole document.
pub(crate) const WHOLE: Rule = Rule { sha1: |_| None, sha256: |body| Some(Of(body)) };

/// Version 2 statuses and version 1 directories: through the line `directory-signature NICKNAME`.
pub(crate) const STATUS_2: Rule = Rule {
    sha1: |body| {
        let at = find_line(body, b"directory-signature ")?;
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |end| at + end + 1);
        Some(Of(&body[..end]))
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
