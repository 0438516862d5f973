//! Relays by place and family, concentration, churn and overload: computed a second time, as plainly as can be.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use common::{shared, unpack};
use descriptor_core::{
    document::{Consensus, ExtraInfo, ServerDescriptor, Type},
    geoip::{Database, Places},
    netdoc::{Frame, frames},
    schema::parse,
    stats::{Day, Name, Options, Partials, Tables},
    value::Timestamp,
};

/// The files of a tree of documents that was recorded or generated.
fn tree(name: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let path = shared()?.join("vectors/metrics-web").join(name).join("tree.tar.xz");
    Some(unpack(&path, "recent/relay-descriptors/"))
}

/// Two countries and a gap, and another database for the time before.
fn places() -> Places {
    let mut places = Places::default();
    let quarter = |at: u32| (at << 30, (at << 30) + (1 << 30) - 1);
    let line = |(start, end): (u32, u32), code: &str| format!("{start},{end},{code}\n");
    for (date, codes) in [("1 Jan 2010", ["AA", "BB", "CC"]), ("31 Mar 2026", ["AA", "CC", "BB"])] {
        let head = format!("# Generated: Thu, {date} 00:00:00 GMT\n");
        let lines = (0..).zip(codes).map(|(at, code)| line(quarter(at), code));
        let text: String = std::iter::once(head).chain(lines).collect();
        places.add_countries(Database::read(text.into_bytes()).expect("tor's format"));
    }
    places
}

fn tables(files: &BTreeMap<String, Vec<u8>>, now: &[u8; 19], places: Option<&Places>) -> Tables {
    let mut partials = Partials::new(&[Name::Relays]);
    for (path, bytes) in files {
        for frame in frames(bytes, kind(path)) {
            if Name::Relays.types().iter().any(|it| Some(*it) == frame.kind) {
                partials.add_frame(frame, path);
            }
        }
    }
    let options = Options { places, ..Options::at(Timestamp::parse(now).expect("a time")) };
    partials.finish(&options)
}

fn kind(path: &str) -> Option<Type> {
    let folder = path.split('/').next()?;
    Some(match folder {
        "consensuses" => Type::Consensus,
        "server-descriptors" => Type::ServerDescriptor,
        "extra-infos" => Type::ExtraInfo,
        _ => return None,
    })
}

/// Calls a function for each document of a type.
fn each<'a>(files: &'a BTreeMap<String, Vec<u8>>, wanted: Type, mut with: impl FnMut(Frame<'a>)) {
    for (_, bytes) in files.iter().filter(|(path, _)| kind(path) == Some(wanted)) {
        frames(bytes, Some(wanted)).filter(|frame| frame.kind == Some(wanted)).for_each(&mut with);
    }
}

type Relay = [u8; 20];

/// An entry of a consensus, with its shares.
#[derive(Clone)]
struct Entry {
    relay: Relay,
    digest: Relay,
    first_octet: u8,
    weight: f64,
    exit: f64,
}

/// A consensus.
struct Status {
    time: i64,
    next: i64,
    entries: Vec<Entry>,
    /// Whether any relay has a weight.
    weighted: bool,
    /// Whether it has all weights of positions.
    positioned: bool,
}

