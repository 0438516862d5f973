//! The guard over trees: what is published, searched for what the originals say.

use std::{fmt, ops::ControlFlow, path::PathBuf};

use serde::Serialize;

use super::Kind;
use crate::{
    archive::{self, Event, Input},
    document::Type,
    sanitize::guard::Index,
};

/// What the guard found in a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Originals of bridges that were read.
    pub originals: u64,
    /// Sanitized documents that were searched.
    pub documents: u64,
    /// Those of them whose original was not there: they were searched for what all other originals say only.
    pub without_original: u64,
    /// What is said and must not be said, at most 1000.
    pub leaks: Vec<Found>,
    /// How many more there are.
    pub more: u64,
    /// What could not be read.
    pub failures: Vec<String>,
}

/// Something that is said and must not be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// In which file.
    pub source: String,
    /// Where in it the document begins. Unit: bytes.
    pub offset: u64,
    /// Where in the document.
    pub at: usize,
    /// What it is, such as `IPv4 address`.
    pub what: &'static str,
}

const MOST: usize = 1000;

/// Reads all originals, then searches all sanitized documents: each for what its own original says, and for the
/// identities, digests and addresses of all. The files may lie anywhere, in any order and in any archive.
pub fn verify(originals: &[PathBuf], sanitized: &[PathBuf]) -> Verified {
    let mut verified = Verified::default();
    let mut index = Index::default();
    read(originals, &mut verified, |verified, _, _, body| {
        let kind = match Kind::of(body) {
            Kind::Status => Type::BridgeNetworkStatus,
            Kind::ServerDescriptor => Type::ServerDescriptor,
            Kind::ExtraInfo => Type::ExtraInfo,
            Kind::Unknown => return,
        };
        verified.originals += 1;
        index.add(kind, body);
    });
    read(sanitized, &mut verified, |verified, source, frame, body| {
        let kind = match Kind::of(body) {
            Kind::Status => Type::BridgeNetworkStatus,
            Kind::ServerDescriptor => Type::BridgeServerDescriptor,
            Kind::ExtraInfo => Type::BridgeExtraInfo,
            Kind::Unknown => return,
        };
        verified.documents += 1;
        verified.without_original += u64::from(!index.knows(kind, body));
        for leak in index.check(kind, body) {
            if verified.leaks.len() < MOST {
                let source = source.to_owned();
                verified.leaks.push(Found { source, offset: frame, at: leak.at, what: leak.what });
            } else {
                verified.more += 1;
            }
        }
    });
    verified
}

/// Hands out the documents of some files, with their source and place, in order.
fn read(paths: &[PathBuf], verified: &mut Verified, mut each: impl FnMut(&mut Verified, &str, u64, &[u8])) {
    let inputs: Vec<_> = paths.iter().map(|path| Input::Path(path.clone())).collect();
    let copy = |chunk: &archive::Chunk| -> Vec<_> {
        let frames = chunk.frames();
        frames.map(|(source, frame)| (source.to_string(), frame.offset, frame.body.to_vec())).collect()
    };
    archive::read(&inputs, &archive::Options::default(), copy, |event| {
        match event {
            Event::Output(documents) => {
                documents.iter().for_each(|(source, offset, body)| each(verified, source, *offset, body));
            }
            Event::Failed(error) => verified.failures.push(error.to_string()),
        }
        ControlFlow::Continue(())
    });
}

impl Verified {
    /// Whether something was searched, all of it with its original, and nothing was found.
    pub fn is_clean(&self) -> bool {
        self.leaks.is_empty() && self.failures.is_empty() && self.without_original == 0 && self.documents > 0
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Found { source, offset, at, what } in &self.leaks {
            writeln!(f, "LEAK: {source}, document at {offset}, byte {at}: {what}")?;
        }
        if self.more > 0 {
            writeln!(f, "… and {} more", self.more)?;
        }
        for failure in &self.failures {
            writeln!(f, "not readable: {failure}")?;
        }
        let leaks = self.leaks.len() as u64 + self.more;
        write!(f, "{} documents searched for what {} originals say: ", self.documents, self.originals)?;
        match leaks {
            0 => writeln!(f, "nothing found")?,
            _ => writeln!(f, "{leaks} leaks")?,
        }
        if self.without_original > 0 {
            writeln!(f, "{} of them have no original here", self.without_original)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        sanitize::{Sanitizer, server_descriptor},
        schema::RuleSet,
    };

    #[test]
    fn a_tree_is_clean_until_somebody_puts_an_original_into_it() {
        let original = include_bytes!("../../tests/sanitize/server-descriptor");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (originals, tree) = (folder.path().join("in"), folder.path().join("out"));
        for path in [&originals, &tree] {
            fs::create_dir(path).expect("it is writable");
        }
        fs::write(originals.join("bridge-descriptors"), original).expect("it is writable");
        let sanitized =
            server_descriptor(original, &Sanitizer::new(RuleSet::Current, None)).expect("sanitized");
        fs::write(tree.join("a"), &sanitized.bytes).expect("it is writable");
        let verified = verify(std::slice::from_ref(&originals), std::slice::from_ref(&tree));
        assert!(verified.is_clean(), "{verified}");
        assert_eq!((verified.originals, verified.documents), (1, 1));
        fs::write(tree.join("b"), original).expect("it is writable");
        let verified = verify(std::slice::from_ref(&originals), std::slice::from_ref(&tree));
        assert!(
            !verified.is_clean() && verified.leaks.iter().all(|leak| leak.source.ends_with("b")),
            "{verified}"
        );
        assert!(!verify(&[], &[tree]).is_clean());
    }
}
