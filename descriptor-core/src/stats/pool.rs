//! Partials for workers: each takes one that is free, adds to it, and puts it back.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Name, Partials};
use crate::netdoc::Frame;

/// Partials that several threads fill. As order changes nothing, there are as many as there were threads at once, and not
/// one for each piece of work, which would have to be merged one by one.
#[derive(Debug)]
pub struct Pool {
    names: Vec<Name>,
    shelf: Mutex<Shelf>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Shelf {
    free: Vec<Partials>,
    /// How many are with a worker.
    lent: usize,
    /// Whether no more are lent.
    closed: bool,
}

impl Pool {
    /// A pool for some statistics.
    pub fn new(names: &[Name]) -> Self {
        Pool { names: names.to_vec(), shelf: Mutex::default(), changed: Condvar::new() }
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
        self.drain(|all| all)
    }

    /// Takes out all that was added so far. Workers finish what they are at and then wait until it is dealt with, so that
    /// nothing piles up meanwhile. Not to be called by a worker.
    pub fn drain<T>(&self, with: impl FnOnce(Partials) -> T) -> T {
        let mut shelf = self.shelf();
        shelf.closed = true;
        while shelf.lent > 0 {
            shelf = self.changed.wait(shelf).unwrap_or_else(PoisonError::into_inner);
        }
        shelf.closed = false;
        let mut all = Partials::new(&self.names);
        shelf.free.drain(..).for_each(|partials| all.merge(partials));
        let result = with(all);
        drop(shelf);
        self.changed.notify_all();
        result
    }

    fn take(&self) -> Partials {
        let mut shelf = self.shelf();
        while shelf.closed {
            shelf = self.changed.wait(shelf).unwrap_or_else(PoisonError::into_inner);
        }
        shelf.lent += 1;
        shelf.free.pop().unwrap_or_else(|| Partials::new(&self.names))
    }

    fn give_back(&self, partials: Partials) {
        let mut shelf = self.shelf();
        shelf.lent -= 1;
        shelf.free.push(partials);
        drop(shelf);
        self.changed.notify_all();
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts partials back, also if a document makes its reader panic: what the others said must not be lost.
struct Worker<'p> {
    pool: &'p Pool,
    partials: Partials,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.partials));
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Nothing that was added is with a worker when it is taken out, and workers go on afterwards.
    #[test]
    fn what_was_added_is_taken_out_at_once() {
        let pool = Pool::new(&[Name::Bridgedb]);
        let text = |day: usize, requests: u32| {
            format!(
                "@type bridgedb-metrics 1.0\nbridgedb-metrics-end 2020-01-{day:02} 00:00:00 (86400 s)\n\
                 bridgedb-metrics-version 1\nbridgedb-metric-count email.obfs4.us.success.none {requests}\n"
            )
        };
        let add = |day: usize| {
            let text = text(day, 20);
            assert_eq!(pool.add(crate::netdoc::frames(text.as_bytes(), None).map(|frame| ("x", frame))), 0);
        };
        let rows = |partials: Partials| {
            let tables = partials.finish(&crate::stats::Options::at(crate::value::Timestamp(0)));
            tables.get("bridgedb-stats").map_or(0, crate::stats::Table::len)
        };
        let taken: usize = thread::scope(|scope| {
            let workers = [1, 11, 21].map(|first| scope.spawn(move || (first..first + 9).for_each(add)));
            let mut taken = 0;
            while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
                taken += pool.drain(rows);
            }
            taken
        });
        assert_eq!(taken + rows(pool.finish()), 27);
    }
}
