//! New files of a tree, which appear together and whole.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Error, Problem, error::At};

/// New files of a tree, kept below its root under `.staging-NAME` until [`commit`](Staging::commit).
///
/// A file has its final name only when its bytes are on the disk. Whoever is killed, be it between two of the renames,
/// and begins again from the same originals has the tree of an undisturbed run in the end: what has its name already is
/// whole, the rest is made anew, and leftovers are removed. One process at a time can stage under a name.
#[derive(Debug)]
pub struct Staging {
    root: PathBuf,
    folder: PathBuf,
    /// Files not yet under their names: the path below the root, and the number that is their name till then.
    files: Vec<(String, u64)>,
    /// The same by path.
    by_path: HashMap<String, u64>,
    next: u64,
    private: bool,
    /// Where the paths of new files are noted.
    journal: Option<PathBuf>,
    /// Held for its lock.
    _lock: File,
}

/// Files wait in so many folders: to make and to rename many in a single one takes ext4 twice as long.
const PARTS: u64 = 64;
/// How many files a folder gets in its turn.
const PART: u64 = 64;

impl Staging {
    /// Opens the staging of a tree for everybody to read. Makes the root, and removes what a killed run has left.
    pub fn open(root: &Path, name: &str) -> Result<Self, Error> {
        Self::with(root, name, false)
    }

    /// Opens the staging of a tree whose folders and files only the owner may read.
    pub fn private(root: &Path, name: &str) -> Result<Self, Error> {
        Self::with(root, name, true)
    }

    fn with(root: &Path, name: &str, private: bool) -> Result<Self, Error> {
        make_folders(root, private).at(root)?;
        let folder = root.join(format!(".staging-{name}"));
        let lock = loop {
            make_folders(&folder, private).at(&folder)?;
            let lock = File::open(&folder).at(&folder)?;
            lock.try_lock().map_err(|error| locked(&folder, error))?;
            // A run that ended in between has removed the folder; its lock would keep nobody out.
            if is_at(&lock, &folder).at(&folder)? {
                break lock;
            }
        };
        for entry in fs::read_dir(&folder).at(&folder)? {
            let path = entry.at(&folder)?.path();
            fs::remove_dir_all(&path).at(&path)?;
        }
        let (root, files, by_path) = (root.to_owned(), Vec::new(), HashMap::new());
        Ok(Staging { root, folder, files, by_path, next: 0, private, journal: None, _lock: lock })
    }

    /// Notes the paths of all files that are committed from now on, a line each, at the end of a file. A path is noted
    /// before it is there: whoever reads the file after a kill may find paths of nothing, and misses none.
    #[must_use]
    pub fn with_journal(mut self, journal: Option<PathBuf>) -> Self {
        self.journal = journal;
        self
    }

    /// Adds a file, by its path below the root with `/` between folders. `false` if the tree or the staging has it
    /// already: the first one stays.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<bool, Error> {
        if self.has(path)? {
            return Ok(false);
        }
        self.put(path, bytes)?;
        Ok(true)
    }

    /// Adds a file that the caller knows not to be in the tree, which saves to look; `false` if the staging has it.
    pub(super) fn add_absent(&mut self, path: &str, bytes: &[u8]) -> Result<bool, Error> {
        check(path).at(&self.root)?;
        if self.by_path.contains_key(path) {
            return Ok(false);
        }
        self.put(path, bytes)?;
        Ok(true)
    }

    /// Adds a file, or replaces it.
    pub fn replace(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        check(path).at(&self.root)?;
        match self.by_path.get(path) {
            Some(number) => {
                let staged = self.staged(*number);
                fs::write(&staged, bytes).at(&staged)
            }
            None => self.put(path, bytes),
        }
    }

    /// Whether the tree or the staging has a file.
    pub fn has(&self, path: &str) -> Result<bool, Error> {
        check(path).at(&self.root)?;
        if self.by_path.contains_key(path) {
            return Ok(true);
        }
        let path = self.root.join(path);
        match fs::symlink_metadata(&path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::new(&path, error)),
        }
    }

    /// Whether a file waits for the next commit.
    pub fn is_staged(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The hidden folder. What else is put there is removed at the next start.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many files wait for the next commit.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether no file waits.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Where a file lies until the commit.
    fn staged(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{}/{number}", number / PART % PARTS))
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let staged = self.staged(self.next);
        if self.next.is_multiple_of(PART) {
            let part = self.folder.join((self.next / PART % PARTS).to_string());
            make_folders(&part, self.private).at(&part)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if self.private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        options.open(&staged).and_then(|mut file| file.write_all(bytes)).at(&staged)?;
        self.files.push((path.to_owned(), self.next));
        self.by_path.insert(path.to_owned(), self.next);
        self.next += 1;
        Ok(())
    }

    /// Puts all files that wait on the disk and under their names, in the order in which they were added. When this
    /// returns without an error, they stay there even if the machine loses its power.
    pub fn commit(&mut self) -> Result<(), Error> {
        if self.files.is_empty() {
            return Ok(());
        }
        let filesystem = self.sync_files()?;
        self.note()?;
        let mut folders = BTreeSet::new();
        for (path, number) in &self.files {
            let target = self.root.join(path);
            if let Some((folder, _)) = path.rsplit_once('/')
                && !folders.contains(folder)
            {
                let made = self.root.join(folder);
                make_folders(&made, self.private).at(&made)?;
                folders.insert(folder.to_owned());
            }
            fs::rename(self.staged(*number), &target).at(&target)?;
        }
        match filesystem {
            Some(filesystem) => sync_filesystem(&filesystem).map(drop).at(&self.root)?,
            None => self.sync_folders(folders)?,
        }
        self.files.clear();
        self.by_path.clear();
        Ok(())
    }

    fn note(&self) -> Result<(), Error> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let mut lines = Vec::new();
        for (path, _) in &self.files {
            lines.extend_from_slice(self.root.join(path).as_os_str().as_encoded_bytes());
            lines.push(b'\n');
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(journal);
        file.and_then(|mut file| file.write_all(&lines).and_then(|()| file.sync_all())).at(journal)
    }

    /// Puts the bytes on the disk: all at once where the system can, else one by one. Gives what the names can be synced
    /// with in the same way.
    fn sync_files(&self) -> Result<Option<File>, Error> {
        let root = File::open(&self.folder).at(&self.folder)?;
        if sync_filesystem(&root).at(&self.folder)? {
            return Ok(Some(root));
        }
        for (_, number) in &self.files {
            let staged = self.staged(*number);
            File::open(&staged).and_then(|file| file.sync_all()).at(&staged)?;
        }
        Ok(None)
    }

    /// Syncs the folders that files were put into, and those above them, whose names may be new.
    fn sync_folders(&self, folders: BTreeSet<String>) -> Result<(), Error> {
        let mut all = BTreeSet::from([self.root.clone()]);
        for folder in folders {
            let path = self.root.join(folder);
            all.extend(path.ancestors().take_while(|above| **above != self.root).map(Path::to_owned));
        }
        for folder in all {
            File::open(&folder).and_then(|file| file.sync_all()).at(&folder)?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What was not committed is made anew from its original; what cannot be removed now is removed at the next start.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Refuses a path that would lead out of the tree or be hidden in it. Paths are made here, of digests and times; this is
/// the second lock on the door.
fn check(path: &str) -> io::Result<()> {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '\0', ':']);
    if path.split('/').all(part) { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

pub(super) fn make_folders(path: &Path, private: bool) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    builder.create(path)
}

/// Says that another process holds a lock, or what the operating system says.
pub(super) fn locked(path: &Path, error: TryLockError) -> Error {
    match error {
        TryLockError::WouldBlock => Error::new(path, Problem::InUse),
        TryLockError::Error(error) => Error::new(path, error),
    }
}

/// Whether a path still leads to a file that was opened by it.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let opened = file.metadata()?;
        Ok(fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (opened.dev(), opened.ino())))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.try_exists()
    }
}

