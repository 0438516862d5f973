//! The files that an index is about.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{super::history::Stamp, File, folders};
use crate::value::Timestamp;

/// The files of a tree.
#[derive(Debug, Default)]
pub(super) struct Walked<'c> {
    /// In byte order of their paths below the root, with `/` between folders.
    pub(super) files: Vec<File<'c>>,
    /// Those that cannot be named in an index.
    pub(super) skipped: Vec<PathBuf>,
    /// What may be believed of folders next time, by their paths below the root.
    pub(super) folders: BTreeMap<String, folders::Folder>,
}

/// Lists a tree. Links are followed; what is hidden or ends in `.tmp` is still being written; `without` is passed over. What is
/// believed of a folder is not looked at.
pub(super) fn walk<'c>(
    root: &Path,
    without: &Path,
    believed: &folders::Believed<'c>,
    now: Timestamp,
) -> io::Result<Walked<'c>> {
    let without = fs::canonicalize(without).ok();
    let top = Folder { path: root.to_owned(), below: String::new(), above: vec![fs::canonicalize(root)?] };
    let (mut walked, mut blocks) = (Walked::default(), Vec::new());
    let mut level = vec![top];
    while !level.is_empty() {
        let listed: Vec<_> = level
            .par_iter()
            .map(|it| it.list(without.as_deref(), believed, now))
            .collect::<io::Result<_>>()?;
        level = Vec::new();
        for (found, folders) in listed {
            blocks.push(found.files);
            walked.skipped.extend(found.skipped);
            walked.folders.extend(found.folders);
            level.extend(folders);
        }
    }
    walked.files = in_order(blocks);
    Ok(walked)
}

/// Files of many folders, each one's in order. Most folders have either files or folders: then one's files all come before the
/// next one's, and no others are compared.
fn in_order(mut blocks: Vec<Vec<File<'_>>>) -> Vec<File<'_>> {
    blocks.retain(|files| !files.is_empty());
    blocks.sort_by(|one, next| one.first().map(|it| &it.0).cmp(&next.first().map(|it| &it.0)));
    let follow = |pair: &[Vec<File<'_>>]| match pair {
        [one, next] => one.last().map(|it| &it.0) < next.first().map(|it| &it.0),
        _ => true,
    };
    let ordered = blocks.windows(2).all(follow);
    let mut files = Vec::with_capacity(blocks.iter().map(Vec::len).sum());
    blocks.into_iter().for_each(|block| files.extend(block));
    if !ordered {
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    files
}

struct Folder {
    path: PathBuf,
    /// Its path below the root, with `/` at its end.
    below: String,
    /// Where it and the folders above it really are.
    above: Vec<PathBuf>,
}

impl Folder {
    /// Its files in order and its folders, as they are believed to be or as they are.
    fn list<'c>(
        &self,
        without: Option<&Path>,
        believed: &folders::Believed<'c>,
        now: Timestamp,
    ) -> io::Result<(Walked<'c>, Vec<Folder>)> {
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound && self.above.len() > 1;
        // Asked before it is listed: what comes meanwhile makes it another one.
        let modified = match fs::metadata(&self.path) {
            // Since the folder above was listed.
            Err(error) if gone(&error) => return Ok(<_>::default()),
            metadata => Stamp::of(&metadata?).modified,
        };
        if let Some((known, files)) = believed.get(&self.below, modified) {
            let mut folders = Vec::new();
            for name in &known.folders {
                folders.extend(self.within(name, without)?);
            }
            let itself = BTreeMap::from([(self.below.clone(), known.clone())]);
            let files = files.iter().map(|&(path, stamp)| (Cow::Borrowed(path), stamp)).collect();
            return Ok((Walked { files, folders: itself, ..Walked::default() }, folders));
        }
        match fs::read_dir(&self.path) {
            Err(error) if gone(&error) => Ok(<_>::default()),
            entries => self.look(
                entries?,
                without,
                folders::Folder { modified, listed: now, files: 0, folders: vec![] },
            ),
        }
    }

    /// Looks at each entry. Sizes and times are asked for by name within the folder, which is quicker than by path.
    fn look(
        &self,
        entries: fs::ReadDir,
        without: Option<&Path>,
        mut itself: folders::Folder,
    ) -> io::Result<(Walked<'static>, Vec<Folder>)> {
        let (mut walked, mut folders, mut plain) = (Walked::default(), Vec::new(), true);
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.contains(['\t', '\n', '\r'])) else {
                walked.skipped.push(entry.path());
                plain = false;
                continue;
            };
            if name.starts_with('.') || name.ends_with(".tmp") {
                continue;
            }
            let kind = entry.file_type()?;
            // What a link leads to changes without the folder.
            plain &= !kind.is_symlink();
            let metadata = match kind {
                kind if kind.is_dir() => None,
                kind if kind.is_symlink() => fs::metadata(entry.path()).ok(),
                _ => entry.metadata().ok(),
            };
            if kind.is_dir() || metadata.as_ref().is_some_and(fs::Metadata::is_dir) {
                itself.folders.push(name.to_owned());
                folders.extend(self.within(name, without)?);
            } else if let Some(metadata) = metadata.filter(fs::Metadata::is_file) {
                walked.files.push((format!("{}{name}", self.below).into(), Stamp::of(&metadata)));
            }
        }
        walked.files.sort_by(|(a, _), (b, _)| a.cmp(b));
        itself.files = walked.files.len();
        if plain {
            walked.folders.insert(self.below.clone(), itself);
        }
        Ok((walked, folders))
    }

    /// A folder in it; nothing if it is not to be listed or would lead in a circle, as a link to a folder above.
    fn within(&self, name: &str, without: Option<&Path>) -> io::Result<Option<Folder>> {
        let path = self.path.join(name);
        let real = fs::canonicalize(&path)?;
        if Some(&*real) == without || self.above.contains(&real) {
            return Ok(None);
        }
        let mut above = self.above.clone();
        above.push(real);
        Ok(Some(Folder { path, below: format!("{}{name}/", self.below), above }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_order_also_beside_folders() {
        let stamp = Stamp { size: 1, modified: 2 };
        let block = |paths: &[&'static str]| {
            paths.iter().map(|&path| (Cow::Borrowed(path), stamp)).collect::<Vec<_>>()
        };
        let paths = |blocks| in_order(blocks).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        let apart = vec![block(&["b/x", "b/y"]), block(&[]), block(&["a/z"])];
        assert_eq!(paths(apart), ["a/z", "b/x", "b/y"]);
        // The file `b` stands between those of the folders `a` and `c`.
        let between = vec![block(&["b", "d"]), block(&["a/z"]), block(&["c/x", "c/y"])];
        assert_eq!(paths(between), ["a/z", "b", "c/x", "c/y", "d"]);
    }
}
