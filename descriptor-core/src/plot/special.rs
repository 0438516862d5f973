//! Drawings that are more than lines (spec §20).

use std::collections::BTreeMap;

use super::{
    Figure, Panel, Series, Shape,
    data::{Data, Names, events},
};
use crate::stats::{Day, countries};

/// Users in whom the detector saw too many or too few, and what it had expected.
pub(super) const UPTURN: (&str, &str) = ("Upturn", "#1C86EE");
pub(super) const DOWNTURN: (&str, &str) = ("Downturn", "#EE2C2C");
const EXPECTED: (&str, &str) = ("Expected range", "#7F7F7F");

/// A title with the country, if it is of one.
fn from(title: &str, country: Option<&str>) -> String {
    match country.filter(|country| *country != "all") {
        Some(country) => format!("{title} from {}", countries::name(country).unwrap_or(country)),
        None => title.to_owned(),
    }
}

/// Lines by country; of one, with events if they are asked for.
pub(super) fn relay_users(data: &Data<'_>) -> Figure {
    let Some(country) = data.single("country") else { return by_country(data) };
    let mut series = vec![Series { values: data.numbers("users"), ..Series::new("") }];
    let wanted = data.query.value("events").unwrap_or("off");
    if country != "all" && wanted != "off" {
        let bounds = data.ranges("lower", "upper");
        let beyond = |is: fn(f64, f64, f64) -> bool| -> Vec<(Day, f64)> {
            let bounds_of =
                |day: Day| bounds.binary_search_by_key(&day, |(it, ..)| *it).ok().map(|at| bounds[at]);
            let is = |(day, users): &(Day, f64)| {
                bounds_of(*day).is_some_and(|(_, low, high)| is(*users, low, high))
            };
            series[0].values.iter().filter(|it| is(it)).copied().collect()
        };
        let up = events(UPTURN.0, UPTURN.1, beyond(|users, _, high| users > high));
        let down = events(DOWNTURN.0, DOWNTURN.1, beyond(|users, low, _| users < low));
        if wanted == "on" {
            let range = bounds.iter().map(|(day, low, high)| (*day, low.max(0.0), *high)).collect();
            let (name, colour) = (EXPECTED.0, Some(EXPECTED.1));
            series.insert(0, Series { shape: Shape::Hidden, colour, range, ..Series::new(name) });
        }
        series.extend([up, down]);
    }
    data.plain(series).titled(from(data.title, Some(country)))
}

pub(super) fn bridge_users(data: &Data<'_>) -> Figure {
    match data.single("country") {
        Some(country) => data.columns(&[("users", "")]).titled(from(data.title, Some(country))),
        None => by_country(data),
    }
}

fn by_country(data: &Data<'_>) -> Figure {
    data.by("country", "users").titled(format!("{} by country", data.title))
}

const TRANSPORTS: &Names =
    &[("!<OR>", "Any pluggable transport"), ("<OR>", "Default OR protocol"), ("<??>", "Unknown transport")];

pub(super) fn bridge_transports(data: &Data<'_>) -> Figure {
    match data.single("transport") {
        Some(transport) => {
            let name = match transport {
                "!<OR>" => "any pluggable transport",
                "<OR>" => "the default OR protocol",
                "<??>" => "an unknown transport",
                _ => transport,
            };
            data.columns(&[("users", "")]).titled(format!("Bridge users using {name}"))
        }
        None => data.plain(data.lines_by("transport", "users", TRANSPORTS)),
    }
}

pub(super) fn bridge_versions(data: &Data<'_>) -> Figure {
    let names = [("v4", "IPv4"), ("v6", "IPv6")];
    match data.single("version") {
        Some(version) => {
            let name = names.iter().find(|(key, _)| *key == version).map_or(version, |(_, name)| name);
            data.columns(&[("users", "")]).titled(format!("Bridge users using {name}"))
        }
        None => data.plain(data.lines_by("version", "users", &names)).titled("Bridge users by IP version"),
    }
}

/// The three transports with most users in a country, between what they may have at least and at most. For all countries
/// the table is that of users by country.
pub(super) fn bridge_combined(data: &Data<'_>) -> Figure {
    let country = data.single("country");
    if country == Some("all") {
        return data.columns(&[("users", "")]).titled("Bridge users");
    }
    let ribbon = |(name, part): (String, Data<'_>)| {
        let range = part.ranges("low", "high");
        let values = range.iter().map(|(day, low, high)| (*day, (low + high) / 2.0)).collect();
        Series { shape: Shape::Hidden, values, range, ..Series::new(name) }
    };
    let parts = data.parts("transport", TRANSPORTS);
    data.plain(parts.into_iter().map(ribbon).collect()).top(3).titled(from(data.title, country))
}

