//! What is known about files from earlier runs: a journal, whose later lines replace earlier ones.

use std::{
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
    /// In the order of their paths.
    entries: Vec<(&'t str, Known<'t>)>,
    /// Lines in the file, with those that were replaced.
    lines: usize,
    /// How much of the file is good.
    good: usize,
}

/// An entry, and what the file was when it was made.
pub(super) type Known<'t> = (Stamp, &'t str);

impl<'t> Cache<'t> {
    /// Reads a journal.
    pub(super) fn of(text: &'t [u8]) -> Self {
        let mut cache = Cache::default();
        while let Some(length) = memchr::memchr(b'\n', &text[cache.good..]) {
            let line = &text[cache.good..cache.good + length];
            let Some((path, stamp, json)) = std::str::from_utf8(line).ok().and_then(parse) else { break };
            cache.entries.push((path, (stamp, json)));
            cache.lines += 1;
            cache.good += length + 1;
        }
        // Stable, and quick for what is in order but for some lines at the end. Of equal paths the last one counts.
        cache.entries.sort_by_key(|(path, _)| *path);
        cache.entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 = later.1;
            }
            same
        });
        cache
    }

    /// All files with what they were.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'t str, Stamp)> {
        self.entries.iter().map(|&(path, (stamp, _))| (path, stamp))
    }

    /// What is known about each of some files in the order of their paths.
    pub(super) fn join<'f>(&self, paths: impl Iterator<Item = &'f str>) -> Vec<Option<Known<'t>>> {
        let mut entries = self.entries.iter().peekable();
        let one = |path: &str| {
            while entries.next_if(|(known, _)| *known < path).is_some() {}
            entries.peek().filter(|(known, _)| *known == path).map(|(_, known)| *known)
        };
        paths.map(one).collect()
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
                all.into_iter()
                    .try_for_each(|(path, stamp, json)| out.write_all(line(path, stamp, json).as_bytes()))
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
    let (path, size, modified) =
        (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse::<i64>().ok()?);
    let json = parts.next().filter(|json| json.starts_with('{') && json.ends_with('}'))?;
    Some((path, Stamp { size, modified: modified.into() }, json))
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
        assert_eq!(cache.join(["a", "aa", "b"].into_iter()), [Some((new, "{3}")), None, Some((old, "{2}"))]);
        cache.save(&path, &[line("d", new, "{4}")], [].into_iter()).expect("it is writable");
        let text = fs::read(&path).expect("it was saved");
        assert_eq!(Cache::of(&text).join(["d"].into_iter()), [Some((new, "{4}"))]);
        assert_eq!(text.iter().filter(|&&byte| byte == b'\n').count(), 4);
    }
}
