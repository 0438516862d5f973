//! `tordesc stats load`: the tables of statistics into a database.

use std::{fs, path::PathBuf};

use clap::{Args, ValueHint};
use descriptor_core::stats::postgres::{Database, LoadError, SCHEMA};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    figures::things,
    output,
    reading::complain,
};

pub(crate) const HELP: &str = "\
Makes a schema `tordesc` with a table for each file of a module, and loads DIR/modules/*.csv. Days whose rows differ are \
replaced, each table in one transaction; to load again changes nothing. The connection is not encrypted: reach a server \
elsewhere through a tunnel.

Examples:
  tordesc stats recent/ --out stats && tordesc stats load stats --to postgres://metrics@localhost/metrics
  tordesc stats load --schema > schema.sql";

/// Arguments of `stats load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// The folders that `tordesc stats --out` wrote
    #[arg(value_name = "DIR", required_unless_present = "schema", value_hint = ValueHint::DirPath)]
    folders: Vec<PathBuf>,
    /// The database, as postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL", required_unless_present = "schema")]
    to: Option<String>,
    /// Print the statements that make the tables, and load nothing
    #[arg(long, conflicts_with_all = ["to", "folders"])]
    schema: bool,
}

/// Loads all files of modules.
pub(crate) fn run(args: &LoadArgs, global: Global) -> Result<Outcome, Failure> {
    let Some(to) = &args.to else { return output::print(SCHEMA) };
    let mut files = Vec::new();
    for folder in &args.folders {
        let modules = folder.join("modules");
        let failed = |error| Failure::at(&modules, &error);
        for entry in fs::read_dir(&modules).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == "csv") {
                files.push(path);
            }
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::Usage(
            "no modules/*.csv there; `tordesc stats --out DIR` writes them".to_owned(),
        ));
    }
    let mut database = Database::connect(to).map_err(|error| Failure::Other(error.to_string()))?;
    let (mut days, mut rows, mut unknown) = (0, 0, 0);
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(path).map_err(|error| Failure::at(path, &error))?;
        match database.load(&name, &text) {
            Ok(loaded) => (days, rows) = (days + loaded.days, rows + loaded.rows),
            Err(error @ LoadError::Unknown(_)) => {
                unknown += 1;
                complain(global, &format!("{}: {error}", path.display()));
            }
            Err(error) => return Err(Failure::Other(format!("{}: {error}", path.display()))),
        }
    }
    if global.quiet == 0 {
        let what = format!("{} of {} new or changed", things(rows, "row"), things(days, "day"));
        complain(global, &format!("{}: {what}", things(files.len() as u64 - unknown, "table")));
    }
    Ok(Outcome::of_reading(files.len() as u64 - unknown, unknown))
}
