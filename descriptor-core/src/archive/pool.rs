//! Buffers that were given away and come back when nobody holds a document in them any more.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;

/// How many buffers lie ready at most.
const MOST: usize = 8;

/// Buffers of one size. A new one has to be filled with zeros, and its memory to be fetched from the system.
#[derive(Debug)]
pub(super) struct Pool {
    size: usize,
    idle: Mutex<Vec<Vec<u8>>>,
}

/// A buffer that was given away.
struct Lent {
    buffer: Vec<u8>,
    home: Weak<Pool>,
}

impl Pool {
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Pool { size, idle: Mutex::default() })
    }

    /// A buffer of the pool's size, with anything in it.
    pub(super) fn take(&self) -> Vec<u8> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| vec![0; self.size])
    }

    /// Gives a buffer away.
    pub(super) fn lend(self: &Arc<Self>, buffer: Vec<u8>) -> Bytes {
        Bytes::from_owner(Lent { buffer, home: Arc::downgrade(self) })
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(home) = self.home.upgrade() else { return };
        let mut idle = home.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // One that was made larger for a large document is let go.
        if self.buffer.len() == home.size && idle.len() < MOST {
            idle.push(std::mem::take(&mut self.buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_when_the_last_part_of_it_is_gone() {
        let pool = Pool::new(4);
        let buffer = pool.take();
        let place = buffer.as_ptr();
        let whole = pool.lend(buffer);
        let part = whole.slice(1..3);
        drop(whole);
        let other = pool.take();
        assert_ne!(other.as_ptr(), place);
        drop(part);
        let again = pool.take();
        assert_eq!(again.as_ptr(), place);
    }

    #[test]
    fn a_larger_buffer_and_one_too_many_are_let_go() {
        let pool = Pool::new(4);
        drop(pool.lend(vec![0; 8]));
        let lent: Vec<_> = (0..2 * MOST).map(|_| pool.lend(pool.take())).collect();
        drop(lent);
        assert_eq!(pool.idle.lock().map(|idle| idle.len()).ok(), Some(MOST));
        let last = pool.lend(pool.take());
        drop(pool);
        assert_eq!(&last[..], [0; 4]);
    }
}
