//! Threads that finish days while the next ones are read.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, Scope},
};

use super::StateError;
use crate::stats::Day;

/// Makes the packed rows of a day.
type Job<'j> = Box<dyn FnOnce() -> Result<Vec<u8>, StateError> + Send + 'j>;

/// Whose rows: the number of a statistic, and a day.
pub(super) type Whose = (i64, Day);

/// What a day's rows are, or why there are none.
pub(super) type Done = (Whose, Result<Vec<u8>, StateError>);

/// As many threads as there are processors. No day waits for one of them, so that no more days than these are in memory, and
/// the one that is read.
pub(super) struct Crew<'j> {
    jobs: SyncSender<(Whose, Job<'j>)>,
    done: Receiver<Done>,
}

impl<'j> Crew<'j> {
    pub(super) fn new<'s>(scope: &'s Scope<'s, '_>) -> Self
    where
        'j: 's,
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
    pub(super) fn give(&self, whose: Whose, job: impl FnOnce() -> Result<Vec<u8>, StateError> + Send + 'j) {
        // Nobody takes it if all threads have panicked; that comes to light where they are joined.
        drop(self.jobs.send((whose, Box::new(job))));
    }

    /// What is done by now.
    pub(super) fn done(&self) -> impl Iterator<Item = Done> + '_ {
        self.done.try_iter()
    }

    /// All that is left, when it is done.
    pub(super) fn end(self) -> impl Iterator<Item = Done> {
        drop(self.jobs);
        self.done.into_iter()
    }
}

fn work(waiting: &Mutex<Receiver<(Whose, Job<'_>)>>, done: &Sender<Done>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((whose, job)) = job else { return };
        if done.send((whose, job())).is_err() {
            return;
        }
    }
}
