//! Consumed bandwidth by country, system and family: a few relays by hand, and its sums over whole networks.

mod common;

use std::collections::BTreeMap;

use common::{documents, shared};
use descriptor_core::{
    document::sha1,
    geoip::{Database, Places},
    netdoc::frames,
    stats::{Cell, Choices, Day, Name, Options, Partials, Tables, explain::Question},
    value::{Hex, Timestamp},
};

/// A database of countries in tor's format.
fn places(text: &str) -> Places {
    let mut places = Places::default();
    let head = "# Generated: Mon, 1 Jan 2001 00:00:00 GMT\n";
    places.add_countries(Database::read(format!("{head}{text}").into_bytes()).expect("tor's format"));
    places
}

/// The partials that documents make.
fn partials<'d>(names: &[Name], documents: impl Iterator<Item = &'d String>) -> Vec<u8> {
    let mut partials = Partials::new(names);
    for document in documents {
        for frame in frames(document.as_bytes(), None) {
            assert!(partials.add_frame(frame, "by hand"), "{document}");
        }
    }
    saved(partials)
}

fn saved(mut partials: Partials) -> Vec<u8> {
    let mut bytes = Vec::new();
    partials.save(&mut bytes).expect("memory can be written to");
    bytes
}

fn finished(partials: &[u8], places: &Places, now: &[u8; 19]) -> Tables {
    finished_with(partials, places, now, Choices::default())
}

fn finished_with(partials: &[u8], places: &Places, now: &[u8; 19], choices: Choices) -> Tables {
    let at = Options::at(Timestamp::parse(now).expect("a time"));
    let options = Options { places: Some(places), choices, ..at };
    Partials::load(partials).expect("what was saved").finish(&options)
}

/// Intervals over midnight count for both days.
fn evenly() -> Choices {
    Choices { histories_split_evenly: true, ..Choices::default() }
}

/// A server descriptor of a relay that lists others as its family.
fn server(relay: u8, family: &[u8]) -> String {
    let family: String = family.iter().map(|it| format!(" ${}", Hex([*it; 20]))).collect();
    let fingerprint: Vec<String> = (0..10).map(|_| format!("{relay:02X}{relay:02X}")).collect();
    let object = "-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n";
    format!(
        "router relay{relay} 1.2.3.4 9001 0 0\npublished 2020-12-03 00:00:00\nfingerprint {}\n\
         bandwidth 1 1 1\nfamily{family}\nreject *:*\nrouter-signature\n{object}",
        fingerprint.join(" ")
    )
}

/// The digest by which a consensus calls it.
fn digest(server: &str) -> String {
    let end = server.find("router-signature\n").expect("signed") + "router-signature\n".len();
    sha1(&server.as_bytes()[..end]).to_base64()
}

/// A consensus: relays with their descriptors, addresses and weights.
fn consensus(hour: u32, relays: &[(u8, &str, &str, u32)]) -> String {
    let mut text = format!(
        "network-status-version 3\nvote-status consensus\nvalid-after 2020-12-03 {hour:02}:00:00\n\
         fresh-until 2020-12-03 {:02}:00:00\nvalid-until 2020-12-03 {:02}:00:00\nvoting-delay 300 300\n\
         known-flags Running Valid\n",
        hour + 1,
        hour + 3
    );
    for (relay, digest, address, weight) in relays {
        let fingerprint = Hex([*relay; 20]).to_base64();
        text += &format!(
            "r relay{relay} {fingerprint} {digest} 2020-12-03 00:00:00 {address} 9001 0\ns Running Valid\nw Bandwidth={weight}\n"
        );
    }
    text + "directory-footer\n"
}

/// An extra-info descriptor with histories in quarters of an hour that end at a time.
fn extra_info(relay: u8, end: &str, written: &[u64], read: &[u64]) -> String {
    let list = |values: &[u64]| values.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let line = |name: &str, values: &[u64]| format!("{name}-history {end} (900 s) {}\n", list(values));
    let lines = [("write", written), ("read", read)].map(|(name, values)| match values {
        [] => String::new(),
        values => line(name, values),
    });
    format!(
        "extra-info relay{relay} {}\npublished 2020-12-04 01:00:00\n{}router-signature\n\
         -----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n",
        Hex([relay; 20]),
        lines.concat()
    )
}

