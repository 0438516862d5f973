//! The directory authorities' documents: every real one is read without an issue, and they refer to each other.

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
};

use descriptor_core::{
    document::{
        Consensus, ConsensusDiff, DetachedSignatures, PathSelection, Type, Vote, sha3_256, status_signed_part,
    },
    netdoc::{Frame, frames},
    schema::{Parsed, Table, parse},
    value::{Flags, Hex},
};

/// The shared data; says aloud that a test is skipped where it is not there.
fn shared(part: &str) -> Option<PathBuf> {
    let root = env::var_os("TORDESC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join(part);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

/// All files below a folder, in order, with their names.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path).expect("a readable folder").map(|entry| entry.expect("an entry").path()),
            );
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("a readable file")));
        }
    }
    found.sort();
    found
}

fn read<'a, D: Table<'a>>(frame: Frame<'a>, name: &str) -> Parsed<'a, D> {
    let parsed = parse::<D>(frame);
    assert_eq!(parsed.issues, [], "{name}");
    assert_eq!(parsed.unknown, [], "{name}");
    parsed
}

#[test]
fn every_status_of_the_corpus_is_read_without_an_issue() {
    let Some(corpus) = shared("corpus") else { return };
    let mut count = 0;
    for folder in [
        "consensus",
        "consensus-microdesc",
        "vote",
        "detached-signatures",
        "dir-key-certificate",
        "network-status-2",
        "consensus-diff",
    ] {
        for (name, bytes) in files(&corpus.join(folder)) {
            for frame in frames(&bytes, None) {
                let parsed = frame.kind.expect("a known type").parse(frame);
                assert_eq!((parsed.issues, parsed.unknown), (vec![], vec![]), "{name}");
                assert!(parsed.partial.raw() == frame.body, "{name}");
                count += 1;
            }
        }
    }
    assert!(count > 50, "only {count} documents");
}

#[test]
fn broken_statuses_are_reported_where_they_are_broken() {
    let Some(malformed) = shared("corpus/malformed") else { return };
    for (kind, file, keyword, line) in [
        (Type::KeyCertificate, "bad-certs__bad-cc-tag", "dir-key-crosscert", 27),
        (Type::KeyCertificate, "bad-certs__bad-fingerprint", "fingerprint", 2),
        (Type::KeyCertificate, "bad-certs__bad-version", "dir-key-certificate-version", 1),
        (Type::KeyCertificate, "bad-certs__wrong-end", "dir-key-certification", 17),
        (Type::KeyCertificate, "bad-certs__wrong-start", "fingerprint", 1),
        (Type::MicrodescConsensus, "bad-mdconsensus__bad-flags", "s", 27),
        (Type::MicrodescConsensus, "bad-mdconsensus__bad-md-digest", "m", 40),
        (Type::MicrodescConsensus, "bad-mdconsensus__bad-params", "params", 15),
        (Type::MicrodescConsensus, "bad-mdconsensus__bad-weight", "bandwidth-weights", 67),
        (Type::MicrodescConsensus, "bad-mdconsensus__bad-weights", "w", 51),
        (Type::MicrodescConsensus, "bad-mdconsensus__wrong-order", "r", 52),
        (Type::MicrodescConsensus, "bad-mdconsensus__wrong-start", "vote-status", 1),
        (Type::MicrodescConsensus, "bad-mdconsensus__wrong-version", "network-status-version", 1),
    ] {
        let bytes = fs::read(malformed.join(format!("netdoc-testdata__{file}"))).expect("a readable file");
        let parsed = kind.parse(Frame::whole(kind, &bytes));
        let first = parsed.issues.first().unwrap_or_else(|| panic!("{file} has no issue"));
        let at = descriptor_core::schema::line_and_column(&bytes, first.span.start).0;
        assert_eq!((&*first.keyword, at), (keyword, line), "{file}");
    }
}

#[test]
fn each_diff_makes_the_next_consensus() {
    let Some(recording) = shared("tornet/recording/http") else { return };
    let all = files(&recording);
    let bases: HashMap<Hex<32>, &[u8]> = all
        .iter()
        .filter(|(name, _)| !name.ends_with("-diff"))
        .filter_map(|(_, bytes)| Some((sha3_256(status_signed_part(bytes)?), &bytes[..])))
        .collect();
    let targets: HashMap<Hex<32>, &[u8]> =
        all.iter().map(|(_, bytes)| (sha3_256(bytes), &bytes[..])).collect();
    let (mut applied, mut known) = (0, 0);
    for (name, bytes) in all.iter().filter(|(name, _)| name.ends_with("-diff")) {
        let diff = read::<ConsensusDiff<'_>>(Frame::whole(Type::ConsensusDiff, bytes), name).partial;
        // Some diffs begin at a consensus that was not recorded: an authority's own, with fewer signatures.
        let Some(base) = bases.get(&diff.hash.from) else { continue };
        let result = diff.apply(base).expect("the diff applies");
        read::<Consensus<'_>>(Frame::whole(Type::Consensus, &result), name);
        applied += 1;
        known += usize::from(targets.get(&diff.hash.to).is_some_and(|target| *target == result));
    }
    assert!(applied > 100 && known > 100, "{applied} diffs applied, {known} to a recorded consensus");
}

#[test]
fn the_published_diff_applies() {
    let Some(corpus) = shared("corpus") else { return };
    let diff = fs::read(corpus.join("consensus-diff/2019-07-network-status-diff")).expect("a readable file");
    let base = fs::read(corpus.join("consensus/2019-07-20-21-consensus-6456r")).expect("a readable file");
    let diff = read::<ConsensusDiff<'_>>(Frame::whole(Type::ConsensusDiff, &diff), "diff").partial;
    let result = diff.apply(&base).expect("the diff applies");
    let consensus = read::<Consensus<'_>>(Frame::whole(Type::Consensus, &result), "result").partial;
    assert_eq!(consensus.valid_after.to_string(), "2019-07-21 21:00:00");
}

#[test]
fn a_consensus_names_the_votes_it_was_made_of() {
    let Some(recording) = shared("tornet/recording/http") else { return };
    let all = files(&recording);
    let mut votes = HashMap::new();
    let mut consensuses = HashMap::new();
    for (name, bytes) in &all {
        match frames(bytes, None).next().and_then(|frame| frame.kind) {
            Some(Type::Vote) => {
                let vote = read::<Vote<'_>>(Frame::whole(Type::Vote, bytes), name).partial;
                let certificate = vote.authority.certificate.expect("a certificate");
                assert_eq!(certificate.fingerprint, vote.authority.dir_source.identity);
                votes.insert(Type::Vote.digests(bytes).sha1, vote.authority.dir_source.identity);
            }
            Some(Type::Consensus) => {
                consensuses.insert(Type::Consensus.digests(bytes).sha1, bytes);
            }
            _ => {}
        }
    }
    let (mut named, mut signed) = (0, 0);
    for bytes in consensuses.values() {
        for authority in parse::<Consensus<'_>>(Frame::whole(Type::Consensus, bytes)).partial.authorities {
            if let Some(identity) = votes.get(&authority.vote_digest) {
                assert_eq!(*identity, authority.dir_source.identity);
                named += 1;
            }
        }
    }
    for (name, bytes) in all.iter().filter(|(name, _)| name.ends_with("consensus-signatures")) {
        let frame = Frame::whole(Type::DetachedSignatures, bytes);
        let signatures = read::<DetachedSignatures<'_>>(frame, name).partial;
        signed += usize::from(consensuses.contains_key(&Some(signatures.consensus_digest)));
    }
    assert!(named > 150 && signed > 50, "{named} votes named, {signed} consensuses signed");
}

#[test]
fn entries_are_found_and_probabilities_add_up() {
    let Some(corpus) = shared("corpus") else { return };
    for (name, bytes) in files(&corpus.join("consensus")).iter().filter(|(name, _)| name.ends_with('r')) {
        let frame = frames(bytes, None).next().expect("a document");
        let consensus = parse::<Consensus<'_>>(frame).partial;
        let selection = PathSelection::new(&consensus);
        let mut sums = [0.0; 4];
        for entry in &consensus.entries {
            let found = consensus.entry(&entry.r.fingerprint).expect("the entry is there");
            assert_eq!(found.r, entry.r);
            let it = selection.probabilities(entry);
            for (sum, part) in
                sums.iter_mut().zip([it.consensus_weight_fraction, it.guard, it.middle, it.exit])
            {
                *sum += part;
            }
        }
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-9), "{name}: {sums:?}");
        assert!(consensus.entry(&Hex([0; 20])).is_none());
        assert!(consensus.known_flags.contains(Flags::EXIT));
        let newest =
            consensus.entries.iter().filter_map(|entry| entry.tor_version()).max().expect("a version");
        assert_eq!(consensus.recommends_for_relays(&newest).is_some(), consensus.server_versions.is_some());
    }
}
