//! What a run did: for people, as JSON, and as metrics.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::{
    Kind,
    metrics::{MOST, Metrics, OTHERS, labels, signed},
};
use crate::{
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
            key.keyword = OTHERS.to_owned();
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

    /// The figures in Prometheus's text format.
    pub fn metrics(&self) -> String {
        let mut metrics = Metrics::default();
        let tarballs =
            [("read", self.tarballs), ("done", self.tarballs_done), ("failed", self.tarballs_failed)];
        metrics.by("tarballs", "Tarballs of the last run by result.", "result", tarballs);
        let documents = Kind::ALL.iter().flat_map(|kind| {
            let count = self.documents.get(kind).copied().unwrap_or_default();
            [("written", count.written), ("done", count.done), ("refused", count.refused)]
                .map(|(result, count)| (labels(&[("kind", kind), ("result", &result)]), signed(count)))
        });
        metrics.family("documents", "Documents of the last run by kind and result.", documents);
        let entries = [("written", self.entries), ("refused", self.entries_refused)];
        metrics.by("entries", "Status entries of the last run by result.", "result", entries);
        let refused = self.refused.iter().map(|(Refused { kind, keyword, reason }, count)| {
            (labels(&[("kind", kind), ("keyword", keyword), ("reason", reason)]), signed(*count))
        });
        metrics.family(
            "refused",
            "Refused documents and entries of the last run by line and reason.",
            refused,
        );
        let newest = self
            .documents
            .iter()
            .filter_map(|(kind, count)| Some((labels(&[("kind", kind)]), count.newest?)));
        metrics.family(
            "newest_timestamp_seconds",
            "When the newest document of the last run was made.",
            newest,
        );
        metrics.one("lost_secrets", "Months whose secret is lost.", self.lost_secrets.len() as u64);
        metrics.one("failures", "What the last run could not read.", self.failures.len() as u64);
        metrics.one("warnings", "Warnings of the last run.", self.warnings.len() as u64);
        metrics.text()
    }
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

/// Months, errors and whatever else has a text.
pub(super) fn texts<T: ToString, S: Serializer>(list: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(T::to_string))
}

/// Paths, of any bytes.
pub(super) fn paths<S: Serializer>(list: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(|path| path.to_string_lossy()))
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
