//! From the path of a request to a file below the folder that is served, and to nothing else.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;

/// The folder that is served.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Its real path: absolute, without symbolic links.
    root: PathBuf,
    #[cfg(target_os = "linux")]
    handle: File,
}

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file. Whatever becomes of its name meanwhile, this is the one whose size and time are known.
    File(File, Metadata),
    /// A folder, by its real path.
    Folder(PathBuf),
    /// A folder that was asked for without the slash at its end, which links in its listing need.
    Unslashed,
}

impl Tree {
    /// Takes a folder to serve.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        // Fails now if it cannot be read, and not at each request.
        fs::read_dir(&root)?;
        #[cfg(target_os = "linux")]
        let handle = File::open(&root)?;
        Ok(Tree {
            root,
            #[cfg(target_os = "linux")]
            handle,
        })
    }

    /// What is at the path of a URL; nothing if it is hidden, unfinished, outside or not there.
    pub(crate) fn find(&self, path: &str) -> Option<Found> {
        let names = path.strip_prefix('/')?;
        let folder = names.is_empty() || names.ends_with('/');
        let names = names.strip_suffix('/').unwrap_or(names);
        let mut below = PathBuf::new();
        for name in names.split('/').filter(|_| !names.is_empty()) {
            below.push(one_name(name)?);
        }
        let found = self.get(&below).or_else(|| self.get(&alias(&below)?));
        match (found?, folder) {
            (Found::Folder(_), false) => Some(Found::Unslashed),
            (Found::File(..), true) => None,
            (found, _) => Some(found),
        }
    }

    /// What is there by a path of good names.
    fn get(&self, below: &Path) -> Option<Found> {
        let real = self.real(&self.root.join(below))?;
        let file = self.file(real.strip_prefix(&self.root).ok()?).ok()?;
        let metadata = file.metadata().ok()?;
        if metadata.is_dir() {
            return Some(Found::Folder(real));
        }
        metadata.is_file().then_some(Found::File(file, metadata))
    }

    /// The path without symbolic links, if it and all that it is in are shown.
    ///
    /// Links may lead to other places in the tree, as CollecTor's archive/ has it, but neither out of it nor to what is
    /// hidden in it.
    pub(crate) fn real(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        let inside = real.strip_prefix(&self.root).ok()?;
        inside.iter().all(is_shown).then_some(real)
    }

    /// Opens what lies below the root, by a path that had no symbolic links a moment ago and must have none now. A pipe
    /// does not make it wait.
    #[cfg(target_os = "linux")]
    fn file(&self, inside: &Path) -> io::Result<File> {
        use rustix::{
            fs::{Mode, OFlags, ResolveFlags, openat, openat2},
            io::Errno,
        };
        let inside = if inside.as_os_str().is_empty() { Path::new(".") } else { inside };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = match openat2(&self.handle, inside, flags, Mode::empty(), resolve) {
            // An old kernel, or a sandbox that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => openat(&self.handle, inside, flags, Mode::empty()),
            opened => opened,
        };
        Ok(File::from(opened?))
    }

    #[cfg(not(target_os = "linux"))]
    fn file(&self, inside: &Path) -> io::Result<File> {
        let path = self.root.join(inside);
        let kind = fs::symlink_metadata(&path)?;
        if !kind.is_file() && !kind.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        File::open(path)
    }
}

/// Whether a name is one that visitors see: neither hidden nor unfinished.
pub(crate) fn is_shown(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    !name.starts_with(b".") && !name.ends_with(b".tmp")
}

/// One name of a path, without its percent signs; it must be a name and no way to elsewhere.
fn one_name(encoded: &str) -> Option<PathBuf> {
    let decoded = percent_decode_str(encoded).collect::<Vec<u8>>();
    #[cfg(unix)]
    let name = PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(decoded));
    #[cfg(not(unix))]
    let name = PathBuf::from(String::from_utf8(decoded).ok()?);
    let bytes = name.as_os_str().as_encoded_bytes();
    let good = !bytes.is_empty() && !bytes.contains(&0) && name.components().count() == 1;
    (good && name.file_name() == Some(name.as_os_str()) && is_shown(name.as_os_str())).then_some(name)
}

/// Where the index was before CollecTor 1.13: at the root.
fn alias(below: &Path) -> Option<PathBuf> {
    let name = below.to_str()?;
    ["", ".gz", ".bz2", ".xz"]
        .iter()
        .any(|end| name.strip_prefix("index.json") == Some(end))
        .then(|| Path::new("index").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        for good in ["a", "2024-12-16-00-00-00-consensus", "a%20b", "%c3%a9", "a..b", "100%", "%ff"] {
            assert!(one_name(good).is_some(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "%2e%2e",
            "%2E.",
            "a%2fb",
            "%2f",
            "a%2f",
            "a%00b",
            ".x",
            "%2estaging",
            "x.tmp",
            "x%2etmp",
        ] {
            assert!(one_name(bad).is_none(), "{bad}");
        }
    }
}
