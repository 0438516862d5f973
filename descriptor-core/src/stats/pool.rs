//! Partials for workers: each takes one that is free, adds to it, and puts it back.

use std::sync::{Mutex, PoisonError};

use super::{Name, Partials};
use crate::netdoc::Frame;

/// Partials that several threads fill. As order changes nothing, there are as many as there were threads at once, and not
/// one for each piece of work, which would have to be merged one by one.
#[derive(Debug)]
pub struct Pool {
    names: Vec<Name>,
    free: Mutex<Vec<Partials>>,
}

impl Pool {
    /// A pool for some statistics.
    pub fn new(names: &[Name]) -> Self {
        Pool { names: names.to_vec(), free: Mutex::default() }
    }

    /// Adds some documents with their sources. Returns how many could not be read.
    pub fn add<'a, S: AsRef<str>>(&self, documents: impl Iterator<Item = (S, Frame<'a>)>) -> u64 {
        let mut worker = Worker { pool: self, partials: self.take() };
        let mut unread = 0;
        for (source, frame) in documents {
            unread += u64::from(!worker.partials.add_frame(frame, source.as_ref()));
        }
        unread
    }

    /// All that was added.
    pub fn finish(self) -> Partials {
        self.drain()
    }

    /// Takes what was added so far, except what is with a worker at this moment.
    pub fn drain(&self) -> Partials {
        let free = std::mem::take(&mut *self.free.lock().unwrap_or_else(PoisonError::into_inner));
        let mut all = Partials::new(&self.names);
        free.into_iter().for_each(|partials| all.merge(partials));
        all
    }

    fn take(&self) -> Partials {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| Partials::new(&self.names))
    }
}

/// Puts partials back, also if a document makes its reader panic: what the others said must not be lost.
struct Worker<'p> {
    pool: &'p Pool,
    partials: Partials,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let partials = std::mem::take(&mut self.partials);
        self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(partials);
    }
}
