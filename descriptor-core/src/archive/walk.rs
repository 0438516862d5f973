//! From inputs to files, in order, and from files to jobs.

use std::{
    convert::Infallible,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use super::{Cause, Error, History, Source, history::Stamp, stream::Stream};

/// Where to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Input {
    /// A file; a folder, read recursively in the order of names, without what is hidden or ends in `.tmp`; or, where no
    /// such file is, a pattern with `*`, `?`, `[…]` or `**`.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Anything else that can be read once.
    Stream(Stream),
}

impl FromStr for Input {
    type Err = Infallible;

    /// `-` is standard input, anything else a path or pattern.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Input::Stdin } else { Input::Path(text.into()) })
    }
}

/// Something to be read.
#[derive(Debug)]
pub(crate) enum Found {
    File(PathBuf, Stamp),
    Stdin,
    Stream(Stream),
    Failed(Error),
}

/// A folder that is being walked, innermost last.
struct Folder {
    /// Where it really is, so that a link to an outer folder is noticed.
    real: PathBuf,
    path: PathBuf,
    entries: std::vec::IntoIter<(OsString, fs::FileType)>,
}

/// All files of some inputs. Folders are listed when their turn comes.
pub(crate) struct Walk<'i> {
    inputs: std::slice::Iter<'i, Input>,
    pattern: Option<glob::Paths>,
    folders: Vec<Folder>,
    /// What is to be passed over, and how many files were.
    history: Option<&'i History>,
    pub(super) unchanged: u64,
}

impl<'i> Walk<'i> {
    pub(crate) fn new(inputs: &'i [Input], history: Option<&'i History>) -> Self {
        Walk { inputs: inputs.iter(), pattern: None, folders: Vec::new(), history, unchanged: 0 }
    }

    /// A path that was named, or that a pattern fits.
    fn named(&mut self, path: PathBuf) -> Option<Found> {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(&path) {
                Ok(real) => self.folder(&path, real),
                Err(error) => Some(failed(&path, Cause::Open(error))),
            },
            Ok(metadata) => self.file(path, Stamp::of(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.pattern(&path, error),
            Err(error) => Some(failed(&path, Cause::Open(error))),
        }
    }

    fn pattern(&mut self, path: &Path, error: io::Error) -> Option<Found> {
        let Some(text) = path.to_str().filter(|text| text.contains(['*', '?', '['])) else {
            return Some(failed(path, Cause::Open(error)));
        };
        let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
        match glob::glob_with(text, options) {
            Ok(paths) if glob::glob_with(text, options).is_ok_and(|mut paths| paths.next().is_some()) => {
                self.pattern = Some(paths);
                None
            }
            _ => Some(failed(path, Cause::NoMatch)),
        }
    }

    fn file(&mut self, path: PathBuf, stamp: Stamp) -> Option<Found> {
        if self.history.is_some_and(|history| history.has(&path, stamp)) {
            self.unchanged += 1;
            return None;
        }
        Some(Found::File(path, stamp))
    }

    fn folder(&mut self, path: &Path, real: PathBuf) -> Option<Found> {
        if self.folders.iter().any(|folder| folder.real == real) {
            return None;
        }
        let list = || -> io::Result<Vec<(OsString, fs::FileType)>> {
            let mut entries = Vec::new();
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                let name = entry.file_name();
                let bytes = name.as_encoded_bytes();
                if !bytes.starts_with(b".") && !bytes.ends_with(b".tmp") {
                    entries.push((name, entry.file_type()?));
                }
            }
            entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            Ok(entries)
        };
        match list() {
            Ok(entries) => {
                let (path, entries) = (path.to_path_buf(), entries.into_iter());
                self.folders.push(Folder { real, path, entries });
                None
            }
            Err(error) => Some(failed(path, Cause::Open(error))),
        }
    }

