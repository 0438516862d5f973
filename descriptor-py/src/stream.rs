//! A scan as one stream of Arrow, for whatever takes such.

use std::{collections::VecDeque, sync::Arc};

use arrow_array::{RecordBatch, RecordBatchReader, ffi_stream::FFI_ArrowArrayStream};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::{prelude::*, types::PyCapsule};

use crate::{errors, scan::Scan};

/// The rows that a scan still gives, read while they are taken.
struct Rows {
    scan: Py<Scan>,
    schema: SchemaRef,
    ready: VecDeque<RecordBatch>,
}

/// The rows of a scan as a capsule.
pub(crate) fn capsule<'py>(scan: &Bound<'py, Scan>, schema: SchemaRef) -> PyResult<Bound<'py, PyCapsule>> {
    let rows = Rows { scan: scan.clone().unbind(), schema, ready: VecDeque::new() };
    PyCapsule::new_with_value(scan.py(), FFI_ArrowArrayStream::new(Box::new(rows)), c"arrow_array_stream")
}

impl Rows {
    /// Reads on; false if everything was read. What cannot be read is a warning, for nobody sees the tables' lists.
    fn read(&mut self, py: Python<'_>) -> PyResult<bool> {
        let Some(table) = self.scan.get().next(py)? else { return Ok(false) };
        for error in table.errors(py).bind(py) {
            errors::warn_of(&error)?;
        }
        self.ready.extend(table.plain(py)?);
        Ok(true)
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, ArrowError>;

    /// Whoever takes rows may have let go of Python, and may be another thread.
    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            match Python::try_attach(|py| self.read(py)) {
                Some(Ok(true)) => {}
                Some(Ok(false)) => return None,
                Some(Err(error)) => return Some(Err(ArrowError::ExternalError(Box::new(error)))),
                None => return Some(Err(ArrowError::CDataInterface("Python has ended".to_owned()))),
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

impl RecordBatchReader for Rows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
