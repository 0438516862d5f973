//! The file of secrets on the disk: nobody else reads it, nobody else writes it, and what is used is in it.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{Error, Problem, error::At, staging::locked};
use crate::sanitize::{Month, Secret, Secrets, State};

/// The secrets of all months, in a file of CollecTor's format that is locked as long as this lives.
///
/// A new secret is in the file and on the disk before anything is hashed with it. Lines are appended; what is in the file
/// is never written again.
#[derive(Debug)]
pub struct SecretsFile {
    path: PathBuf,
    /// The tree of sanitized documents, which tells whether a month has had a secret.
    tree: PathBuf,
    secrets: RwLock<Arc<Secrets>>,
    writer: Mutex<Writer>,
}

#[derive(Debug)]
struct Writer {
    file: File,
    length: u64,
    /// Months that were asked for and are lost.
    lost: BTreeMap<Month, bool>,
}

impl SecretsFile {
    /// Opens and locks the file; makes it if there is none. `tree` is the folder of sanitized documents that holds years.
    pub fn open(path: &Path, tree: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).at(path)?;
        file.try_lock().map_err(|error| locked(path, error))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().at(path)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(Error::new(path, Problem::Readable(mode)));
            }
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).at(path)?;
        let secrets = Secrets::parse(&text).map_err(|bad| Error::new(path, bad))?;
        let writer = Writer { file, length: text.len() as u64, lost: BTreeMap::new() };
        let secrets = RwLock::new(Arc::new(secrets));
        Ok(SecretsFile { path: path.to_owned(), tree: tree.to_owned(), secrets, writer: Mutex::new(writer) })
    }

    /// All secrets as they are now.
    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.secrets.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives a month a secret if it has none, or lets a short one grow. `false` if the month has had a secret that is not
    /// in the file: then none is made, for its hashes would not fit those that are published.
    pub fn provide(&self, month: Month) -> Result<bool, Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = Secrets::clone(&self.secrets());
        match secrets.state(month) {
            State::Whole => return Ok(true),
            State::Missing => {
                let lost = match writer.lost.get(&month) {
                    Some(&lost) => lost,
                    None => was_used(&self.tree, month)?,
                };
                writer.lost.insert(month, lost);
                if lost {
                    return Ok(false);
                }
            }
            State::Short => {}
        }
        let mut random = [0; Secret::LENGTH];
        getrandom::fill(&mut random)
            .map_err(|error| Error::new(&self.path, std::io::Error::other(error.to_string())))?;
        if let Some(line) = secrets.create(month, random) {
            writer.append(&self.path, line.as_bytes())?;
        }
        *self.secrets.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(secrets);
        Ok(true)
    }

    /// The months that were asked for and whose secrets are lost.
    pub fn lost(&self) -> Vec<Month> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.lost.iter().filter(|(_, lost)| **lost).map(|(month, _)| *month).collect()
    }
}

impl Writer {
    fn append(&mut self, path: &Path, line: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all(line).and_then(|()| self.file.sync_all());
        if let Err(error) = written {
            // Half a line would refuse the file the next time. Nothing was hashed with it.
            drop(self.file.set_len(self.length));
            return Err(Error::new(path, error));
        }
        self.length += line.len() as u64;
        sync_folder_of(path)
    }
}

/// Puts a file's name on the disk.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder).and_then(|folder| folder.sync_all()).at(folder) } else { Ok(()) }
}

/// Whether something in the tree was hashed with a month's secret: a server descriptor of the month, or a status of the
/// month with an entry of it. Extra-infos need no secret, and a status of the month's first hours may list only
/// descriptors of the month before.
fn was_used(tree: &Path, month: Month) -> Result<bool, Error> {
    let folder = tree.join(month.to_string().replace('-', "/"));
    if any_file(&folder.join("server-descriptors"), &mut |_| Ok(true))? {
        return Ok(true);
    }
    let month = month.to_string();
    any_file(&folder.join("statuses"), &mut |path| {
        let text = fs::read(path).at(path)?;
        let mut times = text.split(|&b| b == b'\n').filter(|line| line.starts_with(b"r "));
        Ok(times.any(|line| {
            line.split(|&b| b == b' ').nth(4).is_some_and(|date| date.starts_with(month.as_bytes()))
        }))
    })
}

