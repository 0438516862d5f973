//! How complete the store is, and whom to nag (collector §2.9-2.11).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde::Serialize;

use super::{
    Layout, Options,
    batch::code,
    references::{LOOK_BACK, Windows, keys, voter},
};
use crate::{
    document::Type,
    value::{Fingerprint, Timestamp},
};

/// The store's state at a time, for people and for monitoring.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// When it was asked, in seconds since 1970.
    pub now: i64,
    /// The consensus times of the last 72 hours, newest first, from the first one that anything is held of; at most 288.
    pub hours: Vec<Hour>,
    /// The authorities in the order of the configuration.
    pub authorities: Vec<AuthorityState>,
    /// The sources by name.
    pub sources: Vec<SourceState>,
    /// The newest time of each type that is held, in seconds since 1970.
    pub newest: BTreeMap<&'static str, i64>,
    /// How many documents are wanted and can still be had.
    pub wanted: usize,
    /// How many documents of the last 72 hours are missing for good.
    pub given_up: usize,
    /// How many documents wait to be judged.
    pub unverified: usize,
    /// How many bytes are free below `out/`; `None` if the system does not say.
    pub disk_free: Option<u64>,
    /// What is wrong, the worst first.
    pub warnings: Vec<Warning>,
    /// The weight of what is missing; above 0.999 CollecTor warns.
    pub missing_weight: f64,
}

/// What is held of one consensus time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hour {
    /// The time, in seconds since 1970.
    pub time: i64,
    /// Whether the consensus is held.
    pub consensus: bool,
    /// Whether the microdesc consensus is held.
    pub microdesc: bool,
    /// Whether the vote of each authority is held, in the order of [`Status::authorities`].
    pub votes: Vec<bool>,
    /// How many authorities the consensus says have voted; `None` without it.
    pub voters: Option<usize>,
    /// Of the server descriptors that the consensus lists.
    pub servers: Option<Share>,
    /// Of the extra-info descriptors that those name.
    pub extras: Option<Share>,
    /// Of the microdescriptors that the microdesc consensus lists.
    pub microdescriptors: Option<Share>,
}

/// How many of how many are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Held.
    pub held: usize,
    /// All.
    pub all: usize,
}

impl Share {
    /// Whether more than one of 200 is missing, CollecTor's measure.
    pub fn is_low(self) -> bool {
        self.held * 1000 < self.all * 995
    }

    /// In per cent; 100 of nothing.
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { self.held as f64 * 100.0 / self.all as f64 }
    }
}

/// An authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorityState {
    /// Its nickname.
    pub name: String,
    /// Its identity, in hex.
    pub identity: String,
    /// The time of its newest vote that is held, in seconds since 1970.
    pub voted: Option<i64>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// When it was last asked.
    pub ran: i64,
    /// When nothing went wrong for the last time.
    pub succeeded: Option<i64>,
    /// What went wrong when it was last asked.
    pub problem: Option<String>,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing is wrong; exit code 0.
    Ok,
    /// Something is missing or late; exit code 1.
    Warning,
    /// What is being lost cannot be had later; exit code 2.
    Critical,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// How bad it is.
    pub level: Level,
    /// What it is, a sentence.
    pub text: String,
}

impl Status {
    /// The worst of it.
    pub fn level(&self) -> Level {
        self.warnings.iter().map(|it| it.level).max().unwrap_or(Level::Ok)
    }

    /// As monitoring wants it: 0, 1 or 2.
    pub fn exit_code(&self) -> u8 {
        self.level() as u8
    }
}

/// The types that CollecTor warns of when they are stale, and what it calls them.
const STALE: &[(Type, &str)] = &[
    (Type::Consensus, "relay network status consensus was valid after"),
    (Type::MicrodescConsensus, "relay network status microdesc consensus was valid after"),
    (Type::Vote, "relay network status vote was valid after"),
    (Type::ServerDescriptor, "relay server descriptor was published"),
    (Type::ExtraInfo, "relay extra-info descriptor was published"),
    (Type::Microdescriptor, "relay microdescriptor was listed"),
];

