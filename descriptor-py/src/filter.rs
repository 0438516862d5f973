//! Row filters, as Python writes them.

use descriptor_core::{
    columnar::{Condition, FilterError, Selection},
    schema::Kind,
    value::Timestamp,
};
use pyo3::{
    prelude::*,
    types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyMapping, PyString, PyTuple},
};

use crate::{errors, value};

/// How much of what was given an error shows. In characters.
const SHOWN: usize = 60;

/// The conditions of a dict from columns to what they must be: `(from, until)` for times and numbers, a value or several
/// for texts, addresses and lists of such, `{"all": [...]}` for lists that must have all of them, or a bool.
pub(crate) fn conditions(
    given: &Bound<'_, PyDict>,
    selection: &Selection,
) -> PyResult<Vec<(String, Condition)>> {
    let mut all = Vec::new();
    for (name, wanted) in given {
        let name: String = name.extract()?;
        let column = selection.columns().iter().find(|column| column.name == name);
        let condition = match column {
            Some(column) => Asked { name: &name, kind: column.kind }.condition(&wanted)?,
            // Core refuses it.
            None => Condition::Any(Vec::new()),
        };
        all.push((name, condition));
    }
    Ok(all)
}

/// The column that is asked.
struct Asked<'n> {
    name: &'n str,
    kind: Kind,
}

impl Asked<'_> {
    fn condition(&self, wanted: &Bound<'_, PyAny>) -> PyResult<Condition> {
        let pair = wanted.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
        match (self.kind, pair) {
            (Kind::Time, Some(pair)) => {
                return Ok(Condition::Time(self.time(&pair.get_item(0)?)?, self.time(&pair.get_item(1)?)?));
            }
            (Kind::Int(_) | Kind::Float(_), Some(pair)) => {
                return Ok(Condition::Number(
                    self.bound(&pair.get_item(0)?)?,
                    self.bound(&pair.get_item(1)?)?,
                ));
            }
            (Kind::Time, None) => return Err(self.refuse(wanted)),
            _ => {}
        }
        if let Ok(truth) = wanted.cast::<PyBool>() {
            return Ok(Condition::Is(truth.is_true()));
        }
        if let Ok(words) = wanted.cast::<PyDict>() {
            return match words.get_item("all")? {
                Some(all) if words.len() == 1 => self.texts(&all).map(Condition::All),
                _ => Err(errors::usage(wanted.py(), "a filter's dict has the key all and no other")),
            };
        }
        self.texts(wanted).map(Condition::Any)
    }

    /// A bound as a number, or None.
    fn bound(&self, bound: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
        match bound.extract() {
            Ok(number) if !bound.is_instance_of::<PyBool>() => Ok(number),
            _ => Err(self.refuse(bound)),
        }
    }

    /// A bound as a time: a `datetime`, a `date`, an ISO text, or None.
    fn time(&self, bound: &Bound<'_, PyAny>) -> PyResult<Option<Timestamp>> {
        if bound.is_none() {
            return Ok(None);
        }
        let (py, mut bound) = (bound.py(), bound.clone());
        if !bound.hasattr("tzinfo")? {
            if !bound.is_instance_of::<PyString>() && !bound.hasattr("isoformat")? {
                return Err(self.refuse(&bound));
            }
            let text = bound.str()?;
            let text = text.to_str()?.replace('Z', "+00:00");
            let read = py.import("datetime")?.getattr("datetime")?.call_method1("fromisoformat", (text,));
            bound = read.map_err(|_| self.refuse(&bound))?;
        }
        value::timestamp(&bound).map(Some)
    }

    /// One value or several, as text.
    fn texts(&self, wanted: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        if let Some(text) = self.text(wanted)? {
            return Ok(vec![text]);
        }
        let is_one = wanted.is_instance_of::<PyBytes>()
            || wanted.is_instance_of::<PyByteArray>()
            || wanted.is_instance_of::<PyMapping>()
            || is_address(wanted)?;
        match wanted.try_iter() {
            Ok(all) if !is_one => all
                .map(|value| {
                    let value = value?;
                    self.text(&value)?.ok_or_else(|| self.refuse(&value))
                })
                .collect(),
            _ => Err(self.refuse(wanted)),
        }
    }

    /// A value as text, if the column may hold it.
    fn text(&self, value: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let mut kind = self.kind;
        while let Kind::List(inner) | Kind::Policy(inner) = kind {
            kind = *inner;
        }
        let number = !value.is_instance_of::<PyBool>() && value.extract::<i64>().is_ok();
        let suits = match kind {
            Kind::Int(_) => number,
            Kind::Float(_) => number || value.is_instance_of::<PyFloat>(),
            Kind::Address => is_address(value)?,
            Kind::Record(_) => number || is_address(value)?,
            _ => false,
        };
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Some(text.to_str()?.to_owned()));
        }
        Ok(if suits { Some(value.str()?.to_str()?.to_owned()) } else { None })
    }

    fn refuse(&self, given: &Bound<'_, PyAny>) -> PyErr {
        let shown = given.repr().map_or_else(|_| "this".to_owned(), |it| it.to_string_lossy().into_owned());
        let shown: String = shown.chars().take(SHOWN).collect();
        errors::filter(given.py(), &FilterError::kind(self.name, self.kind, shown))
    }
}

/// Whether it is an address or a network of `ipaddress`.
fn is_address(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(value.get_type().module()?.to_str()? == "ipaddress")
}