/// Whether any file below a folder is such.
fn any_file(folder: &Path, is: &mut dyn FnMut(&Path) -> Result<bool, Error>) -> Result<bool, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        entries => entries.at(folder)?,
    };
    for entry in entries {
        let entry = entry.at(folder)?;
        let path = entry.path();
        let found = if entry.file_type().at(&path)?.is_dir() { any_file(&path, is)? } else { is(&path)? };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::parse(text.as_bytes()).expect("a month")
    }

    #[test]
    fn a_month_gets_one_secret_and_short_ones_grow() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("bridge-ip-secrets");
        let file = SecretsFile::open(&path, folder.path()).expect("it is free");
        assert!(matches!(
            SecretsFile::open(&path, folder.path()),
            Err(Error { problem: Problem::InUse, .. })
        ));
        for _ in 0..2 {
            assert!(file.provide(month("2016-06")).expect("it is writable"));
        }
        let secrets = file.secrets();
        drop(file);
        let text = fs::read_to_string(&path).expect("it is there");
        assert_eq!((text.len(), text.lines().count()), (175, 1));
        let file = SecretsFile::open(&path, folder.path()).expect("it is free");
        assert_eq!(file.secrets(), secrets);
        drop(file);
        fs::write(&path, format!("2010-12,{}\n", "ab".repeat(31))).expect("it is writable");
        let file = SecretsFile::open(&path, folder.path()).expect("it is free");
        assert!(file.provide(month("2010-12")).expect("it is writable"));
        let text = fs::read_to_string(&path).expect("it is there");
        assert!(text.lines().all(|line| line.starts_with(&format!("2010-12,{}", "ab".repeat(31)))));
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn a_lost_secret_is_not_made_anew() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tree = folder.path().join("bridge-descriptors");
        for (path, text) in [
            ("2016-06/extra-infos/a/b/ab", ""),
            (
                "2016-06/statuses/01/x",
                "published 2016-06-01 00:00:10\nr a b c 2016-05-31 23:00:00 10.0.0.1 1 0\n",
            ),
            ("2016-07/statuses/01/x", "r a b c 2016-07-01 00:00:00 10.0.0.1 1 0\n"),
            ("2016-08/server-descriptors/a/b/ab", ""),
        ] {
            let path = tree.join(path.replacen('-', "/", 1));
            fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
            fs::write(path, text).expect("it is writable");
        }
        let file = SecretsFile::open(&folder.path().join("secrets"), &tree).expect("it is free");
        let provided =
            ["2016-06", "2016-07", "2016-08"].map(|text| file.provide(month(text)).expect("readable"));
        assert_eq!(provided, [true, false, false]);
        assert_eq!(file.lost(), [month("2016-07"), month("2016-08")]);
    }

    #[test]
    fn a_torn_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("secrets");
        drop(SecretsFile::open(&path, folder.path()).expect("it is free"));
        let text = format!("2016-06,{}\n2016-07,{}", "cd".repeat(83), "ef".repeat(20));
        fs::write(&path, &text).expect("it is writable");
        let error = SecretsFile::open(&path, folder.path()).expect_err("the last line is torn");
        assert!(
            error.to_string().ends_with("secrets: line 2: not a month and a secret of 31, 50 or 83 bytes"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
    }

    #[cfg(unix)]
    #[test]
    fn what_others_can_read_is_no_secret() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("secrets");
        drop(SecretsFile::open(&path, folder.path()).expect("it is free"));
        assert_eq!(fs::metadata(&path).expect("it was made").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it is ours");
        let error = SecretsFile::open(&path, folder.path()).expect_err("the group can read it");
        assert!(error.to_string().ends_with("mode 640 lets others read it; chmod 600 it"), "{error}");
    }
}
