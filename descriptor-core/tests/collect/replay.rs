//! The recording of a private network, played again: what each authority served at a time, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
};

use descriptor_core::{
    archive::recent::clean,
    collect::{
        Delivery, Directory, DirectoryAuthority, Flavor, Source, Wanted, collect as run,
        store::{KnownAuthority, Layout, Options, Share, Store, look},
    },
    document::{Consensus, KeyCertificate, ServerDescriptor, Type, sha1},
    netdoc::{Frame, frames},
    schema::parse,
    value::{Fingerprint, Timestamp},
};
use serde_json::Value;

use crate::{
    client, collect, common,
    server::{Asked, Reply, Server, closed, sized, status},
    settings,
};

/// What an authority served at a time.
struct Served {
    time: String,
    path: String,
    diff_from: Option<String>,
    encoding: String,
    status: u64,
    body: Vec<u8>,
}

/// An authority of the recording.
struct Recorded {
    authority: DirectoryAuthority,
    served: Vec<Served>,
}

fn recorded(recording: &Path) -> Vec<Recorded> {
    let state: Value = serde_json::from_slice(&fs::read(recording.join("tornet.json")).unwrap()).unwrap();
    let mut authorities = Vec::new();
    for one in state["authorities"].as_array().unwrap() {
        let name = one["nick"].as_str().unwrap().to_owned();
        let identity = Fingerprint::from_hex(one["v3"].as_str().unwrap().as_bytes()).unwrap();
        let authority = DirectoryAuthority { name, address: "127.0.0.1:1".parse().unwrap(), identity };
        authorities.push(Recorded { authority, served: Vec::new() });
    }
    for line in fs::read_to_string(recording.join("index.jsonl")).unwrap().lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let host = text(&entry["host"]);
        let Some(recorded) = authorities.iter_mut().find(|it| it.authority.name == host) else { continue };
        let file = text(&entry["file"]);
        recorded.served.push(Served {
            time: text(&entry["time"]),
            path: text(&entry["url"]),
            diff_from: entry["request_headers"]["X-Or-Diff-From-Consensus"].as_str().map(str::to_owned),
            encoding: text(&entry["headers"]["Content-Encoding"]),
            status: entry["status"].as_u64().unwrap_or(0),
            body: if file.is_empty() { Vec::new() } else { fs::read(recording.join(file)).unwrap() },
        });
    }
    assert_eq!(authorities.len(), 3);
    assert!(authorities.iter().all(|it| it.served.len() > 100), "the recording is not what it was");
    authorities
}

/// What a document is asked for by: the piece of the address.
fn digest(frame: &Frame<'_>) -> Option<String> {
    match frame.kind? {
        kind @ (Type::ServerDescriptor | Type::ExtraInfo | Type::Vote) => {
            Some(kind.sha1(frame.body)?.to_string())
        }
        kind @ Type::Microdescriptor => Some(kind.sha256(frame.body)?.to_string()),
        Type::KeyCertificate => {
            let certificate = parse::<KeyCertificate<'_>>(*frame).partial;
            Some(format!("{}-{}", certificate.fingerprint, sha1(&certificate.dir_signing_key.decode()?)))
        }
        _ => None,
    }
}

/// An authority at a time of the recording. `from` is the hour's beginning, `until` the time.
struct Replay {
    /// The newest answers of the hour, by path and base of the diff.
    answers: BTreeMap<(String, Option<String>), Reply>,
    /// All documents that it ever served until then, by digest.
    documents: BTreeMap<String, Vec<u8>>,
}

impl Replay {
    fn new(recorded: &Recorded, from: &str, until: &str) -> Self {
        let (mut answers, mut documents) = (BTreeMap::new(), BTreeMap::new());
        for served in recorded.served.iter().filter(|it| it.status == 200 && it.time.as_str() <= until) {
            let own = format!("/{}", recorded.authority.identity);
            let path = match served.path.strip_suffix("/authority") {
                Some(start) if start.contains("status-vote") => format!("{start}{own}"),
                _ => served.path.clone(),
            };
            // Votes are there for their hour, by identity or digest.
            let vote = path.starts_with("/tor/status-vote/current/") && served.time.as_str() >= from;
            if served.encoding == "identity" && (vote || !path.contains("status-vote")) {
                for frame in frames(&served.body, None) {
                    if let Some(digest) = digest(&frame) {
                        documents.insert(digest, frame.body.to_vec());
                    }
                }
            }
            if served.time.as_str() >= from {
                let encoding = format!("Content-Encoding: {}\r\n", served.encoding);
                answers.insert((path, served.diff_from.clone()), sized(&served.body, &encoding));
            }
        }
        Replay { answers, documents }
    }

