//! The tables on disk.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::StateError;
use crate::stats::{Day, Id};

/// The layout of the tables and the form of what is in them. Others are refused, and made anew by who has the documents.
const LAYOUT: i64 = 4;

// `part` has what a statistic knows of a day, and which other days its rows are made of; `whole` what is of no day. `fact`
// has what days look up by digest, and `missing` which of them a day still looks for. `rows` has the finished rows of a day; a
// day without them is to be finished. Facts of one document stand side by side, as most statistics that look for it have
// one: a page is read and written for all of them. `made` says with which options rows were made.
const TABLES: &str = "
CREATE TABLE statistic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE made (one INTEGER PRIMARY KEY CHECK (one = 1), options TEXT NOT NULL);
CREATE TABLE whole (statistic INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE part (
    statistic INTEGER NOT NULL, day INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, body BLOB NOT NULL,
    UNIQUE (statistic, day)
);
CREATE TABLE rows (
    statistic INTEGER NOT NULL, day INTEGER NOT NULL, body BLOB NOT NULL,
    UNIQUE (statistic, day)
);
CREATE TABLE fact (
    statistic INTEGER NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (digest, statistic)
) WITHOUT ROWID;
CREATE TABLE missing (
    statistic INTEGER NOT NULL, day INTEGER NOT NULL, digests BLOB NOT NULL,
    UNIQUE (statistic, day)
);
";

/// Opens the database, or makes it.
pub(super) fn open(path: &Path) -> Result<Connection, StateError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(20))?;
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;")?;
    connection.set_prepared_statement_cache_capacity(64);
    match connection.query_row("PRAGMA user_version", [], |row| row.get(0))? {
        LAYOUT => {}
        0 => connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;"))?,
        found => return Err(StateError::Form { found, known: LAYOUT }),
    }
    Ok(connection)
}

/// What is kept of one statistic, within a transaction.
pub(super) struct Kept<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    pub(super) statistic: i64,
}

/// A day's part as it is kept.
pub(super) struct Part {
    pub(super) reach: (Day, Day),
    pub(super) body: Vec<u8>,
}

