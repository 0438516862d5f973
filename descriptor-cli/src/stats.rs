//! `tordesc stats`: the numbers of Tor Metrics, and the files of its graphs.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::SystemTime,
};

use clap::{
    Args, Subcommand, ValueEnum, ValueHint,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use descriptor_core::{
    geoip::{self, Database, Places},
    stats::{
        CHOICES, Day, Name, Options, Partials, Pool, Profile, Table, Tables, graphs,
        state::{self, StateError},
        top_countries,
    },
    value::Timestamp,
};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tempfile::TempDir;

use crate::{
    cli::{Global, Inputs},
    exit::{Failure, Outcome},
    figures::things,
    output,
    reading::{self, How, complain},
    stats_explain, stats_load,
};

/// The censorship detector's report of the last day.
const REPORT: &str = "censorship-report.txt";

pub(crate) const HELP: &str = "\
Writes OUT/modules/*.csv, the tables of the modules of metrics-web, OUT/graphs/*.csv, the files that its website gave \
for download, and OUT/tables/*, its top-10 countries and the censorship detector's report. The order, the split and the \
repetition of what is read change no byte of them.

Examples:
  tordesc stats recent/ --out stats
  tordesc stats recent/ --out stats --state stats/state
  tordesc stats recent/ --out stats --format parquet
  tordesc stats --only servers --since 2020-12-01 --until 2020-12-31 --now '2021-01-05' out/ -o stats";

/// Count what Tor Metrics counted
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct StatsArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// Files, folders, globs; - is standard input
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// The folder to write to; it is made if need be
    #[arg(short, long, value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// A folder that keeps what was counted, by day, so that the next run reads and counts only what is new
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
    /// Only this statistic; may be given again
    #[arg(long, value_name = "NAME", value_parser = name_parser())]
    only: Vec<Name>,
    /// The first day of the results
    #[arg(long, value_name = "DATE", value_parser = day)]
    since: Option<Day>,
    /// The last day of the results
    #[arg(long, value_name = "DATE", value_parser = day)]
    until: Option<Day>,
    /// A database of countries, tor's geoip or an mmdb; several are of several days, each day has the newest that is no
    /// younger [default: tor's, if it is installed]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    geoip: Vec<PathBuf>,
    /// A database of autonomous systems, an mmdb; may be given again as --geoip
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    asn: Vec<PathBuf>,
    /// What the files are: csv as the originals wrote it, or parquet with types
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,
    #[command(flatten)]
    run: RunArgs,
}

/// Something else to do with statistics.
#[derive(Debug, Subcommand)]
enum What {
    /// Show how a number came about: what was reported, by whom, and the formulas
    #[command(after_long_help = stats_explain::HELP)]
    Explain(stats_explain::ExplainArgs),
    /// Load the tables into a PostgreSQL database
    #[command(after_long_help = stats_load::HELP)]
    Load(stats_load::LoadArgs),
}

/// What files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The originals' bytes
    Csv,
    /// Dates, numbers and texts as such
    Parquet,
}

impl Format {
    /// What names end in.
    fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Parquet => "parquet",
        }
    }
}

/// What decides about the results besides the documents.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The time of the run, UTC; most statistics leave out the days just before it [default: the clock's]
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Timestamp>,
    /// Which state of the original programs to follow
    #[arg(long, value_name = "YEAR", default_value = "2020")]
    profile: ProfileYear,
    /// Do not as the original programs did, but otherwise; may be given again
    #[arg(long = "choice", value_name = "NAME", value_parser = choice_parser())]
    choices: Vec<String>,
}

/// A state of the original programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileYear {
    /// December 2013
    #[value(name = "2013")]
    Y2013,
    /// December 2020
    #[value(name = "2020")]
    Y2020,
}

/// Documents that were read and counted.
pub(crate) struct Gathered {
    pub(crate) partials: Partials,
    documents: u64,
    unread: u64,
    totals: reading::Totals,
}

impl Gathered {
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::of_reading(self.documents - self.unread, self.unread + self.totals.failed)
    }
}