fn statuses(files: &BTreeMap<String, Vec<u8>>) -> Vec<Status> {
    let mut all = Vec::new();
    each(files, Type::Consensus, |frame| {
        let consensus = parse::<Consensus<'_>>(frame).partial;
        let share =
            |name: &str| consensus.bandwidth_weights.and_then(|weights| weights.get(name)).map(f64::from);
        let names = ["Wgg", "Wgd", "Wmg", "Wmm", "Wme", "Wmd", "Wee", "Wed"];
        let positioned = names.into_iter().all(|name| share(name).is_some());
        let running = || consensus.entries.iter().filter(|entry| entry.has_flag("Running"));
        let weight = |entry: &descriptor_core::document::RouterStatus<'_>| {
            entry.weight.and_then(|weight| weight.bandwidth).unwrap_or(0) as f64
        };
        let exit = |entry: &descriptor_core::document::RouterStatus<'_>| {
            let exits = entry.has_flag("Exit") && !entry.has_flag("BadExit");
            let name = if entry.has_flag("Guard") { "Wed" } else { "Wee" };
            if exits && positioned { weight(entry) * share(name).unwrap_or(0.0) } else { 0.0 }
        };
        let (weights, exits): (f64, f64) = (running().map(weight).sum(), running().map(exit).sum());
        let entries = running().map(|entry| Entry {
            relay: entry.r.fingerprint.0,
            digest: entry.r.descriptor_digest.expect("a digest").0,
            first_octet: entry.r.address.octets()[0],
            weight: if weights > 0.0 { weight(entry) / weights } else { 0.0 },
            exit: if exits > 0.0 { exit(entry) / exits } else { 0.0 },
        });
        let (time, next) = (consensus.valid_after.0, consensus.fresh_until.0);
        let (weighted, entries) = (weights > 0.0, entries.collect());
        all.push(Status { time, next, entries, weighted, positioned });
    });
    all.sort_by_key(|status| status.time);
    all
}

fn descriptors(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<Relay, ServerDescriptor<'_>> {
    let mut all = BTreeMap::new();
    each(files, Type::ServerDescriptor, |frame| {
        let digest = Type::ServerDescriptor.sha1(frame.body).expect("a digest").0;
        let parsed = parse::<ServerDescriptor<'_>>(frame);
        if parsed.document().is_some() {
            all.insert(digest, parsed.partial);
        }
    });
    all
}

/// A table's rows by some of its columns, joined with blanks.
fn rows(tables: &Tables, name: &str, keys: &[&str]) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = tables.get(name).unwrap_or_else(|| panic!("{name} is made")).to_csv();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let columns = lines.next().expect("a header");
    let mut all = BTreeMap::new();
    for line in lines {
        let row: BTreeMap<String, String> = columns.iter().cloned().zip(line).collect();
        let key = keys.iter().map(|key| row[*key].as_str()).collect::<Vec<_>>().join(" ");
        assert!(all.insert(key, row).is_none(), "{name} has a row twice");
    }
    all
}

fn close(row: &BTreeMap<String, String>, column: &str, expected: f64) {
    let got: f64 = row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"));
    let decimals = row[column].split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let most = 0.5000001 * 10f64.powi(-decimals) + expected.abs() * 1e-9;
    assert!((got - expected).abs() <= most, "{column}: {got}, not {expected}, in {row:?}");
}

/// A mean over some; missing if there are none.
fn mean(row: &BTreeMap<String, String>, column: &str, sum: f64, count: usize) {
    match count {
        0 => assert_eq!(row[column], "", "{column} in {row:?}"),
        count => close(row, column, sum / count as f64),
    }
}

fn day(time: i64) -> String {
    Day::of_seconds(time).to_string()
}

/// The statuses of each day before the run's.
fn by_day<'s>(statuses: &'s [Status], now: &[u8; 19]) -> BTreeMap<String, Vec<&'s Status>> {
    let today = String::from_utf8_lossy(&now[..10]).into_owned();
    let mut days: BTreeMap<String, Vec<&Status>> = BTreeMap::new();
    for status in statuses.iter().filter(|status| day(status.time) < today) {
        days.entry(day(status.time)).or_default().push(status);
    }
    days
}

fn country(entry: &Entry, day: &str) -> &'static str {
    let codes = if day < "2026-03-31" { ["aa", "bb", "cc"] } else { ["aa", "cc", "bb"] };
    codes.get(usize::from(entry.first_octet >> 6)).copied().unwrap_or("??")
}

