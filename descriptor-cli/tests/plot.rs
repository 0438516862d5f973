//! `tordesc plot`: what it draws of documents, of what `tordesc stats` wrote, and of the website's files.

mod common;

use std::{fs, path::Path};

use common::run;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data");

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A run that must go well; what it printed.
fn plot(arguments: &[&str]) -> String {
    let done = run(&[&["plot"], arguments].concat());
    assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
    done.stdout
}

#[test]
fn documents_and_what_was_counted_of_them_give_the_same_drawing() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let counted = at("stats");
    assert_eq!(run(&["stats", DATA, "--out", text(&counted)]).code, 0);
    let from = ["--from", text(&counted)];

    let of_documents = plot(&["relayflags", DATA, "-o", "-"]);
    assert!(
        of_documents.starts_with("<svg ")
            && of_documents.contains("Number of relays with relay flags assigned")
    );
    let svg = at("flags.svg");
    plot(&[&["relayflags", "-o", text(&svg)][..], &from].concat());
    assert_eq!(fs::read_to_string(&svg).expect("a file"), of_documents);
    // The file of the graph alone is enough.
    let file = counted.join("graphs/relayflags.csv");
    assert_eq!(plot(&["relayflags", "--from", text(&file), "-o", "-"]), of_documents);

    let png = at("flags.png");
    plot(&[&["relayflags", "--width", "4", "--height", "2", "-o", text(&png)][..], &from].concat());
    let bytes = fs::read(&png).expect("a file");
    assert_eq!(&bytes[1..4], b"PNG");
    // Width and height stand in the first chunk.
    assert_eq!((&bytes[16..20], &bytes[20..24]), (&600_u32.to_be_bytes()[..], &300_u32.to_be_bytes()[..]));

    let all = at("all");
    plot(&[&["--all", "-o", text(&all)][..], &from].concat());
    let page = fs::read_to_string(all.join("index.html")).expect("a page");
    let drawn = fs::read_dir(&all).expect("a folder").count() - 1;
    assert!(drawn > 10, "{drawn}");
    assert_eq!(page.matches("<img ").count(), drawn);
    assert_eq!(fs::read_to_string(all.join("relayflags.svg")).expect("a file"), of_documents);

    let lines = plot(&[&["relayflags", "--flag", "Exit", "--flag", "Guard", "--spark"][..], &from].concat());
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[1].starts_with("Exit   min ") && lines[2].starts_with("Guard  min "), "{lines:#?}");

    let wrong = run(&[&["plot", "relayflags", "--flag", "Exits", "-o", "-"][..], &from].concat());
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("relayflags has no flag Exits; there are "), "{}", wrong.stderr);
    let early = run(&[&["plot", "relayflags", "--end", "1999-01-01", "-o", "-"][..], &from].concat());
    assert_eq!(
        (early.code, early.stderr.contains("has no data for these days")),
        (1, true),
        "{}",
        early.stderr
    );
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = text(folder.path());
    let told = |arguments: &[&str], code: i32, what: &str| {
        let done = run(&[&["plot"], arguments].concat());
        assert_eq!(done.code, code, "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(what), "{arguments:?}: {}", done.stderr);
    };
    told(&["networksiz", "--from", empty], 2, "no graph is called networksiz; did you mean networksize?");
    told(&["networksize"], 2, "nothing to draw");
    let counted = folder.path().join("stats");
    std::fs::create_dir_all(counted.join("modules")).expect("it is writable");
    told(&["networksize", text(&counted)], 2, "was written by `tordesc stats`; --from");
    told(&["networksize", "--from", empty], 1, "networksize is missing");
    told(&["networksize", "--from", "/nowhere"], 1, "no such file");
    told(&["networksize", "--from", empty, "-o", "x.pdf"], 1, "networksize is missing");
    told(&["--all", "--from", empty, "-o", empty], 1, "there is data for no graph");
    told(&["--all", "--from", empty, "-o", empty, "--country", "de"], 2, "cannot be used with");
    fs::write(folder.path().join("networksize.csv"), "date,relays,bridges\n2020-12-03,1\n").expect("a file");
    told(&["networksize", "--from", empty], 1, "networksize.csv: line 2: 2 fields in place of 3");
    fs::write(folder.path().join("networksize.csv"), "date,relays,bridges\n2020-12-03,1,2\n")
        .expect("a file");
    told(&["networksize", "--from", empty, "-o", "x.pdf"], 2, "x.pdf ends neither in .svg nor in .png");
}

#[test]
fn the_list_names_all_graphs_with_their_parameters() {
    let list = plot(&["--list"]);
    assert!(list.lines().count() > 45, "{list}");
    let users = list.lines().find(|line| line.starts_with("userstats-relay-country ")).expect("a line");
    assert!(users.ends_with("Directly connecting users  [--country all --events off]"), "{users}");
}
