//! `tordesc stats explain`: how the numbers of one row came about.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use clap::{Args, ValueHint};
use descriptor_core::stats::{
    Cell, Day, Name, Options, Partials,
    explain::{Explanation, List, Question, Step},
};

use crate::{
    cli::{Global, ReportFormat},
    exit::{Failure, Outcome},
    output,
    stats_count::{Gathered, RunArgs, State, day, name_parser, read},
    stats_places::PlaceArgs,
    style::{DIM, HEAD, NAME, WARN, paint},
};

pub(crate) const HELP: &str = "\
Rows are told apart by their date and by other columns of the file; those that are not named are empty. Explained are:

  users             node, country, transport, version; with both country and transport userstats-combined
  servers           networksize: none; relayflags: flag; versions: version; platforms: platform; advbw: isexit, isguard;
                    ipv6servers: server, guard_relay, exit_relay, announced_ipv6, exiting_ipv6_relay, reachable_ipv6_relay
  performance       onionperf-including-partials: filesize, source, server; buildtimes: source, position;
                    with --table onionperf-failures, latencies or onionperf-throughput: source, server
  web               request_type, platform, channel, locale, incremental
  bridgedb          distributor, transport
  disagreement      attribute, votes
  onion-services    type; onion-services-v3 too
  bandwidth         isexit, isguard
  advertised        isexit, and relay or percentile
  connections       direction, quantile
  total-weight      nickname, have_guard_flag, have_exit_flag
  fast-exits        none
  version-adoption  version, recommended
  measurements      authority or fingerprint
  relays            relay-countries: country; relay-systems: as; relay-families: family, by any of its relays; with --table
                    bandwidth-countries, bandwidth-systems or bandwidth-families the same; concentration: group, position;
                    churn: interval; overload: kind

With --profile 2013 also:

  servers-2013      one of flag, country, version, platform, ec2bridge, or none
  bandwidth-2013    isexit, isguard; none for all relays
  connections-2013  source
  performance       size, source

Examples:
  tordesc stats explain users --date 2020-12-27 --country de recent/
  tordesc stats explain users --date 2020-12-27 --transport obfs4 --state stats/state
  tordesc stats explain servers --date 2020-12-27 --where flag=Guard recent/
  tordesc stats explain performance --date 2020-12-27 --table latencies --where source=op-nl recent/
  tordesc stats explain relays --date 2020-12-27 --country de recent/
  tordesc stats explain onion-services --date 2020-12-27 --where type=dir-onions-seen recent/ --format json";

/// Show how a number came about: what was reported, by whom, and the formulas
// `--version` asks for users by IP version here.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct ExplainArgs {
    /// The statistic
    #[arg(value_name = "NAME", value_parser = name_parser())]
    name: Name,
    /// Files, folders, globs; - is standard input
    #[arg(value_name = "PATH", required_unless_present = "state", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// The day
    #[arg(long, value_name = "DATE", value_parser = day)]
    date: Day,
    /// The table, of a statistic that has several; the columns tell it if they are of one alone [default: the first one]
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Users from a country, `??` for unknown ones [default: all]
    #[arg(long, value_name = "CC")]
    country: Option<String>,
    /// Users of bridges by a transport, `<OR>` for none [default: all]
    #[arg(long, value_name = "NAME")]
    transport: Option<String>,
    /// Users of bridges by IP version, v4 or v6 [default: all]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The value of another column; may be given again
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = pair)]
    columns: Vec<(String, String)>,
    /// A folder that keeps what earlier runs have counted; it is not changed
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
    #[command(flatten)]
    places: PlaceArgs,
    #[command(flatten)]
    run: RunArgs,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
}

/// Reads what the number is made of and explains it.
pub(crate) fn run(args: &ExplainArgs, global: Global) -> Result<Outcome, Failure> {
    let names = [args.name];
    let mut partials = Partials::new(&names);
    if let Some(folder) = &args.state {
        partials.merge(State::load_any(folder)?);
    }
    let gathered =
        if args.paths.is_empty() { None } else { Some(read(&args.paths, &names, global, None, None)?) };
    let outcome = gathered.as_ref().map_or(Outcome::Done, Gathered::outcome);
    partials.merge(gathered.map(|it| it.partials).unwrap_or_default());
    let places = args.places.read(&names, global)?;
    let options = Options { places: Some(&places).filter(|it| !it.is_empty()), ..args.run.options() };
    let explained = partials.explain(args.name, &question(args), &options);
    let explanation = explained.map_err(|error| Failure::Usage(error.to_string()))?;
    let text = match args.format {
        ReportFormat::Text => text(&explanation),
        ReportFormat::Json => {
            let json = serde_json::to_string_pretty(&explanation);
            json.map_err(|error| Failure::Other(error.to_string()))? + "\n"
        }
    };
    output::print(&text)?;
    Ok(if explanation.absent.is_some() { Outcome::Failed } else { outcome })
}

