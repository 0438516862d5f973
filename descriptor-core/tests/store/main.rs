//! The store against CollecTor's own outputs, a recorded network, and those who kill it.

#[path = "../common/mod.rs"]
mod common;
mod killed;
mod measured;
mod recorded;
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use common::{tree, unpack};
use descriptor_core::{
    collect::{
        Delivery,
        store::{Options, Store, Taken},
    },
    document::Type,
};
use world::{documents, layout, options, shared, take, time};

/// Takes a set's inputs in the order of their names and gives both trees.
fn compare(set: &str, kind: fn(&str) -> Option<Option<Type>>) {
    let (Some(vectors), Some(recording)) = (shared("vectors/collector"), shared("tornet/recording")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = layout(folder.path());
    // DIFFERENCE: CollecTor puts what it imports into recent/ however old it is, and cleans up by the age of the file.
    let store = Store::open(&layout, Options { recent: 1 << 30, ..options(&recording) }).expect("it is free");
    let mut all = Taken::default();
    for (name, bytes) in unpack(&vectors.join(format!("inputs/{set}.tar.xz")), "in/relay-descriptors/") {
        if let Some(kind) = kind(&name) {
            let received = time("2026-04-01 22:10:10");
            take(&store, &Delivery { kind, bytes, from: format!("in/{name}"), received }, &mut all);
        }
    }
    store.commit().expect("it is writable");
    println!("{set}: {all:?}");
    let expected = unpack(&vectors.join(format!("outputs/{set}.tar.xz")), "out/");
    let got = tree(&layout.out);
    let (mine, its): (BTreeSet<_>, BTreeSet<_>) = (got.keys().collect(), expected.keys().collect());
    let more: Vec<_> = mine.difference(&its).collect();
    let less: Vec<_> = its.difference(&mine).collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "only here: {more:#?}, only there: {less:#?}, {:#?}",
        all.problems
    );
    for (path, bytes) in &expected {
        if let Some(found) = got.get(path) {
            assert!(found == bytes, "{path}");
        }
    }
    // What a run appends comes in another order.
    let (recent, expected) = (
        tree(&folder.path().join("recent")),
        unpack(&vectors.join(format!("outputs/{set}.tar.xz")), "indexed/recent/"),
    );
    for below in [
        "server-descriptors",
        "extra-infos",
        "consensuses",
        "consensus-microdesc",
        "votes",
        "certs",
        "bandwidths",
    ] {
        let (mine, its) = (documents(&recent, below), documents(&expected, below));
        // CollecTor appends some documents twice.
        let only = |a: &BTreeMap<Vec<u8>, usize>, b: &BTreeMap<Vec<u8>, usize>| {
            a.keys().filter(|it| !b.contains_key(*it)).count()
        };
        assert_eq!((only(&mine, &its), only(&its, &mine)), (0, 0), "{set} {below}");
    }
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&recent), names(&expected));
}

#[test]
fn documents_from_a_folder_make_collectors_files() {
    let kind = |name: &str| {
        let kinds = [("/bandwidth/", Type::BandwidthFile), ("/micro/", Type::Microdescriptor)];
        Some(kinds.iter().find(|(part, _)| name.contains(part)).map(|(_, kind)| *kind))
    };
    compare("relay-local", kind);
}

#[test]
fn data_directories_make_collectors_files() {
    // As CollecTor, no microdescriptors and none of the consensuses that list them.
    let kind = |name: &str| {
        let file = name.rsplit('/').next().unwrap_or_default();
        let kinds = [
            ("cached-consensus", Type::Consensus),
            ("v3-status-votes", Type::Vote),
            ("cached-descriptors", Type::ServerDescriptor),
            ("cached-extrainfo", Type::ExtraInfo),
        ];
        kinds.iter().find(|(start, _)| file.starts_with(start)).map(|(_, kind)| Some(*kind))
    };
    compare("relay-cache", kind);
}

