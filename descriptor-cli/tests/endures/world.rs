//! A small network to collect from, over HTTP on the loopback interface, and what came of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use descriptor_core::{document::Type, netdoc::frames};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    common::{
        Run,
        originals::{logs, pools, snapshot, tarball},
        tree,
    },
    server::{Reply, Server, closed, sized, status},
};

/// The authorities of the private network that the sample data was recorded in, and their identities.
const AUTHORITIES: [&str; 3] = [
    "OddRaven42 E1D2602F9F10B3F44C16CDFE74D1B4ADD3691851",
    "proudUrchin2026 E993F7E4FB5D1565A5BB7343821AAD04418E7677",
    "calmRaven E80FE955D5ED30C5967D02B255D30CA7154395FD",
];

/// What is taken from the mirror: the last hours of March, whose descriptors the authorities have.
const PREFIXES: [&str; 6] = [
    "recent/relay-descriptors/consensuses/2026-03-31-2",
    "recent/relay-descriptors/microdescs/consensus-microdesc/2026-03-31-2",
    "recent/relay-descriptors/votes/2026-03-31-2",
    "recent/relay-descriptors/bandwidths/2026-03-31-2",
    "recent/exit-lists/2026-03-31",
    "archive/relay-descriptors/certs",
];

/// Another archive, directory authorities, and snapshots of a bridge authority: the sources.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) mirror: Server,
    pub(crate) authorities: Server,
}

impl World {
    /// The sample data, served.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/archive");
        let data = data.canonicalize().expect("the sample data");
        let known = AUTHORITIES.map(|it| it.replacen(' ', " 127.0.0.1:1 ", 1));
        let archive = Place::at(folder.path().join("archive"));
        archive.configure(&format!(
            "[relay]\nactive = false\narchives = [{data:?}]\nauthorities = {known:?}\n[archive]\nrecent-hours = 1000000\n"
        ));
        let built = archive.collect();
        assert_eq!(built.code, 0, "{}{}", built.stdout, built.stderr);
        let bridges = folder.path().join("in/bridges");
        fs::create_dir_all(&bridges).expect("it is writable");
        (0..3).for_each(|hour| drop(tarball(&bridges, hour, &snapshot(hour, ""))));
        pools(folder.path(), 5);
        logs(folder.path());
        let documents = documents(&archive.path("out"));
        assert!(documents.len() > 100, "{} documents", documents.len());
        let documents = Arc::new(documents);
        let authorities = Server::start(move |asked| descriptors(&documents, &asked.path));
        let indexed = archive.path("indexed");
        // Whoever is killed while it asks has asked for nothing, which is a folder.
        let mirror =
            Server::start(move |asked| match fs::read(indexed.join(asked.path.trim_start_matches('/'))) {
                Ok(bytes) => sized(&bytes, ""),
                Err(_) => status("404 Not found"),
            });
        World { folder, mirror, authorities }
    }

    /// A place where all of it is collected to, in a folder that is made.
    pub(crate) fn place(&self, folder: PathBuf) -> Place {
        let place = Place::at(folder);
        let address = self.authorities.address;
        let input = |name: &str| self.folder.path().join("in").join(name);
        let known = AUTHORITIES.map(|it| it.replacen(' ', &format!(" {address} "), 1));
        place.configure(&format!(
            "[relay]\nauthorities = {known:?}\nchase-descriptors = 1000000\n\
             [mirrors]\nurls = [{:?}]\nprefixes = {PREFIXES:?}\n[bridges]\ninputs = [{:?}]\n\
             [bridge-pool-assignments]\ninputs = [{:?}]\n[web-logs]\ninputs = [{:?}]\n\
             [archive]\nrecent-hours = 1000000\n",
            self.mirror.url("/"),
            input("bridges"),
            input("pools"),
            input("logs")
        ));
        place
    }
}

/// What authorities are asked for by digest, without annotations.
fn documents(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for (path, bytes) in tree(out) {
        for frame in frames(&bytes, Type::of_file_name(&path)) {
            let digest = match frame.kind {
                Some(kind @ (Type::ServerDescriptor | Type::ExtraInfo)) => {
                    kind.sha1(frame.body).map(|it| it.to_string())
                }
                Some(kind @ Type::Microdescriptor) => kind.sha256(frame.body).map(|it| it.to_string()),
                _ => None,
            };
            found.extend(digest.map(|digest| (digest, frame.body.to_vec())));
        }
    }
    found
}

