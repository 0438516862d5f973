//! Reads tables back from the files that they were written to.
//!
//! A file says no types. A cell gets the type of which its text is the written form, except in the columns of
//! [`TEXT`]: a nickname may look like a number. What is read back is written again with the same bytes, and gives the same
//! files of graphs.

use std::borrow::Cow;

use thiserror::Error;

use super::{Cell, Day, Name, Options, Partials, Profile, Table, Tables, number};
use crate::{
    geoip::{Database, GeoIp, Places},
    value::Timestamp,
};

/// Columns whose cells are text, whatever they look like. A statistic whose names may look like numbers, days, `t` or `f`
/// adds its column here.
const TEXT: &[&str] = &[
    "attribute",
    "authority",
    "channel",
    "country",
    "direction",
    "distributor",
    "family",
    "fingerprint",
    "flag",
    "group",
    "interval",
    "kind",
    "locale",
    "name",
    "nickname",
    "node",
    "percentile",
    "platform",
    "ports",
    "quantile",
    "relay",
    "request_type",
    "same_network",
    "server",
    "source",
    "transport",
    "type",
    "version",
];

/// Why a file is no table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CsvError {
    /// The first line is missing, or has other columns than any table of that name.
    #[error("no column {0}")]
    NoColumn(String),
    /// A line has more or fewer fields than there are columns.
    #[error("line {line}: {found} fields in place of {expected}")]
    Width {
        /// The line, from 1.
        line: usize,
        /// How many fields it has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
}

impl Table {
    /// Reads what [`to_csv`](Self::to_csv) wrote. Lines that begin with `#` are passed over.
    pub fn from_csv(name: &'static str, text: &str) -> Result<Table, CsvError> {
        Table::read(name, text, ["t", "f"])
    }

    /// Reads the file of a graph, as the website gave it for download.
    pub fn from_graph_csv(name: &'static str, text: &str) -> Result<Table, CsvError> {
        Table::read(name, text, ["TRUE", "FALSE"])
    }

    /// Reads a file with the words for yes and no.
    fn read(name: &'static str, text: &str, truth: [&str; 2]) -> Result<Table, CsvError> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        let mut lines = lines.map(|(at, line)| (at + 1, line.strip_suffix('\r').unwrap_or(line)));
        let (_, header) = lines.next().ok_or_else(|| CsvError::NoColumn("date".to_owned()))?;
        let mut table = Table::new(name, &[]);
        table.columns = header.split(',').map(|column| Cow::Owned(column.to_owned())).collect();
        let columns = table.columns.clone();
        let is_text: Vec<bool> = columns.iter().map(|column| TEXT.contains(&&**column)).collect();
        for (line, row) in lines.filter(|(_, line)| !line.is_empty() || columns.len() == 1) {
            let found = row.split(',').count();
            if found != columns.len() {
                return Err(CsvError::Width { line, found, expected: columns.len() });
            }
            table.push_all(row.split(',').zip(&is_text).map(|(field, is_text)| cell(field, *is_text, truth)));
        }
        Ok(table)
    }

    /// The same rows with other columns, by their names.
    pub(crate) fn arranged(&self, columns: &[Cow<'static, str>]) -> Result<Table, CsvError> {
        let place =
            |name: &Cow<'_, str>| self.column(name).ok_or_else(|| CsvError::NoColumn(name.to_string()));
        let places = columns.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let mut table = Table::new(self.name, &[]);
        table.columns = columns.to_vec();
        for row in self.rows() {
            table.push_all(places.iter().map(|&place| row[place].clone()));
        }
        Ok(table)
    }
}

impl Tables {
    /// The tables of modules, without rows: names and columns, those of 2020 before those of 2013.
    pub fn empty() -> Vec<Table> {
        let mut all: Vec<Table> = PROFILES.iter().flat_map(|profile| empty(Name::ALL, *profile)).collect();
        all.sort_by_key(|table| table.name);
        all.dedup();
        all
    }

    /// Reads the file of a module. Columns may stand in any order. `None` if no module has that name.
    pub fn read_csv(name: &str, text: &str) -> Option<Result<Table, CsvError>> {
        let known: Vec<Table> = Self::empty().into_iter().filter(|table| table.name == name).collect();
        let read = match Table::from_csv(known.first()?.name, text) {
            Ok(read) => read,
            Err(error) => return Some(Err(error)),
        };
        // The files of a name may differ between 2013 and 2020.
        let missing = |form: &&Table| form.columns.iter().filter(|it| read.column(it).is_none()).count();
        let form = known.iter().min_by_key(missing)?;
        // The columns of some tables depend on what there is, as one for each country.
        let more = read.columns.len() > form.columns.len() && missing(&form) == 0;
        Some(if more { Ok(read) } else { read.arranged(&form.columns) })
    }
}

impl Name {
    /// The statistic that makes the table of a module, and the state of the originals in which it does; the later one if
    /// both do.
    pub fn making(module: &str) -> Option<(Name, Profile)> {
        let all = PROFILES.iter().flat_map(|profile| Name::ALL.iter().map(move |name| (*name, *profile)));
        let mut all =
            all.filter(|(name, profile)| empty(&[*name], *profile).iter().any(|it| it.name == module));
        all.next()
    }

