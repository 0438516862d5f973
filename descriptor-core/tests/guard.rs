//! The guard over what CollecTor made of real and made-up bridges: it finds the leaks that are known, and no other.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use descriptor_core::{
    document::Type,
    sanitize::{
        Keyed, Month, Secrets,
        guard::{Facts, Index},
        sha1,
    },
    value::{Fingerprint, Hex},
};

/// The files of a tarball, with those of the tarballs in it, by path.
fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for (path, bytes) in common::unpack(path, "") {
        if path.ends_with(".tar.gz") {
            let inner = common::untar(flate2::read::GzDecoder::new(&bytes[..]));
            files.extend(inner.into_iter().map(|(name, bytes)| (format!("{path}/{name}"), bytes)));
        } else if !bytes.is_empty() {
            files.insert(path, bytes);
        }
    }
    files
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The descriptors that begin with `start` at a line.
fn descriptors<'a>(text: &'a [u8], start: &str) -> Vec<&'a [u8]> {
    let end = b"\n-----END SIGNATURE-----\n";
    let (mut found, mut rest) = (Vec::new(), text);
    let at_line = format!("\n{start}").into_bytes();
    while let Some(at) =
        if rest.starts_with(start.as_bytes()) { Some(0) } else { find(rest, &at_line).map(|at| at + 1) }
    {
        rest = &rest[at..];
        let length = find(rest, end).map_or(rest.len(), |at| at + end.len());
        found.push(&rest[..length]);
        rest = &rest[length - usize::from(length < rest.len())..];
    }
    found
}

/// The entries of a status.
fn entries(text: &[u8]) -> Vec<&[u8]> {
    let (mut starts, mut at) = (Vec::new(), 0);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"r ") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(&start, end)| &text[start..end]).collect()
}

fn words(line: &[u8]) -> Vec<&str> {
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    std::str::from_utf8(line).expect("text").split_whitespace().collect()
}

fn line<'a>(text: &'a [u8], keyword: &str) -> Option<&'a str> {
    let mut lines = text.split(|&byte| byte == b'\n');
    lines.find_map(|line| std::str::from_utf8(line).ok()?.strip_prefix(keyword))
}

fn base64(text: &str) -> Hex<20> {
    Hex::from_base64(text.as_bytes()).expect("base64 of 20 bytes")
}

