//! Which documents a run has had, in bounded memory.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

/// How a document is known: half of its SHA-256.
pub(super) type Key = [u8; 16];

/// How many keys a half holds, at some 20 bytes each.
const HALF: usize = 1 << 19;

/// The documents that were had lately, at least the last half million. What it has forgotten is found in the tree.
#[derive(Debug, Default)]
pub(super) struct Seen(RwLock<[HashSet<Key>; 2]>);

impl Seen {
    pub(super) fn has(&self, key: &Key) -> bool {
        let halves = self.0.read().unwrap_or_else(PoisonError::into_inner);
        halves.iter().any(|half| half.contains(key))
    }

    pub(super) fn add(&self, key: Key) {
        let mut halves = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if halves[0].len() >= HALF {
            halves.swap(0, 1);
            halves[0].clear();
        }
        halves[0].insert(key);
    }
}
