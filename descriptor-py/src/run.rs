//! What statistics are told besides documents.

use std::{fs, path::PathBuf, time::SystemTime};

use descriptor_core::{
    geoip::{Database, Places},
    stats::{Choices, Day, Options, Partials, Profile},
    value::Timestamp,
};
use pyo3::{prelude::*, types::PyDict};

use crate::{errors, scan::GEOIP, value};

/// The profiles by year, the usual one first.
pub(crate) const PROFILES: [(i64, Profile); 2] = [(2020, Profile::Y2020), (2013, Profile::Y2013)];

/// The arguments of a run: `now`, `since`, `until`, `profile`, `choices`, `geoip`, `asn`.
pub(crate) struct Run {
    now: Timestamp,
    profile: Profile,
    since: Option<Day>,
    until: Option<Day>,
    choices: Choices,
    geoip: Option<Vec<PathBuf>>,
    asn: Vec<PathBuf>,
}

impl Run {
    pub(crate) fn read<'py>(run: &Bound<'py, PyDict>) -> PyResult<Self> {
        let py = run.py();
        let given = |name: &str| -> PyResult<Option<Bound<'py, PyAny>>> {
            Ok(run.get_item(name)?.filter(|value| !value.is_none()))
        };
        let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |it| it.as_secs());
        let now = match given("now")? {
            Some(value) => time(&value)?,
            None => Timestamp(clock().cast_signed()),
        };
        let year = given("profile")?.map(|value| value.extract::<i64>()).transpose()?;
        let profile = match PROFILES.iter().find(|(known, _)| year.is_none_or(|year| year == *known)) {
            Some((_, profile)) => *profile,
            None => {
                let years = PROFILES.map(|(year, _)| year.to_string()).join(" or ");
                return Err(errors::usage(
                    py,
                    &format!("profile is {years}, not {}", year.unwrap_or_default()),
                ));
            }
        };
        let mut choices = Choices::default();
        for name in
            given("choices")?.map(|value| value.extract::<Vec<String>>()).transpose()?.unwrap_or_default()
        {
            if !choices.choose(&name) {
                return Err(errors::usage(py, &format!("no choice is called {name}")));
            }
        }
        let day = |name: &str| given(name)?.map(|value| day(&value)).transpose();
        let paths = |name: &str| given(name)?.map(|value| value.extract()).transpose();
        let (since, until) = (day("since")?, day("until")?);
        let asn: Option<Vec<PathBuf>> = paths("asn")?;
        Ok(Run { now, profile, since, until, choices, geoip: paths("geoip")?, asn: asn.unwrap_or_default() })
    }

    /// The databases of addresses, if a statistic looks at them; tor's own, if it is there and no other is given.
    pub(crate) fn places(&self, py: Python<'_>, partials: &Partials) -> PyResult<Places> {
        let mut places = Places::default();
        if !partials.names().iter().any(|name| name.by_place()) {
            return Ok(places);
        }
        let usual = || GEOIP.map(PathBuf::from).into_iter().take(1).filter(|path| path.is_file()).collect();
        for path in self.geoip.clone().unwrap_or_else(usual) {
            places.add_countries(database(py, path)?);
        }
        for path in &self.asn {
            places.add_systems(database(py, path.clone())?);
        }
        Ok(places)
    }

    pub(crate) fn options<'p>(&self, places: &'p Places) -> Options<'p> {
        Options {
            profile: self.profile,
            since: self.since,
            until: self.until,
            choices: self.choices,
            places: Some(places).filter(|places| !places.is_empty()),
            ..Options::at(self.now)
        }
    }
}

fn database(py: Python<'_>, path: PathBuf) -> PyResult<Database> {
    let bytes = fs::read(&path).map_err(|error| errors::file(py, &path, &error))?;
    let read = py.detach(|| Database::read(bytes));
    read.map_err(|error| errors::usage(py, &format!("{}: {error}", path.display())))
}

/// A day from a `date`, a `datetime`, or text.
fn day(value: &Bound<'_, PyAny>) -> PyResult<Day> {
    let text = value.str()?.to_string_lossy().into_owned();
    let day = text.get(..10).and_then(Day::parse);
    day.ok_or_else(|| errors::usage(value.py(), &format!("not a day, such as 2020-12-31: {text}")))
}

/// A time from a `datetime`, a `date`, or text with or without a time of day.
pub(crate) fn time(value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    if value.hasattr("timestamp")? {
        return value::timestamp(value);
    }
    let text = value.str()?.to_string_lossy().into_owned();
    let full = if text.len() == 10 { format!("{text} 00:00:00") } else { text.clone() };
    let time = full.as_bytes().try_into().ok().and_then(Timestamp::parse);
    time.ok_or_else(|| errors::usage(value.py(), &format!("not a time, such as 2020-12-31: {text}")))
}
