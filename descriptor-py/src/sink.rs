//! A sink that builds Python objects.

use std::net::IpAddr;

use descriptor_core::{schema::Sink, value::Timestamp};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyList, PyString},
};

use crate::value;

/// A list or dict that is not closed yet.
enum Open<'py> {
    List(Vec<Bound<'py, PyAny>>),
    Dict(Bound<'py, PyDict>, Option<Bound<'py, PyAny>>),
}

/// How many elements most lists have at most: flags.
const FEW: usize = 10;

/// Builds one object out of what it is told. The first error of Python is kept until [`finish`](PySink::finish).
pub(crate) struct PySink<'py> {
    py: Python<'py>,
    open: Vec<Open<'py>>,
    result: Option<PyResult<Bound<'py, PyAny>>>,
    is_plain: bool,
}

impl<'py> PySink<'py> {
    #[inline]
    pub(crate) fn new(py: Python<'py>) -> Self {
        PySink { py, open: Vec::new(), result: None, is_plain: false }
    }

    /// The same with times without their zone, and addresses as text.
    #[inline]
    pub(crate) fn plain(py: Python<'py>) -> Self {
        PySink { is_plain: true, ..Self::new(py) }
    }

    /// The object.
    #[inline]
    pub(crate) fn finish(self) -> PyResult<Bound<'py, PyAny>> {
        self.result.unwrap_or_else(|| Err(PyRuntimeError::new_err("a value was not closed")))
    }

    /// Adds an object that was made elsewhere.
    #[inline]
    pub(crate) fn push(&mut self, value: Bound<'py, PyAny>) {
        let done = match self.open.last_mut() {
            None => {
                self.result.get_or_insert(Ok(value));
                return;
            }
            Some(Open::List(list)) => {
                list.push(value);
                return;
            }
            Some(Open::Dict(dict, key)) => match key.take() {
                Some(key) => dict.set_item(key, value),
                None => Err(PyRuntimeError::new_err("a value in a map has no key")),
            },
        };
        self.keep(done);
    }

    #[inline]
    fn put(&mut self, value: PyResult<Bound<'py, PyAny>>) {
        if let Some(value) = self.keep(value) {
            self.push(value);
        }
    }

    #[inline]
    fn keep<T>(&mut self, done: PyResult<T>) -> Option<T> {
        match done {
            Ok(value) => Some(value),
            Err(error) => {
                self.result.get_or_insert(Err(error));
                None
            }
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::List(list)) => {
                let list = PyList::new(self.py, list).map(Bound::into_any);
                self.put(list);
            }
            Some(Open::Dict(dict, _)) => self.push(dict.into_any()),
            None => {}
        }
    }
}

impl Sink for PySink<'_> {
    fn null(&mut self) {
        let none = self.py.None().into_bound(self.py);
        self.push(none);
    }
    fn bool(&mut self, value: bool) {
        let value = PyBool::new(self.py, value).to_owned().into_any();
        self.push(value);
    }
    fn int(&mut self, value: i64) {
        let Ok(value) = value.into_pyobject(self.py);
        self.push(value.into_any());
    }
    fn float(&mut self, value: f64) {
        let value = PyFloat::new(self.py, value).into_any();
        self.push(value);
    }
    fn text(&mut self, value: &[u8]) {
        let text = match self.open.last() {
            None => value::string(self.py, value),
            Some(_) => value::repeated(self.py, value),
        };
        self.put(text);
    }
    fn hex(&mut self, value: &[u8]) {
        let value = value::hex(self.py, value);
        self.push(value);
    }
    fn base64(&mut self, value: &[u8]) {
        let made = value::base64(self.py, value);
        self.put(made);
    }
    fn time(&mut self, value: Timestamp) {
        let time = if self.is_plain { value::naive(self.py, value) } else { value::time(self.py, value) };
        self.put(time);
    }
    fn address(&mut self, value: IpAddr) {
        let address = if self.is_plain {
            Ok(PyString::new(self.py, &value.to_string()).into_any())
        } else {
            value::address(self.py, value)
        };
        self.put(address);
    }
    fn list(&mut self) {
        self.open.push(Open::List(Vec::with_capacity(FEW)));
    }
    fn end_list(&mut self) {
        self.close();
    }
    fn map(&mut self) {
        self.open.push(Open::Dict(PyDict::new(self.py), None));
    }
    fn key(&mut self, key: &[u8]) {
        let made = value::repeated(self.py, key);
        let made = self.keep(made);
        if let Some(Open::Dict(_, key)) = self.open.last_mut() {
            *key = made;
        }
    }
    fn end_map(&mut self) {
        self.close();
    }
}
