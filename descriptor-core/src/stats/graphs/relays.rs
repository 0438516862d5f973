//! Graphs that the website never had: of the statistics that are new beside Tor Metrics. Their files are in the website's
//! form, but do not say that they are the website's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Query, rows};
use crate::stats::{Cell, Day, Table, Tables};

/// The ids of these graphs.
pub(super) const IDS: [&str; 11] = [
    "relay-countries",
    "relay-systems",
    "relay-families",
    "bandwidth-countries",
    "bandwidth-systems",
    "bandwidth-families",
    "concentration",
    "churn",
    "overload",
    "version-adoption",
    "measurements",
];

/// Relays by `country`.
pub(super) fn countries(modules: &Tables, query: &Query) -> Option<Table> {
    let columns =
        ["date", "country", "relays", "advertised_bandwidth", "consensus_weight", "exit_probability"];
    columns_of(modules, "relay-countries", query, "country", &columns)
}

/// Relays by autonomous system, `as`.
pub(super) fn systems(modules: &Tables, query: &Query) -> Option<Table> {
    let columns =
        ["date", "as", "name", "relays", "advertised_bandwidth", "consensus_weight", "exit_probability"];
    columns_of(modules, "relay-systems", query, "as", &columns)
}

/// Relays by `family`.
pub(super) fn families(modules: &Tables, query: &Query) -> Option<Table> {
    let columns =
        ["date", "family", "members", "advertised_bandwidth", "consensus_weight", "exit_probability"];
    columns_of(modules, "relay-families", query, "family", &columns)
}

/// Consumed bandwidth by `country`.
pub(super) fn consumed_by_country(modules: &Tables, query: &Query) -> Option<Table> {
    consumed(modules, "bandwidth-countries", query, &["date", "country"])
}

/// Consumed bandwidth by autonomous system, `as`.
pub(super) fn consumed_by_system(modules: &Tables, query: &Query) -> Option<Table> {
    consumed(modules, "bandwidth-systems", query, &["date", "as", "name"])
}

/// Consumed bandwidth by `family`.
pub(super) fn consumed_by_family(modules: &Tables, query: &Query) -> Option<Table> {
    consumed(modules, "bandwidth-families", query, &["date", "family"])
}

/// The mean of what was read and written in Gbit/s, as `bandwidth` has it, and the share of the groups' weight that the
/// relays have which reported it. The group is told by the second column.
fn consumed(modules: &Tables, module: &'static str, query: &Query, group: &[&'static str]) -> Option<Table> {
    let numbers = ["relays", "bwread", "bwwrite", "consensus_weight", "reporters_weight"];
    let all = columns_of(modules, module, query, group[1], &[group, &numbers].concat())?;
    let mut table = Table::new(module, &[group, &["relays", "bwhist", "reported"]].concat());
    for row in all.rows() {
        let (of_group, numbers) = row.split_at(group.len());
        let [relays, read, written, weight, reporters] = numbers else { continue };
        let bandwidth =
            read.number().zip(written.number()).map(|(read, written)| (read + written) * 8.0 / 2e9);
        let shares = reporters.number().zip(weight.number());
        let reported = shares.filter(|(_, all)| *all > 0.0).map(|(part, all)| part / all);
        let end = [relays.clone(), bandwidth.into(), reported.into()];
        table.push_all(of_group.iter().cloned().chain(end));
    }
    Some(table)
}

/// The effective number of relays, families, systems and countries, one column each, in a `position`, which is `any` if none
/// is asked for.
pub(super) fn concentration(modules: &Tables, query: &Query) -> Option<Table> {
    let module = modules.get("concentration")?;
    let [group, position, effective] = ["group", "position", "effective"].map(|name| module.column(name));
    let (group, position, effective) = (group?, position?, effective?);
    let wanted = query.value("position").unwrap_or("any");
    let mut days: BTreeMap<Day, BTreeMap<&str, &Cell>> = BTreeMap::new();
    for (day, row) in rows(module, query).filter(|(_, row)| row[position].text() == wanted) {
        days.entry(day).or_default().insert(row[group].text(), &row[effective]);
    }
    let groups: BTreeSet<&str> = days.values().flat_map(BTreeMap::keys).copied().collect();
    let mut table = Table::new("concentration", &["date"]);
    table.columns.extend(groups.iter().map(|group| (*group).to_owned().into()));
    for (day, numbers) in days {
        let cells = groups.iter().map(|group| numbers.get(group).map_or(Cell::Missing, |it| (*it).clone()));
        table.push_all([Cell::Day(day)].into_iter().chain(cells));
    }
    Some(table)
}

/// What came and went by `interval`.
pub(super) fn churn(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "interval", "came", "went", "came_weight", "went_weight"];
    columns_of(modules, "churn", query, "interval", &columns)
}

