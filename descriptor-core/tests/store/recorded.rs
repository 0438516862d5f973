//! Three days of a small network, as its authorities served them.

use std::{collections::BTreeSet, fs};

use descriptor_core::{
    collect::{
        Delivery, Wanted,
        store::{Level, Options, Store, Taken, look},
    },
    document::{Consensus, ServerDescriptor, Type, Vote},
    netdoc::frames,
    schema::parse,
    value::Timestamp,
};

use crate::{
    common::tree,
    world::{answers, layout, options, shared, take, time},
};

/// What all documents of the tree refer to and the tree does not have, told without the store.
fn missing(files: &std::collections::BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let paths: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    let names: BTreeSet<&str> =
        paths.iter().map(|path| path.rsplit('/').next().unwrap_or_default()).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut needed = BTreeSet::new();
    for (path, bytes) in files {
        for frame in frames(bytes, None) {
            match frame.kind {
                Some(Type::Consensus | Type::MicrodescConsensus) => {
                    let it = parse::<Consensus<'_>>(frame).partial;
                    for entry in &it.entries {
                        let digests = (entry.r.descriptor_digest, entry.microdescriptors.digest);
                        needed.extend(digests.0.filter(|_| !path.contains("microdesc")).map(|it| hex(&it.0)));
                        needed.extend(digests.1.map(|it| hex(&it.0)));
                    }
                    for authority in it.authorities.iter().filter(|_| !path.contains("microdesc")) {
                        let valid_after = it.valid_after.to_string().replace([' ', ':'], "-");
                        let (id, digest) =
                            (authority.dir_source.identity, authority.vote_digest.expect("it voted"));
                        needed.insert(format!("{valid_after}-vote-{id}-{digest}"));
                    }
                }
                Some(Type::Vote) => {
                    let it = parse::<Vote<'_>>(frame).partial;
                    for entry in &it.entries {
                        needed.extend(entry.r.descriptor_digest.map(|it| hex(&it.0)));
                        let hashes = entry.microdescriptors.by_method.iter();
                        needed.extend(hashes.filter_map(|it| it.sha256).map(|it| hex(&it.0)));
                    }
                }
                Some(Type::ServerDescriptor) => {
                    let it = parse::<ServerDescriptor<'_>>(frame).partial;
                    needed.extend(it.extra_info_digest.map(|it| hex(&it.sha1.0)));
                }
                _ => {}
            }
        }
    }
    assert!(needed.len() > 300, "{}", needed.len());
    needed.into_iter().filter(|name| !names.contains(name.as_str())).collect()
}

#[test]
fn everything_that_is_referred_to_is_held() {
    let Some(recording) = shared("tornet/recording") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = layout(folder.path());
    let all_time = Options { chase_statuses: 72 * 3600, chase_descriptors: 1 << 30, ..options(&recording) };
    let store = Store::open(&layout, all_time.clone()).expect("it is free");
    let (mut all, mut now) = (Taken::default(), Timestamp(0));
    for answer in answers(&recording) {
        if answer.time.0 / 3600 != now.0 / 3600 && now.0 > 0 {
            store.wanted(answer.time).expect("it can be read");
        }
        now = answer.time;
        take(&store, &answer.delivery(), &mut all);
    }
    store.asked("OddRaven42", now, None).expect("it is writable");
    store.asked("calmRaven", now, Some("connection refused")).expect("it is writable");
    all.problems.sort();
    all.problems.dedup_by_key(|it| it.rsplit(": ").next().map(str::to_owned));
    println!("{all:#?}");
    store.commit().expect("it is writable");
    // Nobody asked for four microdescriptors of older consensus methods, which votes name: the authority's disk has them.
    assert_eq!(missing(&tree(&layout.out)).len(), 4);
    let wanted = store.wanted(now).expect("it can be read");
    assert_eq!(wanted.iter().filter(|it| matches!(it, Wanted::Microdescriptor(_))).count(), 4);
    let cache = recording.join("datadirs/2026-03-29-23/auth-OddRaven42/cached-microdescs.new");
    let bytes = fs::read(&cache).expect("it is there");
    let kind = Some(Type::Microdescriptor);
    take(&store, &Delivery { kind, bytes, from: cache.display().to_string(), received: now }, &mut all);
    store.commit().expect("it is writable");
    let files = tree(&layout.out);
    assert_eq!(missing(&files), [""; 0]);
    let count = |part: &str| files.keys().filter(|path| path.contains(part)).count();
    assert_eq!(
        [count("/consensus/"), count("/consensus-microdesc/"), count("/vote/"), count("/certs/")],
        [73, 73, 219, 3]
    );
    assert_eq!([count("/server-descriptor/"), count("/extra-info/"), count("/bandwidth/")], [95, 95, 111]);

    let mut status = store.status(now).expect("it can be read");
    println!("{status}\n{}", status.prometheus());
    assert_eq!(status.hours.len(), 72);
    for hour in &status.hours {
        assert!(hour.consensus && hour.microdesc && hour.votes == [true; 3], "{hour:?}");
        for share in [hour.servers, hour.extras, hour.microdescriptors] {
            assert!(share.is_some_and(|it| it.held == it.all && it.all > 0), "{hour:?}");
        }
    }
    let texts: Vec<_> = status.warnings.drain(..).map(|it| it.text).collect();
    assert_eq!(texts, ["calmRaven: connection refused (last success: never)."]);
    let more = store.missing(now).expect("it can be read");
    let earlier = |it: &&Wanted| matches!(it, Wanted::Consensus(_, at) | Wanted::Vote(at, ..) if at.0 < time("2026-03-29 22:00:00").0);
    assert_eq!(more.iter().filter(|it| !earlier(it)).count(), 0, "{more:?}");
    assert!(tree(&layout.state.join("unverified")).is_empty());

    // Another one may look while this one has it.
    assert_eq!(look(&layout, &all_time, now).expect("it can be read").hours, status.hours);
    drop(store);
    a_database_that_is_gone(&layout, &all_time, now);
}