    fn reply(&self, asked: &Asked) -> Reply {
        let base = asked.header("x-or-diff-from-consensus").map(str::to_owned);
        let key = (asked.path.clone(), base);
        if let Some(reply) = self.answers.get(&key).or_else(|| self.answers.get(&(key.0.clone(), None))) {
            return reply.clone();
        }
        let (start, digests) = asked.path.rsplit_once('/').unwrap_or_default();
        let (separator, start) = match start {
            // Base64 has slashes of its own.
            _ if asked.path.starts_with("/tor/micro/d/") => ('-', "/tor/micro/d"),
            start => ('+', start),
        };
        let digests = if separator == '-' { &asked.path["/tor/micro/d/".len()..] } else { digests };
        let known = [
            "/tor/server/d",
            "/tor/extra/d",
            "/tor/micro/d",
            "/tor/keys/fp-sk",
            "/tor/status-vote/current/d",
        ]
        .contains(&start);
        let has = digests.split(separator).filter_map(|digest| self.documents.get(digest)).flatten();
        let body: Vec<u8> = has.copied().filter(|_| known).collect();
        if body.is_empty() { status("404 Not found") } else { closed(&body) }
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text.as_bytes().try_into().unwrap()).unwrap()
}

/// The authorities at a time, a share of whose answers is a failure, asked by somebody whose clock says another one.
fn network_at(
    all: &[Recorded],
    from: &str,
    until: &str,
    failures: u32,
    now: Timestamp,
) -> (Directory, Vec<Server>) {
    let (mut servers, mut authorities) = (Vec::new(), Vec::new());
    for recorded in all {
        let replay = Replay::new(recorded, from, until);
        let count = AtomicU32::new(0);
        let server = Server::start(move |asked| {
            // Not by chance, so that a failure of the test can be had again.
            let fails = count.fetch_add(7, SeqCst) % 10 < failures;
            if fails { status("503 Directory busy, try again later") } else { replay.reply(asked) }
        });
        authorities.push(DirectoryAuthority { address: server.address, ..recorded.authority.clone() });
        servers.push(server);
    }
    (Directory::new(authorities, client(), settings()).with_clock(Box::new(move || now)), servers)
}

/// The same, asked by somebody whose clock is right.
fn network(all: &[Recorded], from: &str, until: &str, failures: u32) -> (Directory, Vec<Server>) {
    network_at(all, from, until, failures, time(until))
}

/// The bytes of the recording for a path and hour, of whichever authority.
fn original<'r>(all: &'r [Recorded], path: &str, from: &str, until: &str) -> &'r [u8] {
    let served = all.iter().flat_map(|it| &it.served).find(|it| {
        let plain = it.encoding == "identity" && it.diff_from.is_none();
        it.path == path && plain && it.time.as_str() >= from && it.time.as_str() <= until
    });
    &served.unwrap().body
}

/// All that one would want to know of an hour, and that an authority offered in it.
fn wanted(all: &[Recorded], from: &str, until: &str) -> Vec<Wanted> {
    let hour = time(from);
    let mut wanted = vec![Wanted::BandwidthFiles];
    wanted.extend([Flavor::Ns, Flavor::Microdesc].map(|flavor| Wanted::Consensus(flavor, hour)));
    let replays: Vec<_> = all.iter().map(|it| Replay::new(it, from, until)).collect();
    let offers = |identity: &Fingerprint| {
        let path = format!("/tor/status-vote/current/{identity}");
        replays.iter().any(|replay| replay.answers.contains_key(&(path.clone(), None)))
    };
    let voters = all.iter().map(|it| it.authority.identity).filter(offers);
    wanted.extend(voters.map(|identity| Wanted::Vote(hour, identity, None)));
    let documents: BTreeMap<_, _> = replays.iter().flat_map(|it| &it.documents).collect();
    let has = |digest: &str| documents.keys().any(|it| *it == digest);
    let ns = original(all, "/tor/status-vote/current/consensus", from, until);
    let ns = parse::<Consensus<'_>>(Frame::whole(Type::Consensus, ns)).partial;
    let micro = original(all, "/tor/status-vote/current/consensus-microdesc", from, until);
    for frame in documents.values().flat_map(|body| frames(body, None)) {
        if let Some(Type::KeyCertificate) = frame.kind {
            let certificate = parse::<KeyCertificate<'_>>(frame).partial;
            let key = sha1(&certificate.dir_signing_key.decode().unwrap());
            wanted.push(Wanted::Certificate(certificate.fingerprint, key));
        }
    }
    for router in &ns.entries {
        let Some(digest) = router.r.descriptor_digest.filter(|digest| has(&digest.to_string())) else {
            continue;
        };
        wanted.push(Wanted::ServerDescriptor(digest));
        let text = documents[&digest.to_string()];
        let descriptor = parse::<ServerDescriptor<'_>>(Frame::whole(Type::ServerDescriptor, text)).partial;
        let extra = descriptor.extra_info_digest.map(|it| it.sha1);
        wanted.extend(extra.filter(|it| has(&it.to_string())).map(Wanted::ExtraInfo));
    }
    for router in &parse::<Consensus<'_>>(Frame::whole(Type::MicrodescConsensus, micro)).partial.entries {
        let digest = router.microdescriptors.digest.filter(|it| has(&it.to_string()));
        wanted.extend(digest.map(Wanted::Microdescriptor));
    }
    wanted
}