impl Kept<'_> {
    pub(super) fn whole(&self) -> Result<Option<Vec<u8>>, StateError> {
        let mut query = self.transaction.prepare_cached("SELECT body FROM whole WHERE statistic = ?")?;
        Ok(query.query_row([self.statistic], |row| row.get(0)).optional()?)
    }

    pub(super) fn set_whole(&self, body: &[u8]) -> Result<(), StateError> {
        let sql = "INSERT OR REPLACE INTO whole (statistic, body) VALUES (?, ?)";
        self.transaction.execute(sql, params![self.statistic, body])?;
        Ok(())
    }

    pub(super) fn days(&self) -> Result<Vec<Day>, StateError> {
        self.all_days("SELECT day FROM part WHERE statistic = ? ORDER BY day")
    }

    /// The days that are to be finished.
    pub(super) fn unfinished(&self) -> Result<Vec<Day>, StateError> {
        self.all_days(
            "SELECT day FROM part WHERE statistic = ?1 AND NOT EXISTS
                 (SELECT 1 FROM rows WHERE rows.statistic = ?1 AND rows.day = part.day) ORDER BY day",
        )
    }

    fn all_days(&self, sql: &str) -> Result<Vec<Day>, StateError> {
        let mut query = self.transaction.prepare_cached(sql)?;
        let days = query.query_map([self.statistic], |row| Ok(Day(row.get(0)?)))?;
        Ok(days.collect::<Result<_, _>>()?)
    }

    pub(super) fn part(&self, day: Day) -> Result<Option<Part>, StateError> {
        let sql = "SELECT first, last, body FROM part WHERE statistic = ? AND day = ?";
        let mut query = self.transaction.prepare_cached(sql)?;
        let part = query.query_row([self.statistic, day.0.into()], |row| {
            Ok(Part { reach: (Day(row.get(0)?), Day(row.get(1)?)), body: row.get(2)? })
        });
        Ok(part.optional()?)
    }

    /// The parts of a day's neighbours.
    pub(super) fn others(&self, day: Day, (first, last): (Day, Day)) -> Result<Vec<Vec<u8>>, StateError> {
        let sql =
            "SELECT body FROM part WHERE statistic = ? AND day BETWEEN ? AND ? AND day <> ? ORDER BY day";
        let mut query = self.transaction.prepare_cached(sql)?;
        let keys = [self.statistic, first.0.into(), last.0.into(), day.0.into()];
        let bodies = query.query_map(keys, |row| row.get(0))?;
        Ok(bodies.collect::<Result<_, _>>()?)
    }

    /// Keeps a day's part, and forgets the rows that were made of another one.
    pub(super) fn set_part(
        &self,
        day: Day,
        Part { reach: (first, last), body }: &Part,
    ) -> Result<(), StateError> {
        let sql = "INSERT INTO part (statistic, day, first, last, body) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (statistic, day) DO UPDATE SET first = excluded.first, last = excluded.last, body = excluded.body";
        self.transaction.prepare_cached(sql)?.execute(params![
            self.statistic,
            day.0,
            first.0,
            last.0,
            body
        ])?;
        let sql = "DELETE FROM rows WHERE statistic = ?1 AND (day = ?2 OR day IN
            (SELECT day FROM part WHERE statistic = ?1 AND first <= ?2 AND last >= ?2))";
        self.transaction.prepare_cached(sql)?.execute([self.statistic, day.0.into()])?;
        Ok(())
    }

    /// Forgets the rows of all days.
    pub(super) fn forget_rows(&self) -> Result<(), StateError> {
        self.transaction.execute("DELETE FROM rows WHERE statistic = ?", [self.statistic])?;
        Ok(())
    }

    pub(super) fn set_rows(&self, day: Day, body: &[u8]) -> Result<(), StateError> {
        let sql = "INSERT OR REPLACE INTO rows (statistic, day, body) VALUES (?, ?, ?)";
        self.transaction.prepare_cached(sql)?.execute(params![self.statistic, day.0, body])?;
        Ok(())
    }

    /// The rows of all days, in the order of days.
    pub(super) fn each_rows(
        &self,
        mut each: impl FnMut(Vec<u8>) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut query =
            self.transaction.prepare_cached("SELECT body FROM rows WHERE statistic = ? ORDER BY day")?;
        let mut rows = query.query([self.statistic])?;
        while let Some(row) = rows.next()? {
            each(row.get(0)?)?;
        }
        Ok(())
    }

    pub(super) fn fact(&self, digest: &Id) -> Result<Option<Vec<u8>>, StateError> {
        let mut query =
            self.transaction.prepare_cached("SELECT body FROM fact WHERE statistic = ? AND digest = ?")?;
        Ok(query.query_row(params![self.statistic, digest.0], |row| row.get(0)).optional()?)
    }

    pub(super) fn each_fact(&self, mut each: impl FnMut(Id, &[u8])) -> Result<(), StateError> {
        let mut query =
            self.transaction.prepare_cached("SELECT digest, body FROM fact WHERE statistic = ?")?;
        let mut rows = query.query([self.statistic])?;
        while let Some(row) = rows.next()? {
            let digest = Id(row.get(0)?);
            each(digest, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?);
        }
        Ok(())
    }

    /// Keeps a fact, unless there is one of this digest. Returns whether it was kept.
    pub(super) fn add_fact(&self, digest: &Id, body: &[u8]) -> Result<bool, StateError> {
        let sql = "INSERT OR IGNORE INTO fact (statistic, digest, body) VALUES (?, ?, ?)";
        let rows = self.transaction.prepare_cached(sql)?.execute(params![self.statistic, digest.0, body])?;
        Ok(rows > 0)
    }

    pub(super) fn set_fact(&self, digest: &Id, body: &[u8]) -> Result<(), StateError> {
        let sql = "INSERT OR REPLACE INTO fact (statistic, digest, body) VALUES (?, ?, ?)";
        self.transaction.prepare_cached(sql)?.execute(params![self.statistic, digest.0, body])?;
        Ok(())
    }

    /// The days that look for one of some facts.
    pub(super) fn looking(&self, facts: &HashSet<Id>) -> Result<BTreeSet<Day>, StateError> {
        let mut days = BTreeSet::new();
        if !facts.is_empty() {
            let mut query =
                self.transaction.prepare_cached("SELECT day, digests FROM missing WHERE statistic = ?")?;
            let mut rows = query.query([self.statistic])?;
            while let Some(row) = rows.next()? {
                let (digests, _) =
                    row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?.as_chunks::<20>();
                if digests.iter().any(|digest| facts.contains(&Id(*digest))) {
                    days.insert(Day(row.get(0)?));
                }
            }
        }
        Ok(days)
    }

    /// Which facts a day looks for, as far as it was noted.
    pub(super) fn missing(&self, day: Day) -> Result<BTreeSet<Id>, StateError> {
        let sql = "SELECT digests FROM missing WHERE statistic = ? AND day = ?";
        let mut query = self.transaction.prepare_cached(sql)?;
        let keys = [self.statistic, day.0.into()];
        let digests: Option<Vec<u8>> = query.query_row(keys, |row| row.get(0)).optional()?;
        Ok(digests.iter().flat_map(|bytes| bytes.as_chunks::<20>().0).map(|digest| Id(*digest)).collect())
    }

    /// Notes which facts a day looks for.
    pub(super) fn set_missing(&self, day: Day, digests: &BTreeSet<Id>) -> Result<(), StateError> {
        let sql = "DELETE FROM missing WHERE statistic = ? AND day = ?";
        self.transaction.prepare_cached(sql)?.execute([self.statistic, day.0.into()])?;
        if !digests.is_empty() {
            let bytes: Vec<u8> = digests.iter().flat_map(|digest| digest.0).collect();
            let sql = "INSERT INTO missing (statistic, day, digests) VALUES (?, ?, ?)";
            self.transaction.prepare_cached(sql)?.execute(params![self.statistic, day.0, bytes])?;
        }
        Ok(())
    }
}

/// How much effort compression makes; what is kept is read and written more often than it is moved.
const LEVEL: i32 = 1;

/// What is kept of a value.
pub(super) fn pack(value: &impl Serialize) -> Result<Vec<u8>, StateError> {
    let bytes = postcard::to_allocvec(value)?;
    Ok(zstd::bulk::compress(&bytes, LEVEL)?)
}

/// What [`pack`] made.
pub(super) fn unpack<T: DeserializeOwned>(body: &[u8]) -> Result<T, StateError> {
    Ok(postcard::from_bytes(&zstd::stream::decode_all(body)?)?)
}
