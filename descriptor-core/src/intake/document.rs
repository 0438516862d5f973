//! One document: what it is, whether it is done, and what the sanitizer makes of it.

use std::{
    collections::{BTreeSet, HashMap},
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::{Error, SecretsFile};
use crate::{
    document::{Digests, Type},
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

    /// The type of an original with digests.
    fn original_type(self) -> Option<Type> {
        match self {
            Kind::ServerDescriptor => Some(Type::ServerDescriptor),
            Kind::ExtraInfo => Some(Type::ExtraInfo),
            Kind::Status | Kind::Unknown => None,
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

/// A document and its digests, which are taken once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'d> {
    pub(super) kind: Kind,
    pub(super) original: &'d [u8],
    digests: Digests,
}

impl<'d> Document<'d> {
    pub(super) fn new(kind: Kind, original: &'d [u8]) -> Self {
        let digests = kind.original_type().map(|kind| kind.digests(original)).unwrap_or_default();
        Document { kind, original, digests }
    }

    /// The SHA-256 of all its bytes. Of most descriptors it is known already.
    pub(super) fn sha256(&self) -> [u8; 32] {
        const END: &[u8] = b"\n-----END SIGNATURE-----\n";
        let whole = match self.kind {
            Kind::ServerDescriptor => self.original.starts_with(b"router "),
            Kind::ExtraInfo => self.original.starts_with(b"extra-info "),
            _ => false,
        };
        let end = || memmem::find(self.original, END).map(|at| at + END.len());
        match self.digests.sha256 {
            Some(digest) if whole && end() == Some(self.original.len()) => digest.0,
            _ => sanitize::sha256(self.original),
        }
    }

    /// Where a descriptor lies in the tree when it is done; `None` for other documents.
    fn path(&self) -> Option<String> {
        let kind = match self.kind {
            Kind::ServerDescriptor => Type::BridgeServerDescriptor,
            Kind::ExtraInfo => Type::BridgeExtraInfo,
            _ => return None,
        };
        let at = memmem::find(self.original, b"\npublished ")? + b"\npublished ".len();
        let published = Timestamp::parse(self.original.get(at..at + 19)?.try_into().ok()?)?;
        let name = Hex(sanitize::sha1(&self.digests.sha1?.0));
        let (bytes, refused) = (Vec::new(), Vec::new());
        Some(Sanitized { kind, published, name, bytes, refused, entries: 0, newest_entry: None }.path())
    }
}

/// The tree of sanitized documents, asked whether descriptors are in it.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) root: PathBuf,
    /// Whether a folder is there. What would be in one that is not need not be looked for.
    folders: Mutex<HashMap<String, bool>>,
}

impl Tree {
    pub(super) fn new(root: PathBuf) -> Self {
        Tree { root, folders: Mutex::default() }
    }

    /// Whether a descriptor lies in the tree, told by its digest without sanitizing it.
    pub(super) fn has(&self, document: &Document<'_>) -> bool {
        document.path().is_some_and(|path| self.has_folder_of(&path) && self.is_there(&path))
    }

    fn has_folder_of(&self, path: &str) -> bool {
        let Some((folder, _)) = path.rsplit_once('/') else { return true };
        // Held while the disk is asked, so that a change is before that or forgets it.
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&is_there) = folders.get(folder) {
            return is_there;
        }
        let is_there = self.is_there(folder);
        folders.insert(folder.to_owned(), is_there);
        is_there
    }

    fn is_there(&self, path: &str) -> bool {
        fs::symlink_metadata(self.root.join(path)).is_ok()
    }

    /// Must be called when folders may have been made.
    pub(super) fn changed(&self) {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, is_there| *is_there);
    }
}

/// Sanitizes a document. Secrets that are missing are made, if they may be.
pub(super) fn sanitize(
    document: &Document<'_>,
    origin: &Origin,
    rules: RuleSet,
    secrets: &SecretsFile,
) -> Result<Result<Sanitized, Refusal>, Error> {
    let &Document { kind, original, digests } = document;
    let mut asked = BTreeSet::new();
    loop {
        let result = {
            let secrets = secrets.secrets();
            let sanitizer = Sanitizer::new(rules, Some(&secrets));
            // A mistake of ours costs the document, not the run.
            let careful = AssertUnwindSafe(|| match kind {
                Kind::Status => sanitize::network_status(original, origin, &sanitizer),
                Kind::ServerDescriptor => sanitize::server_descriptor_with(original, digests, &sanitizer),
                Kind::ExtraInfo => sanitize::extra_info_with(original, digests, &sanitizer),
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
    fn a_document_has_the_digest_of_all_its_bytes() {
        let original = include_bytes!("../../tests/sanitize/server-descriptor");
        for text in [&original[..], &original[1..], &[original, &b"x"[..]].concat(), &original[..99], b""] {
            for kind in Kind::ALL {
                assert_eq!(Document::new(kind, text).sha256(), sanitize::sha256(text));
            }
        }
    }

    #[test]
    fn a_folder_that_is_made_is_found() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tree = Tree::new(folder.path().to_owned());
        let original = include_bytes!("../../tests/sanitize/server-descriptor");
        let document = Document::new(Kind::ServerDescriptor, original);
        let path = tree.root.join(document.path().expect("it has one"));
        assert!(!tree.has(&document));
        fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
        tree.changed();
        assert!(!tree.has(&document));
        fs::write(path, "").expect("it is writable");
        assert!(tree.has(&document));
    }

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
