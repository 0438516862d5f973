//! New files of a tree, which appear together and whole.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Error, Problem, error::At};

/// New files of a tree, kept below its root under `.staging-NAME` until [`commit`](Staging::commit).
///
/// A file has its final name only when its bytes are on the disk. Whoever is killed, be it between two of the renames,
/// and begins again from the same originals has the tree of an undisturbed run in the end: what has its name already is
/// whole, the rest is made anew, and leftovers are removed. One process at a time can stage under a name.
///
/// Files wait in folders as those of the tree, so that a folder that the tree has not is renamed as a whole. In a new month
/// that is nearly all of them: a rename of a file takes as long as half of its making. A few MiB are gathered and then made
/// folder by folder, for to go from folder to folder takes ext4 longer still.
#[derive(Debug)]
pub struct Staging {
    root: PathBuf,
    folder: PathBuf,
    /// Files not yet under their names: paths below the root, in the order in which they were added.
    files: Vec<Arc<str>>,
    /// The same, to be found.
    by_path: HashSet<Arc<str>>,
    /// The folders that files wait in.
    folders: HashSet<String>,
    /// Of the last of `files` those that are not made yet: where in `bytes` what is in them ends.
    gathered: Vec<usize>,
    bytes: Vec<u8>,
    private: bool,
    /// Where the paths of new files are noted.
    journal: Option<PathBuf>,
    /// Held for its lock.
    _lock: File,
}

