//! Counting documents, for what is made of the numbers.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::SystemTime,
};

use clap::{
    Args, ValueEnum, ValueHint,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use descriptor_core::{
    geoip::Places,
    stats::{
        CHOICES, Day, Name, Options, Partials, Pool, Profile, Tables,
        state::{self, StateError},
    },
    value::Timestamp,
};
use tempfile::TempDir;

use crate::{
    cli::{Global, Inputs},
    exit::{Failure, Outcome},
    figures::things,
    reading::{self, How, complain},
    stats_places::PlaceArgs,
};

/// What is counted, and how.
#[derive(Debug, Args)]
pub(crate) struct CountArgs {
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
    #[command(flatten)]
    places: PlaceArgs,
    #[command(flatten)]
    run: RunArgs,
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

/// What was counted.
pub(crate) struct Counted<'p> {
    pub(crate) modules: Tables,
    pub(crate) options: Options<'p>,
    pub(crate) gathered: Gathered,
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

    /// Says what was made of how many documents, and how many of them could not be read.
    pub(crate) fn tell(&self, made: &str, global: Global) {
        if global.quiet == 0 {
            complain(global, &format!("{made} of {}", things(self.documents, "document")));
            if self.unread > 0 {
                let lost = things(self.unread, "document");
                complain(global, &format!("{lost} could not be read; `tordesc check` shows why"));
            }
        }
    }
}

/// Where `tordesc stats --out` puts the tables of modules.
pub(crate) const MODULES: &str = "modules";

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

/// Counts documents, with what earlier runs have kept. What memory should not hold goes to a folder in another one.
pub(crate) fn count<'p>(
    paths: &[PathBuf],
    args: &CountArgs,
    places: &'p Places,
    folder: &Path,
    global: Global,
) -> Result<Counted<'p>, Failure> {
    let run = Options { since: args.since, until: args.until, ..args.run.options() };
    let options = Options { places: Some(places).filter(|places| !places.is_empty()), ..run };
    let names = args.names();
    let mut state = args.state.as_deref().map(|folder| State::open(folder, &names)).transpose()?;
    let history = args.state.as_deref().map(|folder| folder.join(HISTORY));
    let mut keep = |partials| {
        let state = match &mut state {
            Some(state) => state,
            state => state.insert(State::for_one_run(folder, &names)?),
        };
        state.tell(|it| it.add(partials))
    };
    let mut gathered = read(paths, &names, global, history.as_deref(), Some(&mut keep))?;
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
    Ok(Counted { modules, options, gathered })
}

impl CountArgs {
    fn names(&self) -> Vec<Name> {
        if self.only.is_empty() { Name::of_profile(self.run.options().profile) } else { self.only.clone() }
    }

    /// The databases of addresses.
    pub(crate) fn places(&self, global: Global) -> Result<Places, Failure> {
        self.places.read(&self.names(), global)
    }
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
