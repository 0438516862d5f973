//! Figures of a run in Prometheus's text format.

use std::{
    fmt::{Display, Write as _},
    io::Write as _,
    path::Path,
};

use super::{Error, error::At};
use crate::destination;

/// How many different keywords are told apart in a report. Whoever makes originals makes keywords.
pub(super) const MOST: usize = 200;
/// What stands for the keywords beyond that.
pub(super) const OTHERS: &str = "(others)";

/// A text of metrics that is being written, all of them gauges named `tordesc_sanitize_…`.
#[derive(Debug, Default)]
pub(super) struct Metrics(String);

impl Metrics {
    /// Adds a family of samples, each with its labels.
    pub(super) fn family(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (String, i64)>,
    ) {
        let name = format!("tordesc_sanitize_{name}");
        // To write to a string cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        for (labels, value) in samples {
            let _ = writeln!(self.0, "{name}{labels} {value}");
        }
    }

    /// Adds a family of one sample without labels.
    pub(super) fn one(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, help, [(String::new(), signed(value))]);
    }

    /// Adds a family of samples that are told apart by one label.
    pub(super) fn by<L: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        samples: impl IntoIterator<Item = (L, u64)>,
    ) {
        let sample = |(value, count): (L, u64)| (labels(&[(label, &value)]), signed(count));
        self.family(name, help, samples.into_iter().map(sample));
    }

    /// All that was added.
    pub(super) fn text(self) -> String {
        self.0
    }
}

/// Names and values, in braces.
pub(super) fn labels(pairs: &[(&str, &dyn Display)]) -> String {
    let pair = |(name, value): &(&str, &dyn Display)| {
        let value = value.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(","))
}

pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Writes metrics to a file, whole or not at all.
pub fn write_metrics(path: &Path, metrics: &str) -> Result<(), Error> {
    destination::write(path, |out| out.write_all(metrics.as_bytes()), |_, ()| Ok(())).at(path)
}
