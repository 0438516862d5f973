//! Tables: many documents or entries as Arrow batches.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchOptions, ffi_stream::FFI_ArrowArrayStream};
use arrow_ipc::{reader::StreamReader, writer::StreamWriter};
use arrow_schema::{ArrowError, Schema, SchemaRef, ffi::FFI_ArrowSchema};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyBytes, PyCapsule, PyDict, PyList},
};

use crate::{descriptor::Reduced, errors, texts::Form};

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

    /// The rows with texts as most libraries want them.
    pub(crate) fn plain(&self, py: Python<'_>) -> PyResult<Vec<RecordBatch>> {
        Ok(self.stream(py, Form::Plain)?.batches)
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

/// Columns as a capsule.
pub(crate) fn schema_capsule<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema).map_err(|error| errors::bug(&error.to_string()))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
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
    pub(crate) fn errors(&self, py: Python<'_>) -> Py<PyList> {
        self.errors.clone_ref(py)
    }

    fn __len__(&self) -> usize {
        self.num_rows()
    }

    /// The rows as dicts, one after the other; needs pyarrow. All at once is much quicker, as `to_pandas` and others do.
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let batches = Self::to_arrow(slf)?.call_method0("to_batches")?;
        let rows = py.import("pyarrow")?.getattr("RecordBatch")?.getattr("to_pylist")?;
        let lists = py.import("builtins")?.call_method1("map", (rows, batches))?;
        py.import("itertools")?.getattr("chain")?.call_method1("from_iterable", (lists,))
    }

    /// As a stream of Arrow's own format.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let schema = Form::Plain.schema(&self.schema);
        let batches = self.plain(py)?;
        let write = || {
            let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
            batches.iter().try_for_each(|batch| writer.write(batch))?;
            writer.into_inner()
        };
        let bytes = py.detach(write).map_err(|error| errors::bug(&error.to_string()))?;
        let args = (PyBytes::new(py, &bytes), self.unparseable, &self.errors).into_pyobject(py)?;
        Ok((py.import("tordesc._tordesc")?.getattr("_table")?, args))
    }

    fn __repr__(&self) -> String {
        format!("<Table {} rows, {} columns>", self.num_rows(), self.schema.fields().len())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &Form::Plain.schema(&self.schema))
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

/// A table out of what `__reduce__` gives.
#[pyfunction]
pub(crate) fn _table(py: Python<'_>, stream: &[u8], unparseable: u64, errors: Py<PyList>) -> PyResult<Table> {
    let read = || {
        let reader = StreamReader::try_new(stream, None)?;
        let schema = reader.schema();
        Ok::<_, ArrowError>((schema, reader.collect::<Result<Vec<_>, _>>()?))
    };
    let (schema, batches) = py.detach(read).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Table::new(Form::Plain, schema, batches, unparseable, errors)
}
