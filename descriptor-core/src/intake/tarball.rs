//! The snapshots of bridge authorities and their names (collector §3.1).

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Error, error::At, parsed::Stamp};
use crate::{
    sanitize::Origin,
    value::{Fingerprint, Timestamp},
};

/// The bridge authorities by the name that their tarballs have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities(Vec<(String, Fingerprint)>);

impl Default for Authorities {
    /// Those that Tor has had.
    fn default() -> Self {
        let known = [
            ("tonga", "4A0CCD2DDC7995083D73F5D667100C8A5831F16D"),
            ("bifroest", "1D8F3A91C37C5D1C4C19B1AD1D0CFBE8BF72D8E1"),
            ("serge", "BA44A889E64B93FAA2B114E02C2A279A8555C533"),
        ];
        let read =
            |(name, hex): (&str, &str)| Some((name.to_owned(), Fingerprint::from_hex(hex.as_bytes())?));
        Authorities(known.into_iter().filter_map(read).collect())
    }
}

/// Not `NAME=FINGERPRINT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not NAME=FINGERPRINT with a name without hyphens and 40 hex digits")]
pub struct BadAuthority;

impl Authorities {
    /// Adds an authority as `NAME=FINGERPRINT`, or replaces the one of that name.
    pub fn add(&mut self, text: &str) -> Result<(), BadAuthority> {
        let (name, hex) = text.split_once('=').ok_or(BadAuthority)?;
        let fingerprint = Fingerprint::from_hex(hex.as_bytes()).ok_or(BadAuthority)?;
        if name.is_empty() || name.contains('-') {
            return Err(BadAuthority);
        }
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), fingerprint));
        Ok(())
    }

    fn get(&self, name: &str) -> Option<Fingerprint> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, fingerprint)| *fingerprint)
    }
}

/// A snapshot of a bridge authority.
#[derive(Debug, Clone)]
pub(super) struct Tarball {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) stamp: Stamp,
}

/// What the walk finds.
pub(super) enum Found {
    Tarball(Tarball),
    /// A file that is no tarball by its ending.
    Other,
    /// A file or folder that cannot be taken, and why.
    Bad(PathBuf, String),
}

/// Finds all tarballs in files and folders, in the order of names. Files and folders that are hidden, as those that are
/// still being copied often are, are passed over.
pub(super) fn find(
    inputs: &[PathBuf],
    authorities: &Authorities,
    each: &mut dyn FnMut(Found) -> Result<(), Error>,
) -> Result<(), Error> {
    for path in inputs {
        // What was named must be there.
        let metadata = fs::metadata(path).at(path)?;
        if metadata.is_dir() {
            folder(path, authorities, each)?
        } else {
            file(path, &metadata, authorities, each)?
        }
    }
    Ok(())
}

fn folder(
    path: &Path,
    authorities: &Authorities,
    each: &mut dyn FnMut(Found) -> Result<(), Error>,
) -> Result<(), Error> {
    let list = || fs::read_dir(path)?.collect::<std::io::Result<Vec<_>>>();
    let mut entries = match list() {
        Ok(entries) => entries,
        Err(error) => return each(Found::Bad(path.to_owned(), error.to_string())),
    };
    entries.sort_unstable_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        match (entry.file_type(), fs::metadata(&path)) {
            // A link to a folder could lead in a circle.
            (Ok(kind), Ok(metadata)) if metadata.is_dir() => {
                if kind.is_dir() {
                    folder(&path, authorities, each)?;
                }
            }
            (_, Ok(metadata)) => file(&path, &metadata, authorities, each)?,
            (_, Err(error)) => each(Found::Bad(path, error.to_string()))?,
        }
    }
    Ok(())
}

fn file(
    path: &Path,
    metadata: &fs::Metadata,
    authorities: &Authorities,
    each: &mut dyn FnMut(Found) -> Result<(), Error>,
) -> Result<(), Error> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(stem) = stem(&name).filter(|_| metadata.is_file()) else { return each(Found::Other) };
    let bad = |why: &str| Found::Bad(path.to_owned(), why.to_owned());
    each(match parse(stem) {
        None => bad("not named from-AUTHORITY-YYYY-MM-DDTHHMMSSZ"),
        Some((authority, published)) => match authorities.get(authority) {
            None => bad("from no known bridge authority; --authority NAME=FINGERPRINT makes one known"),
            Some(authority) => Found::Tarball(Tarball {
                path: path.to_owned(),
                name,
                origin: Origin { authority, published },
                stamp: Stamp::of(metadata),
            }),
        },
    })
}

/// A tarball's name without its ending; `None` for other files.
fn stem(name: &str) -> Option<&str> {
    const ENDINGS: [&str; 9] =
        [".tar.gz", ".tar", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tar.lzma", ".tar.z", ".txz"];
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))
}

/// Reads `from-AUTHORITY-YYYY-MM-DDTHHMMSSZ`.
fn parse(stem: &str) -> Option<(&str, Timestamp)> {
    let (authority, time) = stem.strip_prefix("from-")?.split_once('-')?;
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    if date.len() != 10 || clock.len() != 6 || !clock.is_ascii() {
        return None;
    }
    let text = format!("{date} {}:{}:{}", &clock[..2], &clock[2..4], &clock[4..]);
    let time = Timestamp::parse(text.as_bytes().try_into().ok()?)?;
    (!authority.is_empty()).then_some((authority, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_authority_and_time() {
        let read = |name: &str| parse(stem(name)?).map(|(authority, time)| format!("{authority} {time}"));
        for name in ["from-serge-2026-03-29T223524Z.tar.gz", "from-serge-2026-03-29T223524Z.tar"] {
            assert_eq!(read(name).as_deref(), Some("serge 2026-03-29 22:35:24"));
        }
        for name in [
            "from-serge-2026-03-29T223524Z.tar.gz.part",
            "from-serge-2026-13-29T223524Z.tar.gz",
            "from-serge-2026-03-29T22352Z.tar",
            "from-serge-2026-03-29.tar",
            "from--2026-03-29T223524Z.tar",
            "from-a-b-2026-03-29T223524Z.tar",
            "serge-2026-03-29T223524Z.tar",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
        let mut authorities = Authorities::default();
        assert_eq!(authorities.0.len(), 3);
        assert!(authorities.get("trifroest").is_none());
        authorities.add("test=00000000000000000000000000000000000000aa").expect("it is well formed");
        assert!(authorities.get("test").is_some());
        for bad in [
            "test",
            "=00000000000000000000000000000000000000aa",
            "x=00",
            "a-b=00000000000000000000000000000000000000aa",
        ] {
            assert_eq!(authorities.add(bad), Err(BadAuthority));
        }
    }
}
