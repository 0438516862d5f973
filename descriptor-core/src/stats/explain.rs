//! How a number came about: what was reported, the formulas, and everything in between.
//!
//! An [`Explanation`] is plain data. Its steps stand in the order of reckoning; each has a symbol, and formulas name the
//! symbols of earlier ones. The values are those that the tables are made of, and not reckoned anew, so that the results
//! are the cells of the table.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

use super::{Cell, Day, Options, Profile, Table, parts::day_of};

/// Which row of a table is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The row's day.
    pub day: Day,
    table: Option<String>,
    keys: BTreeMap<String, String>,
}

/// A table and the columns that tell rows of a day apart.
pub(super) type Keyed = (&'static str, &'static [&'static str]);

impl Question {
    /// The row of a day whose other keys are empty.
    pub fn of(day: Day) -> Self {
        Question { day, table: None, keys: BTreeMap::new() }
    }

    /// The row of a table, where a statistic has several that the columns do not tell apart.
    #[must_use]
    pub fn in_table(mut self, name: &str) -> Self {
        self.table = Some(name.to_owned());
        self
    }

    /// The row with a value in a column, such as `country` and `de`.
    #[must_use]
    pub fn with(mut self, column: &str, value: &str) -> Self {
        self.keys.insert(column.to_owned(), value.to_owned());
        self
    }

    /// The value of a column; empty if none was asked for.
    pub fn value(&self, column: &str) -> &str {
        self.keys.get(column).map_or("", String::as_str)
    }

    /// Whether a column that holds yes or no is to be yes.
    pub(super) fn is_true(&self, column: &str) -> bool {
        matches!(self.value(column), "t" | "true" | "TRUE" | "yes")
    }

    /// Refuses values of other columns than these.
    pub(super) fn only(&self, columns: &'static [&'static str]) -> Result<(), Unexplained> {
        match self.keys.keys().find(|key| !columns.contains(&key.as_str())) {
            Some(key) => Err(Unexplained::Column(key.clone(), columns.join(", "))),
            None => Ok(()),
        }
    }

    /// The same of a file of 2013, which there is in that profile only.
    pub(super) fn only_in_2013(
        &self,
        columns: &'static [&'static str],
        options: &Options,
    ) -> Result<(), Unexplained> {
        self.only(columns)?;
        if options.profile == Profile::Y2013 { Ok(()) } else { Err(Unexplained::Profile) }
    }

    /// The table that is asked for by name, or else the first one that has all columns that are asked for.
    pub(super) fn choose(&self, tables: &[Keyed]) -> Result<Keyed, Unexplained> {
        if let Some(name) = &self.table {
            let names = || tables.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            let found = tables.iter().find(|(table, _)| table == name);
            let &(table, keys) = found.ok_or_else(|| Unexplained::Table(name.clone(), names()))?;
            return self.only(keys).map(|()| (table, keys));
        }
        let has_all = |(_, keys): &&Keyed| self.keys.keys().all(|key| keys.contains(&key.as_str()));
        tables.iter().find(has_all).copied().ok_or_else(|| {
            let columns = self.keys.keys().cloned().collect::<Vec<_>>().join(" and ");
            let keys = tables.iter().map(|(name, keys)| format!("{} ({name})", keys.join(", ")));
            Unexplained::Column(columns, keys.collect::<Vec<_>>().join(", or by "))
        })
    }

    /// Refuses an explanation of another table than the one that is asked for.
    pub(super) fn fits(&self, it: Explanation) -> Result<Explanation, Unexplained> {
        match &self.table {
            Some(name) if name != it.table => Err(Unexplained::Table(name.clone(), it.table.to_owned())),
            _ => Ok(it),
        }
    }
}

/// Why there is no explanation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// The partials do not have the statistic.
    #[error("the statistic was not counted")]
    NotCounted,
    /// The statistic has tables in the profile of 2013 only.
    #[error("the statistic is one of 2013, and has no rows in another profile")]
    Profile,
    /// The rows are not told apart by this column.
    #[error("rows are not told apart by {0}, but by {1}")]
    Column(String, String),
    /// The statistic has no such table, or none that is explained.
    #[error("no table {0} of this statistic is explained, but {1}")]
    Table(String, String),
    /// The column has no such value.
    #[error("no row has {1:?} in {0}; there are {2}")]
    Value(&'static str, String, &'static str),
}

