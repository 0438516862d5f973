//! One document: what it is, whether it is done, and what the sanitizer makes of it.

use std::{
    collections::BTreeSet,
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::{Error, SecretsFile};
use crate::{
    document::Type,
    sanitize::{self, Month, Origin, Reason, Refusal, Sanitized, Sanitizer},
    schema::RuleSet,
    value::{Hex, Timestamp},
};

/// What a document of a bridge authority is, by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The authority's status.
    Status,
    /// A bridge's server descriptor.
    ServerDescriptor,
    /// A bridge's extra-info.
    ExtraInfo,
    /// None of these.
    Unknown,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Status, Kind::ServerDescriptor, Kind::ExtraInfo, Kind::Unknown];

    /// The kind of a text that begins so, without annotations.
    pub fn of(text: &[u8]) -> Self {
        let first = text.split(|&b| b == b' ').next().unwrap_or_default();
        match first {
            b"router" => Kind::ServerDescriptor,
            b"extra-info" => Kind::ExtraInfo,
            b"published" | b"flag-thresholds" | b"r" | b"fingerprint" => Kind::Status,
            _ => Kind::Unknown,
        }
    }

    /// The name, as `server-descriptor`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Status => "status",
            Kind::ServerDescriptor => "server-descriptor",
            Kind::ExtraInfo => "extra-info",
            Kind::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a descriptor lies in the tree, told by its digest without sanitizing it.
pub(super) fn is_done(tree: &Path, kind: Kind, original: &[u8]) -> bool {
    path_of(kind, original).is_some_and(|path| fs::symlink_metadata(tree.join(path)).is_ok())
}

fn path_of(kind: Kind, original: &[u8]) -> Option<String> {
    let (original_kind, kind) = match kind {
        Kind::ServerDescriptor => (Type::ServerDescriptor, Type::BridgeServerDescriptor),
        Kind::ExtraInfo => (Type::ExtraInfo, Type::BridgeExtraInfo),
        _ => return None,
    };
    let at = memmem::find(original, b"\npublished ")? + b"\npublished ".len();
    let published = Timestamp::parse(original.get(at..at + 19)?.try_into().ok()?)?;
    let name = Hex(sanitize::sha1(&original_kind.sha1(original)?.0));
    let (bytes, refused) = (Vec::new(), Vec::new());
    Some(Sanitized { kind, published, name, bytes, refused, entries: 0, newest_entry: None }.path())
}

/// Sanitizes a document. Secrets that are missing are made, if they may be.
pub(super) fn sanitize(
    kind: Kind,
    original: &[u8],
    origin: &Origin,
    rules: RuleSet,
    secrets: &SecretsFile,
) -> Result<Result<Sanitized, Refusal>, Error> {
    let mut asked = BTreeSet::new();
    loop {
        let result = {
            let secrets = secrets.secrets();
            let sanitizer = Sanitizer::new(rules, Some(&secrets));
            // A mistake of ours costs the document, not the run.
            let careful = AssertUnwindSafe(|| match kind {
                Kind::Status => sanitize::network_status(original, origin, &sanitizer),
                Kind::ServerDescriptor => sanitize::server_descriptor(original, &sanitizer),
                Kind::ExtraInfo => sanitize::extra_info(original, &sanitizer),
                Kind::Unknown => Err(Refusal { keyword: keyword(original), line: 1, reason: Reason::NoRule }),
            });
            catch_unwind(careful).unwrap_or(Err(Refusal {
                keyword: String::new(),
                line: 0,
                reason: Reason::Bug,
            }))
        };
        let missing = missing(&result);
        let mut made = false;
        for month in missing {
            if asked.insert(month) {
                made |= secrets.provide(month)?;
            }
        }
        if !made {
            return Ok(whole_or_refused(result));
        }
    }
}

/// The months without a secret that something was refused for.
fn missing(result: &Result<Sanitized, Refusal>) -> BTreeSet<Month> {
    let month = |refusal: &Refusal| match refusal.reason {
        Reason::NoSecret(month) => Some(month),
        _ => None,
    };
    match result {
        Ok(sanitized) => sanitized.refused.iter().filter_map(|(_, refusal)| month(refusal)).collect(),
        Err(refusal) => month(refusal).into_iter().collect(),
    }
}

/// A status of which entries lack a secret waits until the secret is found: all of them would be left out.
fn whole_or_refused(result: Result<Sanitized, Refusal>) -> Result<Sanitized, Refusal> {
    let sanitized = result?;
    let no_secret = |refusal: &Refusal| matches!(refusal.reason, Reason::NoSecret(_));
    match sanitized.refused.iter().find(|(_, refusal)| no_secret(refusal)) {
        Some((_, refusal)) => Err(refusal.clone()),
        None => Ok(sanitized),
    }
}

/// The first word of a text, cut after 64 bytes.
fn keyword(text: &[u8]) -> String {
    let word = text.split(|b| b.is_ascii_whitespace()).next().unwrap_or_default();
    String::from_utf8_lossy(&word[..word.len().min(64)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_tells_the_kind() {
        for (text, kind) in [
            ("router a 1.2.3.4 1 0 0\n", Kind::ServerDescriptor),
            ("extra-info a B\n", Kind::ExtraInfo),
            ("published 2026-03-29 22:02:10\n", Kind::Status),
            ("fingerprint BA44\n", Kind::Status),
            ("r a b c\n", Kind::Status),
            ("flag-thresholds x=1\n", Kind::Status),
            ("routers a\n", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(Kind::of(text.as_bytes()), kind, "{text}");
        }
        assert_eq!(serde_json::to_string(&Kind::ServerDescriptor).expect("JSON"), "\"server-descriptor\"");
    }
}
