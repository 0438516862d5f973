//! Signatures of real documents: all of them hold, and none holds after a change.
#![cfg(feature = "verify")]

use std::{fs, path::PathBuf};

use descriptor_core::{
    document::Type,
    netdoc::{frames, items},
    schema::Problem,
    value::Timestamp,
    verify::*,
};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/verify").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of the shared corpus; `None`, said aloud, where the corpus is not at hand.
fn shared(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("TORDESC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join(path);
    let file = fs::read(&path).ok();
    if file.is_none() {
        println!("skipped: {}", path.display());
    }
    file
}

fn certificates(file: &[u8]) -> Certificates {
    let mut certificates = Certificates::default();
    assert_eq!(certificates.add_all(file), 0);
    certificates
}

fn against() -> Against {
    let mut against = Against { certificates: certificates(&fixture("certificates")), ..Against::default() };
    against.add(Type::ServerDescriptor, &fixture("server-descriptor"));
    against
}

/// Keyword and outcome of each check that did not succeed.
fn failures(checks: &[Check]) -> Vec<(&'static str, Outcome)> {
    let failed = checks.iter().filter(|check| check.outcome != Outcome::Valid);
    failed.map(|check| (check.what, check.outcome)).collect()
}

fn is_invalid(checks: &[Check]) -> bool {
    checks.iter().any(|check| matches!(check.outcome, Outcome::Invalid(_)))
}

const FIXTURES: &[(&str, Type, &[&str])] = &[
    (
        "server-descriptor",
        Type::ServerDescriptor,
        &[
            "identity-ed25519",
            "master-key-ed25519",
            "fingerprint",
            "onion-key-crosscert",
            "ntor-onion-key-crosscert",
            "family-cert",
            "router-sig-ed25519",
            "router-signature",
        ],
    ),
    ("extra-info", Type::ExtraInfo, &["identity-ed25519", "router-sig-ed25519", "router-signature"]),
    ("consensus", Type::Consensus, &["directory-signature"; 3]),
    ("consensus-microdesc", Type::MicrodescConsensus, &["directory-signature"; 3]),
    (
        "vote",
        Type::Vote,
        &["dir-source", "fingerprint", "dir-key-crosscert", "dir-key-certification", "directory-signature"],
    ),
];

#[test]
fn every_signature_holds() {
    let against = against();
    for &(name, kind, keywords) in FIXTURES {
        let checks = verify(kind, &fixture(name), &against);
        assert_eq!(checks.iter().map(|check| check.what).collect::<Vec<_>>(), keywords, "{name}");
        assert_eq!(failures(&checks), [], "{name}");
    }
    let checks = detached_signatures(&fixture("detached-signatures"), &against.certificates);
    assert_eq!((checks.len(), failures(&checks)), (6, vec![]));
}

#[test]
fn no_signature_holds_after_a_change() {
    let against = against();
    for &(name, kind, _) in FIXTURES {
        let mut document = fixture(name);
        let signature = items(&document).find(|item| item.keyword.ends_with(b"-signature"));
        let signed = signature.expect("the document is signed").offset + "router-signature".len();
        // A prime step: lines of any length are hit at every column.
        for at in (0..signed).step_by(29) {
            document[at] ^= 1 << (at % 7);
            assert!(is_invalid(&verify(kind, &document, &against)), "{name}: byte {at}");
            document[at] ^= 1 << (at % 7);
        }
    }
}

#[test]
fn what_follows_a_signature_is_not_signed() {
    let against = against();
    for &(name, kind, _) in FIXTURES {
        let mut document = fixture(name);
        document.extend_from_slice(b"\n\n");
        assert_eq!(failures(&verify(kind, &document, &against)), [], "{name}: blank lines");
        document.extend_from_slice(b"contact somebody else\n");
        assert!(is_invalid(&verify(kind, &document, &against)), "{name}");
    }
}

#[test]
fn a_check_becomes_an_issue_with_its_place() {
    let document = fixture("server-descriptor");
    let changed =
        String::from_utf8(document).expect("the fixture is text").replace("\nuptime 1\n", "\nuptime 2\n");
    let issues: Vec<_> = server_descriptor(changed.as_bytes()).iter().filter_map(Check::issue).collect();
    assert_eq!(issues.len(), 2);
    assert_eq!(issues[1].problem, Problem::Unverified("the signature does not fit"));
    assert_eq!(issues[1].keyword, "router-signature");
    assert_eq!(&changed[issues[1].span.clone()], "router-signature");
}

#[test]
fn a_consensus_holds_by_a_majority() {
    let (document, file) = (fixture("consensus-microdesc"), fixture("certificates"));
    let bodies: Vec<_> = frames(&file, Some(Type::KeyCertificate)).map(|frame| frame.body).collect();
    let mut known = Certificates::default();
    let mut found = Vec::new();
    for body in [None, Some(bodies[0]), Some(bodies[1]), Some(bodies[2])] {
        body.map(|body| known.add(body));
        let it = consensus(&document, &known);
        assert_eq!(it.valid.len() + it.missing.len(), 3);
        found.push((it.valid.len(), it.needed, it.hold()));
    }
    assert_eq!(found, [(0, 2, false), (1, 2, false), (2, 2, true), (3, 2, true)]);
}

#[test]
fn signatures_beyond_a_majority_are_not_needed() {
    let (document, file) = (fixture("consensus-microdesc"), fixture("certificates"));
    let bodies: Vec<_> = frames(&file, Some(Type::KeyCertificate)).map(|frame| frame.body).collect();
    let mut against = Against::default();
    let mut found = Vec::new();
    for body in [None, Some(bodies[0]), Some(bodies[1])] {
        if let Some(body) = body {
            against.add(Type::KeyCertificate, body);
        }
        let checks = verify(Type::MicrodescConsensus, &document, &against);
        let doubts: Vec<_> = checks.iter().filter_map(Check::doubt).map(|issue| issue.problem).collect();
        assert_eq!(checks.iter().filter_map(Check::issue).count(), 0);
        found.push((checks.len(), doubts));
    }
    let few = Problem::Unverified("certificates for a majority of the authorities are not at hand");
    assert_eq!(found, [(1, vec![few.clone()]), (2, vec![few]), (2, vec![])]);
}

#[test]
fn an_expired_certificate_is_worth_nothing() {
    let known = certificates(&fixture("certificates"));
    let last = known.iter().map(|it| it.expires).max().expect("there are certificates");
    assert_eq!(known.expired(last).count(), 0);
    assert_eq!(known.expired(Timestamp(last.0 + 1)).count(), 3);
    let document = String::from_utf8(fixture("consensus")).expect("the fixture is text");
    let late = document.replace("\nvalid-after 2026", "\nvalid-after 2036");
    let reason = Outcome::Invalid("the certificate of the signing key had expired");
    assert_eq!(consensus(late.as_bytes(), &known).checks[0].outcome, reason);
}

#[test]
fn extra_infos_need_the_identity_key() {
    let checks = extra_info(&fixture("extra-info"), &Identities::default());
    let reason = Outcome::Unchecked("the identity key is not at hand");
    assert_eq!(failures(&checks), [("router-signature", reason)]);
}

#[test]
fn real_consensuses_hold() {
    for (certs, document, valid) in [
        ("2021-08-cached-certs", "consensus/2021-08-29-19-consensus-6727r", 9),
        ("2021-08-cached-certs", "consensus-microdesc/2021-08-29-19-microdesc-6727r", 9),
        ("2019-12-cached-certs", "consensus-microdesc/2019-12-15-13-microdesc-6345r", 9),
        ("netdoc-testdata__authcerts2.txt", "consensus-microdesc/netdoc-testdata__mdconsensus1.txt", 3),
    ] {
        let certs = shared(&format!("corpus/dir-key-certificate/{certs}"));
        let document = shared(&format!("corpus/{document}"));
        let (Some(certs), Some(document)) = (certs, document) else { continue };
        let all = consensus(&document, &certificates(&certs));
        assert!(all.hold());
        assert_eq!((all.valid.len(), failures(&all.checks)), (valid, vec![]));
    }
}

#[test]
fn real_descriptors_hold() {
    for (file, count) in [
        ("server-descriptor/2012-10-20-cached-descriptors-2124", 2124),
        ("server-descriptor/2014-12-server-descriptors-867", 867),
        ("server-descriptor/2020-02-29-server-descriptors-587", 587),
        ("server-descriptor/netdoc-testdata__routerdesc3.txt", 1),
        ("dir-key-certificate/2021-08-cached-certs", 10),
        ("vote/2015-09-01-00-vote-7134r", 1),
        ("hidden-service/hidden_service_duckduckgo", 1),
        ("hidden-service/hidden_service_v3", 1),
        ("vote/2016-09-20-13-vote-49015F78-7903r", 1),
    ] {
        let Some(bytes) = shared(&format!("corpus/{file}")) else { continue };
        // Without optimisation a signature takes milliseconds.
        let step = if cfg!(debug_assertions) { 10 } else { 1 };
        let mut found: usize = 0;
        for frame in frames(&bytes, None).step_by(step) {
            let checks = verify(frame.kind.expect("the type is known"), frame.body, &Against::default());
            assert_eq!(failures(&checks), [], "{file}@{}", frame.offset);
            assert!(!checks.is_empty());
            found += 1;
        }
        assert_eq!(found, usize::div_ceil(count, step), "{file}");
    }
}

#[test]
fn bad_documents_fail_at_the_right_line() {
    for (file, keyword, reason) in [
        ("tor-ex-ri-bad-sig1", "router-signature", "the signature does not fit"),
        ("tor-ex-ri-ed-bad-sig1", "router-sig-ed25519", "the signature does not fit"),
        ("tor-ex-ri-ed-bad-sig2", "router-sig-ed25519", "the signature cannot be read"),
        ("tor-ex-ri-ed-bad-crosscert1", "ntor-onion-key-crosscert", "the certificate is of another identity"),
        ("tor-ex-ri-ed-missing-crosscert", "onion-key-crosscert", "the line is missing"),
        ("tor-ex-ri-ed-missing-crosscert2", "ntor-onion-key-crosscert", "the line is missing"),
        ("tor-ex-ri-ed-misplaced2", "router-sig-ed25519", "lines that are not signed follow"),
        ("tor-ex-ri-mismatched-fingerprint", "fingerprint", "the fingerprint is not that of the signing key"),
        ("tor-ex-ei-ed-bad-cert1", "identity-ed25519", "the object has another label than it should"),
        ("tor-ex-ei-ed-missing-cert", "identity-ed25519", "the line is missing"),
        ("tor-ex-ei-ed-missing-sig", "router-sig-ed25519", "the line is missing"),
        ("tor-ex-ei-ed-misplaced-sig", "router-sig-ed25519", "lines that are not signed follow"),
        (
            "netdoc-testdata__bad-routerdesc__non-ed-sk-in-cert",
            "identity-ed25519",
            "the certified key is not an Ed25519 key",
        ),
        (
            "netdoc-testdata__bad-routerdesc__bad-cc-sign",
            "ntor-onion-key-crosscert",
            "the sign bit is neither 0 nor 1",
        ),
        (
            "netdoc-testdata__bad-routerdesc__bad-sig-order",
            "router-signature",
            "lines that are not signed follow",
        ),
        (
            "netdoc-testdata__bad-certs__bad-cc-tag",
            "dir-key-crosscert",
            "the object has another label than it should",
        ),
        (
            "netdoc-testdata__bad-certs__bad-fingerprint",
            "fingerprint",
            "the fingerprint is not that of the identity key",
        ),
    ] {
        let Some(bytes) = shared(&format!("corpus/malformed/{file}")) else { continue };
        let frame = frames(&bytes, None).next().expect("there is a document");
        let checks = verify(frame.kind.expect("the type is known"), frame.body, &Against::default());
        let issue = checks.iter().find_map(Check::issue).expect("something is wrong");
        assert_eq!((&*issue.keyword, issue.problem), (keyword, Problem::Unverified(reason)), "{file}");
    }
}

/// What is hostile to who checks signatures costs time in proportion to its length: each of these is several megabytes.
#[test]
fn hostile_documents_are_checked_in_linear_time() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let start = std::time::Instant::now();
    let pem = |label: &str, bytes: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(bytes))
    };
    // An RSA key with a modulus, and an exponent, of a megabyte.
    let length = |length: usize| [&[0x84][..], &(length as u32).to_be_bytes()].concat();
    let number = |size: usize| [&[0x02][..], &length(size + 1), &[0], &vec![0xff; size]].concat();
    let key = |modulus: usize, exponent: usize| {
        let numbers = [number(modulus), number(exponent)].concat();
        pem("RSA PUBLIC KEY", &[&[0x30][..], &length(numbers.len()), &numbers].concat())
    };
    let keys = [key(1 << 20, 1), key(128, 1 << 20), key(1 << 20, 1 << 20)];
    for key in &keys {
        for (kind, text) in [
            (
                Type::ServerDescriptor,
                format!(
                    "router a 1.2.3.4 1 0 0\nonion-key\n{key}signing-key\n{key}router-signature\n{}",
                    pem("SIGNATURE", &[9; 1 << 20])
                ),
            ),
            (
                Type::KeyCertificate,
                format!("dir-key-certificate-version 3\ndir-identity-key\n{key}dir-signing-key\n{key}"),
            ),
            (
                Type::HiddenService,
                format!(
                    "rendezvous-service-descriptor x\npermanent-key\n{key}signature\n{}",
                    pem("SIGNATURE", &[9; 1 << 20])
                ),
            ),
            (
                Type::Directory,
                format!(
                    "signed-directory\ndir-signing-key\n{key}directory-signature a\n{}",
                    pem("SIGNATURE", &[9; 1 << 20])
                ),
            ),
        ] {
            let checks = verify(kind, text.as_bytes(), &Against::default());
            assert!(is_invalid(&checks), "{kind:?}: {checks:?}");
        }
    }
    // A hundred thousand signatures, certificates and families.
    let fixture_of = |name| String::from_utf8(fixture(name)).expect("the fixture is text");
    let certificate = pem("FAMILY CERT", &[7; 140]);
    let descriptor = fixture_of("server-descriptor").replace(
        "\nrouter-sig-ed25519",
        &format!("\n{}router-sig-ed25519", format!("family-cert\n{certificate}").repeat(100_000)),
    );
    let consensus = fixture_of("consensus");
    let at = consensus.find("directory-signature ").expect("the consensus is signed");
    let (signed, signatures) = consensus.split_at(at);
    for (kind, text) in [
        (Type::ServerDescriptor, descriptor),
        (Type::Consensus, format!("{signed}{}", signatures.repeat(30_000))),
        (Type::Vote, format!("{signed}{}", signatures.repeat(30_000))),
        (
            Type::DetachedSignatures,
            format!("{}{}", fixture_of("detached-signatures"), signatures.repeat(30_000)),
        ),
    ] {
        let checks = verify(kind, text.as_bytes(), &against());
        assert!(checks.len() < 1100, "{kind:?}: {} checks", checks.len());
    }
    // A quadratic check takes hours; all of this together takes a second.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