/// Relays 1 and 2 are a family; 3 moves from `us` to `de` after one of three consensuses; 4 reports nothing; 5 is in no
/// consensus. A quarter is told twice, and once of the day after.
fn by_hand() -> Vec<String> {
    let servers = [server(1, &[2]), server(2, &[1]), server(3, &[]), server(4, &[])];
    let digests: Vec<String> = servers.iter().map(|it| digest(it)).collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| digests[at].as_str());
    let (german, american) = ("10.0.0.1", "20.0.0.1");
    let always = [(1, a, german, 30), (2, b, american, 20), (4, d, american, 40)];
    let with = |address| [&always[..], &[(3, c, address, 10)]].concat();
    let mut all = vec![
        consensus(1, &with(american)),
        consensus(2, &with(german)),
        consensus(3, &with(german)),
        // 86400 × 3 and 86400 × 2 bytes; the second tells the first quarter again, with less.
        extra_info(1, "2020-12-03 00:30:00", &[100_000, 159_200], &[86_400, 86_400]),
        extra_info(1, "2020-12-03 00:15:00", &[99_999], &[]),
        extra_info(2, "2020-12-03 12:15:00", &[86_400, 86_400, 86_400], &[43_200, 43_200, 43_199]),
        // The first quarter ends at midnight and is of the day; the last one is of the day after.
        extra_info(3, "2020-12-04 00:00:00", &[&[864_000][..], &[0; 94], &[86_400, 777]].concat(), &[]),
        extra_info(5, "2020-12-03 12:00:00", &[86_400_000], &[86_400_000]),
    ];
    all.extend(servers);
    all
}

#[test]
fn few_relays_by_hand() {
    let places = places("167772160,184549375,DE\n335544320,352321535,US\n");
    let now = b"2020-12-06 00:00:00";
    let documents = by_hand();
    let once = partials(&[Name::Relays], documents.iter());
    let tables = finished(&once, &places, now);
    let text = |name: &str| tables.get(name).map(|table| table.to_csv()).unwrap_or_default();
    let columns = "relays,bwread,bwwrite,reporters,covered,consensus_weight,reporters_weight,statuses";
    // Relays 1 and 3, and 2 and 4: (2 + 96) and 3 quarters of 192 and 96.
    assert_eq!(
        text("bandwidth-countries"),
        format!(
            "date,country,{columns},database\n\
             2020-12-03,de,2,2,14,2,0.51041667,0.40000000,0.40000000,3,2001-01-01\n\
             2020-12-03,us,2,1,3,1,0.03125000,0.60000000,0.20000000,3,2001-01-01\n"
        )
    );
    assert_eq!(
        text("bandwidth-families"),
        format!(
            "date,family,{columns}\n\
             2020-12-03,{},2,3,6,2,0.02604167,0.50000000,0.50000000,3\n\
             2020-12-03,,2,,11,1,1.00000000,0.50000000,0.10000000,3\n",
            Hex([1; 20])
        )
    );
    assert!(tables.get("bandwidth-systems").is_none(), "no database, no table");

    // The first quarter of relay 3 ends at midnight, and so is of the day before; the one that ends at the next midnight is not
    // of the day after: 259,200 and 87,177 bytes.
    let split = finished_with(&once, &places, now, evenly());
    let split = split.get("bandwidth-countries").map(|table| table.to_csv()).unwrap_or_default();
    let expected = "\n2020-12-03,de,2,2,4,2,0.51041667,0.40000000,0.40000000,3,2001-01-01\n";
    assert!(split.contains(expected), "{split}");

    // What the website's graph of bandwidth shows, for each country.
    let (_, graphs) = Partials::load(&*once)
        .expect("what was saved")
        .tables(&Options { places: Some(&places), ..Options::at(Timestamp::parse(now).expect("a time")) });
    let graph = graphs.iter().find(|it| it.id == "bandwidth-countries").expect("a graph");
    assert!(
        graph.to_csv().ends_with(
            "date,country,relays,bwhist,reported\n\
             2020-12-03,de,2,6.4e-08,1\n2020-12-03,us,2,1.6e-08,0.333333333333333\n"
        ),
        "{}",
        graph.to_csv()
    );

    // Two days later the day is not over for long enough, and relays are shown already.
    let early = finished(&once, &places, b"2020-12-05 23:59:59");
    assert!(early.get("bandwidth-countries").is_some_and(|table| table.is_empty()));
    assert!(early.get("relay-countries").is_some_and(|table| !table.is_empty()));

    // Order, split and repetition.
    assert!(partials(&[Name::Relays], documents.iter().rev().chain(&documents)) == once);
    let mut merged = Partials::default();
    for part in [1, 2, 0] {
        let some = documents.iter().skip(part).step_by(3).chain(documents.iter().step_by(2));
        merged.merge(Partials::load(&*partials(&[Name::Relays], some)).expect("what was saved"));
    }
    assert!(saved(merged) == once);
}

