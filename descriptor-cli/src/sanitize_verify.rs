//! `tordesc sanitize verify` and `rules`: what the sanitizer does, and whether it did.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use descriptor_core::{intake, sanitize::rules_page};

use crate::{
    cli::ReportFormat,
    exit::{Failure, Outcome},
    output,
};

pub(crate) const VERIFY: &str = "\
Reads all originals, then searches each sanitized document for what its original says, and for the identities, digests
and addresses of all originals. The search knows nothing of the rules that sanitized them.

Example:
  tordesc sanitize verify in/ out/

Exit codes: 0 nothing found; 1 something found; 2 wrong usage; 3 something was not readable, or has no original here.";

/// Search a sanitized tree for what the originals say
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Originals: tarballs, files, folders
    #[arg(value_name = "ORIGINALS", required = true, value_hint = ValueHint::AnyPath)]
    originals: PathBuf,
    /// What is published
    #[arg(value_name = "SANITIZED", required = true, value_hint = ValueHint::AnyPath)]
    sanitized: PathBuf,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
}

/// Searches and reports.
pub(crate) fn run(args: &Verify) -> Result<Outcome, Failure> {
    let verified =
        intake::verify(std::slice::from_ref(&args.originals), std::slice::from_ref(&args.sanitized));
    match args.format {
        ReportFormat::Json => {
            let json = serde_json::to_string(&verified).map_err(|error| Failure::Other(error.to_string()))?;
            output::print(&format!("{json}\n"))?;
        }
        ReportFormat::Text => {
            output::print(&verified.to_string())?;
        }
    }
    Ok(match () {
        () if !verified.leaks.is_empty() => Outcome::Failed,
        () if verified.is_clean() => Outcome::Done,
        () => Outcome::Partly,
    })
}

/// Shows the rules, as Markdown.
pub(crate) fn rules() -> Result<Outcome, Failure> {
    output::print(&rules_page())?;
    Ok(Outcome::Done)
}
