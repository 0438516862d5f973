//! Which web server logs were read, and which days they have requests of: CollecTor's file `processed-webstats`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{archive::history::Stamp, destination, schema::RuleSet, value::Timestamp};

/// The logs that were read, with their days. A log that has grown is another one. It saves time and nothing else: without
/// it, all logs are read again and the same files are written.
///
/// A line is `SIZE TIME DAYS PATH`. Which days a log has requests of depends on the rules, which the first line names.
/// CollecTor's file has neither size nor time, so that nothing can be learned from it.
#[derive(Debug)]
pub(super) struct ProcessedLogs {
    rules: RuleSet,
    logs: BTreeMap<PathBuf, (Stamp, BTreeSet<Timestamp>)>,
}

const FIRST_LINE: &str = "tordesc processed-webstats 1";

impl ProcessedLogs {
    /// Loads the file; nothing if there is none, or one of CollecTor or of other rules.
    pub(super) fn load(path: &Path, rules: RuleSet) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let first = format!("{FIRST_LINE} {rules}");
        let mut lines = text.lines();
        let logs = match lines.next() {
            Some(line) if line == first => lines.map(parse).collect::<Option<_>>().unwrap_or_default(),
            _ => BTreeMap::new(),
        };
        Ok(ProcessedLogs { rules, logs })
    }

    /// The days of a log, if it was read as it is now.
    pub(super) fn days(&self, path: &Path, stamp: Stamp) -> Option<&BTreeSet<Timestamp>> {
        self.logs.get(path).filter(|(known, _)| *known == stamp).map(|(_, days)| days)
    }

    /// Notes that a log was read.
    pub(super) fn add(&mut self, path: PathBuf, stamp: Stamp, days: BTreeSet<Timestamp>) {
        self.logs.insert(path, (stamp, days));
    }

    /// Saves it without the logs that are gone.
    pub(super) fn save(&mut self, path: &Path) -> io::Result<()> {
        self.logs.retain(|path, _| path.exists());
        let fill = |out: &mut io::BufWriter<fs::File>| {
            writeln!(out, "{FIRST_LINE} {}", self.rules)?;
            for (path, (stamp, days)) in &self.logs {
                let Some(path) = path.to_str().filter(|path| !path.contains(['\n', '\r'])) else { continue };
                let days: Vec<_> = days.iter().map(|day| day.to_string()[..10].to_owned()).collect();
                writeln!(out, "{} {} {} {path}", stamp.size, stamp.modified, days.join(","))?;
            }
            Ok(())
        };
        destination::write(path, fill, |_, ()| Ok(()))
    }
}

fn parse(line: &str) -> Option<(PathBuf, (Stamp, BTreeSet<Timestamp>))> {
    let mut parts = line.splitn(4, ' ');
    let stamp = Stamp { size: parts.next()?.parse().ok()?, modified: parts.next()?.parse().ok()? };
    let days = parts.next()?.split(',').filter(|day| !day.is_empty());
    let day = |day: &str| Timestamp::parse(format!("{day} 00:00:00").as_bytes().try_into().ok()?);
    let days = days.map(day).collect::<Option<_>>()?;
    Some((PathBuf::from(parts.next()?), (stamp, days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_known_until_it_changes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (state, log) = (folder.path().join("processed-webstats"), folder.path().join("a log"));
        fs::write(&log, "x").expect("it is writable");
        fs::write(&state, "2026-03-27,in/a\n").expect("it is writable");
        let stamp = Stamp::of(&fs::metadata(&log).expect("it is there"));
        let days = BTreeSet::from([Timestamp(0), Timestamp(86400)]);
        let mut processed = ProcessedLogs::load(&state, RuleSet::Current).expect("it is readable");
        assert!(processed.logs.is_empty());
        processed.add(log.clone(), stamp, days.clone());
        processed.add(folder.path().join("gone"), stamp, days.clone());
        processed.save(&state).expect("it is writable");
        let processed = ProcessedLogs::load(&state, RuleSet::Current).expect("it is readable");
        assert_eq!((processed.logs.len(), processed.days(&log, stamp)), (1, Some(&days)));
        assert_eq!(processed.days(&log, Stamp { size: 2, ..stamp }), None);
        let other = ProcessedLogs::load(&state, RuleSet::Collector1_18_2).expect("it is readable");
        assert!(other.logs.is_empty());
    }
}
