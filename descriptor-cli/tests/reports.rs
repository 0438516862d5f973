//! `tordesc check`, `find` and `summary`.

mod common;

use common::{DESCRIPTOR, FINGERPRINT, broken, run, run_with, write};

/// The first bridge is the hashed fingerprint of `mars`, as sanitized documents have it.
const ASSIGNMENT: &str = "\
@type bridge-pool-assignment 1.0
bridge-pool-assignment 2024-12-16 14:00:00
8306c96272142c08dac61fa19c0878aa0724316e email transport=obfs4
1111111111111111111111111111111111111111 https ring=1
";

#[test]
fn a_problem_is_shown_with_its_line_in_the_file() {
    let text = format!("{DESCRIPTOR}{}", broken());
    let checked = run_with(&["check", "-"], text.as_bytes());
    assert_eq!(checked.code, 1);
    let line = DESCRIPTOR.lines().count() + 4;
    for part in [
        "error: published: time cannot be read".to_owned(),
        format!("--> -:{line}:1"),
        format!("{line} | published 2024-99-16 14:02:03"),
        "^^^^^^^^^".to_owned(),
        "dir-spec".to_owned(),
        "2 documents, 1 with 1 problem".to_owned(),
    ] {
        assert!(checked.stdout.contains(&part), "{part}: {}", checked.stdout);
    }
    assert!(!checked.stdout.contains('\x1b'));
    let always = run_with(&["--color", "always", "check", "-"], text.as_bytes());
    assert!(always.stdout.contains('\x1b'));
    let fine = run_with(&["check", "-"], DESCRIPTOR.as_bytes());
    assert_eq!((fine.code, fine.stdout.as_str()), (0, "1 document, nothing wrong\n"));
}

#[test]
fn problems_are_objects_for_programs_and_their_number_is_bounded() {
    let text = broken().repeat(50);
    let checked = run_with(&["check", "--format", "json", "--max", "7", "-"], text.as_bytes());
    let rows: Vec<serde_json::Value> =
        checked.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((checked.code, rows.len()), (1, 7));
    assert_eq!(rows[1]["line"], DESCRIPTOR.lines().count() as u64 + 4);
    assert_eq!((&rows[1]["keyword"], &rows[1]["column"]), (&"published".into(), &1.into()));
    let text = run_with(&["check", "--max", "7", "-"], text.as_bytes()).stdout;
    assert!(text.contains("50 documents, 50 with 50 problems, 7 shown and 43 left out (--max N"), "{text}");
}

#[test]
fn programs_are_told_all_problems_and_people_how_many_there_are() {
    let many = DESCRIPTOR.replace("accept *:80\n", &"accept nonsense\n".repeat(150));
    let json = run_with(&["check", "--format", "json", "-"], many.as_bytes()).stdout;
    assert_eq!(json.lines().count(), 150);
    let text = run_with(&["check", "-"], many.as_bytes()).stdout;
    assert_eq!(text.matches("error: ").count(), 10);
    assert!(text.contains("140 more in this document"), "{text}");
    assert!(text.contains("10 shown and 140 left out"), "{text}");
    let more = run_with(&["check", "--max", "120", "-"], many.as_bytes()).stdout;
    assert_eq!(more.matches("error: ").count(), 120);
    let few = run_with(&["check", "--max", "3", "--format", "json", "-"], many.as_bytes()).stdout;
    assert_eq!(few.lines().count(), 3);
}

#[test]
fn lines_are_counted_behind_blank_lines_of_any_kind() {
    let text = format!("{DESCRIPTOR}\n\n{}", broken()).replace('\n', "\r\n");
    let row = run_with(&["check", "--format", "json", "-"], text.as_bytes()).stdout;
    let rows: Vec<serde_json::Value> =
        row.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let at = DESCRIPTOR.lines().count() + 2 + 4;
    assert!(rows.iter().any(|row| row["keyword"] == "published" && row["line"] == at), "{row}");
}

