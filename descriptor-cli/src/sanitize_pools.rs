//! `tordesc sanitize pools`: assignments of bridges to pools.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use descriptor_core::{
    intake::{PoolFiles, PoolsReport},
    schema::RuleSet,
};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    figures::{printable, things},
    reading::{complain, describe},
    sanitize::{Reporting, failure},
};

pub(crate) const POOLS: &str = "\
Files are read, and in folders those named assignments.log…, compressed or not. Each assignment becomes a file below
DIR/bridge-pool-assignments/. What cannot be published is kept in STATE/quarantine/ with its reason; the rest of its
assignment is written. A file that has grown is read again.

Example:
  tordesc sanitize pools /srv/rdsys/ --out out/ --state state/

Exit codes: 0 all done; 1 failure (disk, another run); 2 wrong usage; 3 something was refused or not readable.";

/// Sanitize the files that say which bridges are given out how
#[derive(Debug, Args)]
pub(crate) struct Pools {
    /// Files, and folders of them
    #[arg(value_name = "IN", required = true, value_hint = ValueHint::AnyPath)]
    inputs: Vec<PathBuf>,
    /// The folder that is published
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Where to keep what is done and what was refused; without it, all is read and nothing refused is kept
    #[arg(long, value_name = "STATE", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
    /// Which rules hold: `current`, or `collector-1.18.2` to get the bytes of that version
    #[arg(long, value_name = "NAME", default_value = "current")]
    rules: RuleSet,
    #[command(flatten)]
    reporting: Reporting,
}

pub(crate) fn run(args: &Pools, global: Global) -> Result<Outcome, Failure> {
    let quarantine = args.state.as_ref().map(|state| state.join("quarantine"));
    let files = PoolFiles {
        out: args.out.clone(),
        state: args.state.clone(),
        quarantine,
        journal: None,
        rules: args.rules,
    };
    let report = files.run(&args.inputs).map_err(failure)?;
    Ok(if say(&report, &args.reporting, global)? { Outcome::Done } else { Outcome::Partly })
}

/// Says what was done; whether all was good.
pub(crate) fn say(report: &PoolsReport, reporting: &Reporting, global: Global) -> Result<bool, Failure> {
    report.failed.iter().for_each(|error| complain(global, &describe(error)));
    for (path, refused) in &report.refused {
        complain(global, &printable(format!("{}: {}", path.display(), refused.refusal).as_bytes()));
    }
    reporting.tell(global, report, &report.metrics(), || told(report))?;
    Ok(report.is_clean())
}

pub(crate) fn told(report: &PoolsReport) -> String {
    let mut text = format!(
        "{} read, {} unchanged, {} passed over by name\n",
        things(report.read, "file"),
        report.unchanged,
        report.ignored.len(),
    );
    text += &format!(
        "{} written, {} got more bridges, {} there already\n",
        things(report.written, "assignment"),
        report.grown,
        report.present,
    );
    if report.replaced > 0 {
        text += &format!("{} replaced by another about the same\n", things(report.replaced, "line or block"));
    }
    for ((keyword, reason), count) in &report.counts {
        text += &format!("refused: {keyword} {reason}: {count}\n");
    }
    text
}
