//! The program from outside: exit codes, what goes where, and what it generates.

mod common;

use common::{DESCRIPTOR, run, run_with};

#[test]
fn usage_errors_exit_with_2_and_suggest() {
    for arguments in [
        &["no-such-verb"][..],
        &["parse"],
        &["parse", "--no-such-flag", "x"],
        &["schema", "server-descripter"],
        &["parse", "--threads", "0", "x"],
    ] {
        assert_eq!(run(arguments).code, 2, "{arguments:?}");
    }
    assert!(run(&["schema", "server-descripter"]).stderr.contains("exists: 'server-descriptor'"));
    let consensu = run(&["parse", "-t", "consensu", "x"]).stderr;
    assert!(consensu.contains("exists: 'consensus'") && consensu.contains(" vote,"), "{consensu}");
    assert_eq!(run(&["help", "parse"]).stdout, run(&["parse", "--help"]).stdout);
    assert_eq!(run(&["--help"]).code, 0);
    assert!(run(&["--version"]).stdout.starts_with("tordesc "));
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let made = run(&["completions", shell]);
        assert_eq!(made.code, 0);
        assert!(made.stdout.contains("repack"), "{shell}");
        assert!(made.stdout.contains("no-progress"), "{shell}");
    }
}

#[test]
fn a_manual_page_is_made_for_every_verb() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("man");
    assert_eq!(run(&["man", "-o", path.to_str().expect("UTF-8")]).code, 0);
    for name in ["tordesc.1", "tordesc-parse.1", "tordesc-check.1", "tordesc-repack.1", "tordesc-find.1"] {
        let page = std::fs::read_to_string(path.join(name)).expect(name);
        assert!(page.contains(".TH") && page.contains("SYNOPSIS"), "{name}");
    }
    assert!(run(&["man"]).stdout.contains("tordesc"));
    // Whatever a page refers to is there.
    let mut seen = 0;
    for entry in std::fs::read_dir(&path).expect("a folder") {
        let page = std::fs::read_to_string(entry.expect("an entry").path()).expect("a page");
        for line in page.lines() {
            if let Some(name) = line.trim_start_matches(".TP").strip_suffix("(1)") {
                let name = name.replace('\\', "");
                assert!(path.join(format!("{name}.1")).exists(), "{name}");
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "{seen} references");
}

#[test]
fn the_types_are_listed_without_colours_in_a_pipe_and_with_them_if_asked() {
    let plain = run(&["schema"]);
    assert_eq!(plain.code, 0);
    assert!(plain.stdout.contains("network-status-consensus-3") && !plain.stdout.contains('\x1b'));
    assert!(run(&["schema", "--color", "always"]).stdout.contains('\x1b'));
    assert!(!run(&["schema", "--color", "never"]).stdout.contains('\x1b'));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let many = DESCRIPTOR.repeat(5000);
    for arguments in [&["parse", "-"][..], &["parse", "--format", "csv", "-"], &["schema"], &["man"]] {
        let left = common::run_to_closed_pipe(arguments, many.as_bytes());
        assert_eq!((left.code, left.stderr.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn what_is_not_there_is_said_in_one_line() {
    let missing = run(&["parse", "/no/such/file"]);
    assert_eq!(missing.code, 1);
    assert_eq!(missing.stderr, "tordesc: /no/such/file: no such file or directory\n");
    assert_eq!(run(&["-qq", "parse", "/no/such/file"]).stderr, "");
    let out = run_with(&["parse", "-", "-o", "/no/such/folder/out"], DESCRIPTOR.as_bytes());
    assert_eq!(out.code, 1);
    assert!(out.stderr.contains("/no/such/folder/out: no such file or directory"), "{}", out.stderr);
}