#[test]
fn lines_are_counted_over_everything_that_was_read() {
    let text = format!("{}{}", DESCRIPTOR.repeat(20_000), broken());
    let checked = run_with(&["--threads", "4", "check", "--format", "json", "-"], text.as_bytes());
    let row: serde_json::Value = serde_json::from_str(checked.stdout.trim()).expect("one problem");
    assert_eq!(row["line"], DESCRIPTOR.lines().count() as u64 * 20_000 + 4);
}

#[test]
fn names_must_tell_the_digests_of_documents() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = run_with(&["parse", "-"], DESCRIPTOR.as_bytes()).stdout;
    let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
    let digest = row["digest"]["sha1"].as_str().expect("a digest").to_lowercase();
    let right = write(folder.path(), &format!("a/{digest}"), DESCRIPTOR.as_bytes());
    let wrong = write(folder.path(), &format!("b/{}", "0".repeat(40)), DESCRIPTOR.as_bytes());
    let name = "the file's name has another digest than the document";
    assert!(!run(&["check", "--verify", &right]).stdout.contains(name));
    let checked = run(&["check", "--verify", &wrong]);
    assert!(checked.code == 1 && checked.stdout.contains(name), "{}", checked.stdout);
    assert_eq!(run(&["check", &wrong]).code, 0);
}

/// A consensus whose weights and signing keys somebody has changed: none of the certificates fits any more.
#[test]
fn a_forged_consensus_does_not_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../descriptor-core/tests/data/verify");
    let (consensus, certs) = (data.join("consensus"), data.join("certificates"));
    let (consensus, certs) = (consensus.to_str().expect("UTF-8"), certs.to_str().expect("UTF-8"));
    let real = run(&["check", "--against", certs, consensus]);
    assert_eq!(real.code, 0, "{}", real.stdout);
    let text = std::fs::read_to_string(consensus).expect("the fixture");
    let forged: Vec<String> = text
        .lines()
        .map(|line| match line.split_once("directory-signature ") {
            Some((_, rest)) => {
                let key = rest.rsplit(' ').next().expect("a key");
                line.replace(key, &"0".repeat(40))
            }
            None => line.replace("Bandwidth=1", "Bandwidth=9"),
        })
        .collect();
    let forged = write(folder.path(), "forged", format!("{}\n", forged.join("\n")).as_bytes());
    for (args, code, what) in [
        (&["check", "--against", certs, &forged][..], 1, "for a majority of the authorities are not at hand"),
        (&["check", "--against", consensus, consensus], 1, "no key certificate and no server descriptor"),
        (&["check", "--verify", &forged], 0, "1 document unverified for want of a key"),
    ] {
        let checked = run(args);
        assert!(checked.code == code, "{args:?}: {}", checked.stdout);
        assert!(
            checked.stdout.contains(what) || checked.stderr.contains(what),
            "{}{}",
            checked.stdout,
            checked.stderr
        );
    }
}

#[test]
fn a_relay_is_found_by_anything_that_names_it() {
    let row = run_with(&["parse", "-"], DESCRIPTOR.as_bytes()).stdout;
    let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
    let digest = row["digest"]["sha1"].as_str().expect("a digest");
    let text = format!(
        "{DESCRIPTOR}{}",
        DESCRIPTOR
            .replace("mars", "venus")
            .replace("fingerprint 5707", "fingerprint FFFF")
            .replace("192.0.2.1 ", "192.0.2.7 ")
    );
    for (key, what) in [
        ("mars", "nickname"),
        ("MARS", "nickname"),
        ("192.0.2.1:9001", "router"),
        ("192.0.2.1", "router"),
        (&FINGERPRINT.to_lowercase(), "fingerprint"),
        ("$5707 A342 6CF5 90E4 F186 73CC 510F 45B9 6871 E6B0", "fingerprint"),
        ("VwejQmz1kOTxhnPMUQ9FuWhx5rA", "fingerprint"),
        (digest, "its SHA-1"),
    ] {
        let found = run_with(&["find", key, "--format", "json", "-"], text.as_bytes());
        let row: serde_json::Value = serde_json::from_str(found.stdout.trim()).expect(key);
        assert_eq!((found.code, &row["matched"]), (0, &what.into()), "{key}");
        assert_eq!(row["time"], "2024-12-16T14:02:03Z");
    }
    let raw = run_with(&["find", "mars", "--raw", "-"], text.as_bytes());
    assert_eq!(raw.stdout, DESCRIPTOR);
    assert_eq!(run_with(&["find", "nobody", "-"], text.as_bytes()).code, 1);
    assert_eq!(run_with(&["find", "192.0.2.1:80", "-"], text.as_bytes()).code, 1);
    assert_eq!(run_with(&["find", "no such key!", "-"], text.as_bytes()).code, 2);
}

