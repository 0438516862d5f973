//! Attributes: one object a column, put on the class of its table.

use std::ptr;

use descriptor_core::schema::{Kind, Record, Schema};
use pyo3::{
    exceptions::{PyAttributeError, PyTypeError},
    prelude::*,
    types::{PyString, PyType},
};

use crate::{
    classes,
    descriptor::{Descriptor, Place},
    entries::Entries,
    policy::Policy,
    sink::PySink,
};

// No doc comment: it would hide the one of the column.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct Attribute {
    schema: &'static Schema,
    column: usize,
    field: usize,
    part: usize,
    read: Read,
}

/// How a column becomes an object.
enum Read {
    /// As it is told.
    Value,
    /// As an object of a class: the only record of the field.
    Record(Py<PyType>),
    /// As a sequence of such objects.
    Records(Py<PyType>),
    Policy,
}

impl Attribute {
    pub(crate) fn new(py: Python<'_>, schema: &'static Schema, column: usize) -> PyResult<Self> {
        let it = &schema.columns()[column];
        let class = |table: fn() -> &'static Schema| {
            Ok::<_, PyErr>(classes::of_schema(py, table())?.clone().unbind())
        };
        let read = match it.kind {
            Kind::Table(table) => Read::Record(class(table)?),
            Kind::List(Kind::Table(table)) => Read::Records(class(*table)?),
            Kind::Policy(_) => Read::Policy,
            _ => Read::Value,
        };
        Ok(Attribute { schema, column, field: it.field, part: it.part, read })
    }

    /// The column of a document in the plainest form; a policy as text.
    #[inline]
    pub(crate) fn plain<'py>(&self, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = object.py();
        let descriptor = object.cast::<Descriptor>()?.get();
        let record = self.record(descriptor)?;
        if matches!(self.read, Read::Policy) {
            return match record.policy(self.field) {
                Some(policy) => Ok(PyString::new(py, &policy.to_string()).into_any()),
                None => Ok(py.None().into_bound(py)),
            };
        }
        let mut sink = PySink::plain(py);
        descriptor.emit(record, self.field, self.part, &mut sink);
        sink.finish()
    }

    /// What a document shows, if the column is one of it.
    #[inline]
    fn record<'a>(&self, descriptor: &'a Descriptor) -> PyResult<&'a dyn Record> {
        let record = descriptor.record()?;
        if ptr::eq(record.schema(), self.schema) {
            return Ok(record);
        }
        let (name, title) = (&self.schema.columns()[self.column].name, self.schema.title);
        Err(PyTypeError::new_err(format!("{name} is an attribute of {title}")))
    }
}

#[pymethods]
impl Attribute {
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        object: Option<&Bound<'py, PyAny>>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(object) = object else { return Ok(slf.clone().into_any()) };
        let (py, this) = (slf.py(), slf.get());
        let object = object.cast::<Descriptor>()?;
        let descriptor = object.get();
        let record = this.record(descriptor)?;
        match &this.read {
            Read::Value => {
                let mut sink = PySink::new(py);
                descriptor.emit(record, this.field, this.part, &mut sink);
                sink.finish()
            }
            Read::Policy if record.policy(this.field).is_none() => Ok(py.None().into_bound(py)),
            Read::Policy => Ok(Bound::new(py, Policy::new(object, this.field))?.into_any()),
            Read::Record(_) if record.count(this.field) == 0 => Ok(py.None().into_bound(py)),
            Read::Record(class) => {
                let place = Place::Part { parent: object.clone().unbind(), field: this.field, index: 0 };
                Descriptor::make(class.bind(py), place)
            }
            Read::Records(class) => {
                Ok(Bound::new(py, Entries::new(object, this.field, class.clone_ref(py))?)?.into_any())
            }
        }
    }

    fn __set__(&self, _object: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = &self.schema.columns()[self.column].name;
        Err(PyAttributeError::new_err(format!("{name} cannot be set: documents do not change")))
    }

    #[getter]
    fn __doc__(&self) -> String {
        let column = &self.schema.columns()[self.column];
        let doc = self.schema.fields[column.field].doc.split_whitespace().collect::<Vec<_>>().join(" ");
        match column.kind.unit() {
            Some(unit) if !doc.contains("Unit: ") => format!("{doc} In {unit}."),
            _ => doc,
        }
    }

    #[getter]
    fn __name__(&self) -> &str {
        &self.schema.columns()[self.column].name
    }

    #[getter]
    fn __objclass__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyType>> {
        classes::of_schema(py, self.schema).cloned()
    }

    /// The unit of the values; None if they have none.
    #[getter]
    fn unit(&self) -> Option<&'static str> {
        self.schema.columns()[self.column].kind.unit()
    }

    /// The keywords of the lines.
    #[getter]
    fn keywords(&self) -> Vec<&'static str> {
        self.schema.fields[self.field].keywords.to_vec()
    }

    fn __repr__<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        let name = &self.schema.columns()[self.column].name;
        PyString::new(py, &format!("<attribute {name} of tordesc.{}>", self.schema.title))
    }
}
