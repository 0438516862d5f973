//! Threads that add to days, or finish them, while the next ones are read.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
};

use super::StateError;
use crate::{stats::Day, threads::processors};

/// Makes something of a day.
type Job<'j, T> = Box<dyn FnOnce() -> Result<T, StateError> + Send + 'j>;

/// Of which day of which statistic, by its number.
pub(super) type Whose = (i64, Day);

/// What was made of a day, or why it was not.
pub(super) type Done<T> = (Whose, Result<T, StateError>);

/// As many threads as there are processors, and who keeps what they make. No day waits for one of them, so that no more days
/// than these are in memory, and the one that is read.
pub(super) struct Crew<'j, 'k, T> {
    jobs: SyncSender<(Whose, Job<'j, T>)>,
    done: Receiver<Done<T>>,
    keep: &'k dyn Fn(Done<T>) -> Result<(), StateError>,
}

impl<'j, 'k, T: Send> Crew<'j, 'k, T> {
    /// Has jobs given away, and keeps what they make, on this thread.
    pub(super) fn with(
        keep: &'k dyn Fn(Done<T>) -> Result<(), StateError>,
        give: impl FnOnce(&Self) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let ((jobs, waiting), (sender, done)) = (sync_channel(0), channel());
        let waiting = Mutex::new(waiting);
        thread::scope(|scope| {
            for _ in 0..processors() {
                let (waiting, sender) = (&waiting, sender.clone());
                scope.spawn(move || work(waiting, &sender));
            }
            drop(sender);
            let crew = Crew { jobs, done, keep };
            let given = give(&crew);
            drop(crew.jobs);
            given.and(crew.done.into_iter().try_for_each(keep))
        })
    }

    /// Gives a job away, when a thread is free to take it, and keeps what others have made meanwhile.
    pub(super) fn give(
        &self,
        whose: Whose,
        job: impl FnOnce() -> Result<T, StateError> + Send + 'j,
    ) -> Result<(), StateError> {
        // Nobody takes it if all threads have panicked; that comes to light where they are joined.
        drop(self.jobs.send((whose, Box::new(job))));
        self.done.try_iter().try_for_each(self.keep)
    }
}

fn work<T>(waiting: &Mutex<Receiver<(Whose, Job<'_, T>)>>, done: &Sender<Done<T>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((whose, job)) = job else { return };
        if done.send((whose, job())).is_err() {
            return;
        }
    }
}
