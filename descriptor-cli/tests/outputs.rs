//! Files that the program writes: whole or not at all, whatever stands in their place, compressed as their names tell.

#![cfg(unix)]

mod common;

use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::symlink, net::UnixListener},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use common::{DESCRIPTOR, program, run, run_with, write};

/// The names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_pipe_or_socket_is_written_to_and_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = write(folder.path(), "in", DESCRIPTOR.as_bytes());
    let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let read = |path: &Path| {
        let path = path.to_owned();
        thread::spawn(move || fs::read(path).expect("a pipe"))
    };
    let rows = read(&pipe);
    assert_eq!(run(&["parse", &input, "-o", text(&pipe)]).code, 0);
    assert!(rows.join().expect("a reader").starts_with(br#"{"type":"server-descriptor""#));
    let packed = read(&pipe);
    let repacked = run(&["repack", &input, text(&pipe), "--force"]);
    assert_eq!(repacked.code, 0, "{}", repacked.stderr);
    assert!(packed.join().expect("a reader").starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));

    let listener = UnixListener::bind(&socket).expect("a socket");
    let rows = thread::spawn(move || {
        let mut rows = String::new();
        listener.accept().expect("a connection").0.read_to_string(&mut rows).expect("rows");
        rows
    });
    assert_eq!(run(&["parse", &input, "-o", text(&socket), "--format", "csv"]).code, 0);
    assert!(rows.join().expect("a reader").starts_with("type,source"));
    assert_eq!(names(folder.path()), ["in", "pipe", "socket"]);
    assert!(!pipe.is_file() && !socket.is_file());
}

#[test]
fn a_link_is_followed_and_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let input = write(folder.path(), "in", DESCRIPTOR.as_bytes());
    fs::create_dir(at("other")).expect("a folder");
    symlink("other/real", at("link")).expect("a link");
    let (link, real) = (at("link"), at("other/real"));
    // The first makes the file, the others replace it.
    for arguments in [
        &["parse", &input, "--format", "csv", "-o", text(&link)][..],
        &["parse", &input, "-o", text(&link)],
        &["repack", &input, text(&link), "--force"],
        &["parse", &input, "--history", text(&link)],
    ] {
        fs::write(&real, "").expect("a file");
        assert_eq!(run(arguments).code, 0, "{arguments:?}");
        assert!(link.is_symlink() && fs::metadata(&real).expect("a file").len() > 0, "{arguments:?}");
        assert_eq!(names(&at("other")), ["real"]);
    }
    fs::remove_file(&real).expect("a file");
    assert_eq!(run(&["parse", &input, "-o", text(&link)]).code, 0);
    assert!(link.is_symlink() && real.is_file());
}

#[test]
fn a_minus_is_standard_output_and_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = write(folder.path(), "in", DESCRIPTOR.as_bytes());
    let mut packed = program(&["repack", &input, "-"]);
    let packed = packed.current_dir(folder.path()).output().expect("the program ends");
    assert!(packed.status.success());
    assert_eq!(zstd::decode_all(&packed.stdout[..]).expect("zstd"), DESCRIPTOR.as_bytes());
    let again = folder.path().join("again.zst");
    assert_eq!(run_with(&["repack", "-", text(&again)], &packed.stdout).code, 0);
    let again = fs::read(again).expect("a file");
    assert_eq!(zstd::decode_all(&again[..]).expect("zstd"), DESCRIPTOR.as_bytes());
    assert_eq!(names(folder.path()), ["again.zst", "in"]);
}

#[test]
fn what_a_killed_run_left_goes_with_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("rows.jsonl");
    let mut killed = program(&["parse", "-", "-o", text(&out)]).spawn().expect("the program starts");
    let mut stdin = killed.stdin.take().expect("a pipe");
    stdin.write_all(DESCRIPTOR.as_bytes()).expect("a pipe");
    let began = Instant::now();
    while names(folder.path()).is_empty() && began.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(5));
    }
    // While it is being written, it stays.
    assert_eq!(run_with(&["parse", "-", "-o", text(&out)], DESCRIPTOR.as_bytes()).code, 0);
    assert_eq!(names(folder.path()).len(), 2);
    killed.kill().expect("a child");
    killed.wait().expect("a child");
    assert_eq!(names(folder.path()).len(), 2);
    assert_eq!(run_with(&["parse", "-", "-o", text(&out)], DESCRIPTOR.as_bytes()).code, 0);
    assert_eq!(names(folder.path()), ["rows.jsonl"]);
}

