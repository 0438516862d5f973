//! What a source has delivered before.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// What a source has delivered before, so that it is not fetched again. A source adds to it when a delivery was taken.
pub trait Memory: Send + Sync {
    /// The version of what was last delivered from an address; a source's own words.
    fn recall(&self, address: &str) -> Option<String>;

    /// Remembers it in this process.
    fn learn(&self, address: &str, version: &str);

    /// Remembers what was learnt in processes to come.
    fn settle(&self) -> io::Result<()> {
        Ok(())
    }
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

    fn settle(&self) -> io::Result<()> {
        (**self).settle()
    }
}

/// One that lasts: a file to which [`settle`](Memory::settle) appends lines `ADDRESS<tab>VERSION`. A line that is lost costs
/// one more download.
#[derive(Debug)]
pub struct FileMemory {
    known: Mutex<BTreeMap<String, String>>,
    file: Mutex<File>,
    /// Lines that are not in the file yet.
    learnt: Mutex<String>,
}

impl FileMemory {
    /// Opens the file; makes it if there is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let text = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            // A line that is damaged is one that is lost.
            text => String::from_utf8_lossy(&text?).into_owned(),
        };
        let known = text.lines().filter_map(|line| line.split_once('\t'));
        let known = known.map(|(address, version)| (address.to_owned(), version.to_owned())).collect();
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        // A torn last line must not swallow the next one.
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(FileMemory { known: Mutex::new(known), file: Mutex::new(file), learnt: Mutex::default() })
    }
}

impl Memory for FileMemory {
    fn recall(&self, address: &str) -> Option<String> {
        self.known.recall(address)
    }

    fn learn(&self, address: &str, version: &str) {
        let plain = |text: &str| text.replace(['\t', '\n', '\r'], " ");
        let line = format!("{}\t{}\n", plain(address), plain(version));
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
        self.known.learn(address, version);
    }

    fn settle(&self) -> io::Result<()> {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(learnt.as_bytes())?;
        learnt.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learnt_is_known_to_the_next_process() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("memory");
        let memory = FileMemory::open(&path).expect("it is writable");
        memory.learn("http://a/", "1");
        memory.learn("http://a/", "2");
        assert_eq!(FileMemory::open(&path).expect("it is readable").recall("http://a/"), None);
        memory.settle().expect("it is writable");
        drop(memory);
        fs::write(&path, fs::read_to_string(&path).expect("text") + "http://b/").expect("it is writable");
        let memory = FileMemory::open(&path).expect("it is readable");
        memory.learn("http://c/", "3");
        memory.settle().expect("it is writable");
        let memory = FileMemory::open(&path).expect("it is readable");
        assert_eq!(memory.recall("http://a/").as_deref(), Some("2"));
        assert_eq!(memory.recall("http://c/").as_deref(), Some("3"));
        assert_eq!(memory.recall("http://b/"), None);
    }
}
