//! The configuration file: one TOML file, all of it documented in the one that `tordesc config init` writes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueHint};
use descriptor_core::schema::RuleSet;
use serde::{Deserialize, Serialize};

use crate::{
    exit::{Failure, Outcome, reason},
    output,
};

/// The file that documents all options. It holds the defaults, too.
const DOCUMENTED: &str = include_str!("config.toml");

/// The name that is looked for if none is given.
pub(crate) const NAME: &str = "tordesc.toml";

macro_rules! sections {
    ($($(#[doc = $doc:literal])* $name:ident { $($field:ident: $kind:ty,)* })*) => {
        $($(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub(crate) struct $name { $(pub(crate) $field: $kind,)* })*
    };
}

sections! {
    /// All of it; what each option means stands in config.toml.
    Config {
        paths: Paths,
        relay: Relay,
        network: Network,
        exit_list: Feed,
        snowflake: Feed,
        bridgestrap: Feed,
        onionperf: OnionPerf,
        mirrors: Mirrors,
        bridges: Bridges,
        bridge_pool_assignments: Originals,
        web_logs: Originals,
        archive: Archive,
        index: Index,
        run: Run,
    }
    Paths { out: PathBuf, indexed: PathBuf, state: PathBuf, }
    Relay {
        active: bool,
        authorities: Vec<String>,
        data_directories: Vec<PathBuf>,
        archives: Vec<PathBuf>,
        interval: u32,
        chase_statuses: u32,
        chase_descriptors: u32,
    }
    Network {
        connect_timeout: u64,
        read_timeout: u64,
        whole_timeout: u64,
        largest: u64,
        tries: u32,
        patience: u64,
    }
    Feed { url: String, }
    OnionPerf { hosts: Vec<String>, }
    Mirrors { urls: Vec<String>, prefixes: Vec<String>, }
    Bridges { inputs: Vec<PathBuf>, secrets: PathBuf, rules: String, authorities: Vec<String>, }
    Originals { inputs: Vec<PathBuf>, rules: String, }
    Archive { tarballs: bool, settle_days: u32, delete: bool, keep_days: u32, recent_hours: u32, }
    Index { active: bool, base: String, }
    Run { every: u32, offset: u32, metrics: PathBuf, }
}

impl Config {
    /// Reads a file; what it leaves out has its default. Paths become relative to the current folder.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::Other(format!("{}: {}", path.display(), reason(&error))))?;
        let mut config =
            Self::parse(&text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let paths = &mut config.paths;
        let private = [&mut config.bridges.secrets];
        let lists = [
            &mut config.relay.data_directories,
            &mut config.relay.archives,
            &mut config.bridges.inputs,
            &mut config.bridge_pool_assignments.inputs,
            &mut config.web_logs.inputs,
        ];
        let all = [&mut paths.out, &mut paths.indexed, &mut paths.state].into_iter().chain(private);
        for path in all.chain(lists.into_iter().flatten()) {
            *path = folder.join(&path);
        }
        if !config.run.metrics.as_os_str().is_empty() {
            config.run.metrics = folder.join(&config.run.metrics);
        }
        Ok(config)
    }

    /// The file that is given, or the one in this folder, or the defaults.
    pub(crate) fn find(given: Option<&Path>) -> Result<Self, Failure> {
        match given {
            Some(path) => Self::read(path),
            None if Path::new(NAME).is_file() => Self::read(Path::new(NAME)),
            None => Self::parse("").map_err(Failure::Other),
        }
    }

    /// Reads a text over the defaults. Errors tell line and option.
    fn parse(text: &str) -> Result<Self, String> {
        let given: toml::Table =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let mut merged = defaults();
        for (section, options) in given {
            match (merged.get_mut(&section), options) {
                (Some(toml::Value::Table(known)), toml::Value::Table(options)) => known.extend(options),
                (None, _) => return Err(format!("there is no section [{section}]")),
                (_, _) => return Err(format!("{section} is a section, not an option")),
            }
        }
        let config: Config =
            merged.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        for (section, rules) in [
            ("bridges", &config.bridges.rules),
            ("bridge-pool-assignments", &config.bridge_pool_assignments.rules),
            ("web-logs", &config.web_logs.rules),
        ] {
            rules.parse::<RuleSet>().map_err(|error| format!("{section}.rules: {error}"))?;
        }
        if config.relay.interval == 0 || config.run.every == 0 {
            return Err("relay.interval and run.every must be at least 1".to_owned());
        }
        Ok(config)
    }
}

fn defaults() -> toml::Table {
    // A part of the program, read by a test.
    toml::from_str(DOCUMENTED).unwrap_or_default()
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Write a configuration file that documents every option
    Init(Init),
    /// Show every option with its value
    Show(Show),
    /// Check a configuration file
    Check(Check),
}

/// Write a configuration file
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where to write it
    #[arg(value_name = "FILE", default_value = NAME, value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

/// Show every option
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The configuration [default: tordesc.toml, if there is one]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Say where each value comes from
    #[arg(long)]
    origin: bool,
}

/// Check a configuration file
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The configuration
    #[arg(value_name = "FILE", default_value = NAME, value_hint = ValueHint::FilePath)]
    file: PathBuf,
}

/// Does it.
pub(crate) fn run(what: &What) -> Result<Outcome, Failure> {
    match what {
        What::Init(args) => init(&args.file)?,
        What::Show(args) => show(args)?,
        What::Check(args) => {
            Config::read(&args.file)?;
            output::print(&format!("{}: fine\n", args.file.display()))?;
        }
    }
    Ok(Outcome::Done)
}

fn init(path: &Path) -> Result<(), Failure> {
    let file = fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, DOCUMENTED.as_bytes()));
    written.map_err(|error| Failure::Other(format!("{}: {}", path.display(), reason(&error))))?;
    output::print(&format!("{}: written; every option stands in it\n", path.display()))?;
    Ok(())
}

