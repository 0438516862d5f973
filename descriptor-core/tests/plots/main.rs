//! Drawings: what stands in them, and that tables come back from their files as they were.

#[path = "../common/mod.rs"]
mod common;
mod y2013;

use std::{collections::BTreeSet, fs, ops::ControlFlow, path::Path};

use common::shared;
use descriptor_core::{
    archive::{self, Event, Input},
    plot::{Error, Figure, PLOTS, Panel, Plot, Size},
    stats::{
        Name, Options, Pool, Profile, Table, Tables,
        graphs::{self, Query},
    },
    value::Timestamp,
};

fn plot(id: &str) -> &'static Plot {
    Plot::of_id(id).expect("a plot")
}

fn table(name: &str, text: &str) -> Tables {
    Tables(vec![Tables::read_csv(name, text).expect("a module").expect("a table")])
}

fn drawn(id: &str, modules: &Tables, query: &str) -> Result<Figure, Error> {
    plot(id).figure(modules, &Query::parse(query))
}

fn svg(figure: &Figure) -> String {
    figure.to_svg(Size::default())
}

/// How often something stands in a drawing.
fn count(svg: &str, what: &str) -> usize {
    svg.matches(what).count()
}

/// The texts of a drawing, in order.
fn texts(svg: &str) -> Vec<&str> {
    let text = |line: &str| -> Option<(usize, usize)> { Some((line.find('>')? + 1, line.rfind("</text>")?)) };
    let lines = svg.lines().filter(|line| line.starts_with("<text"));
    lines.filter_map(|line| text(line).map(|(from, to)| &line[from..to])).collect()
}

/// The tables of modules that the originals wrote.
fn modules(set: &str) -> Option<Tables> {
    let folder = shared()?.join("vectors/metrics-web").join(set);
    let mut tables = Vec::new();
    for folder in ["modules", "2013"].map(|part| folder.join(part)).iter().filter(|folder| folder.is_dir()) {
        for path in common::files(folder) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let is_csv = path.extension().is_some_and(|it| it == "csv");
            let taken = tables.iter().any(|it: &Table| it.name == name);
            let text =
                if is_csv && !taken { fs::read_to_string(&path).expect("it is readable") } else { continue };
            if let Some(Ok(table)) = Tables::read_csv(&name, &text) {
                assert!(table.to_csv() == text, "{} is written as it was", path.display());
                tables.push(table);
            }
        }
    }
    Some(Tables(tables))
}

/// Of the originals' modules their files of graphs are made, as if the tables had never been files.
#[test]
fn files_of_modules_give_the_files_of_graphs() {
    for set in ["generated", "network"] {
        let (Some(tables), Some(shared)) = (modules(set), shared()) else { return };
        let folder = shared.join("vectors/metrics-web").join(set).join("graphs");
        let mut compared = 0;
        for drawn in graphs::all(&tables, &Options::at(Timestamp(0))) {
            let theirs =
                fs::read_to_string(folder.join(format!("{}.csv", drawn.id))).expect("it is readable");
            assert!(drawn.to_csv() == theirs, "{set}: {}", drawn.id);
            compared += 1;
        }
        assert!(compared >= 33, "{compared}: all of the website's");
    }
}

