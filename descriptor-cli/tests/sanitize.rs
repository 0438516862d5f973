//! `tordesc sanitize` from outside: what it writes where, and that it may be killed.

mod common;

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use common::{
    originals::{AUTHORITY, snapshot, tarball},
    run, tree,
};
use sha2::Digest;

/// A folder with `in/`, `state/` and what the program makes.
struct Place(tempfile::TempDir);

impl Place {
    fn new(hours: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["in", "state"] {
            fs::create_dir(folder.path().join(name)).expect("it is writable");
        }
        (0..hours).for_each(|hour| drop(tarball(&folder.path().join("in"), hour, &snapshot(hour, ""))));
        Place(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    fn arguments(&self, out: &str, state: &str) -> Vec<String> {
        let secrets = self.path(&format!("{state}/bridge-ip-secrets"));
        ["sanitize", "bridges", &self.path("in"), "--out", &self.path(out), "--secrets", &secrets]
            .map(str::to_owned)
            .to_vec()
    }

    fn run(&self, out: &str, state: &str, more: &[&str]) -> common::Run {
        let arguments = self.arguments(out, state);
        run(&arguments.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>())
    }

    fn tree(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        tree(&self.0.path().join(name))
    }
}

#[test]
fn a_tree_comes_out_and_a_second_run_has_nothing_to_do() {
    let place = Place::new(6);
    let first = place.run("out", "state", &["--format", "json", "--metrics", &place.path("metrics")]);
    assert_eq!((first.code, first.stderr.as_str()), (0, ""), "{}", first.stdout);
    let report: serde_json::Value = serde_json::from_str(&first.stdout).expect("JSON");
    assert_eq!(report["documents"]["status"]["written"], 6);
    assert_eq!(report["documents"]["server-descriptor"]["written"], 32);
    assert_eq!(report["documents"]["extra-info"]["done"], 40);
    let tree = place.tree("out");
    assert_eq!(tree.len(), 6 + 32 + 32);
    assert!(
        tree.contains_key(&format!("/bridge-descriptors/2026/03/statuses/01/20260301-001000-{AUTHORITY}"))
    );
    assert!(tree.values().all(|text| !text.windows(8).any(|part| part == b"192.0.2.")));
    let metrics = fs::read_to_string(place.path("metrics")).expect("it was written");
    assert!(
        metrics.contains("tordesc_sanitize_documents{kind=\"server-descriptor\",result=\"written\"} 32\n")
    );
    let secrets = fs::read_to_string(place.path("state/bridge-ip-secrets")).expect("it was made");
    assert_eq!(secrets.lines().count(), 2);
    let second = place.run("out", "state", &[]);
    assert_eq!(second.code, 0);
    assert!(second.stdout.starts_with("tarballs           0 read, 6 done before"), "{}", second.stdout);
    assert_eq!(place.tree("out"), tree);
}

#[test]
fn one_unknown_line_costs_one_entry_and_comes_back_when_the_rules_know_it() {
    let place = Place::new(1);
    let mut members = snapshot(1, "");
    members[0].1 = members[0].1.replacen("s Running\n", "s Running\nnever-heard-of 1\n", 1);
    members[1].1 = members[1].1.replacen("uptime 7\n", "never-heard-of 1\nuptime 7\n", 1);
    tarball(&place.0.path().join("in"), 1, &members);
    let first = place.run("out", "state", &[]);
    assert_eq!(first.code, 3);
    assert!(first.stdout.contains("status: never-heard-of: no-rule"), "{}", first.stdout);
    assert!(first.stdout.contains("status entries     23 written, 1 left out"), "{}", first.stdout);
    let quarantine = place.tree("state/quarantine");
    assert_eq!(quarantine.len(), 4, "{:?}", quarantine.keys());
    let originals = quarantine.iter().filter(|(name, _)| name.ends_with(".original"));
    assert!(originals.clone().any(|(_, text)| *text == members[0].1.as_bytes()));
    for (name, _) in originals {
        let record = String::from_utf8_lossy(&quarantine[&name.replace("original", "json")]).into_owned();
        assert!(
            record.contains("\"keyword\": \"never-heard-of\"") && record.contains("T011500Z.tar.gz"),
            "{record}"
        );
    }
    let retry = |place: &Place| {
        let (out, secrets) = (place.path("out"), place.path("state/bridge-ip-secrets"));
        run(&["sanitize", "retry", "--out", &out, "--secrets", &secrets])
    };
    assert_eq!(retry(&place).code, 3);
    assert_eq!(place.tree("state/quarantine"), quarantine);
    // As if the rules had learnt the line: the original is one that passes.
    for (name, text) in &quarantine {
        if let Some(old) = name.strip_suffix(".original") {
            let text = String::from_utf8_lossy(text).replace("never-heard-of 1\n", "");
            let new = sha256(text.as_bytes());
            let folder = place.0.path().join("state/quarantine");
            fs::write(folder.join(format!("{new}.original")), text).expect("it is writable");
            fs::rename(folder.join(format!("{}.json", &old[1..])), folder.join(format!("{new}.json")))
                .expect("it is there");
            fs::remove_file(folder.join(&name[1..])).expect("it is there");
        }
    }
    let done = retry(&place);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    assert!(place.tree("state/quarantine").is_empty());
    let status =
        &place.tree("out")[&format!("/bridge-descriptors/2026/03/statuses/01/20260301-011000-{AUTHORITY}")];
    assert_eq!(status.split(|&b| b == b'\n').filter(|line| line.starts_with(b"r ")).count(), 12);
}

fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_cut_off_tarball_is_said_and_read_again() {
    let place = Place::new(2);
    let whole = tarball(&place.0.path().join("in"), 2, &snapshot(2, ""));
    let bytes = fs::read(&whole).expect("it is there");
    fs::write(&whole, &bytes[..bytes.len() / 2]).expect("it is writable");
    fs::write(place.0.path().join("in/from-serge-2026-03-01T031500Z.tar.gz"), "no archive")
        .expect("it is writable");
    fs::write(place.0.path().join("in/from-nobody-2026-03-01T031500Z.tar.gz"), "no archive")
        .expect("it is writable");
    fs::write(place.0.path().join("in/README"), "of no interest").expect("it is writable");
    let cut = place.run("out", "state", &[]);
    assert_eq!(cut.code, 3);
    assert!(
        cut.stdout.contains("tarballs           2 read, 0 done before, 3 not readable"),
        "{}",
        cut.stdout
    );
    assert!(cut.stdout.contains("from no known bridge authority"), "{}", cut.stdout);
    fs::remove_file(place.0.path().join("in/from-serge-2026-03-01T031500Z.tar.gz")).expect("it is there");
    fs::remove_file(place.0.path().join("in/from-nobody-2026-03-01T031500Z.tar.gz")).expect("it is there");
    fs::write(&whole, &bytes).expect("it is writable");
    assert_eq!(place.run("out", "state", &[]).code, 0);
    copy_secrets(&place);
    assert_eq!(place.run("out2", "state2", &[]).code, 0);
    assert_eq!(place.tree("out"), place.tree("out2"));
}

fn copy_secrets(place: &Place) {
    fs::create_dir(place.path("state2")).expect("it is writable");
    fs::copy(place.path("state/bridge-ip-secrets"), place.path("state2/bridge-ip-secrets"))
        .expect("it is there");
}

#[test]
fn originals_are_never_published_and_lost_secrets_are_an_alarm() {
    let place = Place::new(2);
    let inside = place.run("state", "state", &[]);
    assert_eq!(inside.code, 1);
    assert!(inside.stderr.contains("lies in the folder that is published"), "{}", inside.stderr);
    let state = place.path("out/x");
    assert_eq!(place.run("out", "state", &["--state", &state]).code, 1);
    assert_eq!(place.run("out", "state", &["--rules", "collector-9"]).code, 2);
    assert_eq!(place.run("out", "state", &["--authority", "serge"]).code, 2);
    assert_eq!(place.run("out", "state", &[]).code, 0);
    let tree = place.tree("out");

    // The secrets are gone; what comes next must not be hashed with other ones.
    fs::rename(place.path("state/bridge-ip-secrets"), place.path("kept")).expect("it is there");
    tarball(&place.0.path().join("in"), 2, &snapshot(2, ""));
    let lost = place.run("out", "state", &["--format", "json"]);
    assert_eq!(lost.code, 3, "{}", lost.stderr);
    assert!(
        lost.stdout.contains("\"lost_secrets\":[\"2026-03\"]") && lost.stdout.contains("\"no-secret\""),
        "{}",
        lost.stdout
    );
    assert_eq!(fs::read(place.path("state/bridge-ip-secrets")).expect("it was made"), b"");
    let grown = place.tree("out");
    let new: Vec<_> = grown.keys().filter(|name| !tree.contains_key(*name)).collect();
    assert!(new.iter().all(|name| name.contains("/extra-infos/")), "{new:?}");

    // Found again, the quarantine gives back everything.
    fs::rename(place.path("kept"), place.path("state/bridge-ip-secrets")).expect("it is there");
    let (out, secrets) = (place.path("out"), place.path("state/bridge-ip-secrets"));
    let back = run(&["sanitize", "retry", "--out", &out, "--secrets", &secrets]);
    assert_eq!(back.code, 0, "{}{}", back.stdout, back.stderr);
    copy_secrets(&place);
    assert_eq!(place.run("out2", "state2", &[]).code, 0);
    assert_eq!(place.tree("out"), place.tree("out2"));
    assert!(place.tree("state/quarantine").is_empty());
}

#[test]
fn pools_and_web_logs_are_reported_in_all_forms() {
    let place = Place::new(0);
    let write = |name: &str, text: &str| {
        let path = place.0.path().join("in").join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
        fs::write(path, text).expect("it is writable");
    };
    let (header, fingerprint) = ("bridge-pool-assignment 2026-03-01 00:00:00", "1".repeat(40));
    write("assignments.log", &format!("{header}\n{fingerprint} email\n{fingerprint} never-heard-of=1\n"));
    let [input, out, state, metrics] = ["in", "out", "state", "metrics"].map(|name| place.path(name));
    let more = ["--out", &out, "--state", &state, "--metrics", &metrics, "--format", "json"];
    let json = |what: &str, code: i32| {
        let run = run(&[&["sanitize", what, &input][..], &more].concat());
        assert_eq!(run.code, code, "{}", run.stderr);
        serde_json::from_str::<serde_json::Value>(&run.stdout).expect("JSON")
    };
    let report = json("pools", 3);
    assert_eq!((&report["written"], &report["refused"][0]["count"]), (&1.into(), &1.into()));
    let figures = fs::read_to_string(&metrics).expect("it was written");
    assert!(figures.contains("tordesc_sanitize_pools_assignments{result=\"written\"} 1\n"), "{figures}");
    assert!(figures.contains("tordesc_sanitize_pools_refused{keyword="), "{figures}");

    let secrets = place.path("state/bridge-ip-secrets");
    let retried = run(&["sanitize", "retry", "--out", &out, "--secrets", &secrets, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&retried.stdout).expect("JSON");
    assert_eq!((retried.code, &report["pools"]["read"]), (3, &1.into()));

    for day in 1..=5 {
        let time = format!("0{day}/Mar/2026:01:02:03 +0000");
        let line = format!("1.2.3.4 - - [{time}] \"GET /a HTTP/1.1\" 200 5 \"-\" \"-\"\n");
        write(&format!("web1/a.example-access.log-2026030{day}"), &(line + "nonsense\n"));
    }
    let report = json("weblogs", 0);
    assert_eq!((&report["lines"], &report["unpublished"]["syntax"]), (&10.into(), &5.into()));
    assert_eq!(report["written"].as_array().map(Vec::len), Some(2));
    let figures = fs::read_to_string(&metrics).expect("it was written");
    assert!(figures.contains("tordesc_sanitize_weblogs_days{result=\"written\"} 2\n"), "{figures}");
    assert!(figures.contains("tordesc_sanitize_weblogs_unpublished{reason=\"leak\"} 0\n"), "{figures}");
}

#[test]
fn two_at_once_make_one_secret_a_month() {
    let place = Place::new(30);
    let mut children: Vec<_> = (0..4).map(|_| start(&place)).collect();
    let codes: Vec<_> = children.iter_mut().map(|child| child.wait().expect("it ends").code()).collect();
    assert!(codes.contains(&Some(0)) && codes.iter().all(|code| matches!(code, Some(0 | 1))), "{codes:?}");
    check_secrets(&place);
    copy_secrets(&place);
    assert_eq!(place.run("out2", "state2", &[]).code, 0);
    assert_eq!(place.tree("out"), place.tree("out2"));
}

fn start(place: &Place) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tordesc"));
    command.args(place.arguments("out", "state")).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the program starts")
}

fn check_secrets(place: &Place) {
    let text = fs::read_to_string(place.path("state/bridge-ip-secrets")).expect("it was made");
    let months: Vec<_> = text.lines().map(|line| &line[..7]).collect();
    let mut once = months.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(months.len(), once.len(), "{months:?}");
    assert_eq!(once, ["2026-02", "2026-03"]);
}

/// Kills the program at random instants of a run and starts it again, until one run comes to its end; that is done again
/// until there were enough kills. `TORDESC_KILLS` tells how many.
#[test]
fn killed_at_any_instant_the_trees_are_those_of_an_undisturbed_run() {
    let wanted: u32 = std::env::var("TORDESC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let (mut kills, mut random) = (0, common::Random::default());
    // How many kills found files under their names, or waiting for them, and no tarball marked as done.
    let (mut amid, mut longest) = (0, Duration::ZERO);
    while kills < wanted {
        let place = Place::new(100);
        if longest.is_zero() {
            fs::create_dir(place.path("state0")).expect("it is writable");
            let began = std::time::Instant::now();
            assert_eq!(place.run("out0", "state0", &[]).code, 0);
            longest = began.elapsed();
        }
        loop {
            let began = std::time::Instant::now();
            let mut child = start(&place);
            let instant = longest.mul_f64(random.next());
            while began.elapsed() < instant && child.try_wait().expect("a child").is_none() {
                std::thread::sleep(Duration::from_micros(200));
            }
            if let Some(status) = child.try_wait().expect("a child") {
                assert_eq!(status.code(), Some(0));
                break;
            }
            child.kill().expect("a child");
            child.wait().expect("a child");
            kills += 1;
            let done =
                fs::read(place.path("state/parsed-bridge-directories")).is_ok_and(|text| !text.is_empty());
            amid += u32::from(!done && !place.tree("out").is_empty());
            for (name, bytes) in place.tree("out/bridge-descriptors/2026") {
                assert!(bytes.starts_with(b"@type bridge-") && bytes.ends_with(b"\n"), "half of {name}");
            }
            if kills >= wanted {
                assert_eq!(start(&place).wait().expect("a child").code(), Some(0));
                break;
            }
        }
        check_secrets(&place);
        copy_secrets(&place);
        assert_eq!(place.run("out2", "state2", &[]).code, 0);
        assert!(place.tree("out") == place.tree("out2"), "after {kills} kills");
        assert_eq!(
            place.tree("state/parsed-bridge-directories"),
            place.tree("state2/parsed-bridge-directories")
        );
    }
    println!("{kills} kills, {amid} of them amid the writing");
    assert!(amid > 0, "no kill came while files were written");
}