/// What was wanted, of a kind, and did not come. Documents are known again by their own digests.
fn missing(wanted: &[Wanted], deliveries: &[Delivery]) -> Vec<Wanted> {
    let mut came = BTreeSet::new();
    for frame in deliveries.iter().flat_map(|it| frames(&it.bytes, it.kind)) {
        let kind = frame.kind.unwrap();
        came.insert(match digest(&frame) {
            Some(digest) => (kind, digest),
            None => (kind, String::new()),
        });
    }
    let votes = |identity: &Fingerprint| {
        let line = format!(" {identity} ");
        deliveries.iter().any(|it| {
            it.kind == Some(Type::Vote)
                && String::from_utf8_lossy(&it.bytes)
                    .lines()
                    .any(|text| text.starts_with("dir-source ") && text.contains(&line))
        })
    };
    let has = |wanted: &&Wanted| match wanted {
        Wanted::Consensus(Flavor::Ns, _) => came.contains(&(Type::Consensus, String::new())),
        Wanted::Consensus(Flavor::Microdesc, _) => came.contains(&(Type::MicrodescConsensus, String::new())),
        Wanted::Vote(_, identity, _) => votes(identity),
        Wanted::DetachedSignatures(_) => came.contains(&(Type::DetachedSignatures, String::new())),
        Wanted::Certificate(identity, key) => {
            came.contains(&(Type::KeyCertificate, format!("{identity}-{key}")))
        }
        Wanted::ServerDescriptor(digest) => came.contains(&(Type::ServerDescriptor, digest.to_string())),
        Wanted::ExtraInfo(digest) => came.contains(&(Type::ExtraInfo, digest.to_string())),
        Wanted::Microdescriptor(digest) => came.contains(&(Type::Microdescriptor, digest.to_string())),
        Wanted::BandwidthFiles | Wanted::Anything => true,
    };
    wanted.iter().filter(|wanted| !has(wanted)).copied().collect()
}

/// Hours of the recording: one with all encodings, ordinary ones, the last one.
const HOURS: [&str; 4] = ["2026-03-29 23", "2026-03-30 12", "2026-03-31 15", "2026-04-01 20"];

#[test]
fn everything_wanted_that_was_offered_arrives() {
    let Some(shared) = common::shared() else { return };
    let all = recorded(&shared.join("tornet/recording"));
    for hour in HOURS {
        for failures in [0, 1, 5] {
            let (from, until) = (format!("{hour}:00:00"), format!("{hour}:06:00"));
            let wanted = wanted(&all, &from, &until);
            let kinds: HashSet<_> = wanted.iter().map(std::mem::discriminant).collect();
            assert_eq!(kinds.len(), 7, "{hour}: everything is offered: {wanted:?}");
            let (directory, _servers) = network(&all, &from, &until, failures);
            let (deliveries, errors) = collect(&directory, &wanted);
            let missing = missing(&wanted, &deliveries);
            assert!(missing.is_empty(), "{hour}, {failures} of 10 fail: {errors:?}, {missing:?}");
            assert_eq!(errors.is_empty(), failures == 0, "{hour}, {failures} of 10 fail: {errors:?}");
        }
    }
}

