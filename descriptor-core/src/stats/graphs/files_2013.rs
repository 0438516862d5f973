//! The files of graphs of 2013 (spec §19): no comments, no parameters, missing values are `NA`.

use std::collections::{BTreeMap, BTreeSet};

use super::Query;
use crate::stats::{Cell, Day, Table, Tables};

// The columns of `servers`.
const FLAG: usize = 1;
const COUNTRY: usize = 2;
const VERSION: usize = 3;
const PLATFORM: usize = 4;
const CLOUD: usize = 5;
const RELAYS: usize = 6;
const BRIDGES: usize = 7;

/// The rows of `servers` that have a value in this column alone, below the date; or in none.
fn servers(modules: &Tables, column: Option<usize>) -> Option<Vec<&[Cell]>> {
    let alone = |row: &&[Cell]| (FLAG..=CLOUD).all(|at| row[at].is_missing() != (Some(at) == column));
    Some(modules.get("servers")?.rows().filter(alone).collect())
}

/// Some columns of rows under other names.
fn columns<'r>(
    name: &'static str,
    columns: &[(&'static str, usize)],
    rows: impl IntoIterator<Item = &'r [Cell]>,
) -> Table {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(name, &names);
    for row in rows {
        table.push_all(columns.iter().map(|(_, at)| row[*at].clone()));
    }
    table
}

/// A row for each key, a column for each name.
fn wide(
    name: &'static str,
    key: &'static str,
    cells: impl IntoIterator<Item = (Cell, String, Cell)>,
) -> Table {
    let mut rows: BTreeMap<String, (Cell, BTreeMap<String, Cell>)> = BTreeMap::new();
    for (key, column, cell) in cells {
        let row = rows.entry(key.to_string()).or_insert_with(|| (key, BTreeMap::new()));
        row.1.insert(column, cell);
    }
    let names: BTreeSet<&String> = rows.values().flat_map(|(_, row)| row.keys()).collect();
    let mut table = Table::new(name, &[key]);
    table.columns.extend(names.iter().map(|&name| name.clone().into()));
    for (key, row) in rows.values() {
        let cells = names.iter().map(|&name| row.get(name).cloned().unwrap_or(Cell::Missing));
        table.push_all([key.clone()].into_iter().chain(cells));
    }
    table
}

pub(super) fn network_size(modules: &Tables, _: &Query) -> Option<Table> {
    let rows = servers(modules, None)?;
    Some(columns("networksize", &[("date", 0), ("relays", RELAYS), ("bridges", BRIDGES)], rows))
}

pub(super) fn cloud_bridges(modules: &Tables, _: &Query) -> Option<Table> {
    let rows = servers(modules, Some(CLOUD))?;
    Some(columns("cloudbridges", &[("date", 0), ("cloudbridges", BRIDGES)], rows))
}

pub(super) fn relay_countries(modules: &Tables, _: &Query) -> Option<Table> {
    let rows = servers(modules, Some(COUNTRY))?;
    Some(columns("relaycountries", &[("date", 0), ("country", COUNTRY), ("relays", RELAYS)], rows))
}

pub(super) fn versions(modules: &Tables, _: &Query) -> Option<Table> {
    let cell = |row: &[Cell]| (row[0].clone(), row[VERSION].text().to_owned(), row[RELAYS].clone());
    Some(wide("versions", "date", servers(modules, Some(VERSION))?.into_iter().map(cell)))
}

/// Small letters, and FreeBSD stands for all of its kind.
pub(super) fn platforms(modules: &Tables, _: &Query) -> Option<Table> {
    let name = |cell: &Cell| match cell.text() {
        "FreeBSD" => "bsd".to_owned(),
        name => name.to_lowercase(),
    };
    let cell = |row: &[Cell]| (row[0].clone(), name(&row[PLATFORM]), row[RELAYS].clone());
    Some(wide("platforms", "date", servers(modules, Some(PLATFORM))?.into_iter().map(cell)))
}

/// Small letters, and all relays as those that run.
pub(super) fn relay_flags(modules: &Tables, _: &Query) -> Option<Table> {
    let running = servers(modules, None)?.into_iter().map(|row| (row, "running".to_owned()));
    let flags = servers(modules, Some(FLAG))?.into_iter().map(|row| (row, row[FLAG].text().to_lowercase()));
    let cell = |(row, name): (&[Cell], String)| (row[0].clone(), name, row[RELAYS].clone());
    Some(wide("relayflags", "date", running.chain(flags).map(cell)))
}

/// The rows of `bandwidth` by flags, or of all relays; `None` if it is that of 2020, which has other columns.
fn bandwidth_rows(modules: &Tables, by_flags: bool) -> Option<impl Iterator<Item = &[Cell]>> {
    let table = modules.get("bandwidth").filter(|table| table.column("advbw").is_some())?;
    Some(table.rows().filter(move |row| row[1].is_missing() != by_flags))
}

/// The mean of read and written, rounded down.
fn consumed(row: &[Cell]) -> Option<f64> {
    row[4].number().zip(row[5].number()).map(|(read, written)| ((read + written) / 2.0).floor())
}

pub(super) fn bandwidth(modules: &Tables, _: &Query) -> Option<Table> {
    let mut table = Table::new("bandwidth", &["date", "bwadv", "bwhist"]);
    for row in bandwidth_rows(modules, false)? {
        table.push([row[0].clone(), row[3].clone(), consumed(row).into()]);
    }
    Some(table)
}

pub(super) fn consumed_flags(modules: &Tables, _: &Query) -> Option<Table> {
    let rows = bandwidth_rows(modules, true)?.filter(|row| consumed(row).is_some());
    let names = [("date", 0), ("isexit", 1), ("isguard", 2), ("read", 4), ("written", 5)];
    Some(columns("bwhist-flags", &names, rows))
}

/// Sums over guards and over exits, of which a relay can be both; what is nothing is left out.
pub(super) fn bandwidth_flags(modules: &Tables, _: &Query) -> Option<Table> {
    let mut sums: BTreeMap<(&str, &str, Day), f64> = BTreeMap::new();
    for row in bandwidth_rows(modules, true)? {
        let Some(day) = row[0].day() else { continue };
        for (flag, _) in [("guard", 2), ("exit", 1)].into_iter().filter(|(_, at)| row[*at].is_true()) {
            for (name, value) in [("advbw", row[3].number()), ("bwhist", consumed(row))] {
                *sums.entry((name, flag, day)).or_default() += value.unwrap_or(0.0);
            }
        }
    }
    let mut table = Table::new("bandwidth-flags", &["date", "type", "flag", "value"]);
    let mut push = |kind: &'static str, of: &'static str| {
        for ((_, _, day), sum) in
            sums.iter().filter(|((name, flag, _), sum)| (*name, *flag) == (kind, of) && **sum > 0.0)
        {
            table.push([(*day).into(), kind.into(), of.into(), (*sum).into()]);
        }
    };
    for kind in ["advbw", "bwhist"] {
        for flag in ["guard", "exit"] {
            push(kind, flag);
        }
    }
    Some(table)
}

pub(super) fn directory_bytes(modules: &Tables, _: &Query) -> Option<Table> {
    let rows = bandwidth_rows(modules, false)?.filter(|row| !row[6].is_missing() && !row[7].is_missing());
    Some(columns("dirbytes", &[("date", 0), ("dirread", 6), ("dirwrite", 7)], rows))
}

/// `torperf` by source and size, such as `all-50kb`, and day.
fn by_source(modules: &Tables, name: &'static str, names: &[(&'static str, usize)]) -> Option<Table> {
    let source = |row: &[Cell]| {
        let source = if row[2].is_missing() { "all" } else { row[2].text() };
        let size = match row[1].number().map(|size| size as u64) {
            Some(51_200) => "50kb",
            Some(1_048_576) => "1mb",
            _ => "5mb",
        };
        format!("{source}-{size}")
    };
    let mut rows: Vec<(String, &[Cell])> =
        modules.get("torperf")?.rows().map(|row| (source(row), row)).collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1[0].order(&b.1[0])));
    let all: Vec<_> = [("source", 0), ("date", 0)].iter().chain(names).map(|(name, _)| *name).collect();
    let mut table = Table::new(name, &all);
    for (source, row) in rows {
        let start = [source.into(), row[0].clone()];
        table.push_all(start.into_iter().chain(names.iter().map(|(_, at)| row[*at].clone())));
    }
    Some(table)
}