    /// An entry of the innermost folder.
    fn entry(&mut self, path: PathBuf, real: PathBuf, kind: fs::FileType) -> Option<Found> {
        if kind.is_dir() {
            return self.folder(&path, real);
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => self.file(path, Stamp::of(&metadata)),
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(&path) {
                Ok(real) => self.folder(&path, real),
                Err(error) => Some(failed(&path, Cause::Open(error))),
            },
            // Sockets and the like.
            Ok(_) => None,
            Err(error) => Some(failed(&path, Cause::Open(error))),
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let found = if let Some(folder) = self.folders.last_mut() {
                match folder.entries.next() {
                    Some((name, kind)) => {
                        let (path, real) = (folder.path.join(&name), folder.real.join(&name));
                        self.entry(path, real, kind)
                    }
                    None => {
                        self.folders.pop();
                        None
                    }
                }
            } else if let Some(pattern) = &mut self.pattern {
                match pattern.next() {
                    Some(Ok(path)) => self.named(path),
                    Some(Err(error)) => {
                        let path = error.path().to_path_buf();
                        Some(failed(&path, Cause::Open(error.into())))
                    }
                    None => {
                        self.pattern = None;
                        None
                    }
                }
            } else {
                match self.inputs.next()? {
                    Input::Stdin => Some(Found::Stdin),
                    Input::Stream(stream) => Some(Found::Stream(stream.clone())),
                    Input::Path(path) => self.named(path.clone()),
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

fn failed(path: &Path, cause: Cause) -> Found {
    Found::Failed(Error { source: Arc::new(Source::file(path)), cause })
}

/// The most files in a job.
const MOST: usize = 4096;

/// Files in portions that are worth a thread's while. What is in a job depends on the files and on the size of a chunk.
pub(super) struct Jobs<'i> {
    pub(super) walk: Walk<'i>,
    chunk: u64,
    number: u64,
    /// A file that was too much for the last job.
    next: Option<Found>,
}

impl<'i> Jobs<'i> {
    pub(super) fn new(walk: Walk<'i>, chunk: usize) -> Self {
        Jobs { walk, chunk: chunk as u64, number: 0, next: None }
    }
}

impl Iterator for Jobs<'_> {
    type Item = (u64, Vec<Found>);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut files, mut bytes) = (Vec::new(), 0);
        while let Some(found) = self.next.take().or_else(|| self.walk.next()) {
            let size = match &found {
                Found::File(_, stamp) => stamp.size,
                Found::Stdin | Found::Stream(_) => self.chunk,
                Found::Failed(_) => 0,
            };
            if !files.is_empty() && (bytes + size > self.chunk || files.len() >= MOST) {
                self.next = Some(found);
                break;
            }
            files.push(found);
            bytes = bytes.saturating_add(size);
        }
        if files.is_empty() {
            return None;
        }
        self.number += 1;
        Some((self.number - 1, files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &[Input], root: &Path) -> Vec<String> {
        Walk::new(inputs, None)
            .map(|found| match found {
                Found::File(path, _) => path.strip_prefix(root).unwrap_or(&path).display().to_string(),
                Found::Stdin => "-".to_owned(),
                Found::Stream(stream) => stream.name().display().to_string(),
                Found::Failed(error) => format!("{:?}", error.cause),
            })
            .collect()
    }

    #[test]
    fn folders_are_walked_in_order_without_what_is_hidden() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        for name in ["b/2", "b/10", "a", "c/.hidden", "c/x.tmp", ".d/x", "e/f/g"] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            fs::write(path, name).expect("it is writable");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(root, root.join("e/loop")).expect("it is writable");
        assert_eq!(
            names(&[Input::Path(root.into()), Input::Stdin], root),
            ["a", "b/10", "b/2", "e/f/g", "-"]
        );
        assert_eq!(names(&[Input::Path(root.join("b/*"))], root), ["b/10", "b/2"]);
        assert_eq!(names(&[Input::Path(root.join("[ab]"))], root), ["a", "b/10", "b/2"]);
        assert_eq!(
            names(&[Input::Path(root.join("z*")), Input::Path(root.join("a"))], root),
            ["NoMatch", "a"]
        );
        assert!(names(&[Input::Path(root.join("z"))], root)[0].starts_with("Open"));
    }

    #[test]
    fn small_files_go_together() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, size) in [("a", 400), ("b", 400), ("c", 400), ("d", 5000), ("e", 1)] {
            fs::write(folder.path().join(name), vec![b'x'; size]).expect("it is writable");
        }
        let inputs = [Input::Path(folder.path().into())];
        let jobs: Vec<_> =
            Jobs::new(Walk::new(&inputs, None), 1000).map(|(number, files)| (number, files.len())).collect();
        assert_eq!(jobs, [(0, 2), (1, 1), (2, 1), (3, 1)]);
    }
}
