//! Two at once, and a state that is damaged.

use std::{fs, path::Path, time::Duration};

use crate::{
    server::{Reply, Server},
    world::{Place, World},
};

/// The paths of the files below a folder that the program keeps for itself.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

#[test]
fn a_damaged_state_is_said_or_mended_and_costs_nothing() {
    let (world, folder) = (World::new(), tempfile::tempdir().expect("a folder"));
    let place = world.place(folder.path().join("place"));
    let run = place.collect();
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let expected = place.holds();
    let mut state = Vec::new();
    files(&place.path("stats"), &mut state);
    files(&place.path("indexed/index"), &mut state);
    state.sort();
    assert!(state.len() > 10, "{state:?}");
    let mut said = 0;
    for path in &state {
        for damage in [truncated, garbage, nothing] {
            let whole = fs::read(path).expect("it is there");
            fs::write(path, damage(&whole)).expect("it is writable");
            let run = place.collect();
            assert!(!run.stderr.contains("panicked"), "{}: {}", path.display(), run.stderr);
            if run.code != 0 {
                // It names the file, and once somebody has looked at it and removed it, all is well.
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let text = format!("{}{}", run.stdout, run.stderr);
                assert!(text.contains(&name), "{}: {text}", path.display());
                said += 1;
                fs::remove_file(path).expect("it is there");
                let run = place.collect();
                assert_eq!(run.code, 0, "{}: {}{}", path.display(), run.stdout, run.stderr);
            }
            place.holds().assert_same(&expected, &format!("{} was damaged", path.display()));
        }
    }
    println!("{} files damaged in three ways, {said} times it had to be said", state.len());
}

fn truncated(whole: &[u8]) -> Vec<u8> {
    whole[..whole.len() / 2].to_vec()
}

fn garbage(whole: &[u8]) -> Vec<u8> {
    (0..whole.len().max(100)).map(|at| (at * 167 % 251) as u8).collect()
}

fn nothing(_: &[u8]) -> Vec<u8> {
    Vec::new()
}

#[test]
fn a_damaged_database_is_said_and_kept() {
    let (world, folder) = (World::new(), tempfile::tempdir().expect("a folder"));
    let place = world.place(folder.path().join("place"));
    assert_eq!(place.collect().code, 0);
    fs::write(place.path("stats/store.sqlite"), garbage(&[0; 9000])).expect("it is writable");
    let run = place.collect();
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr.contains("the database was damaged and is made anew from the trees"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("store.sqlite.damaged"), "{}", run.stderr);
    assert_eq!(fs::read(place.path("stats/store.sqlite.damaged")).expect("it is kept"), garbage(&[0; 9000]));
}

#[test]
fn damaged_secrets_are_said_and_keep_no_relay_back() {
    let (world, folder) = (World::new(), tempfile::tempdir().expect("a folder"));
    let place = world.place(folder.path().join("place"));
    fs::create_dir(place.path("private")).expect("it is writable");
    let secrets = place.path("private/bridge-ip-secrets");
    fs::write(&secrets, "2026-03,half a secr").expect("it is writable");
    fs::set_permissions(&secrets, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");
    let run = place.collect();
    assert_eq!(run.code, 1, "{}{}", run.stdout, run.stderr);
    let what = "bridge-ip-secrets: line 1: not a month and a secret of 31, 50 or 83 bytes";
    assert!(run.stderr.contains(what), "{}", run.stderr);
    assert_eq!(fs::read_to_string(&secrets).expect("it is there"), "2026-03,half a secr");
    let held = |folder: &str| place.path("out").join(folder).exists();
    assert_eq!((held("relay-descriptors/server-descriptor"), held("bridge-descriptors")), (true, false));
    fs::remove_file(&secrets).expect("it is there");
    assert_eq!(place.collect().code, 0);
    assert!(held("bridge-descriptors"));
}

#[test]
fn a_damaged_index_of_another_archive_is_said() {
    for index in ["{\"index_created\":\"2026-03-31 23:00\",\"path\":\"https://", "\x00\u{fffd}garbage", "{}"]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(move |asked| match asked.path.ends_with("index.json") {
            true => crate::server::sized(index.as_bytes(), ""),
            false => crate::server::status("404 Not found"),
        });
        let text = format!("[relay]\nactive = false\n[mirrors]\nurls = [{:?}]\n", server.url("/"));
        fs::write(folder.path().join("tordesc.toml"), text).expect("it is writable");
        let run = Place::of(folder.path()).collect();
        assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("index: "), "{}", run.stdout);
    }
}

#[test]
fn a_second_one_is_sent_away_and_harms_nothing() {
    let (world, folder) = (World::new(), tempfile::tempdir().expect("a folder"));
    let place = world.place(folder.path().join("place"));
    // The first one waits for an authority that says nothing.
    let silent = Server::start(|_| Reply::Hang);
    let text = fs::read_to_string(place.path("tordesc.toml")).expect("it is there");
    let waits = text.replace(&world.authorities.address.to_string(), &silent.address.to_string());
    fs::write(place.path("tordesc.toml"), waits).expect("it is writable");
    let mut first = place.start();
    while silent.asked().is_empty() {
        assert!(first.try_wait().expect("a child").is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::write(place.path("tordesc.toml"), &text).expect("it is writable");
    let second = place.collect();
    assert_eq!(second.code, 1, "{}{}", second.stdout, second.stderr);
    assert!(second.stderr.contains("in use by another run"), "{}", second.stderr);
    assert!(place.run(&["status"]).stderr.is_empty(), "whoever looks is let in");
    first.kill().expect("a child");
    first.wait().expect("a child");
    let third = place.collect();
    assert_eq!(third.code, 0, "{}{}", third.stdout, third.stderr);
    let other = world.place(folder.path().join("other"));
    other.share_secrets(&place);
    assert_eq!(other.collect().code, 0);
    place.holds().assert_same(&other.holds(), "with a second one");
}
