//! `tordesc plot`: draws the graphs of Tor Metrics.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum, ValueHint};
use descriptor_core::{
    plot::{Error, Figure, PLOTS, Plot, Size},
    stats::{Day, graphs::Query},
    suggest::nearest,
};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    figures::things,
    output::{self, Output},
    plot_index, plot_input, reading,
    spark::{self, Width},
    stats_count,
    stats_places::PlaceArgs,
    style,
};

pub(crate) const HELP: &str = "\
Draws what the website drew: titles, units, axes, ranges and events. Without --start and --end all days are drawn; other \
parameters default to the website's (see `tordesc plot --list`). A parameter may be given several times.

Examples:
  tordesc plot networksize --from stats
  tordesc plot userstats-relay-country --from stats --country ir --events on -o iran.svg
  tordesc plot relayflags recent/ --flag Exit --flag Guard -o flags.png
  tordesc plot bandwidth --from stats --spark
  tordesc plot networksize --from networksize.csv      a file from metrics.torproject.org
  tordesc plot --all --from stats -o graphs";

/// Draw a graph
#[derive(Debug, Args)]
#[command(
    disable_version_flag = true,
    override_usage = "tordesc plot [OPTIONS] NAME [PATH…]\n       tordesc plot [OPTIONS] NAME --from DIR\n       \
                      tordesc plot [OPTIONS] --all -o DIR\n       tordesc plot --list"
)]
pub(crate) struct PlotArgs {
    /// Which graph; --list names them
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "list"])]
    name: Option<String>,
    /// Documents to count: files, folders, globs; - is standard input
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// A folder that `tordesc stats` wrote, or the file of a graph
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath, conflicts_with = "paths")]
    from: Option<PathBuf>,
    /// Draw every graph that there is data for, and a page with all of them
    #[arg(long, conflicts_with_all = ["Parameters", "spark"], requires = "output")]
    all: bool,
    /// List the graphs and their parameters
    #[arg(long, conflicts_with_all = ["name", "all"])]
    list: bool,
    /// Where to write, .svg or .png; - is standard output [default: NAME.svg]
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::AnyPath)]
    output: Option<PathBuf>,
    /// How to draw [default: by the ending of OUT, else svg]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Picture>,
    /// Draw in the terminal: a line of blocks for each series
    #[arg(long, conflicts_with_all = ["output", "format"])]
    spark: bool,
    /// Width in inches; a PNG has 150 pixels an inch
    #[arg(long, value_name = "INCHES", default_value_t = Size::default().width, value_parser = inches)]
    width: f64,
    /// Height in inches
    #[arg(long, value_name = "INCHES", default_value_t = Size::default().height, value_parser = inches)]
    height: f64,
    /// The first day
    #[arg(long, value_name = "DATE", value_parser = stats_count::day)]
    start: Option<Day>,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = stats_count::day)]
    end: Option<Day>,
    #[command(flatten)]
    places: PlaceArgs,
    #[command(flatten)]
    parameters: Parameters,
}

/// What chooses lines of a graph.
#[derive(Debug, Args)]
#[group(id = "Parameters", multiple = true)]
#[command(next_help_heading = "Parameters of graphs")]
struct Parameters {
    /// Country, as two letters, or all
    #[arg(long, value_name = "CC")]
    country: Vec<String>,
    /// Pluggable transport; `!<OR>` is all of them, `<OR>` none
    #[arg(long, value_name = "NAME")]
    transport: Vec<String>,
    /// Version of tor, or v4 and v6
    #[arg(long, value_name = "VERSION")]
    version: Vec<String>,
    /// Relay flag
    #[arg(long, value_name = "FLAG")]
    flag: Vec<String>,
    /// Source of measurements
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// public or onion
    #[arg(long, value_name = "SERVER")]
    server: Vec<String>,
    /// 50kb, 1mb or 5mb
    #[arg(long, value_name = "SIZE")]
    filesize: Vec<String>,
    /// Percentile
    #[arg(long, value_name = "PERCENT")]
    p: Vec<String>,
    /// Place among the fastest relays
    #[arg(long, value_name = "PLACE")]
    n: Vec<String>,
    /// What a column must say, where there is no option for it
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = pair)]
    column: Vec<(String, String)>,
    /// Mark days with more or fewer users than expected; on shows the expected range too
    #[arg(long, value_name = "WHICH")]
    events: Option<Events>,
}

