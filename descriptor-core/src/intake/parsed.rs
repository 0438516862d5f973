//! Which tarballs are done: CollecTor's file `parsed-bridge-directories`, with digests.

use std::{
    collections::HashMap,
    fs::{File, Metadata, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use sha2::{Digest, Sha256};

use super::{Error, Problem, error::At, secrets_file::sync_folder_of, staging::locked};

/// What a file looks like without being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    /// Nanoseconds since 1970; 0 for what is older or not known.
    modified: u128,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Stamp { size: metadata.len(), modified: since.map_or(0, |since| since.as_nanos()) }
    }
}

/// What is known about a tarball.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing.
    New,
    /// It is done.
    Done,
    /// Another file of the same name is done.
    Changed,
}

/// A tarball that is done: its digest, and what it looked like. CollecTor's lines have neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    digest: [u8; 32],
    stamp: Stamp,
}

/// The tarballs that are done, one a line: `NAME` as CollecTor writes it, or `NAME,SHA256,SIZE,TIME`. Lines are appended.
/// The file is locked as long as this lives.
#[derive(Debug)]
pub(super) struct Parsed {
    path: PathBuf,
    file: File,
    entries: HashMap<String, Vec<Option<Entry>>>,
    /// Lines that wait for the next commit.
    lines: String,
}

impl Parsed {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path).at(path)?;
        file.try_lock().map_err(|error| locked(path, error))?;
        let mut text = String::new();
        file.read_to_string(&mut text).at(path)?;
        // A line without an end was being written when the machine lost its power. Its tarball is done once more.
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            file.set_len(whole as u64).at(path)?;
            file.seek(SeekFrom::End(0)).at(path)?;
            text.truncate(whole);
        }
        let mut entries: HashMap<_, Vec<_>> = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let (name, entry) = parse(line).ok_or_else(|| Error::new(path, Problem::State(number + 1)))?;
            entries.entry(name.to_owned()).or_default().push(entry);
        }
        Ok(Parsed { path: path.to_owned(), file, entries, lines: String::new() })
    }

    /// What is known about a tarball. It is read only if it does not look as when it was done.
    pub(super) fn known(&mut self, name: &str, path: &Path, stamp: Stamp) -> Result<Known, Error> {
        let Some(entries) = self.entries.get(name) else { return Ok(Known::New) };
        if entries.iter().any(|entry| entry.is_none_or(|entry| entry.stamp == stamp)) {
            return Ok(Known::Done);
        }
        let digest = digest(path)?;
        if entries.iter().flatten().any(|entry| entry.digest == digest) {
            self.add(name, digest, stamp);
            return Ok(Known::Done);
        }
        Ok(Known::Changed)
    }

    /// Notes that a tarball is done, for the next commit.
    pub(super) fn add(&mut self, name: &str, digest: [u8; 32], stamp: Stamp) {
        self.entries.entry(name.to_owned()).or_default().push(Some(Entry { digest, stamp }));
        self.lines += &format!("{name},{},{},{}\n", const_hex::encode(digest), stamp.size, stamp.modified);
    }

    /// Puts what was noted on the disk.
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        if !self.lines.is_empty() {
            self.file.write_all(self.lines.as_bytes()).and_then(|()| self.file.sync_all()).at(&self.path)?;
            sync_folder_of(&self.path)?;
            self.lines.clear();
        }
        Ok(())
    }
}

fn parse(line: &str) -> Option<(&str, Option<Entry>)> {
    let Some((name, rest)) = line.split_once(',') else { return (!line.is_empty()).then_some((line, None)) };
    let mut parts = rest.splitn(3, ',');
    let mut digest = [0; 32];
    const_hex::decode_to_slice(parts.next()?, &mut digest).ok()?;
    let stamp = Stamp { size: parts.next()?.parse().ok()?, modified: parts.next()?.parse().ok()? };
    Some((name, Some(Entry { digest, stamp })))
}

/// The SHA-256 of a file.
pub(super) fn digest(path: &Path) -> Result<[u8; 32], Error> {
    let mut file = File::open(path).at(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::new(path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn done_is_done_until_the_file_is_another() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (state, tarball) = (folder.path().join("state"), folder.path().join("a.tar"));
        fs::write(&tarball, "one").expect("it is writable");
        fs::write(&state, "old.tar\nhalf-a-li").expect("it is writable");
        let stamp = || Stamp::of(&fs::metadata(&tarball).expect("it is there"));
        let mut parsed = Parsed::open(&state).expect("it is free");
        assert_eq!(parsed.known("old.tar", &tarball, stamp()).expect("readable"), Known::Done);
        assert_eq!(parsed.known("a.tar", &tarball, stamp()).expect("readable"), Known::New);
        parsed.add("a.tar", digest(&tarball).expect("readable"), stamp());
        parsed.commit().expect("it is writable");
        drop(parsed);
        let mut parsed = Parsed::open(&state).expect("it is free");
        assert_eq!(parsed.known("a.tar", &tarball, stamp()).expect("readable"), Known::Done);
        fs::write(&tarball, "other").expect("it is writable");
        assert_eq!(parsed.known("a.tar", &tarball, stamp()).expect("readable"), Known::Changed);
        let elsewhere = Stamp { size: 3, modified: 7 };
        fs::write(&tarball, "one").expect("it is writable");
        assert_eq!(parsed.known("a.tar", &tarball, elsewhere).expect("readable"), Known::Done);
        parsed.commit().expect("it is writable");
        assert_eq!(fs::read_to_string(&state).expect("readable").lines().count(), 3);
        drop(parsed);
        fs::write(&state, "a.tar,xyz\n").expect("it is writable");
        assert!(Parsed::open(&state).is_err());
    }
}