pub(super) fn torperf(modules: &Tables, _: &Query) -> Option<Table> {
    by_source(modules, "torperf", &[("q1", 3), ("md", 4), ("q3", 5)])
}

pub(super) fn torperf_failures(modules: &Tables, _: &Query) -> Option<Table> {
    by_source(modules, "torperf-failures", &[("timeouts", 6), ("failures", 7), ("requests", 8)])
}

pub(super) fn connections(modules: &Tables, _: &Query) -> Option<Table> {
    modules.get("connbidirect").cloned()
}

pub(super) fn users(modules: &Tables, _: &Query) -> Option<Table> {
    let names = [
        ("date", 0),
        ("node", 1),
        ("country", 2),
        ("transport", 3),
        ("version", 4),
        ("frac", 8),
        ("users", 7),
    ];
    Some(columns("userstats", &names, modules.get("clients")?.rows()))
}

pub(super) fn users_detector(modules: &Tables, _: &Query) -> Option<Table> {
    modules.get("userstats-detector").cloned()
}

pub(super) fn monthly_peak(modules: &Tables, _: &Query) -> Option<Table> {
    monthly(modules, "monthly-userstats-peak", |days| days.iter().copied().fold(f64::MIN, f64::max))
}

pub(super) fn monthly_average(modules: &Tables, _: &Query) -> Option<Table> {
    monthly(modules, "monthly-userstats-average", |days| days.iter().sum::<f64>() / days.len() as f64)
}

