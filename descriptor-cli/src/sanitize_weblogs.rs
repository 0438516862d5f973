//! `tordesc sanitize weblogs`: access logs of web servers.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use descriptor_core::{
    intake::{WebLogs, WebLogsReport},
    schema::RuleSet,
};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    figures::{printable, things},
    reading::{complain, describe},
    sanitize::{Reporting, failure},
};

pub(crate) const WEBLOGS: &str = "\
A log is a file …/MACHINE/SITE-access.log-YYYYMMDD, with any ending, compressed or not. Each site, machine and day becomes
a file below DIR/webstats/. Give all logs that the servers still have: the oldest day and the newest two wait, for more of
their requests may come. A day is written once.

Example:
  tordesc sanitize weblogs /srv/weblogs/ --out out/ --state state/

Exit codes: 0 all done; 1 failure (disk, another run); 2 wrong usage; 3 something was not readable.";

/// Sanitize the access logs of web servers
#[derive(Debug, Args)]
pub(crate) struct Weblogs {
    /// Logs, and folders of them
    #[arg(value_name = "IN", required = true, value_hint = ValueHint::AnyPath)]
    inputs: Vec<PathBuf>,
    /// The folder that is published
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Where to keep which logs were read
    #[arg(long, value_name = "STATE", value_hint = ValueHint::DirPath)]
    state: PathBuf,
    /// Write the oldest day and the newest two as well
    #[arg(long)]
    no_limits: bool,
    /// Which rules hold: `current`, or `collector-1.18.2` to get the lines of that version
    #[arg(long, value_name = "NAME", default_value = "current")]
    rules: RuleSet,
    /// How much memory the lines of a site may take; beyond it, they are sorted in files
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65536))]
    memory: u32,
    #[command(flatten)]
    reporting: Reporting,
}

pub(crate) fn run(args: &Weblogs, global: Global) -> Result<Outcome, Failure> {
    let logs = WebLogs {
        rules: args.rules,
        limits: !args.no_limits,
        memory: (args.memory as usize).saturating_mul(1 << 20),
        ..WebLogs::new(&args.out, &args.state)
    };
    let report = logs.run(&args.inputs).map_err(failure)?;
    Ok(if say(&report, &args.reporting, global)? { Outcome::Done } else { Outcome::Partly })
}

/// Says what was done; whether all was good.
pub(crate) fn say(report: &WebLogsReport, reporting: &Reporting, global: Global) -> Result<bool, Failure> {
    report.failed.iter().for_each(|error| complain(global, &describe(error)));
    for double in &report.doubles {
        let name = double.display().to_string();
        complain(
            global,
            &format!("{}: there is another log of its site and day", printable(name.as_bytes())),
        );
    }
    if report.late > 0 {
        complain(
            global,
            &format!("{} of days that were written before, not added", things(report.late, "line")),
        );
    }
    reporting.tell(global, report, &report.metrics(), || told(report))?;
    Ok(report.is_clean())
}

fn told(report: &WebLogsReport) -> String {
    let mut text = format!(
        "{} read, {} unchanged, {} passed over by name\n{} read\n",
        things(report.read, "log"),
        report.unchanged,
        report.ignored.len(),
        things(report.lines, "line"),
    );
    for (reason, count) in &report.unpublished {
        text += &format!("not published: {reason}: {count}\n");
    }
    text += &format!("{} written, {} waiting\n", things(report.written.len() as u64, "day"), report.waiting);
    text
}