/// How the numbers of a row came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What it is, in words.
    pub title: String,
    /// The table, a file of a module.
    pub table: &'static str,
    /// The day, `YYYY-MM-DD`.
    pub date: String,
    /// The other columns that tell the row apart.
    pub key: BTreeMap<&'static str, String>,
    /// From what was reported to the results.
    pub steps: Vec<Step>,
    /// The cells of the row, as the table has them; none if there is no such row.
    pub results: Vec<Outcome>,
    /// Why there is no such row; absent if there is one.
    pub absent: Option<String>,
    /// Who contributed, and what else has many rows.
    pub lists: Vec<List>,
}

/// One value on the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What formulas call it.
    pub symbol: &'static str,
    /// What it is.
    pub about: String,
    /// Empty for a plain number.
    pub unit: &'static str,
    /// How it is reckoned; absent for a sum of what was reported.
    pub formula: Option<String>,
    /// The formula with the numbers put in.
    pub inserted: Option<String>,
    /// The value.
    pub value: Cell,
}

/// A cell of the row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Its column.
    pub column: Cow<'static, str>,
    /// Its value.
    pub value: Cell,
}

/// The greatest of many, as rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct List {
    /// What they are.
    pub about: String,
    /// How many there are; the rows are the greatest of them.
    pub count: usize,
    /// The names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// How many rows a list shows.
const SHOWN: usize = 10;

impl List {
    /// The greatest rows by the number in a column; those that are equal in the order given.
    pub(super) fn greatest(about: String, columns: &[&'static str], by: usize, rows: Vec<Vec<Cell>>) -> Self {
        let mut list = List::all(about, columns, rows);
        let number = |row: &[Cell]| row[by].number().unwrap_or(f64::NEG_INFINITY);
        list.rows.sort_by(|a, b| number(b).total_cmp(&number(a)));
        list.rows.truncate(SHOWN);
        list
    }

    /// The first rows.
    pub(super) fn first(about: String, columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        let mut list = List::all(about, columns, rows);
        list.rows.truncate(SHOWN);
        list
    }

    /// All rows.
    pub(super) fn all(about: String, columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        List { about, count: rows.len(), columns: columns.to_vec(), rows }
    }
}

impl Explanation {
    /// Nothing yet, of a row.
    pub(super) fn new(title: String, table: &'static str, question: &Question) -> Self {
        let date = question.day.to_string();
        let (steps, results, lists) = Default::default();
        Explanation { title, table, date, key: BTreeMap::new(), steps, results, absent: None, lists }
    }

    /// Says why there is no such row.
    pub(super) fn without_row(mut self, why: impl Into<String>) -> Self {
        self.absent = Some(why.into());
        self
    }

    /// A sum of what was reported.
    pub(super) fn given(
        &mut self,
        symbol: &'static str,
        value: impl Into<Cell>,
        unit: &'static str,
        about: impl Into<String>,
    ) {
        let (formula, inserted) = (None, None);
        self.steps.push(Step { symbol, about: about.into(), unit, formula, inserted, value: value.into() });
    }

    /// A value that is reckoned of others. In the formula their symbols stand in braces.
    pub(super) fn reckoned(
        &mut self,
        symbol: &'static str,
        value: impl Into<Cell>,
        unit: &'static str,
        about: impl Into<String>,
        formula: &str,
    ) {
        let inserted = self.insert(formula);
        self.shown(symbol, value, unit, about, formula.replace(['{', '}'], ""), inserted);
    }

    /// A value that is reckoned of numbers that are no steps.
    pub(super) fn shown(
        &mut self,
        symbol: &'static str,
        value: impl Into<Cell>,
        unit: &'static str,
        about: impl Into<String>,
        formula: String,
        inserted: String,
    ) {
        let (formula, inserted) = (Some(formula), Some(inserted));
        self.steps.push(Step { symbol, about: about.into(), unit, formula, inserted, value: value.into() });
    }

    /// A quantile of type 7 of values in ascending order, which are some.
    pub(super) fn quantile(
        &mut self,
        symbol: &'static str,
        name: &str,
        sorted: &[f64],
        p: f64,
        value: f64,
        unit: &'static str,
    ) {
        let count = sorted.len();
        let place = 1.0 + (count as f64 - 1.0) * p;
        let below = (place.floor() as usize).clamp(1, count);
        let (rest, lower) = (place.fract(), sorted[below - 1]);
        let about =
            format!("{name}: the value at place 1 + ({count} − 1) · {p} = {place}, in ascending order");
        let (formula, inserted) = match sorted.get(below).filter(|_| rest > 0.0) {
            None => (format!("v[{below}]"), lower.to_string()),
            Some(upper) => (
                format!("v[{below}] + {rest} · (v[{}] − v[{below}])", below + 1),
                format!("{lower} + {rest} · ({upper} − {lower})"),
            ),
        };
        self.shown(symbol, value, unit, about, formula, inserted);
    }

