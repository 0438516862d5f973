//! Explanations of relays by place and family, of concentration, churn and overload: their steps lead to the numbers of the
//! tables.

use descriptor_core::{
    geoip::{Database, Places},
    stats::{
        Day, Name, Options,
        explain::{Explanation, List, Question},
    },
    value::Timestamp,
};

use crate::{
    GENERATED, NETWORK,
    steps::{Case, column, follow_with, step},
};

const RELAYS: &[(&str, &str)] = &[
    ("relays", "relays"),
    ("advertised_bandwidth", "advertised"),
    ("consensus_weight", "weight"),
    ("guard_probability", "guard"),
    ("middle_probability", "middle"),
    ("exit_probability", "exit"),
    ("statuses", "N"),
    ("described", "described"),
    ("members", "members"),
];
const CONSUMED: &[(&str, &str)] = &[
    ("relays", "relays"),
    ("bwread", "bwread"),
    ("bwwrite", "bwwrite"),
    ("reporters", "reporters"),
    ("covered", "covered"),
    ("consensus_weight", "weight"),
    ("reporters_weight", "reporters_weight"),
    ("statuses", "N"),
];

fn relays(table: &'static str, keys: &'static [&'static str]) -> Case {
    Case { name: Name::Relays, table, keys, steps: RELAYS, check: members }
}

fn consumed(table: &'static str, keys: &'static [&'static str]) -> Case {
    Case { name: Name::Relays, table, keys, steps: CONSUMED, check: consumers }
}

/// What is there without databases, and by country.
fn cases() -> Vec<Case> {
    let whole = |table, keys, steps, check| Case { name: Name::Relays, table, keys, steps, check };
    vec![
        relays("relay-families", &["family"]),
        consumed("bandwidth-families", &["family"]),
        relays("relay-countries", &["country"]),
        consumed("bandwidth-countries", &["country"]),
        whole(
            "concentration",
            &["group", "position"],
            &[
                ("members", "n"),
                ("gini", "gini"),
                ("top10", "top10"),
                ("hhi", "hhi"),
                ("effective", "effective"),
                ("known", "known"),
                ("statuses", "N"),
            ],
            |it| {
                adds_up(it, &it.lists[0], 2, "S");
                assert_eq!(it.lists[0].count as f64, step(it, "n"), "{}", it.title);
            },
        ),
        whole(
            "churn",
            &["interval"],
            &[
                ("came", "came"),
                ("went", "went"),
                ("came_weight", "came_weight"),
                ("went_weight", "went_weight"),
                ("comparisons", "comparisons"),
                ("statuses", "N"),
            ],
            compared,
        ),
        whole(
            "overload",
            &["kind"],
            &[
                ("relays", "relays"),
                ("reporters", "reporters"),
                ("weight", "weight"),
                ("reporters_weight", "reporters_weight"),
                ("statuses", "N"),
            ],
            |it| assert_eq!(it.lists[0].count as f64, step(it, "relays"), "{}", it.title),
        ),
    ]
}

/// Where all of a list is shown, a column is the whole, as far as its decimals go.
fn adds_up(it: &Explanation, list: &List, at: usize, symbol: &str) {
    let sum: f64 = column(list, at).sum();
    let near = list.count > list.rows.len() || (sum - step(it, symbol)).abs() < 1e-6;
    assert!(near, "{}: {sum} is not {symbol}", it.title);
}

fn members(it: &Explanation) {
    for (at, symbol) in [(1, "weight"), (2, "E"), (4, "guard"), (5, "middle"), (6, "exit")] {
        if it.step(symbol).is_some() {
            adds_up(it, &it.lists[0], at, symbol);
        }
    }
}

fn consumers(it: &Explanation) {
    assert_eq!(it.lists[0].count as f64, step(it, "relays"), "{}", it.title);
    for (at, symbol) in [(2, "R"), (3, "V"), (4, "T")] {
        if it.step(symbol).is_some_and(|step| !step.value.is_missing()) {
            adds_up(it, &it.lists[0], at, symbol);
        }
    }
}

fn compared(it: &Explanation) {
    let list = &it.lists[0];
    assert_eq!(list.count as f64, step(it, "comparisons"), "{}", it.title);
    for row in &list.rows {
        let [earlier, later, came, went] = [1, 2, 3, 4].map(|at| row[at].number().expect("a number"));
        assert_eq!(later - came, earlier - went, "who stayed: {row:?}");
        for (share, part) in [(5, came / later), (6, went / earlier)] {
            assert!((row[share].number().expect("a number") - part).abs() < 1e-7, "{row:?}");
        }
    }
    if let [_, came, went] = &it.lists[..] {
        let row = &list.rows[0];
        let counts = [3, 4].map(|at| row[at].number());
        assert_eq!([came, went].map(|list| Some(list.count as f64)), counts, "{}", it.title);
    }
}

/// Four quarters of the Internet: two countries, two that are one, and a gap.
fn places() -> Places {
    let mut places = Places::default();
    let codes = ["AA", "BB", "CC"].into_iter().zip(0u32..);
    let lines = codes.map(|(code, at)| format!("{},{},{code}\n", at << 30, (at << 30) + (1 << 30) - 1));
    let head = "# Generated: Thu, 1 Jan 2015 00:00:00 GMT\n".to_owned();
    let text: String = std::iter::once(head).chain(lines).collect();
    places.add_countries(Database::read(text.into_bytes()).expect("tor's format"));
    places
}

#[test]
fn steps_of_relays() {
    let places = places();
    for set in [GENERATED, NETWORK] {
        follow_with(&set, &cases(), &Options { places: Some(&places), ..set.options() });
    }
    let mut options = Options { places: Some(&places), ..GENERATED.options() };
    assert!(options.choices.choose("histories-split-evenly"));
    follow_with(&GENERATED, &cases()[1..4], &options);
}

/// An mmdb of one node: the lower half of all addresses is of a system, the upper half of another.
#[cfg(feature = "geoip")]
fn systems() -> Places {
    let text = |text: &str| match text.len() as u8 {
        short @ 0..=28 => [&[0x40 | short][..], text.as_bytes()].concat(),
        long => [&[0x40 | 29, long - 29][..], text.as_bytes()].concat(),
    };
    let map = |entries: &[(&str, Vec<u8>)]| {
        let pairs = entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat());
        [0xe0 | entries.len() as u8].into_iter().chain(pairs).collect::<Vec<u8>>()
    };
    let number = |value: u16| [&[5 << 5 | 2][..], &value.to_be_bytes()].concat();
    let system = |it: u16, name: &str| {
        map(&[("autonomous_system_number", number(it)), ("autonomous_system_organization", text(name))])
    };
    let (low, high) = (system(64_500, "Low, Inc."), system(64_501, "High"));
    let record = |offset: usize| (1 + 16 + offset as u32).to_be_bytes()[1..].to_vec();
    let metadata = map(&[
        ("binary_format_major_version", number(2)),
        ("binary_format_minor_version", number(0)),
        ("build_epoch", [&[4, 9 - 7][..], &1_420_070_400u32.to_be_bytes()].concat()),
        ("database_type", text("test")),
        ("description", map(&[])),
        ("ip_version", number(4)),
        ("languages", vec![0, 4]),
        ("node_count", [&[6 << 5 | 4][..], &1u32.to_be_bytes()].concat()),
        ("record_size", number(24)),
    ]);
    let mark = b"\xAB\xCD\xEFMaxMind.com";
    let parts = [&record(0)[..], &record(low.len()), &[0; 16], &low, &high, mark, &metadata];
    let mut places = Places::default();
    places.add_systems(Database::read(parts.concat()).expect("a database"));
    places
}

#[cfg(feature = "geoip")]
#[test]
fn steps_of_autonomous_systems() {
    let places = systems();
    let cases = [relays("relay-systems", &["as"]), consumed("bandwidth-systems", &["as"])];
    let concentration = self::cases().into_iter().filter(|case| case.table == "concentration");
    let cases: Vec<Case> = cases.into_iter().chain(concentration).collect();
    for set in [GENERATED, NETWORK] {
        follow_with(&set, &cases, &Options { places: Some(&places), ..set.options() });
    }
}

/// Where there is no row, the explanation says why; what no row can have is refused.
#[test]
fn relays_that_are_not_there() {
    let Some(mut partials) = NETWORK.partials(&[Name::Relays]) else { return };
    let places = places();
    let with = Options { places: Some(&places), ..NETWORK.options() };
    let early = Options { now: Timestamp(with.now.0 - 86400), ..with };
    let on = |date: &str| Question::of(Day::parse(date).expect("a day"));
    let churn = |date: &str| on(date).with("interval", "day");
    for (question, options, expected) in [
        (on("2026-04-01").with("country", "zz"), &with, "no relay was there on that day"),
        (on("2026-04-01").with("country", "aa"), &NETWORK.options(), "no database of countries is given"),
        (on("2026-04-01").with("as", "AS1"), &with, "no database of autonomous systems is given"),
        (on("1999-01-01").with("country", "aa"), &with, "no consensus of that day was added"),
        (on("2026-04-01").with("country", "aa"), &early, "the day is not over for long enough"),
        (churn("2026-03-29"), &with, "there is no consensus of the day before"),
        (on("2026-04-01").with("family", "nobody"), &with, "no such relay was running on that day"),
    ] {
        let it = partials.explain(Name::Relays, &question, options).expect("its keys");
        let why = it.absent.as_deref().unwrap_or_default();
        assert!(it.results.is_empty() && why.starts_with(expected), "{}: {why:?}", it.title);
    }
    for (question, expected) in [
        (on("2026-04-01").with("country", "germany"), "two letters"),
        (on("2026-04-01").with("as", "Hetzner"), "numbers of autonomous systems"),
        (on("2026-04-01").with("interval", "week"), "status and day"),
        (on("2026-04-01").with("kind", "heat"), "general, ratelimits and fd-exhausted"),
        (on("2026-04-01").with("group", "planet").with("position", "any"), "relay, family, as and country"),
        (on("2026-04-01").with("group", "relay"), "any, guard and exit"),
        (on("2026-04-01").with("planet", "mars"), "not told apart by planet"),
    ] {
        let error = partials.explain(Name::Relays, &question, &with).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}
