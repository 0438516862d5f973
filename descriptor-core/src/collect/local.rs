//! Files at hand: folders of archives, and tor's own data directories (collector §2.7, §2.8). No network.

use std::{
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::{Delivery, Source, SourceError, Stop, Wanted, directory::system_clock};
use crate::{
    archive::{Chunk, Event, History, Input, Options, Source as File, read},
    document::Type,
    netdoc::Frame,
};

/// Documents in files: folders, tarballs, compressed or not, or the data directories of tor processes.
#[derive(Debug)]
pub struct Local {
    name: String,
    inputs: Vec<PathBuf>,
    /// Whether the inputs are tor's data directories, of which only some files are for everybody.
    data: bool,
    history: Option<PathBuf>,
    /// What was read, until it may be remembered.
    read: Mutex<Option<History>>,
}

/// What a tor process keeps of the documents of the network. Also with `.new`, which holds what came since.
const CACHES: [&str; 7] = [
    "cached-certs",
    "cached-consensus",
    "cached-microdesc-consensus",
    "cached-descriptors",
    "cached-extrainfo",
    "cached-microdescs",
    "v3-status-votes",
];

/// How many folders deep data directories are searched.
const DEPTH: usize = 6;

impl Local {
    /// Folders, files and patterns, as [`archive::read`](crate::archive::read) takes them.
    pub fn archives(name: &str, inputs: Vec<PathBuf>) -> Self {
        Local { name: name.into(), inputs, data: false, history: None, read: Mutex::default() }
    }

    /// Data directories of tor, or folders of such. Only its caches of documents are read; keys and state are not opened.
    pub fn data_directories(name: &str, inputs: Vec<PathBuf>) -> Self {
        Local { name: name.into(), inputs, data: true, history: None, read: Mutex::default() }
    }

    /// Remembers in a file what was read, and passes over what has not changed since.
    #[must_use]
    pub fn with_history(mut self, file: PathBuf) -> Self {
        self.history = Some(file);
        self
    }

    fn error(&self, what: impl ToString) -> SourceError {
        SourceError { from: self.name.clone(), what: what.to_string() }
    }

    fn inputs(&self, errors: &mut Vec<SourceError>) -> Vec<Input> {
        if !self.data {
            return self.inputs.iter().cloned().map(Input::Path).collect();
        }
        let mut files = Vec::new();
        for input in &self.inputs {
            if let Err(error) = caches(input, &mut files) {
                errors.push(self.error(format!("{}: {error}", input.display())));
            }
        }
        files.sort();
        files.into_iter().map(Input::Path).collect()
    }
}

impl Source for Local {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&self, wanted: &[Wanted], deliver: &(dyn Fn(Delivery) -> Stop + Sync)) -> Vec<SourceError> {
        let mut errors = Vec::new();
        if !wanted.iter().any(|wanted| self.serves(wanted)) {
            return errors;
        }
        let history = match self.history.as_deref().map(History::load).transpose() {
            Ok(history) => history,
            Err(error) => {
                // Everything is read again, which changes nothing but the time that it takes.
                errors.push(self.error(format!("history: {error}")));
                Some(History::default())
            }
        };
        let mut options = Options { history, ..Options::default() };
        options.threads = 1;
        let inputs = self.inputs(&mut errors);
        errors.extend(read_files(&inputs, &options, deliver).iter().map(|what| self.error(what)));
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = options.history;
        errors
    }

    fn settle(&self) -> Result<(), SourceError> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (read, &self.history) {
            (Some(read), Some(file)) => {
                read.save(file).map_err(|error| self.error(format!("history: {error}")))
            }
            _ => Ok(()),
        }
    }
}

/// Hands on all documents of some files. What goes wrong is returned, a line each.
pub(super) fn read_files(
    inputs: &[Input],
    options: &Options,
    deliver: &(dyn Fn(Delivery) -> Stop + Sync),
) -> Vec<String> {
    let mut errors = Vec::new();
    let bridges = AtomicU64::new(0);
    read(
        inputs,
        options,
        |chunk| deliveries(chunk, &bridges),
        |event| {
            match event {
                Event::Output(deliveries) => {
                    for delivery in deliveries {
                        if deliver(delivery) == Stop::Yes {
                            return ControlFlow::Break(());
                        }
                    }
                }
                Event::Failed(error) => errors.push(error.to_string()),
            }
            ControlFlow::Continue(())
        },
    );
    match bridges.into_inner() {
        0 => {}
        count => errors.push(format!("{count} descriptors of bridges, not sanitized, were passed over")),
    }
    errors
}

/// The documents of a chunk, those of one file and type together.
fn deliveries(chunk: &Chunk, bridges: &AtomicU64) -> Vec<Delivery> {
    let mut all: Vec<Delivery> = Vec::new();
    let mut last: Option<Arc<File>> = None;
    let received = system_clock();
    for (source, frame) in chunk.frames() {
        if is_of_a_bridge(&frame) {
            bridges.fetch_add(1, Relaxed);
            continue;
        }
        let follows = last.as_ref().is_some_and(|last| Arc::ptr_eq(last, source));
        if !follows || all.last().is_none_or(|delivery| delivery.kind != frame.kind) {
            let (kind, from) = (frame.kind, source.to_string());
            all.push(Delivery { kind, bytes: Vec::new(), from, received });
            last = Some(Arc::clone(source));
        }
        if let Some(delivery) = all.last_mut() {
            delivery.bytes.extend_from_slice(frame.annotations);
            delivery.bytes.extend_from_slice(frame.body);
        }
    }
    all
}

/// Whether tor notes of a descriptor that it is a bridge's: a bridge authority keeps them among those of relays.
fn is_of_a_bridge(frame: &Frame<'_>) -> bool {
    matches!(frame.kind, Some(Type::ServerDescriptor | Type::ExtraInfo) | None)
        && frame.annotations().any(|line| line.name == b"purpose" && line.value.trim_ascii() == b"bridge")
}

/// The caches in a data directory and the folders below it. Links are not followed.
fn caches(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let (entry, kind) = entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind)))?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            if kind.is_file() && CACHES.contains(&name.strip_suffix(".new").unwrap_or(name)) {
                files.push(entry.path());
            } else if kind.is_dir() && depth < DEPTH && name != "keys" {
                folders.push((entry.path(), depth + 1));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_caches_are_read_and_bridges_are_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        write("a/cached-descriptors", "@purpose bridge\nrouter b\n@downloaded-at x\nrouter a\n");
        write("a/cached-descriptors.new", "@source x\nrouter c\n");
        write("a/state", "router secret\n");
        write("a/keys/cached-descriptors", "router secret\n");
        let local = Local::data_directories("cache", vec![folder.path().into()])
            .with_history(folder.path().join("history"));
        let collect = || {
            let texts = Mutex::new(String::new());
            let errors = local.collect(&[Wanted::Anything], &|delivery| {
                assert_eq!(delivery.kind, Some(Type::ServerDescriptor));
                texts.lock().expect("nobody panics").push_str(&String::from_utf8_lossy(&delivery.bytes));
                Stop::No
            });
            (texts.into_inner().expect("nobody panics"), errors)
        };
        let (texts, errors) = collect();
        assert_eq!(texts, "@downloaded-at x\nrouter a\n@source x\nrouter c\n");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].what.starts_with("1 descriptors of bridges"), "{errors:?}");
        assert_eq!(collect().0, texts, "nobody has said that it is on the disk");
        local.settle().expect("it is writable");
        assert_eq!(collect().0, "", "nothing has changed");
    }
}
