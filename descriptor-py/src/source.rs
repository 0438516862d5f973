//! What a caller names as sources, as inputs of core.

use std::{io, path::PathBuf};

use bytes::Bytes;
use descriptor_core::archive::{Input, Stream};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    pybacked::PyBackedBytes,
    types::{PyBytes, PyString},
};

use crate::{errors, gate};

/// What is said to who gives a file of texts.
const TEXT: &str = "the file is open as text, not as bytes; open it with \"rb\"";
/// The longest name of a file. In bytes.
const NAME: usize = 4096;

/// The inputs that a caller means: a path, folder or pattern, bytes, an open file, or several of these.
pub(crate) fn inputs(source: &Bound<'_, PyAny>) -> PyResult<Vec<Input>> {
    let mut inputs = Vec::new();
    add(source, &mut inputs)?;
    Ok(inputs)
}

fn add(source: &Bound<'_, PyAny>, inputs: &mut Vec<Input>) -> PyResult<()> {
    if let Some(bytes) = bytes(source)? {
        inputs.push(Input::Stream(Stream::new("bytes", io::Cursor::new(bytes))));
    } else if let Ok(path) = source.extract::<PathBuf>() {
        let is_pattern = path.to_string_lossy().contains(['*', '?', '[']);
        inputs.push(match path.as_os_str().to_str() {
            Some("-") => Input::Stdin,
            _ if is_pattern || path.exists() => Input::Path(path),
            _ => return Err(errors::missing(source.py(), &path)),
        });
    } else if source.hasattr("read")? {
        let name = match source.getattr_opt("name")? {
            Some(name) if name.is_instance_of::<PyString>() => name.extract()?,
            _ => "file".to_owned(),
        };
        inputs.push(Input::Stream(Stream::new(name, File(source.clone().unbind()))));
    } else {
        let Ok(all) = source.try_iter() else {
            let kind = source.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "a source is a path, bytes, an open file, or several of these, not {kind}"
            )));
        };
        for source in all {
            add(&source?, inputs)?;
        }
    }
    Ok(())
}

/// Bytes without a copy, if the source is bytes; a copy of other buffers.
pub(crate) fn bytes(source: &Bound<'_, PyAny>) -> PyResult<Option<Bytes>> {
    if source.is_instance_of::<PyBytes>() {
        return Ok(Some(Bytes::from_owner(source.extract::<PyBackedBytes>()?)));
    }
    if source.is_instance_of::<pyo3::types::PyByteArray>()
        || source.is_instance_of::<pyo3::types::PyMemoryView>()
    {
        let copy = source.py().get_type::<PyBytes>().call1((source,))?;
        return Ok(Some(Bytes::from_owner(copy.extract::<PyBackedBytes>()?)));
    }
    Ok(None)
}

/// An open file of Python.
struct File(Py<PyAny>);

impl io::Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = gate::call(|py| {
            let read = self.0.bind(py).call_method1("read", (buffer.len(),)).map_err(io::Error::other)?;
            let bytes = read.extract::<PyBackedBytes>().map_err(|_| {
                io::Error::other(PyValueError::new_err("the file is open as text, not as bytes"))
            })?;
            let room = buffer
                .get_mut(..bytes.len())
                .ok_or_else(|| io::Error::other("the file gives more than it was asked for"))?;
            room.copy_from_slice(&bytes);
            Ok(bytes.len())
        });
        read.unwrap_or_else(|| Err(io::Error::other("Python has ended")))
    }
}