/// How much is read before what it says goes from memory to disk, where it takes a quarter of that. Unit: bytes.
const MOST: usize = 512 << 20;

/// Reads documents, but for those of a history, and counts them. `keep` is given what was counted whenever it is much.
pub(crate) fn read(
    paths: &[PathBuf],
    names: &[Name],
    global: Global,
    history: Option<&Path>,
    mut keep: Option<&mut dyn FnMut(Partials) -> Result<(), Failure>>,
) -> Result<Gathered, Failure> {
    let inputs = Inputs { paths: paths.to_vec(), types: Name::types_of(names) };
    let pool = Pool::new(names);
    let (mut documents, mut unread) = (0, 0);
    let waiting = AtomicUsize::new(0);
    let how = How { history, small: true, ..How::default() };
    let map = |all: &mut reading::Documents<'_>| {
        let (mut count, mut bytes) = (0, 0);
        let unread =
            pool.add(all.inspect(|(_, frame)| (count, bytes) = (count + 1, bytes + frame.body.len())));
        waiting.fetch_add(bytes, Ordering::Relaxed);
        (count, unread)
    };
    let totals = reading::read(&inputs, global, how, map, |(count, lost): (u64, u64)| {
        documents += count;
        unread += lost;
        match &mut keep {
            Some(keep) if waiting.load(Ordering::Relaxed) > MOST => {
                waiting.store(0, Ordering::Relaxed);
                pool.drain(keep)
            }
            _ => Ok(()),
        }
    })?;
    Ok(Gathered { partials: pool.finish(), documents, unread, totals })
}

/// Reads everything and writes all tables.
pub(crate) fn run(args: &StatsArgs, global: Global) -> Result<Outcome, Failure> {
    match &args.what {
        Some(What::Explain(args)) => return stats_explain::run(args, global),
        Some(What::Load(args)) => return stats_load::run(args, global),
        None => {}
    }
    let out =
        args.out.as_deref().ok_or_else(|| Failure::Usage("a folder to write to is missing".to_owned()))?;
    let mut options = Options { since: args.since, until: args.until, ..args.run.options() };
    let names = if args.only.is_empty() { Name::of_profile(options.profile) } else { args.only.clone() };
    let names = names.as_slice();
    let places = places(&args.geoip, &args.asn, names, global)?;
    options.places = Some(&places).filter(|places| !places.is_empty());
    fs::create_dir_all(out).map_err(|error| Failure::at(out, &error))?;
    let mut state = args.state.as_deref().map(|folder| State::open(folder, names)).transpose()?;
    let history = args.state.as_deref().map(|folder| folder.join(HISTORY));
    let mut keep = |partials| {
        let state = match &mut state {
            Some(state) => state,
            state => state.insert(State::for_one_run(out, names)?),
        };
        state.tell(|it| it.add(partials))
    };
    let mut gathered = read(&args.paths, names, global, history.as_deref(), Some(&mut keep))?;
    let outcome = gathered.outcome();
    let partials = std::mem::take(&mut gathered.partials);
    let modules = match &mut state {
        Some(state) => {
            // What was counted comes first: what is read again after a crash changes nothing, what is not read is lost.
            state.tell(|it| it.add(partials))?;
            gathered.totals.remember(history.as_deref())?;
            state.tell(|it| it.tables(&options))?
        }
        None => partials.finish(&options),
    };
    let files = write(out, args.format, &modules, &options)?;
    if global.quiet == 0 {
        let Gathered { documents, unread, .. } = gathered;
        complain(global, &format!("{} of {}", things(files, "file"), things(documents, "document")));
        if unread > 0 {
            let lost = things(unread, "document");
            complain(global, &format!("{lost} could not be read; `tordesc check` shows why"));
        }
    }
    Ok(outcome)
}

/// A file: the folder and the name, and what makes its bytes.
type Made<'m> = (&'static str, String, Box<dyn Fn() -> Result<Vec<u8>, Failure> + Send + Sync + 'm>);

