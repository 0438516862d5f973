//! Statistics: the files of the original programs, byte for byte, and what must hold for every statistic.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use common::shared;
use descriptor_core::{
    archive::{self, Event, Input},
    netdoc::{Frame, frames},
    stats::{
        CHOICES, Cell, Choices, Day, Name, Options, Partials, Pool, Profile, Tables,
        explain::{Explanation, Question, Unexplained},
        graphs::{Drawn, Graph, Query},
        top_countries,
        users::Explainer,
    },
    value::Timestamp,
};

/// A tree of documents and when the originals were run on it.
struct Set {
    name: &'static str,
    now: &'static [u8; 19],
}

const GENERATED: Set = Set { name: "generated", now: b"2021-01-11 12:00:00" };
const NETWORK: Set = Set { name: "network", now: b"2026-04-02 06:00:00" };
const REAL: Set = Set { name: "real", now: b"2021-06-10 12:00:00" };

impl Set {
    fn folder(&self) -> Option<PathBuf> {
        Some(shared()?.join("vectors/metrics-web").join(self.name))
    }

    fn options(&self) -> Options<'static> {
        Options::at(Timestamp::parse(self.now).expect("a time"))
    }

    fn partials(&self, names: &[Name]) -> Option<Partials> {
        let inputs = [Input::Path(self.folder()?.join("tree.tar.xz"))];
        let options = archive::Options { types: Some(Name::types_of(names)), ..archive::Options::default() };
        let pool = Pool::new(names);
        let add = |chunk: &archive::Chunk| {
            pool.add(chunk.frames().map(|(source, frame)| (source.to_string(), frame)))
        };
        archive::read(&inputs, &options, add, |event| {
            if let Event::Failed(error) = event {
                panic!("{error}");
            }
            ControlFlow::Continue(())
        });
        Some(pool.finish())
    }

    /// Compares the files of modules, of graphs, and of graphs with parameters.
    fn compare(&self, names: &[Name], modules: &[&str], graphs: &[&str]) {
        let Some(folder) = self.folder() else { return };
        let Some(partials) = self.partials(names) else { return };
        let (tables, _) = partials.tables(&self.options());
        for module in modules {
            let table = tables.get(module).unwrap_or_else(|| panic!("{module} is made"));
            same(&folder.join(format!("modules/{module}.csv")), &table.to_csv());
        }
        for graph in graphs {
            self.compare_graph(&folder, &tables, graph);
        }
    }

    fn compare_graph(&self, folder: &Path, tables: &Tables, id: &str) {
        let draw = |query: &str| -> Drawn {
            let graph = Graph::of_id(id).expect("a graph of that name");
            graph.draw(tables, Query::parse(query)).expect("its modules are there")
        };
        same(&folder.join(format!("graphs/{id}.csv")), &draw("").to_csv());
        let mut compared = 0;
        for path in common::files(&folder.join("graphs/params")) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name.strip_prefix(id).is_some_and(|rest| rest.starts_with('_')) {
                let text = fs::read_to_string(&path).expect("it is readable");
                let url = text.lines().find_map(|line| line.strip_prefix("# URL: ")).expect("its address");
                same(&path, &draw(url.split_once('?').expect("parameters").1).to_csv());
                compared += 1;
            }
        }
        eprintln!("{}: {id}: {compared} files with parameters", self.name);
    }
}

/// Compares with a file of the originals, in words that show the first difference.
fn same(path: &Path, ours: &str) {
    let theirs = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if theirs != *ours {
        let line = theirs.lines().zip(ours.lines()).take_while(|(a, b)| a == b).count();
        let show = |text: &str| text.lines().nth(line).unwrap_or("nothing").to_owned();
        let (a, b) = (show(&theirs), show(ours));
        let differing = theirs.lines().zip(ours.lines()).filter(|(a, b)| a != b).count();
        panic!("{}, line {}: {b:?} instead of {a:?}; {differing} lines differ", path.display(), line + 1);
    }
}

#[test]
fn servers() {
    let modules = ["networksize", "relayflags", "versions", "platforms", "ipv6servers", "advbw"];
    let graphs =
        ["networksize", "relayflags", "versions", "platforms", "relays-ipv6", "bridges-ipv6", "advbw-ipv6"];
    GENERATED.compare(&[Name::Servers], &modules, &graphs);
    NETWORK.compare(&[Name::Servers], &modules, &graphs);
}

#[test]
fn users() {
    let modules = ["userstats", "userstats-combined", "clients"];
    let graphs = [
        "userstats-relay-country",
        "userstats-bridge-country",
        "userstats-bridge-transport",
        "userstats-bridge-version",
        "userstats-bridge-combined",
    ];
    GENERATED.compare(&[Name::Users], &modules, &graphs);
    NETWORK.compare(&[Name::Users], &modules, &graphs);
}