/// What is found in a set's outputs, by the path of the output, and how many documents and entries were searched.
fn leaks(set: &str, shared: &Path) -> (BTreeMap<String, BTreeSet<&'static str>>, usize) {
    let vectors = shared.join("vectors/collector");
    let secrets = std::fs::read(vectors.join("secrets/bridge-ip-secrets")).expect("the secrets");
    let secrets = Secrets::parse(&secrets).expect("good secrets");
    let inputs = files(&vectors.join(format!("inputs/{set}.tar.xz")));
    let outputs = files(&vectors.join(format!("outputs/{set}.tar.xz")));

    let (mut originals, mut original_entries) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
    for bytes in inputs.values() {
        for start in ["router ", "extra-info "] {
            for original in descriptors(bytes, start) {
                let end = find(original, b"\nrouter-signature\n").map_or(original.len(), |at| at + 18);
                originals.insert(sha1(&sha1(&original[..end])), original);
            }
        }
        for entry in entries(bytes) {
            let words = words(entry);
            if words.len() > 8 && Hex::<20>::from_base64(words[2].as_bytes()).is_some() {
                let key = (sha1(&base64(words[2]).0), words[4].to_owned() + words[5]);
                original_entries.entry(key).or_default().push(entry);
            }
        }
    }

    let (mut found, mut searched) = (BTreeMap::<_, BTreeSet<_>>::new(), 0);
    for (path, output) in outputs.iter().filter(|(path, _)| path.contains("out/bridge-descriptors/")) {
        let case = path.trim_start_matches("./").split('/').next().unwrap_or_default().to_owned();
        let mut check = |original: &[u8], fingerprint: Fingerprint, month: &str, text: &[u8]| {
            let entry = original.starts_with(b"r ");
            let mut facts = if entry { Facts::of_entry(original) } else { Facts::of_descriptor(original) };
            let secret = Month::parse(month.as_bytes()).and_then(|month| secrets.get(month));
            // A month of no secret is one of a document that has no addresses.
            facts.allow(&Keyed { fingerprint, secret });
            searched += 1;
            if let Some(leak) = facts.said_in(text) {
                let end = text.len().min(leak.at + 60);
                println!("{path}: {} at {:?}", leak.what, String::from_utf8_lossy(&text[leak.at..end]));
                found.entry(case.clone()).or_default().insert(leak.what);
            }
        };
        if output.starts_with(b"@type bridge-network-status") {
            for entry in entries(output) {
                let words = words(entry);
                let key = (base64(words[2]).0, words[4].to_owned() + words[5]);
                for original in &original_entries[&key] {
                    let fingerprint = base64(self::words(original)[2]);
                    check(original, fingerprint, &words[4][..7], entry);
                }
            }
        } else {
            let digest = line(output, "router-digest ").expect("a digest");
            let original = originals[&Hex::<20>::from_hex(digest.as_bytes()).expect("hex").0];
            let fingerprint = match line(original, "extra-info ") {
                Some(owner) => owner.split(' ').nth(1).expect("a fingerprint").to_owned(),
                None => {
                    let mut lines = ["fingerprint ", "opt fingerprint "].iter();
                    lines.find_map(|keyword| line(original, keyword)).expect("a fingerprint").replace(' ', "")
                }
            };
            let fingerprint = Hex::from_hex(fingerprint.as_bytes()).expect("hex");
            let published = ["published ", "opt published "].iter().find_map(|it| line(original, it));
            check(original, fingerprint, &published.expect("a time")[..7], output);
        }
    }
    (found, searched)
}

#[test]
fn nothing_is_found_in_real_outputs() {
    let Some(shared) = common::shared() else { return };
    let (found, searched) = leaks("bridge-known", &shared);
    assert!(searched > 300, "{searched}");
    assert_eq!(found, BTreeMap::new());
}

/// CollecTor keeps `accept` with the bridge's own address.
#[test]
fn the_known_leaks_are_found_in_made_up_outputs() {
    let Some(shared) = common::shared() else { return };
    let (found, searched) = leaks("synthetic", &shared);
    assert!(searched > 50, "{searched}");
    let known = ["s06-policy-own-address", "s31-reject-before-router-address-shorter"];
    assert_eq!(found, known.map(|case| (case.to_owned(), BTreeSet::from(["IPv4 address"]))).into());
}

/// The index finds originals by what sanitized documents say, and in real outputs nothing else.
#[test]
fn trees_are_searched_by_the_index() {
    let Some(shared) = common::shared() else { return };
    let vectors = shared.join("vectors/collector");
    let mut index = Index::default();
    for bytes in files(&vectors.join("inputs/bridge-known.tar.xz")).values() {
        for (start, kind) in [("router ", Type::ServerDescriptor), ("extra-info ", Type::ExtraInfo)] {
            descriptors(bytes, start).into_iter().for_each(|original| index.add(kind, original));
        }
        if bytes.starts_with(b"published ") {
            index.add(Type::BridgeNetworkStatus, bytes);
        }
    }
    let mut searched = 0;
    for (path, output) in files(&vectors.join("outputs/bridge-known.tar.xz")) {
        if !path.contains("out/bridge-descriptors/") {
            continue;
        }
        let kind = match () {
            () if path.contains("/statuses/") => Type::BridgeNetworkStatus,
            () if path.contains("/extra-infos/") => Type::BridgeExtraInfo,
            () => Type::BridgeServerDescriptor,
        };
        assert!(index.knows(kind, &output), "{path}");
        assert_eq!(index.check(kind, &output), [], "{path}");
        searched += 1;
    }
    assert_eq!(searched, 73 + 50 + 51);
}
