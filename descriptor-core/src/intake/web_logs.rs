//! Web server logs: from what servers wrote to one file a site, machine and day (collector §7).

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use liblzma::write::XzEncoder;
use serde::{Serialize, Serializer};

use super::{
    Error, Problem, Staging,
    error::At,
    line_counts::{Day, LineCounts},
    metrics::Metrics,
    originals,
    processed_logs::ProcessedLogs,
    report::{paths, texts},
};
use crate::{
    archive::{self, Cause, history::Stamp},
    sanitize::{
        ServerLogName, Unpublished, guard::web_server_log_leak, web_server_log_days, web_server_log_line,
        web_server_log_lines, web_server_log_path,
    },
    schema::RuleSet,
    value::Timestamp,
};

/// How to sanitize web server logs.
#[derive(Debug)]
pub struct WebLogs {
    /// The folder that `webstats/…` is written into.
    pub out: PathBuf,
    /// The folder with the list of logs that were read, `processed-webstats`. What is lost with it is time only.
    pub state: PathBuf,
    /// Where the paths of new logs are noted, for [`recent::extend`](crate::archive::recent::extend).
    pub journal: Option<PathBuf>,
    /// Which rules hold.
    pub rules: RuleSet,
    /// Whether the oldest day and the newest two wait, because more of their requests may come (collector §7.3).
    pub limits: bool,
    /// About how much memory the lines of a site may take before they are sorted in files. Unit: bytes.
    pub memory: usize,
}

/// What was done.
#[derive(Debug, Default, Serialize)]
pub struct WebLogsReport {
    /// Logs that were read.
    pub read: u64,
    /// Logs that were read in an earlier run and are not needed now.
    pub unchanged: u64,
    /// Files whose names are not those of logs.
    #[serde(serialize_with = "paths")]
    pub ignored: Vec<PathBuf>,
    /// Logs of a site, machine and day of which there is another one; the first by path is used.
    #[serde(serialize_with = "paths")]
    pub doubles: Vec<PathBuf>,
    /// What could not be read. Days that it may hold requests of are not written until it can be.
    #[serde(serialize_with = "texts", rename = "failures")]
    pub failed: Vec<archive::Error>,
    /// Lines that were read.
    pub lines: u64,
    /// Lines that are not published, by reason.
    #[serde(serialize_with = "by_word")]
    pub unpublished: BTreeMap<Unpublished, u64>,
    /// Lines of days that were written by an earlier run; they are not added to those.
    pub late: u64,
    /// The files that were written, below the folder for them.
    pub written: Vec<String>,
    /// Days that wait for more requests.
    pub waiting: u64,
    /// How often lines went to a file because of the memory.
    pub spilled: usize,
}

impl WebLogsReport {
    /// Whether all was read and the guard found nothing. What else is not published is nothing that is wrong.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && !self.unpublished.contains_key(&Unpublished::Leak)
    }

    /// The figures in Prometheus's text format.
    pub fn metrics(&self) -> String {
        let mut metrics = Metrics::default();
        let [ignored, doubles, failed] =
            [self.ignored.len(), self.doubles.len(), self.failed.len()].map(|count| count as u64);
        let files = [
            ("read", self.read),
            ("unchanged", self.unchanged),
            ("ignored", ignored),
            ("double", doubles),
            ("failed", failed),
        ];
        metrics.by("weblogs_files", "Logs of the last run by result.", "result", files);
        metrics.one("weblogs_lines", "Lines that the last run read.", self.lines);
        let reasons = Unpublished::ALL.map(|it| (it.word(), self.unpublished.get(&it).copied().unwrap_or(0)));
        metrics.by("weblogs_unpublished", "Lines not published, by reason.", "reason", reasons);
        metrics.one("weblogs_late", "Lines of days that were written before.", self.late);
        let days = [("written", self.written.len() as u64), ("waiting", self.waiting)];
        metrics.by("weblogs_days", "Days of a site and machine by result.", "result", days);
        metrics.text()
    }
}

fn by_word<S: Serializer>(counts: &BTreeMap<Unpublished, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(reason, count)| (reason.word(), count)))
}

/// A site and a machine.
type Site = (String, String);

impl WebLogs {
    /// As CollecTor does it, by the newest rules.
    pub fn new(out: impl Into<PathBuf>, state: impl Into<PathBuf>) -> Self {
        let (out, state) = (out.into(), state.into());
        WebLogs { out, state, journal: None, rules: RuleSet::Current, limits: true, memory: 64 << 20 }
    }