/// Countries, concentration between relays, churn.
fn check(name: &str, now: &[u8; 19]) {
    let Some(files) = tree(name) else { return };
    let places = places();
    let tables = tables(&files, now, Some(&places));
    let (statuses, descriptors) = (statuses(&files), descriptors(&files));
    let countries = rows(&tables, "relay-countries", &["date", "country"]);
    let concentration = rows(&tables, "concentration", &["date", "group", "position"]);
    let days = by_day(&statuses, now);
    assert!(!days.is_empty());
    let mut expected_rows = 0;
    for (day, statuses) in &days {
        let count = statuses.len() as f64;
        let weighted = statuses.iter().filter(|status| status.weighted).count();
        let positioned = statuses.iter().filter(|status| status.positioned).count();
        // Relays, advertised, weight, exit, described.
        let mut sums: BTreeMap<&str, [f64; 5]> = BTreeMap::new();
        let mut relays: BTreeMap<Relay, [f64; 2]> = BTreeMap::new();
        for entry in statuses.iter().flat_map(|status| &status.entries) {
            let descriptor = descriptors.get(&entry.digest);
            let advertised = descriptor.map_or(0.0, |it| it.bandwidth.advertised() as f64);
            let one = [1.0, advertised, entry.weight, entry.exit, f64::from(u8::from(descriptor.is_some()))];
            let of_country = sums.entry(country(entry, day)).or_default();
            of_country.iter_mut().zip(one).for_each(|(sum, it)| *sum += it);
            let of_relay = relays.entry(entry.relay).or_default();
            of_relay.iter_mut().zip([entry.weight, entry.exit]).for_each(|(sum, it)| *sum += it);
        }
        expected_rows += sums.len();
        for (country, [entries, advertised, weight, exit, described]) in sums {
            let row = &countries[&format!("{day} {country}")];
            close(row, "relays", entries / count);
            close(row, "advertised_bandwidth", (advertised / count).floor());
            mean(row, "consensus_weight", weight, weighted);
            mean(row, "exit_probability", exit, positioned);
            close(row, "described", described / entries);
            close(row, "statuses", count);
            assert_eq!(row["database"], if **day < *"2026-03-31" { "2010-01-01" } else { "2026-03-31" });
        }
        for (position, at, consensuses) in [("any", 0, weighted), ("exit", 1, positioned)] {
            let row = &concentration[&format!("{day} relay {position}")];
            let values: Vec<f64> = relays.values().map(|it| it[at]).filter(|it| *it > 0.0).collect();
            let (n, sum) = (values.len() as f64, values.iter().sum::<f64>());
            close(row, "members", n);
            mean(row, "known", sum, consensuses);
            if values.is_empty() {
                assert_eq!(row["gini"], "");
                continue;
            }
            let pairs = values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs()));
            close(row, "gini", pairs.sum::<f64>() / (2.0 * n * sum));
            close(row, "hhi", values.iter().map(|it| it * it).sum::<f64>() / (sum * sum));
            let mut sorted = values.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            close(row, "top10", sorted.iter().take(10).sum::<f64>() / sum);
        }
    }
    assert_eq!(countries.len(), expected_rows);
    churn(&tables, &statuses, &days);
}

fn churn(tables: &Tables, statuses: &[Status], days: &BTreeMap<String, Vec<&Status>>) {
    let rows = rows(tables, "churn", &["date", "interval"]);
    let mut changes: BTreeMap<String, Vec<[Option<f64>; 4]>> = BTreeMap::new();
    let ids = |entries: &[Entry]| entries.iter().map(|entry| entry.relay).collect::<BTreeSet<_>>();
    for pair in statuses.windows(2).filter(|pair| pair[0].next == pair[1].time) {
        let [before, after] = [&pair[0], &pair[1]];
        let (old, new) = (ids(&before.entries), ids(&after.entries));
        // What nobody has cannot move.
        let weight = |status: &Status, not: &BTreeSet<Relay>| {
            let moved = status.entries.iter().filter(|entry| !not.contains(&entry.relay));
            status.weighted.then(|| moved.map(|entry| entry.weight).sum::<f64>())
        };
        changes.entry(day(pair[1].time)).or_default().push([
            Some(new.difference(&old).count() as f64 / new.len() as f64),
            Some(old.difference(&new).count() as f64 / old.len() as f64),
            weight(after, &old),
            weight(before, &new),
        ]);
    }
    let mut compared = 0;
    for (day, changes) in changes.iter().filter(|(day, _)| days.contains_key(*day)) {
        let row = &rows[&format!("{day} status")];
        for (at, column) in ["came", "went", "came_weight", "went_weight"].into_iter().enumerate() {
            let known: Vec<f64> = changes.iter().filter_map(|it| it[at]).collect();
            mean(row, column, known.iter().sum(), known.len());
        }
        close(row, "comparisons", changes.len() as f64);
        compared += 1;
    }
    let sets: Vec<(&String, BTreeSet<Relay>)> = days
        .iter()
        .map(|(day, statuses)| (day, statuses.iter().flat_map(|status| ids(&status.entries)).collect()))
        .collect();
    for pair in sets.windows(2) {
        let next = Day::parse(pair[0].0).map(|day| day.plus(1).to_string());
        if next.as_deref() != Some(pair[1].0) {
            continue;
        }
        let row = &rows[&format!("{} day", pair[1].0)];
        let share =
            |of: &BTreeSet<Relay>, not: &BTreeSet<Relay>| of.difference(not).count() as f64 / of.len() as f64;
        close(row, "came", share(&pair[1].1, &pair[0].1));
        close(row, "went", share(&pair[0].1, &pair[1].1));
        compared += 1;
    }
    assert_eq!(rows.len(), compared);
}

