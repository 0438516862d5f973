//! The documents of a run that become part of the store together.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Layout, Options, StoreError,
    apart::{self, Apart, Folders},
    below,
    facts::{Facts, Key, reference_key},
    judge::Trust,
    names::{Name, Place},
    recent::Recent,
};
use crate::{document::Type, intake::Staging, value::Timestamp};

/// How many bytes wait before they are committed without being asked.
const LIMIT: usize = 48 << 20;

/// The open store with what is not yet part of it.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) layout: Layout,
    pub(super) options: Options,
    pub(super) database: Connection,
    pub(super) out: Staging,
    pub(super) recent: Option<Recent>,
    pub(super) apart: Folders,
    pub(super) trust: Trust,
    /// Whether a transaction is open.
    pub(super) open: bool,
    /// How many bytes were taken since the last commit.
    pub(super) bytes: usize,
    /// References that were looked up in this batch: target, whose, and of when.
    pub(super) examined: HashSet<(u8, Key, u8, i64)>,
    /// Microdescriptors of this batch, for consensuses of another month.
    pub(super) microdescriptors: HashMap<Vec<u8>, Vec<u8>>,
    /// Documents that wait, not yet on the disk.
    pub(super) waiting: BTreeMap<String, (Vec<u8>, Apart)>,
    /// Who waits for what, on the disk or not.
    pub(super) needs: HashMap<Vec<u8>, Vec<String>>,
    /// Documents that waited for what has come.
    pub(super) freed: Vec<String>,
    /// Documents that wait no more; to be removed when their successors are on the disk.
    pub(super) released: Vec<String>,
    /// The newest time of each type.
    pub(super) newest: BTreeMap<u8, i64>,
}

impl Batch {
    /// Opens a transaction if none is open.
    pub(super) fn begin(&mut self, at: Timestamp) -> Result<(), StoreError> {
        if !self.open {
            self.database.execute_batch("BEGIN IMMEDIATE")?;
            self.open = true;
            if let Some(recent) = &mut self.recent {
                recent.begin(at)?;
            }
        }
        Ok(())
    }

    /// Commits if much has come together.
    pub(super) fn commit_much(&mut self) -> Result<(), StoreError> {
        if self.bytes > LIMIT { self.commit() } else { Ok(()) }
    }

    /// Makes what was taken part of the store.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        if !self.open {
            return Ok(());
        }
        for (file, (bytes, why)) in &self.waiting {
            self.apart.wait(file, bytes, why)?;
        }
        self.apart.commit()?;
        self.waiting.clear();
        for (code, time) in &self.newest {
            self.database
                .prepare_cached(
                    "INSERT INTO newest VALUES (?1, ?2) ON CONFLICT DO UPDATE SET time = max(time, ?2)",
                )?
                .execute(params![code, time])?;
        }
        if let Some(recent) = &self.recent {
            self.database.execute("UPDATE run SET stamp = ?1", [recent.stamp().0])?;
        }
        self.database.execute_batch("COMMIT")?;
        self.open = false;
        self.out.commit()?;
        if let Some(recent) = &mut self.recent {
            recent.commit(&self.layout.out)?;
        }
        finish(&mut self.database)?;
        for file in self.released.drain(..) {
            self.apart.release(&file);
        }
        self.bytes = 0;
        self.examined.clear();
        self.microdescriptors.clear();
        self.newest.clear();
        Ok(())
    }

    /// Keeps a refused document apart.
    pub(super) fn reject(&mut self, bytes: &[u8], why: Apart) -> Result<(), StoreError> {
        self.bytes += bytes.len();
        self.apart.reject(bytes, &why)
    }

    /// Keeps a document until something that it needs has come.
    pub(super) fn wait(&mut self, bytes: Vec<u8>, why: Apart, needs: Vec<Vec<u8>>) -> Result<(), StoreError> {
        let file = apart::name(&bytes);
        for need in needs {
            self.database
                .prepare_cached("INSERT OR IGNORE INTO waiting VALUES (?1, ?2)")?
                .execute(params![need, file])?;
            let files = self.needs.entry(need).or_default();
            if !files.contains(&file) {
                files.push(file.clone());
            }
        }
        // It may have waited before and stay.
        self.released.retain(|it| *it != file);
        self.bytes += bytes.len();
        self.waiting.insert(file, (bytes, why));
        Ok(())
    }

    /// Something has come that documents may have waited for.
    pub(super) fn came(&mut self, need: &[u8]) -> Result<(), StoreError> {
        if let Some(files) = self.needs.remove(need) {
            self.database.prepare_cached("DELETE FROM waiting WHERE need = ?1")?.execute([need])?;
            self.freed.extend(files);
        }
        Ok(())
    }

    /// A document that waited, to be judged again.
    pub(super) fn freed(&mut self) -> Option<(String, Vec<u8>, Apart)> {
        while let Some(file) = self.freed.pop() {
            let found = match self.waiting.remove(&file) {
                Some(found) => Some(found),
                None => {
                    let found = self.apart.get(&file);
                    if found.is_some() {
                        self.released.push(file.clone());
                    }
                    found
                }
            };
            if let Some((bytes, why)) = found {
                return Some((file, bytes, why));
            }
        }
        None
    }

    /// Whether a document is held or staged, and what makes it this document.
    pub(super) fn find(
        &self,
        kind: Type,
        key: &[u8],
        month: i64,
    ) -> rusqlite::Result<Option<Option<Vec<u8>>>> {
        self.database
            .prepare_cached("SELECT content FROM document WHERE kind = ?1 AND key = ?2 AND month = ?3")?
            .query_row(params![code(kind), key, month], |row| row.get(0))
            .optional()
    }

    /// Adds a document to `out/`, `recent/` and the database. Its bytes have their annotation.
    pub(super) fn stage(
        &mut self,
        place: &'static Place,
        facts: &Facts,
        bytes: &[u8],
        verified: bool,
    ) -> Result<(), StoreError> {
        let path = place.out(&facts.name);
        if !self.out.has(&path)? {
            self.out.add(&path, bytes)?;
        }
        self.insert(place, facts, &path, verified, false)?;
        if let Some(recent) = &mut self.recent {
            // Certificates are used long after they were made.
            let old = facts.name.time.0 < recent.stamp().0 - self.options.recent;
            if !old || place.kind == Type::KeyCertificate {
                recent.add(place, &facts.name, path, bytes);
            }
        }
        self.bytes += bytes.len();
        Ok(())
    }

    /// Adds a document's row.
    pub(super) fn insert(
        &mut self,
        place: &Place,
        facts: &Facts,
        path: &str,
        verified: bool,
        held: bool,
    ) -> rusqlite::Result<()> {
        let by_digest = by_digest(place.kind);
        self.database
            .prepare_cached("INSERT OR REPLACE INTO document VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![
                place.code,
                facts.key,
                month(place.kind, facts.name.time),
                facts.name.time.0,
                (!by_digest).then_some(path),
                (!by_digest).then_some(&facts.content.0[..]),
                held,
                verified,
            ])?;
        let newest = self.newest.entry(place.code).or_insert(i64::MIN);
        *newest = facts.name.time.0.max(*newest);
        Ok(())
    }

    pub(super) fn asked(
        &mut self,
        source: &str,
        at: Timestamp,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let success = problem.is_none().then_some(at.0);
        self.database
            .prepare_cached(
                "INSERT INTO source VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE
                 SET ran = ?2, succeeded = coalesce(?3, succeeded), problem = ?4",
            )?
            .execute(params![source, at.0, success, problem])?;
        Ok(())
    }

    pub(super) fn forget(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        self.commit()?;
        let transaction = self.database.transaction()?;
        // Certificates are needed as long as anything that they sign.
        let certificate = code(Type::KeyCertificate);
        let gone = transaction
            .execute("DELETE FROM document WHERE time < ?1 AND kind <> ?2", params![before.0, certificate])?;
        transaction.execute("DELETE FROM missing WHERE at < ?1", [before.0])?;
        transaction.execute("DELETE FROM listed WHERE time < ?1", [before.0])?;
        transaction.commit()?;
        Ok(gone)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // What was not committed is wanted again. If this fails, the next start looks more closely.
        if !self.open || self.database.execute_batch("ROLLBACK").is_ok() {
            drop(self.database.execute("UPDATE run SET open = 0", []));
        }
    }
}