    /// Sanitizes the logs of files and folders. All logs that servers still have must be among them: the days that may be
    /// written depend on the oldest and the newest request.
    ///
    /// A day is written once. Killed at any instant and begun again, or with other portions of the same logs in another
    /// order, it writes the same files.
    pub fn run(&self, inputs: &[PathBuf]) -> Result<WebLogsReport, Error> {
        let mut report = WebLogsReport::default();
        std::fs::create_dir_all(&self.state).at(&self.state)?;
        let mut staging = Staging::open(&self.out, "web-logs")?.with_journal(self.journal.clone());
        let path = self.state.join("processed-webstats");
        let mut processed = ProcessedLogs::load(&path, self.rules).at(&path)?;
        for (site, logs) in self.logs(inputs, &mut report) {
            self.site(&site, logs, &mut processed, &mut staging, &mut report)?;
            staging.commit()?;
            // Outputs are on the disk; only now it may be known that they need not be made again.
            processed.save(&path).at(&path)?;
        }
        Ok(report)
    }

    /// All logs by site, in the order of their dates.
    fn logs(
        &self,
        inputs: &[PathBuf],
        report: &mut WebLogsReport,
    ) -> BTreeMap<Site, BTreeMap<Timestamp, (PathBuf, Stamp)>> {
        let mut sites: BTreeMap<Site, BTreeMap<_, _>> = BTreeMap::new();
        for (path, stamp) in originals::find(inputs, &mut report.failed) {
            let parts = path.to_str().and_then(|text| ServerLogName::parse(text, self.rules));
            let Some(ServerLogName { virtual_host, physical_host, date }) = parts else {
                report.ignored.push(path);
                continue;
            };
            let logs = sites.entry((virtual_host.to_owned(), physical_host.to_owned())).or_default();
            match logs.entry(date) {
                Entry::Vacant(place) => drop(place.insert((path, stamp))),
                Entry::Occupied(_) => report.doubles.push(path),
            }
        }
        sites
    }

    /// Writes the days of a site that may be written and are not there yet.
    fn site(
        &self,
        site: &Site,
        logs: BTreeMap<Timestamp, (PathBuf, Stamp)>,
        processed: &mut ProcessedLogs,
        staging: &mut Staging,
        report: &mut WebLogsReport,
    ) -> Result<(), Error> {
        let folder = staging.folder().to_owned();
        let mut reading = Reading {
            rules: self.rules,
            lines: LineCounts::new(&folder, self.memory),
            written: BTreeMap::new(),
            site,
            staging,
            report,
        };
        let (mut days, mut blocked, mut known) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for (date, (path, stamp)) in logs {
            if let Some(of_log) = processed.days(&path, stamp) {
                days.extend(of_log);
                known.push((date, path, of_log.clone()));
                continue;
            }
            let (of_log, failed) = reading.log(&path, None)?;
            days.extend(&of_log);
            match failed {
                None => processed.add(path, stamp, of_log),
                Some(error) => {
                    blocked.extend(of_log);
                    blocked.extend(around(date));
                    reading.report.failed.push(error);
                }
            }
        }
        let mut wanted = web_server_log_days(&days, self.limits);
        reading.report.waiting += (days.len() - wanted.len()) as u64;
        let mut there = BTreeSet::new();
        for day in &wanted {
            if reading.is_written(*day)? {
                there.insert(*day);
            }
        }
        wanted.retain(|day| !there.contains(day) && !blocked.contains(day));
        // What was read in an earlier run is read again only for days that are written now.
        for (date, path, of_log) in known {
            if of_log.is_disjoint(&wanted) {
                reading.report.unchanged += 1;
                continue;
            }
            if let (_, Some(error)) = reading.log(&path, Some(&wanted))? {
                wanted.retain(|day| !of_log.contains(day) && !around(date).contains(day));
                reading.report.failed.push(error);
            }
        }
        let Reading { mut lines, staging, report, .. } = reading;
        for day in wanted {
            let Some(lines) = lines.take(day) else { continue };
            let path = web_server_log_path(&site.0, &site.1, day);
            if staging.add(&path, &compress(lines).at(&folder)?)? {
                report.written.push(path);
            }
        }
        report.spilled += lines.spilled();
        Ok(())
    }
}

/// The days that a log of a date may have requests of: it is closed in the morning of its date.
fn around(date: Timestamp) -> [Timestamp; 3] {
    [-1, 0, 1].map(|days| Timestamp(date.0 + days * 86400))
}