#[test]
fn a_bridge_is_found_by_its_own_fingerprint_and_time_gives_the_order() {
    let found = run_with(&["find", FINGERPRINT, "-"], ASSIGNMENT.as_bytes());
    assert_eq!(found.code, 0);
    assert!(found.stdout.contains("bridge-pool-assignment  fingerprint, hashed  -:76"), "{}", found.stdout);
    let later = DESCRIPTOR.replace("2024-12-16", "2025-01-01");
    let found = run_with(&["find", "mars", "-"], format!("{later}{DESCRIPTOR}{later}").as_bytes());
    let lines: Vec<_> = found.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", found.stdout);
    assert!(lines[0].starts_with("2024-12-16") && lines[1].starts_with("2025-01-01"));
    assert!(lines[1].ends_with("and in 1 further place"), "{}", lines[1]);
    assert!(found.stderr.contains("2 documents, 3 with copies"), "{}", found.stderr);
}

#[test]
fn a_summary_counts_and_says_what_is_wrong() {
    let text = format!("{DESCRIPTOR}{}", broken());
    let shown = run_with(&["summary", "-"], text.as_bytes());
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for part in
        ["2 documents", "server-descriptor", "2024-12-16 14:02", "0.4.8", "published: time cannot be read"]
    {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert!(!shown.stdout.contains('\x1b'));
    let json = run_with(&["summary", "--format", "json", "-"], text.as_bytes());
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&json["documents"], &json["with_problems"]), (&2.into(), &1.into()));
    assert_eq!(json["types"][0]["type"], "server-descriptor");
    assert_eq!(json["platforms"]["0.4.8"], 2);
}

#[test]
fn a_summary_counts_unknown_pairs_by_name_and_tells_unknown_types() {
    let file = "@type bandwidth-file 1.0\n1584867652\nversion=1.5.0\n=====\n";
    let line = |number: u32| format!("bw=1 nick=a node_id=${FINGERPRINT} newkey={number}\n");
    let text = format!("{file}{}{}", line(1), line(2));
    let shown = run_with(&["summary", "-"], text.as_bytes());
    assert!(shown.stdout.contains("newkey (2)"), "{}", shown.stdout);
    let unknown = format!("{DESCRIPTOR}@type unheard-of 1.0\nrubbish\n");
    assert_eq!(run_with(&["summary", "-"], unknown.as_bytes()).code, 3);
    assert_eq!(run_with(&["summary", "-"], b"@type unheard-of 1.0\nrubbish\n").code, 1);
}

#[test]
fn damage_is_told_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tar = tar::Builder::new(liblzma::write::XzEncoder::new(Vec::new(), 1));
    for name in ["a", "b"] {
        // What does not repeat fills several blocks.
        let mut random = common::Random::default();
        let noise: String = (0..200_000).map(|_| char::from(b'a' + (random.next() * 26.0) as u8)).collect();
        let text = format!("{DESCRIPTOR}@noise {noise}\n");
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).expect("a vector takes all");
    }
    let mut bytes = tar.into_inner().and_then(|xz| xz.finish()).expect("a vector takes all");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    let damaged = write(folder.path(), "damaged.tar.xz", &bytes);
    let said = run(&["parse", "-f", "nickname", &damaged]).stderr;
    assert!(said.contains("lzma data error") && !said.contains("internal error"), "{said}");
}
