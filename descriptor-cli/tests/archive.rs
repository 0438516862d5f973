//! `tordesc archive` from outside: what others read of it, and what is left when it is killed.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use common::run;

const OVER: &str = "2020-06-01 00:00:00";
const RUNNING: &str = "2020-03-30 00:00:00";
const TARBALL: &str =
    "indexed/archive/relay-descriptors/server-descriptors/server-descriptors-2020-03.tar.xz";
const VOTES: &str = "indexed/archive/relay-descriptors/votes/votes-2020-03.tar.xz";

/// Puts made-up descriptors into a tree; together they are too large to be compressed in one go each time.
fn put(root: &Path, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let mut seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            format!("{seed:016x}")
        };
        let digest = format!("{}{}{}", next(), next(), &next()[..8]);
        let mut text = format!(
            "@type server-descriptor 1.0\nrouter a 1.2.3.4 1 0 0\npublished 2020-03-{:02} 10:00:00\n",
            number % 28 + 1
        );
        let line = next();
        text.extend((0..1000).map(|_| format!("opt {line}{line}{line} {}\n", &next()[..2])));
        let folder = root.join(format!(
            "out/relay-descriptors/server-descriptor/2020/03/{}/{}",
            &digest[..1],
            &digest[1..2]
        ));
        fs::create_dir_all(&folder).expect("it is writable");
        fs::write(folder.join(&digest), &text).expect("it is writable");
        if number % 10 == 0 {
            let folder = root.join("out/relay-descriptors/vote/2020/03/01");
            fs::create_dir_all(&folder).expect("it is writable");
            let name = format!("2020-03-01-{:02}-00-00-vote-{digest}-{}", number % 24, digest.to_uppercase());
            let vote = "@type network-status-vote-3 1.0\nnetwork-status-version 3\nvote-status vote\nvalid-after 2020-03-01 10:00:00\n";
            fs::write(folder.join(name), format!("{vote}{number}\n")).expect("it is writable");
        }
    }
}

fn tarballs(root: &Path, now: &str) {
    let done = run(&["archive", "tarballs", root.to_str().expect("UTF-8"), "--now", now]);
    assert_eq!(done.code, 0, "{}", done.stderr);
}

/// All files below a folder with their bytes, without the state that says when what was written.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("it is readable") {
            let path = entry.expect("it is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).expect("it is readable");
                files.push((path.strip_prefix(folder).expect("it is below").to_owned(), bytes));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn tar_xz_and_stem_read_what_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    put(root, 0..80);
    tarballs(root, RUNNING);
    put(root, 80..100);
    tarballs(root, RUNNING);
    let path = root.join(TARBALL);
    let shown = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).arg(&path).stdin(Stdio::null()).output().ok()?;
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    match shown("xz", &["--robot", "--list"]) {
        // One stream of three blocks: two runs, and the end of the archive.
        Some(list) => assert!(list.contains("\nfile\t1\t3\t"), "{list}"),
        None => eprintln!("skipped: xz is not installed"),
    }
    match shown("tar", &["-tf"]) {
        Some(list) => assert_eq!(list.lines().count(), 100),
        None => eprintln!("skipped: tar is not installed"),
    }
    if let Some(python) = common::python_with_stem() {
        let code =
            "import sys, stem.descriptor\nprint(sum(1 for _ in stem.descriptor.parse_file(sys.argv[1])))";
        let read = Command::new(&python).args(["-c", code]).arg(&path).stdin(Stdio::null()).output();
        let read = read.expect("it starts");
        let (out, err) = (String::from_utf8_lossy(&read.stdout), String::from_utf8_lossy(&read.stderr));
        assert_eq!(out.trim(), "100", "{err}");
    }
    assert!(root.join(VOTES).exists());
}

#[test]
fn whoever_is_killed_ends_where_the_others_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let (calm, killed) = (folder.path().join("calm"), folder.path().join("killed"));
    for root in [&calm, &killed] {
        put(root, 0..100);
    }
    tarballs(&calm, OVER);
    let index = |root: &Path| {
        let root = root.to_str().expect("UTF-8");
        let done = run(&["archive", "index", root, "--now", OVER]);
        assert_eq!(done.code, 0, "{}", done.stderr);
    };
    index(&calm);
    let mut kills = 0;
    for (round, now) in [RUNNING, RUNNING, OVER, OVER].iter().enumerate() {
        for step in 0..3 {
            put(&killed, 0..100);
            let mut child = Command::new(env!("CARGO_BIN_EXE_tordesc"))
                .args(["archive", "tarballs", "--delete", "--keep-days", "80", "--now", now])
                .arg(&killed)
                .stderr(Stdio::null())
                .spawn()
                .expect("the program starts");
            std::thread::sleep(Duration::from_millis(7 + step * 67 + round as u64 * 13));
            kills += u32::from(child.try_wait().expect("it runs or ran").is_none());
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            // Whatever has its name is whole.
            let path = killed.join(TARBALL);
            if path.exists() {
                assert_eq!(run(&["summary", path.to_str().expect("UTF-8")]).code, 0);
            }
        }
    }
    assert!(kills > 0);
    put(&killed, 0..100);
    tarballs(&killed, RUNNING);
    tarballs(&killed, "2020-08-01 00:00:00");
    let archive = |root: &Path| tree(&root.join("indexed/archive"));
    assert!(archive(&killed) == archive(&calm));
    index(&killed);
    let done = run(&[
        "archive",
        "tarballs",
        killed.to_str().expect("UTF-8"),
        "--now",
        OVER,
        "--delete",
        "--keep-days",
        "1",
    ]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    // A day is kept, counted back from the newest document: those of the last two dates.
    assert_eq!(tree(&killed.join("out")).len(), 6);
}
