//! The guard over trees: what is published, searched for what the originals say.

use std::{fmt, ops::ControlFlow, path::PathBuf};

use serde::Serialize;

use super::Kind;
use crate::{
    archive::{self, Event, Input},
    document::Type,
    netdoc::Frame,
    sanitize::guard::{Index, Leak, web_server_log_form},
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
/// identities, digests and addresses of all. Web server logs are searched for what no line of theirs may say, without their
/// originals. The files may lie anywhere, in any order and in any archive.
pub fn verify(originals: &[PathBuf], sanitized: &[PathBuf]) -> Verified {
    let mut verified = Verified::default();
    let mut index = Index::default();
    read(originals, &mut verified, |verified, document| {
        let Some(kind) = document.kind.filter(|kind| *kind != Type::WebServerLog) else { return };
        verified.originals += 1;
        index.add(kind, &document.body);
    });
    read(sanitized, &mut verified, |verified, document| {
        let kind = match document.kind {
            Some(Type::ServerDescriptor) => Type::BridgeServerDescriptor,
            Some(Type::ExtraInfo) => Type::BridgeExtraInfo,
            Some(kind) => kind,
            None => return,
        };
        verified.documents += 1;
        if kind == Type::WebServerLog {
            let mut start = 0;
            for line in document.body.split(|&byte| byte == b'\n') {
                if let Some(leak) = web_server_log_form(line).filter(|_| !line.is_empty()) {
                    verified.found(&document, Leak { at: start + leak.at, ..leak });
                }
                start += line.len() + 1;
            }
            return;
        }
        verified.without_original += u64::from(!index.knows(kind, &document.body));
        index.check(kind, &document.body).into_iter().for_each(|leak| verified.found(&document, leak));
    });
    verified
}

/// A document of a file, with the type that its original has.
struct Document {
    source: String,
    offset: u64,
    kind: Option<Type>,
    body: Vec<u8>,
}

impl Document {
    fn new(source: &archive::Source, frame: &Frame<'_>) -> Self {
        let kind = match Kind::of(frame.body) {
            Kind::Status => Some(Type::BridgeNetworkStatus),
            Kind::ServerDescriptor => Some(Type::ServerDescriptor),
            Kind::ExtraInfo => Some(Type::ExtraInfo),
            Kind::Unknown => {
                let known = [Type::BridgePoolAssignment, Type::WebServerLog];
                frame.kind.filter(|kind| known.contains(kind))
            }
        };
        Document { source: source.to_string(), offset: frame.offset, kind, body: frame.body.to_vec() }
    }
}

/// Hands out the documents of some files, with their source and place, in order.
fn read(paths: &[PathBuf], verified: &mut Verified, mut each: impl FnMut(&mut Verified, Document)) {
    let inputs: Vec<_> = paths.iter().map(|path| Input::Path(path.clone())).collect();
    let copy = |chunk: &archive::Chunk| -> Vec<_> {
        chunk.frames().map(|(source, frame)| Document::new(source, &frame)).collect()
    };
    archive::read(&inputs, &archive::Options::default(), copy, |event| {
        match event {
            Event::Output(documents) => documents.into_iter().for_each(|document| each(verified, document)),
            Event::Failed(error) => verified.failures.push(error.to_string()),
        }
        ControlFlow::Continue(())
    });
}

impl Verified {
    fn found(&mut self, document: &Document, Leak { what, at }: Leak) {
        if self.leaks.len() < MOST {
            self.leaks.push(Found { source: document.source.clone(), offset: document.offset, at, what });
        } else {
            self.more += 1;
        }
    }

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
    fn pool_assignments_and_web_logs_are_searched() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["in", "out"] {
            fs::create_dir(path(name)).expect("it is writable");
        }
        let (header, fingerprint) = ("bridge-pool-assignment 2026-03-01 00:00:00\n", "1".repeat(40));
        let hash = const_hex::encode(crate::sanitize::sha1(&[0x11; 20]));
        fs::write(path("in/assignments.log"), format!("{header}{fingerprint} email\n")).expect("writable");
        let pool = format!("@type bridge-pool-assignment 1.0\n{header}{hash} email\n");
        fs::write(path("out/pool"), &pool).expect("writable");
        let log = "0.0.0.0 - - [01/Mar/2026:00:00:00 +0000] \"GET /a HTTP/1.1\" 200 5\n";
        let name = path("out/a.example_b.example_access.log_20260301");
        fs::write(&name, log.repeat(2)).expect("writable");
        let verify = || super::verify(&[path("in")], &[path("out")]);
        let verified = verify();
        assert!(verified.is_clean() && verified.originals == 1, "{verified}");
        fs::write(&name, log.to_owned() + &log.replace(":00:00:00", ":00:00:01")).expect("writable");
        fs::write(path("out/pool"), pool.replace(" email", &format!(" email ring={fingerprint}")))
            .expect("writable");
        let verified = verify();
        let found: std::collections::BTreeSet<_> = verified.leaks.iter().map(|leak| leak.what).collect();
        assert!(found.contains("time of a request") && found.contains("fingerprint"), "{verified}");
    }

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
