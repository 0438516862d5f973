//! Statistics: the files of the original programs, byte for byte, and what must hold for every statistic.

#[path = "../common/mod.rs"]
mod common;
mod explained;
mod formula;
mod merges;
mod relays;
mod steps;
mod y2013;

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use common::shared;
use descriptor_core::{
    archive::{self, Event, Input},
    stats::{
        CHOICES, Choices, Day, Name, Options, Partials, Pool, Tables,
        graphs::{Drawn, Graph, Query},
        top_countries,
    },
    value::Timestamp,
};
use merges::saved;

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
    let ids = ["hidserv-dir-v3-onions-seen", "hidserv-rend-v3-relayed-cells"];
    assert_eq!(graphs.iter().map(|drawn| drawn.id).collect::<Vec<_>>(), ids);
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
        partials.tables(&Options { choices, ..GENERATED.options() })
    };
    let (code, drawn) = tables(Choices::default());
    let (mut found, mut of_files) = (BTreeMap::new(), Vec::new());
    for choice in CHOICES {
        let mut choices = Choices::default();
        assert!(choices.choose(choice.name));
        let (pairs, files) = tables(choices);
        let changed = pairs.0.iter().zip(&code.0).filter(|(a, b)| a != b).map(|(table, _)| table.name);
        let changed = changed.collect::<Vec<_>>().join(" ");
        if changed.is_empty() {
            let pairs = files.iter().zip(&drawn).filter(|(a, b)| a.table != b.table);
            let row = |file: &Drawn| file.to_csv().lines().nth(6).unwrap_or_default().to_owned();
            of_files.extend(pairs.map(|(file, code)| (choice.name, file.id, row(file), row(code))));
        }
        found.insert(choice.name, changed);
    }
    let expected = BTreeMap::from([
        ("averages-over-all-statuses", "ipv6servers advbw"),
        ("bad-exits-are-no-exits", "bandwidth"),
        // No report is of another interval, or has so many connections.
        ("daily-reports-only", ""),
        ("exact-connections", ""),
        ("flags-of-good-statuses", "networksize relayflags"),
        ("fours-left-out", "clients userstats userstats-combined"),
        ("histories-split-evenly", "bandwidth"),
        ("instant-downloads-left-out", "onionperf-including-partials"),
        ("mean-of-exits", "fast-exits"),
        ("noise-within-bins", "hidserv"),
        ("percentiles-by-rank", "advbwdist advbwdist-validafter"),
        // Of a file of a graph, and below.
        ("short-flags", ""),
        ("torperf-in-milliseconds", ""),
        ("responses-without-bytes", "clients userstats userstats-combined"),
        ("shares-over-all-consensuses", "hidserv"),
        ("unknown-versions-left-out", "versions"),
        ("users-rounded-down", "clients userstats userstats-combined"),
    ]);
    let found: BTreeMap<_, _> = found.iter().map(|(name, tables)| (*name, tables.as_str())).collect();
    assert_eq!(found, expected);
    let of_files: Vec<_> =
        of_files.iter().map(|(name, id, a, b)| (*name, *id, a.as_str(), b.as_str())).collect();
    assert_eq!(
        of_files,
        [
            (
                "short-flags",
                "bandwidth-flags",
                "2020-12-03,f,f,0.534213744,0.268683328",
                "2020-12-03,FALSE,FALSE,0.534213744,0.268683328",
            ),
            (
                "torperf-in-milliseconds",
                "torperf",
                "2020-12-03,51200,op-aa,public,840,960,1207",
                "2020-12-03,51200,op-aa,public,0.84,0.96,1.207",
            ),
        ]
    );
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
