//! What was refused: original bytes and why, for the owner's eyes only.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Error, Staging, error::At};

/// Why a document lies in the quarantine, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// `status`, `server-descriptor`, `extra-info` or `unknown`.
    pub kind: super::Kind,
    /// The keyword of the line that refused it.
    pub keyword: String,
    /// The line's number, counted from 1; 0 if it is about no line.
    pub line: usize,
    /// A word for the reason, such as `no-rule`.
    pub reason: String,
    /// The reason as it is said.
    pub message: String,
    /// How many entries of a status were refused while the rest was written; 0 if nothing was written. The line and reason
    /// are those of the first of them.
    pub partial: usize,
    /// The SHA-256 of what was written of a status with refused entries, in hex.
    pub written: Option<String>,
    /// The rule set that refused it.
    pub rules: String,
    /// The tarball's file name.
    pub tarball: String,
    /// The member's name in the tarball.
    pub member: String,
    /// The bridge authority's fingerprint, by the tarball's name.
    pub authority: String,
    /// When the tarball was made, by its name.
    pub published: String,
    /// When the document was first seen: the time of that tarball.
    pub first_seen: String,
}

/// A folder of refused documents: `SHA256.original` and `SHA256.json` each, mode 0600 in a folder of mode 0700.
#[derive(Debug)]
pub struct Quarantine {
    folder: PathBuf,
    staging: Staging,
}

impl Quarantine {
    /// Opens the folder; makes it if there is none.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let staging = Staging::private(folder, "quarantine")?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).at(folder)?;
        }
        let quarantine = Quarantine { folder: folder.to_owned(), staging };
        for name in quarantine.names("released")? {
            quarantine.remove(&name)?;
        }
        Ok(quarantine)
    }

    /// Keeps a document, if it is not kept already. It is safe after [`commit`](Quarantine::commit).
    pub fn add(&mut self, name: &str, original: &[u8], record: &Record) -> Result<bool, Error> {
        self.staging.add(&format!("{name}.original"), original)?;
        self.staging.add(&format!("{name}.json"), &json(record))
    }

    /// Replaces why a document is kept.
    pub fn update(&mut self, name: &str, record: &Record) -> Result<(), Error> {
        self.staging.replace(&format!("{name}.json"), &json(record))
    }

    /// How many files wait for the next commit.
    pub fn waiting(&self) -> usize {
        self.staging.len()
    }

    /// Puts what was added on the disk.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.staging.commit()
    }

    /// The documents that are kept, in the order of their names.
    pub fn list(&self) -> Result<Vec<String>, Error> {
        self.names("json")
    }

    /// A document and why it is kept.
    pub fn get(&self, name: &str) -> Result<(Vec<u8>, Record), Error> {
        let path = self.path(name, "json");
        let text = fs::read(&path).at(&path)?;
        let record =
            serde_json::from_slice(&text).map_err(|error| Error::new(&path, std::io::Error::from(error)))?;
        let path = self.path(name, "original");
        Ok((fs::read(&path).at(&path)?, record))
    }

    /// Lets a document go. To be called when what was made of it is on the disk.
    pub fn release(&self, name: &str) -> Result<(), Error> {
        // The new name says that both files are to go, whenever this is killed.
        let (original, released) = (self.path(name, "original"), self.path(name, "released"));
        fs::rename(&original, &released).at(&original)?;
        self.remove(name)
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        for ending in ["json", "released"] {
            let path = self.path(name, ending);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::new(&path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }

    fn names(&self, ending: &str) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).at(&self.folder)? {
            let name = entry.at(&self.folder)?.file_name();
            if let Some((name, found)) = name.to_str().and_then(|name| name.split_once('.'))
                && found == ending
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

fn json(record: &Record) -> Vec<u8> {
    // A struct of texts and numbers always has a JSON form.
    let mut text = serde_json::to_vec_pretty(record).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_goes_when_it_is_released() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let record = Record {
            kind: crate::intake::Kind::ExtraInfo,
            keyword: "new-line".into(),
            line: 3,
            reason: "no-rule".into(),
            message: "no rule for this line".into(),
            partial: 0,
            written: None,
            rules: "current".into(),
            tarball: "from-serge-2026-03-29T223524Z.tar.gz".into(),
            member: "cached-extrainfo".into(),
            authority: "BA44A889E64B93FAA2B114E02C2A279A8555C533".into(),
            published: "2026-03-29 22:35:24".into(),
            first_seen: "2026-03-29 22:35:24".into(),
        };
        let path = folder.path().join("quarantine");
        let mut quarantine = Quarantine::open(&path).expect("it is free");
        assert!(quarantine.add("ab", b"original", &record).expect("it is writable"));
        quarantine.commit().expect("it is writable");
        let later = Record { first_seen: "later".into(), ..record.clone() };
        assert!(!quarantine.add("ab", b"original", &later).expect("it is writable"));
        assert_eq!(quarantine.list().expect("it is there"), ["ab"]);
        assert_eq!(quarantine.get("ab").expect("it is kept"), (b"original".to_vec(), record));
        drop(quarantine);
        fs::rename(path.join("ab.original"), path.join("ab.released"))
            .expect("as a killed release leaves it");
        let quarantine = Quarantine::open(&path).expect("it is free");
        assert_eq!(quarantine.list().expect("it is there"), [""; 0]);
        assert!(!path.join("ab.released").exists());
    }
}
