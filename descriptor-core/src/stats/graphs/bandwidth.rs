//! Graphs of bandwidth and of connections.

use std::collections::{BTreeMap, BTreeSet};

use super::{Query, rows};
use crate::stats::{Cell, Day, Table, Tables};

/// Bytes per second in Gbit/s.
fn gbit(bytes: f64) -> f64 {
    bytes * 8.0 / 1e9
}

/// Advertised and consumed bandwidth by day, guard and exit. Unit: Gbit/s.
type ByFlags = BTreeMap<(Day, bool, bool), [Option<f64>; 2]>;

/// Also which of both there are at all.
fn by_flags(modules: &Tables, query: &Query) -> Option<(ByFlags, [bool; 2])> {
    let mut all = ByFlags::new();
    for (day, row) in rows(modules.get("advbw")?, query) {
        let key = (day, row[2].is_true(), row[1].is_true());
        all.entry(key).or_default()[0] = row[3].number().map(gbit);
    }
    for (day, row) in rows(modules.get("bandwidth")?, query).filter(|(_, row)| !row[1].is_missing()) {
        let key = (day, row[2].is_true(), row[1].is_true());
        let both = row[3].number().zip(row[4].number());
        all.entry(key).or_default()[1] = both.map(|(read, written)| (read + written) * 8.0 / 2e9);
    }
    let occurs = [0, 1].map(|at| all.values().any(|values| values[at].is_some()));
    Some((all, occurs))
}

/// Advertised and consumed bandwidth of relays by flags, as far as there is one at all.
pub(super) fn flags(modules: &Tables, query: &Query) -> Option<Table> {
    let (all, occurs) = by_flags(modules, query)?;
    let mut table = Table::new("bandwidth-flags", &["date", "have_guard_flag", "have_exit_flag"]);
    let shown = |at: &usize| occurs[*at];
    table.columns.extend([0, 1].into_iter().filter(shown).map(|at| ["advbw", "bwhist"][at].into()));
    for ((day, guard, exit), values) in all {
        let values = [0, 1].into_iter().filter(shown).map(|at| values[at].into());
        table.push_all([day.into(), guard.into(), exit.into()].into_iter().chain(values));
    }
    Some(table)
}

/// Of all relays together; a number is missing if it is for one of the classes that the day has. Without one of both the
/// originals fail.
pub(super) fn total(modules: &Tables, query: &Query) -> Option<Table> {
    let mut days: BTreeMap<Day, [Option<f64>; 2]> = BTreeMap::new();
    let (all, occurs) = by_flags(modules, query)?;
    if occurs != [true; 2] {
        return None;
    }
    for ((day, ..), values) in all {
        let sums = days.entry(day).or_insert([Some(0.0); 2]);
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum = sum.zip(value).map(|(sum, value)| sum + value);
        }
    }
    let mut table = Table::new("bandwidth", &["date", "advbw", "bwhist"]);
    for (day, sums) in days {
        table.push_all([Cell::Day(day)].into_iter().chain(sums.map(Cell::from)));
    }
    Some(table)
}

/// Bytes spent on directory requests.
pub(super) fn directory(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "dirread", "dirwrite", "dirauthread", "dirauthwrite"];
    let mut table = Table::new("dirbytes", &columns);
    for (day, row) in rows(modules.get("bandwidth")?, query).filter(|(_, row)| row[1].is_missing()) {
        let values = row[5..9].iter().map(|cell| cell.number().map(gbit).into());
        table.push_all([Cell::Day(day)].into_iter().chain(values));
    }
    Some(table)
}

/// The distribution of advertised bandwidth by percentile.
pub(super) fn percentiles(modules: &Tables, query: &Query) -> Option<Table> {
    distribution(modules, query, "advbwdist-perc", "p", 3)
}

/// The advertised bandwidth of the n-th fastest relays.
pub(super) fn fastest(modules: &Tables, query: &Query) -> Option<Table> {
    distribution(modules, query, "advbwdist-relay", "n", 2)
}

/// One row for each number in a column, one column for all relays and for exits.
fn distribution(
    modules: &Tables,
    query: &Query,
    name: &'static str,
    parameter: &'static str,
    column: usize,
) -> Option<Table> {
    let mut found: BTreeMap<(Day, i64), BTreeMap<&str, f64>> = BTreeMap::new();
    let mut columns = BTreeSet::new();
    for (day, row) in rows(modules.get("advbwdist")?, query) {
        let text = row[column].text();
        let Ok(number) = text.parse() else { continue };
        if query.wants(parameter, text) {
            let who = if row[1].is_missing() { "all" } else { "exits" };
            columns.insert(who);
            found.entry((day, number)).or_default().extend(row[4].number().map(|it| (who, gbit(it))));
        }
    }
    let mut table = Table::new(name, &["date", parameter]);
    table.columns.extend(columns.iter().map(|&who| who.into()));
    for ((day, number), values) in found {
        let values = columns.iter().map(|who| values.get(who).copied().into());
        table.push_all([day.into(), number.into()].into_iter().chain(values));
    }
    Some(table)
}

/// Quartiles of the shares of connections.
pub(super) fn connections(modules: &Tables, query: &Query) -> Option<Table> {
    let mut found: BTreeMap<(Day, &str), Vec<Cell>> = BTreeMap::new();
    // The rows of a direction stand in the order of their quantiles.
    for (day, row) in rows(modules.get("connbidirect2")?, query) {
        let share = row[3].number().map(|percent| percent / 100.0);
        found.entry((day, row[1].text())).or_default().push(share.into());
    }
    if found.is_empty() {
        return None;
    }
    let mut table = Table::new("connbidirect", &["date", "direction", "q1", "md", "q3"]);
    for ((day, direction), quartiles) in found {
        table.push_all([day.into(), direction.to_owned().into()].into_iter().chain(quartiles));
    }
    Some(table)
}
