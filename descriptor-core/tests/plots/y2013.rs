//! Drawings of 2013, and the tables that became bars.

use std::fs;

use descriptor_core::{
    plot::{Error, Figure, Plot, Series},
    stats::{Tables, graphs::Query},
};

use crate::{OF_BANDWIDTH, common::shared, count, drawn, plot, svg, table, texts};

/// The tables of 2013 that the originals wrote.
fn of_2013() -> Option<Tables> {
    let folder = shared()?.join("vectors/metrics-web/generated/2013");
    let read = |name: &str| {
        let text = fs::read_to_string(folder.join(format!("{name}.csv"))).expect("it is readable");
        Tables::read_csv(name, &text).expect("a module").expect("a table")
    };
    Some(Tables(
        ["bandwidth", "clients", "connbidirect", "servers", "torperf", "fast-exits"].map(read).into(),
    ))
}

/// Each draws the numbers of the file that the website gave for download.
#[test]
fn graphs_of_2013_are_drawn() {
    let Some(tables) = of_2013() else { return };
    let names = |id: &str| {
        let figure = drawn(id, &tables, "").unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(count(&svg(&figure), "class=") > figure.series().count(), "{id}");
        (figure.title.clone(), figure.series().map(|it| it.name.clone()).collect::<Vec<_>>(), figure)
    };
    let (_, series, figure) = names("bandwidth-2013");
    assert_eq!(series, ["Advertised bandwidth", "Bandwidth history"]);
    let history = figure.series().find(|it| it.name == "Bandwidth history").expect("a line");
    // (8937940 + 9162089) / 2, rounded down, as the file has it.
    assert_eq!(history.values[0].1, 9_050_014.0);
    assert!(texts(&svg(&figure)).contains(&"2.0 Gbit/s"));
    assert_eq!(names("bwhist-flags").1.len(), 4);
    assert_eq!(
        names("bandwidth-flags-2013").1,
        [
            "Guard, advertised bandwidth",
            "Guard, bandwidth history",
            "Exit, advertised bandwidth",
            "Exit, bandwidth history"
        ]
    );
    assert_eq!(names("dirbytes-2013").1, ["Written bytes", "Read bytes"]);
    let (title, series, figure) = names("torperf-2013");
    // Three hosts whose names differ after the hyphen, which the file does not tell.
    assert_eq!(title, "Time to complete 50 KiB request");
    assert_eq!(series, ["all-50kb", "all-50kb (2)", "all-50kb (3)"]);
    let days = |it: &Series| it.values.windows(2).all(|pair| pair[0].0 < pair[1].0);
    assert!(figure.series().all(days), "one number a day");
    let torperf = figure.series().next().expect("a line");
    assert!(!torperf.range.is_empty() && torperf.values.iter().all(|(_, seconds)| *seconds < 60.0));
    let (title, series, figure) = names("torperf-failures-2013");
    assert_eq!((title.as_str(), series.len()), ("Timeouts and failures of 50 KiB requests", 6));
    assert!(figure.series().flat_map(|it| &it.values).all(|(_, share)| (0.0..=1.0).contains(share)));
    let (_, series, figure) = names("connbidirect-2013");
    assert_eq!(series, ["Both reading and writing", "Mostly reading", "Mostly writing"]);
    // 2263 of 1632 + 129 + 2263.
    let both = figure.series().next().expect("points").values[0].1;
    assert!((both - 0.562_375_75).abs() < 1e-7, "{both}");
    // Users were drawn as later.
    for id in ["relay-country", "bridge-country", "bridge-transport", "bridge-version"] {
        names(&format!("userstats-{id}"));
    }
}

/// The table of another year has other columns under its name, and is not drawn as if it were this one.
#[test]
fn a_table_of_2020_is_none_of_2013() {
    let text = "date,isexit,isguard,bwread,bwwrite,dirread,dirwrite,dirauthread,dirauthwrite\n\
                2020-12-03,,,,,1,2,3,4\n2020-12-03,t,f,5,6,,,,\n";
    let tables = table("bandwidth", text);
    for id in OF_BANDWIDTH {
        assert_eq!(drawn(id, &tables, ""), Err(Error::NoData(plot(id).id)));
    }
}