/// 5:30 hours.
const STALE_AFTER: i64 = 330 * 60;
/// How long a status's references count for CollecTor.
const JUDGED: i64 = 3 * 3600;
/// So many seconds may the clock be behind the newest consensus.
const BEHIND: i64 = 300;
const TOO_MUCH: f64 = 0.999;
/// A network that votes every 30 seconds has more consensuses in 72 hours than anybody reads.
const MAX_HOURS: usize = 288;
const LITTLE_SPACE: u64 = 200 << 20;

pub(super) fn status(
    database: &Connection,
    layout: &Layout,
    options: &Options,
    now: Timestamp,
) -> rusqlite::Result<Status> {
    let windows = Windows::of(options, database, now)?;
    let mut status = Status {
        now: now.0,
        hours: hours(database, options, &windows, now.0 - LOOK_BACK)?,
        authorities: authorities(database, options)?,
        sources: sources(database)?,
        newest: BTreeMap::new(),
        wanted: windows.missing(database)?.len(),
        given_up: windows.given_up(database)?.len(),
        unverified: database
            .query_row("SELECT count(DISTINCT file) FROM waiting", [], |row| row.get::<_, i64>(0))?
            as usize,
        disk_free: disk_free(layout),
        warnings: Vec::new(),
        missing_weight: missing_weight(database, now.0)?,
    };
    let mut newest = database.prepare_cached("SELECT kind, time FROM newest")?;
    let mut rows = newest.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(place) = super::Place::by_code(row.get(0)?) {
            status.newest.insert(place.kind.name(), row.get(1)?);
        }
    }
    status.warnings = warnings(&status, options, &windows);
    Ok(status)
}

fn authorities(database: &Connection, options: &Options) -> rusqlite::Result<Vec<AuthorityState>> {
    let mut newest = database.prepare_cached(
        "SELECT max(time) FROM document WHERE kind = ?1 AND key BETWEEN ?2 AND ?3 AND path IS NOT NULL",
    )?;
    let state = |it: &super::KnownAuthority| {
        let end = [&it.identity.0[..], &[0xff; 21]].concat();
        let voted = newest.query_row(params![code(Type::Vote), it.identity.0, end], |row| row.get(0))?;
        Ok(AuthorityState { name: it.name.clone(), identity: it.identity.to_string(), voted })
    };
    options.authorities.iter().map(state).collect()
}

fn sources(database: &Connection) -> rusqlite::Result<Vec<SourceState>> {
    let mut all =
        database.prepare_cached("SELECT name, ran, succeeded, problem FROM source ORDER BY name")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(SourceState { name: row.get(0)?, ran: row.get(1)?, succeeded: row.get(2)?, problem: row.get(3)? })
    };
    all.query_map([], read)?.collect()
}

fn hours(
    database: &Connection,
    options: &Options,
    windows: &Windows<'_>,
    from: i64,
) -> rusqlite::Result<Vec<Hour>> {
    let mut held: BTreeMap<(u8, i64), BTreeSet<Fingerprint>> = BTreeMap::new();
    let (ns, microdesc, vote) = (code(Type::Consensus), code(Type::MicrodescConsensus), code(Type::Vote));
    let mut all = database.prepare_cached(
        "SELECT kind, time, key FROM document WHERE kind IN (?1, ?2, ?3) AND time > ?4 AND path IS NOT NULL",
    )?;
    let mut rows = all.query(params![ns, microdesc, vote, from])?;
    while let Some(row) = rows.next()? {
        let key: Vec<u8> = row.get(2)?;
        held.entry((row.get(0)?, row.get(1)?)).or_default().extend(voter(&key));
    }
    let Some(first) = held.keys().map(|(_, time)| *time).min() else { return Ok(Vec::new()) };
    let extras = missing_extras(database, from)?;
    let missing = missing_counts(database, from)?;
    let mut hours = Vec::new();
    for time in windows.hours(first - 1).take(MAX_HOURS) {
        let has = |kind: u8| held.contains_key(&(kind, time));
        let voted = held.get(&(vote, time));
        let mut hour = Hour {
            time,
            consensus: has(ns),
            microdesc: has(microdesc),
            votes: options
                .authorities
                .iter()
                .map(|it| voted.is_some_and(|all| all.contains(&it.identity)))
                .collect(),
            voters: None,
            servers: None,
            extras: None,
            microdescriptors: None,
        };
        let count = |kind: Type, from: u8| missing.get(&(code(kind), from, time)).copied().unwrap_or(0);
        let mut listed =
            database.prepare_cached("SELECT kind, entries, voters, servers FROM listed WHERE time = ?1")?;
        let mut rows = listed.query([time])?;
        while let Some(row) = rows.next()? {
            let all = row.get::<_, i64>(1)? as usize;
            if row.get::<_, u8>(0)? == microdesc {
                let held = all.saturating_sub(count(Type::Microdescriptor, microdesc));
                hour.microdescriptors = Some(Share { held, all });
                continue;
            }
            hour.voters = Some(row.get::<_, i64>(2)? as usize);
            let servers = Share { held: all.saturating_sub(count(Type::ServerDescriptor, ns)), all };
            let text: Vec<u8> = row.get(3)?;
            let (list, _) = text.as_chunks::<20>();
            let missing = extras.iter().filter(|by| list.binary_search(by).is_ok()).count();
            hour.servers = Some(servers);
            hour.extras = Some(Share { held: servers.held.saturating_sub(missing), all: servers.held });
        }
        hours.push(hour);
    }
    Ok(hours)
}

