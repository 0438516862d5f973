//! Drawings of graphs.

use std::{fs, path::PathBuf};

use pyo3::{prelude::*, types::PyBytes};

use crate::errors;

/// A drawing of a graph, which notebooks show.
#[pyclass(frozen, name = "Plot", module = "tordesc")]
pub(crate) struct Drawing {
    /// The plot's name.
    #[pyo3(get)]
    pub(crate) name: &'static str,
    /// The drawing as SVG.
    #[pyo3(get)]
    pub(crate) svg: String,
}

#[pymethods]
impl Drawing {
    /// Writes the SVG to a file.
    #[pyo3(signature = (path))]
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        if path.extension().is_some_and(|it| !it.eq_ignore_ascii_case("svg")) {
            return Err(errors::usage(py, &format!("{}: a drawing is saved as .svg", path.display())));
        }
        Ok(fs::write(path, &self.svg)?)
    }

    fn _repr_svg_(&self) -> &str {
        &self.svg
    }

    fn _repr_html_(&self) -> &str {
        &self.svg
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.svg.as_bytes())
    }

    fn __repr__(&self) -> String {
        format!("<Plot {}>", self.name)
    }
}
