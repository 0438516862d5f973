//! What holds for any input: bytes at random, documents with a few bytes changed, and hostile ones.

mod common;

use std::sync::LazyLock;

use common::holds;
use descriptor_core::{
    document::{Consensus, Type},
    netdoc::{Frame, frames},
    schema::{MAX_LISTED, parse},
    value::{Base64, Hex, Timestamp},
};
use proptest::prelude::*;

/// Golden documents, whole, to be changed.
static DOCUMENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let texts =
        common::files(&golden).into_iter().filter(|path| path.extension().is_some_and(|it| it == "txt"));
    let texts: Vec<_> = texts.map(|path| std::fs::read(path).expect("the case can be read")).collect();
    assert!(!texts.is_empty(), "no golden case was found");
    texts
});

/// A change that a document may suffer: bytes cut out at a place and others put there.
#[derive(Debug, Clone)]
struct Change {
    place: prop::sample::Index,
    cut: usize,
    put: Vec<u8>,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        prop::sample::select(vec![
            &b"\n"[..],
            b"\n\n",
            b" ",
            b"\t",
            b"\r\n",
            b"\n\r\n",
            b"\0",
            b"-",
            b"=",
            b",",
            b"99999999999999999999",
            b"-1",
            b"\xff",
            b"opt ",
            b"@type server-descriptor 1.0\n",
            b"-----BEGIN X-----\n",
            b"-----END SIGNATURE-----\n",
            b"r \n",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    let change = (any::<prop::sample::Index>(), 0usize..40, bytes).prop_map(|(place, cut, put)| Change {
        place,
        cut,
        put,
    });
    prop::collection::vec(change, 0..6)
}

fn changed(text: &[u8], changes: Vec<Change>) -> Vec<u8> {
    let mut text = text.to_vec();
    for Change { place, cut, put } in changes {
        let at = place.index(text.len() + 1);
        let end = (at + cut).min(text.len());
        text.splice(at..end, put);
    }
    text
}

/// Lines of a few words, of which some are keywords.
fn wordy() -> impl Strategy<Value = Vec<u8>> {
    let words = || {
        prop::sample::select(vec![
            "r",
            "s",
            "router",
            "published",
            "opt",
            "accept",
            "*:*",
            "1",
            "-5",
            "a=b",
            "",
            "é",
        ])
    };
    let line = prop::collection::vec(words(), 0..5).prop_map(|words| words.join(" "));
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.join("\n").into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_can_be_read(data in prop_oneof![prop::collection::vec(any::<u8>(), 0..600), wordy()]) {
        holds::lexer(&data);
        holds::any_document(&data);
        holds::round_trip(&data);
    }

    #[test]
    fn changed_documents_can_be_read(which in any::<prop::sample::Index>(), changes in changes()) {
        let data = changed(which.get::<Vec<u8>>(&DOCUMENTS), changes);
        holds::lexer(&data);
        holds::any_document(&data);
        holds::round_trip(&data);
    }

    #[test]
    #[cfg(feature = "verify")]
    fn signatures_of_changed_documents_can_be_tried(which in any::<prop::sample::Index>(), changes in changes()) {
        let data = changed(which.get::<Vec<u8>>(&DOCUMENTS), changes);
        common::signatures::any_signatures(&data);
    }

    #[test]
    fn a_stream_gives_the_frames_of_the_buffer(
        which in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        changes in changes(),
        pieces in prop::collection::vec(1usize..3000, 1..8),
    ) {
        let data = changed(&which.iter().map(|it| it.get::<Vec<u8>>(&DOCUMENTS).as_slice()).collect::<Vec<_>>().concat(), changes);
        holds::stream(&data, &pieces);
    }

    #[test]
    fn times_are_read_as_they_are_written(seconds in -62_167_219_200i64..253_402_300_800, separator in prop_oneof![Just(b' '), Just(b'T')]) {
        prop_assert_eq!(Timestamp::parse(&Timestamp(seconds).format(separator)), Some(Timestamp(seconds)));
    }

    #[test]
    fn digests_are_read_as_they_are_written(bytes in any::<[u8; 20]>(), key in any::<[u8; 32]>()) {
        let hex = Hex(bytes);
        prop_assert_eq!(Hex::from_hex(hex.to_string().as_bytes()), Some(hex));
        prop_assert_eq!(Hex::from_hex(hex.to_string().to_lowercase().as_bytes()), Some(hex));
        prop_assert_eq!(Hex::from_base64(hex.to_base64().as_bytes()), Some(hex));
        let base64 = Base64(key);
        prop_assert_eq!(Base64::from_base64(base64.to_string().as_bytes()), Some(base64));
        prop_assert_eq!(Base64::from_base64(format!("{base64}=").as_bytes()), Some(base64));
    }
}

#[test]
fn what_fuzzing_found_stays_right() {
    for data in [
        // A line of a bridge without arguments, in a table within the arguments of a line.
        &b"@type bridge-pool-assignment 1.0\nbridge-pool-assignment 2014-12-01 00:08:38\nbridge\nab\n"[..],
        // A result that is nothing but a blank.
        b"@type torperf 1.0\nSOURCE=a\n \nSOURCE=b\n",
    ] {
        holds::lexer(data);
        holds::any_document(data);
        holds::round_trip(data);
    }
}

/// Found by fuzzing: a list of ports that is sound with something behind it was remembered as if all of it were.
#[test]
fn what_a_line_says_depends_on_no_other_line() {
    let mut text =
        b"@type network-status-consensus-3 1.0\nnetwork-status-version 3\nvote-status consensus\n".to_vec();
    for _ in 0..20 {
        text.extend_from_slice(
            b"r a AAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAAAAA 2020-01-01 00:00:00 1.2.3.4 1 0\ns\np reject 110 9443 0\n",
        );
    }
    let frame = frames(&text, None).next().expect("a document is there");
    let parsed = parse::<Consensus<'_>>(frame);
    assert_eq!(parsed.partial.entries.len(), 20);
    for entry in &parsed.partial.entries {
        assert_eq!(entry.exit_policy.map(|policy| policy.ports), Some(&b"110"[..]));
    }
}

#[test]
fn a_long_line_is_one_item() {
    let mut data = b"router a 1.2.3.4 1 0 0\nplatform ".to_vec();
    data.resize(100 << 20, b'x');
    let all: Vec<_> = frames(&data, None).collect();
    assert_eq!(all.len(), 1);
    let parsed = Type::ServerDescriptor.parse(all[0]);
    assert_eq!(parsed.partial.raw().len(), data.len());
    assert!(parsed.issues.iter().all(|issue| issue.keyword.len() < 64), "an issue holds the line");
}

#[test]
fn one_bad_entry_of_a_million_costs_one_entry() {
    let entries = 1_000_000;
    let mut data = b"network-status-version 3\nvote-status consensus\n".to_vec();
    for entry in 0..entries {
        data.extend_from_slice(match entry {
            500_000 => b"r bad\n",
            _ => b"r a AAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAAAAA 2020-01-01 00:00:00 1.2.3.4 1 0\ns\n".as_slice(),
        });
    }
    let mut all = frames(&data, None);
    let frame = all.next().expect("a document is there");
    assert_eq!((frame.body.len(), all.next()), (data.len(), None));
    let parsed = Type::Consensus.parse(frame);
    let mut read = 0;
    let record = parsed.partial.as_ref();
    (0..record.schema().fields.len()).for_each(|field| record.each(field, &mut |_| read += 1));
    assert_eq!(read, entries - 1);
    let bad = parsed.issues.iter().filter(|issue| issue.keyword == "r").count();
    assert!((1..=2).contains(&bad), "{bad} issues about one entry");
}

#[test]
fn issues_and_unknown_lines_are_kept_up_to_a_limit_and_counted_beyond() {
    let lines = 1_000_000;
    let unknown = [b"router a 1.2.3.4 1 0 0\n".to_vec(), b"zz 1\n".repeat(lines)].concat();
    let parsed = Type::ServerDescriptor.parse(Frame::whole(Type::ServerDescriptor, &unknown));
    assert_eq!(parsed.unknown.len() + parsed.suppressed, lines + parsed.suppressed - (lines - MAX_LISTED));
    assert!(parsed.suppressed >= lines - MAX_LISTED);
    let wrong = [b"router a 1.2.3.4 1 0 0\n".to_vec(), b"uptime x\n".repeat(lines)].concat();
    let parsed = Type::ServerDescriptor.parse(Frame::whole(Type::ServerDescriptor, &wrong));
    assert_eq!(parsed.issues.len(), MAX_LISTED);
    assert!(parsed.suppressed >= lines - MAX_LISTED);
}

#[test]
fn deep_nesting_is_no_recursion() {
    let pem =
        [b"router a 1.2.3.4 1 0 0\n".to_vec(), b"signing-key\n-----BEGIN A-----\n".repeat(200_000)].concat();
    holds::lexer(&pem);
    let parsed = Type::ServerDescriptor.parse(Frame::whole(Type::ServerDescriptor, &pem));
    assert_eq!(parsed.issues.len(), MAX_LISTED);
    let json = [b"{\"type\":\"onionperf\",\"data\":".to_vec(), b"[".repeat(200_000)].concat();
    let parsed = Type::OnionPerf.parse(Frame::whole(Type::OnionPerf, &json));
    assert!(!parsed.issues.is_empty(), "broken JSON is an issue");
}
