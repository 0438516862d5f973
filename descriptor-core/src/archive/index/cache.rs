//! What is known about files from earlier runs: a journal, whose later lines replace earlier ones.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::super::history::Stamp;
use crate::destination;

/// Entries of the index by path, size and time of last change.
///
/// A line is `PATH TAB SIZE TAB TIME TAB JSON`. One that is torn or damaged ends the journal: what it and those after it
/// say is found out anew.
#[derive(Debug, Default)]
pub(super) struct Cache<'t> {
    /// In the order of their paths.
    entries: Vec<Entry<'t>>,
    /// Lines in the file, with those that were replaced.
    lines: usize,
    /// How much of the file is good.
    good: usize,
}

/// An entry, and what the file was when it was made.
pub(super) type Known<'t> = (Stamp, &'t str);

#[derive(Debug, Clone, Copy)]
struct Entry<'t> {
    path: &'t str,
    /// Path of its folder with `/` at the end; the very text that the entry before has, if they are in one folder.
    folder: &'t str,
    known: Known<'t>,
}

/// Lines that follow each other.
struct Lines<'t> {
    entries: Vec<Entry<'t>>,
    /// How many of them are in order, with no path twice.
    ordered: usize,
    good: usize,
}

/// About what a line takes at least. Unit: bytes.
const TYPICAL_LINE: usize = 250;

impl<'t> Cache<'t> {
    /// Reads a journal. What is in order, as all but the last lines are, is not compared again: each comparison is a look
    /// at a far place in memory.
    pub(super) fn of(text: &'t [u8]) -> Self {
        let parts = parts(text, rayon::current_num_threads());
        let (mut cache, mut ordered) = (Cache::default(), 0);
        let read: Vec<_> = parts.par_iter().map(|part| (part, Lines::of(part))).collect();
        cache.entries.reserve(read.iter().map(|(_, lines)| lines.entries.len()).sum());
        for (part, lines) in read {
            let follows = match (cache.entries.last(), lines.entries.first()) {
                (Some(last), Some(first)) => last.path < first.path,
                _ => true,
            };
            if ordered == cache.entries.len() && follows {
                ordered += lines.ordered;
            }
            cache.lines += lines.entries.len();
            cache.entries.extend(lines.entries);
            cache.good += lines.good;
            if lines.good < part.len() {
                break;
            }
        }
        let later = cache.entries.split_off(ordered);
        cache.replace(later);
        cache
    }

    /// Puts later lines into those that are in order.
    fn replace(&mut self, mut later: Vec<Entry<'t>>) {
        // Stable: of equal paths the last one counts.
        later.sort_by_key(|entry| entry.path);
        let mut new = Vec::new();
        for same in later.chunk_by(|one, next| one.path == next.path) {
            let Some(last) = same.last() else { continue };
            match self.entries.binary_search_by_key(&last.path, |entry| entry.path) {
                Ok(place) => self.entries[place] = *last,
                Err(place) => new.push((place, *last)),
            }
        }
        if new.is_empty() {
            return;
        }
        let mut all = Vec::with_capacity(self.entries.len() + new.len());
        let mut done = 0;
        for (place, entry) in new {
            all.extend_from_slice(&self.entries[done..place]);
            all.push(entry);
            done = place;
        }
        all.extend_from_slice(&self.entries[done..]);
        self.entries = all;
    }

