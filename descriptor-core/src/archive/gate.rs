//! What bounds the memory: buffers are handed out by bytes, and outputs wait for their turn by number.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::pool::Pool;

/// The fewest bytes that all buffers may have together.
const LEAST: usize = 16 << 20;

/// Hands out buffers to the threads that fill them.
///
/// Two things are scarce. *Bytes*: those of all buffers, from their making to their end, whether they are being filled,
/// wait for a worker, are worked on, or lie idle. *Turns*: chunks that were begun and whose output was not yet taken.
/// The first job that is not yet taken completely may always go on: it has turns of its own, and if nothing that it
/// waits for can come back by itself, it may have more bytes than there are. So nothing can wait for ever.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    turns: usize,
    budget: usize,
    chunk: usize,
    /// Where new buffers come from, and those return that were given away.
    pub(super) pool: Arc<Pool>,
}

#[derive(Debug, Default)]
struct State {
    /// The first job that is not yet taken completely.
    front: u64,
    /// Turns in use.
    open: usize,
    /// Buffers that a worker has or will have.
    working: usize,
    /// Bytes of all buffers, and the most that they ever were.
    held: usize,
    peak: usize,
    idle: Vec<Vec<u8>>,
    stopped: bool,
}

/// Turns that only the front job may use.
const RESERVE: usize = 2;

impl Gate {
    /// A gate for so many workers. `turns` below the least that keeps them busy are raised to that.
    pub(super) fn new(threads: usize, turns: usize, chunk: usize) -> Self {
        let least = threads.saturating_mul(2) + RESERVE;
        Gate {
            state: Mutex::default(),
            changed: Condvar::new(),
            turns: turns.max(least),
            budget: least.saturating_mul(chunk).max(LEAST),
            chunk,
            pool: Pool::new(chunk),
        }
    }

    /// A gate at which nobody waits.
    pub(super) fn unbounded(chunk: usize) -> Self {
        Gate { turns: usize::MAX, budget: usize::MAX, ..Self::new(1, 0, chunk) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer, and a turn for what is put into it. Waits; `None` if everything is to stop.
    pub(super) fn open(&self, job: u64) -> Option<Vec<u8>> {
        let mut state = self.lock();
        while !state.stopped {
            let front = state.front == job;
            let turns = if front { self.turns } else { self.turns - RESERVE };
            if state.open < turns {
                if let Some(buffer) = state.idle.pop() {
                    state.open += 1;
                    return Some(buffer);
                }
                if state.held + self.chunk <= self.budget || (front && state.working == 0) {
                    state.open += 1;
                    state.hold(self.chunk);
                    drop(state);
                    return Some(self.pool.take());
                }
            }
            state = self.wait(state);
        }
        None
    }

    /// Makes a buffer larger. Waits; `false` if everything is to stop.
    pub(super) fn grow(&self, job: u64, buffer: &mut Vec<u8>, size: usize) -> bool {
        let more = size.saturating_sub(buffer.len());
        let mut state = self.lock();
        while !state.stopped {
            while state.held + more > self.budget {
                let Some(idle) = state.idle.pop() else { break };
                state.held -= idle.len();
            }
            if state.held + more <= self.budget || (state.front == job && state.working == 0) {
                state.hold(more);
                drop(state);
                buffer.reserve_exact(more);
                buffer.resize(buffer.len() + more, 0);
                return true;
            }
            state = self.wait(state);
        }
        false
    }

    /// A buffer goes to a worker.
    pub(super) fn work(&self) {
        self.lock().working += 1;
    }

    /// A worker is done with a buffer of a size. An empty one was given away, and is counted no longer.
    pub(super) fn worked(&self, buffer: Vec<u8>, size: usize) {
        let mut state = self.lock();
        state.working -= 1;
        if buffer.is_empty() {
            state.held -= size;
        }
        self.keep(&mut state, buffer);
    }

    /// A buffer and its turn come back unused.
    pub(super) fn close(&self, buffer: Vec<u8>) {
        let mut state = self.lock();
        state.open -= 1;
        self.keep(&mut state, buffer);
    }

    fn keep(&self, state: &mut State, buffer: Vec<u8>) {
        if state.held > self.budget || buffer.is_empty() {
            state.held -= buffer.len();
        } else {
            state.idle.push(buffer);
        }
        self.changed.notify_all();
    }

    /// An output was taken.
    pub(super) fn taken(&self) {
        self.lock().open -= 1;
        self.changed.notify_all();
    }

    /// All outputs of the front job were taken.
    pub(super) fn advance(&self) {
        self.lock().front += 1;
        self.changed.notify_all();
    }

    /// Lets all who wait go, and nobody in.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    pub(super) fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// The most bytes that all buffers had together.
    pub(super) fn peak(&self) -> usize {
        self.lock().peak
    }
}

impl State {
    fn hold(&mut self, bytes: usize) {
        self.held += bytes;
        self.peak = self.peak.max(self.held);
    }
}

/// Stops everything when it is dropped while a thread panics, so that no other thread waits for it.
pub(super) struct StopOnPanic<'g>(pub(super) &'g Gate);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}