/// Whatever CollecTor has stored is stored under the same name with the same bytes when it is taken from there.
#[test]
fn files_of_collectors_trees_come_back_under_their_names() {
    let (Some(vectors), Some(recording)) = (shared("vectors/collector"), shared("tornet/recording")) else {
        return;
    };
    for set in ["bridge-known", "relay-local", "stats-modules", "webstats-nolimits"] {
        let archive = vectors.join(format!("outputs/{set}.tar.xz"));
        if !archive.is_file() {
            println!("skipped: no {}", archive.display());
            continue;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let layout = layout(folder.path());
        let store = Store::open(&layout, options(&recording)).expect("it is free");
        let (mut all, expected) = (Taken::default(), unpack(&archive, "out/"));
        for (path, bytes) in &expected {
            let (kind, received) = (Type::of_file_name(path), time("2026-04-01 23:30:00"));
            take(
                &store,
                &Delivery { kind, bytes: bytes.clone(), from: format!("out/{path}"), received },
                &mut all,
            );
        }
        store.commit().expect("it is writable");
        println!("{set}: {all:?}");
        drop(store);
        let got = tree(&layout.out);
        let (mine, its): (BTreeSet<_>, BTreeSet<_>) = (got.keys().collect(), expected.keys().collect());
        let (more, less): (Vec<_>, Vec<_>) =
            (mine.difference(&its).collect(), its.difference(&mine).collect());
        assert!(
            more.is_empty() && less.is_empty(),
            "{set}: only here: {more:#?}, only there: {less:#?}, {all:#?}"
        );
        assert!(got == expected, "{set}");
        // And a database that is gone comes back with all of them.
        fs::remove_file(layout.database()).expect("it is there");
        let store = Store::open(&layout, options(&recording)).expect("it is free");
        let note = format!("made anew from {} documents", expected.len());
        assert!(store.notes().iter().any(|it| it.contains(&note)), "{set}: {:?}", store.notes());
        let path = expected.keys().next().expect("a file");
        let (kind, received) = (Type::of_file_name(path), time("2026-04-01 23:30:00"));
        let again = Delivery { kind, bytes: expected[path].clone(), from: format!("out/{path}"), received };
        assert_eq!(store.take(&again).expect("it is writable").known, 1, "{path}");
    }
}

#[test]
fn what_is_false_is_kept_apart_with_its_reason() {
    let Some(recording) = shared("tornet/recording") else { return };
    let answers = world::answers(&recording);
    let find =
        |part: &str| answers.iter().find(|it| it.url.ends_with(part)).expect("it is recorded").delivery();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = layout(folder.path());
    let store = Store::open(&layout, options(&recording)).expect("it is free");
    let (mut all, consensus, keys) = (Taken::default(), find("/current/consensus"), find("/tor/keys/all"));
    let vote =
        answers.iter().find(|it| it.url.contains("/current/authority")).expect("it is recorded").delivery();
    let server = find("/tor/server/authority");
    let changed = |delivery: &Delivery, from: &[u8], to: &[u8]| {
        let at = memchr::memmem::find(&delivery.bytes, from).expect("it is there");
        let bytes = [&delivery.bytes[..at], to, &delivery.bytes[at + from.len()..]].concat();
        Delivery { bytes, ..delivery.clone() }
    };
    let cut = |delivery: &Delivery, length: usize| Delivery {
        bytes: delivery.bytes[..delivery.bytes.len() - length].to_vec(),
        ..delivery.clone()
    };
    for (delivery, counts) in [
        // Without certificates nothing can be said, unless it is cut off.
        (cut(&consensus, 30), [0, 0, 1]),
        (consensus.clone(), [0, 1, 0]),
        (cut(&vote, 1), [0, 0, 1]),
        (changed(&vote, b"\nw Bandwidth=", b"\nw Bandwidth=1"), [0, 0, 1]),
        (changed(&server, b"\nbandwidth ", b"\nbandwidth 1"), [0, 0, 1]),
        (changed(&consensus, b"\nknown-flags ", b"\nknown-flags Xx "), [0, 1, 0]),
        // Three certificates, and now the consensus that waited is judged: one copy is good, the other one is not.
        (keys.clone(), [4, 0, 1]),
        (changed(&consensus, b"\nknown-flags ", b"\nknown-flags Xx "), [0, 0, 0]),
        (Delivery { bytes: b"<html>busy</html>\n".to_vec(), ..consensus.clone() }, [0, 0, 1]),
    ] {
        let taken = store.take(&delivery).expect("it is writable");
        println!("{taken:?}");
        all.conflicts += taken.conflicts;
        assert_eq!([taken.new, taken.waiting, taken.refused], counts, "{}: {taken:?}", delivery.from);
    }
    assert_eq!(all.conflicts, 1, "the consensus with another flag is of the same hour");
    store.commit().expect("it is writable");
    drop(store);
    let apart = tree(&layout.state.join("rejected"));
    assert_eq!(apart.len() % 2, 0);
    assert!(apart.len() >= 12, "{:#?}", apart.keys());
    for (name, text) in apart.iter().filter(|(name, _)| name.ends_with(".json")) {
        let why: serde_json::Value = serde_json::from_slice(text).expect("JSON");
        assert!(!why["reason"].as_str().expect("a reason").is_empty(), "{name}");
    }
    assert!(tree(&layout.state.join("unverified")).is_empty());
    assert_eq!(tree(&layout.out).len(), 4);
}

#[test]
fn a_second_run_is_kept_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = layout(folder.path());
    let first = Store::open(&layout, Default::default()).expect("it is free");
    let second = Store::open(&layout, Default::default()).expect_err("it is in use");
    assert!(second.is_in_use(), "{second}");
    assert!(second.to_string().ends_with("in use by another run"), "{second}");
    drop(first);
    Store::open(&layout, Default::default()).expect("it is free again");
}

#[test]
fn bridges_that_are_not_sanitized_leave_no_trace() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = layout(folder.path());
    let store = Store::open(&layout, Default::default()).expect("it is free");
    let text = b"@purpose bridge\nrouter a 1.2.3.4 1 0 0\npublished 2026-04-01 00:00:00\nrouter-signature\n";
    let delivery = |bytes: &[u8]| Delivery {
        kind: None,
        bytes: bytes.to_vec(),
        from: "cached-descriptors".into(),
        received: time("2026-04-01 22:10:10"),
    };
    let taken = store.take(&delivery(text)).expect("it is writable");
    assert_eq!((taken.refused, taken.problems.len()), (1, 1));
    store.commit().expect("it is writable");
    let all = tree(folder.path());
    let found = all.iter().filter(|(_, bytes)| memchr::memmem::find(bytes, b"1.2.3.4").is_some()).count();
    assert_eq!((found, fs::exists(layout.state.join("rejected")).expect("a folder")), (0, false));
}
