//! Sorts lines of several days in bounded memory.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, binary_heap::PeekMut},
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::value::Timestamp;

/// Lines by day, each with how often it came. Equal lines take memory once: of a busy site's million requests a day, most
/// are equal once they are sanitized. Where even that is too much, sorted runs go to files that have no name.
#[derive(Debug)]
pub(super) struct LineCounts {
    days: BTreeMap<Timestamp, Day>,
    bytes: usize,
    limit: usize,
    folder: PathBuf,
    spilled: usize,
}

/// The lines of a day.
#[derive(Debug, Default)]
pub(super) struct Day {
    counts: HashMap<Box<[u8]>, u64>,
    bytes: usize,
    runs: Vec<Run>,
}

/// So many files of a day are made one, lest there be too many open.
const MOST_RUNS: usize = 32;

/// About what an entry takes besides its line. Unit: bytes.
const ENTRY: usize = 56;

impl LineCounts {
    /// Takes about as many bytes of memory as `limit` says; files go into `folder`.
    pub(super) fn new(folder: &Path, limit: usize) -> Self {
        LineCounts { days: BTreeMap::new(), bytes: 0, limit, folder: folder.to_owned(), spilled: 0 }
    }

    /// Adds a line, without its end, to a day.
    pub(super) fn add(&mut self, day: Timestamp, line: &[u8]) -> io::Result<()> {
        let lines = self.days.entry(day).or_default();
        match lines.counts.get_mut(line) {
            Some(count) => *count += 1,
            None => {
                lines.counts.insert(line.into(), 1);
                lines.bytes += line.len() + ENTRY;
                self.bytes += line.len() + ENTRY;
                if self.bytes > self.limit {
                    self.spill()?;
                }
            }
        }
        Ok(())
    }

    /// Takes out a day; `None` if it has no lines.
    pub(super) fn take(&mut self, day: Timestamp) -> Option<Day> {
        let lines = self.days.remove(&day)?;
        self.bytes -= lines.bytes;
        Some(lines)
    }

    /// Puts the largest days into files until half of the memory is free.
    fn spill(&mut self) -> io::Result<()> {
        while self.bytes > self.limit / 2 {
            let Some(day) = self.days.values_mut().max_by_key(|day| day.bytes) else { break };
            self.bytes -= std::mem::take(&mut day.bytes);
            let counts = std::mem::take(&mut day.counts);
            day.runs.push(Run::write(&self.folder, |out| {
                merge(Vec::new(), sorted(counts), &mut |line, count| record(out, line, count))
            })?);
            self.spilled += 1;
            if day.runs.len() >= MOST_RUNS {
                let runs = std::mem::take(&mut day.runs);
                day.runs.push(Run::write(&self.folder, |out| {
                    merge(runs, Vec::new(), &mut |line, count| record(out, line, count))
                })?);
            }
        }
        Ok(())
    }

    /// How many files were needed.
    pub(super) fn spilled(&self) -> usize {
        self.spilled
    }
}

impl Day {
    /// Gives all lines in the order of their bytes, each once, with how often it came.
    pub(super) fn each(self, each: &mut dyn FnMut(&[u8], u64) -> io::Result<()>) -> io::Result<()> {
        merge(self.runs, sorted(self.counts), each)
    }
}

fn sorted(counts: HashMap<Box<[u8]>, u64>) -> Vec<(Box<[u8]>, u64)> {
    let mut lines: Vec<_> = counts.into_iter().collect();
    lines.sort_unstable();
    lines
}

fn record(out: &mut dyn Write, line: &[u8], count: u64) -> io::Result<()> {
    out.write_all(&count.to_le_bytes())?;
    out.write_all(line)?;
    out.write_all(b"\n")
}

/// Sorted lines in a file: each after its count, with LF.
#[derive(Debug)]
struct Run(File);

