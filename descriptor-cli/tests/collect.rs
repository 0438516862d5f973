//! `tordesc collect`, `status` and `config` from outside, over the sample data: no network is needed.

use std::{fs, path::Path, process::Command};

/// The authorities of the private network that the sample data was recorded in.
const AUTHORITIES: [&str; 3] = [
    "OddRaven42 127.234.97.48:8080 E1D2602F9F10B3F44C16CDFE74D1B4ADD3691851",
    "proudUrchin2026 127.40.228.78:8081 E993F7E4FB5D1565A5BB7343821AAD04418E7677",
    "calmRaven 127.117.231.168:8081 E80FE955D5ED30C5967D02B255D30CA7154395FD",
];

fn tordesc(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tordesc")).args(arguments).current_dir(folder).output();
    let output = output.expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn files(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| entry.path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

#[test]
fn an_archive_is_taken_in_once_and_put_in_order() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/archive");
    let config = format!(
        "[relay]\nactive = false\narchives = [{:?}]\nauthorities = {AUTHORITIES:?}\n[run]\nmetrics = \"metrics.prom\"\n",
        data.canonicalize().expect("the sample data")
    );
    fs::write(folder.join("tordesc.toml"), config).expect("it is writable");
    let (code, out, err) = tordesc(folder, &["collect"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("archives: ") && !out.contains("refused") && !out.contains("conflict"), "{out}");
    for (path, least) in [
        ("out/relay-descriptors/consensus/2026/03", 3),
        ("out/relay-descriptors/vote/2026/03", 3),
        ("out/relay-descriptors/certs", 3),
        ("out/relay-descriptors/server-descriptor/2026/03", 10),
        ("out/exit-lists/2026/03", 3),
        ("indexed/archive", 6),
        ("indexed/index", 4),
    ] {
        let found = files(&folder.join(path));
        assert!(found >= least, "{path}: {found}");
    }
    let count = files(&folder.join("out"));
    let (code, out, err) = tordesc(folder, &["collect"]);
    assert_eq!((code, files(&folder.join("out"))), (Some(0), count), "{out}{err}");
    // Once all is on the disk, what was read is remembered.
    assert!(out.contains("archives: 0 new, 0 known"), "{out}");
    let metrics = fs::read_to_string(folder.join("metrics.prom")).expect("the metrics");
    assert!(metrics.contains("tordesc_status 2"), "{metrics}");
    the_log_tells_a_run(folder);
    // All of it is years old, or will be.
    let (code, out, _) = tordesc(folder, &["status"]);
    assert!(code == Some(2) && out.contains("more than 5:30 hours in the past"), "{out}");
    let (_, json, _) = tordesc(folder, &["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(status["authorities"].as_array().map(Vec::len), Some(3));
    let (code, out, err) = tordesc(folder, &["check", "--verify", "out"]);
    assert_eq!(code, Some(0), "{out}{err}");
}

/// What happens is told by events with names and numbers; `--quiet` leaves what is wrong, here that all is old.
fn the_log_tells_a_run(folder: &Path) {
    let events = |arguments: &[&str]| -> Vec<serde_json::Value> {
        let (_, _, err) = tordesc(folder, arguments);
        err.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{err}"))).collect()
    };
    let run = events(&["collect", "--log", "json"]);
    let find = |message: &str| run.iter().find(|event| event["message"] == message).expect(message);
    assert_eq!(find("asking")["source"], "archives");
    assert_eq!((&find("asked")["new"], &find("asked")["refused"]), (&0.into(), &0.into()));
    let parts: Vec<_> = run.iter().filter_map(|event| event["part"].as_str()).collect();
    assert_eq!(parts, ["tarballs", "recent", "index"]);
    let end = find("run ended");
    assert!(end["clean"] == true && end["seconds"].is_number() && end["timestamp"].is_string(), "{end}");
    let quiet = events(&["collect", "--log", "json", "-qq"]);
    assert!(quiet.is_empty(), "{quiet:?}");
    assert!(run.iter().any(|event| event["level"] == "WARN"), "{run:?}");
    assert_eq!(tordesc(folder, &["collect", "--log", "off", "-q"]).2, "");
}

/// All files below a folder that contain a text.
fn saying(folder: &Path, text: &[u8]) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let says = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text)
    };
    paths
        .flat_map(|path| match path.is_dir() {
            true => saying(&path, text),
            false if says(&path) => vec![path.display().to_string()],
            false => Vec::new(),
        })
        .collect()
}

/// Somebody takes the snapshots of a bridge authority for an archive of relays.
#[test]
fn bridges_are_not_taken_for_relays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let originals = Path::new(env!("CARGO_MANIFEST_DIR")).join("../descriptor-core/tests/sanitize");
    let archive = folder.join("archive");
    fs::create_dir(&archive).expect("it is writable");
    for name in ["server-descriptor", "extra-info", "network-status"] {
        fs::copy(originals.join(name), archive.join(name)).expect("it is writable");
    }
    fs::write(folder.join("tordesc.toml"), "[relay]\nactive = false\narchives = [\"archive\"]\n")
        .expect("it is writable");
    let (code, out, err) = tordesc(folder, &["collect"]);
    assert!(code == Some(3) && out.contains("not sanitized"), "{out}{err}");
    for place in ["out", "indexed", "stats"] {
        let text = b"127.166.247.214";
        assert_eq!(saying(&folder.join(place), text), Vec::<String>::new(), "{out}");
    }
}

#[test]
fn the_configuration_explains_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let (code, ..) = tordesc(folder, &["config", "init"]);
    assert_eq!(code, Some(0));
    let (code, _, err) = tordesc(folder, &["config", "init"]);
    assert!(code == Some(1) && err.contains("exists"), "{err}");
    assert_eq!(tordesc(folder, &["config", "check"]).0, Some(0));
    fs::write(folder.join("tordesc.toml"), "[relay]\nintervall = 1\n").expect("it is writable");
    let (code, _, err) = tordesc(folder, &["config", "check"]);
    assert!(code == Some(2) && err.contains("intervall"), "{err}");
    let (code, out, _) = tordesc(folder, &["config", "show", "/dev/null", "--origin"]);
    assert!(code == Some(0) && out.contains("interval = 3600  # default"), "{out}");
}
