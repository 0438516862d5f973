//! Graphs of authorities' weights, onion services and requests for bridges.

use std::collections::BTreeMap;

use super::{Query, rows, users::collation};
use crate::stats::{Cell, Day, Table, Tables};

/// Total consensus weight of each authority; the consensus comes last, without a name.
pub(super) fn total_weight(modules: &Tables, query: &Query) -> Option<Table> {
    let mut sums = BTreeMap::new();
    for (day, row) in rows(modules.get("totalcw")?, query) {
        let name = row[1].text();
        let (_, sum) = sums.entry((day, name.is_empty(), collation(name))).or_insert((name, 0.0));
        *sum += row[4].number().unwrap_or(0.0);
    }
    let mut table = Table::new("totalcw", &["date", "nickname", "totalcw"]);
    for ((day, ..), (name, sum)) in sums {
        table.push([Cell::Day(day), name.to_owned().into(), Cell::Float(sum)]);
    }
    Some(table)
}

pub(super) fn bridgedb_transport(modules: &Tables, query: &Query) -> Option<Table> {
    requests(modules, query, "bridgedb-transport", "transport", 2)
}

pub(super) fn bridgedb_distributor(modules: &Tables, query: &Query) -> Option<Table> {
    requests(modules, query, "bridgedb-distributor", "distributor", 1)
}

/// Requests by one column, over the other.
fn requests(
    modules: &Tables,
    query: &Query,
    name: &'static str,
    column: &'static str,
    at: usize,
) -> Option<Table> {
    let mut sums: BTreeMap<(Day, &str), f64> = BTreeMap::new();
    for (day, row) in rows(modules.get("bridgedb-stats")?, query) {
        *sums.entry((day, row[at].text())).or_default() += row[3].number().unwrap_or(0.0);
    }
    let mut table = Table::new(name, &["date", column, "requests"]);
    for ((day, of), sum) in sums {
        table.push([Cell::Day(day), of.to_owned().into(), Cell::Float(sum)]);
    }
    Some(table)
}

/// Below this share of the network nothing is shown.
const SMALLEST: f64 = 0.01;

/// Onion services of version 2.
pub(super) fn onions_seen(modules: &Tables, query: &Query) -> Option<Table> {
    let rows = rows(modules.get("hidserv")?, query);
    onion_services(rows, "hidserv-dir-onions-seen", "onions", "dir-onions-seen", |onions| onions)
}

/// Traffic of onion services. Unit: Gbit/s.
pub(super) fn relayed_cells(modules: &Tables, query: &Query) -> Option<Table> {
    let rows = rows(modules.get("hidserv")?, query);
    onion_services(rows, "hidserv-rend-relayed-cells", "relayed", "rend-relayed-cells", gbit)
}

/// Onion services of version 3. Experimental.
pub(super) fn onions_seen_v3(modules: &Tables, query: &Query) -> Option<Table> {
    let rows = rows(modules.get("hidserv-v3")?, query);
    onion_services(rows, "hidserv-dir-v3-onions-seen", "onions", "dir-v3-onions-seen", |onions| onions)
}

/// Traffic of onion services of version 3. Unit: Gbit/s. Experimental.
pub(super) fn relayed_cells_v3(modules: &Tables, query: &Query) -> Option<Table> {
    let rows = rows(modules.get("hidserv-v3")?, query);
    onion_services(rows, "hidserv-rend-v3-relayed-cells", "relayed", "rend-v3-relayed-cells", gbit)
}

/// Cells of a day as traffic. Unit: Gbit/s.
fn gbit(cells: f64) -> f64 {
    cells * 8.0 * 512.0 / (86400.0 * 1e9)
}

fn onion_services<'t>(
    rows: impl Iterator<Item = (Day, &'t [Cell])>,
    name: &'static str,
    column: &'static str,
    kind: &str,
    convert: impl Fn(f64) -> f64,
) -> Option<Table> {
    let mut table = Table::new(name, &["date", column, "frac"]);
    for (day, row) in rows.filter(|(_, row)| row[1].text() == kind) {
        let frac = row[5].number()?;
        let value = row[4].number().filter(|_| frac >= SMALLEST).map(&convert);
        table.push([Cell::Day(day), value.into(), frac.into()]);
    }
    Some(table)
}
