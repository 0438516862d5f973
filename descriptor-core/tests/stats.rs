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
        Day, Name, Options, Partials, Pool, Profile, Tables,
        graphs::{Drawn, Graph, Query},
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

    fn options(&self) -> Options {
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
    for (ours, theirs) in [("userstats", "userstats"), ("clients", "clients")] {
        let path = folder.join(format!("2013/{theirs}.csv"));
        let theirs = fs::read_to_string(path).expect("it is readable").replace("\"\"", "");
        let ours = tables.get(ours).expect("a table").to_csv();
        // R's factors decide the originals' order.
        let set = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let (ours, theirs) = (set(&ours), set(&theirs));
        let differing: Vec<_> = ours.symmetric_difference(&theirs).take(10).collect();
        assert!(differing.is_empty(), "{differing:#?}");
    }
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