    /// All files, those that follow each other in a folder together: its path with `/` at the end, and for each what it was.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&'t str, impl Iterator<Item = (&'t str, Stamp)>)> {
        let together = |one: &Entry<'_>, next: &Entry<'_>| {
            std::ptr::eq(one.folder, next.folder) || one.folder == next.folder
        };
        self.entries.chunk_by(together).map(|files| {
            let folder = files.first().map_or("", |entry| entry.folder);
            (folder, files.iter().map(|entry| (entry.path, entry.known.0)))
        })
    }

    /// What is known about each of some files in the order of their paths.
    pub(super) fn join<'f>(&self, paths: impl Iterator<Item = &'f str>) -> Vec<Option<Known<'t>>> {
        let mut entries = self.entries.iter().peekable();
        let one = |path: &str| {
            // Most are known from here, and then their paths are the same text.
            if let Some(entry) = entries.next_if(|entry| std::ptr::eq(entry.path, path)) {
                return Some(entry.known);
            }
            while entries.next_if(|entry| entry.path < path).is_some() {}
            entries.peek().filter(|entry| entry.path == path).map(|entry| entry.known)
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
            return destination::write(path, fill, |_, ()| Ok(()));
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

impl<'t> Lines<'t> {
    /// The lines of a text, up to one that is not good.
    fn of(text: &'t [u8]) -> Self {
        let entries = Vec::with_capacity(text.len() / TYPICAL_LINE);
        let mut lines = Lines { entries, ordered: 0, good: 0 };
        let mut last: Option<Entry<'t>> = None;
        while let Some(length) = memchr::memchr(b'\n', &text[lines.good..]) {
            let line = &text[lines.good..lines.good + length];
            let Some((path, stamp, json)) = std::str::from_utf8(line).ok().and_then(parse) else { break };
            let folder = path.rfind('/').map_or("", |at| &path[..=at]);
            let folder = last.map(|it| it.folder).filter(|last| *last == folder).unwrap_or(folder);
            if lines.ordered == lines.entries.len() && last.is_none_or(|last| last.path < path) {
                lines.ordered += 1;
            }
            let entry = Entry { path, folder, known: (stamp, json) };
            lines.entries.push(entry);
            lines.good += length + 1;
            last = Some(entry);
        }
        lines
    }
}

/// A text in about so many parts that end where lines end.
fn parts(text: &[u8], count: usize) -> Vec<&[u8]> {
    let (mut parts, mut rest, size) = (Vec::new(), text, text.len().div_ceil(count.max(1)));
    while !rest.is_empty() {
        let from = size.min(rest.len());
        let end = memchr::memchr(b'\n', &rest[from..]).map_or(rest.len(), |at| from + at + 1);
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts
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
        let more =
            [line("d", new, "{4}"), line("aa", old, "{5}"), line("c", old, "{6}"), line("b", new, "{7}")];
        cache.save(&path, &more, [].into_iter()).expect("it is writable");
        let text = fs::read(&path).expect("it was saved");
        assert_eq!(
            Cache::of(&text).join(["a", "aa", "b", "c", "d"].into_iter()),
            [(new, "{3}"), (old, "{5}"), (new, "{7}"), (old, "{6}"), (new, "{4}")].map(Some)
        );
        assert_eq!(text.iter().filter(|&&byte| byte == b'\n').count(), 7);
    }

    #[test]
    fn parts_are_the_whole_and_end_with_lines() {
        let stamp = Stamp { size: 1, modified: 2 };
        let text: String = (0..40).map(|number| line(&format!("{number:02}"), stamp, "{}")).collect();
        for (count, end) in [(1, text.len()), (3, text.len()), (7, text.len() - 5), (1000, text.len())] {
            let text = &text.as_bytes()[..end];
            let parts = parts(text, count);
            assert_eq!(parts.concat(), text);
            assert!(parts.len() <= count && parts.iter().rev().skip(1).all(|part| part.ends_with(b"\n")));
        }
        // What comes after a bad line is not believed, in whatever part it is.
        let torn = text.replacen("12\t1", "12\tx", 1);
        let cache = Cache::of(torn.as_bytes());
        assert_eq!((cache.entries.len(), cache.lines), (12, 12));
        assert!(torn[cache.good..].starts_with("12\tx"));
    }

    #[test]
    fn files_come_by_folder() {
        let stamp = Stamp { size: 1, modified: 2 };
        let text: String = ["a", "b/c/d", "b/c/e", "b/f", "c/g"].map(|path| line(path, stamp, "{}")).concat();
        let cache = Cache::of(text.as_bytes());
        let folders: Vec<_> = cache.folders().map(|(path, files)| (path, files.count())).collect();
        assert_eq!(folders, [("", 1), ("b/c/", 2), ("b/", 1), ("c/", 1)]);
    }
}