/// A form of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Picture {
    /// Scalable Vector Graphics
    Svg,
    /// Portable Network Graphics
    Png,
}

/// What of the detector's events is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Events {
    /// Nothing
    Off,
    /// The days
    Points,
    /// The days and the expected range
    On,
}

/// Draws what is asked for.
pub(crate) fn run(args: &PlotArgs, global: Global) -> Result<Outcome, Failure> {
    if args.list {
        return list();
    }
    // With --all there is no name, and what stands in its place is the first path.
    let first = args.name.as_ref().filter(|_| args.all).map(PathBuf::from);
    let paths: Vec<PathBuf> = first.into_iter().chain(args.paths.iter().cloned()).collect();
    let plots = match &args.name {
        Some(name) if !args.all => vec![named(name)?],
        _ => PLOTS.iter().collect(),
    };
    let source = match &args.from {
        Some(from) if paths.is_empty() => plot_input::written(from, &plots)?,
        Some(_) => return Err(Failure::Usage("documents and --from cannot both be drawn".to_owned())),
        None if paths.is_empty() => {
            return Err(Failure::Usage(
                "nothing to draw: name documents, or a folder with --from".to_owned(),
            ));
        }
        None => plot_input::counted(&paths, &args.places, &plots, global)?,
    };
    let query = query(args);
    let drawn = plots.iter().map(|plot| (*plot, source.figure(plot, &query)));
    if args.all {
        return all(args, global, drawn.collect(), source.outcome);
    }
    for (plot, figure) in drawn {
        let figure = figure.map_err(failure)?;
        if args.spark {
            output::print(&spark::figure(&figure, Width::of_terminal()))?;
            continue;
        }
        let default = PathBuf::from(format!("{}.{}", plot.id, args.format.unwrap_or(Picture::Svg).ending()));
        let path = args.output.as_deref().unwrap_or(&default);
        let picture = picture(&figure, Picture::of(args.format, path)?, args)?;
        let mut output = Output::open(Some(path))?;
        output.put(&picture)?;
        output.finish()?;
        if args.output.is_none() && global.quiet == 0 {
            reading::complain(global, &format!("{} drawn", path.display()));
        }
    }
    Ok(source.outcome)
}

type Drawn<'p> = Vec<(&'p Plot, Result<Figure, Error>)>;

/// Writes every graph that has data, and the page.
fn all(args: &PlotArgs, global: Global, drawn: Drawn<'_>, outcome: Outcome) -> Result<Outcome, Failure> {
    let Some(folder) = &args.output else { return Err(Failure::Usage("--all needs a folder".to_owned())) };
    let format = args.format.unwrap_or(Picture::Svg);
    std::fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
    let mut shown = Vec::new();
    for (plot, figure) in drawn {
        match figure {
            Ok(figure) => {
                let name = format!("{}.{}", plot.id, format.ending());
                output::write_file(&folder.join(&name), &picture(&figure, format, args)?)?;
                shown.push((plot.id, name, figure));
            }
            Err(error) if global.verbose => reading::complain(global, &error.to_string()),
            Err(_) => {}
        }
    }
    if shown.is_empty() {
        return Err(Failure::Other("there is data for no graph".to_owned()));
    }
    let page = folder.join("index.html");
    output::write_file(&page, plot_index::page(&shown).as_bytes())?;
    if global.quiet == 0 {
        let graphs = things(shown.len() as u64, "graph");
        reading::complain(global, &format!("{graphs} drawn; {} shows all", page.display()));
    }
    Ok(outcome)
}

fn picture(figure: &Figure, format: Picture, args: &PlotArgs) -> Result<Vec<u8>, Failure> {
    let size = Size { width: args.width, height: args.height };
    match format {
        Picture::Svg => Ok(figure.to_svg(size).into_bytes()),
        Picture::Png => figure.to_png(size).map_err(failure),
    }
}