fn show(args: &Show) -> Result<(), Failure> {
    let config = Config::find(args.file.as_deref())?;
    let path = args.file.as_deref().unwrap_or(Path::new(NAME));
    let given: toml::Table =
        fs::read_to_string(path).ok().and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
    let table = toml::Table::try_from(&config).map_err(|error| Failure::Other(error.to_string()))?;
    let mut text = String::new();
    for (section, options) in &table {
        text += &format!("[{section}]\n");
        for (option, value) in options.as_table().into_iter().flatten() {
            let set = given.get(section).and_then(|section| section.get(option)).is_some();
            let origin = match (args.origin, set) {
                (false, _) => String::new(),
                (true, true) => format!("  # {}", path.display()),
                (true, false) => "  # default".to_owned(),
            };
            text += &format!("{option} = {value}{origin}\n");
        }
        text.push('\n');
    }
    output::print(text.trim_end())?;
    output::print("\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_has_every_option() {
        let config = Config::parse("").expect("the defaults are good");
        let table = toml::Table::try_from(&config).expect("it is a table");
        assert_eq!(table, defaults());
        assert!(Config::parse(DOCUMENTED).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text| Config::parse(text).expect_err("it is wrong");
        assert!(wrong("[realy]\nactive = true\n").contains("[realy]"));
        assert!(wrong("[relay]\nactiv = true\n").contains("activ"));
        assert!(wrong("[relay]\nactive = 3\n").contains("boolean"));
        assert!(wrong("[relay\n").contains("line 1"));
        assert!(wrong("[bridges]\nrules = \"x\"\n").contains("1.18.2"));
        assert!(wrong("[web-logs]\nrules = \"x\"\n").contains("web-logs.rules"));
        assert!(wrong("[relay]\ninterval = 0\n").contains("interval"));
        assert!(wrong("relay = 1\n").contains("section"));
        assert_eq!(Config::parse("[relay]\ninterval = 30\n").map(|config| config.relay.interval), Ok(30));
    }
}
