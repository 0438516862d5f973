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
    /// such file is, a pattern with `*`, `?`, `[…]` or `**`. Below `**`, too, what is hidden or ends in `.tmp` is passed
    /// over, and a link to an outer folder is not followed.
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
    /// Whether only what fits the pattern is wanted.
    fitting: bool,
}

/// A pattern with `**`, whose folders are walked as others are.
struct Deep {
    path: PathBuf,
    pattern: glob::Pattern,
    /// Whether anything has fitted.
    fits: bool,
}

/// What makes a path a pattern.
const WILD: [char; 3] = ['*', '?', '['];

/// `*` and the like do not fit what is hidden.
const MATCHING: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// All files of some inputs. Folders are listed when their turn comes.
pub(crate) struct Walk<'i> {
    inputs: std::slice::Iter<'i, Input>,
    pattern: Option<glob::Paths>,
    /// Whether what it gives has got its name by a wildcard.
    wild: bool,
    /// What the folders of the pattern, which are those before the `**`, are walked for.
    deep: Option<Deep>,
    folders: Vec<Folder>,
    /// What is to be passed over, and how many files were.
    history: Option<&'i History>,
    pub(super) unchanged: u64,
}

impl<'i> Walk<'i> {
    pub(crate) fn new(inputs: &'i [Input], history: Option<&'i History>) -> Self {
        Walk {
            inputs: inputs.iter(),
            pattern: None,
            wild: false,
            deep: None,
            folders: Vec::new(),
            history,
            unchanged: 0,
        }
    }

    /// A path that was named, or that a pattern fits.
    fn named(&mut self, path: PathBuf) -> Option<Found> {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(&path) {
                Ok(real) if self.pattern.is_some() && self.wild && leads_out(&path, &real) => None,
                Ok(real) if self.deep.is_some() => {
                    self.folder(path.strip_prefix(".").unwrap_or(&path), real, true)
                }
                Ok(real) => self.folder(&path, real, false),
                Err(error) => Some(failed(&path, Cause::Open(error))),
            },
            // Nothing lies below a file.
            Ok(_) if self.deep.is_some() => None,
            Ok(metadata) => self.file(path, Stamp::of(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.pattern(&path, error),
            Err(error) => Some(failed(&path, Cause::Open(error))),
        }
    }

    fn pattern(&mut self, path: &Path, error: io::Error) -> Option<Found> {
        let Some(text) = path.to_str().filter(|text| text.contains(WILD)) else {
            return Some(failed(path, Cause::Open(error)));
        };
        let before = path.components().take_while(|part| part.as_os_str() != "**").collect::<PathBuf>();
        let deep = before.components().count() < path.components().count();
        let folders = match before.to_str() {
            Some("") => ".",
            Some(before) if deep => before,
            _ => text,
        };
        // The working directory has no name.
        match (glob::Pattern::new(text.trim_start_matches("./")), glob::glob_with(folders, MATCHING)) {
            (Ok(pattern), Ok(paths))
                if glob::glob_with(folders, MATCHING).is_ok_and(|mut paths| paths.next().is_some()) =>
            {
                self.pattern = Some(paths);
                self.wild = folders.contains(WILD);
                self.deep = deep.then(|| Deep { path: path.to_owned(), pattern, fits: false });
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

    /// Whether a file or folder that was met in a folder is wanted.
    fn fits(&mut self, path: &Path, fitting: bool) -> bool {
        match &mut self.deep {
            Some(deep) if fitting => {
                let fits = deep.pattern.matches_path_with(path, MATCHING);
                deep.fits |= fits;
                fits
            }
            _ => true,
        }
    }

    fn folder(&mut self, path: &Path, real: PathBuf, fitting: bool) -> Option<Found> {
        // A link to an open folder, or to one around it, would lead here again.
        if self.folders.iter().any(|folder| folder.real.starts_with(&real)) {
            return None;
        }
        let list = || -> io::Result<Vec<(OsString, fs::FileType)>> {
            let mut entries = Vec::new();
            for entry in fs::read_dir(if path.as_os_str().is_empty() { Path::new(".") } else { path })? {
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
                self.folders.push(Folder { real, path, entries, fitting });
                None
            }
            Err(error) => Some(failed(path, Cause::Open(error))),
        }
    }

    /// An entry of the innermost folder.
    fn entry(&mut self, path: PathBuf, real: PathBuf, kind: fs::FileType, fitting: bool) -> Option<Found> {
        // All of a folder that fits is wanted.
        let fits = self.fits(&path, fitting);
        if kind.is_dir() {
            return self.folder(&path, real, !fits);
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(&path) {
                Ok(real) => self.folder(&path, real, !fits),
                Err(error) => Some(failed(&path, Cause::Open(error))),
            },
            Ok(metadata) if metadata.is_file() && fits => self.file(path, Stamp::of(&metadata)),
            // Sockets and the like, and what does not fit.
            Ok(_) => None,
            Err(_) if !fits => None,
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
                        let fitting = folder.fitting;
                        self.entry(path, real, kind, fitting)
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
                        let none = self.deep.take().filter(|deep| !deep.fits);
                        none.map(|deep| failed(&deep.path, Cause::NoMatch))
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

/// Whether a folder is a link to the one that it lies in, or to one around that.
fn leads_out(path: &Path, real: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    path.is_symlink() && fs::canonicalize(folder).is_ok_and(|folder| folder.starts_with(real))
}

/// The files that an input names, in order, as they would be read; standard input and streams are none.
pub fn files(input: &Input) -> impl Iterator<Item = Result<PathBuf, Error>> {
    Walk::new(std::slice::from_ref(input), None).filter_map(|found| match found {
        Found::File(path, _) => Some(Ok(path)),
        Found::Failed(error) => Some(Err(error)),
        Found::Stdin | Found::Stream(_) => None,
    })
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
        for (pattern, files) in [
            ("**/f/g", &["e/f/g"][..]),
            ("**/[1f]*", &["b/10", "e/f/g"]),
            ("[be]/**/*", &["b/10", "b/2", "e/f/g"]),
            ("**", &["a", "b/10", "b/2", "e/f/g"]),
            ("e/*", &["e/f/g"]),
            ("e/*/**/g", &["e/f/g"]),
            ("**/*.tpf", &["NoMatch"]),
        ] {
            assert_eq!(names(&[Input::Path(root.join(pattern))], root), files, "{pattern}");
        }
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
