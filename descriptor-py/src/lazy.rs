//! Attributes of Python's own classes whose objects stand for a document, such as those of `tordesc.stem`.

use pyo3::{intern, prelude::*, types::PyString};

use crate::attribute::Attribute;

/// Reads a column of the document in `_native` when it is asked for the first time; then the value is in the object's
/// dict. What `_read` says counts where there is no such document.
///
/// Times come without their zone, and addresses and policies as text. `convert` is called with a value that is there,
/// `missing` with the object where none is.
#[pyclass(frozen, name = "_Lazy", module = "tordesc")]
pub(crate) struct Lazy {
    name: Py<PyString>,
    attribute: Py<Attribute>,
    row: Py<PyAny>,
    convert: Option<Py<PyAny>>,
    missing: Option<Py<PyAny>>,
}

#[pymethods]
impl Lazy {
    #[new]
    #[pyo3(signature = (name, attribute, row, convert = None, missing = None))]
    fn new(
        name: &Bound<'_, PyString>,
        attribute: Py<Attribute>,
        row: Py<PyAny>,
        convert: Option<Py<PyAny>>,
        missing: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let name = PyString::intern(name.py(), name.to_str()?).unbind();
        Ok(Lazy { name, attribute, row, convert, missing })
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        owner: Option<&Bound<'py, PyAny>>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(owner) = owner else { return Ok(slf.clone().into_any()) };
        let (py, this) = (slf.py(), slf.get());
        let native = owner.getattr(intern!(py, "_native"))?;
        let value = if native.is_none() {
            owner.call_method1(intern!(py, "_read"), (&this.row,))?
        } else {
            let value = this.attribute.get().plain(&native)?;
            match (&this.convert, &this.missing) {
                (_, Some(missing)) if value.is_none() => missing.bind(py).call1((owner,))?,
                (Some(convert), _) if !value.is_none() => convert.bind(py).call1((value,))?,
                _ => value,
            }
        };
        owner.setattr(&this.name, &value)?;
        Ok(value)
    }
}
