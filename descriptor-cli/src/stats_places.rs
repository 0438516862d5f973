//! Where relays are: databases of addresses.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, ValueHint};
use descriptor_core::{
    geoip::{self, Database, Places},
    stats::{Day, Name},
};

use crate::{cli::Global, exit::Failure, reading::complain};

/// Which databases.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// A database of countries, tor's geoip or an mmdb; several are of several days, each day has the newest that is no
    /// younger [default: tor's, if it is installed]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    geoip: Vec<PathBuf>,
    /// A database of autonomous systems, an mmdb; may be given again as --geoip
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    asn: Vec<PathBuf>,
}

/// Where Debian's `tor-geoipdb` puts tor's database. That of IPv6 is not needed: statuses have IPv4 addresses.
const GEOIP: &str = "/usr/share/tor/geoip";

impl PlaceArgs {
    /// The databases of addresses that were asked for, if a statistic looks at them.
    pub(crate) fn read(&self, names: &[Name], global: Global) -> Result<Places, Failure> {
        let PlaceArgs { geoip: countries, asn: systems } = self;
        let mut places = Places::default();
        if !names.iter().any(|name| name.by_place()) {
            return Ok(places);
        }
        let usual = Some(PathBuf::from(GEOIP)).filter(|path| countries.is_empty() && path.is_file());
        for path in countries.iter().chain(&usual) {
            places.add_countries(database(path, global)?);
        }
        for path in systems {
            places.add_systems(database(path, global)?);
        }
        let without = |what: &str| {
            if global.verbose {
                complain(global, &format!("no database of {what}: nothing is counted by them"));
            }
        };
        if countries.is_empty() && usual.is_none() {
            without("countries");
        }
        if systems.is_empty() {
            without("autonomous systems");
        }
        Ok(places)
    }
}

fn database(path: &Path, global: Global) -> Result<Database, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::at(path, &error))?;
    let invalid = |error: geoip::Error| Failure::at(path, &io::Error::new(io::ErrorKind::InvalidData, error));
    let database = Database::read(bytes).map_err(invalid)?;
    if global.verbose {
        let date = database.date().map_or("no known day".to_owned(), |date| Day::of(date).to_string());
        complain(global, &format!("{}: a database of {date}", path.display()));
    }
    Ok(database)
}
