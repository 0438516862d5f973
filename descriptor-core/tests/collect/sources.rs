//! Feeds, listings and other archives.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read, Write},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

use descriptor_core::{
    collect::{Client, Feed, Limits, Memory, Mirror, OnionPerf, Wanted},
    document::{Type, sha256},
};

use crate::{
    client, collect, common, patience,
    server::{Server, closed, sized, status},
};

const EXITS: &str = "ExitNode 63BA28370F543D175173E414D5450590D73E22DC\nPublished 2010-12-28 07:35:55\n\
    LastStatus 2010-12-28 08:10:11\nExitAddress 91.102.152.236 2010-12-28 07:10:30\n";

fn memory() -> Box<dyn Memory> {
    Box::new(Mutex::new(BTreeMap::new()))
}

fn base64(bytes: &[u8]) -> String {
    format!("{}=", sha256(bytes))
}

#[test]
fn a_feed_is_handed_on_once_for_each_version() {
    let server = Server::start(|asked| match asked.header("if-none-match") {
        Some(_) => status("304 Not modified"),
        None if asked.path == "/page" => closed(b"<html>down for maintenance</html>\n"),
        None if asked.path == "/exits" => sized(EXITS.as_bytes(), "ETag: \"1\"\r\n"),
        None => status("404 no"),
    });
    let feed = |path: &str| {
        Feed::new("exits", &server.url(path), Type::ExitList, client(), patience()).with_memory(memory())
    };
    let exits = feed("/exits");
    let (deliveries, errors) = collect(&exits, &[Wanted::Anything]);
    assert_eq!((deliveries.len(), errors.len()), (1, 0), "{errors:?}");
    assert_eq!(
        (deliveries[0].kind, deliveries[0].bytes.as_slice()),
        (Some(Type::ExitList), EXITS.as_bytes())
    );
    assert_eq!(collect(&exits, &[Wanted::Anything]), (vec![], vec![]), "it has not changed");
    let (deliveries, errors) = collect(&feed("/page"), &[Wanted::Anything]);
    assert_eq!(
        (deliveries[0].kind, errors[0].to_string().as_str()),
        (None, "exits: the answer is no tordnsel")
    );
    assert_eq!(collect(&feed("/gone"), &[Wanted::Anything]).1.len(), 1);
    assert_eq!(collect(&exits, &[Wanted::BandwidthFiles]), (vec![], vec![]), "it has no such thing");
}

#[test]
fn files_of_a_listing_are_fetched_once() {
    let mut packed = liblzma::write::XzEncoder::new(Vec::new(), 6);
    packed.write_all(b"{\"type\": \"onionperf\"}").unwrap();
    let packed = packed.finish().unwrap();
    let kept = packed.clone();
    let server = Server::start(move |asked| {
        match asked.path.as_str() {
        "/" => closed(
            b"<a href=\"op-51200-2019-01-30.tpf\">a</a><a href=\"2019-01-31.onionperf.analysis.json.xz\">b</a>\
              <a href=\"op-1-2019-01-31.tpf\">gone</a>",
        ),
        "/op-51200-2019-01-30.tpf" => closed(b"@type torperf 1.1\nSOURCE=op\n"),
        "/2019-01-31.onionperf.analysis.json.xz" => sized(&packed, ""),
        _ => status("404 no"),
    }
    });
    let host = OnionPerf::new(Some("op"), &server.url(""), client(), patience(), memory());
    let (deliveries, errors) = collect(&host, &[Wanted::Anything]);
    let kinds: Vec<_> = deliveries.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [Some(Type::OnionPerf), Some(Type::Torperf)]);
    assert_eq!(deliveries[0].bytes, kept, "it is kept as it came");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(collect(&host, &[Wanted::Anything]).0.is_empty());
}