#[test]
fn before_the_hour_there_are_votes_signatures_and_bandwidth_files_of_the_next() {
    let Some(shared) = common::shared() else { return };
    let all = recorded(&shared.join("tornet/recording"));
    for hour in HOURS {
        let (from, until) = (format!("{hour}:50:00"), format!("{hour}:59:00"));
        let next = Timestamp(time(&format!("{hour}:00:00")).0 + 3600);
        if original_is_absent(&all, &from, &until) {
            continue;
        }
        let mut wanted = vec![Wanted::BandwidthFiles, Wanted::DetachedSignatures(next)];
        wanted.extend(all.iter().map(|it| Wanted::Vote(next, it.authority.identity, None)));
        let (directory, servers) = network(&all, &from, &until, 0);
        let (deliveries, errors) = collect(&directory, &wanted);
        let missing = missing(&wanted, &deliveries);
        assert!(missing.is_empty(), "{hour}: {errors:?}, {missing:?}");
        let files = deliveries.iter().filter(|it| it.kind == Some(Type::BandwidthFile)).count();
        let offered =
            |server: &Server| server.asked().iter().any(|it| it.path == "/tor/status-vote/next/bandwidth");
        assert!(servers.iter().all(offered), "each is asked for its own");
        assert_eq!(files, 3, "{hour}: {errors:?}");
    }
}

/// The recording ends within an hour.
fn original_is_absent(all: &[Recorded], from: &str, until: &str) -> bool {
    !all.iter().flat_map(|it| &it.served).any(|it| {
        it.path.ends_with("next/consensus-signatures")
            && it.time.as_str() >= from
            && it.time.as_str() <= until
    })
}

#[test]
fn a_diff_makes_the_consensus_that_was_served_whole() {
    let Some(shared) = common::shared() else { return };
    let all = recorded(&shared.join("tornet/recording"));
    let hour = "2026-03-30 12";
    let (from, until) = (format!("{hour}:00:00"), format!("{hour}:06:00"));
    let paths = ["/tor/status-vote/current/consensus", "/tor/status-vote/current/consensus-microdesc"];
    let bases = paths.map(|path| original(&all, path, "2026-03-30 11:00:00", "2026-03-30 11:06:00").to_vec());
    let wholes = paths.map(|path| original(&all, path, &from, &until).to_vec());
    let wanted = [Flavor::Ns, Flavor::Microdesc].map(|flavor| Wanted::Consensus(flavor, time(&from)));

    let (directory, servers) = network(&all, &from, &until, 0);
    let base = bases.clone();
    let directory = directory
        .with_base(Box::new(move |flavor| Some(base[usize::from(flavor == Flavor::Microdesc)].clone())));
    let (deliveries, errors) = collect(&directory, &wanted);
    let texts: BTreeSet<_> = deliveries.iter().map(|it| &it.bytes).collect();
    assert_eq!((texts, errors), (wholes.iter().collect(), vec![]));
    let asked: Vec<_> = servers.iter().flat_map(Server::asked).collect();
    assert!(
        asked.iter().all(|it| it.header("x-or-diff-from-consensus").is_some()),
        "no whole one was needed"
    );
}

#[test]
fn where_a_diff_is_wrong_the_whole_consensus_is_asked_for() {
    let Some(shared) = common::shared() else { return };
    let all = recorded(&shared.join("tornet/recording"));
    let path = "/tor/status-vote/current/consensus";
    let base = original(&all, path, "2026-03-30 11:00:00", "2026-03-30 11:06:00").to_vec();
    let whole = original(&all, path, "2026-03-30 12:00:00", "2026-03-30 12:06:00").to_vec();
    let answer = whole.clone();
    let server = Server::start(move |asked| match asked.header("x-or-diff-from-consensus") {
        Some(from) => {
            closed(format!("network-status-diff-version 1\nhash {from} {}\n2d\n", "0".repeat(64)).as_bytes())
        }
        None => closed(&answer),
    });
    let authority = DirectoryAuthority { address: server.address, ..all[0].authority.clone() };
    let now = time("2026-03-30 12:05:00");
    let directory = Directory::new(vec![authority], client(), settings())
        .with_clock(Box::new(move || now))
        .with_base(Box::new(move |_| Some(base.clone())));
    let wanted = [Wanted::Consensus(Flavor::Ns, time("2026-03-30 12:00:00"))];
    let (deliveries, errors) = collect(&directory, &wanted);
    assert_eq!(deliveries.len(), 1, "{errors:?}");
    assert!(deliveries[0].bytes == whole, "the consensus is not the one that was served");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].what.starts_with("consensus diff: "), "{errors:?}");
    assert_eq!(server.asked().len(), 2);
}

