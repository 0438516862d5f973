//! The Python module `tordesc`: converts arguments, releases the GIL, calls core, converts the result.
//!
//! No field name is written here; what a document holds is told by its schema.

mod sink;

use descriptor_core::{
    document::{AnyParsed, Digests, Type},
    netdoc::frames,
    schema::Sink,
};
use pyo3::{
    create_exception,
    exceptions::PyException,
    prelude::*,
    types::{PyBytes, PyDict, PyList},
};

use crate::sink::PySink;

create_exception!(tordesc, TordescError, PyException, "What all errors of this module are.");

/// A document as core gives it, made without the GIL.
struct Read<'a> {
    kind: Option<Type>,
    offset: u64,
    length: usize,
    digests: Digests,
    parsed: Option<AnyParsed<'a>>,
}

/// Reads all documents in a byte string, one dict each.
///
/// `type` is the type of documents that say it neither by annotation nor by first line. A document of no known type
/// is a dict without columns.
#[pyfunction]
#[pyo3(signature = (data, /, *, r#type = None))]
fn parse<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyBytes>,
    r#type: Option<&str>,
) -> PyResult<Bound<'py, PyList>> {
    let hint = match r#type {
        None => None,
        Some(name) => Some(
            Type::of_name(name)
                .ok_or_else(|| TordescError::new_err(format!("no descriptor type is called {name}")))?,
        ),
    };
    let bytes = data.as_bytes();
    let documents: Vec<Read<'_>> = py.detach(|| {
        frames(bytes, hint)
            .map(|frame| Read {
                kind: frame.kind,
                offset: frame.offset,
                length: frame.body.len(),
                digests: frame.kind.map(|kind| kind.digests(frame.body)).unwrap_or_default(),
                parsed: frame.kind.map(|kind| kind.parse(frame)),
            })
            .collect()
    });
    let list = PyList::empty(py);
    for document in &documents {
        list.append(to_dict(py, document)?)?;
    }
    Ok(list)
}

fn to_dict<'py>(py: Python<'py>, document: &Read<'_>) -> PyResult<Bound<'py, PyDict>> {
    let mut sink = PySink::new(py);
    sink.map();
    sink.key(b"type");
    match document.kind {
        Some(kind) => sink.text(kind.name().as_bytes()),
        None => sink.null(),
    }
    sink.key(b"offset");
    sink.int(document.offset as i64);
    sink.key(b"length");
    sink.int(document.length as i64);
    sink.key(b"digest");
    sink.map();
    if let Some(sha1) = &document.digests.sha1 {
        sink.key(b"sha1");
        sink.hex(&sha1.0);
    }
    if let Some(sha256) = &document.digests.sha256 {
        sink.key(b"sha256");
        sink.base64(&sha256.0);
    }
    sink.end_map();
    sink.key(b"issues");
    sink.list();
    for issue in document.parsed.iter().flat_map(|parsed| &parsed.issues) {
        sink.text(issue.to_string().as_bytes());
    }
    sink.end_list();
    if let Some(parsed) = &document.parsed {
        let record = parsed.partial.as_ref();
        for column in record.schema().columns() {
            sink.key(column.name.as_bytes());
            parsed.emit(record, column.field, column.part, &mut sink);
        }
    }
    sink.end_map();
    Ok(sink.finish()?.cast_into::<PyDict>()?)
}

#[pymodule(gil_used = false)]
mod _tordesc {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::{TordescError, parse};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