/// The share of reporters that are overloaded, and of their weight, by `kind`.
pub(super) fn overload(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "kind", "relays", "reporters", "weight", "reporters_weight"];
    let counts = columns_of(modules, "overload", query, "kind", &columns)?;
    let mut table = Table::new("overload", &["date", "kind", "share", "weight"]);
    for row in counts.rows() {
        let share = |part: &Cell, all: &Cell| {
            let (part, all) = part.number().zip(all.number())?;
            (all > 0.0).then(|| part / all)
        };
        let [share, weight] = [share(&row[2], &row[3]), share(&row[4], &row[5])];
        table.push([row[0].clone(), row[1].clone(), share.into(), weight.into()]);
    }
    Some(table)
}

/// Shares of relays and of weight by `version`, recommended or not.
pub(super) fn versions(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "version", "share", "weight"];
    let module = columns_of(modules, "version-adoption", query, "version", &columns)?;
    let mut sums: BTreeMap<(Day, &str), [f64; 2]> = BTreeMap::new();
    for (day, row) in rows(&module, query) {
        let sum = sums.entry((day, row[1].text())).or_default();
        for (sum, cell) in sum.iter_mut().zip(&row[2..]) {
            *sum += cell.number().unwrap_or(0.0);
        }
    }
    let mut table = Table::new("version-adoption", &columns);
    for ((day, version), [share, weight]) in sums {
        table.push([day.into(), version.to_owned().into(), share.into(), weight.into()]);
    }
    Some(table)
}

/// Quartiles of what an `authority` measures, compared with the others.
pub(super) fn measurements(modules: &Tables, query: &Query) -> Option<Table> {
    let columns = ["date", "authority", "measured", "p25", "median", "p75"];
    columns_of(modules, "measurements", query, "authority", &columns)
}

/// Some columns of a table, of the rows that have a wanted value in a column.
fn columns_of(
    modules: &Tables,
    module: &'static str,
    query: &Query,
    parameter: &str,
    columns: &[&'static str],
) -> Option<Table> {
    let from = modules.get(module)?;
    let chooses = from.column(parameter)?;
    let places: Vec<usize> = columns.iter().map(|name| from.column(name)).collect::<Option<_>>()?;
    let mut table = Table::new(module, columns);
    for (_, row) in rows(from, query) {
        let value = match &row[chooses] {
            Cell::Int(number) => number.to_string(),
            cell => cell.text().to_owned(),
        };
        if query.wants(parameter, &value) {
            table.push_all(places.iter().map(|at| row[*at].clone()));
        }
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules() -> Tables {
        let day = |at| Cell::Day(Day(at));
        let mut overload = Table::new(
            "overload",
            &["date", "kind", "relays", "reporters", "weight", "reporters_weight", "x"],
        );
        overload.push([
            day(0),
            "general".into(),
            1i64.into(),
            4i64.into(),
            0.1.into(),
            0.5.into(),
            1i64.into(),
        ]);
        overload.push([day(0), "fd".into(), 0i64.into(), 0i64.into(), 0.0.into(), 0.0.into(), 1i64.into()]);
        let mut concentration = Table::new("concentration", &["date", "group", "position", "effective"]);
        concentration.push([day(0), "relay".into(), "any".into(), 9i64.into()]);
        concentration.push([day(0), "relay".into(), "exit".into(), 4i64.into()]);
        concentration.push([day(1), "as".into(), "any".into(), 3i64.into()]);
        let mut versions =
            Table::new("version-adoption", &["date", "version", "recommended", "share", "weight"]);
        versions.push([day(0), "0.4.8".into(), false.into(), 0.25.into(), 0.5.into()]);
        versions.push([day(0), "0.4.8".into(), true.into(), 0.5.into(), Cell::Missing]);
        Tables(vec![overload, concentration, versions])
    }

    #[test]
    fn rows_are_chosen_and_numbers_made() {
        let csv = |make: fn(&Tables, &Query) -> Option<Table>, query: &str| {
            make(&modules(), &Query::parse(query)).map(|table| table.to_graph_csv())
        };
        assert_eq!(
            csv(overload, "").as_deref(),
            Some("date,kind,share,weight\n1970-01-01,general,0.25,0.2\n1970-01-01,fd,,\n")
        );
        assert_eq!(csv(overload, "kind=fd").map(|it| it.lines().count()), Some(2));
        assert_eq!(csv(concentration, "").as_deref(), Some("date,as,relay\n1970-01-01,,9\n1970-01-02,3,\n"));
        assert_eq!(csv(concentration, "position=exit").as_deref(), Some("date,relay\n1970-01-01,4\n"));
        assert_eq!(
            csv(versions, "").as_deref(),
            Some("date,version,share,weight\n1970-01-01,0.4.8,0.75,0.5\n")
        );
        assert_eq!(csv(churn, ""), None);
    }
}
