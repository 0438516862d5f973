//! How a number came about: what was reported, the formulas, and everything in between.
//!
//! An [`Explanation`] is plain data. Its steps stand in the order of reckoning; each has a symbol, and formulas name the
//! symbols of earlier ones. The values are those that the tables are made of, and not reckoned anew, so that the results
//! are the cells of the table.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Cell, Day};

/// Which row of a table is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The row's day.
    pub day: Day,
    keys: BTreeMap<String, String>,
}

impl Question {
    /// The row of a day whose other keys are empty.
    pub fn of(day: Day) -> Self {
        Question { day, keys: BTreeMap::new() }
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
}

/// Why there is no explanation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// The partials do not have the statistic.
    #[error("the statistic was not counted")]
    NotCounted,
    /// The numbers of this statistic are not explained.
    #[error("numbers of this statistic are counts or have no explanation yet")]
    NotYet,
    /// The rows are not told apart by this column.
    #[error("rows are not told apart by {0}, but by {1}")]
    Column(String, String),
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
    pub column: &'static str,
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
        let formula = formula.replace(['{', '}'], "");
        let (formula, inserted) = (Some(formula), Some(inserted));
        self.steps.push(Step { symbol, about: about.into(), unit, formula, inserted, value: value.into() });
    }

    /// A cell of the row.
    pub(super) fn result(&mut self, column: &'static str, value: impl Into<Cell>) {
        self.results.push(Outcome { column, value: value.into() });
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
    fn a_question_of_another_column_is_refused() {
        let question = Question::of(Day(0)).with("country", "de");
        assert!(question.only(&["country"]).is_ok());
        assert!(question.only(&["node"]).is_err());
    }
}
