//! The originals that lie in files of their own: found in the order of their paths, each once, and decompressed.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf, absolute},
};

use crate::archive::{
    self, Input,
    codec::{Codec, MAGIC},
    history::Stamp,
    walk::{Found, Walk},
};

/// The files of some inputs, by absolute path, and what could not be read. The order of the inputs does not matter, nor
/// how often a file is named.
pub(super) fn find(inputs: &[PathBuf], failed: &mut Vec<archive::Error>) -> BTreeMap<PathBuf, Stamp> {
    let mut files = BTreeMap::new();
    let inputs: Vec<_> = inputs.iter().cloned().map(Input::Path).collect();
    for found in Walk::new(&inputs, None) {
        match found {
            // Without a working directory there is no absolute path, and nothing to tell files apart by but this.
            Found::File(path, stamp) => drop(files.insert(absolute(&path).unwrap_or(path), stamp)),
            Found::Failed(error) => failed.push(error),
            Found::Stdin | Found::Stream(_) => {}
        }
    }
    files
}

/// A reader of a file, decompressed if it is compressed.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    (&mut file).take(MAGIC as u64).read_to_end(&mut head)?;
    let codec = Codec::detect(&head);
    let whole = io::Cursor::new(head).chain(file);
    match codec {
        Some(codec) => codec.open(whole),
        None => Ok(Box::new(whole)),
    }
}

/// What is wrong with an original.
pub(super) fn failure(path: &Path, cause: archive::Cause) -> archive::Error {
    archive::Error { source: std::sync::Arc::new(archive::Source::file(path)), cause }
}
