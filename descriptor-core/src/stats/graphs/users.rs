//! Graphs of users.

use std::collections::BTreeMap;

use super::{Query, rows};
use crate::stats::{Cell, Table, Tables};

// The columns of `clients`.
const NODE: usize = 1;
const COUNTRY: usize = 2;
const TRANSPORT: usize = 3;
const VERSION: usize = 4;
const LOWER: usize = 5;
const UPPER: usize = 6;
const CLIENTS: usize = 7;
const FRAC: usize = 8;

/// Whether a row is one of a country or of all: the parameter's `all` is the empty name.
fn is_country(query: &Query, country: &str) -> bool {
    query.wants("country", if country.is_empty() { "all" } else { country })
}

pub(super) fn relay_country(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "country", "users", "lower", "upper", "frac"];
    let mut table = Table::new("userstats-relay-country", &columns);
    for (day, row) in rows(modules.get("clients")?, query) {
        let plain = row[TRANSPORT].is_missing() && row[VERSION].is_missing();
        if row[NODE].text() == "relay" && plain && is_country(query, row[COUNTRY].text()) {
            let [country, users, lower, upper, frac] =
                [COUNTRY, CLIENTS, LOWER, UPPER, FRAC].map(|column| row[column].clone());
            table.push([Cell::Day(day), country, users, lower, upper, frac]);
        }
    }
    Some(table)
}

pub(super) fn bridge_country(modules: &Tables, query: &Query) -> Option<Table> {
    let mut table = Table::new("userstats-bridge-country", &["date", "country", "users", "frac"]);
    for (day, row) in rows(modules.get("clients")?, query) {
        let plain = row[TRANSPORT].is_missing() && row[VERSION].is_missing();
        if row[NODE].text() == "bridge" && plain && is_country(query, row[COUNTRY].text()) {
            table.push([Cell::Day(day), row[COUNTRY].clone(), row[CLIENTS].clone(), row[FRAC].clone()]);
        }
    }
    Some(table)
}

/// By transport, and all transports together as `!<OR>`.
pub(super) fn bridge_transport(modules: &Tables, query: &Query) -> Option<Table> {
    let mut found = BTreeMap::new();
    for (day, row) in rows(modules.get("clients")?, query) {
        if row[NODE].text() != "bridge" || row[TRANSPORT].is_missing() {
            continue;
        }
        let (transport, users, frac) = (row[TRANSPORT].text(), row[CLIENTS].number()?, row[FRAC].number()?);
        found.insert((day, collation(transport)), (transport.to_owned(), users, frac));
        if transport != "<OR>" {
            let name = "!<OR>";
            let all = found.entry((day, collation(name))).or_insert((name.to_owned(), 0.0, frac));
            all.1 += users;
        }
    }
    // The originals fail without a row.
    if found.is_empty() {
        return None;
    }
    let mut table = Table::new("userstats-bridge-transport", &["date", "transport", "users", "frac"]);
    for ((day, _), (transport, users, frac)) in found {
        if query.wants("transport", &transport) {
            table.push([day.into(), transport.into(), users.into(), frac.into()]);
        }
    }
    Some(table)
}

/// Users of all versions too, where no version is asked for (spec §27 C19).
pub(super) fn bridge_version(modules: &Tables, query: &Query) -> Option<Table> {
    let mut table = Table::new("userstats-bridge-version", &["date", "version", "users", "frac"]);
    for (day, row) in rows(modules.get("clients")?, query) {
        let plain = row[COUNTRY].is_missing() && row[TRANSPORT].is_missing();
        if row[NODE].text() == "bridge" && plain && query.wants("version", row[VERSION].text()) {
            table.push([Cell::Day(day), row[VERSION].clone(), row[CLIENTS].clone(), row[FRAC].clone()]);
        }
    }
    Some(table)
}

/// By country and transport; for all countries together, what [`bridge_country`] gives.
pub(super) fn bridge_combined(modules: &Tables, query: &Query) -> Option<Table> {
    if query.value("country") == Some("all") {
        return bridge_country(modules, query);
    }
    // The columns of `userstats-combined`.
    let [country, transport, frac, low, high] = [2, 3, 5, 6, 7];
    let mut found = BTreeMap::new();
    for (day, row) in rows(modules.get("userstats-combined")?, query) {
        if query.wants("country", row[country].text()) {
            let key = (day, collation(row[country].text()), collation(row[transport].text()));
            found.insert(key, [country, transport, low, high, frac].map(|column| row[column].clone()));
        }
    }
    let columns = ["date", "country", "transport", "low", "high", "frac"];
    let mut table = Table::new("userstats-bridge-combined", &columns);
    for ((day, ..), cells) in found {
        table.push_all([Cell::Day(day)].into_iter().chain(cells));
    }
    Some(table)
}

/// A key that sorts names as the root collation of ICU does, as far as names of countries, transports and authorities go:
/// signs before digits before letters, and of letters that differ in case only, the small one first.
pub(super) fn collation(name: &str) -> (Vec<(u8, u8)>, Vec<bool>) {
    const SIGNS: &[u8] = b"_-,;:!?./`^'\"()[]{}@*&#%+<=>|~$";
    let rank = |byte: u8| match SIGNS.iter().position(|&it| it == byte) {
        Some(at) => (0, at as u8),
        None if byte.is_ascii_digit() => (1, byte),
        None => (2, byte.to_ascii_lowercase()),
    };
    let bytes = || name.bytes();
    (bytes().map(rank).collect(), bytes().map(|byte| byte.is_ascii_uppercase()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_r_sorts_them() {
        let mut names =
            ["websocket", "Obfs4_x", "obfs4", "<OR>", "obfs3", "!<OR>", "<??>", "fte", "meek", "OBFS4"];
        names.sort_by_key(|name| collation(name));
        assert_eq!(
            names,
            ["!<OR>", "<??>", "<OR>", "fte", "meek", "obfs3", "obfs4", "OBFS4", "Obfs4_x", "websocket"]
        );
    }
}
