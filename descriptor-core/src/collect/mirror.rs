//! Another CollecTor, or another tordesc, by its `index.json` (collector §9.1, §11).

use std::{
    fmt, fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use serde::Deserialize;

use super::{
    Answer, Client, Delivery, HttpError, Memory, Patience, Request, Source, SourceError, Stop, Wanted,
    directory::system_clock,
    encoding::{Failure, unpacked},
    local::read_files,
};
use crate::{
    archive::{Codec, Input, Options},
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

/// A folder of an index; the index itself is one without a name that says where the archive is.
#[derive(Debug, Default, Deserialize)]
struct Folder {
    #[serde(default)]
    path: String,
    #[serde(default)]
    files: Vec<Listed>,
    #[serde(default)]
    directories: Vec<Folder>,
}

/// A file of an index. Fields that are not known are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Listed {
    /// Its name; in the flat list, its path below the archive.
    path: String,
    size: u64,
    #[serde(default)]
    last_modified: String,
    /// SHA-256 in base64. Absent before CollecTor 1.13.
    #[serde(default)]
    sha256: Option<String>,
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

    /// The bytes of a file without its compression, if it has one.
    fn unpack(&self, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
        let Some(codec) = Codec::detect(&bytes) else { return Ok(bytes) };
        unpacked(&bytes, codec, self.client.limits().unpacked).map_err(|failure| match failure {
            Failure::Limit(limit) => format!("unpacks to more than {limit} bytes"),
            Failure::Bad(error) => format!("cannot be unpacked: {error}"),
        })
    }

    fn index(&self) -> Result<Vec<Listed>, String> {
        for path in INDEX {
            if let Some(bytes) = self.get(path).map_err(|error| error.to_string())? {
                return listed(&self.unpack(bytes)?);
            }
        }
        Err("it has no index".into())
    }

    /// Fetches a file. An empty one is one without documents.
    fn fetch(&self, file: &Listed) -> Result<Vec<u8>, String> {
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
        if let Some(digest) = &file.sha256
            && Base64::from_base64(digest.as_bytes()) != Some(sha256(&bytes))
        {
            return Err("has another digest than the index says".into());
        }
        Ok(bytes)
    }

    /// Hands on what a file holds.
    fn hand_on(
        &self,
        file: &Listed,
        bytes: Vec<u8>,
        deliver: &(dyn Fn(Delivery) -> Stop + Sync),
    ) -> Result<Stop, String> {
        let from = format!("{}{}", self.url, file.path);
        if file.is_tarball() {
            return self.hand_on_tarball(&from, &bytes, deliver);
        }
        let bytes = self.unpack(bytes)?;
        if bytes.is_empty() {
            return Ok(Stop::No);
        }
        // A file that does not say what it holds is known by its name.
        let says = frames(&bytes, None).next().and_then(|frame| frame.kind);
        let kind = says.or_else(|| Type::of_file_name(&file.path));
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
        let path = folder.join(format!("{}-{name}", std::process::id()));
        fs::write(&path, bytes).map_err(|error| error.to_string())?;
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

    fn serves(&self, wanted: &Wanted) -> bool {
        matches!(wanted, Wanted::Anything)
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
            if !self.prefixes.iter().any(|prefix| file.path.starts_with(prefix)) {
                continue;
            }
            let (address, version) = (format!("{}{}", self.url, file.path), file.version());
            if self.memory.recall(&address).as_deref() == Some(&version) {
                continue;
            }
            // No tarball is fetched only to find that there is no place for it.
            if file.is_tarball() && self.scratch.is_none() {
                continue;
            }
            match self.fetch(&file).and_then(|bytes| self.hand_on(&file, bytes, deliver)) {
                Ok(Stop::No) => self.memory.learn(&address, &version),
                Ok(Stop::Yes) => break,
                Err(what) => errors.push(complain(format!("{}: {what}", file.path))),
            }
        }
        errors
    }
}

impl Listed {
    fn is_tarball(&self) -> bool {
        self.path.ends_with(".tar") || self.path.contains(".tar.")
    }

    /// What tells it from an older file of its name.
    fn version(&self) -> String {
        self.sha256.clone().unwrap_or_else(|| format!("{} {}", self.size, self.last_modified))
    }
}

/// All files of an index with their paths. Names that a server could not mean are passed over.
fn listed(text: &[u8]) -> Result<Vec<Listed>, String> {
    let root: Folder = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let (mut files, mut folders) = (Vec::new(), vec![(String::new(), root)]);
    while let Some((path, folder)) = folders.pop() {
        let inside = folder.files.into_iter().filter(|file| is_name(&file.path));
        files.extend(inside.map(|file| Listed { path: format!("{path}{}", file.path), ..file }));
        let inside = folder.directories.into_iter().filter(|folder| is_name(&folder.path));
        folders.extend(inside.map(|folder| (format!("{path}{}/", folder.path), folder)));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Whether a name is that of a file or folder, and needs no escapes in an address.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._+~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_flattened_and_names_that_lead_elsewhere_are_not_followed() {
        let text = br#"{"index_created":"2016-09-20 13:06","path":"https://collector.example","directories":[
            {"path":"recent","files":[{"path":"b","size":1},{"path":"a?b","size":1}],"directories":[
                {"path":"exit-lists","files":[{"path":"2016-09-20-13-02-00","size":177090,
                 "last_modified":"2016-09-20 13:02","types":["tordnsel 1.0"],"unheard-of":{},
                 "sha256":"4aXdw+jQ5O33AS8n+fUOwD5ZzHCICnwzvxkK8fWDhdw="}]}]},
            {"path":"..","files":[{"path":"passwd","size":1}]}]}"#;
        let files = listed(text).expect("it is an index");
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["recent/b", "recent/exit-lists/2016-09-20-13-02-00"]);
        assert_eq!(files[0].version(), "1 ");
        assert!(listed(b"{").is_err());
    }
}