fn question(args: &ExplainArgs) -> Question {
    let named = [("country", &args.country), ("transport", &args.transport), ("version", &args.version)];
    let named = named.into_iter().filter_map(|(column, value)| Some((column, value.as_deref()?)));
    let others = args.columns.iter().map(|(column, value)| (column.as_str(), value.as_str()));
    let day = Question::of(args.date);
    let asked = match &args.table {
        Some(name) => day.in_table(name),
        None => day,
    };
    named.chain(others).fold(asked, |it, (column, value)| it.with(column, value))
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (column, value) =
        text.split_once('=').ok_or("not a column and its value; it looks like node=bridge")?;
    Ok((column.to_owned(), value.to_owned()))
}

/// For people. A string can always be written to.
fn text(it: &Explanation) -> String {
    let mut out = format!("{} ({}.csv)\n\n", paint(HEAD, &it.title), it.table);
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let wide = width(&mut it.steps.iter().map(|step| step.symbol.chars().count()));
    for step in &it.steps {
        write_step(step, wide, &mut out);
    }
    let wide = width(&mut it.results.iter().map(|outcome| outcome.column.len()));
    let _ = match &it.absent {
        None => writeln!(out, "{}", paint(HEAD, "In the table")),
        Some(why) => writeln!(out, "{}", paint(WARN, format!("Not in the table: {why}"))),
    };
    for outcome in &it.results {
        let column = paint(NAME, format!("{:wide$}", outcome.column));
        let _ = writeln!(out, "  {column}  {}", shown(&outcome.value));
    }
    it.lists.iter().filter(|list| list.count > 0).for_each(|list| write_list(list, &mut out));
    out
}

fn shown(value: &Cell) -> String {
    if value.is_missing() { "none".to_owned() } else { value.to_string() }
}

/// How long lines of text get, if their words allow.
const WIDTH: usize = 100;

/// Lines of whole words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.extend([" ", word])
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn write_step(step: &Step, wide: usize, out: &mut String) {
    let symbol = paint(NAME, format!("{:wide$}", step.symbol));
    let unit = if step.unit.is_empty() { String::new() } else { format!(" {}", step.unit) };
    let _ = writeln!(out, "  {symbol}  {}{unit}", shown(&step.value));
    let lines = [("", Some(&step.about)), ("= ", step.formula.as_ref()), ("= ", step.inserted.as_ref())];
    for (sign, line) in lines.into_iter().filter_map(|(sign, line)| Some((sign, line?))) {
        for line in wrap(&format!("{sign}{line}"), WIDTH.saturating_sub(wide + 4)) {
            let _ = writeln!(out, "  {:wide$}  {}", "", paint(DIM, line));
        }
    }
    out.push('\n');
}

fn write_list(list: &List, out: &mut String) {
    let rows: Vec<Vec<String>> =
        list.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    let head = list.columns.iter().map(|name| (*name).to_owned()).collect();
    for row in rows.iter().chain([&head]) {
        for (at, cell) in row.iter().enumerate() {
            let wide = widths.entry(at).or_default();
            *wide = (*wide).max(cell.chars().count());
        }
    }
    let shown = if list.count > rows.len() {
        format!("; the first {} of {}", rows.len(), list.count)
    } else {
        String::new()
    };
    let _ = writeln!(out, "\n{}{shown}", paint(HEAD, capital(&list.about)));
    let line = |row: &[String]| {
        let cell = |(at, cell): (usize, &String)| {
            format!("  {cell:wide$}", wide = widths.get(&at).copied().unwrap_or(0))
        };
        row.iter().enumerate().map(cell).collect::<String>().trim_end().to_owned()
    };
    let _ = writeln!(out, "{}", paint(DIM, line(&head)));
    rows.iter().for_each(|row| out.extend([&*line(row), "\n"]));
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_values() {
        assert_eq!(pair("node=bridge"), Ok(("node".to_owned(), "bridge".to_owned())));
        assert!(pair("bridge").is_err());
        assert_eq!(capital("élan"), "Élan");
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        assert_eq!(wrap("the sum of all", 7), ["the sum", "of all"]);
        assert_eq!(wrap("incomprehensible − or 1", 6), ["incomprehensible", "− or 1"]);
    }
}