/// Writes the files of modules and graphs, and those beside them, with all cores. Returns how many there are.
fn write(out: &Path, format: Format, modules: &Tables, options: &Options<'_>) -> Result<u64, Failure> {
    let named = |name: &str| format!("{name}.{}", format.ending());
    let bytes = move |table: &Table| match format {
        Format::Csv => Ok::<_, Failure>(table.to_csv().into_bytes()),
        Format::Parquet => {
            let mut bytes = Vec::new();
            table.write_parquet(&mut bytes).map_err(crate::convert::failure)?;
            Ok(bytes)
        }
    };
    let graphs = graphs::all(modules, options);
    let (first, last) = top_countries::span(options);
    let top = top_countries::tables(modules, first, last);
    let mut files: Vec<Made<'_>> = Vec::new();
    for (folder, tables) in [("modules", &modules.0), ("tables", &top)] {
        files.extend(
            tables
                .iter()
                .map(|table| -> Made<'_> { (folder, named(table.name), Box::new(move || bytes(table))) }),
        );
    }
    for drawn in &graphs {
        let made: Box<dyn Fn() -> _ + Send + Sync> = match (format, &drawn.table) {
            (Format::Csv, _) => Box::new(|| Ok(drawn.to_csv().into_bytes())),
            (Format::Parquet, Some(table)) => Box::new(move || bytes(table)),
            // A table without columns would say nothing.
            (Format::Parquet, None) => continue,
        };
        files.push(("graphs", named(drawn.id), made));
    }
    if modules.get("clients").is_some() {
        let report = || Ok(top_countries::report(modules).into_bytes());
        files.push(("tables", REPORT.to_owned(), Box::new(report)));
    }
    for folder in files.iter().map(|(folder, ..)| folder).collect::<BTreeSet<_>>() {
        let folder = out.join(folder);
        fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    }
    files
        .par_iter()
        .try_for_each(|(folder, name, made)| output::renew_file(&out.join(folder).join(name), &made()?))?;
    Ok(files.len() as u64)
}

/// What is kept between runs: what was counted.
pub(crate) struct State {
    path: PathBuf,
    state: state::State,
    /// What is removed after the run.
    _folder: Option<TempDir>,
}

/// Beside it: which files it was counted of.
const HISTORY: &str = "history";

/// What state was before it was kept by day.
const OLD: &str = "partials.cbor";

impl State {
    /// Opens what earlier runs have left. It must be of the same statistics, for files are not read again for another one.
    fn open(folder: &Path, names: &[Name]) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
        let path = Self::path(folder)?;
        let state = state::State::open(&path, names).map_err(|error| failure(&path, &error))?;
        Ok(State { path, state, _folder: None })
    }

    /// State that is there for one run, which reads more than memory should hold.
    fn for_one_run(out: &Path, names: &[Name]) -> Result<Self, Failure> {
        let made = tempfile::Builder::new().prefix(".tordesc-").tempdir_in(out);
        let folder = made.map_err(|error| Failure::at(out, &error))?;
        let state = Self::open(folder.path(), names)?;
        Ok(State { _folder: Some(folder), ..state })
    }

    /// What earlier runs have counted, of whatever statistics.
    pub(crate) fn load_any(folder: &Path) -> Result<Partials, Failure> {
        let path = Self::path(folder)?;
        if !path.exists() {
            return Err(Failure::at(&path, &io::Error::from(io::ErrorKind::NotFound)));
        }
        let partials = state::State::open_any(&path).and_then(|mut state| state.partials());
        partials.map_err(|error| failure(&path, &error))
    }

    fn path(folder: &Path) -> Result<PathBuf, Failure> {
        let old = folder.join(OLD);
        if old.exists() {
            let (old, folder) = (old.display(), folder.display());
            let what = "is state of an older form, which is no longer read";
            return Err(Failure::Usage(format!("{old} {what}; remove {folder} and read everything again")));
        }
        Ok(folder.join("state.sqlite"))
    }

    /// Does something with it; what fails is told with its path.
    fn tell<T>(
        &mut self,
        what: impl FnOnce(&mut state::State) -> Result<T, StateError>,
    ) -> Result<T, Failure> {
        what(&mut self.state).map_err(|error| failure(&self.path, &error))
    }
}

