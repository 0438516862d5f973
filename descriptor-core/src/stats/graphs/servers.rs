//! Graphs of relays and bridges.

use std::collections::{BTreeMap, BTreeSet};

use super::{Query, rows};
use crate::stats::{Cell, Day, Table, Tables};

/// A table under another name, with the rows that are wanted.
fn selected(table: &Table, query: &Query, parameter: &str, column: usize) -> Table {
    let mut table = table.clone();
    table.retain(|row| {
        row[0].day().is_some_and(|day| query.has_day(day)) && query.wants(parameter, row[column].text())
    });
    table
}

pub(super) fn network_size(modules: &Tables, query: &Query) -> Option<Table> {
    Some(selected(modules.get("networksize")?, query, "", 0))
}

pub(super) fn relay_flags(modules: &Tables, query: &Query) -> Option<Table> {
    Some(selected(modules.get("relayflags")?, query, "flag", 1))
}

pub(super) fn versions(modules: &Tables, query: &Query) -> Option<Table> {
    Some(selected(modules.get("versions")?, query, "", 0))
}

/// One column a platform that occurs.
pub(super) fn platforms(modules: &Tables, query: &Query) -> Option<Table> {
    let module = modules.get("platforms")?;
    let mut days: BTreeMap<Day, BTreeMap<String, Cell>> = BTreeMap::new();
    for (day, row) in rows(module, query) {
        days.entry(day).or_default().insert(row[1].text().to_lowercase(), row[2].clone());
    }
    let names: BTreeSet<String> = days.values().flat_map(BTreeMap::keys).cloned().collect();
    let mut table = Table::new("platforms", &["date"]);
    table.columns.extend(names.iter().map(|name| name.clone().into()));
    for (day, mut counts) in days {
        let counts =
            names.iter().map(|name| counts.remove(name).unwrap_or(Cell::Missing)).collect::<Vec<_>>();
        table.push_all([Cell::Day(day)].into_iter().chain(counts));
    }
    Some(table)
}

// The columns of `ipv6servers`.
const SERVER: usize = 1;
const GUARD: usize = 2;
const EXIT: usize = 3;
const ANNOUNCED: usize = 4;
const EXITING: usize = 5;
const REACHABLE: usize = 6;
const COUNT: usize = 7;
const ADVERTISED: usize = 8;

/// Sums of a column by day over the rows of a kind of server, one for each rule.
fn sums<const N: usize>(
    modules: &Tables,
    query: &Query,
    server: &str,
    column: usize,
    rules: [fn(&[Cell]) -> bool; N],
) -> Option<BTreeMap<Day, [f64; N]>> {
    let mut days: BTreeMap<Day, [f64; N]> = BTreeMap::new();
    for (day, row) in rows(modules.get("ipv6servers")?, query).filter(|(_, row)| row[SERVER].text() == server)
    {
        let sums = days.entry(day).or_insert([0.0; N]);
        for (sum, rule) in sums.iter_mut().zip(rules) {
            // Whole numbers, which are added exactly.
            *sum += row[column].number().filter(|_| rule(row)).unwrap_or(0.0);
        }
    }
    Some(days)
}

pub(super) fn relays_ipv6(modules: &Tables, query: &Query) -> Option<Table> {
    let rules: [fn(&[Cell]) -> bool; 4] = [
        |_| true,
        |row| row[ANNOUNCED].is_true(),
        |row| row[REACHABLE].is_true(),
        |row| row[EXITING].is_true(),
    ];
    let mut table = Table::new("relays-ipv6", &["date", "total", "announced", "reachable", "exiting"]);
    for (day, sums) in sums(modules, query, "relay", COUNT, rules)? {
        table.push_all([Cell::Day(day)].into_iter().chain(sums.map(Cell::Float)));
    }
    Some(table)
}

pub(super) fn bridges_ipv6(modules: &Tables, query: &Query) -> Option<Table> {
    let rules: [fn(&[Cell]) -> bool; 2] = [|_| true, |row| row[ANNOUNCED].is_true()];
    let mut table = Table::new("bridges-ipv6", &["date", "total", "announced"]);
    for (day, sums) in sums(modules, query, "bridge", COUNT, rules)? {
        table.push_all([Cell::Day(day)].into_iter().chain(sums.map(Cell::Float)));
    }
    Some(table)
}

/// Unit: Gbit/s.
pub(super) fn advertised_ipv6(modules: &Tables, query: &Query) -> Option<Table> {
    let rules: [fn(&[Cell]) -> bool; 6] = [
        |_| true,
        |row| row[GUARD].is_true(),
        |row| row[EXIT].is_true(),
        |row| row[REACHABLE].is_true() && row[GUARD].is_true(),
        |row| row[REACHABLE].is_true() && row[EXIT].is_true(),
        |row| row[EXITING].is_true(),
    ];
    let columns =
        ["date", "total", "total_guard", "total_exit", "reachable_guard", "reachable_exit", "exiting"];
    let mut table = Table::new("advbw-ipv6", &columns);
    for (day, sums) in sums(modules, query, "relay", ADVERTISED, rules)? {
        table.push_all([Cell::Day(day)].into_iter().chain(sums.map(|sum| Cell::Float(sum * 8.0 / 1e9))));
    }
    Some(table)
}
