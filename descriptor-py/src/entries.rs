//! The parts of a document, such as the entries of a consensus, as a sequence.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use descriptor_core::schema::Schema;
use pyo3::{
    exceptions::{PyIndexError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyList, PySlice, PyType},
};

use crate::{
    classes,
    descriptor::{Descriptor, Place, Reduced},
};

/// The parts of a document that have fields of their own, in order. Each object is made when it is asked for.
#[pyclass(frozen, sequence, module = "tordesc")]
pub(crate) struct Entries {
    parent: Py<Descriptor>,
    field: usize,
    length: usize,
    schema: &'static Schema,
    class: Py<PyType>,
}

impl Entries {
    pub(crate) fn new(parent: &Bound<'_, Descriptor>, field: usize) -> PyResult<Self> {
        let schema = classes::element(parent.get().schema()?, field)?;
        let class = classes::of_schema(parent.py(), schema)?.clone().unbind();
        let length = parent.get().record_of_parts()?.count(field);
        Ok(Entries { parent: parent.clone().unbind(), field, length, schema, class })
    }

    fn make<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        let (field, schema) = (self.field, self.schema);
        let place = Place::Part { parent: self.parent.clone_ref(py), field, index, schema };
        Descriptor::make(self.class.bind(py), place)
    }
}

#[pymethods]
impl Entries {
    fn __len__(&self) -> usize {
        self.length
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = index.cast::<PySlice>() {
            let range = slice.indices(self.length as isize)?;
            let list = PyList::empty(py);
            let mut at = range.start;
            for _ in 0..range.slicelength {
                list.append(self.make(py, at as usize)?)?;
                at += range.step;
            }
            return Ok(list.into_any());
        }
        let index: isize =
            index.extract().map_err(|_| PyTypeError::new_err("an index is an int or a slice"))?;
        let index = if index < 0 { index + self.length as isize } else { index };
        match usize::try_from(index) {
            Ok(index) if index < self.length => self.make(py, index),
            _ => Err(PyIndexError::new_err("index out of range")),
        }
    }

    fn __iter__(&self, py: Python<'_>) -> EntryIterator {
        EntryIterator {
            entries: Entries {
                parent: self.parent.clone_ref(py),
                field: self.field,
                length: self.length,
                schema: self.schema,
                class: self.class.clone_ref(py),
            },
            next: AtomicUsize::new(0),
        }
    }

    /// The place of a part.
    #[pyo3(signature = (value, /))]
    fn index(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        for index in 0..self.length {
            if self.make(py, index)?.eq(value)? {
                return Ok(index);
            }
        }
        Err(PyValueError::new_err("not in the sequence"))
    }

    /// How often a part is there.
    #[pyo3(signature = (value, /))]
    fn count(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        let mut count = 0;
        for index in 0..self.length {
            count += usize::from(self.make(py, index)?.eq(value)?);
        }
        Ok(count)
    }

    /// Parts are equal if they are the same ones of equal documents.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Entries>() else { return Ok(false) };
        let (py, other) = (other.py(), other.get());
        Ok(self.field == other.field && self.parent.bind(py).eq(&other.parent)?)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        Ok(self.parent.bind(py).hash()?.wrapping_add(self.field as isize))
    }

    /// By the document and the place in it.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let args = (&self.parent, self.field).into_pyobject(py)?;
        Ok((py.import("tordesc._tordesc")?.getattr("_entries")?, args))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let class = self.class.bind(py).name()?;
        Ok(format!("<{} of {class}>", self.length))
    }
}

/// Parts out of what `__reduce__` gives.
#[pyfunction]
pub(crate) fn _entries(parent: &Bound<'_, Descriptor>, field: usize) -> PyResult<Entries> {
    match parent.get().schema()?.fields.get(field) {
        Some(_) => Entries::new(parent, field),
        None => Err(PyValueError::new_err("the document has no such parts")),
    }
}

/// An iterator over the parts of a document.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct EntryIterator {
    entries: Entries,
    next: AtomicUsize,
}

impl EntryIterator {
    pub(crate) fn new(parent: &Bound<'_, Descriptor>, field: usize) -> PyResult<Self> {
        Ok(EntryIterator { entries: Entries::new(parent, field)?, next: AtomicUsize::new(0) })
    }
}

#[pymethods]
impl EntryIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.next.fetch_add(1, Relaxed) {
            index if index < self.entries.length => self.entries.make(py, index).map(Some),
            _ => {
                self.next.store(self.entries.length, Relaxed);
                Ok(None)
            }
        }
    }

    fn __length_hint__(&self) -> usize {
        self.entries.length.saturating_sub(self.next.load(Relaxed))
    }
}