fn failure(path: &Path, error: &StateError) -> Failure {
    let what = format!("{}: {error}", path.display());
    match error {
        StateError::Form { .. } | StateError::Others(_) => Failure::Usage(what),
        _ => Failure::Other(what),
    }
}

/// Where Debian's `tor-geoipdb` puts tor's database. That of IPv6 is not needed: statuses have IPv4 addresses.
const GEOIP: &str = "/usr/share/tor/geoip";

/// The databases of addresses that were asked for, if a statistic looks at them.
pub(crate) fn places(
    countries: &[PathBuf],
    systems: &[PathBuf],
    names: &[Name],
    global: Global,
) -> Result<Places, Failure> {
    let mut places = Places::default();
    if !names.iter().any(|name| name.by_place()) {
        return Ok(places);
    }
    let usual = Some(PathBuf::from(GEOIP)).filter(|path| countries.is_empty() && path.is_file());
    for path in countries.iter().chain(&usual) {
        places.add_countries(database(path, global)?);
    }
    for path in systems {
        places.add_systems(database(path, global)?);
    }
    let without = |what: &str| {
        if global.verbose {
            complain(global, &format!("no database of {what}: nothing is counted by them"));
        }
    };
    if countries.is_empty() && usual.is_none() {
        without("countries");
    }
    if systems.is_empty() {
        without("autonomous systems");
    }
    Ok(places)
}

fn database(path: &Path, global: Global) -> Result<Database, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::at(path, &error))?;
    let invalid = |error: geoip::Error| Failure::at(path, &io::Error::new(io::ErrorKind::InvalidData, error));
    let database = Database::read(bytes).map_err(invalid)?;
    if global.verbose {
        let date = database.date().map_or("no known day".to_owned(), |date| Day::of(date).to_string());
        complain(global, &format!("{}: a database of {date}", path.display()));
    }
    Ok(database)
}

impl RunArgs {
    /// The options of a run of all days.
    pub(crate) fn options(&self) -> Options<'static> {
        let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |it| it.as_secs());
        let now = self.now.unwrap_or_else(|| Timestamp(clock().cast_signed()));
        let profile = match self.profile {
            ProfileYear::Y2013 => Profile::Y2013,
            ProfileYear::Y2020 => Profile::Y2020,
        };
        let mut options = Options { profile, ..Options::at(now) };
        for name in &self.choices {
            options.choices.choose(name);
        }
        options
    }
}

fn choice_parser() -> PossibleValuesParser {
    let values = CHOICES.iter().map(|choice| PossibleValue::new(choice.name).help(choice.about()));
    PossibleValuesParser::new(values)
}

pub(crate) fn name_parser() -> impl TypedValueParser<Value = Name> {
    let values = Name::ALL.iter().map(|name| PossibleValue::new(name.name()).help(name.about()));
    PossibleValuesParser::new(values)
        .try_map(|name| Name::of_name(&name).ok_or_else(|| format!("no statistic is called {name}")))
}

pub(crate) fn day(text: &str) -> Result<Day, &'static str> {
    Day::parse(text).ok_or("not a date; it looks like 2020-12-31")
}

/// Reads a date with or without a time.
fn time(text: &str) -> Result<Timestamp, &'static str> {
    let full = if text.len() == 10 { format!("{text} 00:00:00") } else { text.to_owned() };
    let time = full.as_bytes().try_into().ok().and_then(Timestamp::parse);
    time.ok_or("not a time; it looks like 2020-12-31 or '2020-12-31 12:00:00'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_clock_or_not() {
        assert_eq!(time("2021-01-11"), time("2021-01-11 00:00:00"));
        assert_eq!(
            time("2021-01-11T12:00:00").map(|it| it.to_string()),
            Ok("2021-01-11 12:00:00".to_owned())
        );
        assert!(time("yesterday").is_err() && day("2021-13-01").is_err());
    }
}
