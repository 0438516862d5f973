//! Every malformed document is reported at the right line: by parsing or, where parsing finds nothing, by the checks that
//! cost more.
#![cfg(feature = "verify")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use descriptor_core::{
    document::inconsistencies,
    netdoc::frames,
    schema::{Problem, line_and_column},
    verify::{Against, Check, verify},
};

/// File, keyword of the first issue and its line; a line that is missing counts as the document's first. No keyword: the
/// document begins like none that is known. The names say what is wrong, but for these: stem's vote and its consensus
/// with carriage returns are cut or changed, so a signature fails and the type is not known.
const CASES: &[(&str, &str, usize)] = &[
    ("netdoc-testdata__bad-certs__bad-cc-tag", "dir-key-crosscert", 27),
    ("netdoc-testdata__bad-certs__bad-fingerprint", "fingerprint", 2),
    ("netdoc-testdata__bad-certs__bad-version", "dir-key-certificate-version", 1),
    ("netdoc-testdata__bad-certs__wrong-end", "dir-key-certification", 17),
    ("netdoc-testdata__bad-certs__wrong-start", "", 1),
    ("netdoc-testdata__bad-mdconsensus__bad-flags", "s", 27),
    ("netdoc-testdata__bad-mdconsensus__bad-md-digest", "m", 40),
    ("netdoc-testdata__bad-mdconsensus__bad-params", "params", 15),
    ("netdoc-testdata__bad-mdconsensus__bad-weight", "bandwidth-weights", 67),
    ("netdoc-testdata__bad-mdconsensus__bad-weights", "w", 51),
    ("netdoc-testdata__bad-mdconsensus__wrong-order", "r", 52),
    ("netdoc-testdata__bad-mdconsensus__wrong-start", "", 1),
    ("netdoc-testdata__bad-mdconsensus__wrong-version", "", 1),
    ("netdoc-testdata__bad-mds__bogus-policy", "p6", 9),
    ("netdoc-testdata__bad-mds__non-ascii-policy", "p6", 9),
    ("netdoc-testdata__bad-mds__wrong-id", "id", 8),
    ("netdoc-testdata__bad-mds__wrong-start", "", 1),
    ("netdoc-testdata__bad-routerdesc__bad-cc-sign", "ntor-onion-key-crosscert", 34),
    ("netdoc-testdata__bad-routerdesc__bad-ed-sk-in-cert", "identity-ed25519", 2),
    ("netdoc-testdata__bad-routerdesc__bad-ipv6policy", "ipv6-policy", 43),
    ("netdoc-testdata__bad-routerdesc__bad-sig-order", "router-sig-ed25519", 50),
    ("netdoc-testdata__bad-routerdesc__bad-start1", "", 1),
    ("netdoc-testdata__bad-routerdesc__bad-start2", "", 1),
    ("netdoc-testdata__bad-routerdesc__mismatched-ed-sk-in-cert", "master-key-ed25519", 8),
    ("netdoc-testdata__bad-routerdesc__mismatched-fp", "fingerprint", 12),
    ("netdoc-testdata__bad-routerdesc__no-ed-id-key-in-cert", "identity-ed25519", 2),
    ("netdoc-testdata__bad-routerdesc__no-ed-sk", "identity-ed25519", 1),
    ("netdoc-testdata__bad-routerdesc__non-ed-sk-in-cert", "identity-ed25519", 2),
    ("stem-cached-microdesc-consensus_with_carriage_returns", "", 1),
    ("stem-extrainfo_nonascii_v3_reqs", "dirreq-v3-reqs", 17),
    ("stem-new_metrics_type", "", 2),
    ("stem-riddle", "", 1),
    ("stem-tiny.png", "", 1),
    ("stem-vote", "directory-signature", 95),
    ("tor-ex-ei-bad-nickname", "extra-info", 1),
    ("tor-ex-ei-bad-published", "published", 8),
    ("tor-ex-ei-bad-start", "", 1),
    ("tor-ex-ei-bad-tokens", "published", 9),
    ("tor-ex-ei-ed-bad-cert1", "identity-ed25519", 2),
    ("tor-ex-ei-ed-misplaced-sig", "router-sig-ed25519", 8),
    ("tor-ex-ei-ed-missing-cert", "identity-ed25519", 1),
    ("tor-ex-ei-ed-missing-sig", "router-sig-ed25519", 1),
    ("tor-ex-ri-bad-bandwidth", "bandwidth", 35),
    ("tor-ex-ri-bad-bandwidth2", "bandwidth", 35),
    ("tor-ex-ri-bad-family", "family", 37),
    ("tor-ex-ri-bad-fingerprint", "fingerprint", 37),
    ("tor-ex-ri-bad-has-accept6", "accept6", 38),
    ("tor-ex-ri-bad-name2", "router", 1),
    ("tor-ex-ri-bad-no-exit-policy", "reject", 1),
    ("tor-ex-ri-bad-ntor-key", "ntor-onion-key", 21),
    ("tor-ex-ri-bad-published", "published", 34),
    ("tor-ex-ri-bad-sig1", "router-signature", 39),
    ("tor-ex-ri-bad-tokens", "router", 1),
    ("tor-ex-ri-ed-bad-crosscert1", "ntor-onion-key-crosscert", 22),
    ("tor-ex-ri-ed-bad-sig1", "router-sig-ed25519", 38),
    ("tor-ex-ri-ed-bad-sig2", "router-sig-ed25519", 38),
    ("tor-ex-ri-ed-misplaced2", "router-sig-ed25519", 36),
    ("tor-ex-ri-ed-missing-crosscert", "onion-key-crosscert", 1),
    ("tor-ex-ri-ed-missing-crosscert2", "ntor-onion-key-crosscert", 1),
    ("tor-ex-ri-mismatched-fingerprint", "fingerprint", 36),
    ("tor-ex-ri-neg-bandwidth", "bandwidth", 35),
];

/// Keyword and line of the first issue of a file.
fn first_issue(file: &[u8]) -> Option<(String, usize)> {
    frames(file, None).find_map(|frame| {
        let Some(kind) = frame.kind else { return Some((String::new(), line(file, frame.offset))) };
        let checks = verify(kind, frame.body, &Against::default());
        // Some of these files end with a blank line, which is not what they are about.
        let issue = (kind.parse(frame).issues.into_iter())
            .chain(inconsistencies(kind, frame))
            .chain(checks.iter().filter_map(Check::issue))
            .find(|issue| issue.problem != Problem::BlankLine)?;
        Some((issue.keyword.to_string(), line(file, frame.offset + issue.span.start as u64)))
    })
}

fn line(file: &[u8], offset: u64) -> usize {
    line_and_column(file, offset as usize).0
}

#[test]
fn every_malformed_document_is_reported_at_the_right_line() {
    let root = std::env::var_os("TORDESC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let Ok(folder) = fs::read_dir(root.join("corpus/malformed")) else {
        println!("skipped: {}", root.display());
        return;
    };
    let found: BTreeMap<_, _> = folder
        .map(|entry| {
            let path = entry.expect("the folder can be listed").path();
            let file = fs::read(&path).expect("the file can be read");
            (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), first_issue(&file))
        })
        .collect();
    let expected: BTreeMap<_, _> = CASES
        .iter()
        .map(|&(file, keyword, line)| (file.to_owned(), Some((keyword.to_owned(), line))))
        .collect();
    let wrong: Vec<_> = found.iter().filter(|(file, got)| expected.get(*file) != Some(*got)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(found.len(), expected.len());
}
