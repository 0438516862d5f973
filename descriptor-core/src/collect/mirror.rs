//! Another CollecTor, or another tordesc, by its `index.json` (collector §9.1, §11).

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::{
    Answer, Client, Delivery, HttpError, Memory, Patience, Request, Source, SourceError, Stop, Wanted,
    directory::system_clock,
    encoding::{delivered, plain},
    local::read_files,
};
use crate::{
    archive::{
        Input, Options,
        index::{Index, IndexFile},
    },
    document::{Type, sha256},
    netdoc::frames,
    value::Base64,
};

/// Another archive. Files that its index lists are fetched once for each version, and checked against the index.
pub struct Mirror {
    name: String,
    url: String,
    /// Which files are wanted: what their paths begin with.
    prefixes: Vec<String>,
    client: Client,
    patience: Patience,
    memory: Box<dyn Memory>,
    /// Where tarballs lie while they are read.
    scratch: Option<PathBuf>,
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror")
            .field("url", &self.url)
            .field("prefixes", &self.prefixes)
            .finish_non_exhaustive()
    }
}

/// The forms of the index, smallest first.
const INDEX: [&str; 3] = ["index/index.json.xz", "index/index.json.gz", "index/index.json"];

impl Mirror {
    /// An archive by its address. `prefixes` are such as `recent/exit-lists/`; if there are none, all of `recent/`.
    pub fn new(
        name: &str,
        url: &str,
        prefixes: Vec<String>,
        client: Client,
        patience: Patience,
        memory: Box<dyn Memory>,
    ) -> Self {
        let url = format!("{}/", url.trim_end_matches('/'));
        let prefixes = if prefixes.is_empty() { vec!["recent/".into()] } else { prefixes };
        Mirror { name: name.into(), url, prefixes, client, patience, memory, scratch: None }
    }

    /// An archive whose files are asked for one by one: it remembers nothing.
    pub fn reader(url: &str, client: Client, patience: Patience) -> Self {
        Self::new(url, url, Vec::new(), client, patience, Box::new(Mutex::new(BTreeMap::new())))
    }

    /// Reads tarballs too, those that are smaller than the client's limits. Each lies in a folder while it is read.
    #[must_use]
    pub fn with_scratch(mut self, folder: PathBuf) -> Self {
        self.scratch = Some(folder);
        self
    }

    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, HttpError> {
        let url = format!("{}{path}", self.url);
        let request = Request { url: &url, plain: true, ..Request::default() };
        match self.patience.get(&self.client, &request)? {
            Answer::Whole(whole) => Ok(Some(whole.bytes)),
            _ => Ok(None),
        }
    }

    /// The files that its index lists, whatever their names; or what went wrong.
    pub fn index(&self) -> Result<Vec<IndexFile>, String> {
        for path in INDEX {
            if let Some(bytes) = self.get(path).map_err(|error| error.to_string())? {
                return Ok(Index::read(&plain(bytes, self.client.limits().unpacked)?)
                    .map_err(|error| error.to_string())?
                    .files);
            }
        }
        Err("it has no index".into())
    }

    /// The bytes of a file as it is stored, if they have the size and the digest that the index says; or what went wrong.
    /// An empty one is one without documents.
    pub fn fetch(&self, file: &IndexFile) -> Result<Vec<u8>, String> {
        let limit = self.client.limits().sent;
        if file.size > limit {
            return Err(format!("has {} bytes, more than {limit}", file.size));
        }
        let bytes = match self.get(&file.path).map_err(|error| error.to_string())? {
            Some(bytes) => bytes,
            None if file.size == 0 => return Ok(Vec::new()),
            None => return Err("listed, but not there".into()),
        };
        if bytes.len() as u64 != file.size {
            return Err(format!("has {} bytes where the index says {}", bytes.len(), file.size));
        }
        if file.sha256.is_some_and(|digest| Base64(digest) != sha256(&bytes)) {
            return Err("has another digest than the index says".into());
        }
        Ok(bytes)
    }

