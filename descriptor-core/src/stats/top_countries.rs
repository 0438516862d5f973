//! The website's three tables of countries (spec §20): by users of relays, by users of bridges, and by possible events of
//! censorship; and the report that the censorship detector sent by mail (spec §6.3).
//!
//! All are made of the rows of `clients` in a span of days.

use std::collections::BTreeMap;

use super::{
    Cell, Day, Options, Table, Tables, countries,
    detector::{Event, Range},
    number::{round_r, write_r},
};

/// How many countries a table has.
const TOP: usize = 10;

/// How many days the website looked back. Unit: days.
pub(crate) const SPAN: i32 = 90;

/// Codes that are of no country.
const NO_COUNTRIES: [&str; 7] = ["zy", "??", "a1", "a2", "o1", "ap", "eu"];

// The columns of `clients`.
const NODE: usize = 1;
const COUNTRY: usize = 2;
const LOWER: usize = 5;
const UPPER: usize = 6;
const USERS: usize = 7;

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Top {
    /// By users of relays.
    Relays,
    /// By users of bridges.
    Bridges,
    /// By possible events of censorship.
    Events,
}

/// A number of a country on a day, and between what bounds it was expected.
struct Row<'t> {
    day: Day,
    country: &'t str,
    users: f64,
    range: Option<Range>,
}

impl Row<'_> {
    fn event(&self) -> Option<Event> {
        self.range?.event(self.users)
    }
}

/// The rows of countries, of relays or bridges.
fn of_node<'t>(rows: impl Iterator<Item = &'t [Cell]>, node: &'static str) -> impl Iterator<Item = Row<'t>> {
    rows.filter_map(move |row| {
        let plain = row[3].is_missing() && row[4].is_missing() && !row[COUNTRY].is_missing();
        let bounds = row[LOWER].number().zip(row[UPPER].number());
        (row[NODE].text() == node && plain).then_some(())?;
        Some(Row {
            day: row[0].day()?,
            country: row[COUNTRY].text(),
            users: row[USERS].number()?,
            range: bounds.map(|(lower, upper)| Range { lower, upper }),
        })
    })
}

/// The three tables of a span of days, both included; none without `clients`.
pub fn tables(modules: &Tables, first: Day, last: Day) -> Vec<Table> {
    let Some(clients) = modules.get("clients") else { return Vec::new() };
    let span = first..=last;
    let rows = || clients.rows().filter(|row| row[0].day().is_some_and(|day| span.contains(&day)));
    [Top::Relays, Top::Bridges, Top::Events].map(|top| table(top, rows())).into()
}

/// One of the tables, of some rows of `clients`.
pub(crate) fn table<'t>(top: Top, rows: impl Iterator<Item = &'t [Cell]>) -> Table {
    match top {
        Top::Relays => by_mean("userstats-relay-table", of_node(rows, "relay")),
        Top::Bridges => by_mean("userstats-bridge-table", of_node(rows, "bridge")),
        Top::Events => by_events(of_node(rows, "relay")),
    }
}

/// The span of days that tables are made of without another wish: until the day of the run, and as far back as the website.
pub fn span(options: &Options) -> (Day, Day) {
    let last = options.until.map_or(options.today(), |until| until.min(options.today()));
    (options.since.unwrap_or(last.plus(-SPAN)), last)
}

/// The mean over the days that a country has, and its share of the sum of all means.
fn by_mean<'t>(name: &'static str, rows: impl Iterator<Item = Row<'t>>) -> Table {
    let mut countries: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for row in rows {
        let (sum, days) = countries.entry(row.country).or_default();
        (*sum, *days) = (*sum + row.users, *days + 1.0);
    }
    let mut means: Vec<(&str, f64)> =
        countries.into_iter().map(|(country, (sum, days))| (country, sum / days)).collect();
    let total: f64 = means.iter().map(|(_, mean)| mean).sum();
    means.retain(|(country, _)| !NO_COUNTRIES.contains(country));
    means.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut table = Table::new(name, &["cc", "country", "abs", "rel"]);
    for (country, mean) in means.into_iter().take(TOP) {
        let mut users = String::new();
        write_r(mean.round_ties_even(), &mut users);
        let share = format!("{:.2}", round_r(100.0 * mean / total, 2));
        table.push([country.to_owned().into(), label(country), users.into(), share.into()]);
    }
    table
}

