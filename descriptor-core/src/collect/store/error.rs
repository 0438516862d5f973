//! What ends a run of the store.

use std::path::{Path, PathBuf};

use crate::intake;

/// Why the store could not be opened or had to stop. A document that is refused is no such error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or folder: the disk is full, another run has the tree.
    #[error(transparent)]
    Files(#[from] intake::Error),
    /// The database. It can be deleted at any time; what it held is found again in the trees.
    #[error("the store's database: {}", said(.0))]
    Database(#[from] rusqlite::Error),
    /// A newer version of this program has made the database.
    #[error("{}: made by a newer version of this program (layout {found}, this one knows {known})", .path.display())]
    Newer {
        /// Its file.
        path: PathBuf,
        /// The layout that it has.
        found: i64,
        /// The newest layout that is known here.
        known: i64,
    },
}

/// What SQLite says; that there is no room for its shared memory is but a disk that is full.
fn said(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(it) if it.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => {
            "database or disk is full".to_owned()
        }
        _ => error.to_string(),
    }
}

impl StoreError {
    pub(super) fn io(path: &Path, error: std::io::Error) -> Self {
        StoreError::Files(intake::Error { path: path.to_owned(), problem: error.into() })
    }

    /// Whether another run has the tree.
    pub fn is_in_use(&self) -> bool {
        matches!(self, StoreError::Files(intake::Error { problem: intake::Problem::InUse, .. }))
    }
}
