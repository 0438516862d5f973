//! `tordesc collect` over what must be sanitized first: bridges, their pools, and web servers' logs.

mod common;

use std::{fs, path::Path};

use common::{
    originals::{ADDRESS, logs, pools},
    run, write,
};

const CONFIG: &str = "\
[relay]
active = false
[bridges]
inputs = [\"in/bridges\"]
authorities = [\"test=BA44A889E64B93FAA2B114E02C2A279A8555C533\"]
[bridge-pool-assignments]
inputs = [\"in/pools\"]
[web-logs]
inputs = [\"in/logs\"]
[archive]
# All of it is old, or will be.
recent-hours = 100000
";

/// A snapshot with a bridge of this number.
fn snapshot(folder: &Path, number: u32) {
    let fingerprint = format!("{number:040X}");
    let groups: Vec<_> = (0..10).map(|at| &fingerprint[4 * at..4 * at + 4]).collect();
    let text = format!(
        "router bridge{number} {ADDRESS} 9001 0 0\nplatform Tor 0.4.8.12 on Linux\n\
         published 2026-03-01 0{number}:00:00\nfingerprint {}\nuptime 7\nbandwidth 1 2 3\nreject *:*\n\
         router-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n",
        groups.join(" ")
    );
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o600);
    archive.append_data(&mut header, "bridge-descriptors", text.as_bytes()).expect("a vector takes all");
    let path = folder.join(format!("in/bridges/from-test-2026-03-01T0{number}1500Z.tar"));
    fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
    fs::write(path, archive.into_inner().expect("a vector takes all")).expect("it is writable");
}

/// The files below a folder, by path.
fn tree(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => files.push(path.strip_prefix(folder).expect("below").display().to_string()),
            }
        }
    }
    files.sort();
    files
}

#[test]
fn originals_come_out_sanitized_in_all_trees() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = folder.path();
    write(place, "tordesc.toml", CONFIG.as_bytes());
    snapshot(place, 1);
    pools(place, 2);
    logs(place);
    let config = place.join("tordesc.toml");
    let collect = || {
        let run = run(&["collect", "--config", config.to_str().expect("UTF-8")]);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    };
    collect();
    let (recent, count) = (place.join("indexed/recent"), |name: &str| {
        tree(&place.join(name)).iter().filter(|path| !path.starts_with('.')).count()
    });
    let descriptors = || -> String {
        let folder = recent.join("bridge-descriptors/server-descriptors");
        let read = |name: &String| fs::read_to_string(folder.join(name)).expect("text");
        tree(&folder).iter().map(read).collect()
    };
    // Of six days the oldest and the newest two wait.
    assert_eq!((count("out/webstats"), count("indexed/recent/webstats")), (3, 3));
    assert_eq!(
        (count("out/bridge-descriptors"), descriptors().matches("@type bridge-server").count()),
        (1, 1)
    );
    let assignment = recent.join("bridge-pool-assignments/2026-03-01-01-02-03");
    let lines = || fs::read_to_string(&assignment).expect("it is there").lines().count();
    assert_eq!(lines(), 4);
    assert!(count("indexed/archive") >= 3, "{:?}", tree(&place.join("indexed")));

    // Nothing new: nothing changes. Then a snapshot more, and the assignment has grown.
    let before = tree(&recent);
    collect();
    assert_eq!(tree(&recent), before);
    snapshot(place, 2);
    pools(place, 3);
    collect();
    assert_eq!((descriptors().matches("@type bridge-server").count(), lines()), (2, 5));

    // Made anew from out/, the view has the same documents.
    let held = descriptors();
    fs::remove_dir_all(&recent).expect("it is ours");
    let rebuilt = run(&["archive", "recent", place.to_str().expect("UTF-8"), "--hours", "100000"]);
    assert_eq!(rebuilt.code, 0, "{}{}", rebuilt.stdout, rebuilt.stderr);
    assert_eq!((descriptors().len(), lines()), (held.len(), 5));

    for name in ["out", "indexed", "stats"] {
        for path in tree(&place.join(name)) {
            let bytes = fs::read(place.join(name).join(&path)).expect("it is there");
            assert!(
                !bytes.windows(ADDRESS.len()).any(|window| window == ADDRESS.as_bytes()),
                "{name}/{path}"
            );
        }
    }
}
