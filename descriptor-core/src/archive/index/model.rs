//! `index.json` as it is read, from CollecTor or from `tordesc`.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use crate::value::Timestamp;

/// An index of files: what a mirror needs to know which files it lacks (collector §9.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Index {
    /// When it was made, to the minute.
    pub created: Option<Timestamp>,
    /// The revision of the program that made it.
    pub revision: Option<String>,
    /// The URL that all paths are below.
    pub base: String,
    /// The files, in the order of the index.
    pub files: Vec<IndexFile>,
}

/// A file of an [`Index`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexFile {
    /// Its path below the base, with `/` between folders. Every part is a plain name, so that it is safe on disk.
    pub path: String,
    /// Its length. Unit: bytes.
    pub size: u64,
    /// When it was changed last, to the minute.
    pub last_modified: Timestamp,
    /// What stands after `@type` in it. Empty where it has no annotations, and before 2019.
    pub types: Vec<String>,
    /// When the first of its documents was published, to the minute; `None` if none has a time, and before 2019.
    pub first_published: Option<Timestamp>,
    /// When the last one was.
    pub last_published: Option<Timestamp>,
    /// Its SHA-256, of the file as it is stored; absent before 2019.
    pub sha256: Option<[u8; 32]>,
}

/// Why something is no index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is no JSON, or has other fields.
    #[error("not an index: {0}")]
    Json(#[from] serde_json::Error),
    /// A name that would lead elsewhere on disk.
    #[error("{0:?}: not the name of a file or folder")]
    Name(String),
    /// A time or digest that is none.
    #[error("{path}: {value:?} is no {what}")]
    Value {
        /// The file.
        path: String,
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
}

#[derive(Deserialize)]
struct Root {
    index_created: Option<String>,
    build_revision: Option<String>,
    #[serde(flatten)]
    folder: Folder,
}

#[derive(Deserialize)]
struct Folder {
    path: String,
    #[serde(default)]
    files: Vec<Entry>,
    #[serde(default)]
    directories: Vec<Folder>,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    size: u64,
    last_modified: String,
    #[serde(default)]
    types: Vec<String>,
    first_published: Option<String>,
    last_published: Option<String>,
    sha256: Option<String>,
}

impl Index {
    /// Reads an index, decompressed.
    pub fn read(json: &[u8]) -> Result<Self, IndexError> {
        let root: Root = serde_json::from_slice(json)?;
        let created = root.index_created.map(|text| time("index_created", text)).transpose()?;
        let mut index =
            Index { created, revision: root.build_revision, base: root.folder.path, files: Vec::new() };
        index.add("", root.folder.files, root.folder.directories)?;
        Ok(index)
    }

    /// Nested no deeper than the JSON reader allows, which is 128 levels.
    fn add(&mut self, above: &str, files: Vec<Entry>, folders: Vec<Folder>) -> Result<(), IndexError> {
        for entry in files {
            let path = below(above, &entry.path)?;
            let optional = |text: Option<String>| text.map(|text| time(&path, text)).transpose();
            let (first_published, last_published) =
                (optional(entry.first_published)?, optional(entry.last_published)?);
            let sha256 = entry.sha256.map(|text| digest(&path, text)).transpose()?;
            self.files.push(IndexFile {
                size: entry.size,
                last_modified: time(&path, entry.last_modified)?,
                types: entry.types,
                first_published,
                last_published,
                sha256,
                path,
            });
        }
        for folder in folders {
            self.add(&below(above, &folder.path)?, folder.files, folder.directories)?;
        }
        Ok(())
    }
}

fn below(above: &str, name: &str) -> Result<String, IndexError> {
    let bad = name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0', '\n', '\r']);
    match (bad, above) {
        (true, _) => Err(IndexError::Name(name.to_owned())),
        (false, "") => Ok(name.to_owned()),
        (false, above) => Ok(format!("{above}/{name}")),
    }
}

/// Reads `YYYY-MM-DD HH:MM`.
fn time(path: &str, value: String) -> Result<Timestamp, IndexError> {
    let mut text = *b"YYYY-MM-DD HH:MM:00";
    if let Ok(minute) = <&[u8; 16]>::try_from(value.as_bytes()) {
        text[..16].copy_from_slice(minute);
    }
    let what = "time to the minute";
    Timestamp::parse(&text).ok_or_else(|| IndexError::Value { path: path.to_owned(), what, value })
}

fn digest(path: &str, value: String) -> Result<[u8; 32], IndexError> {
    let mut digest = [0; 32];
    match BASE64_STANDARD.decode_slice(&value, &mut digest) {
        Ok(32) => Ok(digest),
        _ => Err(IndexError::Value { path: path.to_owned(), what: "SHA-256 in base64", value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["..", "", "a/b", ".x", "C:"] {
            let json = format!(
                r#"{{"path":"u","directories":[{{"path":"{name}","files":[{{"path":"f","size":1,"last_modified":"2016-09-20 13:02"}}]}}]}}"#
            );
            assert!(matches!(Index::read(json.as_bytes()), Err(IndexError::Name(_))), "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_none_and_what_is_wrong_has_its_place() {
        let json =
            br#"{"path":"u","files":[{"path":"f","size":1,"last_modified":"2016-09-20 13:02","new":[]}]}"#;
        let index = Index::read(json).expect("it is one");
        assert_eq!((index.files.len(), index.created, index.files[0].sha256), (1, None, None));
        let json = br#"{"path":"u","files":[{"path":"f","size":1,"last_modified":"2016-09-20"}]}"#;
        let error = Index::read(json).expect_err("no minute").to_string();
        assert_eq!(error, r#"f: "2016-09-20" is no time to the minute"#);
    }
}
