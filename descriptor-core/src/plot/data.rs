//! A graph's rows, and the ways in which they become series.

use std::{borrow::Cow, collections::BTreeMap};

use super::{Figure, Panel, Plot, Series, Shape, Unit};
use crate::stats::{Cell, Day, Table, countries, graphs::Query};

/// More series than this cannot be told apart.
const MOST: usize = 14;

/// The rows that are to be drawn, with what the row of the graph in the catalogue says.
pub(super) struct Data<'t> {
    pub(super) title: &'static str,
    pub(super) caption: &'static str,
    pub(super) unit: Unit,
    pub(super) query: &'t Query,
    pub(super) columns: &'t [Cow<'static, str>],
    pub(super) rows: Vec<&'t [Cell]>,
}

/// Names in a table and what they are called in a drawing, in the order of the legend.
pub(super) type Names = [(&'static str, &'static str)];

impl<'t> Data<'t> {
    pub(super) fn new(plot: &Plot, table: &'t Table, query: &'t Query) -> Self {
        let Plot { title, caption, unit, .. } = *plot;
        Data { title, caption, unit, query, columns: &table.columns, rows: table.rows().collect() }
    }

    /// A figure of panels.
    pub(super) fn figure(&self, panels: Vec<Panel>) -> Figure {
        let title = self.title.to_owned();
        Figure { title, panels, caption: self.caption.to_owned(), ..Figure::default() }.pruned()
    }

    /// A panel in the unit of the graph.
    pub(super) fn panel(&self, label: impl Into<String>, series: Vec<Series>) -> Panel {
        Panel { label: label.into(), unit: self.unit, series }
    }

    /// A figure of one panel.
    pub(super) fn plain(&self, series: Vec<Series>) -> Figure {
        self.figure(vec![self.panel("", series)])
    }

    /// A figure with a line for each of some columns.
    pub(super) fn columns(&self, names: &Names) -> Figure {
        self.plain(self.lines(names))
    }

    /// A figure with a line for each name in a column, of the values in another. Of too many, the largest.
    pub(super) fn by(&self, name: &str, value: &str) -> Figure {
        self.plain(self.lines_by(name, value, &[])).top(MOST)
    }

    /// A line for each of some columns, as far as they are there; of none, for each column but the date, under its own name.
    pub(super) fn lines(&self, names: &Names) -> Vec<Series> {
        if names.is_empty() {
            return (1..self.columns.len()).map(|at| self.line(&*self.columns[at], at)).collect();
        }
        let line = |(column, name): &(&str, &str)| Some(self.line(*name, self.place(column)?));
        names.iter().filter_map(line).collect()
    }

    /// A line for each name in a column. Names without a label of their own come after the others, in natural order.
    pub(super) fn lines_by(&self, name: &str, value: &str, labels: &Names) -> Vec<Series> {
        let Some(value) = self.place(value) else { return Vec::new() };
        self.parts(name, labels).into_iter().map(|(name, part)| part.line(name, value)).collect()
    }

    /// A line with a ribbon for each name in a column: the median and the quartiles.
    pub(super) fn quartiles_by(&self, name: &str, labels: &Names) -> Vec<Series> {
        self.ribbons_by(name, labels, ["q1", "md", "q3"])
    }

    /// A line with a ribbon for each name in a column, of three columns; and thin lines, if there are `low` and `high`.
    pub(super) fn ribbons_by(
        &self,
        name: &str,
        labels: &Names,
        [below, line, above]: [&str; 3],
    ) -> Vec<Series> {
        let ribbon = |(name, part): (String, Data<'_>)| Series {
            values: part.numbers(line),
            range: part.ranges(below, above),
            outer: part.ranges("low", "high"),
            ..Series::new(name)
        };
        self.parts(name, labels).into_iter().map(ribbon).collect()
    }

    /// The rows of each name in a column, under the name's label; a country has the label that people know.
    pub(super) fn parts(&self, name: &str, labels: &Names) -> Vec<(String, Data<'t>)> {
        let Some(at) = self.place(name) else { return Vec::new() };
        let mut parts: BTreeMap<String, Vec<&'t [Cell]>> = BTreeMap::new();
        for row in &self.rows {
            parts.entry(key(name, &row[at])).or_default().push(row);
        }
        let place = |key: &str| labels.iter().position(|(it, _)| *it == key);
        let mut parts: Vec<_> = parts.into_iter().collect();
        parts.sort_by_cached_key(|(key, _)| (place(key).unwrap_or(labels.len()), natural(key)));
        let label = |key: String| match place(&key) {
            Some(place) => labels[place].1.to_owned(),
            None if key.is_empty() || key == "??" => "Unknown".to_owned(),
            None if name == "country" => countries::label(&key).map_or(key, str::to_owned),
            None => key,
        };
        parts.into_iter().map(|(key, rows)| (label(key), self.with(rows))).collect()
    }

    /// The same graph with other rows.
    pub(super) fn with(&self, rows: Vec<&'t [Cell]>) -> Data<'t> {
        Data { rows, ..*self }
    }

    /// Only the rows that have something in a column.
    pub(super) fn named(&self, column: &str) -> Data<'t> {
        let at = self.place(column);
        let named = |row: &&&[Cell]| at.is_some_and(|at| !row[at].is_missing());
        self.with(self.rows.iter().filter(named).copied().collect())
    }

