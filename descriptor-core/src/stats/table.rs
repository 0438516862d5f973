//! Tables and their two forms of CSV (spec §3).

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt::{self, Write as _},
};

use serde::{Serialize, Serializer};

use super::{Day, number};

/// A value in a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value: an empty field.
    Missing,
    /// Yes or no: `t` and `f` in files of modules, `TRUE` and `FALSE` in files of graphs.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A fraction.
    Float(f64),
    /// A fraction with fixed decimals.
    Fixed(f64, u8),
    /// A day.
    Day(Day),
    /// Anything else; it has neither commas nor line ends, for nothing is quoted.
    Text(Cow<'static, str>),
}

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Module,
    Graph,
    Graph2013,
}

impl Cell {
    /// The day, if it is one.
    pub fn day(&self) -> Option<Day> {
        match self {
            Cell::Day(day) => Some(*day),
            _ => None,
        }
    }

    /// The number as it is written, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Int(it) => Some(*it as f64),
            Cell::Float(it) => Some(*it),
            Cell::Fixed(it, decimals) => number::fixed(*it, (*decimals).into()).parse().ok(),
            _ => None,
        }
    }

    /// The text; empty for a missing value, as files have it.
    pub fn text(&self) -> &str {
        match self {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    /// The value as files of modules have it.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        self.write(Form::Module, &mut out);
        out
    }

    /// Whether it is yes.
    pub fn is_true(&self) -> bool {
        *self == Cell::Bool(true)
    }

    /// Whether there is no value.
    pub fn is_missing(&self) -> bool {
        *self == Cell::Missing
    }

    fn rank(&self) -> u8 {
        match self {
            Cell::Day(_) => 0,
            Cell::Bool(_) => 1,
            Cell::Int(_) | Cell::Float(_) | Cell::Fixed(..) => 2,
            Cell::Text(_) => 3,
            Cell::Missing => 4,
        }
    }

    /// The order of rows: by value, text by its bytes, missing values last, as in PostgreSQL.
    pub fn order(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Day(a), Cell::Day(b)) => a.cmp(b),
            (Cell::Bool(a), Cell::Bool(b)) => a.cmp(b),
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (a, b) => match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => a.rank().cmp(&b.rank()),
            },
        }
    }

    fn write(&self, form: Form, out: &mut String) {
        let graph = form != Form::Module;
        match self {
            Cell::Missing if form == Form::Graph2013 => out.push_str("NA"),
            Cell::Missing => {}
            Cell::Int(it) if form == Form::Graph2013 => drop(write!(out, "{it}")),
            Cell::Bool(it) if graph => out.push_str(if *it { "TRUE" } else { "FALSE" }),
            Cell::Bool(it) => out.push(if *it { 't' } else { 'f' }),
            Cell::Int(_) | Cell::Float(_) | Cell::Fixed(..) if graph => {
                number::write_r(self.number().unwrap_or(f64::NAN), out);
            }
            // A string can always be written to.
            Cell::Int(it) => drop(write!(out, "{it}")),
            Cell::Float(it) => drop(write!(out, "{it}")),
            Cell::Fixed(it, decimals) => out.push_str(&number::fixed(*it, (*decimals).into())),
            Cell::Day(it) => drop(write!(out, "{it}")),
            Cell::Text(it) => out.push_str(it),
        }
    }
}

/// As files of modules have it.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(Form::Module, &mut text);
        f.pad(&text)
    }
}

/// Numbers as numbers, days as texts.
impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Missing => serializer.serialize_none(),
            Cell::Bool(it) => serializer.serialize_bool(*it),
            Cell::Int(it) => serializer.serialize_i64(*it),
            Cell::Float(_) | Cell::Fixed(..) => self.number().serialize(serializer),
            Cell::Day(it) => serializer.collect_str(it),
            Cell::Text(it) => serializer.serialize_str(it),
        }
    }
}

macro_rules! cells {
    ($($type:ty => |$it:ident| $cell:expr;)*) => {$(
        impl From<$type> for Cell {
            fn from($it: $type) -> Self {
                $cell
            }
        }
    )*};
}

cells! {
    bool => |it| Cell::Bool(it);
    i64 => |it| Cell::Int(it);
    u32 => |it| Cell::Int(it.into());
    u64 => |it| Cell::Int(i64::try_from(it).unwrap_or(i64::MAX));
    f64 => |it| Cell::Float(it);
    Day => |it| Cell::Day(it);
    &'static str => |it| if it.is_empty() { Cell::Missing } else { Cell::Text(Cow::Borrowed(it)) };
    String => |it| if it.is_empty() { Cell::Missing } else { Cell::Text(Cow::Owned(it)) };
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(it: Option<T>) -> Self {
        it.map_or(Cell::Missing, Into::into)
    }
}

