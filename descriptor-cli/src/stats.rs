//! `tordesc stats`: the numbers of Tor Metrics, and the files of its graphs.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use descriptor_core::stats::{Options, Table, Tables, graphs, top_countries};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    figures::things,
    output,
    stats_count::{CountArgs, Counted, MODULES, count},
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
    #[command(flatten)]
    count: CountArgs,
    /// What the files are: csv as the originals wrote it, or parquet with types
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,
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

/// Reads everything and writes all tables.
pub(crate) fn run(args: &StatsArgs, global: Global) -> Result<Outcome, Failure> {
    match &args.what {
        Some(What::Explain(args)) => return stats_explain::run(args, global),
        Some(What::Load(args)) => return stats_load::run(args, global),
        None => {}
    }
    let out =
        args.out.as_deref().ok_or_else(|| Failure::Usage("a folder to write to is missing".to_owned()))?;
    let places = args.count.places(global)?;
    fs::create_dir_all(out).map_err(|error| Failure::at(out, &error))?;
    let Counted { modules, options, gathered } = count(&args.paths, &args.count, &places, out, global)?;
    let outcome = gathered.outcome();
    let files = write(out, args.format, &modules, &options)?;
    gathered.tell(&things(files, "file"), global);
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
    for (folder, tables) in [(MODULES, &modules.0), ("tables", &top)] {
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
