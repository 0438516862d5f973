//! Partials taken apart by day, so that one more hour costs the work of the days that it tells of.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, Day, Id, Statistic, Table};

/// A partial, taken apart. Merged again, all of it gives the partial.
#[derive(Debug)]
pub struct Parts<S> {
    /// What is of no day, but decides about the rows of all days; or everything, if the statistic is not taken apart.
    pub whole: S,
    /// What the rows of a day are made of, together with `whole`. A fact may be in the parts of several days.
    pub days: BTreeMap<Day, S>,
}

impl<S: Statistic> Default for Parts<S> {
    fn default() -> Self {
        Parts { whole: S::default(), days: BTreeMap::new() }
    }
}

impl<S: Statistic> Parts<S> {
    /// The part of a day.
    pub fn day(&mut self, day: Day) -> &mut S {
        self.days.entry(day).or_default()
    }
}

/// What parts of many days look up by digest: the descriptors of a join. They are kept apart from the days, as any status
/// may name them.
pub trait Facts {
    /// Takes all of them out, as bytes.
    fn take(&mut self) -> Vec<(Id, Vec<u8>)>;

    /// Adds one that was taken out before; of two with the same digest the greater stays. Returns whether it could be read.
    fn give(&mut self, digest: Id, fact: &[u8]) -> bool;

    /// The digests of those that are asked for and not there.
    fn missing(&self) -> BTreeSet<Id>;
}

/// The day of a row: its first cell is a date, or a time as text.
pub(super) fn day_of(row: &[Cell]) -> Option<Day> {
    match row.first()? {
        Cell::Text(time) => Day::parse(time.get(..10)?),
        cell => cell.day(),
    }
}

/// Takes a table out of others.
pub(super) fn take(tables: &mut Vec<Table>, name: &str) -> Option<Table> {
    let at = tables.iter().position(|table| table.name == name)?;
    Some(tables.remove(at))
}

/// Leaves out the rows of a day and of all later ones in some tables, or in all if none is named.
pub(super) fn end(tables: &mut [Table], names: &[&str], end: Day) {
    for table in tables.iter_mut().filter(|table| names.is_empty() || names.contains(&table.name)) {
        table.retain(|row| day_of(row).is_none_or(|day| day < end));
    }
}
