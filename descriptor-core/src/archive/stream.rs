//! Inputs that are no files.

use std::{
    fmt,
    hash::{Hash, Hasher},
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes from anywhere, with a name for messages and for guessing what they are. Two are equal if they are the same one.
#[derive(Clone)]
pub struct Stream {
    name: Arc<Path>,
    reader: Arc<Mutex<dyn Read + Send>>,
}

impl Stream {
    /// A stream of what a reader gives.
    pub fn new(name: impl AsRef<Path>, reader: impl Read + Send + 'static) -> Self {
        Stream { name: name.as_ref().into(), reader: Arc::new(Mutex::new(reader)) }
    }

    /// The name.
    pub fn name(&self) -> &Path {
        &self.name
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).read(buffer)
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.reader, &other.reader)
    }
}

impl Eq for Stream {}

impl Hash for Stream {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.reader).cast::<()>().hash(state);
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.name).finish()
    }
}