/// Deleted or damaged: it is made anew from the trees, says so, and knows the same.
fn a_database_that_is_gone(
    layout: &descriptor_core::collect::store::Layout,
    options: &Options,
    now: Timestamp,
) {
    let known = look(layout, options, now).expect("it can be read");
    let before = tree(&layout.out);
    for damage in 0..3 {
        match damage {
            0 => fs::remove_file(layout.database()).expect("it is there"),
            1 => fs::write(layout.database(), b"SQLite format 3\0 no more").expect("it is writable"),
            _ => {
                let mut bytes = fs::read(layout.database()).expect("it is there");
                bytes[4096..].fill(0xa5);
                fs::write(layout.database(), bytes).expect("it is writable");
            }
        }
        let store = Store::open(layout, options.clone()).expect("it is free");
        println!("{:?}", store.notes());
        assert!(store.notes().iter().any(|it| it.contains("made anew from")), "{:?}", store.notes());
        let status = store.status(now).expect("it can be read");
        assert_eq!((&status.hours, &status.authorities), (&known.hours, &known.authorities));
        assert_eq!((status.wanted, status.given_up), (known.wanted, known.given_up));
        drop(store);
        assert!(tree(&layout.out) == before);
    }
}

#[test]
fn who_is_late_is_named_and_what_is_missing_is_wanted() {
    let Some(recording) = shared("tornet/recording") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let layout = layout(folder.path());
    let options = options(&recording);
    let late = &options.authorities[1];
    let store = Store::open(&layout, options.clone()).expect("it is free");
    let until = time("2026-03-30 03:30:00");
    // From 01:00 on no votes of one authority, whoever serves them; no extra-info descriptors at all.
    let fingerprint = format!("\nfingerprint {}\n", late.identity);
    let silent = |answer: &crate::world::Answer| {
        let vote = answer.url.contains("status-vote/") && !answer.url.contains("consensus");
        let text = fs::read(&answer.file).expect("it is there");
        let its = memchr::memmem::find(&text[..], fingerprint.as_bytes()).is_some();
        vote && its && answer.time > time("2026-03-30 00:30:00")
    };
    for answer in answers(&recording).into_iter().filter(|it| it.time < until) {
        if !silent(&answer) && !answer.url.contains("/tor/extra/") {
            store.take(&answer.delivery()).expect("it is writable");
        }
    }
    let status = store.status(until).expect("it can be read");
    println!("{status}");
    assert_eq!((status.level(), status.exit_code()), (Level::Warning, 1));
    let said = |text: &str| status.warnings.iter().any(|it| it.text.contains(text));
    assert!(said(&format!("{} has not voted since 00:00.", late.name)));
    assert!(said("2026-03-30 03:00:00: 0 of 16 extra-info descriptors are held."));
    assert!(said("Missing too many referenced descriptors (3."), "{:?}", status.warnings);
    let wanted = store.wanted(until).expect("it can be read");
    let votes = wanted
        .iter()
        .filter(|it| matches!(it, Wanted::Vote(_, who, Some(_)) if *who == late.identity))
        .count();
    let extras = wanted.iter().filter(|it| matches!(it, Wanted::ExtraInfo(_))).count();
    assert_eq!(votes, 3, "{wanted:?}");
    assert!(extras > 10, "{wanted:?}");
    // Ten hours later everything is stale, and those votes are lost.
    let later = Timestamp(until.0 + 10 * 3600);
    let status = store.status(later).expect("it can be read");
    assert_eq!((status.level(), status.exit_code()), (Level::Critical, 2));
    let stale = "The last known relay network status consensus was valid after 2026-03-30 03:00:00, \
                 which is more than 5:30 hours in the past.";
    assert!(status.warnings.iter().any(|it| it.text == stale), "{status}");
    let gone = store.given_up(later).expect("it can be read");
    assert!(
        gone.iter().any(|it| matches!(it, Wanted::Vote(_, who, Some(_)) if *who == late.identity)),
        "{gone:?}"
    );
}
