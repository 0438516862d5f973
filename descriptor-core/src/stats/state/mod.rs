//! State on disk: partials by statistic and day, and the finished rows of each day.
//!
//! One SQLite database. What new documents say is [added](State::add) in one transaction, so that a run that is killed has
//! either added all of it or nothing; to add it again changes nothing. Only the parts of days are read, merged and written
//! that the new documents tell of; days whose part has changed, and those whose rows are made of it as well, lose their
//! finished rows, and [`tables`](State::tables) makes these anew, as soon as they are shown ([`Statistic::end`]). The tables are those of one run over all documents, byte
//! for byte.
//!
//! Descriptors, which any status may name, are kept by digest beside the days, and each day says which ones it still looks
//! for ([`Facts`](super::Facts)). So a status reads the few thousand descriptors that it names, and a descriptor that comes late finds
//! the days that wait for it.

mod add;
mod crew;
mod database;
mod error;
mod rows;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::{
    add::{Add, Added},
    crew::{Crew, Done},
    database::{Kept, pack, unpack},
    rows::Rows,
};
use super::{
    Name, Options, Partials, Statistic, Table, Tables,
    registry::{Visitor, close},
};
use crate::geoip::Places;

pub use error::StateError;

/// What was counted so far, on disk.
#[derive(Debug)]
pub struct State {
    connection: Connection,
    names: Vec<Name>,
}

impl State {
    /// Opens the state of some statistics, or makes it.
    pub fn open(path: &Path, names: &[Name]) -> Result<Self, StateError> {
        let mut connection = database::open(path)?;
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let wanted: Vec<String> = names.iter().map(|name| name.name().to_owned()).collect();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = Numbers::of(&transaction)?.names();
        if known.is_empty() {
            for name in &wanted {
                transaction.execute("INSERT INTO statistic (name) VALUES (?)", [name])?;
            }
            transaction.commit()?;
        } else if known.iter().collect::<BTreeSet<_>>() != wanted.iter().collect() {
            return Err(StateError::Others(known));
        } else {
            drop(transaction);
        }
        Ok(State { connection, names })
    }

    /// Opens state that is there, of whatever statistics.
    pub fn open_any(path: &Path) -> Result<Self, StateError> {
        let mut connection = database::open(path)?;
        let names = Numbers::of(&connection.transaction()?)?.names();
        Ok(State { connection, names: names.iter().filter_map(|name| Name::of_name(name)).collect() })
    }

    /// All that was counted, at once, for who wants to look at more than tables.
    pub fn partials(&mut self) -> Result<Partials, StateError> {
        let transaction = self.connection.transaction()?;
        let mut partials = Partials::new(&self.names);
        partials.visit(&mut Load(Numbers::of(&transaction)?))?;
        Ok(partials)
    }

    /// Adds what documents say, all of it or nothing. To add it twice is to add it once.
    pub fn add(&mut self, mut partials: Partials) -> Result<(), StateError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let numbers = Numbers::of(&transaction)?;
        let keep = |(whose, added): Done<Added>| add::keep(&transaction, whose, added?);
        Crew::with(&keep, |crew| partials.visit(&mut Add { numbers, crew }))?;
        Ok(transaction.commit()?)
    }

    /// The tables of all modules, of everything that was ever added.
    pub fn tables(&mut self, options: &Options) -> Result<Tables, StateError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // What rows depend on besides documents: not the time of the run, and of databases of addresses what tells them apart.
        let places = options.places.map(Places::marks);
        let made = format!("{:?} {:?} {places:?}", options.profile, options.choices);
        let sql = "SELECT COUNT(*) FROM made WHERE options = ?";
        if transaction.query_row(sql, [&made], |row| row.get::<_, i64>(0))? == 0 {
            transaction.execute("DELETE FROM rows", [])?;
            transaction.execute("INSERT OR REPLACE INTO made (one, options) VALUES (1, ?)", [&made])?;
        }
        finish_days(&transaction, &self.names, options)?;
        let mut read = Read { numbers: Numbers::of(&transaction)?, options, tables: Vec::new() };
        Partials::new(&self.names).visit(&mut read)?;
        let tables = read.tables;
        transaction.commit()?;
        Ok(Tables(tables))
    }
}

