//! The sanitizer against what CollecTor 1.18.2 made of the same originals.

mod common;

use std::{collections::BTreeMap, fs};

use descriptor_core::{
    document::Type,
    netdoc::frames,
    sanitize::{
        Keyed, Month, Origin, Refusal, Sanitized, Sanitizer, Secrets, extra_info, network_status,
        server_descriptor, sha1,
    },
    schema::RuleSet,
    value::{Fingerprint, Hex, Timestamp},
};

/// All that is sanitized of a file as a snapshot has it.
fn sanitize(data: &[u8], origin: &Origin, sanitizer: &Sanitizer<'_>) -> Vec<Result<Sanitized, Refusal>> {
    let status = [&b"published "[..], b"flag-thresholds ", b"r ", b"fingerprint "];
    let text = &data[data
        .split_inclusive(|&b| b == b'\n')
        .take_while(|line| line.starts_with(b"@"))
        .map(<[u8]>::len)
        .sum()..];
    if status.iter().any(|start| text.starts_with(start)) {
        return vec![network_status(data, origin, sanitizer)];
    }
    let sanitize = |frame: descriptor_core::netdoc::Frame<'_>| match frame.kind {
        Some(Type::ExtraInfo) => Some(extra_info(frame.body, sanitizer)),
        Some(Type::ServerDescriptor) => Some(server_descriptor(frame.body, sanitizer)),
        _ => None,
    };
    frames(data, None).filter_map(sanitize).collect()
}

const SERGE: &[u8; 40] = b"BA44A889E64B93FAA2B114E02C2A279A8555C533";

fn time(text: &[u8; 19]) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// What CollecTor accepts or refuses otherwise, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "n09-bad-a-line",
        "CollecTor crashes on `[2001:db8::1]` without a port; the line goes, as other bad `a` lines do",
    ),
    (
        "s23-annotations",
        "CollecTor knows `@purpose` within a descriptor; here an annotation begins a document, so it is cut off",
    ),
    ("x-e-cert-unusable", "CollecTor writes the SHA-256 of the text `null` where it finds no key"),
    (
        "x-n-fingerprint-first",
        "CollecTor knows no status that begins with `fingerprint`; it has nothing unknown",
    ),
];

#[test]
fn synthetic_bridges_are_as_collectors() {
    let Some(shared) = common::shared() else { return };
    let folder = shared.join("vectors/collector");
    let inputs = common::unpack(&folder.join("inputs/synthetic.tar.xz"), "");
    let outputs = common::unpack(&folder.join("outputs/synthetic.tar.xz"), "");
    let secrets = fs::read(folder.join("secrets/bridge-ip-secrets")).expect("secrets");
    let secrets = Secrets::parse(&secrets).expect("good secrets");
    let sanitizer = Sanitizer { guarded: false, ..Sanitizer::new(RuleSet::Collector1_18_2, Some(&secrets)) };
    let authority = Fingerprint::from_hex(SERGE).expect("hex");
    let origin = Origin { authority, published: time(b"2026-03-30 12:00:00") };
    let mut cases = 0;
    let mut wrong = Vec::new();
    for (name, data) in &inputs {
        let Some(case) = name.strip_suffix("/input.txt") else { continue };
        cases += 1;
        let prefix = format!("{case}/out/bridge-descriptors/");
        let expected: BTreeMap<&str, &[u8]> = outputs
            .iter()
            .filter_map(|(name, bytes)| Some((name.strip_prefix(&prefix)?, &bytes[..])))
            .collect();
        let results = sanitize(data, &origin, &sanitizer);
        let mut found = BTreeMap::new();
        let mut refusals = Vec::new();
        for result in &results {
            match result {
                Ok(sanitized) => drop(found.insert(sanitized.path(), &sanitized.bytes[..])),
                Err(refusal) => refusals.push(refusal.to_string()),
            }
        }
        let found: BTreeMap<&str, &[u8]> = found.iter().map(|(name, bytes)| (&name[..], *bytes)).collect();
        let same = found == expected;
        if same == DIFFERENT.iter().any(|(name, _)| *name == case) {
            let text = |files: &BTreeMap<&str, &[u8]>| {
                files
                    .iter()
                    .map(|(name, bytes)| format!("{name}\n{}", String::from_utf8_lossy(bytes)))
                    .collect::<String>()
            };
            wrong.push(format!(
                "{case}: {refusals:?}\n--- expected\n{}--- found\n{}",
                text(&expected),
                text(&found)
            ));
        }
    }
    assert_eq!(cases, 129);
    assert!(wrong.is_empty(), "{} of {cases}\n{}", wrong.len(), wrong.join("\n"));
}

/// Cases about tarballs and state; `intake` is tested with them.
const OF_OPERATION: &[&str] = &[
    "testBridgeIpSecretsTruncatedLine",
    "testBridgeIpSecretsWritten",
    "testNetworkStatusFromTrifroest",
    "testNetworkStatusPublishedLineMissingTarballFileNameChange",
    "testParsedBridgeDirectoriesSkipTarball",
    "testTarballCorrupt",
];