    /// Hands on what a file holds.
    fn hand_on(
        &self,
        file: &IndexFile,
        bytes: Vec<u8>,
        deliver: &(dyn Fn(Delivery) -> Stop + Sync),
    ) -> Result<Stop, String> {
        let from = format!("{}{}", self.url, file.path);
        if is_tarball(&file.path) {
            return self.hand_on_tarball(&from, &bytes, deliver);
        }
        let named = Type::of_file_name(&file.path);
        let bytes = delivered(named, bytes, self.client.limits().unpacked)?;
        if bytes.is_empty() {
            return Ok(Stop::No);
        }
        // A file that does not say what it holds is known by its name.
        let says = frames(&bytes, None).next().and_then(|frame| frame.kind);
        let kind = says.or(named);
        Ok(deliver(Delivery { kind, bytes, from, received: system_clock() }))
    }

    fn hand_on_tarball(
        &self,
        from: &str,
        bytes: &[u8],
        deliver: &(dyn Fn(Delivery) -> Stop + Sync),
    ) -> Result<Stop, String> {
        let folder = self.scratch.as_ref().ok_or("is a tarball, and there is no folder for it")?;
        // The member's name tells its type, and the tarball's is the folder's.
        let name = from.rsplit('/').next().unwrap_or(from);
        // One that a killed run has left is overwritten: its tarball is fetched again.
        let path = folder.join(name);
        let put = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
        put.map_err(|error| format!("{}: {error}", path.display()))?;
        let stopped = AtomicBool::new(false);
        let options = Options { threads: 1, ..Options::default() };
        let errors = read_files(&[Input::Path(path.clone())], &options, &|mut delivery| {
            delivery.from = delivery.from.replacen(&path.display().to_string(), from, 1);
            let stop = deliver(delivery);
            stopped.fetch_or(stop == Stop::Yes, Relaxed);
            stop
        });
        fs::remove_file(&path).map_err(|error| error.to_string())?;
        match errors.first() {
            Some(error) => Err(error.clone()),
            None => Ok(if stopped.into_inner() { Stop::Yes } else { Stop::No }),
        }
    }
}

impl Source for Mirror {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&self, wanted: &[Wanted], deliver: &(dyn Fn(Delivery) -> Stop + Sync)) -> Vec<SourceError> {
        if !wanted.iter().any(|wanted| self.serves(wanted)) {
            return Vec::new();
        }
        let complain = |what: String| SourceError { from: self.name.clone(), what };
        let files = match self.index() {
            Ok(files) => files,
            Err(what) => return vec![complain(format!("index: {what}"))],
        };
        let mut errors = Vec::new();
        for file in files {
            // Names that a server could not mean are passed over.
            if !self.prefixes.iter().any(|prefix| file.path.starts_with(prefix)) || !is_plain(&file.path) {
                continue;
            }
            let (address, version) = (format!("{}{}", self.url, file.path), version(&file));
            if self.memory.recall(&address).as_deref() == Some(&version) {
                continue;
            }
            // No tarball is fetched only to find that there is no place for it.
            if is_tarball(&file.path) && self.scratch.is_none() {
                continue;
            }
            match self.fetch(&file).and_then(|bytes| self.hand_on(&file, bytes, deliver)) {
                // What was refused is kept apart, and would be refused again.
                Ok(Stop::No | Stop::Refused) => self.memory.learn(&address, &version),
                Ok(Stop::Yes) => break,
                Err(what) => errors.push(complain(format!("{}: {what}", file.path))),
            }
        }
        errors
    }

    fn settle(&self) -> Result<(), SourceError> {
        SourceError::of_memory(&self.name, self.memory.settle())
    }
}

fn is_tarball(path: &str) -> bool {
    path.ends_with(".tar") || path.contains(".tar.")
}

/// What tells a file from an older one of its name.
fn version(file: &IndexFile) -> String {
    match file.sha256 {
        Some(digest) => Base64(digest).to_string(),
        None => format!("{} {}", file.size, file.last_modified),
    }
}

/// Whether a path needs no escapes in an address.
fn is_plain(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._+~/".contains(&byte))
}
