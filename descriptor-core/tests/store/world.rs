//! What the tests of the store have in common: reference data, trees, the recorded network.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use descriptor_core::{
    collect::{
        Delivery,
        store::{KnownAuthority, Layout, Options, Store, Taken},
    },
    document::Type,
    value::{Hex, Timestamp},
};

/// A folder of the real data, if it is there.
pub(crate) fn shared(below: &str) -> Option<PathBuf> {
    crate::common::shared().map(|shared| shared.join(below))
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text.as_bytes().try_into().expect("19 bytes")).expect("a time")
}

/// Options with the authorities of the recorded network.
pub(crate) fn options(recording: &Path) -> Options {
    let text = fs::read(recording.join("tornet.json")).expect("it is there");
    let state: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let authorities = state["authorities"].as_array().expect("a list").iter().map(|it| KnownAuthority {
        name: it["nick"].as_str().expect("a name").into(),
        identity: Hex::from_hex(it["v3"].as_str().expect("a digest").as_bytes()).expect("a digest"),
    });
    Options { authorities: authorities.collect(), ..Options::default() }
}

pub(crate) fn layout(folder: &Path) -> Layout {
    Layout { out: folder.join("out"), recent: Some(folder.join("recent")), state: folder.join("state") }
}

/// An answer that an authority has given.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) file: PathBuf,
    pub(crate) kind: Option<Type>,
    pub(crate) url: String,
    pub(crate) time: Timestamp,
}

impl Answer {
    pub(crate) fn delivery(&self) -> Delivery {
        let bytes = fs::read(&self.file).expect("it is there");
        Delivery { kind: self.kind, bytes, from: self.url.clone(), received: self.time }
    }
}

/// The answers of the recording that hold documents, without those that were sent compressed, in the order of time.
pub(crate) fn answers(recording: &Path) -> Vec<Answer> {
    let text = fs::read_to_string(recording.join("index.jsonl")).expect("it is there");
    let mut answers = Vec::new();
    for line in text.lines() {
        let it: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let (Some(file), Some(200), Some(url)) =
            (it["file"].as_str(), it["status"].as_u64(), it["url"].as_str())
        else {
            continue;
        };
        let encoding = it["headers"]["Content-Encoding"].as_str().unwrap_or("identity");
        if !file.starts_with("http/") || encoding != "identity" || url.ends_with(".z") {
            continue;
        }
        let kinds = [
            ("/tor/server/", Type::ServerDescriptor),
            ("/tor/extra/", Type::ExtraInfo),
            ("/tor/micro/", Type::Microdescriptor),
            ("/tor/keys/", Type::KeyCertificate),
            ("/bandwidth", Type::BandwidthFile),
        ];
        answers.push(Answer {
            file: recording.join(file),
            kind: kinds.iter().find(|(part, _)| url.contains(part)).map(|(_, kind)| *kind),
            url: format!("http://{}{url}", it["addr"].as_str().unwrap_or_default()),
            time: time(it["time"].as_str().expect("a time")),
        });
    }
    assert!(answers.len() > 1000, "a recording of {} answers", answers.len());
    answers.sort_by_key(|it| it.time);
    answers
}

pub(crate) fn take(store: &Store, delivery: &Delivery, all: &mut Taken) {
    let taken = store.take(delivery).expect("it is writable");
    all.new += taken.new;
    all.known += taken.known;
    all.conflicts += taken.conflicts;
    all.refused += taken.refused;
    all.waiting += taken.waiting;
    all.problems.extend(taken.problems);
}

/// The documents of a tree, each with its type line, as often as they occur; what names of files say of runs does not count.
pub(crate) fn documents(files: &BTreeMap<String, Vec<u8>>, below: &str) -> BTreeMap<Vec<u8>, usize> {
    let mut all = BTreeMap::new();
    for (_, bytes) in files.iter().filter(|(name, _)| name.contains(below)) {
        for frame in descriptor_core::netdoc::frames(bytes, None) {
            *all.entry([frame.annotations, frame.body].concat()).or_default() += 1;
        }
    }
    all
}
