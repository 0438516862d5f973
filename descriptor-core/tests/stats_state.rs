//! Statistics with state on disk: many runs give what one gives.

mod common;

use common::{documents, shared};
use descriptor_core::{
    netdoc::frames,
    stats::{Name, Options, Partials, Profile, Tables, state::State},
    value::Timestamp,
};

/// A set of vectors, and the time of its run.
struct Set {
    name: &'static str,
    now: &'static [u8; 19],
}

const SETS: [Set; 2] = [
    Set { name: "network", now: b"2026-04-02 06:00:00" },
    Set { name: "generated", now: b"2021-01-11 12:00:00" },
];

impl Set {
    fn options(&self) -> Options<'_> {
        Options::at(Timestamp::parse(self.now).expect("a time"))
    }

    /// All documents with their sources; `None` without the vectors.
    fn documents(&self) -> Option<Vec<(String, Vec<u8>)>> {
        let folder = shared()?.join("vectors/metrics-web").join(self.name);
        Some(documents(folder.join("tree.tar.xz")))
    }
}

fn partials<'d>(documents: impl Iterator<Item = &'d (String, Vec<u8>)>) -> Partials {
    let mut partials = Partials::new(Name::ALL);
    for (source, bytes) in documents {
        for frame in frames(bytes, None) {
            partials.add_frame(frame, source);
        }
    }
    partials
}

fn same(ours: &Tables, expected: &Tables, what: &str) {
    let names = |tables: &Tables| tables.0.iter().map(|table| table.name).collect::<Vec<_>>();
    assert_eq!(names(ours), names(expected), "{what}");
    for (a, b) in ours.0.iter().zip(&expected.0) {
        let (a, b) = (a.to_csv(), b.to_csv());
        let differs = a.lines().zip(b.lines()).find(|(a, b)| a != b);
        assert!(a == b, "{what}: {differs:?}, {} and {} bytes", a.len(), b.len());
    }
}

/// A mix of all documents that is the same each time.
fn mixed(documents: &mut [(String, Vec<u8>)]) {
    let mut state = 88_172_645_463_325_252u64;
    for at in (1..documents.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        documents.swap(at, (state % (at as u64 + 1)) as usize);
    }
}

/// Dealt out to several runs at random, some documents to two of them, with tables made in between at other times and of
/// another profile.
#[test]
fn runs_in_any_order_give_the_bytes_of_one() {
    for set in SETS {
        let Some(mut documents) = set.documents() else { return };
        let options = set.options();
        let of_2013 = Options { profile: Profile::Y2013, ..options };
        let expected = [options, of_2013].map(|options| partials(documents.iter()).finish(&options));
        assert!(expected[0].0.iter().filter(|table| !table.is_empty()).count() > 5);
        mixed(&mut documents);
        let folder = tempfile::tempdir().expect("a folder");
        let open = || State::open(&folder.path().join("state"), Name::ALL).expect("it opens");
        let length = documents.len().div_ceil(5);
        for (at, chunk) in documents.chunks(length).enumerate() {
            let again = documents.iter().skip(at).step_by(11);
            let mut state = open();
            state.add(partials(chunk.iter().chain(again))).expect("it is added");
            if at % 2 == 1 {
                let earlier = Options { now: Timestamp(options.now.0 - 20 * 86400), ..options };
                state.tables(if at == 1 { &earlier } else { &of_2013 }).expect("tables");
            }
        }
        let mut state = open();
        for (expected, options) in expected.iter().zip([options, of_2013]) {
            same(&state.tables(&options).expect("tables"), expected, set.name);
            // Again, of what is kept.
            same(&state.tables(&options).expect("tables"), expected, set.name);
        }
    }
}

/// As they come: statuses first, then descriptors, a few days at a time, so that statuses wait for days.
#[test]
fn descriptors_may_come_last() {
    let set = &SETS[0];
    let Some(mut documents) = set.documents() else { return };
    let expected = partials(documents.iter()).finish(&set.options());
    // Names of descriptors have no date; statuses come before them.
    documents.sort_by_key(|(source, _)| (source.contains("descriptors/"), source.clone()));
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = State::open(&folder.path().join("state"), Name::ALL).expect("it opens");
    for chunk in documents.chunks(documents.len().div_ceil(8)) {
        state.add(partials(chunk.iter())).expect("it is added");
        state.tables(&set.options()).expect("tables");
    }
    same(&state.tables(&set.options()).expect("tables"), &expected, "descriptors last");
}