    /// A cell of the row.
    pub(super) fn result(&mut self, column: &'static str, value: impl Into<Cell>) {
        self.results.push(Outcome { column: column.into(), value: value.into() });
    }

    /// The cells of the row that the key tells, out of the finished tables. Returns whether there is one.
    pub(super) fn row(&mut self, tables: &[Table]) -> bool {
        let Some(table) = tables.iter().find(|it| it.name == self.table) else { return false };
        let keys: Vec<_> = table.columns.iter().map(|name| self.key.get(&**name)).collect();
        let is_it = |row: &&[Cell]| {
            let mut cells = row.iter().zip(&keys).filter_map(|(cell, key)| Some((cell, (*key)?)));
            day_of(row).is_some_and(|day| day.to_string() == self.date)
                && cells.all(|(cell, key)| cell.written() == *key)
        };
        let Some(row) = table.rows().find(is_it) else { return false };
        let others = table.columns.iter().zip(row).zip(keys).skip(1).filter(|(_, key)| key.is_none());
        let outcomes =
            others.map(|((column, value), _)| Outcome { column: column.clone(), value: value.clone() });
        self.results.extend(outcomes);
        true
    }

    /// The value of a step, if there is one.
    pub fn step(&self, symbol: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.symbol == symbol)
    }

    /// Replaces the symbols in braces by the numbers.
    fn insert(&self, formula: &str) -> String {
        let mut out = String::new();
        let mut rest = formula;
        while let Some((before, after)) = rest.split_once('{') {
            let (symbol, after) = after.split_once('}').unwrap_or((after, ""));
            let value = self.step(symbol).map(|step| step.value.to_string());
            out.extend([before, value.as_deref().unwrap_or(symbol)]);
            rest = after;
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_shown_with_symbols_and_with_numbers() {
        let mut explanation = Explanation::new("x".to_owned(), "t", &Question::of(Day(0)));
        explanation.given("r", 400.0, "responses", "");
        explanation.given("n(H)", 8i64, "seconds", "");
        explanation.reckoned("x", 5.0, "", "", "{r} / ({n(H)} · 10) + {y}");
        let step = explanation.step("x").expect("a step");
        assert_eq!(step.formula.as_deref(), Some("r / (n(H) · 10) + y"));
        assert_eq!(step.inserted.as_deref(), Some("400 / (8 · 10) + y"));
    }

    #[test]
    fn lists_show_the_greatest() {
        let rows = (0..20i64).map(|at| vec![Cell::Int(at / 2), Cell::Int(at)]).collect();
        let list = List::greatest(String::new(), &["a", "b"], 0, rows);
        assert_eq!((list.count, list.rows.len()), (20, SHOWN));
        assert_eq!(list.rows[..2], [[Cell::Int(9), Cell::Int(18)], [Cell::Int(9), Cell::Int(19)]]);
    }

    #[test]
    fn a_question_of_another_column_or_table_is_refused() {
        let question = Question::of(Day(0)).with("country", "de");
        assert!(question.only(&["country"]).is_ok());
        assert!(question.only(&["node"]).is_err());
        let tables: [Keyed; 2] = [("a", &["node"]), ("b", &["node", "country"])];
        assert_eq!(question.choose(&tables), Ok(tables[1]));
        assert_eq!(Question::of(Day(0)).choose(&tables), Ok(tables[0]));
        assert_eq!(Question::of(Day(0)).in_table("b").choose(&tables), Ok(tables[1]));
        let refused = question.clone().in_table("a").choose(&tables);
        assert_eq!(refused, Err(Unexplained::Column("country".to_owned(), "node".to_owned())));
        let refused = question.in_table("c").choose(&tables);
        assert_eq!(refused, Err(Unexplained::Table("c".to_owned(), "a, b".to_owned())));
    }

    #[test]
    fn the_row_is_that_of_day_and_key() {
        let mut table = Table::new("t", &["date", "node", "version", "n"]);
        for (day, node, version, n) in [(0, "relay", "", 1i64), (1, "relay", "v4", 2), (1, "relay", "", 3)] {
            table.push([Day(day).into(), node.into(), version.into(), n.into()]);
        }
        let row = |day, key: [(&'static str, &str); 2]| {
            let mut it = Explanation::new(String::new(), "t", &Question::of(Day(day)));
            it.key = key.map(|(column, value)| (column, value.to_owned())).into();
            it.row(std::slice::from_ref(&table)).then_some(it.results)
        };
        let three = Outcome { column: "n".into(), value: Cell::Int(3) };
        assert_eq!(row(1, [("node", "relay"), ("version", "")]), Some(vec![three]));
        assert_eq!(row(0, [("node", "relay"), ("version", "v4")]), None);
    }
}
