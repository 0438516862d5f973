//! The files of 2013.

use std::{collections::BTreeSet, fs};

use descriptor_core::{
    geoip::{Database, Places},
    stats::{Cell, Name, Options, Partials, Profile, Table, explain::Question},
};

use crate::{
    GENERATED, NETWORK, formula, same,
    steps::{Case, column, follow_with, step},
};

#[test]
fn servers_of_2013() {
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&[Name::Servers2013]))
    else {
        return;
    };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    same(&folder.join("2013/servers.csv"), &tables.get("servers").expect("a table").to_csv());
}

#[test]
fn bandwidth_and_connections_of_2013() {
    let names = [Name::Bandwidth2013, Name::Connections2013];
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&names)) else { return };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    for module in ["bandwidth", "connbidirect"] {
        same(&folder.join(format!("2013/{module}.csv")), &tables.get(module).expect("a table").to_csv());
    }
}

/// Rows whose keys are equal, for names of sources were cut, came in any order.
#[test]
fn torperf_of_2013() {
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&[Name::Performance]))
    else {
        return;
    };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    let theirs = fs::read_to_string(folder.join("2013/torperf.csv")).expect("it is readable");
    let key = |line: &str| line.splitn(4, ',').take(3).map(str::to_owned).collect::<Vec<_>>();
    let ours = tables.get("torperf").expect("a table").to_csv();
    assert_eq!(ours.lines().map(key).collect::<Vec<_>>(), theirs.lines().map(key).collect::<Vec<_>>());
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(&ours), sorted(&theirs));
}

/// The state of 2013: users, and between what bounds the detector expected them.
#[test]
fn users_of_2013() {
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&[Name::Users])) else {
        return;
    };
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let (tables, _) = partials.tables(&options);
    let table = |name: &str| tables.get(name).expect("a table").to_csv();
    for name in ["userstats-detector", "userstats-ranges"] {
        same(&folder.join(format!("2013/{name}.csv")), &table(name));
    }
    for name in ["userstats", "clients"] {
        let path = folder.join(format!("2013/{name}.csv"));
        let theirs = fs::read_to_string(path).expect("it is readable").replace("\"\"", "");
        let ours = table(name);
        // R's factors decide the originals' order.
        let set = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let (ours, theirs) = (set(&ours), set(&theirs));
        let differing: Vec<_> = ours.symmetric_difference(&theirs).take(10).collect();
        assert!(differing.is_empty(), "{differing:#?}");
    }
}

const CASES: &[Case] = &[
    Case {
        name: Name::Servers2013,
        table: "servers",
        keys: &["flag", "country", "version", "platform", "ec2bridge"],
        steps: &[("relays", "relays"), ("bridges", "bridges")],
        check: |it| {
            for (list, symbols) in [("consensuses", ["S", "K"]), ("statuses", ["B", "C"])] {
                if let Some(list) = it.lists.iter().find(|it| it.about.starts_with(list)) {
                    let found = [column(list, 2).sum::<f64>(), list.count as f64];
                    assert_eq!(found, symbols.map(|symbol| step(it, symbol)), "{}", it.title);
                }
            }
        },
    },
    Case {
        name: Name::Bandwidth2013,
        table: "bandwidth",
        keys: &["isexit", "isguard"],
        steps: &[
            ("advbw", "advbw"),
            ("bwread", "bwread"),
            ("bwwrite", "bwwrite"),
            ("dirread", "dirread"),
            ("dirwrite", "dirwrite"),
        ],
        check: |it| {
            let [statuses, relays] = &it.lists[..] else { panic!("{}", it.title) };
            let advertised = it.step("A").and_then(|step| step.value.number()).unwrap_or(0.0);
            assert_eq!(column(statuses, 2).sum::<f64>(), advertised, "{}", it.title);
            if relays.count == relays.rows.len() {
                let read = it.step("R").and_then(|step| step.value.number()).unwrap_or(0.0);
                assert_eq!(column(relays, 2).sum::<f64>(), read, "{}", it.title);
            }
        },
    },
    Case {
        name: Name::Connections2013,
        table: "connbidirect",
        keys: &["source"],
        steps: &[("below", "below"), ("read", "read"), ("write", "write"), ("both", "both")],
        check: |it| assert_eq!(it.lists[0].count as f64, step(it, "n"), "{}", it.title),
    },
];

/// Rows are those of the tables, and the steps lead to their numbers.
#[test]
fn steps_of_2013() {
    let mut places = Places::default();
    let text = "# Generated: Tue, 1 Jan 2013 00:00:00 GMT\n0,1073741823,AA\n1073741824,4000000000,BB\n";
    places.add_countries(Database::read(text.into()).expect("tor's format"));
    for set in [GENERATED, NETWORK] {
        for places in [None, Some(&places)] {
            let options = Options { profile: Profile::Y2013, places, ..set.options() };
            follow_with(&set, if places.is_some() { &CASES[..1] } else { CASES }, &options);
        }
    }
}

/// Sources whose names have a hyphen are shown alike; a row of its own is explained by what is shown.
#[test]
fn steps_of_torperf_of_2013() {
    let options = Options { profile: Profile::Y2013, ..GENERATED.options() };
    let Some(mut partials) = GENERATED.partials(&[Name::Performance]) else { return };
    let tables = GENERATED.partials(&[Name::Performance]).expect("as before").tables(&options).0;
    let table = tables.get("torperf").expect("a table");
    let key = |row: &[Cell]| row[..3].iter().map(ToString::to_string).collect::<Vec<_>>();
    let explain = |partials: &mut Partials, row: &[Cell], source: &str| {
        let question = Question::of(row[0].day().expect("a day")).with("size", &row[1].to_string());
        partials.explain(Name::Performance, &question.with("source", source), &options).expect("its keys")
    };
    let mut rows = 0;
    for row in first_of_each(table, key) {
        let it = explain(&mut partials, row, row[2].text());
        let results: Vec<&Cell> = it.results.iter().map(|outcome| &outcome.value).collect();
        assert_eq!(results, row[3..].iter().collect::<Vec<_>>(), "{}", it.title);
        assert_eq!(it.lists[0].count as f64, step(&it, "N"), "{}", it.title);
        let outcomes = ["timeouts", "failures", "n"].map(|symbol| step(&it, symbol));
        assert_eq!(outcomes.iter().sum::<f64>(), step(&it, "N"), "{}", it.title);
        assert!(formula::reckon(&it) >= 3, "{}", it.title);
        // By its whole name each has its own row.
        for source in it.lists[1].rows.iter().filter(|source| source[2].number() > Some(4.0)) {
            let it = explain(&mut partials, row, source[0].text());
            let of_row = |row: &&[Cell]| row[3..].iter().eq(it.results.iter().map(|outcome| &outcome.value));
            assert!(
                table.rows().filter(|other| other[..2] == row[..2]).any(|row| of_row(&row)),
                "{}",
                it.title
            );
        }
        rows += 1;
    }
    assert!(rows > 10, "{rows} rows");
}

/// The first row of each key.
fn first_of_each<K: Ord>(table: &Table, key: impl Fn(&[Cell]) -> K) -> Vec<&[Cell]> {
    let mut seen = BTreeSet::new();
    table.rows().filter(|row| seen.insert(key(row))).collect()
}
