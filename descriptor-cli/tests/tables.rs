//! `tordesc convert`, `repack` and `parse --history`: what is written to disk.

mod common;

use std::path::Path;

use common::{DESCRIPTOR, run, write};

/// All files below a folder, as paths within it.
fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.push(path.strip_prefix(folder).expect("below").to_str().expect("UTF-8").to_owned());
            }
        }
    }
    all.sort();
    all
}

#[test]
fn tables_are_filed_by_type_and_month() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{DESCRIPTOR}{}", DESCRIPTOR.replace("2024-12-16", "2025-01-16"));
    let input = write(folder.path(), "in", text.as_bytes());
    let out = folder.path().join("out");
    let converted = run(&["convert", &input, "-o", out.to_str().expect("UTF-8")]);
    assert_eq!(converted.code, 0, "{}", converted.stderr);
    assert!(converted.stderr.contains("2 rows of 2 documents in 2 files"), "{}", converted.stderr);
    let made = files(&out);
    assert_eq!(
        made,
        [
            "type=server-descriptor/year=2024/month=12/part-00000.parquet",
            "type=server-descriptor/year=2025/month=01/part-00000.parquet"
        ]
    );
    let bytes = std::fs::read(out.join(&made[0])).expect("a table");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let one = folder.path().join("one.parquet");
    assert_eq!(run(&["parse", &input, "-o", one.to_str().expect("UTF-8")]).code, 0);
    assert!(std::fs::read(one).expect("a table").ends_with(b"PAR1"));
}

#[test]
fn a_repacked_file_reads_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = DESCRIPTOR.repeat(1000);
    let input = write(folder.path(), "month", text.as_bytes());
    let output = folder.path().join("month.zst");
    let out = output.to_str().expect("UTF-8");
    assert_eq!(run(&["repack", &input, out]).code, 0);
    assert!(std::fs::metadata(&output).expect("the file").len() < text.len() as u64 / 20);
    let rows = |path: &str| run(&["parse", "--fields", "nickname", path]).stdout.replace(path, "");
    assert_eq!(rows(&input), rows(out));
    let again = run(&["repack", &input, out]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(run(&["repack", "--force", &input, out]).code, 0);
    let to = folder.path().join("to");
    assert_eq!(run(&["repack", out, &input, "-o", to.to_str().expect("UTF-8")]).code, 3);
    assert_eq!(files(&to), ["month.zst"]);
    assert_eq!(run(&["repack", &input]).code, 2);
}

#[test]
fn what_was_read_before_is_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "in/a", DESCRIPTOR.as_bytes());
    let (input, history) = (folder.path().join("in"), folder.path().join("history"));
    let arguments = ["parse", "--history", history.to_str().expect("UTF-8"), input.to_str().expect("UTF-8")];
    assert_eq!(run(&arguments).stdout.lines().count(), 1);
    assert_eq!(run(&arguments).stdout, "");
    write(folder.path(), "in/b", DESCRIPTOR.as_bytes());
    let third = run(&arguments).stdout;
    assert_eq!(third.lines().count(), 1);
    assert!(third.contains("in/b"));
}

#[test]
fn nothing_is_converted_twice_without_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = write(folder.path(), "in", DESCRIPTOR.as_bytes());
    let later = write(folder.path(), "later", DESCRIPTOR.replace("2024-12-16", "2025-01-16").as_bytes());
    let (out, history) = (folder.path().join("out"), folder.path().join("history"));
    let (path, history) = (out.to_str().expect("UTF-8"), history.to_str().expect("UTF-8"));
    assert_eq!(run(&["convert", &input, "-o", path]).code, 0);
    let made = files(&out);
    let again = run(&["convert", &input, "-o", path]);
    assert_eq!((again.code, files(&out)), (2, made));
    assert!(again.stderr.contains("month=12: has tables already") && again.stderr.contains("--append"));
    assert_eq!(run(&["convert", &later, "-o", path]).code, 0);
    assert_eq!(run(&["convert", &input, "-o", path, "--append"]).code, 0);
    // What mktemp makes is a history of nothing.
    std::fs::write(history, "").expect("a file");
    assert_eq!(run(&["convert", &input, "-o", path, "--history", history]).code, 0);
    assert_eq!(files(&out).len(), 4);
    assert_eq!(run(&["convert", &input, "-o", path, "--history", history]).code, 0);
    assert_eq!(files(&out).len(), 4);
}