/// Puts all that was written to a file's filesystem on the disk; `false` where the system cannot.
#[cfg(target_os = "linux")]
fn sync_filesystem(file: &File) -> io::Result<bool> {
    match rustix::fs::syncfs(file) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::NOSYS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn sync_filesystem(_file: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(root: &Path, path: &str) -> Option<String> {
        fs::read_to_string(root.join(path)).ok()
    }

    #[test]
    fn files_appear_at_the_commit_and_the_first_one_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("out");
        let mut staging = Staging::open(&root, "test").expect("it is free");
        assert!(matches!(Staging::open(&root, "test"), Err(Error { problem: Problem::InUse, .. })));
        assert!(staging.add("a/b/c", b"first").expect("it is writable"));
        assert!(!staging.add("a/b/c", b"second").expect("it is writable"));
        assert_eq!((read(&root, "a/b/c"), staging.len()), (None, 1));
        staging.commit().expect("it is writable");
        assert_eq!((read(&root, "a/b/c"), staging.len()), (Some("first".into()), 0));
        assert!(!staging.add("a/b/c", b"second").expect("it is writable"));
        staging.replace("a/b/c", b"third, longer").expect("it is writable");
        staging.replace("a/b/c", b"fourth").expect("it is writable");
        assert_eq!(read(&root, "a/b/c"), Some("first".into()));
        staging.commit().expect("it is writable");
        assert_eq!(read(&root, "a/b/c"), Some("fourth".into()));
        staging.add("d", b"never committed").expect("it is writable");
        drop(staging);
        let names: Vec<_> =
            fs::read_dir(&root).expect("a folder").flatten().map(|it| it.file_name()).collect();
        assert_eq!(names, ["a"]);
    }

    #[test]
    fn leftovers_go_and_paths_stay_in_the_tree() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let left = folder.path().join(".staging-test/0/7");
        fs::create_dir_all(folder.path().join(".staging-test/0")).expect("it is writable");
        fs::write(&left, "half").expect("it is writable");
        let mut staging = Staging::open(folder.path(), "test").expect("it is free");
        assert!(!left.exists());
        for path in ["../x", "/x", "a/../x", ".x", "a//b", "", "a/", "C:x", "a\\b"] {
            assert!(staging.add(path, b"").is_err() && staging.replace(path, b"").is_err(), "{path}");
        }
        assert!(staging.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn private_trees_are_the_owners() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("quarantine");
        let mut staging = Staging::private(&root, "test").expect("it is free");
        staging.add("a/b", b"original").expect("it is writable");
        staging.commit().expect("it is writable");
        let mode =
            |path: &str| fs::metadata(root.join(path)).expect("it is there").permissions().mode() & 0o777;
        assert_eq!([mode(""), mode("a"), mode("a/b"), mode(".staging-test")], [0o700, 0o700, 0o600, 0o700]);
    }
}