/// Whether what was made of one kind of document is what a case expects of it.
fn holds(expect: &serde_json::Value, key: &str, made: &[&Sanitized], exact: &str) -> bool {
    let text: String = made.iter().map(|it| String::from_utf8_lossy(&it.bytes)).collect();
    let begin = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    let list = |name: &str| expect[format!("{key}_{name}")].as_array().cloned().unwrap_or_default();
    let strings = |name| list(name).into_iter().filter_map(|it| it.as_str().map(str::to_owned));
    let counted = match expect[key].as_str() {
        Some("none") => made.is_empty(),
        Some("one or more") => !made.is_empty(),
        Some("exact") => text == exact,
        Some(other) => panic!("the test does not know `{other}`"),
        None => true,
    };
    let starts = expect[format!("{key}_lines_starting")].as_object().cloned().unwrap_or_default();
    counted
        && strings("contains").all(|part| text.contains(&part))
        && strings("no_line_starting").all(|start| begin(&start) == 0)
        && starts.iter().all(|(start, count)| count.as_u64() == Some(begin(start) as u64))
}

#[test]
fn collectors_own_tests_hold() {
    let Some(shared) = common::shared() else { return };
    let folder = shared.join("corpus/vectors-bridge-sanitizer");
    let authority = Fingerprint::from_hex(b"4A0CCD2DDC7995083D73F5D667100C8A5831F16D").expect("hex");
    let origin = Origin { authority, published: time(b"2016-07-01 00:07:02") };
    let cases = common::files(&folder).into_iter().filter(|path| path.ends_with("case.json"));
    let mut count = 0;
    for path in cases {
        let folder = path.parent().expect("a folder");
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        if OF_OPERATION.contains(&&name[..]) {
            continue;
        }
        count += 1;
        let case: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).expect("a case")).expect("JSON");
        let state = case["state"]["bridge-ip-secrets"].as_str().unwrap_or_default();
        let mut secrets = Secrets::parse(state.as_bytes()).expect("good secrets");
        secrets.create(Month::of(time(b"2016-06-30 00:00:00")), [7; 83]);
        let hashed = case["config"]["ReplaceIpAddressesWithHashes"] == "true";
        let sanitizer = Sanitizer::new(RuleSet::Collector1_18, hashed.then_some(&secrets));
        let made: Vec<_> = common::files(&folder.join("input"))
            .iter()
            .flat_map(|path| sanitize(&fs::read(path).expect("an input"), &origin, &sanitizer))
            .filter_map(Result::ok)
            .collect();
        let exact =
            common::files(folder).into_iter().find(|path| path.to_string_lossy().contains("/expected"));
        let exact = exact.map(|path| fs::read_to_string(path).expect("text")).unwrap_or_default();
        let expect = &case["expect"];
        for (key, kind) in [
            ("server", Type::BridgeServerDescriptor),
            ("extra_info", Type::BridgeExtraInfo),
            ("network_status", Type::BridgeNetworkStatus),
        ] {
            let made: Vec<_> = made.iter().filter(|it| it.kind == kind).collect();
            assert!(holds(expect, key, &made, &exact), "{name}: {key}: {made:?}\nexpected {expect} {exact}");
        }
        for file in expect["files"].as_array().into_iter().flatten().filter_map(|it| it.as_str()) {
            assert!(made.iter().any(|it| it.path() == file), "{name}: no {file}");
        }
    }
    assert_eq!(count, 26);
}

#[test]
fn hashes_are_collectors() {
    let Some(shared) = common::shared() else { return };
    let path = shared.join("corpus/vectors-bridge-sanitizer/hash-vectors.json");
    let file: serde_json::Value = serde_json::from_slice(&fs::read(path).expect("vectors")).expect("JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    assert!(vectors.len() > 10);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().expect("text");
        let fingerprint = Fingerprint::from_hex(text("fingerprint").as_bytes()).expect("hex");
        let line = format!("2016-06,{}\n", text("secret"));
        let secrets = Secrets::parse(line.as_bytes()).expect("a secret");
        let secret = secrets.get(Month::parse(b"2016-06").expect("a month"));
        let keyed = Keyed { fingerprint, secret };
        assert_eq!(Hex(sha1(&fingerprint.0)).to_string(), text("hashed_fingerprint"));
        assert_eq!(keyed.ipv4(text("ipv4").parse().expect("IPv4")).to_string(), text("sanitized_ipv4"));
        let ipv6 = text("ipv6").trim_matches(['[', ']']).parse().expect("IPv6");
        assert_eq!(keyed.ipv6(ipv6), text("sanitized_ipv6"));
        let port = vector["port"].as_u64().expect("a port") as u16;
        assert_eq!(u64::from(keyed.port(port)), vector["sanitized_port"].as_u64().expect("a port"));
    }
}
