//! State on disk: partials by statistic and day, and the finished rows of each day.
//!
//! One SQLite database. What new documents say is [added](State::add) in one transaction, so that a run that is killed has
//! either added all of it or nothing; to add it again changes nothing. Only the parts of days are read, merged and written
//! that the new documents tell of; days whose part has changed, and those whose rows are made of it as well, lose their
//! finished rows, and [`tables`](State::tables) makes these anew. The tables are those of one run over all documents, byte
//! for byte.
//!
//! Descriptors, which any status may name, are kept by digest beside the days, and each day says which ones it still looks
//! for ([`Facts`](super::Facts)). So a status reads the few thousand descriptors that it names, and a descriptor that comes late finds
//! the days that wait for it.

mod crew;
mod database;
mod error;
mod rows;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
    thread,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::{
    crew::{Crew, Done},
    database::{Kept, Part, pack, unpack},
    rows::Rows,
};
use super::{
    Day, Id, Name, Options, Partials, Statistic, Table, Tables,
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
        partials.visit(&mut Add(Numbers::of(&transaction)?))?;
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

struct Add<'t>(Numbers<'t>);

impl Visitor for Add<'_> {
    type Error = StateError;

    fn visit<S: Statistic>(&mut self, name: Name, partial: &mut S) -> Result<(), StateError> {
        let kept = self.0.kept(name)?;
        partial.settle();
        let mut parts = std::mem::take(partial).split();
        let looking = match parts.whole.facts() {
            Some(facts) => add_facts::<S>(&kept, facts.take())?,
            None => BTreeSet::new(),
        };
        let touched: BTreeSet<Day> = parts.days.keys().chain(&looking).copied().collect();
        add_whole(&kept, parts.whole)?;
        for day in touched {
            let looked = looking.contains(&day);
            add_day(&kept, day, parts.days.remove(&day).unwrap_or_default(), looked)?;
        }
        Ok(())
    }
}

/// Keeps facts. Returns the days that look for them. One that is another than before may be in the rows of any day.
fn add_facts<S: Statistic>(
    kept: &Kept<'_>,
    mut facts: Vec<(Id, Vec<u8>)>,
) -> Result<BTreeSet<Day>, StateError> {
    // Neighbours in the database one after the other.
    facts.sort_unstable();
    let (mut new, mut changed) = (HashSet::new(), false);
    for (digest, fact) in facts {
        if kept.add_fact(&digest, &fact)? {
            new.insert(digest);
        } else if let Some(known) = kept.fact(&digest)?.filter(|known| *known != fact) {
            let mut both = S::default();
            let greater = both.facts().and_then(|facts| {
                facts.give(digest, &known);
                facts.give(digest, &fact);
                facts.take().pop()
            });
            for (digest, fact) in greater.into_iter().filter(|(_, fact)| *fact != known) {
                kept.set_fact(&digest, &fact)?;
                changed = true;
            }
        }
    }
    if changed {
        kept.forget_rows()?;
    }
    kept.looking(&new)
}

fn add_whole<S: Statistic>(kept: &Kept<'_>, mut whole: S) -> Result<(), StateError> {
    let known = kept.whole()?;
    if let Some(known) = &known {
        whole.merge(unpack(known)?);
    }
    whole.settle();
    let body = pack(&whole)?;
    if known.as_ref() != Some(&body) {
        kept.set_whole(&body)?;
        kept.forget_rows()?;
    }
    Ok(())
}

/// Adds to the part of a day. If it has `looked` for facts that are there now, its rows change even if it does not.
fn add_day<S: Statistic>(kept: &Kept<'_>, day: Day, mut part: S, looked: bool) -> Result<(), StateError> {
    let known = kept.part(day)?;
    if let Some(known) = &known {
        part.merge(unpack(&known.body)?);
    }
    find_facts(kept, &mut part)?;
    part.settle();
    if let Some(facts) = part.facts() {
        kept.set_missing(day, &facts.missing())?;
        facts.take();
    }
    let body = pack(&part)?;
    if looked || known.is_none_or(|known| known.body != body) {
        kept.set_part(day, &Part { reach: part.reach(day), body })?;
    }
    Ok(())
}

/// Gives a partial the facts that it looks for. One may name others.
fn find_facts<S: Statistic>(kept: &Kept<'_>, partial: &mut S) -> Result<(), StateError> {
    let Some(facts) = partial.facts() else { return Ok(()) };
    let mut missing = facts.missing();
    while !missing.is_empty() {
        for digest in &missing {
            if let Some(fact) = kept.fact(digest)? {
                facts.give(*digest, &fact);
            }
        }
        let still = facts.missing();
        missing = still.difference(&missing).copied().collect();
    }
    Ok(())
}

/// Makes the rows of all days that have none.
fn finish_days(
    transaction: &Transaction<'_>,
    names: &[Name],
    options: &Options<'_>,
) -> Result<(), StateError> {
    let numbers = Numbers::of(transaction)?;
    let keep = |((statistic, day), rows): Done| Kept { transaction, statistic }.set_rows(day, &rows?);
    thread::scope(|scope| {
        let mut finish = Finish { numbers, options, crew: Crew::new(scope), keep: &keep };
        let read = Partials::new(names).visit(&mut finish);
        let mut left = finish.crew.end();
        read.and(left.try_for_each(keep))
    })
}

struct Finish<'t, 'o> {
    numbers: Numbers<'t>,
    options: &'o Options<'o>,
    crew: Crew<'o>,
    keep: &'o dyn Fn(Done) -> Result<(), StateError>,
}

impl Visitor for Finish<'_, '_> {
    type Error = StateError;

    fn visit<S: Statistic>(&mut self, name: Name, _: &mut S) -> Result<(), StateError> {
        let (kept, options) = (self.numbers.kept(name)?, self.options);
        for day in kept.unfinished()? {
            let Some(part) = kept.part(day)? else { continue };
            let mut all = whole::<S>(&kept)?;
            all.merge(unpack(&part.body)?);
            for other in kept.others(day, part.reach)? {
                all.merge(unpack(&other)?);
            }
            find_facts(&kept, &mut all)?;
            self.crew.give((kept.statistic, day), move || {
                all.settle();
                pack(&Rows::of(&all.finish(options), day))
            });
            self.crew.done().try_for_each(self.keep)?;
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