#[test]
fn names_tell_format_and_compression() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = write(folder.path(), "in", DESCRIPTOR.as_bytes());
    let (csv, json, parquet) = ("type,source,", r#"{"type":"server-descriptor""#, "PAR1");
    for (name, options, magic, begins) in [
        ("a.csv", &[][..], &b"type"[..], csv),
        ("a.csv.gz", &[], &[0x1f, 0x8b], csv),
        ("a.jsonl.zst", &[], &[0x28, 0xb5, 0x2f, 0xfd], json),
        ("a.json.xz", &[], b"\xfd7zXZ", json),
        ("a.csv.bz2", &[], b"BZh", csv),
        ("a.parquet.gz", &[], &[0x1f, 0x8b], parquet),
        ("a.csv.gz", &["--format", "jsonl"], &[0x1f, 0x8b], json),
        ("a.gz", &[], &[0x1f, 0x8b], json),
        ("a.txt", &[], b"{", json),
    ] {
        let path = folder.path().join(name);
        let parsed = run(&[&["parse", &input, "-o", text(&path)], options].concat());
        assert_eq!(parsed.code, 0, "{name}: {}", parsed.stderr);
        let bytes = fs::read(&path).expect("a file");
        assert!(bytes.starts_with(magic), "{name}");
        let plain = match path.extension().and_then(|it| it.to_str()) {
            Some("gz" | "zst" | "xz" | "bz2") => {
                let repacked = program(&["repack", text(&path), "-"]).output().expect("the program ends");
                zstd::decode_all(&repacked.stdout[..]).expect("zstd")
            }
            _ => bytes,
        };
        assert!(plain.starts_with(begins.as_bytes()), "{name}");
    }
}

#[test]
fn a_table_without_rows_has_its_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = write(folder.path(), "in", DESCRIPTOR.as_bytes());
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    let stale = |name: &str| write(folder.path(), name, b"stale");
    let typed = ["parse", &input, "-t", "extra-info", "-f", "nickname", "-o"];
    for (name, begins) in [
        ("a.csv", "type,source,offset,digest_sha1,digest_sha256,nickname\n"),
        ("a.parquet", "PAR1"),
        ("a.jsonl", ""),
    ] {
        let path = stale(name);
        assert_eq!(run(&[&typed[..], &[&path]].concat()).code, 0, "{name}");
        let bytes = fs::read(&path).expect("a file");
        assert!(bytes.starts_with(begins.as_bytes()) && !bytes.starts_with(b"stale"), "{name}");
    }
    let empty = write(folder.path(), "empty", b"");
    assert_eq!(run(&["parse", &empty, "-o", &at("b.csv")]).code, 0);
    assert_eq!(fs::read(at("b.csv")).expect("a file"), b"");
    let nothing = run(&["parse", &empty, "-o", &at("b.parquet")]);
    assert_eq!(nothing.code, 1);
    assert!(nothing.stderr.contains("--type"), "{}", nothing.stderr);
    assert!(!folder.path().join("b.parquet").exists());
    let old = run(&["parse", &empty, "-o", &stale("c.parquet")]);
    assert_eq!(old.code, 1);
    assert!(old.stderr.contains("c.parquet: stays as it was"), "{}", old.stderr);
}

#[test]
fn folders_and_patterns_are_repacked_below_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["in/a/month.tgz", "in/b/month.xz", "in/b/c/x"] {
        write(folder.path(), name, DESCRIPTOR.as_bytes());
    }
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    let repacked = run(&["repack", &at("in"), "-o", &at("1")]);
    assert_eq!(repacked.code, 0, "{}", repacked.stderr);
    let made = |out: &str| common::tree(&folder.path().join(out)).into_keys().collect::<Vec<_>>();
    assert_eq!(made("1"), ["/a/month.tar.zst", "/b/c/x.zst", "/b/month.zst"]);
    assert_eq!(run(&["repack", &at("in/*/month*"), &at("in/b/c/x"), "-o", &at("2")]).code, 0);
    assert_eq!(made("2"), ["/a/month.tar.zst", "/b/month.zst", "/x.zst"]);
    assert_eq!(run(&["repack", &at("none*"), "-o", &at("3")]).code, 1);
}

/// On a terminal, what prints little or at the end shows how far it is. `script` is the terminal.
#[test]
fn progress_is_shown_on_a_terminal() {
    if Command::new("script").arg("--version").output().is_err() {
        return eprintln!("skipped: no program `script`");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let input = write(folder.path(), "in", DESCRIPTOR.as_bytes());
    let program = env!("CARGO_BIN_EXE_tordesc");
    let shown = |verb: &str, options: &str| {
        let piped = format!("(cat {input}; sleep 0.7) | {program} {verb} - {options}");
        let ran =
            Command::new("script").args(["-qec", &piped, "/dev/null"]).current_dir(folder.path()).output();
        String::from_utf8_lossy(&ran.expect("script").stdout).contains("B/s")
    };
    for (verb, options) in [
        ("check", ""),
        ("summary", ""),
        ("find mars", ""),
        ("repack", "out.zst --force"),
        ("parse", "-o rows"),
    ] {
        assert!(shown(verb, options), "{verb}");
    }
    assert!(!shown("parse", ""));
    assert!(!shown("check", "--no-progress"));
}
