//! The index of CollecTor's own output, byte for byte.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use descriptor_core::{
    archive::index::{Index, Indexer},
    value::Timestamp,
};

fn shared() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    std::env::var_os("TORDESC_SHARED").map_or_else(beside, PathBuf::from)
}

#[test]
fn the_index_is_collectors() {
    let vectors = shared().join("vectors/collector");
    let Ok(expected) = std::fs::read(vectors.join("outputs/index/index.json")) else {
        eprintln!("skipped: {} is not there", vectors.display());
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Times and links of the files count, so that they are unpacked by a program that knows about them.
    let input = vectors.join("inputs/index.tar.xz");
    let unpacked = Command::new("tar").arg("-xf").arg(&input).current_dir(folder.path()).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        eprintln!("skipped: tar cannot unpack {}", input.display());
        return;
    }
    let indexer = Indexer {
        root: folder.path().join("indexed"),
        output: folder.path().join("htdocs/index"),
        base: "https://collector.example.org".to_owned(),
        revision: Some("b95f857".to_owned()),
        state: folder.path().join("stats"),
        ledgers: None,
        believes_folders: false,
        threads: 0,
    };
    let now = Timestamp::parse(b"2026-04-01 23:31:00").expect("a time");
    let indexed = indexer.update(now).expect("it is readable");
    assert_eq!((indexed.files, indexed.read, indexed.written), (647, 647, true));
    let made = std::fs::read(indexer.output.join("index.json")).expect("it was written");
    let (ours, theirs) = (Index::read(&made).expect("an index"), Index::read(&expected).expect("an index"));
    for (ours, theirs) in ours.files.iter().zip(&theirs.files) {
        assert_eq!(ours, theirs);
    }
    assert!(made == expected);
}
