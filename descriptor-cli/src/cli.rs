//! The command line, as clap reads it. What each verb does stands in the verb's own file.

use std::path::PathBuf;

use clap::{
    Args, ColorChoice, Parser, Subcommand, ValueEnum, ValueHint,
    builder::{PossibleValue, TypedValueParser},
    error::{ContextKind, ContextValue, ErrorKind},
};
use descriptor_core::{document::Type, suggest::nearest};

use crate::{archive, collect, config, monitor, plot, sanitize, serve, stats, style};

/// Reads, checks, sanitizes, collects, counts and serves everything that the Tor network publishes about itself.
#[derive(Debug, Parser)]
#[command(
    name = "tordesc",
    version,
    styles = style::HELP,
    max_term_width = 100,
    arg_required_else_help = true,
    propagate_version = true,
    after_help = PLACES,
    after_long_help = AFTER
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const PLACES: &str =
    "A PATH is a file, a folder, a glob in quotes, or - for standard input; compressed or not, tar or not.";

const AFTER: &str = "\
A PATH is a file, a folder, a glob in quotes, or - for standard input. Compression (gzip, bzip2, xz, lzma, zstd, zlib) \
and tar archives are recognised by their first bytes and read without unpacking.

Examples:
  tordesc summary consensuses-2024-12.tar.xz
  tordesc parse --entries --format csv consensuses-2024-12.tar.xz -o relays.csv
  tordesc find 9695DFC35FFEB861329B9F1AB04C46397020CE31 archive/
  tordesc check --verify recent/

Exit codes: 0 ok; 1 failure, failed check or nothing found; 2 wrong usage; 3 something that stood in the input is not in \
the output, because it could not be read: a file, a document, an entry, an element of a list, a line that must be there. \
An optional line that cannot be read is null, and does not count.";

const LACKING: &str = "\
Documents with problems are counted on stderr; `tordesc check` shows them. The exit code is 3 if something that stood in \
the input is not in the output: a file or document that could not be read, an entry or element of a list that was left out, \
a line that must be there.";

/// What every verb takes.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// When to use colours; `auto` obeys NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) color: ColorChoice,
    /// Say only what went wrong; twice, not even that
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) quiet: u8,
    /// Say more: progress in pipes, every copy that find finds, what was passed over
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// How many threads to use [default: all]
    #[arg(long, visible_alias = "jobs", global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Show no progress
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show what is in there: types, times, relays, problems
    Summary(Summary),
    /// Turn documents into rows: JSON lines, CSV or Parquet
    #[command(after_help = LACKING)]
    Parse(Parse),
    /// Report everything that is wrong, with its line, like a compiler
    Check(Check),
    /// Find every document about a relay, bridge, address or digest
    Find(Find),
    /// List the document types, or show the fields of one
    Schema(SchemaArgs),
    /// Turn an archive into Parquet, partitioned by type, year and month
    #[command(after_help = LACKING)]
    Convert(Convert),
    /// Turn any compression into zstd
    Repack(Repack),
    /// Make bridge data and web logs fit to be published
    #[command(subcommand)]
    Sanitize(sanitize::What),
    /// Collect what is missing: from directory authorities, files, other archives
    #[command(after_long_help = collect::HELP)]
    Collect(collect::CollectArgs),
    /// Show how complete the archive is, and whom to nag
    #[command(after_long_help = monitor::HELP)]
    Status(monitor::StatusArgs),
    /// Write, show or check the configuration of `collect`
    #[command(subcommand)]
    Config(config::What),
    /// Keep an archive as CollecTor does: monthly tarballs, index.json
    #[command(subcommand)]
    Archive(archive::What),
    /// Serve what is published to clients of CollecTor and to people
    #[command(after_long_help = serve::SERVE)]
    Serve(serve::Serve),
    /// Count what Tor Metrics counted: users, relays, bandwidth and more, as CSV
    #[command(after_long_help = stats::HELP)]
    Stats(stats::StatsArgs),
    /// Draw the graphs of Tor Metrics: users, relays, bandwidth and more, as SVG, PNG or in the terminal
    #[command(after_long_help = plot::HELP)]
    Plot(plot::PlotArgs),
    /// Print the completions for a shell
    #[command(
        after_help = "Example: tordesc completions bash > ~/.local/share/bash-completion/completions/tordesc"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all of them into a folder
    Man {
        /// The folder; it is made if need be
        #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        output: Option<PathBuf>,
    },
}

/// What to read.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// Files, folders, globs; - is standard input
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Only documents of this type; may be given again
    #[arg(short, long = "type", value_name = "TYPE", value_parser = type_parser(), hide_possible_values = true)]
    pub(crate) types: Vec<Type>,
}

/// Turn documents into rows
#[derive(Debug, Args)]
pub(crate) struct Parse {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Only these columns, in this order
    #[arg(short, long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    /// One row for each status entry, exit address or assigned bridge instead of each document
    #[arg(short, long)]
    pub(crate) entries: bool,
    /// Refuse documents with anything wrong instead of giving what can be read
    #[arg(long)]
    pub(crate) strict: bool,
    /// How to write rows [default: by the ending of OUT (.jsonl, .json, .csv, .parquet), else jsonl]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<RowFormat>,
    /// Where to write; the file appears when it is complete, compressed if it ends in .gz, .zst, .xz or .bz2
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Read only what this file does not list yet, and list it there afterwards
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) history: Option<PathBuf>,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// Apache Parquet
    Parquet,
}

