//! Tables: many documents or entries as Arrow batches.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchOptions, ffi_stream::FFI_ArrowArrayStream};
use arrow_schema::{SchemaRef, ffi::FFI_ArrowSchema};
use pyo3::{
    prelude::*,
    types::{PyCapsule, PyDict, PyList},
};

use crate::{errors, texts::Form};

/// A table of documents or entries. Whatever takes Arrow's PyCapsules takes it without a copy: `polars.DataFrame(table)`,
/// `pyarrow.table(table)`, DuckDB, pandas.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct Table {
    /// The form of the batches' texts, and their schema.
    form: Form,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    unparseable: u64,
    errors: Py<PyList>,
}

impl Table {
    pub(crate) fn new(
        form: Form,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
        unparseable: u64,
        errors: Py<PyList>,
    ) -> PyResult<Self> {
        // Types that share a table differ in the schema's metadata.
        let same = |batch: RecordBatch| {
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(Arc::clone(&schema), batch.columns().to_vec(), &options)
        };
        let batches = batches.into_iter().map(same).collect::<Result<_, _>>();
        let batches = batches.map_err(|error| errors::bug(&error.to_string()))?;
        Ok(Table { form, schema, batches, unparseable, errors })
    }

    /// The rows with texts in a form, in which the next tables are made.
    fn stream(&self, py: Python<'_>, form: Form) -> PyResult<Stream> {
        form.want();
        if form == self.form {
            return Ok(Stream { schema: Arc::clone(&self.schema), batches: self.batches.clone() });
        }
        let batches = py.detach(|| form.of(&self.batches));
        let batches = batches.map_err(|error| errors::bug(&error.to_string()))?;
        Ok(Stream { schema: form.schema(&self.schema), batches })
    }
}

/// The rows of a table in one form, for one library.
#[pyclass(frozen, module = "tordesc")]
struct Stream {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

#[pymethods]
impl Stream {
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches = self.batches.clone().into_iter().map(Ok);
        let reader = RecordBatchIterator::new(batches, Arc::clone(&self.schema));
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
    }
}

#[pymethods]
impl Table {
    /// The number of rows.
    #[getter]
    fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The names of the columns, in order.
    #[getter]
    fn column_names(&self) -> Vec<&str> {
        self.schema.fields().iter().map(|field| field.name().as_str()).collect()
    }

    /// The columns with their Arrow types, as text, in order.
    #[getter]
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let columns = PyDict::new(py);
        for field in Form::Plain.schema(&self.schema).fields() {
            columns.set_item(field.name(), field.data_type().to_string())?;
        }
        Ok(columns)
    }

    /// How many documents were left out because a line that they must have is missing or cannot be read.
    #[getter]
    fn unparseable(&self) -> u64 {
        self.unparseable
    }

    /// What could not be read, as exceptions, if `on_error` is `collect`.
    #[getter]
    fn errors(&self, py: Python<'_>) -> Py<PyList> {
        self.errors.clone_ref(py)
    }

    fn __len__(&self) -> usize {
        self.num_rows()
    }

    fn __repr__(&self) -> String {
        format!("<Table {} rows, {} columns>", self.num_rows(), self.schema.fields().len())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&*Form::Plain.schema(&self.schema));
        let schema = schema.map_err(|error| errors::bug(&error.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// The rows as an Arrow stream. A requested schema is not looked at, as Arrow allows.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        self.stream(py, Form::Plain)?.__arrow_c_stream__(py, None)
    }

    /// The rows as a `pyarrow.Table`, without a copy.
    fn to_arrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("pyarrow")?.call_method1("table", (slf,))
    }

    /// The rows as a `polars.DataFrame`; quicker than `polars.DataFrame(table)`, which is given texts as all others are and
    /// has to change them.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        py.import("polars")?.call_method1("DataFrame", (slf.get().stream(py, Form::Views)?,))
    }

    /// The rows as a `pandas.DataFrame`.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::to_arrow(slf)?.call_method0("to_pandas")
    }
}
