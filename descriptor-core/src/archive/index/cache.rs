//! What is known about files from earlier runs: a journal, whose later lines replace earlier ones.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use super::super::{atomic, history::Stamp};

/// Entries of the index by path, size and time of last change.
///
/// A line is `PATH TAB SIZE TAB TIME TAB JSON`. One that is torn or damaged ends the journal: what it and those after it
/// say is found out anew.
#[derive(Debug, Default)]
pub(super) struct Cache<'t> {
    entries: HashMap<&'t str, (Stamp, &'t str)>,
    /// Lines in the file, with those that were replaced.
    lines: usize,
    /// How much of the file is good.
    good: usize,
}

impl<'t> Cache<'t> {
    /// Reads a journal.
    pub(super) fn of(text: &'t [u8]) -> Self {
        let mut cache = Cache { entries: HashMap::with_capacity(text.len() / 256), ..Cache::default() };
        while let Some(length) = memchr::memchr(b'\n', &text[cache.good..]) {
            let line = &text[cache.good..cache.good + length];
            let Some((path, stamp, json)) = std::str::from_utf8(line).ok().and_then(parse) else { break };
            cache.entries.insert(path, (stamp, json));
            cache.lines += 1;
            cache.good += length + 1;
        }
        cache
    }

    /// The entry of a file that has not changed.
    pub(super) fn get(&self, path: &str, stamp: Stamp) -> Option<&'t str> {
        self.entries.get(path).filter(|(known, _)| *known == stamp).map(|(_, json)| *json)
    }

    /// The last known entry of a file.
    pub(super) fn last(&self, path: &str) -> Option<&'t str> {
        self.entries.get(path).map(|(_, json)| *json)
    }

    /// Adds `fresh` lines to the file; or writes a new one with `all` lines, if more than half of it would be of no use.
    /// It is not synced: after a power failure it may be torn, and that shows.
    pub(super) fn save<'l>(
        &self,
        path: &Path,
        fresh: &[String],
        all: impl ExactSizeIterator<Item = (&'l str, Stamp, &'l str)>,
    ) -> io::Result<()> {
        if self.lines + fresh.len() > 2 * all.len() + 64 {
            let fill = |out: &mut io::BufWriter<File>| {
                all.into_iter().try_for_each(|(path, stamp, json)| out.write_all(line(path, stamp, json).as_bytes()))
            };
            return atomic::write(path, fill, |_, ()| Ok(()));
        }
        if fresh.is_empty() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
        file.set_len(self.good as u64)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        file.write_all(fresh.concat().as_bytes())
    }
}

/// A line of the journal.
pub(super) fn line(path: &str, Stamp { size, modified }: Stamp, json: &str) -> String {
    format!("{path}\t{size}\t{modified}\t{json}\n")
}

fn parse(line: &str) -> Option<(&str, Stamp, &str)> {
    let mut parts = line.splitn(4, '\t');
    let (path, size, modified) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let json = parts.next().filter(|json| json.starts_with('{') && json.ends_with('}'))?;
    Some((path, Stamp { size, modified }, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_lines_replace_earlier_ones_and_a_torn_one_ends_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("state/cache");
        let [old, new] = [1, 2].map(|size| Stamp { size, modified: -1 });
        let lines = [line("a", old, "{1}"), line("b", old, "{2}"), line("a", new, "{3}")];
        Cache::default().save(&path, &lines, [].into_iter()).expect("it is writable");
        let mut text = fs::read(&path).expect("it was saved");
        text.extend(b"c\t1\t1\t{");
        fs::write(&path, &text).expect("it is writable");
        let cache = Cache::of(&text);
        assert_eq!((cache.get("a", old), cache.get("a", new), cache.last("b")), (None, Some("{3}"), Some("{2}")));
        cache.save(&path, &[line("d", new, "{4}")], [].into_iter()).expect("it is writable");
        let text = fs::read(&path).expect("it was saved");
        assert_eq!(Cache::of(&text).get("d", new), Some("{4}"));
        assert_eq!(text.iter().filter(|&&byte| byte == b'\n').count(), 4);
    }
}
