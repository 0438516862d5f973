//! Work shared out to threads, for the features that have such.

use std::{
    iter,
    panic::resume_unwind,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// What becomes of some things, in their order, worked on by so many threads, of which one is the caller's. Each makes
/// itself a worker, and takes the next thing whenever it has done one. Where no thread can be had, the others do all; who
/// panics in one panics here.
pub fn side_by_side<T: Sync, R: Send, W: FnMut(&T) -> R>(
    things: &[T],
    threads: usize,
    worker: impl Fn() -> W + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut worker = worker();
        let taken = iter::from_fn(|| {
            let at = next.fetch_add(1, Relaxed);
            things.get(at).map(|thing| (at, thing))
        });
        taken.map(|(at, thing)| (at, worker(thing))).collect::<Vec<_>>()
    };
    let mut made = thread::scope(|scope| {
        let others = 1..threads.min(things.len());
        let others: Vec<_> =
            others.filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut made = work();
        for other in others {
            made.append(&mut other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        made
    });
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, made)| made).collect()
}

/// Nobody gets more threads than this: they would do nothing but wait for each other.
pub const MOST: usize = 1024;

/// How many threads there are where so many are asked for: for 0 as many as there are processors, and [`MOST`] at most.
pub fn crew(asked: usize) -> usize {
    if asked == 0 { processors() } else { asked.min(MOST) }
}

/// How many processors there are for this program. Asked for once: to find it out takes as long as to read 100 kB.
pub fn processors() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crew_has_at_least_one_and_not_too_many() {
        assert_eq!((crew(0), crew(1), crew(usize::MAX)), (processors(), 1, MOST));
        assert!(processors() >= 1);
    }
}