/// The descriptors that an address names.
fn descriptors(documents: &BTreeMap<String, Vec<u8>>, path: &str) -> Reply {
    let names = [("/tor/server/d/", '+'), ("/tor/extra/d/", '+'), ("/tor/micro/d/", '-')];
    let digests =
        names.iter().find_map(|(start, separator)| Some(path.strip_prefix(start)?.split(*separator)));
    let known = digests.into_iter().flatten().filter_map(|digest| documents.get(digest));
    let all: Vec<u8> = known.flatten().copied().collect();
    if all.is_empty() { status("404 Not found") } else { closed(&all) }
}

/// A folder in which the program is run.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    folder: PathBuf,
}

impl Place {
    fn at(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("it is writable");
        Place { folder }
    }

    /// A folder that has a configuration.
    pub(crate) fn of(folder: &Path) -> Self {
        Place { folder: folder.to_owned() }
    }

    fn configure(&self, text: &str) {
        fs::write(self.path("tordesc.toml"), text).expect("it is writable");
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tordesc"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs a verb.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.command(arguments).output().expect("the program starts").into()
    }

    /// Collects.
    pub(crate) fn collect(&self) -> Run {
        self.run(&["collect"])
    }

    /// Begins to collect.
    pub(crate) fn start(&self) -> Child {
        let mut command = self.command(&["collect"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    /// Uses the secrets of another place, so that bridges are called the same.
    pub(crate) fn share_secrets(&self, of: &Place) {
        fs::create_dir_all(self.path("private")).expect("it is writable");
        let name = "private/bridge-ip-secrets";
        fs::copy(of.path(name), self.path(name)).expect("they are there");
    }

    /// What must be the same however often a run was disturbed.
    pub(crate) fn holds(&self) -> Holds {
        let without_hidden = |folder: &str| {
            let files = tree(&self.path(folder));
            if let Some(path) = files.keys().find(|path| path.contains("/.") || path.ends_with(".tmp")) {
                panic!("{folder}{path} is left over");
            }
            files
        };
        let (out, archive, recent) =
            (without_hidden("out"), without_hidden("indexed/archive"), without_hidden("indexed/recent"));
        // Files of several documents are called by the times of runs.
        let (of_runs, single): (BTreeMap<_, _>, BTreeMap<_, _>) =
            recent.into_iter().partition(|(path, _)| is_of_a_run(path));
        let mut several = BTreeMap::new();
        for (path, bytes) in of_runs {
            for frame in frames(&bytes, None) {
                let folder = path.rsplit_once('/').expect("it is in one").0.to_owned();
                let document = [frame.annotations, frame.body].concat();
                *several.entry((folder, document)).or_insert(0_usize) += 1;
            }
        }
        self.check_index();
        for folder in ["stats/rejected", "stats/unverified", "stats/scratch", "stats/quarantine"] {
            assert_eq!(tree(&self.path(folder)).keys().collect::<Vec<_>>(), [""; 0], "{folder}");
        }
        Holds { out, archive, single, several, index: self.index() }
    }

    /// The entries of the index that say the same in each run: without times, and without the files of runs.
    fn index(&self) -> BTreeMap<String, Value> {
        let mut listed = self.listed();
        listed.retain(|path, _| !is_of_a_run(path));
        for entry in listed.values_mut() {
            entry.as_object_mut().expect("an entry").remove("last_modified");
        }
        listed
    }

    fn listed(&self) -> BTreeMap<String, Value> {
        fn walk(below: &str, folder: &Value, listed: &mut BTreeMap<String, Value>) {
            let name = |it: &Value| format!("{below}/{}", it["path"].as_str().expect("a name"));
            for file in folder["files"].as_array().into_iter().flatten() {
                listed.insert(name(file), file.clone());
            }
            for inner in folder["directories"].as_array().into_iter().flatten() {
                walk(&name(inner), inner, listed);
            }
        }
        let text = fs::read(self.path("indexed/index/index.json")).expect("the index");
        let mut listed = BTreeMap::new();
        walk("", &serde_json::from_slice(&text).expect("JSON"), &mut listed);
        listed
    }

    /// The index lists exactly what is there, and its compressed forms say the same.
    fn check_index(&self) {
        let folder = self.path("indexed/index");
        let json = fs::read(folder.join("index.json")).expect("the index");
        let (mut gz, mut xz) = (Vec::new(), Vec::new());
        let open =
            |ending: &str| fs::File::open(folder.join(format!("index.json.{ending}"))).expect("the index");
        flate2::read::MultiGzDecoder::new(open("gz")).read_to_end(&mut gz).expect("gzip");
        liblzma::read::XzDecoder::new_multi_decoder(open("xz")).read_to_end(&mut xz).expect("xz");
        assert!(gz == json && xz == json, "the forms of the index differ");
        let mut files = tree(&self.path("indexed"));
        files.retain(|path, _| !path.starts_with("/index/"));
        let listed = self.listed();
        assert!(listed.keys().eq(files.keys()), "{:#?}\n{:#?}", listed.keys(), files.keys());
        for (path, entry) in &listed {
            let digest: Vec<u8> = Sha256::digest(&files[path]).to_vec();
            let told = descriptor_core::value::Base64::<32>(digest.try_into().expect("32 bytes")).to_string();
            let said = entry["sha256"].as_str().expect("a digest").trim_end_matches('=');
            assert_eq!(said, told, "{path}");
        }
    }

    /// Nothing of what is there is half: each file of the tree is as it will be, each tarball can be read, and the index too.
    pub(crate) fn check_nothing_is_half(&self, whole: &Holds) {
        for (path, bytes) in tree(&self.path("out")).iter().filter(|(path, _)| !path.contains("/.")) {
            assert!(whole.out.get(path) == Some(bytes), "half of {path}");
        }
        for (path, bytes) in tree(&self.path("indexed")) {
            if path.ends_with(".xz") && !path.contains("/.") {
                let mut plain = Vec::new();
                let read = liblzma::read::XzDecoder::new_multi_decoder(&bytes[..]).read_to_end(&mut plain);
                assert!(read.is_ok(), "half of {path}");
            }
            if path.ends_with(".json") {
                assert!(serde_json::from_slice::<Value>(&bytes).is_ok(), "half of {path}");
            }
            if path.starts_with("/recent/") && !path.contains("/.") && !path.ends_with(".xz") {
                assert!(bytes.starts_with(b"@type ") && bytes.ends_with(b"\n"), "half of {path}");
            }
        }
    }
}

/// Whether a file is one of those of `recent/` that are called by the time of a run.
fn is_of_a_run(path: &str) -> bool {
    ["-server-descriptors", "-extra-infos", "-micro-2026-03"].iter().any(|ending| path.ends_with(ending))
}

/// Trees, tarballs and index.
pub(crate) struct Holds {
    pub(crate) out: BTreeMap<String, Vec<u8>>,
    archive: BTreeMap<String, Vec<u8>>,
    single: BTreeMap<String, Vec<u8>>,
    several: BTreeMap<(String, Vec<u8>), usize>,
    index: BTreeMap<String, Value>,
}

impl Holds {
    /// Says what differs, if anything does.
    pub(crate) fn assert_same(&self, whole: &Holds, when: &str) {
        same("out", &self.out, &whole.out, when);
        same("archive", &self.archive, &whole.archive, when);
        same("recent", &self.single, &whole.single, when);
        same("recent, of runs", &self.several, &whole.several, when);
        same("index", &self.index, &whole.index, when);
    }
}

fn same<K: Ord + std::fmt::Debug, V: PartialEq>(
    what: &str,
    mine: &BTreeMap<K, V>,
    its: &BTreeMap<K, V>,
    when: &str,
) {
    let keys: BTreeSet<&K> = mine.keys().chain(its.keys()).collect();
    let differ: Vec<_> = keys.into_iter().filter(|key| mine.get(key) != its.get(key)).collect();
    assert!(differ.is_empty(), "{when}: {what}: {} differ: {:?}", differ.len(), differ.first());
}
