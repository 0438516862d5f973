//! `tordesc archive`: tarballs, the index and the recent documents of a tree as CollecTor keeps it.

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, Subcommand, ValueHint};
use descriptor_core::{
    archive::{
        self,
        index::Indexer,
        recent::{self, HOURS},
        tarballs::{How, SETTLE, SMALL, Tarballs},
    },
    value::Timestamp,
};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    figures::{bytes, count, things},
    reading::{complain, describe},
};

/// What to do with an archive.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Make or extend the monthly tarballs, and delete from out/ what they hold
    Tarballs(TarballsArgs),
    /// Make recent/ what it should be: the documents of the last days, from out/
    Recent(RecentArgs),
    /// Write index.json, with .gz, .bz2 and .xz
    Index(IndexArgs),
}

/// Where an archive lies, and what time it is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The folder that holds out/, indexed/ and stats/, as CollecTor's working directory
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    root: PathBuf,
    /// Work as if it were this time [default: now]
    #[arg(long, value_name = "YYYY-MM-DD HH:MM:SS", value_parser = time)]
    now: Option<Timestamp>,
}

/// Make or extend the monthly tarballs
#[derive(Debug, Args)]
pub(crate) struct TarballsArgs {
    #[command(flatten)]
    place: Place,
    /// The tree of documents [default: DIR/out]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// Where the tarballs go [default: DIR/indexed/archive]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    archive: Option<PathBuf>,
    /// Where it is kept what each tarball holds [default: DIR/stats/tarballs]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    ledgers: Option<PathBuf>,
    /// A month must be over for so long, and nothing added, before its tarball is put in order and compressed as one
    #[arg(long, value_name = "DAYS", default_value_t = SETTLE / 86400, value_parser = clap::value_parser!(i64).range(0..=36500))]
    settle_days: i64,
    /// Delete from out/ what was published long ago and is in a tarball that was read back
    #[arg(long)]
    delete: bool,
    /// How long ago
    #[arg(long, value_name = "DAYS", default_value_t = 49, requires = "delete", value_parser = clap::value_parser!(i64).range(0..=36500))]
    keep_days: i64,
}

/// Make recent/ what it should be
#[derive(Debug, Args)]
pub(crate) struct RecentArgs {
    #[command(flatten)]
    place: Place,
    /// The tree of documents [default: DIR/out]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// The recent documents [default: DIR/indexed/recent]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    recent: Option<PathBuf>,
    /// For how long they are there
    #[arg(long, value_name = "HOURS", default_value_t = HOURS, value_parser = clap::value_parser!(i64).range(1..=876_000))]
    hours: i64,
}

/// Write index.json
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    #[command(flatten)]
    place: Place,
    /// The URL that the files are served under
    #[arg(long, value_name = "URL", default_value = "https://collector.torproject.org", value_hint = ValueHint::Url)]
    base: String,
    /// A revision of the program to put into the index
    #[arg(long, value_name = "ID")]
    revision: Option<String>,
    /// The files to list [default: DIR/indexed]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    files: Option<PathBuf>,
    /// Where index.json goes [default: DIR/indexed/index]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// Where it is kept what files say about themselves [default: DIR/stats/index]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
    /// Pass over folders that have not changed since the last run, but for once a day, as `collect` does: several times
    /// quicker, and right where every file comes by renaming
    #[arg(long)]
    believe_folders: bool,
}

/// Does it.
pub(crate) fn run(what: &What, global: Global) -> Result<Outcome, Failure> {
    match what {
        What::Tarballs(args) => tarballs(args, global),
        What::Recent(args) => recent(args, global),
        What::Index(args) => index(args, global),
    }
}

impl Place {
    fn now(&self) -> Result<Timestamp, Failure> {
        let clock =
            || SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs().try_into().ok().map(Timestamp);
        self.now.or_else(clock).ok_or_else(|| Failure::Other("the clock stands before 1970".to_owned()))
    }

    /// A folder that was given, or one below the root.
    fn or(&self, given: Option<&PathBuf>, name: &str) -> PathBuf {
        given.cloned().unwrap_or_else(|| self.root.join(name))
    }
}

