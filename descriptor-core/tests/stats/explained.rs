//! Explanations: each explains the number in the table.

use descriptor_core::stats::{
    Cell, Day, Name, Options, Partials, Profile, Tables,
    explain::{Explanation, Question, Unexplained},
    users::Explainer,
};

use crate::{GENERATED, NETWORK, formula};

/// Every row that is explained is the row of the table, and its formula gives its number.
#[test]
fn explained_users_are_those_of_the_tables() {
    for (set, profile) in
        [(GENERATED, Profile::Y2020), (GENERATED, Profile::Y2013), (NETWORK, Profile::Y2020)]
    {
        let Some(mut partials) = set.partials(&[Name::Users]) else { return };
        let options = Options { profile, ..set.options() };
        partials.settle();
        let explainer = Explainer::new(partials.users().expect("it is counted"), &options);
        let explain = |row: &[Cell], keys: &[&str]| {
            let day = Question::of(row[0].day().expect("a day"));
            let with = |question: Question, (at, key): (usize, &&str)| question.with(key, row[at + 1].text());
            let explained = explainer.explain(&keys.iter().enumerate().fold(day, with)).expect("its keys");
            assert_eq!(explained.absent, None, "{}", explained.title);
            explained
        };
        let step = |it: &Explanation, symbol: &str| {
            it.step(symbol).and_then(|step| step.value.number()).unwrap_or_else(|| panic!("{symbol}"))
        };
        let keys = ["node", "country", "transport", "version"];
        let (Tables(tables), _) = set.partials(&[Name::Users]).expect("as before").tables(&options);
        let mut rows = 0;
        for table in tables.iter().filter(|table| ["clients", "userstats-combined"].contains(&table.name)) {
            for row in table.rows() {
                let it = explain(row, &keys);
                assert_eq!(it.table, table.name);
                for outcome in &it.results {
                    let column = table.column(&outcome.column).expect("a column of the table");
                    assert_eq!(outcome.value, row[column], "{}: {}", it.title, outcome.column);
                }
                assert_eq!(it.results.len(), table.columns.len() - 1 - keys.len(), "{}", it.title);
                let [both, bytes_time, bytes, alone, running] =
                    ["h(R^H)", "n(H)", "h(H)", "n(R\\H)", "n(N)"].map(|symbol| step(&it, symbol));
                let share = (both * bytes_time + bytes * alone) / (bytes * running);
                assert!((share - step(&it, "frac")).abs() < 1e-12, "{}", it.title);
                if table.name == "clients" {
                    let users = step(&it, "r") / (share * 10.0);
                    assert!((users - step(&it, "users")).abs() < 1e-6, "{}", it.title);
                    // What the nodes contributed is the whole.
                    let list = &it.lists[0];
                    let sum: f64 = list.rows.iter().filter_map(|row| row[1].number()).sum();
                    assert!(list.count > list.rows.len() || (sum - step(&it, "r")).abs() < 1e-6);
                }
                rows += 1;
            }
        }
        eprintln!("{}, {profile:?}: {rows} rows", set.name);
        assert!(rows > 50);
    }
}

/// Every row of the statistics that explain theirs, and what they refuse.
#[test]
fn explained_rows_are_those_of_the_tables() {
    for (name, module, keys) in [
        (Name::OnionServices, "hidserv", &["type"][..]),
        (Name::Bandwidth, "bandwidth", &["isexit", "isguard"]),
        (Name::Advertised, "advbwdist", &["isexit", "relay", "percentile"]),
        (Name::Connections, "connbidirect2", &["direction", "quantile"]),
        (Name::TotalWeight, "totalcw", &["nickname", "have_guard_flag", "have_exit_flag"]),
        (Name::FastExits, "fast-exits", &[]),
        (Name::OnionServicesV3, "hidserv-v3", &["type"]),
    ] {
        let Some(mut partials) = NETWORK.partials(&[name]) else { return };
        let options = NETWORK.options();
        let (tables, _) = NETWORK.partials(&[name]).expect("as before").tables(&options);
        let table = tables.get(module).expect("a table");
        for row in table.rows() {
            let question = Question::of(row[0].day().expect("a day"));
            let with = |it: Question, (at, key): (usize, &&str)| it.with(key, &row[at + 1].to_string());
            let question = keys.iter().enumerate().fold(question, with);
            let it = partials.explain(name, &question, &options).expect("its keys");
            assert_eq!((it.table, &it.absent), (module, &None), "{}", it.title);
            assert!(it.lists.iter().any(|list| list.count > 0), "{}", it.title);
            for outcome in &it.results {
                let column = table.column(&outcome.column).expect("a column of the table");
                assert_eq!(outcome.value, row[column], "{}: {}", it.title, outcome.column);
            }
            let filled = row[keys.len() + 1..].iter().filter(|cell| !cell.is_missing()).count();
            let told = it.results.iter().filter(|outcome| !outcome.value.is_missing()).count();
            assert_eq!(told, filled, "{}", it.title);
            formula::reckon(&it);
        }
        assert!(!table.is_empty(), "{module}");
        let question = Question::of(Day::parse("1999-12-31").expect("a day")).with("planet", "mars");
        assert!(matches!(partials.explain(name, &question, &options), Err(Unexplained::Column(..))));
    }
    let mut none = Partials::new(&[Name::Relays]);
    let question = Question::of(Day(0));
    assert_eq!(none.explain(Name::Users, &question, &NETWORK.options()), Err(Unexplained::NotCounted));
}
