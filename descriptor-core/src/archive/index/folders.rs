//! What is known about folders from earlier runs, so that those that have not changed need not be looked through.
//!
//! Whoever creates, renames or removes a file changes the time of its folder, and whatever is written here comes into its
//! place by renaming. A file that somebody writes into changes no folder: who believes folders sees that only when all is
//! looked at again.

use std::{collections::BTreeMap, fs, io, path::Path};

use super::{super::history::Stamp, cache::Cache};
use crate::{destination, value::Timestamp};

/// What a folder held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    /// When it changed last. Unit: nanoseconds since 1970.
    pub(super) modified: i128,
    /// When it was looked through.
    pub(super) listed: Timestamp,
    /// How many files it had.
    pub(super) files: usize,
    /// The names of the folders in it.
    pub(super) folders: Vec<String>,
}

/// Folders by their paths below the root, with `/` at their ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Folders {
    /// When each file was looked at.
    pub(super) looked: Option<Timestamp>,
    pub(super) known: BTreeMap<String, Folder>,
}

/// Folders that may be believed, with the files that the cache has of them, in order.
#[derive(Debug, Default)]
pub(super) struct Believed<'c> {
    folders: BTreeMap<&'c str, (&'c Folder, Files<'c>)>,
}

type Files<'c> = Vec<(&'c str, Stamp)>;

/// All is looked at again after so many seconds.
const DAY: i64 = 86400;

/// A folder may change again within this time and have the same time then. Unit: seconds.
const GRAIN: i64 = 2;

const FIRST_LINE: &str = "tordesc index folders 1";

impl Folders {
    /// Loads what was saved; nothing if it cannot be read.
    pub(super) fn load(path: &Path) -> Self {
        fs::read_to_string(path).ok().and_then(|text| Self::parse(&text)).unwrap_or_default()
    }

    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        destination::write(path, |out| io::Write::write_all(out, self.text().as_bytes()), |_, ()| Ok(()))
    }

    /// What may be believed now: nothing once a day; no folder that changed about when it was listed, or of which the cache
    /// does not have as many files.
    pub(super) fn believe<'c>(&'c self, cache: &Cache<'c>, now: Timestamp) -> Believed<'c> {
        if self.looked.is_none_or(|looked| !(0..DAY).contains(&(now.0 - looked.0))) {
            return Believed::default();
        }
        let is_settled =
            |it: &Folder| it.modified.div_euclid(1_000_000_000) + i128::from(GRAIN) <= it.listed.0.into();
        let settled = self.known.iter().filter(|(_, folder)| is_settled(folder));
        let mut folders: BTreeMap<&str, (&Folder, Files<'_>)> = settled
            .map(|(path, folder)| (path.as_str(), (folder, Vec::with_capacity(folder.files))))
            .collect();
        for (above, found) in cache.folders() {
            if let Some((_, files)) = folders.get_mut(above) {
                files.extend(found);
            }
        }
        folders.retain(|_, (folder, files)| folder.files == files.len());
        Believed { folders }
    }

    fn text(&self) -> String {
        let mut text = format!("{FIRST_LINE} {}\n", self.looked.map_or(0, |it| it.0));
        for (path, Folder { modified, listed, files, folders }) in &self.known {
            text.push_str(&format!("{modified}\t{}\t{files}\t{path}\t{}\n", listed.0, folders.join("/")));
        }
        text.push_str("end\n");
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix("end\n")?.lines();
        let looked = lines.next()?.strip_prefix(FIRST_LINE)?.trim().parse().ok()?;
        let line = |line: &str| {
            let mut parts = line.split('\t');
            let mut part = || parts.next();
            let (modified, listed) = (part()?.parse().ok()?, Timestamp(part()?.parse().ok()?));
            let (files, path) = (part()?.parse().ok()?, part()?.to_owned());
            let folders = part()?.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            Some((path, Folder { modified, listed, files, folders }))
        };
        Some(Folders { looked: Some(Timestamp(looked)), known: lines.map(line).collect::<Option<_>>()? })
    }
}

impl<'c> Believed<'c> {
    /// Whether nothing is believed.
    pub(super) fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    /// What is known about a folder that has this time.
    pub(super) fn get(&self, path: &str, modified: i128) -> Option<(&'c Folder, &[(&'c str, Stamp)])> {
        let (folder, files) = self.folders.get(path)?;
        (folder.modified == modified).then_some((*folder, files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_what_is_torn_is_not() {
        let folder = Folder {
            modified: -1,
            listed: Timestamp(7),
            files: 3,
            folders: vec!["b".to_owned(), "c d".to_owned()],
        };
        let top = Folder { folders: Vec::new(), ..folder.clone() };
        let known = BTreeMap::from([("a/".to_owned(), folder), (String::new(), top)]);
        let folders = Folders { looked: Some(Timestamp(9)), known };
        let text = folders.text();
        assert_eq!(Folders::parse(&text), Some(folders));
        assert!((0..text.len()).all(|end| Folders::parse(&text[..end]).is_none()), "{text}");
    }
}
