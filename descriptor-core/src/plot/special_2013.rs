//! Drawings of 2013 that are more than lines (spec §20).

use std::collections::BTreeMap;

use super::{
    Figure, Panel, Series, Shape, Unit,
    data::{Data, Names},
    special::SIZES,
};
use crate::stats::{Cell, Day};

/// Bandwidth histories by flags, the mean of what was read and written.
pub(super) fn consumed_of_2013(data: &Data<'_>) -> Figure {
    // Exit, then guard.
    let classes = [
        ("yes", "no", "Exit only"),
        ("yes", "yes", "Guard and Exit"),
        ("no", "yes", "Guard only"),
        ("no", "no", "Neither Guard nor Exit"),
    ];
    let line = |(exit, guard, name): (&str, &str, &str)| {
        let part = data.only("isexit", exit).only("isguard", guard);
        let means = part.ranges("read", "written").into_iter();
        Series {
            values: means.map(|(day, read, written)| (day, (read + written) / 2.0)).collect(),
            ..Series::new(name)
        }
    };
    data.plain(classes.into_iter().map(line).collect())
}

/// Bandwidth of guards and of exits, advertised and consumed.
pub(super) fn bandwidth_of_2013(data: &Data<'_>) -> Figure {
    let kinds = [
        ("guard", "advbw", "Guard, advertised bandwidth"),
        ("guard", "bwhist", "Guard, bandwidth history"),
        ("exit", "advbw", "Exit, advertised bandwidth"),
        ("exit", "bwhist", "Exit, bandwidth history"),
    ];
    let line = |(flag, kind, name): (&str, &str, &str)| {
        let values = data.only("flag", flag).only("type", kind).numbers("value");
        Series { values, ..Series::new(name) }
    };
    data.plain(kinds.into_iter().map(line).collect())
}

/// What is asked for, such as `50 KiB request`: the size if all sources, such as `all-50kb`, have the same one.
fn request(data: &Data<'_>) -> String {
    let sources: Vec<&str> = data.texts("source").collect();
    let of_all =
        |key: &str| sources.iter().all(|source| source.rsplit_once('-').is_some_and(|it| it.1 == key));
    let size = SIZES.iter().find(|(key, _)| of_all(key));
    size.map_or("request".to_owned(), |(_, size)| format!("{size} request"))
}

/// The rows of each source. Some have several of a day, for the files cut names at the first hyphen: each is its own.
fn sources<'t>(data: &Data<'t>) -> Vec<(String, Data<'t>)> {
    let mut all = Vec::new();
    for (name, part) in data.parts("source", &[]) {
        let mut rows: Vec<Vec<&[Cell]>> = Vec::new();
        let mut seen: BTreeMap<Day, usize> = BTreeMap::new();
        for row in &part.rows {
            let Some(day) = row[0].day() else { continue };
            let count = seen.entry(day).or_default();
            if rows.len() == *count {
                rows.push(Vec::new());
            }
            rows[*count].push(row);
            *count += 1;
        }
        for (at, rows) in rows.into_iter().enumerate() {
            let name = if at == 0 { name.clone() } else { format!("{name} ({})", at + 1) };
            all.push((name, data.with(rows)));
        }
    }
    all
}

/// Quartiles by source. The file has milliseconds.
pub(super) fn torperf_of_2013(data: &Data<'_>) -> Figure {
    let series = |(name, part): (String, Data<'_>)| {
        let (values, range) = (part.numbers("md").into_iter(), part.ranges("q1", "q3").into_iter());
        Series {
            values: values.map(|(day, it)| (day, it / 1000.0)).collect(),
            range: range.map(|(day, low, high)| (day, low / 1000.0, high / 1000.0)).collect(),
            ..Series::new(name)
        }
    };
    data.plain(sources(data).into_iter().map(series).collect()).titled(format!(
        "{} {}",
        data.title,
        request(data)
    ))
}

/// Panels for timeouts and failures, a point a day and source.
pub(super) fn failures_of_2013(data: &Data<'_>) -> Figure {
    let panel = |(column, label): (&str, &str)| {
        let points = |(name, part): (String, Data<'_>)| Series {
            values: part.shares(column, &["requests"]),
            ..Series::new(name)
        };
        data.panel(label, sources(data).into_iter().map(points).collect())
    };
    let panels = [("timeouts", "Timeouts"), ("failures", "Failures")].into_iter().map(panel).collect();
    data.figure(panels).shaped(Shape::Points).titled(format!("{} {}s", data.title, request(data)))
}

/// More relays than this cannot be told apart, and make a large file.
const MOST_RELAYS: usize = 4000;

/// A point for each relay and day, of one relay out of several if there are many.
pub(super) fn connections_of_2013(data: &Data<'_>) -> Figure {
    let every = data.rows.len().div_ceil(MOST_RELAYS).max(1);
    let some = data.with(data.rows.iter().step_by(every).copied().collect());
    let names: &Names =
        &[("both", "Both reading and writing"), ("read", "Mostly reading"), ("write", "Mostly writing")];
    let columns = names.iter().map(|(column, _)| *column).collect::<Vec<_>>();
    let points = |(column, name): &(&str, &str)| Series {
        values: some.shares(column, &columns),
        ..Series::new(*name)
    };
    let mut figure = data.plain(names.iter().map(points).collect()).shaped(Shape::Points);
    if every > 1 {
        figure.note = Some(format!("One of {every} reports"));
    }
    figure
}

/// How many exits of 2013 were fast enough, and how likely they were taken.
pub(super) fn exits_of_2013(data: &Data<'_>, number: &'static str, share: &'static str) -> Figure {
    let [number, share] = [number, share].map(|column| data.lines(&[(column, "")]));
    let share =
        Panel { label: "Probability of being the exit".to_owned(), unit: Unit::PERCENT, series: share };
    data.figure(vec![data.panel("Relays", number), share]).free()
}

/// Of `servers.csv` of 2013: the rows that are broken down by one column, or by none.
pub(super) fn servers_of_2013<'t>(data: &Data<'t>, by: Option<&str>) -> Data<'t> {
    let breakdowns = ["flag", "country", "version", "platform", "ec2bridge"];
    let columns = data.columns.iter().enumerate();
    let places: Vec<_> = columns.filter(|(_, column)| breakdowns.contains(&&***column)).collect();
    let wanted =
        |row: &&&[Cell]| places.iter().all(|(at, column)| row[*at].is_missing() != (by == Some(&***column)));
    let rows = data.rows.iter().filter(wanted);
    data.with(rows.copied().collect())
}
