//! `tordesc collect`: asks all sources once or on a schedule, and keeps the archive in order.

mod every;
mod house;
mod sources;
mod watch;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use clap::{Args, ValueHint};
use descriptor_core::{
    collect::{
        Collected, DirectoryAuthority, Flavor, Wanted, collect,
        store::{KnownAuthority, Layout, Options, Store, StoreError, look_wanted},
    },
    value::Timestamp,
};

use crate::{
    cli::Global,
    config::Config,
    exit::{Failure, Outcome, reason},
    fail,
    log::{self, Log},
    output,
    reading::complain,
    sanitize,
};
use every::Every;
use watch::{Watcher, rounded};

pub(crate) const HELP: &str = "\
Without a configuration file the public network's authorities are asked and everything goes below the current folder, in
the trees of CollecTor: out/, indexed/recent/, indexed/archive/, indexed/index/. `tordesc config init` writes a file with
every option.

Examples:
  tordesc collect                      once, for cron or a systemd timer
  tordesc collect --every              on its own schedule
  tordesc collect --dry-run            what would be asked for

A terminal gets a bar. Otherwise standard error is a log of a line an event: who was asked for how much and has brought what, \
how long each part took, what went wrong; --verbose logs each delivery, --quiet only what went wrong.

Exit codes: 0 all went well; 1 failure (disk, another run); 2 wrong usage; 3 some source failed or something was refused.";

/// Collect what is missing
#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    /// The configuration [default: tordesc.toml, if there is one]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Run again and again, as the configuration says
    #[arg(long)]
    every: bool,
    /// How to log to standard error
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    log: Log,
    /// Only say what is wanted
    #[arg(long, conflicts_with = "every")]
    dry_run: bool,
}

/// Collects.
pub(crate) fn run(args: &CollectArgs, global: Global) -> Result<Outcome, Failure> {
    let config = Config::find(args.config.as_deref())?;
    let service = Service::new(config)?;
    if args.dry_run {
        return service.dry_run();
    }
    log::start(args.log, global);
    let stop = stop_on_signals();
    if !args.every {
        return service.once(global, &stop);
    }
    let mut outcome = Outcome::Done;
    let (run, began) = (&service.config.run, Instant::now());
    let mut runs = Every::new(run.every, run.offset, now());
    while !stop.load(Relaxed) {
        if !runs.is_due(now(), began.elapsed()) {
            // In short steps: the clock may jump, and a sleeping computer wakes late.
            thread::sleep(Duration::from_millis(500));
            continue;
        }
        // A run that fails is said, and the next one tries again.
        outcome = match service.once(global, &stop) {
            Ok(outcome) => outcome,
            Err(failure) => {
                fail(&failure, global);
                Outcome::Failed
            }
        };
    }
    Ok(outcome)
}

/// A flag that SIGINT and SIGTERM set. The second signal ends the program at once; nothing is half done then either.
fn stop_on_signals() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in signal_hook::consts::TERM_SIGNALS {
        // Where a signal cannot be caught it ends the program, which loses nothing.
        let _ = signal_hook::flag::register_conditional_shutdown(*signal, 1, Arc::clone(&stop));
        let _ = signal_hook::flag::register(*signal, Arc::clone(&stop));
    }
    stop
}

/// The time of the computer.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// The configuration, understood.
pub(crate) struct Service {
    pub(crate) config: Config,
    authorities: Vec<DirectoryAuthority>,
}

