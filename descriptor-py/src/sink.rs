//! A sink that builds Python objects.

use std::{net::IpAddr, sync::Mutex};

use descriptor_core::{
    schema::{Recent, Sink},
    value::{EpochMillis, Timestamp},
};
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
pub(crate) struct PySink<'py, 'r> {
    py: Python<'py>,
    /// Where lists and dicts are kept by the text that told them, and what tells the one that comes.
    recent: Option<&'r Mutex<Recent<Py<PyAny>>>>,
    awaited: Option<Vec<u8>>,
    open: Vec<Open<'py>>,
    result: Option<PyResult<Bound<'py, PyAny>>>,
    is_plain: bool,
}

impl<'py, 'r> PySink<'py, 'r> {
    #[inline]
    pub(crate) fn new(py: Python<'py>) -> Self {
        PySink { py, recent: None, awaited: None, open: Vec::new(), result: None, is_plain: false }
    }

    /// The same with a memory for lists and dicts that come again.
    #[inline]
    pub(crate) fn with(py: Python<'py>, recent: &'r Mutex<Recent<Py<PyAny>>>) -> Self {
        PySink { recent: Some(recent), ..Self::new(py) }
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
        if self.open.is_empty()
            && let (Some(text), Some(recent)) = (self.awaited.take(), self.recent)
            && let Some(Ok(made)) = &self.result
            && let (Some(made), Ok(mut recent)) = (copy(made), recent.try_lock())
        {
            recent.put(&text, made.unbind());
        }
    }
}

/// A list or dict of its own, so that whoever changes it changes no other.
#[inline]
fn copy<'py>(made: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    if let Ok(list) = made.cast::<PyList>() {
        return Some(list.get_slice(0, list.len()).into_any());
    }
    made.cast::<PyDict>().ok()?.copy().ok().map(Bound::into_any)
}

impl Sink for PySink<'_, '_> {
    fn known(&mut self, text: &[u8]) -> bool {
        // Another thread that looks there now is no reason to wait.
        let Some(Ok(recent)) = self.recent.filter(|_| self.open.is_empty()).map(Mutex::try_lock) else {
            return false;
        };
        let known = recent.get(text).map(|made| made.clone_ref(self.py));
        drop(recent);
        match known.and_then(|made| copy(made.bind(self.py))) {
            Some(made) => self.push(made),
            None => self.awaited = Some(text.to_vec()),
        }
        self.awaited.is_none()
    }
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
    fn millis(&mut self, value: EpochMillis) {
        let time = value::millis(self.py, value, !self.is_plain);
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
