//! What ends a run: the disk, the secrets, another run.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::sanitize::BadSecrets;

/// Why a run could not be begun or had to end, and where. A document that is refused is no such error.
#[derive(Debug)]
pub struct Error {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file or folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The operating system says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Another process has it.
    #[error("in use by another run")]
    InUse,
    /// Others than the owner may read the secrets.
    #[error("mode {0:03o} lets others read it; chmod 600 it")]
    Readable(u32),
    /// A line of the secrets' file is none.
    #[error("{0}")]
    Secrets(#[from] BadSecrets),
    /// A line of a file of the state is none.
    #[error("line {0}: not the name of a tarball and its digest")]
    State(usize),
    /// Originals would lie where sanitized documents are published.
    #[error("lies in the folder that is published, {}", .0.display())]
    Published(PathBuf),
}

impl Error {
    pub(super) fn new(path: &Path, problem: impl Into<Problem>) -> Self {
        Error { path: path.to_owned(), problem: problem.into() }
    }
}

/// Adds the path to what the operating system says.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, Error> {
        self.map_err(|error| Error::new(path, error))
    }
}

// By hand: the problem is the cause and is not to be shown twice.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Io(error) => Some(error),
            _ => None,
        }
    }
}