#[test]
fn another_archive_is_followed_by_its_index() {
    let consensus = b"network-status-version 3\nvote-status consensus\n";
    let mut tarball = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(EXITS.len() as u64);
    tarball.append_data(&mut header, "exit-list-2010-12/28/x", EXITS.as_bytes()).unwrap();
    let tarball = tarball.into_inner().unwrap();
    let file = |name: &str, bytes: &[u8], digest: String| {
        format!(
            r#"{{"path":"{name}","size":{},"last_modified":"2016-09-20 13:02","sha256":"{digest}"}}"#,
            bytes.len()
        )
    };
    let index = format!(
        r#"{{"index_created":"2016-09-20 13:06","path":"https://x","directories":[
        {{"path":"archive","files":[{}]}},
        {{"path":"recent","directories":[{{"path":"exit-lists","files":[{},{},{}]}},
                                         {{"path":"torperf","files":[{}]}}]}}]}}"#,
        file("exit-list-2010-12.tar", &tarball, base64(&tarball)),
        file("1", EXITS.as_bytes(), base64(EXITS.as_bytes())),
        file("2", EXITS.as_bytes(), base64(b"something else")),
        file("3", consensus, base64(consensus)),
        file("x.tpf", b"x", base64(b"x")),
    );
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/index/index.json" => closed(index.as_bytes()),
        "/recent/exit-lists/1" | "/recent/exit-lists/2" => closed(EXITS.as_bytes()),
        "/recent/exit-lists/3" => closed(&consensus[..20]),
        "/archive/exit-list-2010-12.tar" => closed(&tarball),
        _ => status("404 no"),
    });
    let prefixes = vec!["recent/exit-lists/".to_owned(), "archive/".to_owned()];
    let mirror = Mirror::new("other", &server.url("/"), prefixes, client(), patience(), memory());
    let (deliveries, errors) = collect(&mirror, &[Wanted::Anything]);
    assert_eq!(deliveries.len(), 1, "tarballs need a folder");
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "other: recent/exit-lists/2: has another digest than the index says",
            "other: recent/exit-lists/3: has 20 bytes where the index says 47",
        ]
    );
    let scratch = tempfile::tempdir().unwrap();
    let mirror = mirror.with_scratch(scratch.path().into());
    let (deliveries, errors) = collect(&mirror, &[Wanted::Anything]);
    assert_eq!(
        (deliveries.len(), errors.len()),
        (1, 2),
        "what was delivered is not fetched again; {errors:?}"
    );
    assert_eq!(deliveries[0].kind, Some(Type::ExitList));
    assert_eq!(deliveries[0].bytes, EXITS.as_bytes());
    assert_eq!(deliveries[0].from, server.url("/archive/exit-list-2010-12.tar!exit-list-2010-12/28/x"));
    assert_eq!(scratch.path().read_dir().unwrap().count(), 0);
}

/// What CollecTor made of an archive, served again: its index is read, every file arrives, and none twice.
#[test]
fn an_archive_of_collector_is_taken_over_whole() {
    let Some(shared) = common::shared() else { return };
    let vectors = shared.join("vectors/collector");
    let packed = fs::read(vectors.join("inputs/index.tar.xz")).unwrap();
    let mut archive = tar::Archive::new(liblzma::read::XzDecoder::new(&packed[..]));
    let (mut files, mut links) = (BTreeMap::new(), Vec::new());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let path = format!("/{}", path.strip_prefix("indexed/").unwrap_or(&path));
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        match entry.link_name().unwrap() {
            // CollecTor lists what a link leads to, here a file outside of the archive.
            Some(target) => links.push((path, target.file_name().unwrap().display().to_string())),
            None if entry.header().entry_type().is_file() => {
                files.insert(path, bytes);
            }
            None => {}
        }
    }
    for (path, name) in links {
        let target = files.iter().find(|(path, _)| path.ends_with(&format!("/{name}"))).unwrap().1.clone();
        files.insert(path, target);
    }
    assert!(files.len() > 600, "{}", files.len());
    let index = fs::read(vectors.join("outputs/index/index.json.xz")).unwrap();
    let listed: serde_json::Value =
        serde_json::from_slice(&fs::read(vectors.join("outputs/index/index.json")).unwrap()).unwrap();
    let listed = listed.to_string().matches("\"sha256\"").count();

    let count = AtomicU32::new(0);
    let server = Server::start(move |asked| match files.get(&asked.path) {
        _ if count.fetch_add(1, SeqCst).is_multiple_of(10) => status("503 busy"),
        _ if asked.path == "/index/index.json.xz" => sized(&index, ""),
        Some(bytes) => sized(bytes, ""),
        None => status("404 no"),
    });
    let scratch = tempfile::tempdir().unwrap();
    let prefixes = vec!["recent/".to_owned(), "archive/".to_owned()];
    let mirror = Mirror::new(
        "collector",
        &server.url(""),
        prefixes,
        Client::new(Limits::default()),
        patience(),
        memory(),
    )
    .with_scratch(scratch.path().into());
    let (deliveries, errors) = collect(&mirror, &[Wanted::Anything]);
    assert_eq!(errors, [], "every digest fits");
    let came: BTreeSet<_> = deliveries.iter().filter_map(|it| it.from.split('!').next()).collect();
    assert_eq!(came.len(), listed);
    let asked = server.asked().len();
    assert_eq!(collect(&mirror, &[Wanted::Anything]), (vec![], vec![]), "nothing has changed");
    assert!(server.asked().len() - asked <= 2, "only the index is fetched");
}