/// The times of the recording at which authorities serve a new consensus, some minutes later.
fn hours(all: &[Recorded]) -> Vec<(String, String)> {
    let served = all.iter().flat_map(|it| &it.served);
    let consensuses = served.filter(|it| it.path == "/tor/status-vote/current/consensus" && it.status == 200);
    let hours: BTreeSet<_> = consensuses.map(|it| it.time[..13].to_owned()).collect();
    hours.iter().map(|hour| (format!("{hour}:00:00"), format!("{hour}:20:00"))).collect()
}

/// Three days of the network, one run an hour: sources, store and rounds together. `wrong` tells by how many seconds the
/// clock is ahead in a run.
fn three_days(failures: u32, wrong: impl Fn(usize) -> i64) {
    let Some(shared) = common::shared() else { return };
    let all = recorded(&shared.join("tornet/recording"));
    let folder = tempfile::tempdir().unwrap();
    let known =
        |it: &Recorded| KnownAuthority { name: it.authority.name.clone(), identity: it.authority.identity };
    let options = Options { authorities: all.iter().map(known).collect(), ..Options::default() };
    let layout = Layout {
        out: folder.path().join("out"),
        recent: Some(folder.path().join("recent")),
        state: folder.path().join("state"),
    };
    let hours = hours(&all);
    assert!(hours.len() >= 73, "{} hours", hours.len());
    let stop = AtomicBool::new(false);
    let mut until = String::new();
    for (at, hour) in hours.iter().enumerate() {
        until.clone_from(&hour.1);
        let now = Timestamp(time(&until).0 + wrong(at));
        let (directory, _servers) = network_at(&all, &hour.0, &until, failures, now);
        let store = Store::open(&layout, options.clone()).unwrap();
        let sources: Vec<Box<dyn Source>> = vec![Box::new(directory)];
        let collected = run(&store, &sources, &move || now, &stop, &|_| ()).unwrap();
        assert!(
            collected.sources.values().all(|it| it.refused == 0 && it.conflicts == 0),
            "{until}: {collected}"
        );
        let status = store.status(now).unwrap();
        let behind = status.warnings.iter().any(|it| it.text.starts_with("The clock says"));
        assert_eq!(behind, wrong(at) < -20 * 60 - 300, "{until}: {status}");
        // Nothing comes twice: what is held is not asked for again, though the next consensus may be out.
        let (directory, _servers) = network_at(&all, &hour.0, &until, 0, now);
        let again =
            run(&store, &[Box::new(directory) as Box<dyn Source>], &move || now, &stop, &|_| ()).unwrap();
        assert!(again.sources.values().all(|it| it.new == 0), "{until}: {again}");
        clean(layout.recent.as_ref().unwrap(), now, 72).unwrap();
    }
    let status = look(&layout, &options, time(&until)).unwrap();
    assert!(status.hours.len() >= 72, "{status}");
    for hour in &status.hours {
        let whole = |share: Option<Share>| share.is_some_and(|it| it.held == it.all && it.all > 0);
        let consensus = Timestamp(hour.time).to_string().replace([' ', ':'], "-") + "-consensus";
        let recent = layout.recent.as_ref().unwrap().join("relay-descriptors/consensuses").join(consensus);
        // Whose clock is a year ahead takes everything for old.
        let old = hours
            .iter()
            .position(|it| time(&it.0).0 == hour.time)
            .is_some_and(|run| wrong(run) > 300 * 86400);
        assert_eq!(recent.exists(), !old, "{}", recent.display());
        let complete = hour.consensus
            && hour.microdesc
            && hour.votes.iter().all(|vote| *vote)
            && [hour.servers, hour.extras, hour.microdescriptors].into_iter().all(whole);
        assert!(complete, "{failures} of 10 fail: {hour:?}\n{status}");
    }
}

#[test]
fn three_days_are_collected_whole() {
    three_days(0, |_| 0);
}

#[test]
fn three_days_are_collected_whole_where_a_tenth_of_all_answers_fails() {
    three_days(1, |_| 0);
}

/// An hour behind, a day ahead, a year ahead, and right again after each.
#[test]
fn three_days_are_collected_whole_by_a_clock_that_jumps() {
    three_days(0, |run| match run {
        10..20 => -3600,
        30..40 => 86400,
        50..55 => 366 * 86400,
        _ => 0,
    });
}
