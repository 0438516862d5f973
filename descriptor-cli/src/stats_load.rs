//! `tordesc stats load`: the tables of statistics into a database.

use std::{env, fs, path::PathBuf};

use clap::{Args, ValueHint};
use descriptor_core::stats::postgres::{Database, LoadError, Loaded, SCHEMA};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    figures::things,
    output,
    reading::complain,
    stats_count::{CountArgs, Counted, MODULES, count},
};

pub(crate) const HELP: &str = "\
Makes a schema `tordesc` with a table for each file of a module, and loads DIR/modules/*.csv, or counts documents and loads \
what `tordesc stats` would write. Days whose rows differ are replaced, each table in one transaction; to load again changes \
nothing.

The URL says how the connection is encrypted, as for psql: sslmode is disable, prefer, require (encrypted, to whomever), \
verify-ca or verify-full (to the server that is meant). Certificates are verified by those in the file sslrootcert, or by \
those that browsers trust.

Examples:
  tordesc stats recent/ --out stats && tordesc stats load stats --to postgres://metrics@localhost/metrics
  tordesc stats load recent/ --state stats/state --to postgres://metrics@localhost/metrics
  tordesc stats load stats --to 'postgres://metrics@db.example.org/metrics?sslmode=verify-full&sslrootcert=ca.pem'
  tordesc stats load --schema > schema.sql";

/// Arguments of `stats load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// Folders that `tordesc stats --out` wrote, or documents: files, folders, globs; - is standard input
    #[arg(value_name = "PATH", required_unless_present = "schema", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// The database, as postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL", required_unless_present = "schema")]
    to: Option<String>,
    /// Print the statements that make the tables, and load nothing
    #[arg(long, conflicts_with_all = ["to", "paths"])]
    schema: bool,
    #[command(flatten)]
    count: CountArgs,
}

/// Loads all files of modules, and what is counted.
pub(crate) fn run(args: &LoadArgs, global: Global) -> Result<Outcome, Failure> {
    let Some(to) = &args.to else { return output::print(SCHEMA) };
    let (folders, documents): (Vec<PathBuf>, Vec<PathBuf>) =
        args.paths.iter().cloned().partition(|path| path.join(MODULES).is_dir());
    let files = files(&folders)?;
    // One that cannot be reached is told before hours of counting.
    let database = Database::connect(to).map_err(|error| Failure::Other(error.to_string()))?;
    let mut load = Load { database, sum: Loaded::default(), tables: 0, unknown: 0 };
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(path).map_err(|error| Failure::at(path, &error))?;
        load.add(&name, &path.display().to_string(), &text, global)?;
    }
    let mut outcome = Outcome::Done;
    if !documents.is_empty() {
        let places = args.count.places(global)?;
        let Counted { modules, gathered, .. } =
            count(&documents, &args.count, &places, &env::temp_dir(), global)?;
        for table in &modules.0 {
            load.add(table.name, table.name, &table.to_csv(), global)?;
        }
        outcome = gathered.outcome();
        gathered.tell(&things(modules.0.len() as u64, "table"), global);
    }
    let Load { sum, tables, unknown, .. } = load;
    if global.quiet == 0 {
        let what = format!("{} of {} new or changed", things(sum.rows, "row"), things(sum.days, "day"));
        complain(global, &format!("{}: {what}", things(tables, "table")));
    }
    let of_tables = Outcome::of_reading(tables, unknown);
    Ok(if outcome == Outcome::Done { of_tables } else { outcome })
}

/// The tables of some folders.
fn files(folders: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for folder in folders {
        let modules = folder.join(MODULES);
        let before = files.len();
        let is_table = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "csv");
        let failed = |error| Failure::at(&modules, &error);
        for entry in fs::read_dir(&modules).map_err(failed)? {
            files.extend(Some(entry.map_err(failed)?.path()).filter(is_table));
        }
        if files.len() == before {
            let none = "no *.csv there; `tordesc stats --out DIR` writes them";
            return Err(Failure::Usage(format!("{}: {none}", modules.display())));
        }
    }
    files.sort();
    Ok(files)
}

/// A database, and what was loaded into it.
struct Load {
    database: Database,
    sum: Loaded,
    tables: u64,
    unknown: u64,
}

impl Load {
    fn add(&mut self, name: &str, source: &str, csv: &str, global: Global) -> Result<(), Failure> {
        match self.database.load(name, csv) {
            Ok(loaded) => {
                self.sum.days += loaded.days;
                self.sum.rows += loaded.rows;
                self.tables += 1;
            }
            Err(error @ LoadError::Unknown(_)) => {
                self.unknown += 1;
                complain(global, &format!("{source}: {error}"));
            }
            Err(error) => return Err(Failure::Other(format!("{source}: {error}"))),
        }
        Ok(())
    }
}
