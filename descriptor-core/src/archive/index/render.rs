//! `index.json` as it is written, and where it may be cut.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::super::{facts::Facts, history::Stamp};
use crate::value::Timestamp;

/// The entry of a file (collector §9.1): fields in order, those that are not known left out.
pub(super) fn entry(name: &str, stamp: Stamp, facts: &Facts, sha256: &[u8; 32]) -> String {
    let mut json = format!("{{\"path\":{},\"size\":{}", text(name), stamp.size);
    let modified = Timestamp(i64::try_from(stamp.modified.div_euclid(1_000_000_000)).unwrap_or(0));
    field(&mut json, "last_modified", &minute(modified));
    if !facts.types.is_empty() {
        let types: Vec<_> = facts.types.iter().map(|name| text(name)).collect();
        json.push_str(&format!(",\"types\":[{}]", types.join(",")));
    }
    if let Some(first) = facts.first {
        field(&mut json, "first_published", &minute(first));
    }
    if let Some(last) = facts.last {
        field(&mut json, "last_published", &minute(last));
    }
    field(&mut json, "sha256", &BASE64_STANDARD.encode(sha256));
    json.push('}');
    json
}

fn field(json: &mut String, name: &str, value: &str) {
    json.push_str(&format!(",\"{name}\":\"{value}\""));
}

fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn minute(time: Timestamp) -> String {
    String::from_utf8_lossy(&time.format(b' ')[..16]).into_owned()
}

/// An index in pieces. The first one says when it was made; all others depend on the files alone.
#[derive(Debug, Default)]
pub(super) struct Rendered<'f> {
    /// Its text, not put together: the entries of files are not copied.
    parts: Vec<Cow<'f, str>>,
    /// How many parts there are up to the end of each piece.
    ends: Vec<usize>,
    /// How long the last piece is so far. Unit: bytes.
    length: usize,
}

/// A piece of an index, in parts.
pub(super) type Piece<'r> = &'r [Cow<'r, str>];

/// Pieces are between these sizes. Unit: bytes.
const PIECE: std::ops::Range<usize> = 48 << 10..256 << 10;

/// A piece ends after an entry with a digest that ends so: the same one wherever the entry stands, so that a file that
/// comes or goes changes the pieces around it and no others.
fn ends_piece(entry: &str) -> bool {
    let digest = entry.len().checked_sub(5).and_then(|at| entry.as_bytes().get(at - 1..=at));
    matches!(digest, Some([b'A' | b'a', b'0'..=b'9' | b'A'..=b'P']))
}

#[derive(Debug, Default)]
struct Folder<'f> {
    name: &'f str,
    files: Vec<&'f str>,
    folders: Vec<usize>,
}

/// Writes an index of entries in the order of their paths. Folders stand in the order of their first files.
pub(super) fn index<'f>(
    created: Timestamp,
    revision: Option<&str>,
    base: &str,
    entries: impl Iterator<Item = (&'f str, &'f str)>,
) -> Rendered<'f> {
    let mut folders = vec![Folder::default()];
    let mut by_path: HashMap<&str, usize> = HashMap::from([("", 0)]);
    let mut last = ("", 0);
    for (path, entry) in entries {
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        if above != last.0 {
            last = (above, find(above, &mut folders, &mut by_path));
        }
        folders[last.1].files.push(entry);
    }
    let mut rendered = Rendered::default();
    rendered.push(format!("{{\"index_created\":\"{}\"", minute(created)));
    if let Some(revision) = revision {
        rendered.push(format!(",\"build_revision\":{}", text(revision)));
    }
    rendered.push(format!(",\"path\":{}", text(base)));
    rendered.end();
    rendered.folder(&folders, 0);
    rendered.end();
    rendered
}

/// The place of a folder, which is made with those above it if need be.
fn find<'f>(path: &'f str, folders: &mut Vec<Folder<'f>>, by_path: &mut HashMap<&'f str, usize>) -> usize {
    let (mut place, mut from) = (0, 0);
    while from <= path.len() {
        let end = path[from..].find('/').map_or(path.len(), |length| from + length);
        let (name, above) = (&path[from..end], place);
        place = *by_path.entry(&path[..end]).or_insert_with(|| {
            folders.push(Folder { name, ..Folder::default() });
            let place = folders.len() - 1;
            folders[above].folders.push(place);
            place
        });
        from = end + 1;
    }
    place
}

impl<'f> Rendered<'f> {
    fn push(&mut self, part: impl Into<Cow<'f, str>>) {
        let part = part.into();
        self.length += part.len();
        self.parts.push(part);
    }

    /// Ends a piece.
    fn end(&mut self) {
        self.ends.push(self.parts.len());
        self.length = 0;
    }

    /// The rest of a folder, after its path.
    fn folder(&mut self, folders: &[Folder<'f>], place: usize) {
        let Folder { files, folders: within, .. } = &folders[place];
        for (number, entry) in files.iter().enumerate() {
            self.push(if number == 0 { ",\"files\":[" } else { "," });
            self.push(*entry);
            if self.length >= PIECE.end || (self.length >= PIECE.start && ends_piece(entry)) {
                self.end();
            }
        }
        if !files.is_empty() {
            self.push("]");
        }
        for (number, &place) in within.iter().enumerate() {
            self.push(if number == 0 { ",\"directories\":[" } else { "," });
            self.push(format!("{{\"path\":{}", text(folders[place].name)));
            self.folder(folders, place);
        }
        if !within.is_empty() {
            self.push("]");
        }
        self.push("}");
    }

    /// The pieces.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, &end)| &self.parts[begin..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stand_in_the_order_of_their_first_files() {
        let paths = ["a-b/x", "a/b/c/y", "a/z", "top"];
        let rendered = index(Timestamp(0), None, "u\"", paths.map(|path| (path, "{}")).into_iter());
        assert_eq!(
            rendered.parts.concat(),
            concat!(
                r#"{"index_created":"1970-01-01 00:00","path":"u\"","files":[{}],"directories":["#,
                r#"{"path":"a-b","files":[{}]},{"path":"a","files":[{}],"directories":["#,
                r#"{"path":"b","directories":[{"path":"c","files":[{}]}]}]}]}"#
            )
        );
        assert_eq!(rendered.pieces().collect::<Vec<_>>().concat(), rendered.parts);
        assert_eq!(rendered.ends.len(), 2);
    }
}
