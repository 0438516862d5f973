//! Which files were read already.

use std::{
    collections::BTreeMap,
    fs::{self, Metadata},
    io::{self, Write},
    path::{Path, PathBuf, absolute},
    sync::{Mutex, MutexGuard, PoisonError},
    time::UNIX_EPOCH,
};

use crate::destination;

/// What tells a file from another of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i128,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        });
        Stamp { size: metadata.len(), modified }
    }
}

/// The files that were read to their end, by path, size and time of last change.
///
/// A reader that has it in its options passes over files that have not changed, and adds those that it has read and
/// whose documents were all taken. A file that could not be read whole is not added, so it is tried again.
#[derive(Debug, Default)]
pub struct History {
    files: Mutex<BTreeMap<PathBuf, Stamp>>,
}

const FIRST_LINE: &str = "tordesc history 1";

impl History {
    /// Loads what was saved; empty if there is no such file, or nothing in it.
    pub fn load(path: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(History::default()),
            text => text?,
        };
        if text.is_empty() {
            return Ok(History::default());
        }
        let mut lines = text.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a history file"));
        }
        let mut files = BTreeMap::new();
        for (number, line) in lines.enumerate() {
            let (path, stamp) = entry(line).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("line {}: not SIZE TIME PATH", number + 2))
            })?;
            files.insert(path, stamp);
        }
        Ok(History { files: Mutex::new(files) })
    }

    /// Saves it, without the files that are gone. Paths that are no text, or that have a line end in them, are left
    /// out: such files are read again each time.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut files = self.lock();
        files.retain(|path, _| path.exists());
        let fill = |out: &mut io::BufWriter<fs::File>| {
            writeln!(out, "{FIRST_LINE}")?;
            for (path, stamp) in files.iter() {
                if let Some(path) = path.to_str().filter(|path| !path.contains(['\n', '\r'])) {
                    writeln!(out, "{} {} {path}", stamp.size, stamp.modified)?;
                }
            }
            Ok(())
        };
        destination::write(path, fill, |_, ()| Ok(()))
    }

    /// How many files it knows.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn has(&self, path: &Path, stamp: Stamp) -> bool {
        absolute(path).is_ok_and(|path| self.lock().get(&path) == Some(&stamp))
    }

    pub(crate) fn add(&self, path: &Path, stamp: Stamp) {
        // Without a working directory there is no absolute path, and nothing to be known by.
        if let Ok(path) = absolute(path) {
            self.lock().insert(path, stamp);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Stamp>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(line: &str) -> Option<(PathBuf, Stamp)> {
    let mut parts = line.splitn(3, ' ');
    let (size, modified) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((PathBuf::from(parts.next()?), Stamp { size, modified }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_saving_and_forgets_what_is_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (here, gone, saved) =
            (folder.path().join("a b"), folder.path().join("gone"), folder.path().join("history"));
        fs::write(&here, "x").expect("it is writable");
        let stamp = Stamp::of(&fs::metadata(&here).expect("it was written"));
        let history = History::load(&saved).expect("none is an empty one");
        history.add(&here, stamp);
        history.add(&gone, stamp);
        history.save(&saved).expect("it is writable");
        let loaded = History::load(&saved).expect("it was saved");
        assert_eq!(loaded.len(), 1);
        assert!(loaded.has(&here, stamp));
        assert!(!loaded.has(&here, Stamp { size: 2, ..stamp }));
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2);
    }

    #[test]
    fn another_file_is_not_taken_for_a_history() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("history");
        fs::write(&path, "").expect("it is writable");
        assert!(History::load(&path).expect("it has nothing").is_empty());
        for text in ["router a\n", "tordesc history 1\n12 x /a\n"] {
            fs::write(&path, text).expect("it is writable");
            assert_eq!(History::load(&path).expect_err("it is none").kind(), io::ErrorKind::InvalidData);
        }
    }
}
