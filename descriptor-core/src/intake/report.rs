//! What a run did: for people, as JSON, and as metrics.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    io::Write as _,
    path::Path,
};

use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::{Error, Kind, error::At};
use crate::{
    archive::atomic,
    sanitize::{Month, Refusal},
    value::Timestamp,
};

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Tarballs read to their end.
    pub tarballs: u64,
    /// Tarballs passed over because they are done.
    pub tarballs_done: u64,
    /// Tarballs and folders that could not be read, or not to their end; they are tried again in the next run.
    pub tarballs_failed: u64,
    /// What became of documents.
    #[serde(serialize_with = "by_kind")]
    pub documents: BTreeMap<Kind, Count>,
    /// Entries of the statuses that were written.
    pub entries: u64,
    /// Entries that were left out of statuses.
    pub entries_refused: u64,
    /// Why documents and entries were refused.
    #[serde(serialize_with = "refusals")]
    pub refused: BTreeMap<Refused, u64>,
    /// Months whose secret is lost: documents of theirs exist and it is not in the file. Nothing of them was sanitized.
    #[serde(serialize_with = "texts")]
    pub lost_secrets: Vec<Month>,
    /// What could not be read, and why.
    pub failures: Vec<String>,
    /// What deserves a look.
    pub warnings: Vec<String>,
}

/// What became of documents of a kind. A document that was in several tarballs is counted once for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// New in the tree.
    pub written: u64,
    /// In the tree already, or done in this run.
    pub done: u64,
    /// Put in the quarantine.
    pub refused: u64,
    /// When the newest of those written or done now was made, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<i64>,
}

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Refused {
    /// What.
    pub kind: Kind,
    /// For which line.
    pub keyword: String,
    /// A word for the reason.
    pub reason: &'static str,
}

/// How many reasons are told apart. Keywords are made by whoever runs a bridge.
const MOST: usize = 200;

/// After how long without anything new an operator is told: CollecTor's 5:30 hours. Unit: seconds.
const STALE: i64 = 330 * 60;

impl Report {
    /// Whether all was read and nothing was refused.
    pub fn is_clean(&self) -> bool {
        self.tarballs_failed == 0
            && self.refused.is_empty()
            && self.lost_secrets.is_empty()
            && self.failures.is_empty()
    }

    pub(super) fn count(&mut self, kind: Kind) -> &mut Count {
        self.documents.entry(kind).or_default()
    }

    pub(super) fn refuse(&mut self, kind: Kind, refusal: &Refusal) {
        let keyword: String = refusal.keyword.escape_default().collect();
        let mut key = Refused { kind, keyword, reason: refusal.reason.word() };
        if self.refused.len() >= MOST && !self.refused.contains_key(&key) {
            key.keyword = "(others)".to_owned();
        }
        *self.refused.entry(key).or_default() += 1;
    }

    pub(super) fn seen(&mut self, kind: Kind, published: Timestamp) {
        let newest = &mut self.count(kind).newest;
        *newest = (*newest).max(Some(published.0));
    }

    /// Warns of kinds of which nothing is newer than 5:30 hours.
    pub(super) fn warn_if_stale(&mut self, now: Timestamp) {
        for (kind, count) in &self.documents {
            if let Some(newest) = count.newest.filter(|&newest| newest < now.0 - STALE) {
                let newest = Timestamp(newest);
                self.warnings.push(format!("the newest {kind} is of {newest}, more than 5:30 hours ago"));
            }
        }
    }

    /// Writes the figures in Prometheus's text format, whole or not at all.
    pub fn write_metrics(&self, path: &Path) -> Result<(), Error> {
        let text = self.metrics();
        atomic::write(path, |out| out.write_all(text.as_bytes()), |_, ()| Ok(())).at(path)
    }