pub(super) const PLATFORMS: &Names =
    &[("linux", "Linux"), ("macos", "macOS"), ("bsd", "BSD"), ("windows", "Windows"), ("other", "Other")];

pub(super) const PLATFORM_COLOURS: &Names = &[
    ("Linux", "#56B4E9"),
    ("macOS", "#333333"),
    ("BSD", "#E69F00"),
    ("Windows", "#0072B2"),
    ("Other", "#009E73"),
];

/// Areas by flags, one on the other; one panel for what is advertised and one for what is consumed.
pub(super) fn bandwidth_flags(data: &Data<'_>) -> Figure {
    // Guard, then exit.
    let classes = [
        ("no", "yes", "Exit only", "#03B3FF"),
        ("yes", "yes", "Guard and Exit", "#39FF02"),
        ("yes", "no", "Guard only", "#FFFF00"),
        ("no", "no", "Neither Guard nor Exit", "#AAAA99"),
    ];
    let panel = |(column, label): (&str, &str)| {
        let area = |(guard, exit, name, colour): (&str, &str, &str, &'static str)| {
            let part = data.only("have_guard_flag", guard).only("have_exit_flag", exit);
            let values = part.numbers(column);
            Series { shape: Shape::Area, colour: Some(colour), values, ..Series::new(name) }
        };
        data.panel(label, classes.into_iter().map(area).collect())
    };
    let panels = [("advbw", "Advertised bandwidth"), ("bwhist", "Consumed bandwidth")];
    data.figure(panels.into_iter().map(panel).collect())
}

pub(super) fn directory_bytes(data: &Data<'_>) -> Figure {
    data.figure(vec![
        data.panel(
            "Directory mirrors",
            data.lines(&[("dirwrite", "Written bytes"), ("dirread", "Read bytes")]),
        ),
        data.panel(
            "Directory authorities",
            data.lines(&[("dirauthwrite", "Written bytes"), ("dirauthread", "Read bytes")]),
        ),
    ])
    .free()
}

/// One panel for all relays and one for exits, a line for each percentile or number.
pub(super) fn distribution(data: &Data<'_>, number: &str, name: impl Fn(&str) -> String) -> Figure {
    let panel = |(column, label): (&str, &str)| {
        let mut series = data.lines_by(number, column, &[]);
        series.iter_mut().for_each(|it| it.name = name(&it.name));
        data.panel(label, series)
    };
    let panels = [("all", "All relays"), ("exits", "Exits only")];
    data.figure(panels.into_iter().map(panel).collect()).top(14)
}

/// One panel for each column, with lines by the names in another column if there is one.
pub(super) fn requests(data: &Data<'_>, by: Option<(&str, &Names)>) -> Figure {
    let kinds = [
        ("initial_downloads", "Initial downloads"),
        ("signature_downloads", "Signature downloads"),
        ("update_pings", "Update pings"),
        ("update_requests", "Update requests"),
    ];
    let panel = |(column, label): (&'static str, &str)| {
        let series = match by {
            Some((name, labels)) => data.lines_by(name, column, labels),
            None => data.lines(&[(column, "")]),
        };
        data.panel(label, series)
    };
    data.figure(kinds.into_iter().map(panel).collect()).free()
}

/// How many locales have a line of their own.
const LOCALES: usize = 5;

/// The locales with most downloads and pings, and all others together.
pub(super) fn locales(data: &Data<'_>) -> Figure {
    let figure = requests(data, Some(("locale", &[])));
    let mut shown = figure.clone().top(LOCALES);
    let kept: Vec<String> = shown.series().map(|it| it.name.clone()).collect();
    for panel in &figure.panels {
        let mut other = BTreeMap::new();
        for series in panel.series.iter().filter(|it| !kept.contains(&it.name)) {
            series.values.iter().for_each(|(day, it)| *other.entry(*day).or_insert(0.0) += it);
        }
        let other = Series { values: other.into_iter().collect(), ..Series::new("Other") };
        if let Some(panel) = shown.panels.iter_mut().find(|it| it.label == panel.label) {
            panel.series.push(other);
        }
    }
    shown.note = None;
    shown.pruned()
}

/// What a server is called in a title.
fn server(data: &Data<'_>) -> String {
    match data.single("server") {
        Some(server) => format!("{server} server"),
        None => "servers".to_owned(),
    }
}

pub(super) const SIZES: &Names = &[("50kb", "50 KiB"), ("1mb", "1 MiB"), ("5mb", "5 MiB")];

