//! Attributes: one object a column, put on the class of its table.

use std::{ptr, sync::Mutex};

use descriptor_core::{
    document::Type,
    netdoc::Frame,
    schema::{Kind, Recent, Schema},
};
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
    /// Lists and dicts that were made lately.
    recent: Mutex<Recent<Py<PyAny>>>,
}

/// How a column becomes an object.
enum Read {
    /// As it is told.
    Value,
    /// As an object of a class: the only record of the field.
    Record(Py<PyType>),
    /// As a sequence of such objects.
    Records,
    /// As an object that answers; whether it is there even if no line tells it.
    Policy(bool),
}

/// Whether a document of a table has a policy whatever its lines are.
fn always(schema: &'static Schema, field: usize) -> bool {
    let kind = Type::ALL.iter().find(|kind| ptr::eq((kind.info().schema)(), schema));
    kind.is_some_and(|&kind| kind.parse(Frame::whole(kind, b"")).partial.policy(field).is_some())
}

impl Attribute {
    pub(crate) fn new(py: Python<'_>, schema: &'static Schema, column: usize) -> PyResult<Self> {
        let it = &schema.columns()[column];
        let class = |table: fn() -> &'static Schema| {
            Ok::<_, PyErr>(classes::of_schema(py, table())?.clone().unbind())
        };
        let read = match it.kind {
            Kind::Table(table) => Read::Record(class(table)?),
            Kind::List(Kind::Table(_)) => Read::Records,
            Kind::Policy(_) => Read::Policy(always(schema, it.field)),
            _ => Read::Value,
        };
        Ok(Attribute { schema, column, field: it.field, part: it.part, read, recent: Mutex::default() })
    }

    /// The column of a document in the plainest form; a policy as text.
    #[inline]
    pub(crate) fn plain<'py>(&self, object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = object.py();
        let descriptor = object.cast::<Descriptor>()?.get();
        self.check(descriptor)?;
        if matches!(self.read, Read::Policy(_)) {
            return match descriptor.record_with(self.field)?.policy(self.field) {
                Some(policy) => Ok(PyString::new(py, &policy.to_string()).into_any()),
                None => Ok(py.None().into_bound(py)),
            };
        }
        let mut sink = PySink::plain(py);
        descriptor.emit(self.field, self.part, &mut sink)?;
        sink.finish()
    }

    /// Whether the column is one of a document.
    #[inline]
    fn check(&self, descriptor: &Descriptor) -> PyResult<()> {
        if ptr::eq(descriptor.schema()?, self.schema) {
            return Ok(());
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
        this.check(descriptor)?;
        match &this.read {
            Read::Value => {
                let mut sink = PySink::with(py, &this.recent);
                descriptor.emit(this.field, this.part, &mut sink)?;
                sink.finish()
            }
            Read::Policy(always) => {
                if !always && descriptor.record_with(this.field)?.policy(this.field).is_none() {
                    return Ok(py.None().into_bound(py));
                }
                Ok(Bound::new(py, Policy::new(object, this.field))?.into_any())
            }
            Read::Record(class) => {
                let Some(record) = descriptor.record_of_parts()?.nth(this.field, 0) else {
                    return Ok(py.None().into_bound(py));
                };
                let (parent, schema) = (object.clone().unbind(), record.schema());
                let place = Place::Part { parent, field: this.field, index: 0, schema };
                Descriptor::make(class.bind(py), place)
            }
            Read::Records => Ok(Bound::new(py, Entries::new(object, this.field)?)?.into_any()),
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
