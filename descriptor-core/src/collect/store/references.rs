//! What documents refer to, what of it is missing, and whether it can still be had (collector §2.4, §2.11).

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::{
    Options, StoreError, Wanted,
    batch::{Batch, code, month, name_of},
    below,
    facts::{Facts, Key, Reference},
    names::Place,
};
use crate::{
    collect::Flavor,
    document::Type,
    value::{Fingerprint, Timestamp},
};

/// How far back the status looks, in seconds: the 72 hours of `recent/`.
pub(super) const LOOK_BACK: i64 = 72 * 3600;

/// The end of all keys that begin with a key.
fn end(key: &[u8]) -> Vec<u8> {
    [key, &[0xff; 9]].concat()
}

impl Batch {
    /// Notes what a document refers to that is not held. DIFFERENCE: CollecTor judges references by the publication time
    /// of an entry, which a microdesc consensus of method 33 puts into 2038; here the time of the document counts.
    pub(super) fn refer(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let (from, at) = (code(facts.kind), facts.name.time.0);
        let by = (facts.kind == Type::ServerDescriptor).then_some(&facts.key);
        for reference in &facts.references {
            let (kind, key) = (reference.kind(), reference.key());
            let known = match reference {
                Reference::Certificate(identity, signing_key) => {
                    !self.trust.authorities.contains_key(identity) || self.trust.has(*identity, *signing_key)
                }
                _ => false,
            };
            if known || !self.examined.insert((code(kind), key, from, at)) || self.is_held(kind, key, at)? {
                continue;
            }
            self.database
                .prepare_cached("INSERT OR IGNORE INTO missing VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![code(kind), key.as_ref(), from, at, by])?;
            self.came(key.as_ref())?;
        }
        if matches!(facts.kind, Type::Consensus | Type::MicrodescConsensus) {
            self.list(facts)?;
        }
        Ok(())
    }

    /// Whether a document is held for good. A microdescriptor that is held for another month only is copied.
    fn is_held(&mut self, kind: Type, key: Key, at: i64) -> Result<bool, StoreError> {
        let key = key.as_ref();
        if kind != Type::Microdescriptor {
            if kind == Type::BandwidthFile {
                self.database
                    .prepare_cached(
                        "UPDATE document SET verified = 1 WHERE kind = ?1 AND key BETWEEN ?2 AND ?3",
                    )?
                    .execute(params![code(kind), key, end(key)])?;
            }
            return Ok(self
                .database
                .prepare_cached(
                    "SELECT 1 FROM document WHERE kind = ?1 AND key BETWEEN ?2 AND ?3 AND held = 1 LIMIT 1",
                )?
                .exists(params![code(kind), key, end(key)])?);
        }
        let rows: Vec<(i64, i64, bool)> = self
            .database
            .prepare_cached("SELECT month, time, held FROM document WHERE kind = ?1 AND key = ?2")?
            .query_map(params![code(kind), key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        if rows.is_empty() {
            return Ok(false);
        }
        let here = month(kind, Timestamp(at));
        // What is held and listed anew is as new as the list: a network in which nothing changes is not stale.
        let newest = self.newest.entry(code(kind)).or_insert(i64::MIN);
        *newest = at.max(*newest);
        if let Some((.., held)) = rows.iter().find(|(month, ..)| *month == here) {
            return Ok(*held);
        }
        self.copy_microdescriptor(key, &rows, at)?;
        Ok(false)
    }

    /// Stores a microdescriptor for another month, so that each monthly archive is complete.
    fn copy_microdescriptor(
        &mut self,
        key: &[u8],
        rows: &[(i64, i64, bool)],
        at: i64,
    ) -> Result<(), StoreError> {
        let Some(place) = Place::of(Type::Microdescriptor) else { return Ok(()) };
        let bytes = match self.microdescriptors.get(key) {
            Some(bytes) => bytes.clone(),
            None => {
                let held = rows.iter().find(|(.., held)| *held).map(|(_, time, _)| name_of(key, *time));
                let Some(name) = held else { return Ok(()) };
                match std::fs::read(below(&self.layout.out, &place.out(&name))) {
                    Ok(bytes) => bytes,
                    // Cleaned up since; it is asked for again.
                    Err(_) => return Ok(()),
                }
            }
        };
        let path = place.out(&name_of(key, at));
        if let Some(facts) = super::open::read(place, &path, &bytes) {
            self.stage(place, &Facts { name: name_of(key, at), ..facts }, &bytes, true)?;
        }
        Ok(())
    }

    /// Notes how much a consensus lists, and which server descriptors.
    fn list(&mut self, facts: &Facts) -> Result<(), StoreError> {
        let mut servers = BTreeSet::new();
        let mut entries = BTreeSet::new();
        for reference in &facts.references {
            match reference {
                Reference::ServerDescriptor(digest) => _ = servers.insert(digest.0),
                Reference::Microdescriptor(digest) => _ = entries.insert(digest.0),
                _ => {}
            }
        }
        let text: Vec<u8> = servers.iter().flatten().copied().collect();
        self.database.prepare_cached("INSERT OR REPLACE INTO listed VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
            params![
                code(facts.kind),
                facts.name.time.0,
                (servers.len() + entries.len()) as i64,
                facts.voters as i64,
                text
            ],
        )?;
        Ok(())
    }
}

/// What is asked for when.
///
/// Clocks jump. The newest consensus that is held was signed by a majority of the authorities, so that it is at least its
/// time; and what it refers to is there to be had, however much later the clock says that it is.
pub(super) struct Windows<'a> {
    options: &'a Options,
    /// The clock's time, or that of the newest consensus if the clock is behind it.
    now: i64,
    /// The time of the newest consensus, or now if none is held.
    newest: i64,
}

impl<'a> Windows<'a> {
    pub(super) fn of(options: &'a Options, database: &Connection, now: Timestamp) -> rusqlite::Result<Self> {
        let sql = "SELECT max(time) FROM newest WHERE kind IN (?1, ?2)";
        let flavours = params![code(Type::Consensus), code(Type::MicrodescConsensus)];
        let newest: Option<i64> = database.prepare_cached(sql)?.query_row(flavours, |row| row.get(0))?;
        Ok(Self::with(options, now.0, newest.unwrap_or(now.0)))
    }

    fn with(options: &'a Options, now: i64, newest: i64) -> Self {
        Windows { options, now: now.max(newest), newest }
    }

    fn interval(&self) -> i64 {
        self.options.interval.max(1)
    }

    /// How long consensuses and votes are chased; at least until the next ones are out.
    fn chase(&self) -> i64 {
        self.options.chase_statuses.clamp(self.interval(), LOOK_BACK.max(self.interval()))
    }

    /// The newest time of which there should be a consensus.
    pub(super) fn current(&self) -> i64 {
        self.now.div_euclid(self.interval()) * self.interval()
    }

    /// The times of consensuses after one, up to now, newest first.
    pub(super) fn hours(&self, after: i64) -> impl Iterator<Item = i64> + use<> {
        let interval = self.interval();
        std::iter::successors(Some(self.current()), move |time| Some(time - interval))
            .take_while(move |it| *it > after)
    }

    /// What is to be asked for: what is missing, and what nobody can say without asking whether it is there.
    pub(super) fn wanted(&self, database: &Connection) -> rusqlite::Result<Vec<Wanted>> {
        let mut wanted = self.missing(database)?;
        // The next consensus: to a clock that is late it seems to come early.
        let next = Timestamp(self.current() + self.interval());
        wanted.extend([Flavor::Ns, Flavor::Microdesc].map(|flavor| Wanted::Consensus(flavor, next)));
        wanted.extend([Wanted::BandwidthFiles, Wanted::Anything]);
        Ok(wanted)
    }

    /// What is missing and can still be had, the dearest first.
    pub(super) fn missing(&self, database: &Connection) -> rusqlite::Result<Vec<Wanted>> {
        let statuses = self.now - self.chase();
        let mut wanted = self.statuses(database, statuses, i64::MAX)?;
        if self.newest <= statuses {
            wanted.extend(self.named_votes(database, self.newest)?);
        }
        let soon = self.current() + self.interval();
        // The last twelfth before a consensus: its signatures are out, it is not.
        if self.now >= soon - self.interval() / 12 && !self.has(database, Type::DetachedSignatures, soon)? {
            wanted.push(Wanted::DetachedSignatures(Timestamp(soon)));
        }
        let after = self.newest - self.options.chase_descriptors;
        wanted.extend(self.referred(database, Type::KeyCertificate, self.newest - LOOK_BACK, i64::MAX)?);
        for kind in [Type::ServerDescriptor, Type::ExtraInfo, Type::Microdescriptor] {
            wanted.extend(self.referred(database, kind, after, i64::MAX)?);
        }
        Ok(wanted)
    }

    /// What was missing in the last 72 hours and can no longer be had. Nobody has promised what was before the first
    /// consensus that is held.
    pub(super) fn given_up(&self, database: &Connection) -> rusqlite::Result<Vec<Wanted>> {
        let from = self.now - LOOK_BACK;
        let first: Option<i64> =
            database.query_row("SELECT min(time) FROM listed WHERE time >= ?1", [from], |row| row.get(0))?;
        let Some(first) = first else { return Ok(Vec::new()) };
        let until = self.now - self.chase();
        let mut gone = self.statuses(database, first - 1, until)?;
        let until = self.now - self.options.chase_descriptors;
        for kind in [Type::ServerDescriptor, Type::ExtraInfo, Type::Microdescriptor] {
            let late: BTreeSet<_> = self.referred(database, kind, until, i64::MAX)?.into_iter().collect();
            let early = self.referred(database, kind, from, until)?;
            gone.extend(early.into_iter().filter(|it| !late.contains(it)));
        }
        Ok(gone)
    }

    /// Consensuses and votes of times after one and up to another that are not held.
    fn statuses(&self, database: &Connection, after: i64, until: i64) -> rusqlite::Result<Vec<Wanted>> {
        let mut wanted = Vec::new();
        for time in self.hours(after).filter(|time| *time <= until) {
            for (kind, flavor) in
                [(Type::Consensus, Flavor::Ns), (Type::MicrodescConsensus, Flavor::Microdesc)]
            {
                if !self.has(database, kind, time)? {
                    wanted.push(Wanted::Consensus(flavor, Timestamp(time)));
                }
            }
            wanted.extend(self.votes(database, time)?);
        }
        Ok(wanted)
    }

    /// The votes of a time that are not held: those that the consensus names, by digest; of the other authorities any.
    fn votes(&self, database: &Connection, time: i64) -> rusqlite::Result<Vec<Wanted>> {
        let mut wanted = self.named_votes(database, time)?;
        let held = "SELECT key FROM document WHERE kind = ?1 AND time = ?2 AND path IS NOT NULL";
        let mut voted: BTreeSet<Fingerprint> = keys(database, held, params![code(Type::Vote), time])?
            .iter()
            .filter_map(|key| voter(key))
            .collect();
        voted.extend(wanted.iter().filter_map(|it| match it {
            Wanted::Vote(_, identity, _) => Some(*identity),
            _ => None,
        }));
        let others = self.options.authorities.iter().filter(|it| !voted.contains(&it.identity));
        wanted.extend(others.map(|it| Wanted::Vote(Timestamp(time), it.identity, None)));
        Ok(wanted)
    }

    /// The votes that the consensus of a time names and that are not held.
    fn named_votes(&self, database: &Connection, time: i64) -> rusqlite::Result<Vec<Wanted>> {
        let named = "SELECT key FROM missing WHERE kind = ?1 AND at = ?2";
        let named = keys(database, named, params![code(Type::Vote), time])?;
        let vote = |key: &Vec<u8>| match Reference::from_key(Type::Vote, key)? {
            Reference::Vote(identity, digest) => Some(Wanted::Vote(Timestamp(time), identity, Some(digest))),
            _ => None,
        };
        Ok(named.iter().filter_map(vote).collect())
    }

    fn has(&self, database: &Connection, kind: Type, time: i64) -> rusqlite::Result<bool> {
        database
            .prepare_cached("SELECT 1 FROM document WHERE kind = ?1 AND time = ?2 AND path IS NOT NULL")?
            .exists(params![code(kind), time])
    }

    /// Missing documents of a type that were referred to after a time and up to another one.
    fn referred(
        &self,
        database: &Connection,
        kind: Type,
        after: i64,
        until: i64,
    ) -> rusqlite::Result<Vec<Wanted>> {
        let sql = "SELECT DISTINCT key FROM missing WHERE kind = ?1 AND at > ?2 AND at <= ?3";
        let keys = keys(database, sql, params![code(kind), after, until])?;
        Ok(keys.iter().filter_map(|key| Reference::from_key(kind, key)).filter_map(wanted).collect())
    }
}

/// What is wanted if a reference is missing. Bandwidth files cannot be asked for by digest.
fn wanted(reference: Reference) -> Option<Wanted> {
    Some(match reference {
        Reference::ServerDescriptor(digest) => Wanted::ServerDescriptor(digest),
        Reference::ExtraInfo(digest) => Wanted::ExtraInfo(digest),
        Reference::Microdescriptor(digest) => Wanted::Microdescriptor(digest),
        Reference::Certificate(identity, key) => Wanted::Certificate(identity, key),
        Reference::Vote(..) | Reference::BandwidthFile(_) => return None,
    })
}

pub(super) fn keys(
    database: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Vec<u8>>> {
    database.prepare_cached(sql)?.query_map(params, |row| row.get(0))?.collect()
}

/// Whose vote it is, by its key.
pub(super) fn voter(key: &[u8]) -> Option<Fingerprint> {
    match Reference::from_key(Type::Vote, key) {
        Some(Reference::Vote(identity, _)) => Some(identity),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_votes_every_thirty_seconds_is_chased_too() {
        let options = Options { interval: 30, chase_statuses: 90, ..Options::default() };
        let windows = Windows::with(&options, 1_000_000_007, 1_000_000_007);
        assert_eq!(windows.current(), 999_999_990);
        let hours: Vec<_> = windows.hours(windows.now - windows.chase()).collect();
        assert_eq!(hours, [999_999_990, 999_999_960, 999_999_930]);
        let hour = Options { chase_statuses: 0, ..Options::default() };
        let windows = Windows::with(&hour, 7200, 7200);
        assert_eq!(windows.hours(windows.now - windows.chase()).collect::<Vec<_>>(), [7200]);
    }

    #[test]
    fn keys_give_their_references_back() {
        use crate::value::{Base64, Hex};
        for reference in [
            Reference::ServerDescriptor(Hex([1; 20])),
            Reference::ExtraInfo(Hex([2; 20])),
            Reference::Microdescriptor(Base64([3; 32])),
            Reference::Vote(Hex([4; 20]), Hex([5; 20])),
            Reference::Certificate(Hex([6; 20]), Hex([7; 20])),
            Reference::BandwidthFile(Base64([8; 32])),
        ] {
            assert_eq!(Reference::from_key(reference.kind(), reference.key().as_ref()), Some(reference));
        }
    }
}