/// Quartiles by source; a panel for each size and server if there are several.
pub(super) fn download_times(data: &Data<'_>) -> Figure {
    let sizes = data.parts("filesize", SIZES);
    let mut panels = Vec::new();
    for (size, part) in &sizes {
        for (server, part) in part.parts("server", &[]) {
            panels.push(data.panel(format!("{size}, {server} server"), part.quartiles_by("source", &[])));
        }
    }
    let size = match &sizes[..] {
        [(size, _)] => size.as_str(),
        _ => "a",
    };
    let title = format!("Time to complete {size} request to {}", server(data));
    data.figure(panels).titled(title).unlabelled().free()
}

/// Panels for timeouts and failures, a point a day and source.
pub(super) fn failures(data: &Data<'_>) -> Figure {
    let panel = |(column, label): (&str, &str)| data.panel(label, data.lines_by("source", column, &[]));
    let panels = [("timeouts", "Timeouts"), ("failures", "Failures")].into_iter().map(panel).collect();
    data.figure(panels).shaped(Shape::Points).titled(format!(
        "{} of requests to {}",
        data.title,
        server(data)
    ))
}

/// Quartiles by source, a panel for each hop. Rows of all sources together are left out.
pub(super) fn build_times(data: &Data<'_>) -> Figure {
    let named = data.named("source");
    let hops = named.parts("position", &[("1", "1st hop"), ("2", "2nd hop"), ("3", "3rd hop")]);
    data.figure(
        hops.into_iter().map(|(hop, part)| data.panel(hop, part.quartiles_by("source", &[]))).collect(),
    )
}

/// A panel for each source with quartiles, and thin lines for the lowest and the highest but for outliers.
pub(super) fn whiskers(data: &Data<'_>, title: impl Fn(&str) -> String) -> Figure {
    let sources = data.named("source").parts("source", &[]);
    let panels: Vec<Panel> = sources
        .into_iter()
        .flat_map(|(source, part)| {
            let servers = part.parts("server", &[]);
            let several = servers.len() > 1;
            servers.into_iter().map(move |(server, part)| {
                let label = if several { format!("{source}, {server} server") } else { source.clone() };
                let mut series = part.quartiles_by("source", &[]);
                series.iter_mut().for_each(|it| it.name = source.clone());
                part.panel(label, series)
            })
        })
        .collect();
    data.figure(panels).titled(title(&server(data)))
}

pub(super) fn connections(data: &Data<'_>) -> Figure {
    let names =
        [("both", "Both reading and writing"), ("read", "Mostly reading"), ("write", "Mostly writing")];
    data.plain(data.quartiles_by("direction", &names))
}

/// A line for each of the largest autonomous systems, under its number and name.
pub(super) fn systems(data: &Data<'_>, value: &str) -> Figure {
    let line = |(number, part): (String, Data<'_>)| {
        let name = part.texts("name").next().unwrap_or_default();
        let label = format!("AS{number} {}", beginning(name, 24));
        Series { values: part.numbers(value), ..Series::new(label.trim_end()) }
    };
    data.plain(data.named("as").parts("as", &[]).into_iter().map(line).collect()).top(10).largest_first()
}

/// The beginning of a text, with an ellipsis if it is longer than so many letters.
fn beginning(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let begin: String = text.chars().take(most - 1).collect();
    format!("{}…", begin.trim_end_matches([' ', '(', '-']))
}

/// A line for each of the largest countries.
pub(super) fn by_place(data: &Data<'_>, value: &str) -> Figure {
    data.by("country", value).largest_first()
}

/// A line for each of the largest families, under the beginning of its fingerprint.
pub(super) fn families(data: &Data<'_>, value: &str) -> Figure {
    let mut figure = data.named("family").by("family", value).top(10).largest_first();
    figure.panels.iter_mut().flat_map(|it| &mut it.series).for_each(|it| it.name.truncate(10));
    figure
}

/// Effective numbers, a panel for each kind of group: there are hundreds of relays for each country.
pub(super) fn concentration(data: &Data<'_>) -> Figure {
    let names =
        [("relay", "Relays"), ("family", "Families"), ("as", "Autonomous systems"), ("country", "Countries")];
    let panels = names.into_iter().map(|(column, name)| data.panel(name, data.lines(&[(column, "")])));
    data.figure(panels.collect()).free()
}

/// What came and what went, a panel for each interval.
pub(super) fn churn(data: &Data<'_>) -> Figure {
    let names = [("status", "From consensus to consensus"), ("day", "From day to day")];
    let lines = |(label, part): (String, Data<'_>)| {
        part.panel(label, part.lines(&[("came", "New"), ("went", "Gone")]))
    };
    data.figure(data.parts("interval", &names).into_iter().map(lines).collect()).free()
}
