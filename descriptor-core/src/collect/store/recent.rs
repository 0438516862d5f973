//! The tree of what came lately: copies of whole files, and one file a run of the small documents.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    StoreError, below,
    names::{Name, Place},
};
use crate::{intake::Staging, value::Timestamp};

/// The tree, with what a batch adds to it.
#[derive(Debug)]
pub(super) struct Recent {
    root: PathBuf,
    staging: Staging,
    /// The time that names the batch's files. Each batch has its own: a file that is there is the whole of its batch.
    stamp: Timestamp,
    appended: BTreeMap<String, Vec<u8>>,
    /// Paths below `out/` and here.
    copied: Vec<(String, String)>,
}

impl Recent {
    pub(super) fn open(root: &Path, stamp: Timestamp) -> Result<Self, StoreError> {
        let staging = Staging::open(root, "store")?;
        Ok(Recent { root: root.to_owned(), staging, stamp, appended: BTreeMap::new(), copied: Vec::new() })
    }

    pub(super) fn stamp(&self) -> Timestamp {
        self.stamp
    }

    /// Begins a batch at a time, or a second after the last one.
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.stamp = at.max(Timestamp(self.stamp.0 + 1));
    }

    /// Adds a document that lies, or will lie, in `out/`.
    pub(super) fn add(&mut self, place: &Place, name: &Name, out: String, bytes: &[u8]) {
        let path = place.recent(name, self.stamp);
        if place.is_appended() {
            self.appended.entry(path).or_default().extend_from_slice(bytes);
        } else {
            self.copied.push((out, path));
        }
    }

    /// Whether the batch of a stamp has put its file of a type here.
    pub(super) fn has(&self, place: &Place, name: &Name, stamp: Timestamp) -> bool {
        fs::symlink_metadata(below(&self.root, &place.recent(name, stamp))).is_ok()
    }

    /// Puts all of it under its names. The files of `out/` must be under theirs.
    pub(super) fn commit(&mut self, out: &Path) -> Result<(), StoreError> {
        let mut folders = BTreeSet::new();
        for (from, to) in std::mem::take(&mut self.copied) {
            let (source, target) = (below(out, &from), below(&self.root, &to));
            let folder = target.parent().unwrap_or(&self.root).to_owned();
            if folders.insert(folder.clone()) {
                fs::create_dir_all(&folder).map_err(|error| StoreError::io(&folder, error))?;
            }
            // Another name for the same file, if both trees lie in one filesystem that has such names.
            match fs::hard_link(&source, &target) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(_) => {
                    let bytes = fs::read(&source).map_err(|error| StoreError::io(&source, error))?;
                    self.staging.add(&to, &bytes)?;
                }
            }
        }
        for folder in &folders {
            File::open(folder).and_then(|it| it.sync_all()).map_err(|error| StoreError::io(folder, error))?;
        }
        for (path, bytes) in std::mem::take(&mut self.appended) {
            self.staging.replace(&path, &bytes)?;
        }
        Ok(self.staging.commit()?)
    }
}