#[test]
fn generated_network() {
    check("generated", b"2021-01-11 12:00:00");
}

#[test]
fn recorded_network() {
    check("network", b"2026-04-02 06:00:00");
}

/// Relays of 2012, with two thirds of their descriptors.
#[test]
fn real_network() {
    check("real", b"2021-06-10 12:00:00");
}

/// Members of families by walking from relay to relay, with what relays of a day said.
fn families(name: &str, now: &[u8; 19]) -> usize {
    let Some(files) = tree(name) else { return 0 };
    let tables = tables(&files, now, None);
    assert!(tables.get("relay-countries").is_none(), "no database, no table");
    let found = rows(&tables, "relay-families", &["date", "family"]);
    let (statuses, descriptors) = (statuses(&files), descriptors(&files));
    let mut count = 0;
    for (day, statuses) in by_day(&statuses, now) {
        let mut said: BTreeMap<Relay, Vec<&ServerDescriptor<'_>>> = BTreeMap::new();
        for entry in statuses.iter().flat_map(|status| &status.entries) {
            said.entry(entry.relay).or_default().extend(descriptors.get(&entry.digest));
        }
        let names = |relay: &Relay| said[relay].iter().map(|it| it.router.nickname.to_ascii_lowercase());
        let lists = |a: &Relay, b: &Relay| {
            said[a].iter().filter_map(|it| it.family).flat_map(|family| family.members()).any(
                |member| match (member.fingerprint, member.nickname) {
                    (Some(fingerprint), _) => fingerprint.0 == *b,
                    (None, nickname) => {
                        names(b).any(|name| nickname.is_some_and(|it| it.to_ascii_lowercase() == name))
                    }
                },
            )
        };
        let keys = |relay: &Relay| -> BTreeSet<[u8; 32]> {
            let certificates = said[relay].iter().flat_map(|it| &it.family_cert);
            certificates.filter_map(|it| it.certificate()?.signed_with()).map(|key| key.0).collect()
        };
        let related = |a: &Relay, b: &Relay| {
            lists(a, b) && lists(b, a) || keys(a).intersection(&keys(b)).next().is_some()
        };
        let candidates: Vec<Relay> = said
            .iter()
            .filter(|(_, said)| said.iter().any(|it| it.family.is_some() || !it.family_cert.is_empty()))
            .map(|(relay, _)| *relay)
            .collect();
        let (mut seen, mut members) = (BTreeSet::new(), 0);
        for relay in &candidates {
            if !seen.insert(*relay) {
                continue;
            }
            let (mut family, mut ahead) = (vec![*relay], vec![*relay]);
            while let Some(here) = ahead.pop() {
                for other in &candidates {
                    if !seen.contains(other) && related(&here, other) {
                        seen.insert(*other);
                        family.push(*other);
                        ahead.push(*other);
                    }
                }
            }
            if family.len() > 1 {
                let fingerprint: String = relay.iter().map(|byte| format!("{byte:02X}")).collect();
                let row = &found[&format!("{day} {fingerprint}")];
                close(row, "members", family.len() as f64);
                let mine = statuses.iter().flat_map(|it| &it.entries).filter(|it| family.contains(&it.relay));
                let weight = mine.map(|entry| entry.weight).sum::<f64>();
                mean(row, "consensus_weight", weight, statuses.iter().filter(|it| it.weighted).count());
                members += family.len();
                count += 1;
            }
        }
        close(&found[&format!("{day} ")], "members", (said.len() - members) as f64);
    }
    let lone = found.keys().filter(|key| key.ends_with(' ')).count();
    assert_eq!(found.len() - lone, count, "{name}: no family more");
    count
}