    /// The statistic that makes the table of a module in a state of the originals.
    pub fn making_in(module: &str, profile: Profile) -> Option<Name> {
        Name::of_profile(profile)
            .into_iter()
            .find(|name| empty(&[*name], profile).iter().any(|it| it.name == module))
    }
}

/// The later one first.
const PROFILES: [Profile; 2] = [Profile::Y2020, Profile::Y2013];

fn empty(names: &[Name], profile: Profile) -> Vec<Table> {
    // Without databases there are no tables by country and system; these know no address.
    let mut places = Places::default();
    places.add_countries(Database::Tor(GeoIp::default()));
    places.add_systems(Database::Tor(GeoIp::default()));
    let options = Options { profile, places: Some(&places), ..Options::at(Timestamp::default()) };
    Partials::new(names).finish(&options).0
}

fn cell(text: &str, is_text: bool, truth: [&str; 2]) -> Cell {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match text {
        "" => Cell::Missing,
        _ if is_text => Cell::Text(Cow::Owned(text.to_owned())),
        _ if text == truth[0] => Cell::Bool(true),
        _ if text == truth[1] => Cell::Bool(false),
        _ if digits.starts_with(|first: char| first.is_ascii_digit()) => numeric(text)
            .or_else(|| Day::parse(text).map(Cell::Day))
            .unwrap_or_else(|| text.to_owned().into()),
        _ => text.to_owned().into(),
    }
}

/// A number whose written form the text is; one with an exponent as R writes it.
fn numeric(text: &str) -> Option<Cell> {
    if let Ok(whole) = text.parse::<i64>() {
        return (whole.to_string() == text).then_some(Cell::Int(whole));
    }
    let value: f64 = text.parse().ok()?;
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if value.to_string() == text || text.contains('e') {
        return Some(Cell::Float(value));
    }
    let fixed = Cell::Fixed(value, u8::try_from(decimals).ok()?);
    (number::fixed(value, decimals) == text).then_some(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text = "date,country,x,y,flagged\n2020-12-03,12,0.50000000,1.25,t\n2020-12-04,,-7,NaN,f\n,t,1,007,TRUE\n";
        let table = Table::from_csv("t", text).expect("a table");
        assert_eq!(table.to_csv(), text);
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows[0][1].text(), "12");
        assert_eq!((rows[0][0].day(), rows[0][2].number()), (Day::parse("2020-12-03"), Some(0.5)));
        assert!(rows[0][4].is_true() && rows[1][1].is_missing());
        assert_eq!((rows[1][3].text(), rows[2][3].text(), rows[2][4].text()), ("NaN", "007", "TRUE"));
    }

    #[test]
    fn files_of_the_website_have_comments_and_exponents() {
        let text = "#\n# The Tor Project\n#\ndate,users,have\r\n2020-12-03,1e+05,TRUE\r\n";
        let table = Table::from_graph_csv("t", text).expect("a table");
        assert_eq!(table.rows().next().map(|row| row[1].number()), Some(Some(100_000.0)));
        assert_eq!(table.rows().next().map(|row| row[2].is_true()), Some(true));
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        let wide = Table::from_csv("t", "a,b\n1,2\n1,2,3\n").expect_err("a field too many");
        assert_eq!(wide.to_string(), "line 3: 3 fields in place of 2");
        let other =
            Tables::read_csv("networksize", "date,relays\n").expect("a module").expect_err("a column");
        assert_eq!(other.to_string(), "no column bridges");
        assert!(Tables::read_csv("nothing", "date\n").is_none());
        let turned = "bridges,date,relays\n1,2020-12-03,2\n";
        let table = Tables::read_csv("networksize", turned).expect("a module").expect("a table");
        assert_eq!(table.to_csv(), "date,relays,bridges\n2020-12-03,2,1\n");
    }

    #[test]
    fn all_modules_have_a_form() {
        let names: Vec<_> = Tables::empty().iter().map(|table| table.name).collect();
        for graph in super::super::graphs::GRAPHS {
            assert!(graph.modules.iter().all(|module| names.contains(module)), "{}", graph.id);
        }
        assert!(names.contains(&"servers") && names.contains(&"fast-exits"), "{names:?}");
        assert_eq!(Name::making("ipv6servers"), Some((Name::Servers, Profile::Y2020)));
        assert_eq!(Name::making("servers"), Some((Name::Servers2013, Profile::Y2013)));
        assert_eq!(Name::making("nothing"), None);
        assert_eq!(Name::making("bandwidth"), Some((Name::Bandwidth, Profile::Y2020)));
        assert_eq!(Name::making_in("bandwidth", Profile::Y2013), Some(Name::Bandwidth2013));
        assert_eq!(Name::making_in("servers", Profile::Y2020), None);
    }
}