#[test]
fn bandwidth() {
    for set in [GENERATED, NETWORK] {
        set.compare(
            &[Name::Bandwidth, Name::Servers],
            &["bandwidth"],
            &["bandwidth", "bandwidth-flags", "dirbytes"],
        );
    }
}

#[test]
fn advertised() {
    for set in [GENERATED, NETWORK] {
        set.compare(&[Name::Advertised], &["advbwdist"], &["advbwdist-perc", "advbwdist-relay"]);
    }
    REAL.compare(&[Name::Advertised], &["advbwdist"], &[]);
}

/// What is known of each consensus, as lines that were sorted.
#[test]
fn advertised_by_consensus() {
    for set in [GENERATED, NETWORK, REAL] {
        let (Some(folder), Some(partials)) = (set.folder(), set.partials(&[Name::Advertised])) else {
            return;
        };
        let packed = fs::read(folder.join("modules/advbwdist-validafter.csv.xz")).expect("it is readable");
        let mut theirs = String::new();
        liblzma::read::XzDecoder::new(&*packed).read_to_string(&mut theirs).expect("xz");
        let (tables, _) = partials.tables(&set.options());
        let ours = tables.get("advbwdist-validafter").expect("a table").to_csv();
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        assert_eq!(sorted(&ours), sorted(&theirs), "{}", set.name);
    }
}

#[test]
fn connections() {
    for set in [GENERATED, NETWORK] {
        set.compare(&[Name::Connections], &["connbidirect2"], &["connbidirect"]);
    }
    REAL.compare(&[Name::Connections], &["connbidirect2"], &[]);
}

#[test]
fn onion_services() {
    let graphs = ["hidserv-dir-onions-seen", "hidserv-rend-relayed-cells"];
    for set in [GENERATED, NETWORK] {
        set.compare(&[Name::OnionServices], &["hidserv"], &graphs);
    }
}

/// Experimental: nothing to compare with. What relays of a small real network report can be extrapolated, and they see no more
/// than all of it.
#[test]
fn onion_services_of_version_3() {
    let Some(partials) = NETWORK.partials(&[Name::OnionServicesV3]) else { return };
    let (tables, graphs) = partials.tables(&NETWORK.options());
    let table = tables.get("hidserv-v3").expect("a table");
    assert!(!table.is_empty());
    for row in table.rows() {
        let frac = row[5].number().expect("a share");
        assert!(frac > 0.1 && frac <= 1.1, "{row:?}");
    }
    assert_eq!(graphs.iter().map(|drawn| drawn.id).collect::<Vec<_>>(), ["hidserv-dir-v3-onions-seen"]);
}

#[test]
fn total_weight() {
    for set in [GENERATED, NETWORK] {
        set.compare(&[Name::TotalWeight], &["totalcw"], &["totalcw"]);
    }
}

#[test]
fn bridgedb() {
    for set in [GENERATED, NETWORK] {
        let graphs = ["bridgedb-transport", "bridgedb-distributor"];
        set.compare(&[Name::Bridgedb], &["bridgedb-stats"], &graphs);
    }
    REAL.compare(&[Name::Bridgedb], &["bridgedb-stats"], &[]);
}

#[test]
fn web() {
    for set in [GENERATED, NETWORK] {
        let graphs = [
            "webstats-tb",
            "webstats-tb-platform",
            "webstats-tb-locale",
            "webstats-tb-channel",
            "webstats-tm",
        ];
        set.compare(&[Name::Web], &["webstats"], &graphs);
    }
    REAL.compare(&[Name::Web], &["webstats"], &[]);
}

#[test]
fn performance() {
    let modules = [
        "onionperf-including-partials",
        "onionperf-failures",
        "buildtimes",
        "latencies",
        "onionperf-throughput",
    ];
    let graphs = [
        "torperf",
        "torperf-failures",
        "onionperf-buildtimes",
        "onionperf-latencies",
        "onionperf-throughput",
    ];
    for set in [GENERATED, NETWORK] {
        set.compare(&[Name::Performance], &modules, &graphs);
    }
    let (Some(folder), Some(partials)) = (REAL.folder(), REAL.partials(&[Name::Performance])) else { return };
    let (mut tables, _) = partials.tables(&REAL.options());
    for module in modules {
        // The originals dropped the only file of one day for an annotation, and that of the other for its name.
        let table = tables.0.iter_mut().find(|table| table.name == module).expect("a table");
        let (before, dropped) = (table.len(), ["2016-10-05", "2020-04-27"].map(Day::parse));
        table.retain(|row| !dropped.contains(&row[0].day()));
        assert!(table.len() < before, "{module} has what the originals dropped");
        same(&folder.join(format!("modules/{module}.csv")), &table.to_csv());
    }
}

