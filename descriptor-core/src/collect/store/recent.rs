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

/// The length of a time in a name.
const STAMP: usize = "YYYY-MM-DD-HH-MM-SS".len();

/// The tree, with what a batch adds to it.
#[derive(Debug)]
pub(super) struct Recent {
    root: PathBuf,
    staging: Staging,
    /// The time that names the batch's files. No two batches share one: a file that is there is the whole of its batch.
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

    /// Begins a batch at a time, or as soon after it as no file is called by the time. Batches need not follow each other:
    /// a clock that was ahead and is put right must not have its hours in names for long.
    pub(super) fn begin(&mut self, mut at: Timestamp) -> Result<(), StoreError> {
        while self.is_taken(at)? {
            at.0 += 1;
        }
        self.stamp = at;
        Ok(())
    }

    /// Whether a batch has called a file by a time.
    fn is_taken(&self, stamp: Timestamp) -> Result<bool, StoreError> {
        let name = Name { time: stamp, ..Name::default() };
        for place in Place::all().iter().filter(|place| place.is_appended()) {
            let path = below(&self.root, &place.recent(&name, stamp));
            let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else { continue };
            let begin = &file.as_encoded_bytes()[..STAMP.min(file.len())];
            let entries = match fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(|error| StoreError::io(folder, error))?,
            };
            for entry in entries {
                let entry = entry.map_err(|error| StoreError::io(folder, error))?;
                if entry.file_name().as_encoded_bytes().starts_with(begin) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
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