/// Where files wait below the hidden folder.
const NEW: &str = "new";
/// How much is gathered before it is made. Unit: bytes.
const GATHERED: usize = 8 << 20;

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
        Ok(Staging {
            root: root.to_owned(),
            folder,
            files: Vec::new(),
            by_path: HashSet::new(),
            folders: HashSet::new(),
            gathered: Vec::new(),
            bytes: Vec::new(),
            private,
            journal: None,
            _lock: lock,
        })
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
        if self.is_staged(path) {
            return Ok(false);
        }
        self.put(path, bytes)?;
        Ok(true)
    }

    /// Adds a file, or replaces it.
    pub fn replace(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        check(path).at(&self.root)?;
        if self.is_staged(path) {
            self.make()?;
            let staged = self.staged(path);
            fs::write(&staged, bytes).at(&staged)
        } else {
            self.put(path, bytes)
        }
    }

    /// Whether the tree or the staging has a file.
    pub fn has(&self, path: &str) -> Result<bool, Error> {
        check(path).at(&self.root)?;
        if self.is_staged(path) {
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
        self.by_path.contains(path)
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

    /// Where a file or folder of the tree lies until the commit.
    fn staged(&self, path: &str) -> PathBuf {
        self.folder.join(NEW).join(path)
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let path: Arc<str> = path.into();
        self.files.push(Arc::clone(&path));
        self.by_path.insert(path);
        self.bytes.extend_from_slice(bytes);
        self.gathered.push(self.bytes.len());
        if self.bytes.len() >= GATHERED { self.make() } else { Ok(()) }
    }

    /// Makes the files that were gathered, folder by folder. After an error there is no commit any more: what was made stays,
    /// whole or not, and cannot be made twice.
    fn make(&mut self) -> Result<(), Error> {
        let made = self.files.len() - self.gathered.len();
        let starts = std::iter::once(0).chain(self.gathered.iter().copied());
        let mut files: Vec<_> = starts.zip(&self.gathered).zip(&self.files[made..]).collect();
        files.sort_unstable_by_key(|&(_, path)| path);
        let mut last: Option<(&str, Folder)> = None;
        for ((start, &end), path) in files {
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            let folder = match last.take() {
                Some((known, folder)) if known == above => folder,
                _ => {
                    let staged = self.folder.join(NEW).join(above);
                    if !self.folders.contains(above) {
                        make_folders(&staged, self.private).at(&staged)?;
                        self.folders.insert(above.to_owned());
                    }
                    Folder::open(staged)?
                }
            };
            let written = folder.create(name, self.private);
            written
                .and_then(|mut file| file.write_all(&self.bytes[start..end]))
                .at(&folder.path.join(name))?;
            last = Some((above, folder));
        }
        self.gathered.clear();
        self.bytes.clear();
        Ok(())
    }

    /// Puts all files that wait on the disk and under their names: folders that are new each as a whole, other files in the
    /// order in which they were added. When this returns without an error, they stay there even if the machine loses its
    /// power.
    pub fn commit(&mut self) -> Result<(), Error> {
        if self.files.is_empty() {
            return Ok(());
        }
        self.make()?;
        let filesystem = self.sync_files()?;
        self.note()?;
        let mut moved = HashMap::new();
        for path in &self.files {
            if parent(path).is_some_and(|folder| self.move_folder(folder, &mut moved)) {
                continue;
            }
            let target = self.root.join(&**path);
            fs::rename(self.staged(path), &target).at(&target)?;
        }
        match filesystem {
            Some(filesystem) => sync_filesystem(&filesystem).map(drop).at(&self.root)?,
            None => self.sync_folders()?,
        }
        self.files.clear();
        self.by_path.clear();
        // Those that were moved must be made again.
        self.folders.clear();
        Ok(())
    }

    fn note(&self) -> Result<(), Error> {
        let Some(journal) = &self.journal else { return Ok(()) };
        let mut lines = Vec::new();
        for path in &self.files {
            lines.extend_from_slice(self.root.join(&**path).as_os_str().as_encoded_bytes());
            lines.push(b'\n');
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(journal);
        file.and_then(|mut file| file.write_all(&lines).and_then(|()| file.sync_all())).at(journal)
    }

    /// Moves a folder, or one above it, with all that is in it into the tree, if the tree has none there. Whether that was
    /// done is remembered.
    fn move_folder<'f>(&self, folder: &'f str, moved: &mut HashMap<&'f str, bool>) -> bool {
        if let Some(&moved) = moved.get(folder) {
            return moved;
        }
        let is_moved = parent(folder).is_some_and(|above| self.move_folder(above, moved)) || {
            let target = self.root.join(folder);
            let missing = fs::symlink_metadata(&target);
            let missing = missing.is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            // If it cannot be, its files are renamed one by one, or say why not.
            missing && fs::rename(self.staged(folder), &target).is_ok()
        };
        moved.insert(folder, is_moved);
        is_moved
    }

    /// Puts the bytes on the disk: all at once where the system can, else one by one. Gives what the names can be synced
    /// with in the same way.
    fn sync_files(&self) -> Result<Option<File>, Error> {
        let root = File::open(&self.folder).at(&self.folder)?;
        if sync_filesystem(&root).at(&self.folder)? {
            return Ok(Some(root));
        }
        for path in &self.files {
            let staged = self.staged(path);
            File::open(&staged).and_then(|file| file.sync_all()).at(&staged)?;
        }
        Ok(None)
    }

    /// Syncs the folders that files were put into, and those above them, whose names may be new.
    fn sync_folders(&self) -> Result<(), Error> {
        let mut all = BTreeSet::from([self.root.clone()]);
        for folder in &self.folders {
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

/// A folder that files are made in.
struct Folder {
    path: PathBuf,
    /// Opened once, so that the system need not follow the path for each file.
    #[cfg(unix)]
    handle: File,
}

impl Folder {
    fn open(path: PathBuf) -> Result<Self, Error> {
        #[cfg(unix)]
        let handle = File::open(&path).at(&path)?;
        Ok(Folder {
            path,
            #[cfg(unix)]
            handle,
        })
    }

    #[cfg(unix)]
    fn create(&self, name: &str, private: bool) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, openat};

        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if private { 0o600 } else { 0o666 });
        Ok(openat(&self.handle, name, flags, mode)?.into())
    }

    #[cfg(not(unix))]
    fn create(&self, name: &str, _private: bool) -> io::Result<File> {
        fs::File::create_new(self.path.join(name))
    }
}

/// The folder of a path below the root; `None` for what lies in the root.
fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
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
        staging.add("a/b/e", b"beside it").expect("it is writable");
        staging.add("a/f/g", b"in a new folder").expect("it is writable");
        staging.commit().expect("it is writable");
        staging.add("a/f/h", b"in the same").expect("it is writable");
        staging.commit().expect("it is writable");
        let texts = ["a/b/c", "a/b/e", "a/f/g", "a/f/h"].map(|path| read(&root, path).unwrap_or_default());
        assert_eq!(texts, ["fourth", "beside it", "in a new folder", "in the same"]);
        staging.add("d", b"never committed").expect("it is writable");
        drop(staging);
        let names: Vec<_> =
            fs::read_dir(&root).expect("a folder").flatten().map(|it| it.file_name()).collect();
        assert_eq!(names, ["a"]);
    }

    #[test]
    fn leftovers_go_and_paths_stay_in_the_tree() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let left = folder.path().join(".staging-test/new/a/b");
        fs::create_dir_all(folder.path().join(".staging-test/new/a")).expect("it is writable");
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
