//! Types by name or class.

use descriptor_core::document::Type;
use pyo3::{
    prelude::*,
    types::{PyString, PyType},
};

use crate::{classes, errors};

/// The types that a caller means: a name, a class, or several.
pub(crate) fn types(given: &Bound<'_, PyAny>) -> PyResult<Vec<Type>> {
    if given.is_instance_of::<PyString>() || given.is_instance_of::<PyType>() {
        return one(given);
    }
    let mut all = Vec::new();
    for name in given.try_iter()? {
        all.extend(one(&name?)?);
    }
    Ok(all)
}

/// The one type that a caller means; of a class that stands for several the first.
pub(crate) fn one_type(given: &Bound<'_, PyAny>) -> PyResult<Type> {
    one(given)?.first().copied().ok_or_else(|| errors::bug("a class without a type"))
}

fn one(given: &Bound<'_, PyAny>) -> PyResult<Vec<Type>> {
    let py = given.py();
    if let Ok(class) = given.cast::<PyType>() {
        let types = classes::types_of(class)?;
        if types.is_empty() {
            return Err(errors::usage(py, &format!("{} is no type of documents", class.name()?)));
        }
        return Ok(types);
    }
    let name: String = given.extract()?;
    match Type::ALL.iter().find(|kind| kind.name() == name || kind.title() == name) {
        Some(&kind) => {
            // By the name of a class the same is meant as by the class.
            let class = classes::of_type(py, kind)?;
            if kind.title() == name && kind.name() != name {
                classes::types_of(class)
            } else {
                Ok(vec![kind])
            }
        }
        None => {
            let names: Vec<_> = Type::ALL.iter().map(|kind| kind.name()).collect();
            let message = format!("no type is called {name}{}; there are {}", meant(&name), names.join(", "));
            Err(errors::usage(py, &message))
        }
    }
}

/// The type whose name or class is most like a name, or has it within.
fn meant(name: &str) -> String {
    let lower = name.to_lowercase();
    let class = Type::ALL.iter().find(|kind| kind.title().to_lowercase() == lower);
    match class {
        Some(kind) => format!("; did you mean {}?", kind.name()),
        None => errors::meant(&lower, Type::ALL.iter().map(|kind| kind.name())),
    }
}