/// Marks the rows of a batch, whose files are there, and forgets that they were missing.
pub(super) fn finish(database: &mut Connection) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    {
        let mut staged =
            transaction.prepare_cached("SELECT kind, key, month FROM document WHERE held = 0")?;
        let mut came = transaction.prepare_cached(
            "DELETE FROM missing WHERE kind = ?1 AND key = ?2
             AND (?3 = 0 OR at BETWEEN ?4 AND ?5)",
        )?;
        let mut rows = staged.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, key, month): (u8, Vec<u8>, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some(place) = Place::by_code(kind) else { continue };
            let (first, last) = bounds(month);
            came.execute(params![kind, reference_key(place.kind, &key), month, first, last])?;
        }
    }
    transaction.execute("UPDATE document SET held = 1 WHERE held = 0", [])?;
    transaction.commit()
}

/// A type's number in the database; 0 for types that are not kept.
pub(super) fn code(kind: Type) -> u8 {
    Place::of(kind).map_or(0, |place| place.code)
}

/// Whether a document's path follows from its digest and time.
pub(super) fn by_digest(kind: Type) -> bool {
    matches!(kind, Type::ServerDescriptor | Type::ExtraInfo | Type::Microdescriptor)
}

/// The months since year 0 for microdescriptors, which are kept once a month; 0 for everything else.
pub(super) fn month(kind: Type, time: Timestamp) -> i64 {
    if kind != Type::Microdescriptor {
        return 0;
    }
    let text = time.format(b' ');
    let number = |digits: &[u8]| digits.iter().fold(0, |all, digit| all * 10 + i64::from(digit - b'0'));
    number(&text[..4]) * 12 + number(&text[5..7]) - 1
}

/// The first and last second of a month.
fn bounds(month: i64) -> (i64, i64) {
    let first = |month: i64| {
        let text = format!("{:04}-{:02}-01 00:00:00", month.div_euclid(12), month.rem_euclid(12) + 1);
        text.as_bytes().try_into().ok().and_then(Timestamp::parse).unwrap_or_default().0
    };
    (first(month), first(month + 1) - 1)
}

/// The name of a row whose path is not in it.
pub(super) fn name_of(key: &[u8], time: i64) -> Name {
    Name { time: Timestamp(time), digest: key.to_vec(), ..Name::default() }
}

/// Whether a file of `out/` is there.
pub(super) fn is_there(layout: &Layout, path: &str) -> bool {
    fs::symlink_metadata(below(&layout.out, path)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_and_end() {
        let time =
            |text: &str| Timestamp::parse(text.as_bytes().try_into().expect("19 bytes")).expect("a time");
        let march = month(Type::Microdescriptor, time("2026-03-31 23:59:59"));
        let (first, last) = bounds(march);
        assert_eq!(
            (Timestamp(first), Timestamp(last)),
            (time("2026-03-01 00:00:00"), time("2026-03-31 23:59:59"))
        );
        assert_eq!(month(Type::Microdescriptor, time("2026-04-01 00:00:00")), march + 1);
        assert_eq!(month(Type::Vote, time("2026-04-01 00:00:00")), 0);
    }
}