/// Users of relays and bridges together: a row for each country and one for all, a column for each month.
fn monthly(modules: &Tables, name: &'static str, of: fn(&[f64]) -> f64) -> Option<Table> {
    let mut days: BTreeMap<(String, String), BTreeMap<Day, f64>> = BTreeMap::new();
    for row in modules.get("clients")?.rows() {
        let plain = !row[2].is_missing() && row[3].is_missing() && row[4].is_missing();
        let (Some(day), Some(users), true) = (row[0].day(), row[7].number(), plain) else { continue };
        let month = day.to_string().chars().take("2013-12".len()).collect();
        *days.entry((month, row[2].text().to_owned())).or_default().entry(day).or_default() += users;
    }
    let mut all: BTreeMap<String, f64> = BTreeMap::new();
    let mut cells = Vec::new();
    for ((month, country), days) in days {
        let value = of(&days.into_values().collect::<Vec<_>>());
        *all.entry(month.clone()).or_default() += value;
        cells.push((Cell::from(country), month, Cell::Float(value.floor())));
    }
    let mut table = wide(name, "country", cells);
    if !all.is_empty() {
        let sums = all.into_values().map(|sum| Cell::Float(sum.floor()));
        table.push_all([Cell::from("all")].into_iter().chain(sums));
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients() -> Tables {
        let columns =
            ["date", "node", "country", "transport", "version", "lower", "upper", "clients", "frac"];
        let mut table = Table::new("clients", &columns);
        for (day, node, country, users) in [
            (15_700, "relay", "de", 10i64),
            (15_700, "bridge", "de", 5),
            (15_701, "relay", "de", 20),
            (15_701, "relay", "us", 7),
            (15_740, "relay", "us", 8),
            (15_740, "relay", "", 99),
        ] {
            let none = Cell::Missing;
            let [version, lower, upper] = [none.clone(), none.clone(), none.clone()];
            table.push([
                Day(day).into(),
                node.into(),
                country.into(),
                none,
                version,
                lower,
                upper,
                users.into(),
                50i64.into(),
            ]);
        }
        Tables(vec![table])
    }

    #[test]
    fn months_have_columns_and_countries_rows() {
        let text = |table: Option<Table>| table.expect("a table").to_csv_2013();
        let peak = text(monthly_peak(&clients(), &Query::default()));
        assert_eq!(peak, "country,2012-12,2013-02\nde,20,NA\nus,7,8\nall,27,8\n");
        let average = text(monthly_average(&clients(), &Query::default()));
        assert_eq!(average, "country,2012-12,2013-02\nde,17,NA\nus,7,8\nall,24,8\n");
    }
}