#[test]
fn fast_exits() {
    let (Some(folder), Some(partials)) = (GENERATED.folder(), GENERATED.partials(&[Name::FastExits])) else {
        return;
    };
    let (tables, _) = partials.tables(&GENERATED.options());
    for module in ["fast-exits", "task-6498-results"] {
        let table = tables.get(module).expect("a table");
        same(&folder.join(format!("2013/{module}.csv")), &table.to_csv());
    }
}

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

/// What the estimates are made of, as the originals' database had it on chosen days.
#[test]
fn components_of_users() {
    for (set, days) in [
        (GENERATED, &["2020-12-08", "2020-12-27", "2021-01-06"][..]),
        (NETWORK, &["2026-03-31", "2026-04-01"]),
    ] {
        let (Some(folder), Some(partials)) = (set.folder(), set.partials(&[Name::Users])) else { return };
        let users = partials.users().expect("it is counted");
        for table in users.components(&set.options()) {
            let rows = |text: &str| -> BTreeMap<String, Vec<String>> {
                let row = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
                let names = table.columns.iter().filter(|name| !is_number(name)).count();
                text.lines()
                    .skip(1)
                    .map(row)
                    .map(|row| (row[..names].join(","), row[names..].to_vec()))
                    .collect()
            };
            let ours = rows(&table.to_csv());
            for day in days {
                let path = folder.join(format!("tables/userstats/{}-{day}.csv", table.name));
                let theirs = rows(&fs::read_to_string(&path).expect("it is readable"));
                let ours: BTreeMap<_, _> = ours.iter().filter(|(key, _)| key.starts_with(day)).collect();
                assert_eq!(
                    ours.keys().copied().collect::<Vec<_>>(),
                    theirs.keys().collect::<Vec<_>>(),
                    "{}",
                    path.display()
                );
                for (key, values) in &theirs {
                    for (a, b) in values.iter().zip(ours[key]) {
                        let [a, b] = [a, b].map(|it| it.parse::<f64>().expect("a number"));
                        assert!(
                            (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                            "{}: {key}: {b}, not {a}",
                            path.display()
                        );
                    }
                }
            }
        }
    }
}

fn is_number(column: &str) -> bool {
    ["rrx", "nrx", "hh", "nn", "hrh", "nh", "nrh", "frac", "low", "high"].contains(&column)
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

/// Each choice changes what it says it does, of the generated network, and nothing else.
#[test]
fn choices_change_what_they_say() {
    let names = [
        Name::Servers,
        Name::Users,
        Name::Bandwidth,
        Name::Advertised,
        Name::Connections,
        Name::FastExits,
        Name::OnionServices,
        Name::Performance,
    ];
    let Some(partials) = GENERATED.partials(&names) else { return };
    let bytes = saved(partials);
    let tables = |choices: Choices| {
        let partials = Partials::load(&*bytes).expect("what was saved");
        partials.tables(&Options { choices, ..GENERATED.options() }).0
    };
    let code = tables(Choices::default());
    let mut found = BTreeMap::new();
    for choice in CHOICES {
        let mut choices = Choices::default();
        assert!(choices.choose(choice.name));
        let pairs = tables(choices).0;
        let changed = pairs.iter().zip(&code.0).filter(|(a, b)| a != b).map(|(table, _)| table.name);
        found.insert(choice.name, changed.collect::<Vec<_>>().join(" "));
    }
    let expected = BTreeMap::from([
        ("averages-over-all-statuses", "ipv6servers advbw"),
        ("bad-exits-are-no-exits", "bandwidth"),
        // No report is of another interval, or has so many connections.
        ("daily-reports-only", ""),
        ("exact-connections", ""),
        ("flags-of-good-statuses", "networksize relayflags"),
        ("fours-left-out", "userstats clients userstats-combined"),
        ("instant-downloads-left-out", "onionperf-including-partials"),
        ("mean-of-exits", "fast-exits"),
        ("noise-within-bins", "hidserv"),
        ("percentiles-by-rank", "advbwdist advbwdist-validafter"),
        ("responses-without-bytes", "userstats clients userstats-combined"),
        ("shares-over-all-consensuses", "hidserv"),
        ("unknown-versions-left-out", "versions"),
        ("users-rounded-down", "userstats clients userstats-combined"),
    ]);
    let found: BTreeMap<_, _> = found.iter().map(|(name, tables)| (*name, tables.as_str())).collect();
    assert_eq!(found, expected);
}

/// The website's tables of the same span as the graphs with parameters.
#[test]
fn top_countries() {
    for (set, first, last) in [(GENERATED, "2020-12-10", "2021-01-05"), (NETWORK, "2026-03-31", "2026-04-01")]
    {
        let (Some(folder), Some(partials)) = (set.folder(), set.partials(&[Name::Users])) else { return };
        let (modules, _) = partials.tables(&set.options());
        let [first, last] = [first, last].map(|day| Day::parse(day).expect("a day"));
        let tables = top_countries::tables(&modules, first, last);
        assert_eq!(tables.len(), 3);
        for table in tables {
            same(&folder.join(format!("graphs/tables/{}.csv", table.name)), &table.to_csv());
        }
    }
}

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
                    let column = table.column(outcome.column).expect("a column of the table");
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
                let column = table.column(outcome.column).expect("a column of the table");
                assert_eq!(outcome.value, row[column], "{}: {}", it.title, outcome.column);
            }
            let filled = row[keys.len() + 1..].iter().filter(|cell| !cell.is_missing()).count();
            let told = it.results.iter().filter(|outcome| !outcome.value.is_missing()).count();
            assert_eq!(told, filled, "{}", it.title);
        }
        assert!(!table.is_empty(), "{module}");
        let question = Question::of(Day::parse("1999-12-31").expect("a day")).with("planet", "mars");
        assert!(matches!(partials.explain(name, &question, &options), Err(Unexplained::Column(..))));
    }
    let mut none = Partials::new(&[Name::Web]);
    let question = Question::of(Day(0));
    assert_eq!(none.explain(Name::Users, &question, &NETWORK.options()), Err(Unexplained::NotCounted));
    assert_eq!(none.explain(Name::Web, &question, &NETWORK.options()), Err(Unexplained::NotYet));
}

