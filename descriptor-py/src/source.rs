//! What a caller names as sources, as inputs of core.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use descriptor_core::archive::{Input, Stream};
use pyo3::{
    exceptions::PyTypeError,
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
    let py = source.py();
    if let Some(bytes) = bytes(source)? {
        inputs.push(Input::Stream(Stream::new("bytes", io::Cursor::new(bytes))));
    } else if source.cast::<PyString>().is_ok_and(|text| text.to_string_lossy().contains('\n')) {
        return Err(PyTypeError::new_err(
            "a text is a path, and this one has lines; documents themselves are given as bytes",
        ));
    } else if let Ok(path) = source.extract::<PathBuf>() {
        inputs.push(match path.as_os_str().to_str() {
            Some("-") => Input::Stdin,
            _ if path.exists() => Input::Path(path),
            Some(text) if text.contains(['*', '?', '[']) => {
                // Below `**` are perhaps many folders, which are looked through once, while files are read.
                let none =
                    || !text.contains("**") && glob::glob(text).is_ok_and(|mut all| all.next().is_none());
                if py.detach(none) {
                    return Err(errors::unmatched(py, &path));
                }
                Input::Path(path)
            }
            _ => return Err(errors::missing(py, &path)),
        });
    } else if source.hasattr("read")? {
        if source.is_instance(&py.import("io")?.getattr("TextIOBase")?)? {
            return Err(PyTypeError::new_err(TEXT));
        }
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

/// Bytes without a copy, if the source is bytes; a copy of other buffers. Bytes are what is read: the name of a file, as
/// `os.fsencode` gives it, is refused.
pub(crate) fn bytes(source: &Bound<'_, PyAny>) -> PyResult<Option<Bytes>> {
    if let Ok(bytes) = source.cast::<PyBytes>() {
        if names_file(bytes.as_bytes()) {
            return Err(PyTypeError::new_err(
                "bytes are documents themselves, and these are the name of a file; os.fsdecode makes a path of them",
            ));
        }
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

/// Whether bytes are the name of a file and not a document, which has lines.
fn names_file(bytes: &[u8]) -> bool {
    let is_short = !bytes.is_empty() && bytes.len() <= NAME && !bytes.contains(&b'\n');
    is_short && std::str::from_utf8(bytes).is_ok_and(|path| Path::new(path).exists())
}

/// An open file of Python.
struct File(Py<PyAny>);

impl io::Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = gate::call(|py| {
            let read = self.0.bind(py).call_method1("read", (buffer.len(),)).map_err(io::Error::other)?;
            let bytes =
                read.extract::<PyBackedBytes>().map_err(|_| io::Error::other(PyTypeError::new_err(TEXT)))?;
            let room = buffer
                .get_mut(..bytes.len())
                .ok_or_else(|| io::Error::other("the file gives more than it was asked for"))?;
            room.copy_from_slice(&bytes);
            Ok(bytes.len())
        });
        read.unwrap_or_else(|| Err(io::Error::other("Python has ended")))
    }
}