/// How many documents of a type are missing that statuses of a type and time refer to.
fn missing_counts(database: &Connection, from: i64) -> rusqlite::Result<BTreeMap<(u8, u8, i64), usize>> {
    let mut all = database.prepare_cached(
        "SELECT kind, from_kind, at, count(*) FROM missing WHERE at > ?1 AND by IS NULL GROUP BY kind, from_kind, at",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get::<_, i64>(3)? as usize))
    };
    all.query_map([from], read)?.collect()
}

/// The server descriptors whose extra-info descriptors are missing. Those that a consensus lists are up to a day older.
fn missing_extras(database: &Connection, from: i64) -> rusqlite::Result<Vec<[u8; 20]>> {
    let sql = "SELECT by FROM missing WHERE kind = ?1 AND at > ?2 AND by IS NOT NULL";
    let by = keys(database, sql, params![code(Type::ExtraInfo), from - 24 * 3600])?;
    Ok(by.iter().filter_map(|key| key.as_slice().try_into().ok()).collect())
}

/// What CollecTor's reference checker adds up: each missing document counts once. DIFFERENCE: a reference is judged while
/// the status that has it is young, whatever time its entry gives.
fn missing_weight(database: &Connection, now: i64) -> rusqlite::Result<f64> {
    let mut weights: BTreeMap<(u8, Vec<u8>), f64> = BTreeMap::new();
    let mut all = database.prepare_cached(
        "SELECT m.kind, m.key, m.from_kind, l.entries FROM missing m
         LEFT JOIN listed l ON l.kind = m.from_kind AND l.time = m.at WHERE m.at > ?1",
    )?;
    let mut rows = all.query([now - 2 * JUDGED])?;
    let mut entries: i64 = 0;
    while let Some(row) = rows.next()? {
        let (kind, key, from): (u8, Vec<u8>, u8) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let listed: Option<i64> = row.get(3)?;
        entries = listed.unwrap_or(entries).max(1);
        let weight = match super::Place::by_code(kind).map(|place| place.kind) {
            Some(Type::Vote) => 1.0,
            Some(Type::ExtraInfo) => 0.01,
            Some(Type::ServerDescriptor | Type::Microdescriptor) if listed.is_some() => {
                200.0 / entries as f64
            }
            // Those that only votes list: as CollecTor, microdescriptors not at all.
            Some(Type::ServerDescriptor) if from == code(Type::Vote) => 200.0 / entries.max(200) as f64,
            _ => 0.0,
        };
        let known = weights.entry((kind, key)).or_insert(0.0);
        *known = known.max(weight);
    }
    // One flavour names the other.
    let mut flavours = database.prepare_cached(
        "SELECT time, count(DISTINCT kind) FROM document WHERE kind IN (?1, ?2) AND time > ?3 AND path IS NOT NULL
         GROUP BY time HAVING count(DISTINCT kind) = 1",
    )?;
    let both = params![code(Type::Consensus), code(Type::MicrodescConsensus), now - JUDGED];
    let single = flavours.query_map(both, |_| Ok(()))?.count();
    Ok(weights.values().sum::<f64>() + single as f64)
}