/// Some documents of the small network, of all types, with their sources.
fn documents() -> Option<Vec<(String, Vec<u8>)>> {
    let inputs = [Input::Path(NETWORK.folder()?.join("tree.tar.xz"))];
    let options = archive::Options { threads: 1, ..archive::Options::default() };
    let mut all = Vec::new();
    let copy = |chunk: &archive::Chunk| -> Vec<_> {
        let whole = |frame: Frame<'_>| [frame.annotations, frame.body].concat();
        chunk.frames().map(|(source, frame)| (source.to_string(), whole(frame))).collect()
    };
    archive::read(&inputs, &options, copy, |event| {
        if let Event::Output(output) = event {
            all.extend(output);
        }
        ControlFlow::Continue(())
    });
    Some(all)
}

fn add(partials: &mut Partials, (source, bytes): &(String, Vec<u8>)) {
    for frame in frames(bytes, None) {
        assert!(partials.add_frame(frame, source), "{source} can be read");
    }
}

fn saved(mut partials: Partials) -> Vec<u8> {
    let mut bytes = Vec::new();
    partials.save(&mut bytes).expect("memory can be written to");
    bytes
}

fn texts(partials: Partials) -> BTreeMap<&'static str, String> {
    let (tables, graphs) = partials.tables(&NETWORK.options());
    let modules = tables.0.iter().map(|table| (table.name, table.to_csv()));
    modules.chain(graphs.iter().map(|drawn| (drawn.id, drawn.to_csv()))).collect()
}

/// Reversed, dealt out to several partials that are saved, loaded and merged, and given twice: the same bytes.
#[test]
fn order_split_and_repetition_change_no_byte() {
    let Some(documents) = documents() else { return };
    let mut once = Partials::new(Name::ALL);
    documents.iter().for_each(|document| add(&mut once, document));
    let once = saved(once);
    let expected = texts(Partials::load(&*once).expect("what was saved"));
    assert!(!expected.is_empty());

    let mut reversed = Partials::new(Name::ALL);
    documents.iter().rev().for_each(|document| add(&mut reversed, document));
    assert!(saved(reversed) == once, "reversed");

    for parts in [2, 7] {
        let mut all = Partials::default();
        for part in (0..parts).rev() {
            let mut partials = Partials::new(Name::ALL);
            documents.iter().skip(part).step_by(parts).for_each(|document| add(&mut partials, document));
            // Every third document once more, in a part that others have too.
            documents.iter().skip(part).step_by(3).for_each(|document| add(&mut partials, document));
            let bytes = saved(partials);
            all.merge(Partials::load(&*bytes).expect("what was saved"));
        }
        let split = saved(all);
        assert_eq!(texts(Partials::load(&*split).expect("what was saved")), expected, "{parts} parts");
        assert!(split == once, "{parts} parts, repeated: the bytes of the partials");
    }
}

#[test]
fn partials_of_another_form_are_refused() {
    for bytes in [&b""[..], b"not CBOR", &[0x82, 0x18, 99, 0xa0]] {
        assert!(Partials::load(bytes).is_err());
    }
}
