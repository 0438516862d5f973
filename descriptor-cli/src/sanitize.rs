//! `tordesc sanitize`: originals to sanitized trees.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use clap::{Args, Subcommand, ValueHint};
use descriptor_core::{
    archive::Progress,
    intake::{self, Authorities, Options, Places, PoolFiles, PoolsReport, Problem, Report},
    schema::RuleSet,
    value::Timestamp,
};
use serde::Serialize;

use crate::{
    cli::{Global, ReportFormat},
    exit::{Failure, Outcome, reason},
    output,
    progress::Meter,
    sanitize_pools, sanitize_verify, sanitize_weblogs,
};

/// What is sanitized.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Sanitize the snapshots that bridge authorities make
    #[command(after_long_help = BRIDGES)]
    Bridges(Bridges),
    /// Sanitize once more what was refused and lies in the quarantine
    #[command(after_long_help = RETRY)]
    Retry(Retry),
    /// Sanitize the files that say which bridges are given out how
    #[command(after_long_help = sanitize_pools::POOLS)]
    Pools(sanitize_pools::Pools),
    /// Sanitize the access logs of web servers
    #[command(after_long_help = sanitize_weblogs::WEBLOGS)]
    Weblogs(sanitize_weblogs::Weblogs),
    /// Search what is published for what the originals say
    #[command(after_long_help = sanitize_verify::VERIFY)]
    Verify(sanitize_verify::Verify),
    /// Show what is removed, replaced and kept, keyword by keyword
    Rules,
}

const BRIDGES: &str = "\
A snapshot is a tarball named from-AUTHORITY-YYYY-MM-DDTHHMMSSZ.tar.gz, in any compression. What is made of it goes
below DIR/bridge-descriptors/. A tarball that is done is not read again. Whenever the program is killed, start it again.

Originals and secrets never lie in DIR, which is published. What cannot be published is kept in STATE/quarantine/ with its
reason; after an update of the rules, `tordesc sanitize retry` tries it again.

Example:
  tordesc sanitize bridges in/ --out out/ --secrets state/bridge-ip-secrets

Exit codes: 0 all done; 1 failure (secrets, disk, another run); 2 wrong usage; 3 something was refused or not readable.";

const RETRY: &str = "\
What passes now is written and leaves the quarantine. The rest stays, with its new reason.

Example:
  tordesc sanitize retry --out out/ --secrets state/bridge-ip-secrets

Exit codes: 0 the quarantine is empty; 1 failure; 2 wrong usage; 3 something is still refused.";

/// Where things lie.
#[derive(Debug, Args)]
pub(crate) struct Where {
    /// The folder that is published
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// The secrets of all months, in CollecTor's format; made if need be
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    secrets: PathBuf,
    /// Where to keep what is done and what was refused [default: the folder of the secrets]
    #[arg(long, value_name = "STATE", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
    /// Which rules hold: `current`, or `collector-1.18.2` and older ones to get the bytes of that version
    #[arg(long, value_name = "NAME", default_value = "current")]
    rules: RuleSet,
    #[command(flatten)]
    reporting: Reporting,
}

/// How to tell what was done.
#[derive(Debug, Default, Args)]
pub(crate) struct Reporting {
    /// Write the figures of the run to this file, for Prometheus
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    metrics: Option<PathBuf>,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
}

/// Sanitize the snapshots that bridge authorities make
#[derive(Debug, Args)]
pub(crate) struct Bridges {
    /// Tarballs, and folders of them
    #[arg(value_name = "IN", required = true, value_hint = ValueHint::AnyPath)]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    places: Where,
    /// A bridge authority besides tonga, bifroest and serge; may be given again
    #[arg(long = "authority", value_name = "NAME=FINGERPRINT")]
    authorities: Vec<String>,
}

/// Sanitize once more what was refused
#[derive(Debug, Args)]
pub(crate) struct Retry {
    #[command(flatten)]
    places: Where,
}

/// Sanitizes and reports.
pub(crate) fn run(what: &What, global: Global) -> Result<Outcome, Failure> {
    let (report, places) = match what {
        What::Bridges(args) => (bridges(args, global)?, &args.places),
        What::Pools(args) => return sanitize_pools::run(args, global),
        What::Weblogs(args) => return sanitize_weblogs::run(args, global),
        What::Verify(args) => return sanitize_verify::run(args),
        What::Rules => return sanitize_verify::rules(),
        What::Retry(args) => return retry(&args.places, global),
    };
    places.reporting.tell(global, &report, &report.metrics(), || report.to_string())?;
    Ok(if report.is_clean() { Outcome::Done } else { Outcome::Partly })
}

/// What lay in the quarantine.
#[derive(Serialize)]
struct Retried {
    #[serde(flatten)]
    bridges: Report,
    pools: PoolsReport,
}

fn retry(args: &Where, global: Global) -> Result<Outcome, Failure> {
    let places = args.places();
    let bridges = intake::retry(&places, args.rules).map_err(failure)?;
    let quarantine = Some(places.quarantine());
    let pools = PoolFiles { out: places.out, state: None, quarantine, journal: None, rules: args.rules };
    let pools = pools.retry().map_err(failure)?;
    let retried = Retried { bridges, pools };
    let metrics = retried.bridges.metrics() + &retried.pools.metrics();
    args.reporting.tell(global, &retried, &metrics, || {
        let pools = (retried.pools.read > 0).then(|| sanitize_pools::told(&retried.pools));
        retried.bridges.to_string() + &pools.unwrap_or_default()
    })?;
    let is_clean = retried.bridges.is_clean() && retried.pools.is_clean();
    Ok(if is_clean { Outcome::Done } else { Outcome::Partly })
}

impl Reporting {
    /// Tells what was done: the figures to the file of metrics, the report as JSON or as a text.
    pub(crate) fn tell(
        &self,
        global: Global,
        report: &impl Serialize,
        metrics: &str,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if let Some(path) = &self.metrics {
            intake::write_metrics(path, metrics).map_err(failure)?;
        }
        match self.format {
            ReportFormat::Json => {
                let json =
                    serde_json::to_string(report).map_err(|error| Failure::Other(error.to_string()))?;
                output::print(&format!("{json}\n"))?;
            }
            ReportFormat::Text if global.quiet == 0 => {
                output::print(&text())?;
            }
            ReportFormat::Text => {}
        }
        Ok(())
    }
}

fn bridges(args: &Bridges, global: Global) -> Result<Report, Failure> {
    let mut authorities = Authorities::default();
    for authority in &args.authorities {
        let bad = |error| Failure::Usage(format!("--authority {authority}: {error}"));
        authorities.add(authority).map_err(bad)?;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok();
    let progress = Arc::new(Progress::default());
    let options = Options {
        rules: args.places.rules,
        authorities,
        threads: global.threads.map_or(0, usize::from),
        now: now.and_then(|now| i64::try_from(now.as_secs()).ok()).map(Timestamp),
        progress: Some(Arc::clone(&progress)),
    };
    let _meter = Meter::start(global, false, progress);
    intake::bridges(&args.inputs, &args.places.places(), &options).map_err(failure)
}

impl Where {
    fn places(&self) -> Places {
        Places {
            out: self.out.clone(),
            secrets: self.secrets.clone(),
            state: self.state.clone(),
            journal: None,
        }
    }
}

pub(crate) fn failure(error: intake::Error) -> Failure {
    match &error.problem {
        Problem::Io(cause) => Failure::Other(format!("{}: {}", error.path.display(), reason(cause))),
        _ => Failure::Other(error.to_string()),
    }
}