fn warnings(status: &Status, options: &Options, windows: &Windows<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |level, text: String| found.push(Warning { level, text });
    if let Some(free) = status.disk_free.filter(|free| *free < LITTLE_SPACE) {
        warn(Level::Critical, format!("Available storage critical; only {} MiB left.", free >> 20));
    }
    let ahead = [Type::Consensus, Type::MicrodescConsensus]
        .iter()
        .filter_map(|it| status.newest.get(it.name()))
        .max();
    if let Some(newest) = ahead.filter(|newest| **newest > status.now + BEHIND) {
        let (now, newest) = (Timestamp(status.now), Timestamp(*newest));
        warn(
            Level::Critical,
            format!("The clock says {now}, but the authorities have signed a consensus of {newest}."),
        );
    }
    for (kind, text) in STALE {
        match status.newest.get(kind.name()) {
            Some(newest) if status.now - newest > STALE_AFTER => warn(
                Level::Critical,
                format!(
                    "The last known {text} {}, which is more than 5:30 hours in the past.",
                    Timestamp(*newest)
                ),
            ),
            _ => {}
        }
    }
    let missing = windows.current();
    match status.hours.first() {
        Some(hour) if !(hour.consensus && hour.microdesc) => {
            let late = status.now - missing;
            // Half of the time to get it has gone.
            let level = if late > options.interval / 2 { Level::Critical } else { Level::Warning };
            warn(level, format!("The consensus of {} is missing.", Timestamp(missing)));
        }
        _ => {}
    }
    // Votes are out when the consensus is; before that nobody can be late.
    let voted = status.hours.iter().find(|hour| hour.consensus || hour.votes.contains(&true));
    for (index, authority) in status.authorities.iter().enumerate() {
        let Some(latest) = voted.filter(|hour| hour.votes.get(index) == Some(&false)) else { continue };
        let since = match authority.voted.filter(|time| *time > status.now - LOOK_BACK && *time < latest.time)
        {
            Some(time) => format!("since {}", short(time, status.now)),
            None => "in the last 72 hours".into(),
        };
        warn(Level::Warning, format!("{} has not voted {since}.", authority.name));
    }
    for hour in status.hours.iter().filter(|hour| hour.time > status.now - JUDGED) {
        let shares = [
            ("server descriptors", hour.servers),
            ("extra-info descriptors", hour.extras),
            ("microdescriptors", hour.microdescriptors),
        ];
        for (what, share) in shares {
            if let Some(share) = share.filter(|share| share.is_low()) {
                warn(
                    Level::Warning,
                    format!("{}: {} of {} {what} are held.", Timestamp(hour.time), share.held, share.all),
                );
            }
        }
    }
    if status.missing_weight > TOO_MUCH {
        warn(
            Level::Warning,
            format!("Missing too many referenced descriptors ({:.4}).", status.missing_weight),
        );
    }
    for source in &status.sources {
        if let Some(problem) = &source.problem {
            let success = source.succeeded.map_or("never".into(), |time| short(time, status.now));
            warn(Level::Warning, format!("{}: {problem} (last success: {success}).", source.name));
        }
    }
    if status.given_up > 0 {
        warn(Level::Warning, format!("{} documents of the last 72 hours are lost.", status.given_up));
    }
    found.sort_by_key(|it| std::cmp::Reverse(it.level));
    found
}

/// `HH:MM`, with the date if it is of another day.
pub(super) fn short(time: i64, now: i64) -> String {
    let text = Timestamp(time).to_string();
    let from = if time.div_euclid(86400) == now.div_euclid(86400) { 11 } else { 0 };
    text.get(from..16).unwrap_or(&text).to_owned()
}

#[cfg(unix)]
fn disk_free(layout: &Layout) -> Option<u64> {
    let told = rustix::fs::statvfs(&layout.out).ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize))
}

#[cfg(not(unix))]
fn disk_free(_layout: &Layout) -> Option<u64> {
    None
}
