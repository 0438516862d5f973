//! Router descriptors over the corpus: every keyword is known, nothing is wrong with what is right, and what is wrong is
//! found in its line.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use descriptor_core::{
    document::{Type, inconsistencies},
    netdoc::frames,
    schema::{Issue, line_and_column},
};

/// The folder of shared data, or `None`, said aloud, if there is none.
fn shared(path: &str) -> Option<PathBuf> {
    let root = env::var_os("TORDESC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let found = root.join(path);
    if !found.exists() {
        println!("skipped: {} does not exist", found.display());
        return None;
    }
    Some(found)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// What is wrong with the documents of a file, and the lines that nobody knows, each with its keyword and line.
fn findings(kind: Type, text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for frame in frames(text, Some(kind)) {
        let Some(kind) = frame.kind else {
            found.push("no type".to_owned());
            continue;
        };
        let parsed = kind.parse(frame);
        let mut show = |issue: &Issue| {
            let (line, _) = line_and_column(text, frame.offset as usize + issue.span.start);
            found.push(format!("{}:{}", if issue.span.is_empty() { 0 } else { line }, issue));
        };
        parsed.issues.iter().for_each(&mut show);
        inconsistencies(kind, frame).iter().for_each(&mut show);
        for line in parsed.unknown_lines() {
            found.push(format!("unknown: {}", String::from_utf8_lossy(line).trim_end()));
        }
    }
    found
}

#[test]
fn the_corpus_is_understood_and_consistent() {
    for (folder, kind) in [
        ("server-descriptor", Type::ServerDescriptor),
        ("bridge-server-descriptor", Type::BridgeServerDescriptor),
        ("extra-info", Type::ExtraInfo),
        ("bridge-extra-info", Type::BridgeExtraInfo),
        ("microdescriptor", Type::Microdescriptor),
        ("bridge-network-status", Type::BridgeNetworkStatus),
    ] {
        let Some(folder) = shared("corpus").map(|corpus| corpus.join(folder)) else { return };
        let files = files(&folder);
        assert!(!files.is_empty(), "{} has no files", folder.display());
        for file in files {
            let text = fs::read(&file).expect("the file can be read");
            let mut found = findings(kind, &text);
            // tor-netdoc's example ends with a blank line.
            found.retain(|it| it != "0:blank line" || !file.ends_with("netdoc-testdata__routerdesc1.txt"));
            assert_eq!(found, [""; 0], "{}", file.display());
        }
    }
}

/// What is found first in each malformed file, by line; 0 for a line that is not there.
///
/// Not here, as their signatures alone are wrong: `tor-ex-ri-bad-sig1`, `tor-ex-ri-ed-bad-sig1`, and
/// `bad-ed-sk-in-cert`, whose key is not a point of the curve.
const MALFORMED: &[(Type, &str, &str)] = &[
    (Type::Microdescriptor, "netdoc-testdata__bad-mds__bogus-policy", "9:p6: port list cannot be read"),
    (
        Type::Microdescriptor,
        "netdoc-testdata__bad-mds__non-ascii-policy",
        "9:p6: accept or reject cannot be read",
    ),
    (Type::Microdescriptor, "netdoc-testdata__bad-mds__wrong-id", "8:id: kind of identity cannot be read"),
    (
        Type::Microdescriptor,
        "netdoc-testdata__bad-mds__wrong-start",
        "1:family: the document must not begin with this line",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__bad-cc-sign",
        "34:ntor-onion-key-crosscert: sign bit cannot be read",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__bad-ipv6policy",
        "43:ipv6-policy: accept or reject cannot be read",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__bad-sig-order",
        "50:router-sig-ed25519: the signature must be the last line",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__bad-start1",
        "1:identity-ed25519: the document must not begin with this line",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__bad-start2",
        "1:master-key-ed25519: the document must not begin with this line",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__mismatched-ed-sk-in-cert",
        "8:master-key-ed25519: the key is not that of the certificate",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__mismatched-fp",
        "12:fingerprint: the fingerprint is not that of the signing key",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__no-ed-id-key-in-cert",
        "2:identity-ed25519: the certificate does not tell the identity key",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__no-ed-sk",
        "0:identity-ed25519: the line is missing",
    ),
    (
        Type::ServerDescriptor,
        "netdoc-testdata__bad-routerdesc__non-ed-sk-in-cert",
        "2:identity-ed25519: the certificate is not for an Ed25519 signing key",
    ),
    (Type::ExtraInfo, "stem-extrainfo_nonascii_v3_reqs", "17:dirreq-v3-reqs: name of a count cannot be read"),
    (Type::ExtraInfo, "tor-ex-ei-bad-nickname", "1:extra-info: nickname cannot be read"),
    (Type::ExtraInfo, "tor-ex-ei-bad-published", "8:published: time cannot be read"),
    (
        Type::ExtraInfo,
        "tor-ex-ei-bad-start",
        "1:identity-ed25519: the document must not begin with this line",
    ),
    (Type::ExtraInfo, "tor-ex-ei-bad-tokens", "9:published: the line stands more than once"),
    (
        Type::ExtraInfo,
        "tor-ex-ei-ed-bad-cert1",
        "2:identity-ed25519: the object is not an Ed25519 certificate",
    ),
    (
        Type::ExtraInfo,
        "tor-ex-ei-ed-misplaced-sig",
        "8:router-sig-ed25519: the line must stand right before router-signature",
    ),
    (Type::ExtraInfo, "tor-ex-ei-ed-missing-cert", "0:identity-ed25519: the line is missing"),
    (Type::ExtraInfo, "tor-ex-ei-ed-missing-sig", "0:router-sig-ed25519: the line is missing"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-bandwidth", "35:bandwidth: average bandwidth cannot be read"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-bandwidth2", "35:bandwidth: burst bandwidth cannot be read"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-family", "37:family: family member cannot be read"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-fingerprint", "37:fingerprint: fingerprint cannot be read"),
    (
        Type::ServerDescriptor,
        "tor-ex-ri-bad-has-accept6",
        "38:accept6: rules for IPv6 stand in configuration files only",
    ),
    (Type::ServerDescriptor, "tor-ex-ri-bad-name2", "1:router: nickname cannot be read"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-no-exit-policy", "0:reject: the line is missing"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-ntor-key", "21:ntor-onion-key: value cannot be read"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-published", "34:published: time cannot be read"),
    (Type::ServerDescriptor, "tor-ex-ri-bad-tokens", "1:router: address is missing"),
    (
        Type::ServerDescriptor,
        "tor-ex-ri-ed-bad-crosscert1",
        "22:ntor-onion-key-crosscert: the certificate is for another key than the identity",
    ),
    (Type::ServerDescriptor, "tor-ex-ri-ed-bad-sig2", "38:router-sig-ed25519: value cannot be read"),
    (
        Type::ServerDescriptor,
        "tor-ex-ri-ed-misplaced2",
        "36:router-sig-ed25519: the line must stand right before router-signature",
    ),
    (Type::ServerDescriptor, "tor-ex-ri-ed-missing-crosscert", "0:onion-key-crosscert: the line is missing"),
    (
        Type::ServerDescriptor,
        "tor-ex-ri-ed-missing-crosscert2",
        "0:ntor-onion-key-crosscert: the line is missing",
    ),
    (
        Type::ServerDescriptor,
        "tor-ex-ri-mismatched-fingerprint",
        "36:fingerprint: the fingerprint is not that of the signing key",
    ),
    (Type::ServerDescriptor, "tor-ex-ri-neg-bandwidth", "35:bandwidth: burst bandwidth cannot be read"),
];

#[test]
fn what_is_malformed_is_found_in_its_line() {
    let Some(folder) = shared("corpus/malformed") else { return };
    for &(kind, name, expected) in MALFORMED {
        let text = fs::read(folder.join(name)).expect("the file can be read");
        let mut found = findings(kind, &text);
        found.retain(|it| !it.ends_with(":blank line"));
        assert_eq!(found.first().map(String::as_str), Some(expected), "{name}");
    }
}
