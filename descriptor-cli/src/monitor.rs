//! `tordesc status`: how complete the archive is, and whom to nag.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use descriptor_core::collect::store::{Level, look};

use crate::{
    collect::{Service, failure, now},
    config::Config,
    exit::{Failure, Outcome},
    output,
};

pub(crate) const HELP: &str = "\
Reads only; a run may go on meanwhile. One line an hour: both consensuses, a letter for each authority whose vote is held,
and what share of the descriptors that are referred to is held.

Exit codes, as monitoring wants them: 0 all is well; 1 something is missing or late; 2 something is being lost.";

/// Show how complete the archive is
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The configuration [default: tordesc.toml, if there is one]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// How to show it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A page of text
    Text,
    /// One JSON object
    Json,
    /// Prometheus's text format
    Prometheus,
}

/// Shows it.
pub(crate) fn run(args: &StatusArgs) -> Result<Outcome, Failure> {
    let service = Service::new(Config::find(args.config.as_deref())?)?;
    let layout = service.layout();
    if !layout.database().exists() {
        let path = layout.database();
        return Err(Failure::Other(format!(
            "{}: there is no store yet; run `tordesc collect`",
            path.display()
        )));
    }
    let status = look(&layout, &service.options(), now()).map_err(failure)?;
    output::print(&match args.format {
        Format::Text => status.to_string(),
        Format::Prometheus => status.prometheus(),
        Format::Json => {
            serde_json::to_string(&status).map_err(|error| Failure::Other(error.to_string()))? + "\n"
        }
    })?;
    Ok(match status.level() {
        Level::Ok => Outcome::Done,
        Level::Warning => Outcome::Failed,
        Level::Critical => Outcome::Critical,
    })
}
