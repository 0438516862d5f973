//! Files that others have made.

use std::{
    fs,
    path::{Path, PathBuf},
};

use descriptor_core::{archive::Options, document::Type};

use crate::{bodies, collect, failures};

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TORDESC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let found = Some(root.join(path)).filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: ../shared/{path} is not there");
    }
    found
}

#[test]
fn real_files_in_every_compression_hold_the_same_document() {
    let Some(folder) = shared("corpus/compressed") else { return };
    let expected = fs::read(folder.join("compressed_identity")).unwrap();
    let (all, summary) = collect(&[&folder], &Options::default());
    assert_eq!((summary.files, bodies(&all).len(), failures(&all).len()), (5, 5, 0));
    for body in bodies(&all) {
        assert!(expected.ends_with(body) && body.starts_with(b"router "));
    }
}

#[test]
fn real_archives_hold_what_they_should() {
    let Some(folder) = shared("corpus/archive") else { return };
    for (name, kind, count) in [
        ("descriptor_archive.tar", Type::ServerDescriptor, 3),
        ("descriptor_archive.tar.bz2", Type::ServerDescriptor, 3),
        ("stem-collector-bridge-server-descriptors-2019-02-cropped.tar", Type::BridgeServerDescriptor, 4),
        ("stem-collector-certs-cropped.tar", Type::KeyCertificate, 5),
        ("stem-collector-consensuses-2018-06-cropped.tar", Type::Consensus, 2),
        ("stem-collector-exit-list-2018-11-cropped.tar", Type::ExitList, 4),
        ("stem-collector-microdescs-2019-05-cropped.tar", Type::Microdescriptor, 3),
        ("stem-collector-server-descriptors-2005-12-cropped.tar", Type::ServerDescriptor, 5),
    ] {
        let (all, _) = collect(&[&folder.join(name)], &Options::default());
        let found = all.iter().flatten().filter(|told| told.2 == Some(kind)).count();
        // The microdescriptors come with a consensus.
        let rest = usize::from(kind == Type::Microdescriptor);
        assert_eq!((failures(&all).len(), found, all.len() - found), (0, count, rest), "{name}");
    }
}

#[test]
fn real_web_logs_are_compressed_members() {
    let Some(path) = shared("corpus/webstats/webstats-2015-02.tar") else { return };
    let (all, summary) = collect(&[&path], &Options::default());
    assert_eq!((failures(&all).len(), summary.documents), (0, 7));
    // Nothing but the name tells what they are.
    assert!(all.iter().flatten().all(|told| told.2 == Some(Type::WebServerLog)));
    assert!(bodies(&all).iter().all(|body| body.starts_with(b"0.0.0.")), "they are log lines");
}
