//! The structured log of what runs unattended: a line an event, with named fields, on standard error.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing::Level;

use crate::cli::Global;

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    /// Lines of text unless standard error is a terminal, which gets a bar
    Auto,
    /// Lines of text
    Text,
    /// A JSON object a line
    Json,
    /// None
    Off,
}

/// Starts the log, if there is to be one. What the rest of the program [complains](crate::reading::complain) of goes there too.
pub(crate) fn start(log: Log, global: Global) {
    let level = match (global.quiet, global.verbose) {
        (0, true) => Level::DEBUG,
        (0, false) => Level::INFO,
        (1, _) => Level::WARN,
        _ => Level::ERROR,
    };
    let lines = || {
        let lines = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_ansi(false);
        lines.with_writer(std::io::stderr)
    };
    // One that is there already stays.
    let _ = match log {
        Log::Auto if std::io::stderr().is_terminal() => return,
        Log::Off => return,
        Log::Auto | Log::Text => tracing::subscriber::set_global_default(lines().finish()),
        Log::Json => tracing::subscriber::set_global_default(lines().json().flatten_event(true).finish()),
    };
}

/// Whether there is one.
pub(crate) fn is_on() -> bool {
    tracing::dispatcher::has_been_set()
}