/// Downturns and upturns, of countries that have a name.
fn by_events<'t>(rows: impl Iterator<Item = Row<'t>>) -> Table {
    let mut found: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in rows.filter(|row| countries::label(row.country).is_some()) {
        let counts = found.entry(row.country).or_default();
        counts.0 += i64::from(row.event() == Some(Event::Downturn));
        counts.1 += i64::from(row.event() == Some(Event::Upturn));
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, counts)| std::cmp::Reverse(*counts));
    let mut table = Table::new("userstats-censorship-events", &["cc", "country", "downturns", "upturns"]);
    for (country, (down, up)) in found.into_iter().take(TOP) {
        table.push([country.to_owned().into(), label(country), down.into(), up.into()]);
    }
    table
}

fn label(country: &str) -> Cell {
    countries::label(country).map_or_else(|| country.to_owned().into(), Cell::from)
}

/// The detector's report of the last day that `clients` has: each country with an event, those with downturns first, then by
/// users. Empty if there is none.
pub fn report(modules: &Tables) -> String {
    let Some(clients) = modules.get("clients") else { return String::new() };
    let rows: Vec<_> = of_node(clients.rows(), "relay").collect();
    let Some(last) = rows.iter().map(|row| row.day).max() else { return String::new() };
    let mut events: Vec<_> =
        rows.iter().filter(|row| row.day == last).filter_map(|row| Some((row.event()?, row))).collect();
    events.sort_by(|(a, left), (b, right)| {
        a.cmp(b).then(right.users.total_cmp(&left.users)).then(right.country.cmp(left.country))
    });
    let line = "=======================\n";
    let mut text = String::new();
    for (event, row) in events {
        if text.is_empty() {
            text = format!("{line}Possible censorship events on {last}\n{line}");
        }
        let name = countries::label(row.country).unwrap_or(row.country);
        let (what, than, bound) = match (event, row.range) {
            (Event::Downturn, Some(range)) => ("Potential censorship event", "fewer than", range.lower),
            (_, range) => ("Unusual spike of users", "more than", range.map_or(0.0, |range| range.upper)),
        };
        text += &format!("\n{what} in {name}: {} users, {than} the {bound} expected.\n", row.users);
        text += &format!(
            "https://metrics.torproject.org/userstats-relay-country.html?start={}&end={last}&country={}&events=on\n",
            last.plus(-SPAN),
            row.country
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(rows: &[(i32, &'static str, i64, i64, i64)]) -> Tables {
        let columns =
            ["date", "node", "country", "transport", "version", "lower", "upper", "clients", "frac"];
        let mut table = Table::new("clients", &columns);
        for &(day, country, lower, upper, users) in rows {
            let none = Cell::Missing;
            let start = [Day(day).into(), "relay".into(), country.into(), none.clone(), none];
            let end = [lower, upper, users, 50].map(Cell::Int);
            table.push_all(start.into_iter().chain(end));
        }
        Tables(vec![table])
    }

    #[test]
    fn the_report_tells_of_the_last_day() {
        let modules = clients(&[
            (0, "de", 10, 20, 5),
            (1, "de", 10, 20, 15),
            (1, "us", 10, 20, 21),
            (1, "ir", 10, 20, 9),
            (1, "", 10, 20, 1),
        ]);
        let text = report(&modules);
        let places =
            ["1970-01-02", "Iran: 9 users, fewer than the 10", "United States: 21 users, more than the 20"];
        let places = places.map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")));
        assert!(places.is_sorted() && !text.contains("Germany"));
        assert_eq!(report(&clients(&[(1, "de", 10, 20, 15)])), "");
        assert_eq!(report(&Tables::default()), "");
    }

    #[test]
    fn tables_are_of_a_span_and_of_real_countries() {
        let modules =
            clients(&[(0, "de", 1, 2, 999), (5, "de", 4, 20, 3), (6, "de", 4, 20, 6), (6, "??", 0, 9, 5)]);
        let tables = tables(&modules, Day(5), Day(6));
        let texts: Vec<_> = tables.iter().map(Table::to_csv).collect();
        assert_eq!(texts[0], "cc,country,abs,rel\nde,Germany,4,47.37\n");
        assert_eq!(texts[1], "cc,country,abs,rel\n");
        assert_eq!(texts[2], "cc,country,downturns,upturns\nde,Germany,1,0\n");
    }
}
