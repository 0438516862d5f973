//! `tordesc stats`: the files that it writes, at once and step by step.

mod common;
#[cfg(unix)]
#[path = "../../descriptor-core/tests/common/postgres.rs"]
mod server;

use std::{collections::BTreeMap, fs, path::Path};

use common::run;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data");

/// A run that must go well. Returns the files below the folder that it wrote to.
fn stats(out: &Path, arguments: &[&str]) -> BTreeMap<String, String> {
    let folder = out.to_str().expect("UTF-8");
    let done = run(&[&["stats", "--out", folder, "--now", "2030-01-01"], arguments].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    let mut files = BTreeMap::new();
    // Not every statistic has tables for the website.
    let parts = ["modules", "graphs", "tables"].map(|part| out.join(part));
    for part in parts.iter().filter(|part| part.exists()) {
        for entry in fs::read_dir(part).expect("a folder") {
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
    // Nothing is new, and nothing is lost; no file is written again.
    let time = || fs::metadata(at("steps/modules/totalcw.csv")).and_then(|it| it.modified()).expect("a file");
    let before = time();
    assert_eq!(stats(&at("steps"), &["--state", state, DATA]), whole);
    assert_eq!(time(), before);
    fs::write(at("steps/modules/totalcw.csv"), "half").expect("a file");
    // As after a run that was killed before it had noted which files it had read.
    fs::remove_file(at("state/history")).expect("it was there");
    assert_eq!(stats(&at("steps"), &["--state", state, DATA]), whole);

    let other = run(&["stats", DATA, "--out", state, "--state", state, "--only", "servers"]);
    assert_eq!(other.code, 2, "{}", other.stderr);
    assert!(other.stderr.contains("it is of other statistics"), "{}", other.stderr);

    fs::write(at("state/partials.cbor"), "").expect("a file");
    let old = run(&["stats", DATA, "--out", state, "--state", state]);
    assert_eq!(old.code, 2, "{}", old.stderr);
    assert!(old.stderr.contains("read everything again"), "{}", old.stderr);
}

#[test]
fn files_have_types_if_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let arguments =
        ["stats", "--now", "2030-01-01", "--format", "parquet", "--only", "total-weight", "--out", out, DATA];
    let done = run(&arguments);
    assert_eq!(done.code, 0, "{}", done.stderr);
    for name in ["modules/totalcw", "graphs/totalcw"] {
        let bytes = fs::read(folder.path().join(format!("{name}.parquet"))).expect("a file");
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{name}");
        assert!(!folder.path().join(format!("{name}.csv")).exists());
    }
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

/// The sentences of an explanation, and the same as data.
#[test]
fn a_number_is_explained() {
    let explain = |more: &[&str]| {
        let run = run(&[&["stats", "explain", "--now", "2030-01-01"], more, &[DATA]].concat());
        (run.code, run.stdout, run.stderr)
    };
    let (code, text, errors) = explain(&["users", "--date", "2026-03-30"]);
    assert_eq!(code, 0, "{errors}");
    for part in
        ["Users of relays on 2026-03-30 (clients.csv)", "= r / (frac · q)", "In the table", "fingerprint"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, json, errors) = explain(&["users", "--date", "2026-03-30", "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json["table"], &json["date"]), (&"clients".into(), &"2026-03-30".into()));
    let users = json["results"].as_array().and_then(|it| it.iter().find(|it| it["column"] == "clients"));
    assert!(users.is_some_and(|users| users["value"].is_i64()), "{json}");

    let (code, text, _) = explain(&["users", "--date", "1999-12-31", "--country", "de"]);
    assert!(code == 1 && text.contains("Not in the table: nothing was reported"), "{code}, {text}");
    let (code, _, errors) = explain(&["total-weight", "--date", "2026-03-30", "--where", "planet=mars"]);
    assert!(code == 2 && errors.contains("planet"), "{code}, {errors}");
    let (code, _, errors) = explain(&["relays", "--date", "2026-03-30"]);
    assert!(code == 2 && errors.contains("two letters"), "{code}, {errors}");

    // Where relays are is told by databases, as for the tables.
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("geoip");
    fs::write(&database, "0,4294967295,DE\n").expect("a file");
    let database = database.to_str().expect("UTF-8");
    let relays = ["relays", "--date", "2026-03-30", "--country", "de", "--geoip", database];
    let (code, text, errors) = explain(&relays);
    assert_eq!(code, 0, "{errors}");
    for part in ["Relays in de on 2026-03-30 (relay-countries.csv)", "= E / N", "agrees"] {
        assert_eq!(text.contains(part), part != "agrees", "{part}: {text}");
    }
}

/// Of a statistic with several tables the columns tell which one is meant, or its name does.
#[test]
fn a_table_is_told_by_its_columns_or_its_name() {
    let explain = |more: &[&str]| {
        let arguments = ["stats", "explain", "servers", "--date", "2026-03-30", "--now", "2030-01-01"];
        let run = run(&[&arguments, more, &[DATA]].concat());
        (run.code, run.stdout, run.stderr)
    };
    let (code, text, errors) = explain(&["--where", "flag=Fast"]);
    assert_eq!(code, 0, "{errors}");
    for part in [
        "Relays with the flag Fast on 2026-03-30 (relayflags.csv)\n",
        "          the mean, rounded down\n          = floor(S / n)\n          = floor(",
        "In the table\n  relays  ",
        "Consensuses that count\n  valid after          running  described  flags  such\n  2026-03-30 ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let (code, json, errors) = explain(&["--table", "networksize", "--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["table"], "networksize");
    assert!(json["results"][0]["value"].is_i64(), "{json}");
    let (code, _, errors) = explain(&["--table", "clients"]);
    assert!(code == 2 && errors.contains("no table clients"), "{code}, {errors}");
}

#[test]
fn a_number_is_explained_from_what_was_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (out, state) = (at("out"), at("state"));
    stats(folder.path(), &["--state", &state, "--only", "users", DATA]);
    let explain = |from: &[&str]| {
        let arguments = ["stats", "explain", "users", "--date", "2026-03-30", "--now", "2030-01-01"];
        run(&[&arguments[..], from].concat())
    };
    let (kept, read) = (explain(&["--state", &state]), explain(&[DATA]));
    assert_eq!((kept.code, &kept.stdout), (0, &read.stdout), "{}", kept.stderr);
    assert_eq!(explain(&["--state", &out]).code, 1, "nothing was kept there");
    assert_eq!(explain(&[]).code, 2, "neither");
}

#[test]
fn choices_and_the_files_of_2013() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let files = stats(&at("2013"), &["--profile", "2013", DATA]);
    for name in
        ["modules/servers.csv", "modules/bandwidth.csv", "modules/torperf.csv", "modules/connbidirect.csv"]
    {
        assert!(files.contains_key(name), "{name}");
    }
    assert!(files["graphs/networksize.csv"].starts_with("date,relays,bridges\n"));
    let all = stats(&at("all"), &["--only", "users", DATA]);
    assert!(all["tables/userstats-relay-table.csv"].starts_with("cc,country,abs,rel\n"));
    let down = stats(&at("down"), &["--only", "users", "--choice", "users-rounded-down", DATA]);
    assert_ne!(all["modules/clients.csv"], down["modules/clients.csv"]);
    let wrong = run(&["stats", DATA, "--out", "x", "--choice", "as-you-like-it"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("users-rounded-down"), "{}", wrong.stderr);
}

/// With a server it is tested in the library.
#[test]
fn a_database_is_told_of_before_anything_is_loaded() {
    let schema = run(&["stats", "load", "--schema"]);
    assert_eq!(schema.code, 0, "{}", schema.stderr);
    assert!(schema.stdout.contains("CREATE TABLE IF NOT EXISTS tordesc.\"totalcw\""), "{}", schema.stdout);

    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let nowhere = ["stats", "load", out, "--to", "postgres://x@%2Fnonexistent/x"];
    // What has no modules is documents, which are not read for a database that is not there.
    let documents = run(&nowhere);
    assert_eq!(documents.code, 1, "{}", documents.stderr);
    assert!(documents.stderr.contains("connect"), "{}", documents.stderr);
    fs::create_dir(folder.path().join("modules")).expect("a folder");
    let empty = run(&nowhere);
    assert_eq!(empty.code, 2, "{}", empty.stderr);
    fs::write(folder.path().join("modules/totalcw.csv"), "").expect("a file");
    let away = run(&nowhere);
    assert_eq!(away.code, 1, "{}", away.stderr);
    assert!(away.stderr.contains("connect"), "{}", away.stderr);
}

/// Documents are counted and loaded as what was written of them is; again changes nothing.
#[cfg(unix)]
#[test]
fn documents_and_tables_are_loaded_alike() {
    let Some(server) = server::Server::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    stats(folder.path(), &["--only", "servers", DATA]);
    let tables = folder.path().to_str().expect("UTF-8");
    let load = |from: &[&str]| {
        let counted =
            ["stats", "load", "--only", "servers", "--now", "2030-01-01", "--to", &server.address()];
        let run = run(&[&counted, from].concat());
        (run.code, run.stderr)
    };
    // The server begins to answer a little later.
    let begun = (0..300).map(|_| load(&[DATA])).find(|(code, _)| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        *code == 0
    });
    let (code, told) = begun.expect("the server answers");
    assert!(code == 0 && told.contains("documents"), "{told}");
    assert!(told.contains(" new or changed") && !told.contains("0 rows of 0 days"), "{told}");
    for again in [DATA, tables] {
        let (code, told) = load(&[again]);
        assert!(code == 0 && told.contains("0 rows of 0 days new or changed"), "{told}");
    }
}