fn tarballs(args: &TarballsArgs, global: Global) -> Result<Outcome, Failure> {
    let (place, now) = (&args.place, args.place.now()?);
    let tarballs = Tarballs {
        out: place.or(args.out.as_ref(), "out"),
        archive: place.or(args.archive.as_ref(), "indexed/archive"),
        state: place.or(args.ledgers.as_ref(), "stats/tarballs"),
        settle: args.settle_days * 86400,
        small: SMALL,
        threads: global.threads.map_or(1, usize::from),
    };
    let report = tarballs.update(now).map_err(|error| fatal(&error))?;
    for made in report.made.iter().filter(|_| global.quiet == 0) {
        let how = match made.how {
            How::Extended => "extended by",
            How::Finished => "put in order with",
        };
        let (added, members) = (things(made.added as u64, "new document"), count(made.members as u64));
        complain(global, &format!("{}: {how} {added}; {members} in {}", made.path, bytes(made.size)));
    }
    let mut failed = report.failed;
    if args.delete {
        let before = Timestamp(now.0 - args.keep_days * 86400);
        let deleted = tarballs.delete(before, now).map_err(|error| fatal(&error))?;
        if global.quiet == 0 {
            let (files, freed) = (things(deleted.files, "file"), bytes(deleted.bytes));
            complain(global, &format!("{}: {files} deleted, {freed}", tarballs.out.display()));
        }
        if deleted.held > 0 {
            let held = things(deleted.held, "old file");
            complain(global, &format!("{}: {held} kept that no tarball holds", tarballs.out.display()));
        }
        failed.extend(deleted.failed);
    }
    failed.iter().for_each(|error| complain(global, &describe(error)));
    Ok(Outcome::of_reading(report.made.len() as u64, failed.len() as u64))
}

fn recent(args: &RecentArgs, global: Global) -> Result<Outcome, Failure> {
    let place = &args.place;
    let (out, recent) =
        (place.or(args.out.as_ref(), "out"), place.or(args.recent.as_ref(), "indexed/recent"));
    let rebuilt = recent::rebuild(&out, &recent, place.now()?, args.hours).map_err(|error| fatal(&error))?;
    if global.quiet == 0 {
        let (added, removed) = (things(rebuilt.added, "new file"), count(rebuilt.removed));
        complain(global, &format!("{}: {added}, {removed} removed", recent.display()));
    }
    Ok(Outcome::Done)
}

fn index(args: &IndexArgs, global: Global) -> Result<Outcome, Failure> {
    let place = &args.place;
    let indexer = Indexer {
        root: place.or(args.files.as_ref(), "indexed"),
        output: place.or(args.output.as_ref(), "indexed/index"),
        base: args.base.clone(),
        revision: args.revision.clone(),
        state: place.or(args.state.as_ref(), "stats/index"),
        ledgers: Some(place.root.join("stats/tarballs")),
        believes_folders: args.believe_folders,
        threads: global.threads.map_or(0, usize::from),
    };
    let indexed = indexer.update(place.now()?).map_err(|error| fatal(&error))?;
    for path in &indexed.skipped {
        complain(global, &format!("{}: not listed, its name cannot be written", path.display()));
    }
    indexed.failed.iter().for_each(|error| complain(global, &describe(error)));
    if global.quiet == 0 {
        let files = things(indexed.files as u64, "file");
        let written = if indexed.written { "written" } else { "unchanged" };
        let read = count(indexed.read as u64);
        complain(global, &format!("{}: {written}; {files}, {read} new or changed", indexer.output.display()));
    }
    Ok(Outcome::of_reading(indexed.files as u64, indexed.failed.len() as u64))
}

fn fatal(error: &archive::Error) -> Failure {
    Failure::Other(describe(error))
}

fn time(text: &str) -> Result<Timestamp, String> {
    let time = <&[u8; 19]>::try_from(text.as_bytes()).ok().and_then(Timestamp::parse);
    time.ok_or_else(|| format!("{text} is no time"))
}
