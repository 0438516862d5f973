//! The snapshots of a small network, sanitized by CollecTor 1.18.2 and by us: the same files with the same bytes.

mod common;

use std::{collections::BTreeMap, fs};

use common::{tree, unpack};
use descriptor_core::{
    intake::{Kind, Options, Places, Report, bridges},
    schema::RuleSet,
};

/// Sanitizes a set of snapshots as CollecTor 1.18.2 and compares the trees.
fn compare(set: &str) -> Option<Report> {
    let shared = common::shared()?.join("vectors/collector");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    let secrets = folder.path().join("state/bridge-ip-secrets");
    fs::create_dir(&input).expect("it is writable");
    fs::create_dir(folder.path().join("state")).expect("it is writable");
    for (name, bytes) in unpack(&shared.join(format!("inputs/{set}.tar.xz")), "in/bridge-descriptors/") {
        fs::write(input.join(name), bytes).expect("it is writable");
    }
    fs::write(&secrets, fs::read(shared.join("secrets/bridge-ip-secrets")).expect("secrets"))
        .expect("it is writable");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }
    let before = fs::read(&secrets).expect("secrets");
    let places = Places { out: out.clone(), secrets: secrets.clone(), state: None, journal: None };
    let options = Options { rules: RuleSet::Collector1_18_2, ..Options::default() };
    let report = bridges(std::slice::from_ref(&input), &places, &options).expect("the run ends");
    println!("{set}:\n{report}");

    let expected = unpack(&shared.join(format!("outputs/{set}.tar.xz")), "out/");
    let got = tree(&out);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&got), names(&expected));
    for (name, bytes) in &expected {
        assert!(got[name] == *bytes, "{name}:\n{}", String::from_utf8_lossy(&got[name]));
    }
    assert_eq!(fs::read(&secrets).expect("secrets"), before, "nothing was needed");

    // All are done, whatever they are named in CollecTor's state.
    let again = bridges(&[input], &places, &options).expect("the run ends");
    assert_eq!((again.tarballs, again.tarballs_done), (0, 73));
    Some(report)
}

#[test]
fn snapshots_of_known_lines_give_collectors_files() {
    let Some(report) = compare("bridge-known") else { return };
    assert!(report.is_clean(), "{report}");
    let written = Kind::ALL.map(|kind| report.documents.get(&kind).map_or(0, |count| count.written));
    assert_eq!(written, [73, 50, 51, 0]);
}

#[test]
fn what_collector_refused_is_refused_and_kept() {
    let Some(report) = compare("bridge") else { return };
    let refused = Kind::ALL.map(|kind| report.documents.get(&kind).map_or(0, |count| count.refused));
    assert_eq!(refused, [0, 0, 41, 0]);
    assert!(report.refused.keys().all(|key| key.keyword == "transport-info"), "{report}");
}
