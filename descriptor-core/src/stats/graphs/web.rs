//! Graphs of downloads and updates.

use std::collections::{BTreeMap, BTreeSet};

use super::{Query, rows};
use crate::stats::{Cell, Day, Table, Tables};

/// Types of requests and their columns.
type Kinds = [(&'static str, &'static str)];

const BROWSER: &Kinds = &[
    ("tbid", "initial_downloads"),
    ("tbsd", "signature_downloads"),
    ("tbup", "update_pings"),
    ("tbur", "update_requests"),
];
const DOWNLOADS_AND_PINGS: &Kinds = &[("tbid", "initial_downloads"), ("tbup", "update_pings")];
const PINGS_AND_REQUESTS: &Kinds = &[("tbup", "update_pings"), ("tbur", "update_requests")];
const MESSENGER: &Kinds = &[("tmid", "initial_downloads"), ("tmup", "update_pings")];

// The columns of `webstats`.
const KIND: usize = 1;
const PLATFORM: usize = 2;
const CHANNEL: usize = 3;
const LOCALE: usize = 4;
const COUNT: usize = 6;

/// Counts by day, by the place and name of a group, and by type.
type Counts = BTreeMap<(Day, usize, String), BTreeMap<&'static str, f64>>;

pub(super) fn browser(modules: &Tables, query: &Query) -> Option<Table> {
    wide("webstats-tb", None, BROWSER, counts(modules, query, BROWSER, None, |_| true)?, None)
}

pub(super) fn platform(modules: &Tables, query: &Query) -> Option<Table> {
    let counts = counts(modules, query, DOWNLOADS_AND_PINGS, Some(PLATFORM), |_| true)?;
    wide("webstats-tb-platform", Some("platform"), DOWNLOADS_AND_PINGS, sorted(counts), None)
}

/// A count that is missing is 0 here, and locales come in order of their first appearance (spec §27 C20).
pub(super) fn locale(modules: &Tables, query: &Query) -> Option<Table> {
    let counts = counts(modules, query, DOWNLOADS_AND_PINGS, Some(LOCALE), |_| true)?;
    wide("webstats-tb-locale", Some("locale"), DOWNLOADS_AND_PINGS, counts, Some(0.0))
}

/// Of alpha versions and releases.
pub(super) fn channel(modules: &Tables, query: &Query) -> Option<Table> {
    let shown = |channel: &str| matches!(channel, "a" | "r");
    let counts = counts(modules, query, PINGS_AND_REQUESTS, Some(CHANNEL), shown)?;
    wide("webstats-tb-channel", Some("channel"), PINGS_AND_REQUESTS, sorted(counts), None)
}

/// The one that does not fail without rows.
pub(super) fn messenger(modules: &Tables, query: &Query) -> Option<Table> {
    let counts = counts(modules, query, MESSENGER, None, |_| true)?;
    if counts.is_empty() {
        return Some(Table::new("webstats-tm", &["date", "initial_downloads", "update_pings"]));
    }
    wide("webstats-tm", None, MESSENGER, counts, None)
}

fn counts(
    modules: &Tables,
    query: &Query,
    kinds: &'static Kinds,
    group: Option<usize>,
    shown: impl Fn(&str) -> bool,
) -> Option<Counts> {
    let mut counts = Counts::new();
    let mut groups: Vec<&str> = Vec::new();
    for (day, row) in rows(modules.get("webstats")?, query) {
        let name = group.map_or("", |column| row[column].text());
        let kind = kinds.iter().find(|(kind, _)| *kind == row[KIND].text());
        let Some((_, column)) = kind.filter(|_| group.is_none() || shown(name)) else { continue };
        let place = groups.iter().position(|it| *it == name).unwrap_or_else(|| {
            groups.push(name);
            groups.len() - 1
        });
        let sum = counts.entry((day, place, name.to_owned())).or_default().entry(column).or_default();
        *sum += row[COUNT].number().unwrap_or(0.0);
    }
    Some(counts)
}

/// Groups in the order of their names.
fn sorted(counts: Counts) -> Counts {
    counts.into_iter().map(|((day, _, name), counts)| ((day, 0, name), counts)).collect()
}

/// A column for each type that occurs. `None` without rows, for which the originals fail.
fn wide(
    name: &'static str,
    group: Option<&'static str>,
    kinds: &'static Kinds,
    counts: Counts,
    missing: Option<f64>,
) -> Option<Table> {
    let occurs: BTreeSet<&str> = counts.values().flat_map(BTreeMap::keys).copied().collect();
    let columns: Vec<_> = kinds.iter().map(|(_, column)| *column).filter(|it| occurs.contains(it)).collect();
    if columns.is_empty() {
        return None;
    }
    let mut table = Table::new(name, &["date"]);
    table.columns.extend(group.into_iter().chain(columns.iter().copied()).map(Into::into));
    for ((day, _, name), counts) in counts {
        let group = group.map(|_| Cell::from(name));
        let values = columns.iter().map(|column| counts.get(column).copied().or(missing).into());
        table.push_all([Cell::Day(day)].into_iter().chain(group).chain(values));
    }
    Some(table)
}
