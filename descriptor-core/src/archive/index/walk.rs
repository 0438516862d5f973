//! The files that an index is about.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

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
    let without = fs::canonicalize(without).ok();
    let top = Folder { path: root.to_owned(), below: String::new(), above: vec![fs::canonicalize(root)?] };
    let mut walked = Walked::default();
    let mut level = vec![top];
    while !level.is_empty() {
        let listed: Vec<_> =
            level.par_iter().map(|folder| folder.list(without.as_deref())).collect::<io::Result<_>>()?;
        level = Vec::new();
        for (found, folders) in listed {
            walked.files.extend(found.files);
            walked.skipped.extend(found.skipped);
            level.extend(folders);
        }
    }
    // Folders come out in no order, but each one's files lie together.
    walked.files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(walked)
}

struct Folder {
    path: PathBuf,
    /// Its path below the root, with `/` at its end.
    below: String,
    /// Where it and the folders above it really are.
    above: Vec<PathBuf>,
}

impl Folder {
    /// Its files and folders. Sizes and times are asked for by name within the folder, which is quicker than by path.
    fn list(&self, without: Option<&Path>) -> io::Result<(Walked, Vec<Folder>)> {
        let (mut walked, mut folders) = (Walked::default(), Vec::new());
        let entries = match fs::read_dir(&self.path) {
            // Gone since the folder above was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.above.len() > 1 => {
                return Ok((walked, folders));
            }
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.contains(['\t', '\n', '\r'])) else {
                walked.skipped.push(entry.path());
                continue;
            };
            if name.starts_with('.') || name.ends_with(".tmp") {
                continue;
            }
            let kind = entry.file_type()?;
            let metadata = match kind {
                kind if kind.is_dir() => None,
                kind if kind.is_symlink() => fs::metadata(entry.path()).ok(),
                _ => entry.metadata().ok(),
            };
            if kind.is_dir() || metadata.as_ref().is_some_and(fs::Metadata::is_dir) {
                let real = fs::canonicalize(entry.path())?;
                // A link to a folder above would lead in a circle.
                if Some(&*real) != without && !self.above.contains(&real) {
                    let mut above = self.above.clone();
                    above.push(real);
                    folders.push(Folder {
                        path: entry.path(),
                        below: format!("{}{name}/", self.below),
                        above,
                    });
                }
            } else if let Some(metadata) = metadata.filter(fs::Metadata::is_file) {
                walked.files.push((format!("{}{name}", self.below), Stamp::of(&metadata)));
            }
        }
        Ok((walked, folders))
    }
}