impl Service {
    pub(crate) fn new(config: Config) -> Result<Self, Failure> {
        let authorities = match &config.relay.authorities[..] {
            [] => DirectoryAuthority::public(),
            lines => lines
                .iter()
                .map(|line| {
                    line.parse().map_err(|what| Failure::Usage(format!("relay.authorities: {line}: {what}")))
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Service { config, authorities })
    }

    pub(crate) fn layout(&self) -> Layout {
        let paths = &self.config.paths;
        Layout {
            out: paths.out.clone(),
            recent: Some(paths.indexed.join("recent")),
            state: paths.state.clone(),
        }
    }

    pub(crate) fn options(&self) -> Options {
        let known = |it: &DirectoryAuthority| KnownAuthority { name: it.name.clone(), identity: it.identity };
        let (relay, archive) = (&self.config.relay, &self.config.archive);
        Options {
            authorities: self.authorities.iter().map(known).collect(),
            interval: relay.interval.into(),
            chase_statuses: i64::from(relay.chase_statuses) * 3600,
            chase_descriptors: i64::from(relay.chase_descriptors) * 3600,
            recent: (i64::from(archive.recent_hours) + 1) * 3600,
        }
    }

    fn dry_run(&self) -> Result<Outcome, Failure> {
        let wanted = match look_wanted(&self.layout(), &self.options(), now()) {
            Ok(wanted) => wanted,
            Err(_) if !self.layout().database().exists() => {
                output::print(
                    "There is no store yet: the consensuses of now are wanted, and what they refer to.\n",
                )?;
                return Ok(Outcome::Done);
            }
            Err(error) => return Err(Failure::Other(error.to_string())),
        };
        let mut text = String::new();
        for wanted in &wanted {
            text += &describe(wanted);
            text.push('\n');
        }
        text += &format!("{} documents are wanted\n", wanted.len());
        for source in self.sources()? {
            text += &format!("source: {}\n", source.name());
        }
        output::print(&text)?;
        Ok(Outcome::Done)
    }

    fn once(&self, global: Global, stop: &AtomicBool) -> Result<Outcome, Failure> {
        let (watcher, began) = (Watcher::start(global), Instant::now());
        let sanitized = self.sanitize(&watcher, global)?;
        let sources = self.sources()?;
        let store = Store::open(&self.layout(), self.options()).map_err(failure)?;
        store.notes().iter().for_each(|note| complain(global, note));
        let collected = collect(&store, &sources, &now, stop, &|step| watcher.see(step)).map_err(failure)?;
        let status = store.status(now()).map_err(failure)?;
        drop(store);
        self.say(&collected, global)?;
        let mut clean = collected.is_clean();
        if !collected.stopped {
            clean &= self.keep_house(&watcher, global)?;
        }
        drop(watcher);
        if !self.config.run.metrics.as_os_str().is_empty() {
            output::write_file(&self.config.run.metrics, status.prometheus().as_bytes())?;
        }
        for warning in status.warnings.iter().filter(|_| global.quiet == 0) {
            if log::is_on() {
                tracing::warn!("{}", warning.text);
            } else {
                anstream::eprintln!("warning: {}", warning.text);
            }
        }
        let Collected { wanted, given_up, stopped, .. } = &collected;
        tracing::info!(wanted, given_up, stopped, clean, seconds = rounded(began.elapsed()), "run ended");
        Ok(match sanitized {
            Outcome::Done if !clean => Outcome::Partly,
            sanitized => sanitized,
        })
    }

    fn say(&self, collected: &Collected, global: Global) -> Result<(), Failure> {
        if global.quiet == 0 {
            output::print(&collected.to_string())?;
        }
        Ok(())
    }
}

fn describe(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Consensus(Flavor::Ns, time) => format!("consensus of {time}"),
        Wanted::Consensus(Flavor::Microdesc, time) => format!("microdesc consensus of {time}"),
        Wanted::Vote(time, authority, _) => format!("vote of {authority} for {time}"),
        Wanted::DetachedSignatures(time) => format!("detached signatures of {time}"),
        Wanted::Certificate(identity, key) => format!("certificate of {identity} for the key {key}"),
        Wanted::ServerDescriptor(digest) => format!("server descriptor {digest}"),
        Wanted::ExtraInfo(digest) => format!("extra-info {digest}"),
        Wanted::Microdescriptor(digest) => format!("microdescriptor {digest}"),
        Wanted::BandwidthFiles => "bandwidth files".to_owned(),
        Wanted::Anything => "what is new".to_owned(),
    }
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::Other(format!("{}: {}", folder.display(), reason(&error))))
}

pub(crate) fn failure(error: StoreError) -> Failure {
    match error {
        StoreError::Files(error) => sanitize::failure(error),
        error => Failure::Other(error.to_string()),
    }
}
