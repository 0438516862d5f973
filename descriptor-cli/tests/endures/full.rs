//! A disk that is full: the program says so, leaves nothing half, and goes on when there is room.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    common::{
        Run,
        originals::{snapshot, tarball},
        run, tree,
    },
    world::World,
};

/// Names the folder for a test that has its own mounts.
const FOLDER: &str = "TORDESC_TEST_MOUNTS";

/// How many sizes of disks are tried, from nearly nothing to more than enough.
const STEPS: u64 = 14;

/// Runs a test once more, where it may mount a small disk that nobody else sees and that is gone when it ends.
fn with_mounts(name: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let unshare = |command: &[&Path]| {
        let mut all = Command::new("unshare");
        all.args(["--user", "--map-root-user", "--mount"]).args(command).env(FOLDER, folder.path());
        all
    };
    let mount = unshare(&["mount", "-t", "tmpfs", "tmpfs"].map(Path::new)).arg(folder.path()).output();
    if !mount.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no small disk can be mounted here: {mount:?}");
        return;
    }
    let program = std::env::current_exe().expect("this program");
    let arguments = ["--exact", name, "--nocapture"].map(Path::new);
    let status = unshare(&[&program]).args(arguments).status().expect("it can be run");
    assert!(status.success(), "{status}");
}

/// A disk of a size that can be changed.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path, kib: u64) -> Self {
        fs::create_dir_all(folder).expect("it is writable");
        mount(&["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"], folder);
        Disk(folder.to_owned())
    }

    fn grow(&self) {
        mount(&["-o", "remount,size=256m"], &self.0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
    }
}

fn mount(arguments: &[&str], folder: &Path) {
    let status = Command::new("mount").args(arguments).arg(folder).status().expect("mount");
    assert!(status.success(), "{status}");
}

/// What a folder takes on a disk. Unit: KiB.
fn kib(folder: &Path) -> u64 {
    let output = Command::new("du").arg("-sk").arg(folder).output().expect("du");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

fn assert_says_so(run: &Run, kib: u64) {
    let says = |text: &str| run.stderr.contains(text);
    assert_eq!(run.code, 1, "{kib} KiB: {}{}", run.stdout, run.stderr);
    let full = ["no space left on device\n", "database or disk is full\n"];
    assert!(full.into_iter().any(says), "{kib} KiB: {}", run.stderr);
    assert!(!says("panicked"), "{}", run.stderr);
}

#[test]
fn a_full_disk_stops_collecting_and_room_lets_it_go_on() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return with_mounts("full::a_full_disk_stops_collecting_and_room_lets_it_go_on");
    };
    let world = World::new();
    let large = Disk::mount(&folder.join("large"), 256 << 10);
    let undisturbed = world.place(large.0.join("undisturbed"));
    let run = undisturbed.collect();
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let (expected, most) = (undisturbed.holds(), kib(&undisturbed.path("")));
    let (mut full, mut said) = (0, BTreeSet::new());
    for step in 1..=STEPS {
        let size = most * step / (STEPS - 2);
        let disk = Disk::mount(&folder.join(step.to_string()), size);
        let place = world.place(disk.0.join("place"));
        place.share_secrets(&undisturbed);
        let run = place.collect();
        if run.code != 0 {
            full += 1;
            assert_says_so(&run, size);
            said.insert(run.stderr.replace(&disk.0.display().to_string(), ""));
            place.check_nothing_is_half(&expected);
            // It is still full.
            assert_says_so(&place.collect(), size);
            place.check_nothing_is_half(&expected);
            disk.grow();
            let run = place.collect();
            assert_eq!(run.code, 0, "{size} KiB: {}{}", run.stdout, run.stderr);
        }
        place.holds().assert_same(&expected, &format!("{size} of {most} KiB"));
    }
    println!("{full} of {STEPS} disks were full: {said:#?}");
    assert!((STEPS / 2..STEPS).contains(&full), "{full} of {STEPS} disks were full");
}

#[test]
fn a_full_disk_stops_sanitizing_and_room_lets_it_go_on() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return with_mounts("full::a_full_disk_stops_sanitizing_and_room_lets_it_go_on");
    };
    let input = folder.join("in");
    fs::create_dir(&input).expect("it is writable");
    (0..30).for_each(|hour| drop(tarball(&input, hour, &snapshot(hour, ""))));
    let sanitize = |root: &Path| {
        let [out, secrets] =
            ["out", "state/bridge-ip-secrets"].map(|name| root.join(name).display().to_string());
        run(&["sanitize", "bridges", &input.display().to_string(), "--out", &out, "--secrets", &secrets])
    };
    let large = Disk::mount(&folder.join("large"), 256 << 10);
    let whole = large.0.join("undisturbed");
    fs::create_dir_all(whole.join("state")).expect("it is writable");
    assert_eq!(sanitize(&whole).code, 0);
    let (expected, most) = (tree(&whole.join("out")), kib(&whole));
    let mut full = 0;
    for step in 1..=STEPS {
        let size = most * step / (STEPS - 2);
        let disk = Disk::mount(&folder.join(step.to_string()), size);
        fs::create_dir(disk.0.join("state")).expect("a folder takes no room");
        // Some with secrets that are there, the others have to make them.
        if step % 2 == 0 {
            let name = "state/bridge-ip-secrets";
            fs::copy(whole.join(name), disk.0.join(name)).expect("a page is free");
        }
        let run = sanitize(&disk.0);
        if run.code != 0 {
            full += 1;
            assert_says_so(&run, size);
            let half = tree(&disk.0.join("out"));
            let whole_files = |bytes: &[u8]| bytes.starts_with(b"@type bridge-") && bytes.ends_with(b"\n");
            assert!(
                half.iter().filter(|(path, _)| !path.contains("/.")).all(|(_, bytes)| whole_files(bytes))
            );
            assert_says_so(&sanitize(&disk.0), size);
            disk.grow();
            let run = sanitize(&disk.0);
            assert_eq!(run.code, 0, "{size} KiB: {}{}", run.stdout, run.stderr);
        }
        let got = tree(&disk.0.join("out"));
        assert!(got.keys().eq(expected.keys()), "{size} KiB");
        assert!(step % 2 == 1 || got == expected, "{size} KiB");
        let secrets = fs::read_to_string(disk.0.join("state/bridge-ip-secrets")).expect("it was made");
        assert_eq!(secrets.lines().count(), 2);
    }
    println!("{full} of {STEPS} disks were full");
    assert!((STEPS / 2..STEPS).contains(&full), "{full} of {STEPS} disks were full");
}
