//! Row filters, as Python writes them.

use descriptor_core::{
    columnar::{Condition, Selection},
    schema::Kind,
    value::Timestamp,
};
use pyo3::{
    prelude::*,
    types::{PyBool, PyDict, PyString, PyTuple},
};

use crate::{errors, value};

/// The conditions of a dict from columns to what they must be: `(from, until)` for times and numbers, a value or several
/// for texts and lists of texts, `{"all": [...]}` for lists that must have all of them, or a bool.
pub(crate) fn conditions(
    given: &Bound<'_, PyDict>,
    selection: &Selection,
) -> PyResult<Vec<(String, Condition)>> {
    let mut all = Vec::new();
    for (name, wanted) in given {
        let name: String = name.extract()?;
        let column = selection.columns().iter().find(|column| column.name == name);
        all.push((name, condition(&wanted, column.map(|column| column.kind))?));
    }
    Ok(all)
}

fn condition(wanted: &Bound<'_, PyAny>, kind: Option<Kind>) -> PyResult<Condition> {
    let py = wanted.py();
    match kind {
        Some(Kind::Time) => {
            let (from, until) = pair(wanted)?;
            return Ok(Condition::Time(time(&from)?, time(&until)?));
        }
        Some(Kind::Int(_) | Kind::Float(_)) if wanted.is_instance_of::<PyTuple>() => {
            let (from, until) = pair(wanted)?;
            return Ok(Condition::Number(from.extract()?, until.extract()?));
        }
        _ => {}
    }
    if let Ok(truth) = wanted.cast::<PyBool>() {
        return Ok(Condition::Is(truth.is_true()));
    }
    if let Ok(words) = wanted.cast::<PyDict>() {
        return match words.get_item("all")? {
            Some(all) if words.len() == 1 => Ok(Condition::All(texts(&all)?)),
            _ => Err(errors::usage(py, "a filter's dict has the key all and no other")),
        };
    }
    texts(wanted).map(Condition::Any)
}

/// The two bounds of a range.
fn pair<'py>(wanted: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let pair = wanted.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
    match pair {
        Some(pair) => Ok((pair.get_item(0)?, pair.get_item(1)?)),
        None => Err(errors::usage(wanted.py(), "a filter of times or numbers is a tuple (from, until)")),
    }
}

/// A bound as a time: a `datetime`, a `date`, an ISO text, or None.
fn time(bound: &Bound<'_, PyAny>) -> PyResult<Option<Timestamp>> {
    if bound.is_none() {
        return Ok(None);
    }
    let (py, mut bound) = (bound.py(), bound.clone());
    if !bound.hasattr("tzinfo")? {
        let text = bound.str()?;
        let text = text.to_str()?.replace('Z', "+00:00");
        bound = py.import("datetime")?.getattr("datetime")?.call_method1("fromisoformat", (text,))?;
    }
    value::timestamp(&bound).map(Some)
}

/// One value or several, as text.
fn texts(wanted: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let text = |value: &Bound<'_, PyAny>| Ok::<_, PyErr>(value.str()?.to_str()?.to_owned());
    match wanted.try_iter() {
        Ok(all) if !wanted.is_instance_of::<PyString>() => all.map(|value| text(&value?)).collect(),
        _ => Ok(vec![text(wanted)?]),
    }
}
