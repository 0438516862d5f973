//! The files that an index is about.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::super::history::Stamp;

/// The files of a tree.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// In byte order of their paths below the root, with `/` between folders.
    pub(super) files: Vec<(String, Stamp)>,
    /// Those that cannot be named in an index.
    pub(super) skipped: Vec<PathBuf>,
}

/// Lists a tree. Links are followed; what is hidden or ends in `.tmp` is still being written; `without` is passed over.
pub(super) fn walk(root: &Path, without: &Path) -> io::Result<Walked> {
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    let mut folders = vec![(root.to_owned(), String::new(), vec![fs::canonicalize(root)?])];
    let without = fs::canonicalize(without).ok();
    while let Some((folder, below, above)) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.contains(['\t', '\n', '\r'])) else {
                skipped.push(entry.path());
                continue;
            };
            if name.starts_with('.') || name.ends_with(".tmp") {
                continue;
            }
            let (path, kind) = (entry.path(), entry.file_type()?);
            let folder = kind.is_dir() || (kind.is_symlink() && path.is_dir());
            if !folder {
                found.push((format!("{below}{name}"), path));
                continue;
            }
            let real = fs::canonicalize(&path)?;
            // A link to a folder above would lead in a circle.
            if Some(&real) != without.as_ref() && !above.contains(&real) {
                let mut above = above.clone();
                above.push(real);
                folders.push((path, format!("{below}{name}/"), above));
            }
        }
    }
    // What is gone meanwhile, or leads nowhere, is not there.
    let stamped = |(below, path): (String, PathBuf)| {
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some((below, Stamp::of(&metadata)))
    };
    let mut files: Vec<_> = found.into_par_iter().filter_map(stamped).collect();
    files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Walked { files, skipped })
}
