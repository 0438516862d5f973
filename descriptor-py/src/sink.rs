//! A sink that builds Python objects.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use descriptor_core::{schema::Sink, value::Timestamp};
use pyo3::{
    IntoPyObjectExt,
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyBytes, PyDateTime, PyDict, PyList, PyString, PyTzInfo},
};

/// A list or dict that is not closed yet.
enum Open<'py> {
    List(Bound<'py, PyList>),
    Dict(Bound<'py, PyDict>, Option<Bound<'py, PyAny>>),
}

/// Builds one object out of what it is told. The first error of Python is kept until [`finish`](PySink::finish).
pub(crate) struct PySink<'py> {
    py: Python<'py>,
    open: Vec<Open<'py>>,
    result: PyResult<Option<Bound<'py, PyAny>>>,
}

impl<'py> PySink<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        PySink { py, open: Vec::new(), result: Ok(None) }
    }

    /// The object.
    pub(crate) fn finish(self) -> PyResult<Bound<'py, PyAny>> {
        self.result?.ok_or_else(|| PyRuntimeError::new_err("a value was not closed"))
    }

    fn push<T: IntoPyObjectExt<'py>>(&mut self, value: T) {
        let done = match (value.into_bound_py_any(self.py), self.open.last_mut()) {
            (Err(error), _) => Err(error),
            (Ok(value), None) => {
                self.result = Ok(Some(value));
                return;
            }
            (Ok(value), Some(Open::List(list))) => list.append(value),
            (Ok(value), Some(Open::Dict(dict, key))) => match key.take() {
                Some(key) => dict.set_item(key, value),
                None => Err(PyRuntimeError::new_err("a value in a map has no key")),
            },
        };
        self.keep(done);
    }

    fn keep<T>(&mut self, done: PyResult<T>) -> Option<T> {
        match done {
            Ok(value) => Some(value),
            Err(error) => {
                if self.result.is_ok() {
                    self.result = Err(error);
                }
                None
            }
        }
    }

    /// Text as `str`. What is not UTF-8 becomes lone surrogates, so that `encode("utf-8", "surrogateescape")` gives
    /// the document's bytes again.
    fn string(&self, text: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        match std::str::from_utf8(text) {
            Ok(text) => Ok(PyString::new(self.py, text).into_any()),
            Err(_) => PyBytes::new(self.py, text).call_method1("decode", ("utf-8", "surrogateescape")),
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::List(list)) => self.push(list),
            Some(Open::Dict(dict, _)) => self.push(dict),
            None => {}
        }
    }
}

impl Sink for PySink<'_> {
    fn null(&mut self) {
        let none = self.py.None();
        self.push(none);
    }
    fn bool(&mut self, value: bool) {
        self.push(value);
    }
    fn int(&mut self, value: i64) {
        self.push(value);
    }
    fn float(&mut self, value: f64) {
        self.push(value);
    }
    fn text(&mut self, value: &[u8]) {
        let text = self.string(value);
        if let Some(text) = self.keep(text) {
            self.push(text);
        }
    }
    fn hex(&mut self, value: &[u8]) {
        self.push(const_hex::encode_upper(value));
    }
    fn base64(&mut self, value: &[u8]) {
        self.push(STANDARD_NO_PAD.encode(value));
    }
    fn time(&mut self, value: Timestamp) {
        let made = PyTzInfo::utc(self.py)
            .and_then(|utc| PyDateTime::from_timestamp(self.py, value.0 as f64, Some(&utc.to_owned())));
        if let Some(time) = self.keep(made) {
            self.push(time);
        }
    }
    fn address(&mut self, value: IpAddr) {
        self.push(value);
    }
    fn list(&mut self) {
        self.open.push(Open::List(PyList::empty(self.py)));
    }
    fn end_list(&mut self) {
        self.close();
    }
    fn map(&mut self) {
        self.open.push(Open::Dict(PyDict::new(self.py), None));
    }
    fn key(&mut self, key: &[u8]) {
        let made = self.string(key);
        let made = self.keep(made);
        if let Some(Open::Dict(_, key)) = self.open.last_mut() {
            *key = made;
        }
    }
    fn end_map(&mut self) {
        self.close();
    }
}
