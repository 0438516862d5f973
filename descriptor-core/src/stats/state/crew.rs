//! Threads that work on what was read while the next is read.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, Scope},
};

use super::StateError;

/// What is to be done, and for whom.
type Job<'j, W, T> = (W, Box<dyn FnOnce() -> Result<T, StateError> + Send + 'j>);

/// What was made for whom, or why it was not.
pub(super) type Done<W, T> = (W, Result<T, StateError>);

/// As many threads as there are processors. No job waits for one of them, so that no more than these are in memory, and the one
/// that is read.
pub(super) struct Crew<'j, W, T> {
    jobs: SyncSender<Job<'j, W, T>>,
    done: Receiver<Done<W, T>>,
}

impl<'j, W: Send, T: Send> Crew<'j, W, T> {
    pub(super) fn new<'s>(scope: &'s Scope<'s, '_>) -> Self
    where
        'j: 's,
        W: 's,
        T: 's,
    {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let ((jobs, waiting), (sender, done)) = (sync_channel(0), channel());
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let (waiting, sender) = (Arc::clone(&waiting), sender.clone());
            scope.spawn(move || work(&waiting, &sender));
        }
        Crew { jobs, done }
    }

    /// Gives a job away, when a thread is free to take it. Those that end meanwhile are told by [`done`](Crew::done).
    pub(super) fn give(&self, whom: W, job: impl FnOnce() -> Result<T, StateError> + Send + 'j) {
        // Nobody takes it if all threads have panicked; that comes to light where they are joined.
        drop(self.jobs.send((whom, Box::new(job))));
    }

    /// What is done by now.
    pub(super) fn done(&self) -> impl Iterator<Item = Done<W, T>> + '_ {
        self.done.try_iter()
    }

    /// All that is left, when it is done.
    pub(super) fn end(self) -> impl Iterator<Item = Done<W, T>> {
        drop(self.jobs);
        self.done.into_iter()
    }
}

fn work<W, T>(waiting: &Mutex<Receiver<Job<'_, W, T>>>, done: &Sender<Done<W, T>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((whom, job)) = job else { return };
        if done.send((whom, job())).is_err() {
            return;
        }
    }
}
