//! Where documents come from, and what goes wrong there.

use std::{fmt, io, path::Path, sync::Arc};

use crate::{document::Type, schema::Problem};

/// A file, or a member of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// The file as it was named or found; `-` for standard input.
    pub path: Arc<Path>,
    /// The member's name, if the file is an archive. It comes from the archive: never use it as a path on disk.
    /// A member of an archive within the archive is `OUTER!INNER`.
    pub member: Option<String>,
}

impl Source {
    /// A file.
    pub fn file(path: &Path) -> Self {
        Source { path: path.into(), member: None }
    }

    /// A member of this source.
    pub(super) fn member(&self, name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(name);
        let member = match &self.member {
            Some(outer) => format!("{outer}!{name}"),
            None => name.into_owned(),
        };
        Source { path: Arc::clone(&self.path), member: Some(member) }
    }

    /// Whether the name is that of an archive.
    pub(super) fn is_named_tar(&self) -> bool {
        let name = self.member.as_deref().map_or_else(|| self.path.to_string_lossy(), Into::into);
        let name = name.rsplit('/').next().unwrap_or_default();
        [".tar", ".tgz", ".tbz", ".txz", ".tzst"].iter().any(|part| name.contains(part))
    }

    /// The type that the name tells, for sources that do not tell it themselves.
    pub(super) fn hint(&self) -> Option<Type> {
        Type::of_file_name(self.member.as_deref().or_else(|| self.path.to_str())?)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        match &self.member {
            Some(member) => write!(f, "!{member}"),
            None => Ok(()),
        }
    }
}

/// Something that could not be read. What came before it in the source has been delivered.
#[derive(Debug)]
pub struct Error {
    /// Where.
    pub source: Arc<Source>,
    /// What.
    pub cause: Cause,
}

impl Error {
    /// Whether the disk is full, or the part of it that may be used.
    pub fn is_of_full_disk(&self) -> bool {
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        matches!(&self.cause, Cause::Open(error) | Cause::Write(error) if full.contains(&error.kind()))
    }
}

// By hand: a field of this name would be taken for the underlying error.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.cause)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.cause)
    }
}

/// What could not be read, and why. Offsets count the decompressed bytes of the source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// A file or folder could not be opened.
    #[error("cannot be opened: {0}")]
    Open(#[source] io::Error),
    /// A pattern that fits no file, or that is none.
    #[error("no such file, and nothing that the pattern fits")]
    NoMatch,
    /// The disk or the decompressor failed, as with a checksum that does not fit.
    #[error("byte {offset}: {error}")]
    Read {
        /// How far it was read.
        offset: u64,
        /// What the operating system or the decompressor says.
        #[source]
        error: io::Error,
    },
    /// The file, or a member of it, ends before it should.
    #[error("byte {offset}: the end is missing")]
    Truncated {
        /// How far it goes.
        offset: u64,
    },
    /// A block of an archive is no header where one must be. Reading goes on at the next header.
    #[error("byte {offset}: not a tar header")]
    Header {
        /// Where the block begins in the archive.
        offset: u64,
    },
    /// A file holds zeros only, as after a crash, and its name is not that of an archive.
    #[error("nothing but zeros")]
    Zeros,
    /// A member is stored in a way that is not read.
    #[error("stored as a sparse file")]
    Sparse,
    /// A document is larger than the limit. Reading goes on at the next document.
    #[error("byte {offset}: the document is larger than {limit} bytes")]
    TooLarge {
        /// Where the document begins.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// A document is not what it should be made into.
    #[error("{0}")]
    Malformed(Problem),
    /// A file could not be written.
    #[error("cannot be written: {0}")]
    Write(#[source] io::Error),
    /// An archive in an archive in an archive …
    #[error("compressed or archived more than {0} times over")]
    Nested(usize),
}

impl Cause {
    /// An error of a reader, at a place.
    pub(crate) fn of(error: io::Error, offset: u64) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Cause::Truncated { offset },
            _ => Cause::Read { offset, error },
        }
    }

    /// Where in the decompressed source, if it is a place there. Unit: bytes.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Cause::Read { offset, .. }
            | Cause::Truncated { offset }
            | Cause::Header { offset }
            | Cause::TooLarge { offset, .. } => Some(*offset),
            Cause::Open(_)
            | Cause::NoMatch
            | Cause::Zeros
            | Cause::Sparse
            | Cause::Malformed(_)
            | Cause::Write(_)
            | Cause::Nested(_) => None,
        }
    }

    /// Whether all bytes of the source could be read all the same.
    pub(super) fn is_about_a_document(&self) -> bool {
        matches!(self, Cause::TooLarge { .. } | Cause::Malformed(_))
    }
}