    /// The figures in Prometheus's text format.
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, help: &str, samples: Vec<(String, i64)>| {
            let name = format!("tordesc_sanitize_{name}");
            // To write to a string cannot fail.
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
            for (labels, value) in samples {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let tarballs =
            [("read", self.tarballs), ("done", self.tarballs_done), ("failed", self.tarballs_failed)];
        let tarballs = tarballs.map(|(result, count)| (format!("{{result=\"{result}\"}}"), signed(count)));
        family("tarballs", "Tarballs of the last run by result.", tarballs.to_vec());
        let documents = Kind::ALL.iter().flat_map(|kind| {
            let count = self.documents.get(kind).copied().unwrap_or_default();
            [("written", count.written), ("done", count.done), ("refused", count.refused)]
                .map(|(result, count)| (format!("{{kind=\"{kind}\",result=\"{result}\"}}"), signed(count)))
        });
        family("documents", "Documents of the last run by kind and result.", documents.collect());
        let entries = [("written", self.entries), ("refused", self.entries_refused)];
        let entries = entries.map(|(result, count)| (format!("{{result=\"{result}\"}}"), signed(count)));
        family("entries", "Status entries of the last run by result.", entries.to_vec());
        let refused = self.refused.iter().map(|(key, count)| {
            // Keywords are escaped already; a backslash of theirs is escaped once more, as the format wants it.
            let keyword = key.keyword.replace('\\', "\\\\").replace('"', "\\\"");
            (
                format!("{{kind=\"{}\",keyword=\"{keyword}\",reason=\"{}\"}}", key.kind, key.reason),
                signed(*count),
            )
        });
        family(
            "refused",
            "Refused documents and entries of the last run by line and reason.",
            refused.collect(),
        );
        let newest = self
            .documents
            .iter()
            .filter_map(|(kind, count)| Some((format!("{{kind=\"{kind}\"}}"), count.newest?)));
        family(
            "newest_timestamp_seconds",
            "When the newest document of the last run was made.",
            newest.collect(),
        );
        let alarms = [
            ("lost_secrets", "Months whose secret is lost.", self.lost_secrets.len()),
            ("failures", "What the last run could not read.", self.failures.len()),
            ("warnings", "Warnings of the last run.", self.warnings.len()),
        ];
        for (name, help, count) in alarms {
            family(name, help, vec![(String::new(), count as i64)]);
        }
        text
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tarballs + self.tarballs_done + self.tarballs_failed > 0 {
            writeln!(
                f,
                "tarballs           {} read, {} done before, {} not readable",
                self.tarballs, self.tarballs_done, self.tarballs_failed
            )?;
        }
        for (kind, Count { written, done, refused, .. }) in &self.documents {
            writeln!(f, "{:18} {written} written, {done} had already, {refused} refused", kind.name())?;
        }
        if self.entries + self.entries_refused > 0 {
            writeln!(f, "status entries     {} written, {} left out", self.entries, self.entries_refused)?;
        }
        if !self.refused.is_empty() {
            writeln!(f, "refused, and kept in the quarantine:")?;
        }
        for (Refused { kind, keyword, reason }, count) in &self.refused {
            writeln!(f, "  {count:>7}  {kind}: {keyword}: {reason}")?;
        }
        for month in &self.lost_secrets {
            writeln!(f, "ALARM: the secret of {month} is lost; documents of that month were not sanitized")?;
        }
        for failure in &self.failures {
            writeln!(f, "not readable: {failure}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

fn by_kind<S: Serializer>(documents: &BTreeMap<Kind, Count>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(documents.iter().map(|(kind, count)| (kind.name(), count)))
}

fn refusals<S: Serializer>(refused: &BTreeMap<Refused, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Row<'r> {
        #[serde(flatten)]
        refused: &'r Refused,
        count: u64,
    }
    let mut rows = serializer.serialize_seq(Some(refused.len()))?;
    for (refused, &count) in refused {
        rows.serialize_element(&Row { refused, count })?;
    }
    rows.end()
}

fn texts<S: Serializer>(months: &[Month], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(months.iter().map(Month::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::Reason;

    #[test]
    fn keywords_are_harmless_and_few_in_all_forms() {
        let mut report = Report::default();
        report.refuse(
            Kind::Status,
            &Refusal { keyword: "a\"b\n\u{7}".into(), line: 1, reason: Reason::NoRule },
        );
        assert!(
            report
                .metrics()
                .contains("{kind=\"status\",keyword=\"a\\\\\\\"b\\\\n\\\\u{7}\",reason=\"no-rule\"} 1\n")
        );
        assert!(report.to_string().contains("status: a\\\"b\\n\\u{7}: no-rule\n"));
        for number in 0..2 * MOST {
            let refusal = Refusal { keyword: number.to_string(), line: 1, reason: Reason::NoRule };
            report.refuse(Kind::Status, &refusal);
        }
        assert_eq!(report.refused.len(), MOST + 1);
        assert_eq!(report.refused.values().sum::<u64>(), 2 * MOST as u64 + 1);
        assert!(!report.is_clean());
        let json = serde_json::to_string(&report).expect("JSON");
        assert!(
            json.contains(
                "{\"kind\":\"status\",\"keyword\":\"(others)\",\"reason\":\"no-rule\",\"count\":201}"
            ),
            "{json}"
        );
    }

    #[test]
    fn what_is_old_is_said() {
        let mut report = Report::default();
        report.seen(Kind::Status, Timestamp(1000));
        report.warn_if_stale(Timestamp(1000 + STALE));
        assert!(report.warnings.is_empty());
        report.warn_if_stale(Timestamp(1001 + STALE));
        assert_eq!(report.warnings.len(), 1);
    }
}
