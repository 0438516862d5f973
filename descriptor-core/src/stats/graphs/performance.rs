//! Graphs of Torperf and OnionPerf.

use super::{Query, rows};
use crate::stats::{Cell, Table, Tables};

/// Times of downloads. Unit: seconds.
pub(super) fn times(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "filesize", "source", "server", "q1", "md", "q3"];
    let mut table = Table::new("torperf", &columns);
    for (day, row) in rows(modules.get("onionperf-including-partials")?, query) {
        let size = match row[1].number() {
            Some(51_200.0) => "50kb",
            Some(1_048_576.0) => "1mb",
            Some(5_242_880.0) => "5mb",
            _ => "",
        };
        if query.wants("server", row[3].text()) && query.wants("filesize", size) {
            let seconds = row[4..7].iter().map(|cell| cell.number().map(|it| it / 1000.0).into());
            table.push_all([Cell::Day(day)].into_iter().chain(row[1..4].to_vec()).chain(seconds));
        }
    }
    Some(table)
}

/// Shares of requests that timed out or failed.
pub(super) fn failures(modules: &Tables, query: &Query) -> Option<Table> {
    let mut table = Table::new("torperf-failures", &["date", "source", "server", "timeouts", "failures"]);
    for (day, row) in rows(modules.get("onionperf-failures")?, query) {
        let requests = row[5].number().filter(|&requests| requests > 0.0);
        if let (Some(requests), true) = (requests, query.wants("server", row[2].text())) {
            let share = |cell: &Cell| Cell::from(cell.number().map(|it| it / requests));
            table.push([Cell::Day(day), row[1].clone(), row[2].clone(), share(&row[3]), share(&row[4])]);
        }
    }
    Some(table)
}

pub(super) fn build_times(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "source", "position", "q1", "md", "q3"];
    let mut table = Table::new("onionperf-buildtimes", &columns);
    rows(modules.get("buildtimes")?, query).for_each(|(_, row)| table.push_all(row.to_vec()));
    Some(table)
}

pub(super) fn latencies(modules: &Tables, query: &Query) -> Option<Table> {
    whiskers("onionperf-latencies", modules.get("latencies")?, query)
}

pub(super) fn throughput(modules: &Tables, query: &Query) -> Option<Table> {
    whiskers("onionperf-throughput", modules.get("onionperf-throughput")?, query)
}

fn whiskers(name: &'static str, module: &Table, query: &Query) -> Option<Table> {
    let columns = ["date", "source", "server", "low", "q1", "md", "q3", "high"];
    let mut table = Table::new(name, &columns);
    for (_, row) in rows(module, query).filter(|(_, row)| query.wants("server", row[2].text())) {
        table.push_all(row.to_vec());
    }
    Some(table)
}
