//! `tordesc stats`: the files that it writes, at once and step by step.

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use common::run;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data");

/// A run that must go well. Returns the files below the folder that it wrote to.
fn stats(out: &Path, arguments: &[&str]) -> BTreeMap<String, String> {
    let folder = out.to_str().expect("UTF-8");
    let done = run(&[&["stats", "--out", folder, "--now", "2030-01-01"], arguments].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    let mut files = BTreeMap::new();
    for part in ["modules", "graphs"] {
        for entry in fs::read_dir(out.join(part)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let text = fs::read_to_string(&path).expect("text");
            files.insert(path.strip_prefix(out).expect("below").display().to_string(), text);
        }
    }
    files
}

#[test]
fn one_run_and_several_with_state_write_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let whole = stats(&at("whole"), &[DATA]);
    assert!(whole.len() > 30, "{:?}", whole.keys());
    assert!(whole["modules/totalcw.csv"].starts_with("valid_after_date,nickname,"));
    assert!(whole["graphs/networksize.csv"].starts_with("#\n# The Tor Project\n"));

    let state = at("state");
    let state = state.to_str().expect("UTF-8");
    let mut entries: Vec<_> =
        fs::read_dir(DATA).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries.iter().rev().step_by(2) {
        stats(&at("steps"), &["--state", state, entry.to_str().expect("UTF-8")]);
    }
    assert_eq!(stats(&at("steps"), &["--state", state, DATA]), whole);
    // Nothing is new, and nothing is lost.
    assert_eq!(stats(&at("steps"), &["--state", state, DATA]), whole);

    let other = run(&["stats", DATA, "--out", state, "--state", state, "--only", "servers"]);
    assert_eq!(other.code, 2, "{}", other.stderr);
    assert!(other.stderr.contains("is of other statistics"), "{}", other.stderr);
}

#[test]
fn one_statistic_writes_its_own_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = stats(folder.path(), &["--only", "bridgedb", DATA]);
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["graphs/bridgedb-distributor.csv", "graphs/bridgedb-transport.csv", "modules/bridgedb-stats.csv"]
    );
    let wrong = run(&["stats", DATA, "--out", "x", "--only", "bridgdb"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("bridgedb"), "{}", wrong.stderr);
}

/// Two databases of different days: the documents are of the time of the first one.
#[test]
fn countries_are_those_of_a_database_of_the_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("it is writable");
        path.to_str().expect("UTF-8").to_owned()
    };
    let old = write("old", "# Generated: Mon, 1 Jan 2001 00:00:00 GMT\n0,4294967295,AQ\n");
    let new = write("new", "# Generated: Mon, 31 Dec 2029 00:00:00 GMT\n0,4294967295,CK\n");
    let out = folder.path().join("out");
    let files = stats(&out, &["--only", "relays", "--geoip", &new, "--geoip", &old, DATA]);
    let countries = &files["modules/relay-countries.csv"];
    let rows: Vec<&str> = countries.lines().skip(1).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.contains(",aq,") && row.ends_with(",2001-01-01")));
    assert!(files["graphs/relay-countries.csv"].starts_with("#\n# tordesc\n#\n# relay-countries\n#\n"));
    assert!(!files.contains_key("modules/relay-systems.csv"), "there is no database of systems");

    let wrong = write("wrong", "no ranges\n");
    let failed = run(&["stats", DATA, "--out", "x", "--geoip", &wrong]);
    assert_eq!(failed.code, 1);
    assert!(failed.stderr.contains("wrong: line 1: not START,END,COUNTRY"), "{}", failed.stderr);
}