/// Text for people or JSON for programs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Report everything that is wrong
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// How to report; json gives one object a problem
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    /// Check digests against file names, and signatures
    #[arg(long)]
    pub(crate) verify: bool,
    /// Key certificates, or server descriptors for extra-infos, to check signatures against; implies --verify. What they do
    /// not suffice for is a failure
    #[arg(long, value_name = "CERTS", value_hint = ValueHint::AnyPath)]
    pub(crate) against: Vec<PathBuf>,
    /// Show at most this many problems, be they of one document or of many; the rest is counted [default: all as json; 100
    /// as text, and 10 of a document]
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<u64>,
}

/// Show what is in there
#[derive(Debug, Args)]
pub(crate) struct Summary {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// Find every document about something
#[derive(Debug, Args)]
pub(crate) struct Find {
    /// Fingerprint, hashed fingerprint, nickname, IP address, ADDRESS:PORT, or digest in hex or base64
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Print the documents themselves
    #[arg(long, conflicts_with = "format")]
    pub(crate) raw: bool,
    /// How to report; json gives one object a document
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// List the document types, or show the fields of one
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The type; without it, all types are listed
    #[arg(value_name = "TYPE", value_parser = type_parser(), hide_possible_values = true)]
    pub(crate) kind: Option<Type>,
    /// How to write [default: text for the list, md for a type]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<SchemaFormat>,
}

/// How the field reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// Markdown
    Md,
    /// JSON
    Json,
    /// A Python stub
    Pyi,
}

/// Turn an archive into Parquet
#[derive(Debug, Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// The folder to fill with type=…/year=…/month=…; what has tables already is refused unless they are to be added to
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,
    /// One row for each status entry, exit address or assigned bridge where a type has such
    #[arg(short, long)]
    pub(crate) entries: bool,
    /// How to write
    #[arg(long, value_name = "FORMAT", default_value = "parquet")]
    pub(crate) format: TableFormat,
    /// Add to the tables of a folder; what is converted again has its rows twice
    #[arg(long)]
    pub(crate) append: bool,
    /// Read only what this file does not list yet, and list it there afterwards
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) history: Option<PathBuf>,
}

/// How partitioned tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// Apache Parquet
    Parquet,
}

/// Turn any compression into zstd
#[derive(Debug, Args)]
#[command(override_usage = "tordesc repack [OPTIONS] IN OUT.zst\n       tordesc repack [OPTIONS] -o DIR IN…")]
pub(crate) struct Repack {
    /// The file to read and the file to write, - being standard input and output; with -o, files, folders and globs to read
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// Write into this folder, each file under its own name with .zst (.tar.zst for .tgz and the like), those of folders and
    /// globs below the folders that they are in
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    /// From 1, fast, to 22, small
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(i32).range(1..=22))]
    pub(crate) level: i32,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

/// The short name of a type, as `vote` for `network-status-vote-3`: the variant's name in kebab case.
pub(crate) fn short_name(kind: Type) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Takes the `@type` name or the short name of a type, and suggests the nearest.
#[derive(Debug, Clone, Copy)]
struct TypeParser;

fn type_parser() -> TypeParser {
    TypeParser
}

impl TypedValueParser for TypeParser {
    type Value = Type;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Type, clap::Error> {
        let name = value.to_string_lossy();
        let mut all = Type::ALL.iter().copied();
        if let Some(kind) = all.find(|&kind| kind.name() == name || short_name(kind) == name) {
            return Ok(kind);
        }
        let mut names: Vec<String> = Vec::new();
        for &kind in Type::ALL {
            for name in [kind.name().to_owned(), short_name(kind)] {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
        let argument = argument.map_or_else(|| "TYPE".to_owned(), ToString::to_string);
        error.insert(ContextKind::InvalidArg, ContextValue::String(argument));
        error.insert(ContextKind::InvalidValue, ContextValue::String(name.clone().into_owned()));
        if let Some(nearest) = nearest(&name, names.iter().map(String::as_str)) {
            error.insert(ContextKind::SuggestedValue, ContextValue::String(nearest.to_owned()));
        }
        error.insert(ContextKind::ValidValue, ContextValue::Strings(names));
        Err(error)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let named = |&kind: &Type| PossibleValue::new(kind.name()).alias(short_name(kind));
        Some(Box::new(Type::ALL.iter().map(named)))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_types_have_two_names() {
        Cli::command().debug_assert();
        for name in ["network-status-vote-3", "vote"] {
            let cli = Cli::try_parse_from(["tordesc", "schema", name]).expect("a type");
            assert!(matches!(cli.verb, Verb::Schema(SchemaArgs { kind: Some(Type::Vote), .. })));
        }
        let wrong = Cli::try_parse_from(["tordesc", "schema", "server-descripter"]).expect_err("no type");
        assert!(wrong.to_string().contains("similar value exists: 'server-descriptor'"));
        let wrong = Cli::try_parse_from(["tordesc", "parse", "-t", "consensu", "x"])
            .expect_err("no type")
            .to_string();
        assert!(wrong.contains("similar value exists: 'consensus'") && wrong.contains(" vote,"), "{wrong}");
        assert_eq!(wrong.matches(" torperf,").count(), 1, "{wrong}");
    }
}
