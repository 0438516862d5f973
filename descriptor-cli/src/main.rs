//! `tordesc`: reads, checks, sanitizes, collects, counts and serves what the Tor network publishes about itself.

mod archive;
mod check;
mod cli;
mod collect;
mod compress;
mod config;
mod convert;
mod exit;
mod figures;
mod find;
mod generate;
mod key;
mod lines;
mod log;
mod monitor;
mod output;
mod parse;
mod plot;
mod plot_index;
mod plot_input;
mod progress;
mod reading;
mod render;
mod repack;
mod sanitize;
mod sanitize_pools;
mod sanitize_verify;
mod sanitize_weblogs;
mod schema;
mod selections;
mod serve;
mod spark;
mod stats;
mod stats_count;
mod stats_explain;
mod stats_load;
mod stats_places;
mod status;
mod style;
mod summary;
mod summary_json;
mod tally;
mod verify;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Global, Verb};
use exit::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    colour(cli.global.color);
    let result = match &cli.verb {
        Verb::Summary(args) => summary::run(args, cli.global),
        Verb::Check(args) => check::run(args, cli.global),
        Verb::Find(args) => find::run(args, cli.global),
        Verb::Parse(args) => parse::run(args, cli.global),
        Verb::Schema(args) => schema::run(args),
        Verb::Completions { shell } => generate::completions(*shell),
        Verb::Man { output } => generate::man(output.as_deref()),
        Verb::Convert(args) => convert::run(args, cli.global),
        Verb::Archive(what) => archive::run(what, cli.global),
        Verb::Repack(args) => repack::run(args, cli.global),
        Verb::Collect(args) => collect::run(args, cli.global),
        Verb::Status(args) => monitor::run(args),
        Verb::Config(what) => config::run(what),
        Verb::Serve(args) => serve::run(args, cli.global),
        Verb::Stats(args) => stats::run(args, cli.global),
        Verb::Plot(args) => plot::run(args, cli.global),
        Verb::Sanitize(what) => sanitize::run(what, cli.global),
    };
    if let Err(failure @ (Failure::Usage(_) | Failure::Other(_))) = &result {
        fail(failure, cli.global);
    }
    exit::code(&result)
}

/// Says why the program, or a run of it, ended early.
fn fail(failure: &Failure, global: Global) {
    if log::is_on() {
        tracing::error!("{failure}");
    } else if global.quiet < 2 {
        anstream::eprintln!("tordesc: {failure}");
    }
}

/// Tells `--color` to everything that prints.
fn colour(choice: clap::ColorChoice) {
    match choice {
        clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
        clap::ColorChoice::Always => anstream::ColorChoice::Always,
        clap::ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}
