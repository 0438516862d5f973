//! Arguments that Python has no type for.

use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::PyString,
};

/// How many; not fewer than none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) usize);

impl<'py> FromPyObject<'_, 'py> for Count {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        count(given.extract()?).map(Count)
    }
}

/// The same of an argument with a default, which help shows if it is plain.
pub(crate) fn count(given: i64) -> PyResult<usize> {
    usize::try_from(given).map_err(|_| PyValueError::new_err(format!("a number from 0 on, not {given}")))
}

/// How many threads are meant; as many as there are processors if nothing is said.
pub(crate) fn threads(given: Option<Count>) -> usize {
    given.map_or(0, |given| given.0)
}

/// A port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Port(pub(crate) u16);

impl<'py> FromPyObject<'_, 'py> for Port {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let port = u16::try_from(given.extract::<i64>()?);
        port.map(Port)
            .map_err(|_| PyValueError::new_err(format!("a port is from 0 to 65535, not {}", &*given)))
    }
}

/// Names of columns: several, or one.
#[derive(Debug, Clone)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl<'py> FromPyObject<'_, 'py> for Names {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(one) = given.cast::<PyString>() {
            return Ok(Names(vec![one.to_str()?.to_owned()]));
        }
        let wrong = || PyTypeError::new_err(format!("columns are names, not {}", &*given));
        let all = given.try_iter().map_err(|_| wrong())?;
        all.map(|name| name?.extract().map_err(|_| wrong())).collect::<PyResult<_>>().map(Names)
    }
}