/// Rows under named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The file's name without its ending, as the originals had it.
    pub name: &'static str,
    /// The columns' names.
    pub columns: Vec<Cow<'static, str>>,
    cells: Vec<Cell>,
}

impl Table {
    /// A table without rows.
    pub fn new(name: &'static str, columns: &[&'static str]) -> Self {
        let columns = columns.iter().map(|&it| Cow::Borrowed(it)).collect();
        Table { name, columns, cells: Vec::new() }
    }

    /// Adds a row. It has a cell for each column.
    pub fn push<const N: usize>(&mut self, row: [Cell; N]) {
        debug_assert_eq!(N, self.columns.len(), "{}", self.name);
        self.cells.extend(row);
    }

    /// Adds a row of any width.
    pub fn push_all(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.cells.extend(row);
        debug_assert_eq!(self.cells.len() % self.columns.len(), 0, "{}", self.name);
    }

    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks_exact(self.columns.len().max(1))
    }

    /// The rows, to change what is in them.
    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [Cell]> {
        self.cells.chunks_exact_mut(self.columns.len().max(1))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|it| it == name)
    }

    /// Keeps some rows.
    pub fn retain(&mut self, mut keep: impl FnMut(&[Cell]) -> bool) {
        let mut kept = Vec::new();
        let width = self.columns.len().max(1);
        let mut cells = std::mem::take(&mut self.cells).into_iter();
        loop {
            let row: Vec<Cell> = cells.by_ref().take(width).collect();
            if row.len() < width {
                break;
            }
            if keep(&row) {
                kept.extend(row);
            }
        }
        self.cells = kept;
    }

    /// Sorts the rows by their first columns.
    pub fn sort(&mut self, columns: usize) {
        self.sort_by(|a, b| {
            let orders = a.iter().zip(b).take(columns).map(|(a, b)| a.order(b));
            orders.fold(Ordering::Equal, Ordering::then)
        });
    }

    /// Sorts the rows; equal ones keep their order.
    pub(super) fn sort_by(&mut self, order: impl Fn(&[Cell], &[Cell]) -> Ordering) {
        let mut rows: Vec<Vec<Cell>> = self.rows().map(<[Cell]>::to_vec).collect();
        rows.sort_by(|a, b| order(a, b));
        self.cells = rows.into_iter().flatten().collect();
    }

    /// The file of a graph of 2013: missing values are `NA`, whole numbers are written out.
    pub(super) fn to_csv_2013(&self) -> String {
        self.csv(Form::Graph2013)
    }

    /// The file of a module: a header, commas, nothing quoted, missing values empty.
    pub fn to_csv(&self) -> String {
        self.csv(Form::Module)
    }

    /// The file of a graph below its comments: numbers as R writes them.
    pub(super) fn to_graph_csv(&self) -> String {
        self.csv(Form::Graph)
    }

    fn csv(&self, form: Form) -> String {
        let mut out = self.columns.join(",");
        out.push('\n');
        for row in self.rows() {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                cell.write(form, &mut out);
            }
            out.push('\n');
        }
        out
    }
}

/// The tables of modules by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables(pub Vec<Table>);

impl Tables {
    /// The table of a name.
    pub fn get(&self, name: &str) -> Option<&Table> {
        self.0.iter().find(|table| table.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("t", &["date", "b", "n", "x"]);
        table.push([Day(1).into(), Cell::Missing, 100_000i64.into(), Cell::Fixed(0.5, 8)]);
        table.push([Day(0).into(), true.into(), Cell::Missing, "a".into()]);
        table.push([Day(1).into(), false.into(), 2i64.into(), 0.25.into()]);
        table
    }

    #[test]
    fn the_two_forms_differ_in_numbers_and_truth() {
        let module = "date,b,n,x\n1970-01-02,,100000,0.50000000\n1970-01-01,t,,a\n1970-01-02,f,2,0.25\n";
        assert_eq!(table().to_csv(), module);
        let graph = "date,b,n,x\n1970-01-02,,1e+05,0.5\n1970-01-01,TRUE,,a\n1970-01-02,FALSE,2,0.25\n";
        assert_eq!(table().to_graph_csv(), graph);
    }

    #[test]
    fn rows_are_sorted_with_missing_values_last_and_dropped_whole() {
        let mut table = table();
        table.sort(2);
        let days: Vec<_> = table.rows().map(|row| (row[0].day(), row[1].is_missing())).collect();
        assert_eq!(days, [(Some(Day(0)), false), (Some(Day(1)), false), (Some(Day(1)), true)]);
        table.retain(|row| row[1].is_true());
        assert_eq!((table.len(), table.column("n"), table.column("z")), (1, Some(2), None));
    }
}
