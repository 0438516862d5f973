//! Errors of core as exceptions, which are classes of `tordesc._errors`.

use std::{io, path::Path};

use descriptor_core::{
    archive,
    columnar::{ColumnarError, FilterError, Selection, UnknownColumn, Unread},
    suggest::nearest,
};
use pyo3::{
    exceptions::{PyRuntimeError, PyRuntimeWarning},
    prelude::*,
    types::{PyDict, PyType},
};

use crate::issue::Issue;

/// Makes an exception of a class, with what is known about it.
pub(crate) fn make(
    py: Python<'_>,
    class: &str,
    message: &str,
    fill: impl FnOnce(&Bound<'_, PyDict>) -> PyResult<()>,
) -> PyErr {
    let made = || {
        let class = py.import("tordesc._errors")?.getattr(class)?.cast_into::<PyType>()?;
        let details = PyDict::new(py);
        fill(&details)?;
        class.call((message,), Some(&details))
    };
    match made() {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

/// A mistake of the caller, such as a type that does not exist.
pub(crate) fn usage(py: Python<'_>, message: &str) -> PyErr {
    make(py, "UsageError", message, |_| Ok(()))
}

/// A filter or a choice of columns that cannot be made; where a column is of entries, how it can be had.
pub(crate) fn filter(py: Python<'_>, error: &FilterError) -> PyErr {
    match error {
        FilterError::Kind { .. } => make(py, "FilterError", &error.to_string(), |_| Ok(())),
        FilterError::Column(unknown) if is_of_entries(unknown) => {
            let plain = UnknownColumn { suggestion: None, ..unknown.clone() };
            usage(py, &format!("{plain}; entries=True gives rows that have it"))
        }
        FilterError::Column(_) | FilterError::Leading(_) => usage(py, &error.to_string()),
    }
}

/// Whether rows of entries have a column that was asked for.
fn is_of_entries(unknown: &UnknownColumn) -> bool {
    let entries = Selection::entries(unknown.kind);
    entries.is_some_and(|entries| entries.columns().iter().any(|column| column.name == unknown.name))
}

/// A file that is not there.
pub(crate) fn missing(py: Python<'_>, path: &Path) -> PyErr {
    let message = format!("{}: no such file or folder", path.display());
    make(py, "MissingError", &message, |details| details.set_item("source", path))
}

/// A pattern that no file fits.
pub(crate) fn unmatched(py: Python<'_>, pattern: &Path) -> PyErr {
    let message = format!("{}: no such file, and none fits it as a pattern", pattern.display());
    make(py, "MissingError", &message, |details| details.set_item("source", pattern))
}

/// A file that could not be opened or understood.
pub(crate) fn file(py: Python<'_>, path: &Path, error: &io::Error) -> PyErr {
    if error.kind() == io::ErrorKind::NotFound {
        return missing(py, path);
    }
    make(py, "ReadError", &format!("{}: {error}", path.display()), |details| details.set_item("source", path))
}

/// A file that could not be written.
pub(crate) fn unwritten(py: Python<'_>, path: &Path, error: &io::Error) -> PyErr {
    make(py, "WriteError", &format!("{}: {error}", path.display()), |details| {
        details.set_item("source", path)
    })
}

/// The most like name, as the end of an error's message.
pub(crate) fn meant<'a>(name: &str, all: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, all).map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// Something that could not be read.
pub(crate) fn read(py: Python<'_>, error: &archive::Error) -> PyErr {
    if let Some(error) = python(error) {
        return error.clone_ref(py);
    }
    make(py, "ReadError", &error.to_string(), |details| {
        details.set_item("source", error.source.to_string())?;
        details.set_item("offset", error.cause.offset())
    })
}

/// The exception of an open file of Python.
fn python(error: &archive::Error) -> Option<&PyErr> {
    std::error::Error::source(error)?.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<PyErr>()
}

/// A document of no known type.
pub(crate) fn unknown(py: Python<'_>, source: Option<String>, offset: u64, head: &[u8]) -> PyErr {
    let text = String::from_utf8_lossy(head);
    let message =
        format!("{}byte {offset}: no document type begins like this: {text}", place(source.as_deref()));
    make(py, "UnknownTypeError", &message, |details| {
        details.set_item("source", source)?;
        details.set_item("offset", offset)
    })
}

/// A document that is not as it must be.
pub(crate) fn document(
    py: Python<'_>,
    source: Option<String>,
    issue: &Issue,
    document: &Bound<'_, PyAny>,
) -> PyErr {
    let message = format!("{}byte {}: {}", place(source.as_deref()), issue.offset(), issue.__str__());
    make(py, "DocumentError", &message, |details| {
        details.set_item("keyword", issue.keyword())?;
        details.set_item("offset", issue.offset())?;
        details.set_item("line", issue.line())?;
        details.set_item("source", source)?;
        details.set_item("document", document)
    })
}

fn place(source: Option<&str>) -> String {
    source.map(|source| format!("{source}: ")).unwrap_or_default()
}

/// A document that tables leave out.
pub(crate) fn unread(py: Python<'_>, unread: &Unread) -> PyErr {
    // What was given as bytes has no name.
    let source = Some(unread.source.to_string()).filter(|it| it != "bytes");
    if unread.kind.is_none() {
        return unknown(py, source, unread.offset, &unread.head);
    }
    let issue = unread.issue.as_ref();
    let what = issue.map_or_else(|| "the document cannot be read".to_owned(), ToString::to_string);
    let offset = unread.offset + issue.map_or(0, |issue| issue.span.start as u64);
    let message = format!("{}byte {offset}: {what}", place(source.as_deref()));
    make(py, "DocumentError", &message, |details| {
        details.set_item("keyword", issue.map(|issue| &*issue.keyword))?;
        details.set_item("offset", offset)?;
        details.set_item("line", unread.line)?;
        details.set_item("source", source)
    })
}

/// Something that could not be written.
pub(crate) fn columnar(py: Python<'_>, error: &ColumnarError) -> PyErr {
    let hint = match error {
        ColumnarError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
            "; append=True adds to them"
        }
        _ => "",
    };
    make(py, "WriteError", &format!("{error}{hint}"), |_| Ok(()))
}

/// Says what could not be read, where nobody can be given a list.
pub(crate) fn warn(py: Python<'_>, error: &archive::Error) -> PyResult<()> {
    warn_of(read(py, error).value(py).as_any())
}

/// The same with an exception.
pub(crate) fn warn_of(error: &Bound<'_, PyAny>) -> PyResult<()> {
    say(error.py(), &format!("{}: {}", error.get_type().name()?, error.str()?))
}

/// A warning.
pub(crate) fn say(py: Python<'_>, text: &str) -> PyResult<()> {
    py.import("warnings")?.call_method1("warn", (text, py.get_type::<PyRuntimeWarning>(), 2))?;
    Ok(())
}

/// A reader that was taken over into another process, where none of its threads are.
pub(crate) fn forked(py: Python<'_>) -> PyErr {
    usage(py, "the reading was begun in another process, before a fork; begin it in the one that reads")
}

/// A mistake of this module.
pub(crate) fn bug(what: &str) -> PyErr {
    PyRuntimeError::new_err(format!("a bug of tordesc: {what}"))
}