/// A family is asked for by any of its relays, and each relay's part of it is told.
#[test]
fn any_relay_tells_its_family() {
    let partials = partials(&[Name::Relays], by_hand().iter());
    let mut partials = Partials::load(&*partials).expect("what was saved");
    let options = Options::at(Timestamp::parse(b"2020-12-06 00:00:00").expect("a time"));
    let mut explain = |table: &str, relay: &str| {
        let question = Question::of(Day::parse("2020-12-03").expect("a day")).with("family", relay);
        let it = partials.explain(Name::Relays, &question.in_table(table), &options).expect("its keys");
        let cells = |row: &Vec<Cell>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let results = it.results.iter().map(|it| format!("{}={}", it.column, it.value)).collect::<Vec<_>>();
        let rows: Vec<String> = it.lists[0].rows.iter().map(cells).collect();
        (it.key["family"].clone(), results.join(" "), rows)
    };
    let [first, second, third] = [1, 2, 3].map(|relay: u8| Hex([relay; 20]).to_string());
    let (key, results, rows) = explain("relay-families", &first);
    assert_eq!(key, first);
    assert!(results.starts_with("members=2 relays=2.00 ") && results.contains(" described=1.0"), "{results}");
    // Shares of the weight, and that they agree with one other.
    assert_eq!(
        rows,
        [format!("{first},0.30000000,3,1,,,,10.0.0.1,1"), format!("{second},0.20000000,3,1,,,,20.0.0.1,1"),]
    );
    assert_eq!(explain("relay-families", &second.to_ascii_lowercase()), (key, results, rows));
    let (_, results, rows) = explain("bandwidth-families", &second);
    assert!(results.starts_with("relays=2 bwread=3 bwwrite=6 "), "{results}");
    assert_eq!(
        rows,
        [
            format!("{first},432000,172800,259200,1800,0.30000000"),
            format!("{second},388799,129599,259200,2700,0.20000000"),
        ]
    );
    let (key, results, rows) = explain("relay-families", "");
    assert_eq!((key.as_str(), rows.len()), ("", 2));
    assert!(results.starts_with("members=2 relays=2.00 "), "{results}");
    assert_eq!(explain("relay-families", &third).1, "", "it has no family");
}

#[test]
fn a_day_without_histories_has_relays_and_no_bytes() {
    let documents: Vec<String> =
        by_hand().into_iter().filter(|document| !document.starts_with("extra-info")).collect();
    let partials = partials(&[Name::Relays], documents.iter());
    let tables = finished(&partials, &places("0,4294967295,DE\n"), b"2020-12-06 00:00:00");
    let text = tables.get("bandwidth-countries").map(|table| table.to_csv()).unwrap_or_default();
    assert!(text.ends_with("\n2020-12-03,de,4,,,0,,1.00000000,0.00000000,3,2001-01-01\n"), "{text}");
}

/// Sums of bytes per second by day, and over how many rows, each rounded down.
fn sums(tables: &Tables, name: &str) -> BTreeMap<String, ([i64; 2], i64)> {
    let table = tables.get(name).unwrap_or_else(|| panic!("{name} is made"));
    let [read, written] = ["bwread", "bwwrite"].map(|it| table.column(it).expect("a column"));
    let mut days: BTreeMap<String, ([i64; 2], i64)> = BTreeMap::new();
    for row in table.rows() {
        let (Some(read), Some(written)) = (row[read].number(), row[written].number()) else { continue };
        let (sums, rows) = days.entry(row[0].to_string()).or_default();
        *sums = [sums[0] + read as i64, sums[1] + written as i64];
        *rows += 1;
    }
    days
}

/// All relays are somewhere, and so are their bytes: as many as by flags, but for what is rounded down.
#[test]
fn groups_have_together_what_all_relays_have() {
    for (set, now) in [("generated", b"2021-01-11 12:00:00"), ("network", b"2026-04-02 06:00:00")] {
        let Some(shared) = shared() else { return };
        let mut partials = Partials::new(&[Name::Relays, Name::Bandwidth]);
        for (source, bytes) in documents(shared.join("vectors/metrics-web").join(set).join("tree.tar.xz")) {
            for frame in frames(&bytes, None) {
                partials.add_frame(frame, &source);
            }
        }
        let four = ["AA", "BB", "CC"].into_iter().zip(0u32..);
        let lines: String =
            four.map(|(code, at)| format!("{},{},{code}\n", at << 30, (at << 30) + (1 << 30) - 1)).collect();
        let partials = saved(partials);
        for choices in [Choices::default(), evenly()] {
            let tables = finished_with(&partials, &places(&lines), now, choices);
            let all = sums(&tables, "bandwidth");
            assert!(!all.is_empty(), "{set}");
            for name in ["bandwidth-countries", "bandwidth-families"] {
                let ours = sums(&tables, name);
                let days = |of: &BTreeMap<String, _>| of.keys().cloned().collect::<Vec<String>>();
                assert_eq!(days(&ours), days(&all), "{set}: {name}");
                for (day, (bytes, rows)) in &ours {
                    let (expected, by_flags) = all[day];
                    for (ours, theirs) in bytes.iter().zip(expected) {
                        let differs = theirs - ours;
                        assert!(
                            -by_flags < differs && differs < *rows,
                            "{set}: {name} {day}: {ours}, {theirs}"
                        );
                    }
                }
            }
        }
    }
}