/// More relays than can be told apart.
#[test]
fn of_many_reports_some_are_drawn() {
    let rows: String =
        (0..9000).map(|at| format!("2013-12-{:02},{at:040X},1,2,3,5\n", at / 300 + 1)).collect();
    let tables = table("connbidirect", &format!("date,source,below,read,write,both\n{rows}"));
    let figure = drawn("connbidirect-2013", &tables, "").expect("a figure");
    assert_eq!(figure.series().map(|it| it.values.len()).collect::<Vec<_>>(), [3000; 3]);
    assert_eq!(figure.note.as_deref(), Some("One of 3 reports"));
    assert_eq!(figure.series().next().map(|it| it.values[0].1), Some(0.5));
}

#[test]
fn top_ten_countries_are_bars() {
    let mut rows = "date,node,country,transport,version,lower,upper,clients,frac\n".to_owned();
    for (at, country) in
        ["us", "de", "fr", "gb", "ir", "ru", "nl", "se", "pl", "it", "es", "??"].iter().enumerate()
    {
        for day in 1..=3 {
            rows.push_str(&format!("2020-12-0{day},relay,{country},,,,,{},80\n", 1000 * (12 - at)));
            rows.push_str(&format!("2020-12-0{day},bridge,{country},,,,,{},80\n", 10 * (at + 1)));
        }
    }
    // Long ago; and what the detector saw.
    rows.push_str("2020-01-01,relay,se,,,,,9000000,80\n");
    rows.push_str("2020-12-04,relay,ir,,,90,110,80,80\n2020-12-05,relay,ir,,,90,110,80,80\n");
    rows.push_str("2020-12-04,relay,ru,,,90,110,120,80\n");
    let tables = table("clients", &rows);
    let draw = |id: &str, query: &str| drawn(id, &tables, query).expect("a figure");
    let bars = |figure: &Figure| {
        let bars = figure.ranking.as_ref().expect("a ranking").bars.iter();
        bars.map(|bar| (bar.name.clone(), bar.values.clone(), bar.text.clone())).collect::<Vec<_>>()
    };

    let relays = draw("userstats-relay-table", "end=2020-12-03");
    let all = bars(&relays);
    assert_eq!(all.len(), 10, "without what is no country");
    assert_eq!(all[0], ("United States".to_owned(), vec![12000.0], "12,000 (15.38%)".to_owned()));
    assert!(all.iter().map(|bar| bar.1[0]).is_sorted_by(|a, b| a >= b));
    assert_eq!(
        relays.note.as_deref(),
        Some("2020-09-04 to 2020-12-03: mean of the days, and share of all users")
    );
    let text = svg(&relays);
    assert_eq!(count(&text, "class=\"bar\""), 10);
    assert!(texts(&text).contains(&"1. United States") && texts(&text).contains(&"10,000"));
    assert_eq!(bars(&draw("userstats-relay-table", "start=2020-01-01"))[0].0, "Sweden");
    assert_eq!(bars(&draw("userstats-bridge-table", ""))[0].0, "Spain");

    let events = draw("userstats-censorship-events", "");
    assert_eq!(
        bars(&events),
        [
            ("Iran".to_owned(), vec![2.0, 0.0], "2 down, 0 up".to_owned()),
            ("Russia".to_owned(), vec![0.0, 1.0], "0 down, 1 up".to_owned())
        ]
    );
    let text = svg(&events);
    assert!(texts(&text).contains(&"Downturn") && texts(&text).contains(&"Upturn"));
    let none = Plot::of_id("userstats-censorship-events").expect("a plot");
    let quiet = none.figure(&tables, &Query::parse("end=2020-12-03"));
    assert_eq!(quiet, Err(Error::NoData("userstats-censorship-events")));
}
