//! The store: CollecTor's trees, and a database of what is held and what is referenced.
//!
//! The trees are the truth. The database says quickly what they say slowly, and what is wanted; whatever it has lost is
//! found again in the trees. There is no clock here: deliveries say when they came, questions say when they are asked.
//!
//! A batch of documents becomes part of the store in this order, each step on the disk before the next one begins: what
//! is kept apart; the rows, marked as not yet held; the files of `out/`; those of `recent/`; the mark that the rows hold.
//! Whoever is killed in between finds at the next start the rows that are not marked: those whose file is there are
//! completed, the others go, and what they stood for is wanted again.

mod apart;
mod batch;
mod bridges;
mod database;
mod error;
mod facts;
mod judge;
mod names;
mod open;
mod recent;
mod references;
mod status;
mod status_text;
mod take;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

pub use apart::Apart;
pub use error::StoreError;
pub use names::{Name, Place};
pub use status::{AuthorityState, Hour, Level, Share, SourceState, Status, Warning};
pub use take::Taken;

use super::{Delivery, Wanted};
use crate::value::{Fingerprint, Timestamp};
use batch::Batch;
use references::Windows;

/// Where the store keeps what.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The tree of one file a document.
    pub out: PathBuf,
    /// The tree of what came lately; `None` for no such tree.
    pub recent: Option<PathBuf>,
    /// The folder of the database, of what was refused and of what waits.
    pub state: PathBuf,
}

impl Layout {
    /// The database.
    pub fn database(&self) -> PathBuf {
        self.state.join("store.sqlite")
    }
}

/// A directory authority whose votes, certificates and signatures are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAuthority {
    /// Its nickname.
    pub name: String,
    /// The SHA-1 of its version 3 identity key.
    pub identity: Fingerprint,
}

/// What may be chosen.
#[derive(Debug, Clone)]
pub struct Options {
    /// The authorities. A majority of them makes a consensus hold; nobody else's votes are taken.
    pub authorities: Vec<KnownAuthority>,
    /// The seconds between two consensuses: 3600 in the public network.
    pub interval: i64,
    /// How many seconds a consensus and its votes are chased after their time.
    pub chase_statuses: i64,
    /// How many seconds a descriptor is chased after what refers to it.
    pub chase_descriptors: i64,
    /// How many seconds old a document may be to go into `recent/`.
    pub recent: i64,
}

impl Default for Options {
    fn default() -> Self {
        const HOUR: i64 = 3600;
        Options {
            authorities: Vec::new(),
            interval: HOUR,
            chase_statuses: 3 * HOUR,
            chase_descriptors: 48 * HOUR,
            // The hour that is running when the oldest one of 72 is cleaned up.
            recent: 73 * HOUR,
        }
    }
}

/// The store, open for writing. One process at a time has it.
#[derive(Debug)]
pub struct Store {
    batch: Mutex<Batch>,
    notes: Vec<String>,
}

impl Store {
    /// Opens the store; makes it if there is none. Completes what a killed run has begun, and makes a database that is
    /// missing or damaged anew from the trees: [`notes`](Store::notes) say so.
    pub fn open(layout: &Layout, options: Options) -> Result<Self, StoreError> {
        let (batch, notes) = open::open(layout, options)?;
        Ok(Store { batch: Mutex::new(batch), notes })
    }

    /// What opening has found that somebody should know, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Takes what a source has delivered. It is safe after [`commit`](Store::commit), which large deliveries do by
    /// themselves.
    pub fn take(&self, delivery: &Delivery) -> Result<Taken, StoreError> {
        self.batch().take(delivery)
    }

    /// Puts on the disk what was taken.
    pub fn commit(&self) -> Result<(), StoreError> {
        self.batch().commit()
    }

    /// Notes that a source was asked, and what went wrong.
    pub fn asked(&self, source: &str, at: Timestamp, problem: Option<&str>) -> Result<(), StoreError> {
        self.batch().asked(source, at, problem)
    }

    /// What is to be asked for: what is [missing](Store::missing), and what nobody can say without asking whether it is
    /// there.
    pub fn wanted(&self, now: Timestamp) -> Result<Vec<Wanted>, StoreError> {
        self.within(now, |windows, database| windows.wanted(database))
    }

    /// What is missing and may still be had.
    pub fn missing(&self, now: Timestamp) -> Result<Vec<Wanted>, StoreError> {
        self.within(now, |windows, database| windows.missing(database))
    }

    /// What was missing in the last 72 hours and can no longer be had.
    pub fn given_up(&self, now: Timestamp) -> Result<Vec<Wanted>, StoreError> {
        self.within(now, |windows, database| windows.given_up(database))
    }

    fn within(
        &self,
        now: Timestamp,
        what: fn(&Windows<'_>, &Connection) -> rusqlite::Result<Vec<Wanted>>,
    ) -> Result<Vec<Wanted>, StoreError> {
        let mut batch = self.batch();
        batch.commit()?;
        Ok(what(&Windows::of(&batch.options, &batch.database, now)?, &batch.database)?)
    }

    /// How complete the store is.
    pub fn status(&self, now: Timestamp) -> Result<Status, StoreError> {
        let mut batch = self.batch();
        batch.commit()?;
        let batch = &*batch;
        Ok(status::status(&batch.database, &batch.layout, &batch.options, now)?)
    }

    /// Forgets the documents of the time before one, whose files have gone, and what they refer to.
    pub fn forget(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.batch().forget(before)
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        // What a panic has left half done is not committed; the next start finds the store as it was.
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store's status, read while somebody else may have it open for writing.
pub fn look(layout: &Layout, options: &Options, now: Timestamp) -> Result<Status, StoreError> {
    let database = database::look(&layout.database())?;
    Ok(status::status(&database, layout, options, now)?)
}

/// What is wanted, read while somebody else may have the store open for writing.
pub fn look_wanted(layout: &Layout, options: &Options, now: Timestamp) -> Result<Vec<Wanted>, StoreError> {
    let database = database::look(&layout.database())?;
    Ok(Windows::of(options, &database, now)?.wanted(&database)?)
}

/// Joins a path of a tree to its root.
fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path)
}