    /// Only the rows of which a column says a name.
    pub(super) fn only(&self, column: &str, name: &str) -> Data<'t> {
        let at = self.place(column);
        let wanted = |row: &&&[Cell]| at.is_some_and(|at| key(column, &row[at]) == name);
        self.with(self.rows.iter().filter(wanted).copied().collect())
    }

    /// The only value of a parameter. `None` if there are none or several.
    pub(super) fn single(&self, parameter: &'t str) -> Option<&'t str> {
        let mut values = self.query.values(parameter);
        values.next().filter(|_| values.next().is_none())
    }

    /// The numbers of a column by day.
    pub(super) fn numbers(&self, column: &str) -> Vec<(Day, f64)> {
        self.place(column).map(|at| self.values(at)).unwrap_or_default()
    }

    /// The numbers of two columns by day, where both are there.
    pub(super) fn ranges(&self, low: &str, high: &str) -> Vec<(Day, f64, f64)> {
        let Some((low, high)) = self.place(low).zip(self.place(high)) else { return Vec::new() };
        let range = |row: &&[Cell]| Some((row[0].day()?, row[low].number()?, row[high].number()?));
        let mut ranges: Vec<_> = self.rows.iter().filter_map(range).collect();
        ranges.sort_by_key(|(day, ..)| *day);
        ranges
    }

    /// The share by day that a column has in the sum of some columns.
    pub(super) fn shares(&self, part: &str, of: &[&str]) -> Vec<(Day, f64)> {
        let Some(part) = self.place(part) else { return Vec::new() };
        let of: Vec<usize> = of.iter().filter_map(|column| self.place(column)).collect();
        let share = |row: &&[Cell]| {
            let all: f64 = of.iter().filter_map(|at| row[*at].number()).sum();
            Some((row[0].day()?, row[part].number()? / all)).filter(|_| all > 0.0)
        };
        let mut shares: Vec<_> = self.rows.iter().filter_map(share).collect();
        shares.sort_by_key(|(day, _)| *day);
        shares
    }

    /// The texts of a column.
    pub(super) fn texts(&self, column: &str) -> impl Iterator<Item = &'t str> {
        let at = self.place(column);
        self.rows.iter().filter_map(move |row| at.map(|at| row[at].text())).filter(|text| !text.is_empty())
    }

    fn line(&self, name: impl Into<String>, value: usize) -> Series {
        Series { values: self.values(value), ..Series::new(name) }
    }

    fn values(&self, at: usize) -> Vec<(Day, f64)> {
        let value = |row: &&[Cell]| Some((row[0].day()?, row[at].number()?)).filter(|(_, it)| it.is_finite());
        let mut values: Vec<_> = self.rows.iter().filter_map(value).collect();
        values.sort_by_key(|(day, _)| *day);
        values
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|it| it == column)
    }
}

/// A large point for each day that has a value.
pub(super) fn events(name: &str, colour: &'static str, values: Vec<(Day, f64)>) -> Series {
    Series { shape: Shape::Events, colour: Some(colour), values, ..Series::new(name) }
}

/// What a cell is called as a value of a parameter.
pub(super) fn key(column: &str, cell: &Cell) -> String {
    let number = || cell.number().map(|it| it.to_string());
    match (column, cell) {
        ("filesize", _) => match cell.number() {
            Some(51_200.0) => "50kb".to_owned(),
            Some(1_048_576.0) => "1mb".to_owned(),
            Some(5_242_880.0) => "5mb".to_owned(),
            other => other.map(|it| it.to_string()).unwrap_or_default(),
        },
        ("country" | "source", Cell::Missing) => "all".to_owned(),
        (_, Cell::Bool(it)) => if *it { "yes" } else { "no" }.to_owned(),
        _ => number().unwrap_or_else(|| cell.text().to_owned()),
    }
}

/// What a name is sorted by, so that `0.4.9` comes before `0.4.10`: words without regard to large letters, and the number
/// after each. A number that is too long comes last.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|it: char| it.is_ascii_digit()).unwrap_or(rest.len()));
        let digits = after.find(|it: char| !it.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        pieces.push((word.to_lowercase(), number.parse().unwrap_or(u64::MAX)));
        rest = after;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_people_sort_them() {
        let mut names = ["0.4.10", "Other", "0.4.9", "meek", "obfs4", "10", "9", "obfs3"];
        names.sort_by_cached_key(|name| natural(name));
        assert_eq!(names, ["0.4.9", "0.4.10", "9", "10", "meek", "obfs3", "obfs4", "Other"]);
    }

    #[test]
    fn lines_have_the_order_of_their_labels_and_days_that_of_time() {
        let text = "date,p,x,y\n2020-12-04,10,1,\n2020-12-03,10,2,5\n2020-12-03,9,3,\n2020-12-03,100,4,\n";
        let table = Table::from_csv("t", text).expect("a table");
        let query = Query::default();
        let data = Data::new(&crate::plot::PLOTS[0], &table, &query);
        let lines = data.lines_by("p", "x", &[("100", "all")]);
        assert_eq!(lines.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["all", "9", "10"]);
        let day = |text| Day::parse(text).expect("a day");
        assert_eq!(lines[2].values, [(day("2020-12-03"), 2.0), (day("2020-12-04"), 1.0)]);
        assert_eq!(data.only("p", "10").ranges("x", "y"), [(day("2020-12-03"), 2.0, 5.0)]);
        assert_eq!(data.columns(&[("y", "Y"), ("z", "Z")]).series().count(), 1);
        assert!(data.by("nothing", "x").panels.is_empty());
    }
}