impl Run {
    /// Makes a file and takes its name away, so that it is gone when this is dropped or the process killed. Where the
    /// system does not let the name go, the next run removes what lies in the folder.
    fn write(folder: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let name = |number: u32| folder.join(format!("run-{number}"));
        let mut number = 0;
        let (path, file) = loop {
            match options.open(name(number)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                file => break (name(number), file?),
            }
        };
        drop(fs::remove_file(path));
        let mut out = BufWriter::with_capacity(256 << 10, file);
        fill(&mut out)?;
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Run(file))
    }
}

/// Where the next line of a merge comes from.
enum Lines {
    Run(BufReader<File>),
    Memory(std::vec::IntoIter<(Box<[u8]>, u64)>),
}

impl Lines {
    fn next(&mut self) -> io::Result<Option<(Box<[u8]>, u64)>> {
        let reader = match self {
            Lines::Memory(lines) => return Ok(lines.next()),
            Lines::Run(reader) => reader,
        };
        if reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let (mut count, mut line) = ([0; 8], Vec::new());
        reader.read_exact(&mut count)?;
        reader.read_until(b'\n', &mut line)?;
        line.pop();
        Ok(Some((line.into(), u64::from_le_bytes(count))))
    }
}

/// Merges sorted lines and adds up the counts of equal ones.
fn merge(
    runs: Vec<Run>,
    memory: Vec<(Box<[u8]>, u64)>,
    each: &mut dyn FnMut(&[u8], u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut sources: Vec<_> = runs.into_iter().map(|Run(file)| Lines::Run(BufReader::new(file))).collect();
    sources.push(Lines::Memory(memory.into_iter()));
    let mut heap = BinaryHeap::new();
    for (number, source) in sources.iter_mut().enumerate() {
        if let Some((line, count)) = source.next()? {
            heap.push(Reverse((line, number, count)));
        }
    }
    let mut last: Option<(Box<[u8]>, u64)> = None;
    while let Some(mut top) = heap.peek_mut() {
        let number = top.0.1;
        let (line, count) = match sources[number].next()? {
            Some((line, count)) => {
                let Reverse(old) = std::mem::replace(&mut *top, Reverse((line, number, count)));
                (old.0, old.2)
            }
            None => {
                let Reverse(old) = PeekMut::pop(top);
                (old.0, old.2)
            }
        };
        match &mut last {
            Some((known, total)) if *known == line => *total += count,
            _ => {
                if let Some((line, count)) = last.replace((line, count)) {
                    each(&line, count)?;
                }
            }
        }
    }
    last.map_or(Ok(()), |(line, count)| each(&line, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same lines with little and with much memory.
    #[test]
    fn lines_are_sorted_and_counted_whatever_the_memory() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sort = |limit: usize| {
            let mut lines = LineCounts::new(folder.path(), limit);
            for number in 0..20_000u64 {
                let line = format!("line {}", number.wrapping_mul(2_654_435_761) % 3000);
                lines.add(Timestamp((number % 3) as i64), line.as_bytes()).expect("it is writable");
            }
            let spilled = lines.spilled();
            let mut text = String::new();
            for day in 0..4 {
                let Some(day) = lines.take(Timestamp(day)) else { continue };
                let mut each = |line: &[u8], count: u64| {
                    text += &format!("{} {count}\n", String::from_utf8_lossy(line));
                    Ok(())
                };
                day.each(&mut each).expect("it is readable");
                text += "-\n";
            }
            assert_eq!(lines.bytes, 0);
            (text, spilled)
        };
        let ((whole, none), (parts, many)) = (sort(usize::MAX), sort(10_000));
        assert_eq!(none, 0);
        assert!(many > 2 * MOST_RUNS, "{many}");
        assert_eq!(whole, parts);
        let total: u64 = whole.lines().filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum();
        assert_eq!(total, 20_000);
        let first: Vec<_> = whole.lines().take_while(|line| *line != "-").collect();
        assert!(first.is_sorted_by_key(|line| line.rsplit_once(' ').map(|(line, _)| line)));
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0);
    }
}