impl Picture {
    fn ending(self) -> &'static str {
        match self {
            Picture::Svg => "svg",
            Picture::Png => "png",
        }
    }

    /// The form that is asked for, or that of the file's ending.
    fn of(asked: Option<Picture>, path: &Path) -> Result<Self, Failure> {
        let ending = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        match (asked, ending.as_deref()) {
            (Some(format), _) => Ok(format),
            (None, Some("svg")) => Ok(Picture::Svg),
            (None, Some("png")) => Ok(Picture::Png),
            (None, _) if path == Path::new("-") => Ok(Picture::Svg),
            (None, _) => Err(Failure::Usage(format!("{} ends neither in .svg nor in .png", path.display()))),
        }
    }
}

/// The plot of a name, or what is wrong with the name.
fn named(name: &str) -> Result<&'static Plot, Failure> {
    Plot::of_id(name).ok_or_else(|| {
        let hint = match nearest(name, PLOTS.iter().map(|plot| plot.id)) {
            Some(near) => format!("did you mean {near}?"),
            None => "`tordesc plot --list` names them".to_owned(),
        };
        Failure::Usage(format!("no graph is called {name}; {hint}"))
    })
}

fn query(args: &PlotArgs) -> Query {
    let mut query = Query::default();
    for (name, day) in [("start", args.start), ("end", args.end)] {
        day.into_iter().for_each(|day| query.push(name, &day.to_string()));
    }
    let it = &args.parameters;
    let country = it.country.iter().map(|code| code.to_lowercase()).collect();
    for (name, values) in [
        ("country", &country),
        ("transport", &it.transport),
        ("version", &it.version),
        ("flag", &it.flag),
        ("source", &it.source),
        ("server", &it.server),
        ("filesize", &it.filesize),
        ("p", &it.p),
        ("n", &it.n),
    ] {
        values.iter().for_each(|value| query.push(name, value));
    }
    it.column.iter().for_each(|(name, value)| query.push(name, value));
    let events = it.events.map(|events| match events {
        Events::Off => "off",
        Events::Points => "points",
        Events::On => "on",
    });
    events.into_iter().for_each(|events| query.push("events", events));
    query
}

fn failure(error: Error) -> Failure {
    match error {
        Error::NoParameter { .. } | Error::NoValue { .. } => Failure::Usage(error.to_string()),
        _ => Failure::Other(error.to_string()),
    }
}

/// Parameters that have an option of their own.
const OPTIONS: [&str; 10] =
    ["country", "transport", "version", "flag", "source", "server", "filesize", "p", "n", "events"];

fn list() -> Result<Outcome, Failure> {
    let widest = PLOTS.iter().map(|plot| plot.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for plot in PLOTS {
        let name = style::paint(style::NAME, format_args!("{:<widest$}", plot.id));
        let pairs = plot.defaults.split('&').filter_map(|pair| pair.split_once('='));
        let option = |(name, value): (&str, &str)| match OPTIONS.contains(&name) {
            true => format!("--{name} {value}"),
            false => format!("--where {name}={value}"),
        };
        let options: Vec<String> = pairs.map(option).collect();
        let options = match &options[..] {
            [] => String::new(),
            options => style::paint(style::DIM, format_args!("  [{}]", options.join(" "))),
        };
        text.push_str(&format!("{name}  {}{options}\n", plot.title));
    }
    output::print(&text)
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("it looks like COLUMN=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn inches(text: &str) -> Result<f64, &'static str> {
    let value: f64 = text.parse().map_err(|_| "not a number")?;
    if (2.0..=100.0).contains(&value) { Ok(value) } else { Err("it must be from 2 to 100") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_form_of_its_ending() {
        assert_eq!(Picture::of(None, Path::new("a.PNG")).ok(), Some(Picture::Png));
        assert_eq!(Picture::of(Some(Picture::Png), Path::new("-")).ok(), Some(Picture::Png));
        assert_eq!(Picture::of(None, Path::new("-")).ok(), Some(Picture::Svg));
        assert!(Picture::of(None, Path::new("a.pdf")).is_err());
    }

    #[test]
    fn a_wrong_name_suggests_the_nearest() {
        let wrong = |name| named(name).map_or_else(|it| it.to_string(), |plot| plot.id.to_owned());
        assert_eq!(wrong("networksize"), "networksize");
        assert_eq!(wrong("network-size"), "no graph is called network-size; did you mean networksize?");
        assert!(wrong("zzz").ends_with("--list` names them"));
    }
}
