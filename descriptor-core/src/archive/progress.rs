//! How far a reader has come, for whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters that a reader moves on and that any thread may look at.
#[derive(Debug)]
pub struct Progress {
    bytes: AtomicU64,
    total: AtomicU64,
    files: AtomicU64,
    documents: AtomicU64,
}

/// The total before it is known.
const UNKNOWN: u64 = u64::MAX;

impl Default for Progress {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Progress { bytes: zero(), total: AtomicU64::new(UNKNOWN), files: zero(), documents: zero() }
    }
}

impl Progress {
    /// Bytes read from disk, as they lie there.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// Bytes to be read from disk. Unknown while folders are still being listed, and for standard input.
    pub fn total(&self) -> Option<u64> {
        Some(self.total.load(Relaxed)).filter(|&total| total != UNKNOWN)
    }

    /// Files read to their end.
    pub fn files(&self) -> u64 {
        self.files.load(Relaxed)
    }

    /// Documents handed out.
    pub fn documents(&self) -> u64 {
        self.documents.load(Relaxed)
    }

    pub(super) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn add_file(&self) {
        self.files.fetch_add(1, Relaxed);
    }

    pub(super) fn add_documents(&self, documents: u64) {
        self.documents.fetch_add(documents, Relaxed);
    }

    /// Tells how many bytes there are to be read from disk, if that is known.
    pub fn set_total(&self, total: Option<u64>) {
        self.total.store(total.unwrap_or(UNKNOWN), Relaxed);
    }
}
