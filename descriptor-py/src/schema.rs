//! The reference of the fields.

use descriptor_core::{
    columnar::{reference_json, reference_markdown, reference_pyi, reference_stub},
    document::Type,
};
use pyo3::prelude::*;

use crate::{errors, names};

/// The reference of the fields of a type, or of all types by name.
///
/// `format` is `dict`, for a dict with name, doc, spec and fields; `markdown`; or `pyi`, for the classes in a stub.
#[pyfunction]
#[pyo3(signature = (r#type = None, *, format = "dict"))]
pub(crate) fn schema<'py>(
    py: Python<'py>,
    r#type: Option<&Bound<'py, PyAny>>,
    format: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let kinds = match r#type {
        Some(given) => vec![names::one_type(given)?],
        None => Type::ALL.to_vec(),
    };
    let tables = kinds.iter().map(|kind| (kind.info().schema)());
    let text = match (format, &kinds[..]) {
        ("dict", [kind]) => return json(py, *kind),
        ("dict", _) => {
            let all = pyo3::types::PyDict::new(py);
            for kind in kinds {
                all.set_item(kind.name(), json(py, kind)?)?;
            }
            return Ok(all.into_any());
        }
        ("pyi", [kind]) => reference_pyi((kind.info().schema)()),
        ("pyi", _) => reference_stub(),
        ("markdown", _) => tables.map(reference_markdown).collect::<Vec<_>>().join("\n"),
        _ => return Err(errors::usage(py, &format!("format is dict, markdown or pyi, not {format}"))),
    };
    Ok(text.into_pyobject(py)?.into_any())
}

fn json(py: Python<'_>, kind: Type) -> PyResult<Bound<'_, PyAny>> {
    py.import("json")?.call_method1("loads", (reference_json((kind.info().schema)()),))
}