#[test]
fn families_of_a_real_and_of_a_recorded_network() {
    for (name, now) in [("real", b"2021-06-10 12:00:00"), ("network", b"2026-04-02 06:00:00")] {
        let count = families(name, now);
        assert!(count > 0 || shared().is_none(), "{name} has families");
    }
}

#[test]
fn overload_is_of_the_day_that_relays_tell() {
    let Some(files) = tree("network") else { return };
    let now = b"2026-04-02 06:00:00";
    let found = rows(&tables(&files, now, None), "overload", &["date", "kind"]);
    let (mut overloaded, mut reporters) = (BTreeSet::new(), BTreeSet::new());
    each(&files, Type::ExtraInfo, |frame| {
        let document = parse::<ExtraInfo<'_>>(frame).partial;
        let relay = document.owner.fingerprint.0;
        reporters.insert((day(document.published.0), relay));
        overloaded.extend(document.overload_ratelimits.map(|it| (day(it.last.time.0), relay)));
    });
    let statuses = statuses(&files);
    let mut any = 0;
    for (day, statuses) in by_day(&statuses, now) {
        let running: BTreeSet<Relay> =
            statuses.iter().flat_map(|it| &it.entries).map(|entry| entry.relay).collect();
        let of_day = |all: &BTreeSet<(String, Relay)>| {
            all.iter().filter(|(it, relay)| *it == day && running.contains(relay)).count()
        };
        let row = &found[&format!("{day} ratelimits")];
        close(row, "relays", of_day(&overloaded) as f64);
        any += of_day(&overloaded);
        let both = &reporters | &overloaded;
        close(row, "reporters", of_day(&both) as f64);
    }
    assert!(any > 0, "somebody is overloaded");
}

/// Countries of a consensus of 2012 by a database that tor shipped.
#[test]
fn the_database_of_tor_knows_real_relays() {
    let (Some(files), Some(folder)) = (tree("real"), shared()) else { return };
    let path: &Path = &folder.join("corpus/geoip/tor-0.4.7-geoip.xz");
    let mut text = Vec::new();
    let file = fs::File::open(path).expect("the database is there");
    std::io::Read::read_to_end(&mut liblzma::read::XzDecoder::new(file), &mut text).expect("xz");
    let lines = String::from_utf8(text.clone()).expect("ASCII");
    let mut places = Places::default();
    places.add_countries(Database::read(text).expect("tor's"));
    let tables = tables(&files, b"2021-06-10 12:00:00", Some(&places));
    let found = rows(&tables, "relay-countries", &["country"]);
    assert!(found.values().all(|row| row["database"] == "2023-01-12" && row["date"] == "2012-10-20"));
    // Line by line.
    let ranges: Vec<(u32, u32, String)> = lines
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let parts: Vec<&str> = line.split(',').collect();
            Some((parts[0].parse().ok()?, parts[1].parse().ok()?, parts[2].to_lowercase()))
        })
        .collect();
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    each(&files, Type::Consensus, |frame| {
        for entry in parse::<Consensus<'_>>(frame).partial.entries.iter().filter(|it| it.has_flag("Running"))
        {
            let address = u32::from(entry.r.address);
            let range = ranges.iter().find(|(start, end, _)| (*start..=*end).contains(&address));
            *counts.entry(range.map_or("??".to_owned(), |it| it.2.clone())).or_default() += 1.0;
        }
    });
    assert!(counts.len() > 50, "many countries");
    for (country, count) in &counts {
        close(&found[country], "relays", *count);
    }
    assert_eq!(found.len(), counts.len());
}