/// Every table that is made of the sample data, cell by cell.
#[test]
fn every_table_comes_back_from_its_file() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data");
    let mut seen = BTreeSet::new();
    for profile in [Profile::Y2013, Profile::Y2020] {
        let pool = Pool::new(Name::ALL);
        let add = |chunk: &archive::Chunk| {
            pool.add(chunk.frames().map(|(source, frame)| (source.to_string(), frame)))
        };
        archive::read(&[Input::Path(data.clone())], &archive::Options::default(), add, |event| {
            if let Event::Failed(error) = event {
                panic!("{error}");
            }
            ControlFlow::Continue(())
        });
        let now = Timestamp::parse(b"2030-01-01 00:00:00").expect("a time");
        for table in pool.finish().finish(&Options { profile, ..Options::at(now) }).0 {
            let text = table.to_csv();
            let read = Tables::read_csv(table.name, &text).expect("a module").expect("a table");
            assert_eq!(read.to_csv(), text, "{}", table.name);
            for (ours, theirs) in table.rows().zip(read.rows()) {
                for (a, b) in ours.iter().zip(theirs) {
                    assert_eq!(
                        (a.number(), a.text(), a.day()),
                        (b.number(), b.text(), b.day()),
                        "{}",
                        table.name
                    );
                    assert_eq!(
                        (a.is_true(), a.is_missing()),
                        (b.is_true(), b.is_missing()),
                        "{}",
                        table.name
                    );
                }
            }
            if !table.is_empty() {
                seen.insert(table.name);
            }
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
}

/// Drawings of the table `bandwidth` of 2013, which has other columns than that of 2020.
const OF_BANDWIDTH: [&str; 4] = ["bandwidth-2013", "bwhist-flags", "bandwidth-flags-2013", "dirbytes-2013"];

#[test]
fn every_plot_is_drawn_twice_the_same() {
    let Some(tables) = modules("generated") else { return };
    let mut drawn = 0;
    for plot in PLOTS {
        let figure = match plot.figure(&tables, &Query::default()) {
            // The originals had no such module.
            Err(Error::NoTable { .. }) => continue,
            // None of its relays has a country; the table of that name is that of 2020, which is found first.
            Err(Error::NoData("relaycountries")) => continue,
            Err(Error::NoData(id)) if OF_BANDWIDTH.contains(&id) => continue,
            Err(error) => panic!("{}: {error}", plot.id),
            Ok(figure) => figure,
        };
        drawn += 1;
        let text = svg(&figure);
        assert_eq!(text, svg(&figure), "{}", plot.id);
        assert_eq!(texts(&text)[0], figure.title, "{}", plot.id);
        let bars = figure.ranking.iter().map(|it| it.bars.len()).sum::<usize>();
        let shown = figure.series().count() + bars;
        assert!(shown > 0 && count(&text, "class=\"bar\"") >= bars, "{}", plot.id);
        assert!(count(&text, "class=") > shown, "{}: {shown} series", plot.id);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{}", plot.id);
        // Whatever stands in it stands within it.
        for place in text.split(" x=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let place: f64 = place.parse().expect("a number");
            assert!((0.0..=768.0).contains(&place), "{}: {place}", plot.id);
        }
    }
    assert!(drawn >= 40, "{drawn}");
}

/// Graphs that the website never had, of a few rows.
#[test]
fn what_is_new_is_drawn() {
    let of = |columns: &str, rows: [&str; 2]| {
        let day = |day: i32| rows.map(|row| format!("2026-01-0{day},{row}\n")).concat();
        format!("date,{columns}\n{}{}", day(1), day(2))
    };
    let places = "relays,advertised_bandwidth,consensus_weight,exit_probability";
    let consumed = "relays,bwread,bwwrite,reporters,covered,consensus_weight,reporters_weight";
    let tables = [
        (
            "relay-countries",
            of(&format!("country,{places}"), ["de,9,1,0.5,0.5", "??,3,1,0.1,0"]),
            ["Germany", "Unknown"],
        ),
        (
            "relay-systems",
            of(&format!("as,name,{places}"), ["24940,Hetzner Online GmbH,9,1,0.5,0.5", "1,,3,1,0.1,0"]),
            ["AS24940 Hetzner Online GmbH", "AS1"],
        ),
        (
            "relay-families",
            of(
                "family,members,advertised_bandwidth,consensus_weight,exit_probability",
                ["0123456789012345678901234567890123456789,9,1,0.5,0.5", "ABCDEFABCD012345,3,1,0.1,0"],
            ),
            ["0123456789", "ABCDEFABCD"],
        ),
        (
            "bandwidth-countries",
            of(
                &format!("country,{consumed}"),
                ["de,9,1000000000,500000000,8,1,0.5,0.4", "??,3,7,9,2,1,0.1,0"],
            ),
            ["Germany", "Unknown"],
        ),
        (
            "bandwidth-systems",
            of(
                &format!("as,name,{consumed}"),
                ["24940,Hetzner Online GmbH,9,1,2,8,1,0.5,0.4", "1,,3,7,9,2,1,0.1,0"],
            ),
            ["AS24940 Hetzner Online GmbH", "AS1"],
        ),
        (
            "bandwidth-families",
            of(
                &format!("family,{consumed}"),
                [
                    "0123456789012345678901234567890123456789,9,1,2,8,1,0.5,0.4",
                    "ABCDEFABCD012345,3,7,9,2,1,0.1,0",
                ],
            ),
            ["0123456789", "ABCDEFABCD"],
        ),
        (
            "concentration",
            of("group,position,effective", ["as,any,7.5", "relay,any,90"]),
            ["Relays", "Autonomous systems"],
        ),
        (
            "churn",
            of("interval,came,went,came_weight,went_weight", ["status,0.01,0.02,0,0", "day,0.1,0.2,0,0"]),
            ["New", "Gone"],
        ),
        (
            "overload",
            of(
                "kind,relays,reporters,weight,reporters_weight",
                ["general,1,4,0.1,1", "fd-exhausted,2,4,0.1,1"],
            ),
            ["general", "fd-exhausted"],
        ),
        (
            "version-adoption",
            of("version,share,weight", ["0.4.10,0.25,0.5", "0.4.9,0.75,0.5"]),
            ["0.4.9", "0.4.10"],
        ),
        (
            "measurements",
            of("authority,measured,p25,median,p75", ["bastet,9,0.8,1,1.2", "moria1,9,0.9,1.1,2"]),
            ["bastet", "moria1"],
        ),
    ];
    for (id, text, names) in tables {
        let tables = Tables(vec![Table::from_csv(plot(id).modules()[0], &text).expect("a table")]);
        let figure = drawn(id, &tables, "").unwrap_or_else(|error| panic!("{id}: {error}"));
        // What has a panel of its own is named there.
        let named = |panel: &Panel| -> Vec<String> {
            let names = panel.series.iter().map(|it| &it.name);
            names.map(|name| if name.is_empty() { &panel.label } else { name }.clone()).collect()
        };
        let shown: BTreeSet<String> = figure.panels.iter().flat_map(named).collect();
        assert_eq!(shown, names.map(str::to_owned).into(), "{id}");
        assert!(figure.series().all(|it| it.values.len() == 2), "{id}: two days");
        assert_eq!(figure.caption, "tordesc", "{id}");
    }
}

const SIZES: &str = "\
date,relays,bridges
2020-12-03,6000,1000
2020-12-04,6100,1010
2020-12-05,6050,
2020-12-07,6000,990
2020-12-08,6150,1005
";

#[test]
fn a_plain_graph_has_lines_with_gaps_and_says_what_they_are() {
    let figure = drawn("networksize", &table("networksize", SIZES), "").expect("a figure");
    let text = svg(&figure);
    assert_eq!(count(&text, "class=\"line\""), 2);
    let paths: Vec<_> = text.lines().filter(|line| line.contains("class=\"line\"")).collect();
    assert_eq!(
        paths.iter().map(|path| count(path, "M")).collect::<Vec<_>>(),
        [2, 2],
        "a day is missing in each"
    );
    assert_eq!(
        texts(&text),
        [
            "Number of relays",
            "Relays",
            "Bridges",
            "0",
            "1,000",
            "2,000",
            "3,000",
            "4,000",
            "5,000",
            "6,000",
            "2020-12-03",
            "2020-12-04",
            "2020-12-05",
            "2020-12-06",
            "2020-12-07",
            "2020-12-08",
            "The Tor Project - https://metrics.torproject.org/",
        ]
    );
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plots/networksize.svg");
    if fs::read_to_string(&golden).unwrap_or_default() != text {
        let got = golden.with_extension("got.svg");
        fs::write(&got, &text).expect("the folder can be written to");
        panic!("{} is not what was drawn, which is {}", golden.display(), got.display());
    }
}

#[test]
fn days_and_the_date_axis_follow_start_and_end() {
    let rows: String =
        (0..800).map(|day| format!("{},7,3\n", descriptor_core::stats::Day(18000 + day))).collect();
    let tables = table("networksize", &format!("date,relays,bridges\n{rows}"));
    let labels = |query: &str| -> Vec<String> {
        let text = svg(&drawn("networksize", &tables, query).expect("a figure"));
        texts(&text).into_iter().filter(|text| text.starts_with("20")).map(str::to_owned).collect()
    };
    assert_eq!(labels(""), ["2020", "2021"]);
    assert_eq!(labels("start=2020-01-01&end=2020-12-31"), ["2020-01", "2020-04", "2020-07", "2020-10"]);
    assert_eq!(labels("start=2020-01-05&end=2020-01-21"), ["2020-01-06", "2020-01-13", "2020-01-20"]);
    assert_eq!(drawn("networksize", &tables, "start=2030-01-01"), Err(Error::NoData("networksize")));
}

#[test]
fn users_of_a_country_show_events_and_the_expected_range() {
    let mut rows = "date,node,country,transport,version,lower,upper,clients,frac\n".to_owned();
    for (day, lower, upper, users) in [
        (3, "90", "110", 100),
        (4, "90", "110", 80),
        (5, "-5", "110", 120),
        (6, "", "", 500),
        (7, "90", "110", 110),
    ] {
        rows.push_str(&format!("2020-12-0{day},relay,ir,,,{lower},{upper},{users},80\n"));
        rows.push_str(&format!("2020-12-0{day},relay,,,,,,2000,80\n"));
    }
    let tables = table("clients", &rows);
    let draw = |query: &str| drawn("userstats-relay-country", &tables, query).expect("a figure");
    let all = draw("");
    assert_eq!((all.title.as_str(), all.series().count()), ("Directly connecting users", 1));
    let off = draw("country=ir");
    assert_eq!((off.title.as_str(), off.series().count()), ("Directly connecting users from Iran", 1));
    let points = svg(&draw("country=ir&events=points"));
    assert_eq!((count(&points, "class=\"event\""), count(&points, "class=\"ribbon\"")), (2, 0));
    let on = draw("country=ir&events=on");
    let text = svg(&on);
    assert_eq!((count(&text, "class=\"event\""), count(&text, "class=\"ribbon\"")), (2, 1));
    assert!(on.series().flat_map(|it| &it.range).all(|(_, low, _)| *low >= 0.0), "the range is cut at 0");
    // Two countries are two lines, under their names.
    let both = draw("country=ir&country=all");
    assert_eq!(both.series().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["all", "Iran"]);

    let error = drawn("userstats-relay-country", &tables, "country=zz").expect_err("no such country");
    assert_eq!(error.to_string(), "userstats-relay-country has no country zz; there are all, ir");
    let error = drawn("userstats-relay-country", &tables, "flag=Exit").expect_err("no such parameter");
    assert_eq!(error.to_string(), "userstats-relay-country cannot be drawn by flag; it has country, events");
    let error = drawn("networksize", &tables, "").expect_err("another table");
    assert_eq!(error.to_string(), "networksize is made of networksize, and networksize is missing");
}

#[test]
fn special_drawings_have_their_panels_ribbons_and_areas() {
    let Some(tables) = modules("generated") else { return };
    let shape = |id: &str, query: &str| {
        let figure = drawn(id, &tables, query).unwrap_or_else(|error| panic!("{id}: {error}"));
        let text = svg(&figure);
        let classes = ["line", "ribbon", "area", "outer"].map(|it| count(&text, &format!("class=\"{it}\"")));
        (figure.panels.len(), classes, figure.title)
    };
    let title = str::to_owned;
    assert_eq!(
        shape("bandwidth-flags", ""),
        (2, [0, 0, 8, 0], title("Advertised and consumed bandwidth by relay flags"))
    );
    assert_eq!(
        shape("torperf", ""),
        (1, [3, 3, 0, 0], title("Time to complete 50 KiB request to public server"))
    );
    assert_eq!(shape("torperf", "server=public&filesize=50kb&filesize=1mb").0, 2);
    assert_eq!(
        shape("onionperf-latencies", ""),
        (3, [3, 3, 0, 6], title("Circuit round-trip latencies to public server"))
    );
    assert_eq!(shape("onionperf-buildtimes", "").0, 3, "a panel for each hop");
    assert_eq!(
        shape("userstats-bridge-combined", "country=us"),
        (1, [0, 3, 0, 0], title("Bridge users by transport from the United States"))
    );
    assert_eq!(shape("userstats-bridge-combined", "").2, "Bridge users");
    assert_eq!(shape("userstats-bridge-transport", "transport=obfs4").2, "Bridge users using obfs4");
    assert_eq!(shape("userstats-bridge-version", "").2, "Bridge users using IPv4");
    assert_eq!((shape("dirbytes", "").0, shape("webstats-tb", "").0), (2, 4));
    assert_eq!(shape("advbwdist-perc", "p=100&p=50").1[0], 4);
    let locales = drawn("webstats-tb-locale", &tables, "").expect("a figure");
    let names: BTreeSet<_> = locales.series().map(|it| &it.name).collect();
    assert!(names.len() == 6 && locales.series().any(|it| it.name == "Other"), "{names:?}");
}

/// A file from the website is drawn without the modules.
#[test]
fn files_of_the_website_are_drawn() {
    let text = "#\n# The Tor Project\n#\ndate,country,users,lower,upper,frac\n2023-01-07,,2297430,,,75\n2023-01-08,,1e+06,,,75\n";
    let table = Table::from_graph_csv("userstats-relay-country", text).expect("a table");
    let figure =
        plot("userstats-relay-country").figure_of_graph(&table, &Query::default()).expect("a figure");
    assert_eq!(figure.series().flat_map(|it| &it.values).map(|(_, it)| *it).sum::<f64>(), 3_297_430.0);
}

/// Names come from documents, and a drawing is opened in a browser.
#[test]
fn names_cannot_write_into_the_drawing() {
    let text = "valid_after_date,nickname,have_guard_flag,have_exit_flag,measured_sum_avg\n\
                2020-12-03,<script>alert(1)</script>,f,f,10\n2020-12-04,\"&,f,f,12\n";
    let drawing = svg(&drawn("totalcw", &table("totalcw", text), "").expect("a figure"));
    assert!(
        !drawing.contains("<script") && drawing.contains("&lt;script&gt;") && drawing.contains("&quot;&amp;")
    );
}

/// However many names there are, a drawing shows the largest and says so.
#[test]
fn too_many_series_are_cut_to_the_largest() {
    let rows: String =
        (0..40).map(|at| format!("2020-12-03,0.{at}.0,{at}\n2020-12-04,0.{at}.0,{at}\n")).collect();
    let figure =
        drawn("versions", &table("versions", &format!("date,version,relays\n{rows}")), "").expect("a figure");
    assert_eq!(figure.series().count(), 14);
    assert!(figure.series().any(|it| it.name == "0.39.0") && figure.note.is_some());
    assert!(svg(&figure).contains("The 14 largest of 40"));
}