/// What is needed to read the logs of a site.
struct Reading<'r> {
    rules: RuleSet,
    lines: LineCounts,
    /// Whether days are written already.
    written: BTreeMap<Timestamp, bool>,
    site: &'r Site,
    staging: &'r mut Staging,
    report: &'r mut WebLogsReport,
}

/// How much is read at once, and how long a line may be. Unit: bytes.
const PIECE: usize = 1 << 20;

impl Reading<'_> {
    fn is_written(&mut self, day: Timestamp) -> Result<bool, Error> {
        if let Some(known) = self.written.get(&day) {
            return Ok(*known);
        }
        let is = self.staging.has(&web_server_log_path(&self.site.0, &self.site.1, day))?;
        self.written.insert(day, is);
        Ok(is)
    }

    /// Reads a log; its days, and why it could not be read to its end. Only lines of the days that are wanted are kept, if
    /// such are told.
    fn log(
        &mut self,
        path: &Path,
        wanted: Option<&BTreeSet<Timestamp>>,
    ) -> Result<(BTreeSet<Timestamp>, Option<archive::Error>), Error> {
        let mut days = BTreeSet::new();
        let failed = |cause| Some(originals::failure(path, cause));
        let mut reader = match originals::open(path) {
            Ok(reader) => reader,
            Err(error) => return Ok((days, failed(Cause::Open(error)))),
        };
        self.report.read += 1;
        let (mut piece, mut kept, mut offset) = (vec![0; PIECE], 0, 0u64);
        // Of a line that is longer than a piece, all but the end is lost already.
        let mut is_long = false;
        loop {
            let count = match reader.read(&mut piece[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok((days, failed(Cause::of(error, offset)))),
                Ok(count) => count,
            };
            offset += count as u64;
            let filled = kept + count;
            let mut text = match (count, memchr::memrchr(b'\n', &piece[..filled])) {
                (0, _) => &piece[..filled],
                (_, Some(end)) => &piece[..=end],
                (_, None) if filled == PIECE => {
                    (kept, is_long) = (0, true);
                    continue;
                }
                _ => {
                    kept = filled;
                    continue;
                }
            };
            let end = text.len();
            if std::mem::take(&mut is_long) {
                self.unpublished(Unpublished::Syntax);
                text = memchr::memchr(b'\n', text).map_or(&[], |at| &text[at + 1..]);
            }
            self.lines(text, wanted, &mut days)?;
            piece.copy_within(end..filled, 0);
            kept = filled - end;
            if count == 0 {
                return Ok((days, None));
            }
        }
    }

    fn lines(
        &mut self,
        text: &[u8],
        wanted: Option<&BTreeSet<Timestamp>>,
        days: &mut BTreeSet<Timestamp>,
    ) -> Result<(), Error> {
        let mut out = Vec::with_capacity(256);
        let mut last = None;
        for line in web_server_log_lines(text) {
            out.clear();
            let day = match web_server_log_line(line, self.rules, &mut out) {
                // By CollecTor's rules its bytes come out, and what is in some of them behind `#`.
                Ok(_) if self.rules == RuleSet::Current && web_server_log_leak(line, &out).is_some() => {
                    self.unpublished(Unpublished::Leak);
                    continue;
                }
                Ok(day) => day,
                Err(reason) => {
                    self.unpublished(reason);
                    continue;
                }
            };
            self.report.lines += 1;
            // Days come one after the other.
            let is_kept = match last {
                Some((known, is_kept)) if known == day => is_kept,
                _ => {
                    days.insert(day);
                    match wanted {
                        Some(wanted) => wanted.contains(&day),
                        None => !self.is_written(day)?,
                    }
                }
            };
            last = Some((day, is_kept));
            if is_kept {
                self.lines
                    .add(day, &out)
                    .map_err(|error| Error::new(self.staging.folder(), Problem::Io(error)))?;
            } else if wanted.is_none() {
                self.report.late += 1;
            }
        }
        Ok(())
    }

    fn unpublished(&mut self, reason: Unpublished) {
        self.report.lines += 1;
        *self.report.unpublished.entry(reason).or_default() += 1;
    }
}

/// The sorted lines with repetitions, compressed as CollecTor does.
fn compress(lines: Day) -> io::Result<Vec<u8>> {
    let mut encoder = XzEncoder::new(Vec::new(), 6);
    let mut text = Vec::with_capacity(PIECE);
    lines.each(&mut |line, count| {
        for _ in 0..count {
            text.extend_from_slice(line);
            text.push(b'\n');
            if text.len() >= PIECE {
                encoder.write_all(&text)?;
                text.clear();
            }
        }
        Ok(())
    })?;
    encoder.write_all(&text)?;
    encoder.finish()
}
