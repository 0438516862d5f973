//! What is kept apart from the trees: refused documents, and those that wait to be judged.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::{document::sha256, intake::Staging, value::Timestamp};

/// Why a document is kept apart, and where it came from; beside the document as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// The type's name; empty if it is of none.
    pub kind: String,
    /// What is wrong with it, or what it waits for.
    pub reason: String,
    /// Who has served it.
    pub from: String,
    /// When, in seconds since 1970.
    pub received: i64,
    /// What it waits for, in hex.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

impl Apart {
    pub(super) fn received(&self) -> Timestamp {
        Timestamp(self.received)
    }
}

/// The folders `rejected/` and `unverified/`.
#[derive(Debug)]
pub(super) struct Folders {
    state: PathBuf,
    staging: Staging,
}

const UNVERIFIED: &str = "unverified";

impl Folders {
    pub(super) fn open(state: &Path) -> Result<Self, StoreError> {
        Ok(Folders { state: state.to_owned(), staging: Staging::open(state, "store")? })
    }

    /// Keeps a refused document; what is kept already stays as it is.
    pub(super) fn reject(&mut self, bytes: &[u8], why: &Apart) -> Result<(), StoreError> {
        let kind = if why.kind.is_empty() { "unknown" } else { &why.kind };
        self.add(&format!("rejected/{kind}/{}", name(bytes)), bytes, why)
    }

    /// Keeps a document that waits.
    pub(super) fn wait(&mut self, file: &str, bytes: &[u8], why: &Apart) -> Result<(), StoreError> {
        self.add(&format!("{UNVERIFIED}/{file}"), bytes, why)
    }

    fn add(&mut self, path: &str, bytes: &[u8], why: &Apart) -> Result<(), StoreError> {
        // A struct of texts and numbers always has a JSON form.
        let mut text = serde_json::to_vec_pretty(why).unwrap_or_default();
        text.push(b'\n');
        // The reason first: a document without one would not be found.
        self.staging.add(&format!("{path}.json"), &text)?;
        self.staging.add(&format!("{path}.original"), bytes)?;
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        Ok(self.staging.commit()?)
    }

    /// The documents that wait on the disk.
    pub(super) fn waiting(&self) -> Result<Vec<String>, StoreError> {
        let folder = self.state.join(UNVERIFIED);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| StoreError::io(&folder, error))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| StoreError::io(&folder, error))?.file_name();
            names.extend(name.to_str().and_then(|name| name.strip_suffix(".original")).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// A document that waits; `None` if it is not there or lacks its other half.
    pub(super) fn get(&self, file: &str) -> Option<(Vec<u8>, Apart)> {
        let path = |ending: &str| self.state.join(UNVERIFIED).join(format!("{file}.{ending}"));
        let why = serde_json::from_slice(&fs::read(path("json")).ok()?).ok()?;
        Some((fs::read(path("original")).ok()?, why))
    }

    /// Lets a document go that waits no more. What cannot be removed is judged again at the next start.
    pub(super) fn release(&self, file: &str) {
        for ending in ["original", "json"] {
            drop(fs::remove_file(self.state.join(UNVERIFIED).join(format!("{file}.{ending}"))));
        }
    }
}

/// What a document that is kept apart is called.
pub(super) fn name(bytes: &[u8]) -> String {
    const_hex::encode(sha256(bytes).0)
}
