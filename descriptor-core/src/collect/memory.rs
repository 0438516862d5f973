//! What a source has delivered before.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What a source has delivered before, so that it is not fetched again. A source adds to it when a delivery was taken.
pub trait Memory: Send + Sync {
    /// The version of what was last delivered from an address; a source's own words.
    fn recall(&self, address: &str) -> Option<String>;

    /// Remembers it.
    fn learn(&self, address: &str, version: &str);
}

/// One that lasts as long as the process.
impl Memory for Mutex<BTreeMap<String, String>> {
    fn recall(&self, address: &str) -> Option<String> {
        self.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned()
    }

    fn learn(&self, address: &str, version: &str) {
        self.lock().unwrap_or_else(PoisonError::into_inner).insert(address.to_owned(), version.to_owned());
    }
}

/// One that several sources share: their addresses keep them apart.
impl<M: Memory + ?Sized> Memory for Arc<M> {
    fn recall(&self, address: &str) -> Option<String> {
        (**self).recall(address)
    }

    fn learn(&self, address: &str, version: &str) {
        (**self).learn(address, version);
    }
}
