//! Finished rows as they are kept.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::stats::{Cell, Day, Table, parts};

/// The rows of a day: each table's name, and its cells row by row.
#[derive(Serialize, Deserialize)]
pub(super) struct Rows(Vec<(String, Vec<Kept>)>);

/// A cell, in a form that takes few bytes.
#[derive(Serialize, Deserialize)]
enum Kept {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Fixed(f64, u8),
    Day(i32),
    Text(String),
}

impl Rows {
    /// The rows of a day in some tables.
    pub(super) fn of(tables: &[Table], day: Day) -> Self {
        let rows = |table: &Table| {
            let rows = table.rows().filter(|row| parts::day_of(row) == Some(day));
            (table.name.to_owned(), rows.flatten().map(Kept::of).collect())
        };
        Rows(tables.iter().map(rows).filter(|(_, cells): &(_, Vec<_>)| !cells.is_empty()).collect())
    }

    /// Adds the rows to their tables.
    pub(super) fn add_to(self, tables: &mut [Table]) {
        for (name, cells) in self.0 {
            if let Some(table) = tables.iter_mut().find(|table| table.name == name) {
                table.push_all(cells.into_iter().map(Kept::cell));
            }
        }
    }
}

impl Kept {
    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Missing => Kept::Missing,
            Cell::Bool(it) => Kept::Bool(*it),
            Cell::Int(it) => Kept::Int(*it),
            Cell::Float(it) => Kept::Float(*it),
            Cell::Fixed(it, decimals) => Kept::Fixed(*it, *decimals),
            Cell::Day(it) => Kept::Day(it.0),
            Cell::Text(it) => Kept::Text(it.clone().into_owned()),
        }
    }

    fn cell(self) -> Cell {
        match self {
            Kept::Missing => Cell::Missing,
            Kept::Bool(it) => Cell::Bool(it),
            Kept::Int(it) => Cell::Int(it),
            Kept::Float(it) => Cell::Float(it),
            Kept::Fixed(it, decimals) => Cell::Fixed(it, decimals),
            Kept::Day(it) => Cell::Day(Day(it)),
            Kept::Text(it) => Cell::Text(Cow::Owned(it)),
        }
    }
}
