//! What is wrong with a document.

use descriptor_core::{netdoc::Frame, schema};
use pyo3::prelude::*;

use crate::descriptor::Reduced;

/// Something that is wrong with a document, and where.
#[pyclass(frozen, eq, hash, get_all, module = "tordesc")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Issue {
    /// What is wrong, in words.
    message: String,
    /// The keyword of the line; for a missing line, the keyword that should be there.
    keyword: String,
    /// Where the line begins in the decompressed source. In bytes.
    offset: u64,
    /// The number of the line in the document, from 1.
    line: usize,
    /// Where in the line, from 1. In bytes.
    column: usize,
    /// Where the document comes from.
    source: Option<String>,
}

impl Issue {
    pub(crate) fn new(issue: &schema::Issue, frame: Frame<'_>, source: Option<String>) -> Self {
        let (line, column) = schema::line_and_column(frame.body, issue.span.start);
        Issue {
            message: issue.problem.to_string(),
            keyword: issue.keyword.to_string(),
            offset: frame.offset + issue.span.start as u64,
            line,
            column,
            source,
        }
    }

    pub(crate) fn keyword(&self) -> &str {
        &self.keyword
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }
}

#[pymethods]
impl Issue {
    pub(crate) fn __str__(&self) -> String {
        match self.keyword.as_str() {
            "" => self.message.clone(),
            keyword => format!("{keyword}: {}", self.message),
        }
    }

    fn __repr__(&self) -> String {
        format!("<Issue line {}: {}>", self.line, self.__str__())
    }
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let Issue { message, keyword, offset, line, column, source } = self;
        let args = (message, keyword, *offset, *line, *column, source).into_pyobject(py)?;
        Ok((py.import("tordesc._tordesc")?.getattr("_issue")?, args))
    }
}

/// An issue out of what `__reduce__` gives.
#[pyfunction]
pub(crate) fn _issue(
    message: String,
    keyword: String,
    offset: u64,
    line: usize,
    column: usize,
    source: Option<String>,
) -> Issue {
    Issue { message, keyword, offset, line, column, source }
}