/// The numbers that the database has for statistics.
struct Numbers<'t> {
    transaction: &'t Transaction<'t>,
    numbers: BTreeMap<String, i64>,
}

impl<'t> Numbers<'t> {
    fn of(transaction: &'t Transaction<'t>) -> Result<Self, StateError> {
        let mut query = transaction.prepare("SELECT name, id FROM statistic")?;
        let numbers = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Numbers { numbers: numbers.collect::<Result<_, _>>()?, transaction })
    }

    fn names(&self) -> Vec<String> {
        self.numbers.keys().cloned().collect()
    }

    fn kept(&self, name: Name) -> Result<Kept<'t>, StateError> {
        let statistic = self.numbers.get(name.name()).copied();
        let others = || StateError::Others(self.names());
        Ok(Kept { transaction: self.transaction, statistic: statistic.ok_or_else(others)? })
    }
}

/// Makes the rows of all days that have none and are to be shown.
fn finish_days(
    transaction: &Transaction<'_>,
    names: &[Name],
    options: &Options<'_>,
) -> Result<(), StateError> {
    let numbers = Numbers::of(transaction)?;
    let keep =
        |((statistic, day), rows): Done<Vec<u8>>| Kept { transaction, statistic }.set_rows(day, &rows?);
    Crew::with(&keep, |crew| Partials::new(names).visit(&mut Finish { numbers, options, crew }))
}

struct Finish<'t, 'o, 'c> {
    numbers: Numbers<'t>,
    options: &'o Options<'o>,
    crew: &'c Crew<'o, 'c, Vec<u8>>,
}

impl Visitor for Finish<'_, '_, '_> {
    type Error = StateError;

    fn visit<S: Statistic>(&mut self, name: Name, _: &mut S) -> Result<(), StateError> {
        let (kept, options) = (self.numbers.kept(name)?, self.options);
        let end = S::end(options);
        for day in kept.unfinished()?.into_iter().filter(|day| end.is_none_or(|end| *day < end)) {
            let Some(part) = kept.part(day)? else { continue };
            let mut all = whole::<S>(&kept)?;
            all.merge(unpack(&part.body)?);
            for other in kept.others(day, part.reach)? {
                all.merge(unpack(&other)?);
            }
            add::look_up(&kept, &mut all, BTreeSet::new(), BTreeSet::new())?;
            self.crew.give((kept.statistic, day), move || {
                all.settle();
                pack(&Rows::of(&all.finish(options), day))
            })?;
        }
        Ok(())
    }
}

/// Reads the rows of all days.
struct Read<'t, 'o> {
    numbers: Numbers<'t>,
    options: &'o Options<'o>,
    tables: Vec<Table>,
}

impl Visitor for Read<'_, '_> {
    type Error = StateError;

    fn visit<S: Statistic>(&mut self, name: Name, _: &mut S) -> Result<(), StateError> {
        let kept = self.numbers.kept(name)?;
        let mut tables = match kept.days()?.is_empty() {
            true => whole::<S>(&kept)?.finish(self.options),
            false => S::default().finish(self.options),
        };
        kept.each_rows(|body| {
            unpack::<Rows>(&body)?.add_to(&mut tables);
            Ok(())
        })?;
        self.tables.extend(close::<S>(tables, self.options));
        Ok(())
    }
}

struct Load<'t>(Numbers<'t>);

impl Visitor for Load<'_> {
    type Error = StateError;

    fn visit<S: Statistic>(&mut self, name: Name, partial: &mut S) -> Result<(), StateError> {
        let kept = self.0.kept(name)?;
        *partial = whole(&kept)?;
        for day in kept.days()? {
            if let Some(part) = kept.part(day)? {
                partial.merge(unpack(&part.body)?);
            }
        }
        if let Some(facts) = partial.facts() {
            kept.each_fact(|digest, fact| {
                facts.give(digest, fact);
            })?;
        }
        partial.settle();
        Ok(())
    }
}

/// What is of no day; settled.
fn whole<S: Statistic>(kept: &Kept<'_>) -> Result<S, StateError> {
    kept.whole()?.map_or_else(|| Ok(S::default()), |body| unpack(&body))
}
