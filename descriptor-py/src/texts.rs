//! The texts of tables in the form that a library wants: as views for Polars, which keeps them so, one behind the other for
//! all others, of which many know nothing else. Tables are made in the form that was wanted last, and changed only if another
//! one is wanted now.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use arrow_array::{
    Array, ArrayRef, ListArray, MapArray, RecordBatch, RecordBatchOptions, StringArray, StringViewArray,
    StructArray, builder::StringBuilder, cast::AsArray,
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use descriptor_core::threads::{processors, side_by_side};

/// Some rows are too few for a thread.
const FEW: usize = 1024;

static VIEWS: AtomicBool = AtomicBool::new(false);

/// How texts stand in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `Utf8`.
    Plain,
    /// `Utf8View`.
    Views,
}

impl Form {
    /// The form that was wanted last, in which the next tables are made.
    pub(crate) fn last_wanted() -> Self {
        if VIEWS.load(Relaxed) { Form::Views } else { Form::Plain }
    }

    /// The same rows with all texts in this form, by all processors.
    pub(crate) fn of(self, batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let threads = processors().min(rows / FEW);
        side_by_side(batches, threads, || |batch: &_| self.batch(batch)).into_iter().collect()
    }

    /// This is the form that is wanted now.
    pub(crate) fn want(self) {
        VIEWS.store(self == Form::Views, Relaxed);
    }

    fn batch(self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = batch.columns().iter().map(|it| self.array(it)).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema(&batch.schema()), columns, &options)
    }

    /// The schema of rows whose texts are in this form.
    pub(crate) fn schema(self, schema: &SchemaRef) -> SchemaRef {
        Arc::new(Schema::new_with_metadata(self.fields(schema.fields()), schema.metadata().clone()))
    }

    fn fields(self, all: &Fields) -> Fields {
        all.iter().map(|it| self.field(it)).collect()
    }

    fn field(self, field: &FieldRef) -> FieldRef {
        match self.data_type(field.data_type()) {
            same if same == *field.data_type() => Arc::clone(field),
            other => Arc::new(Field::clone(field).with_data_type(other)),
        }
    }

    fn data_type(self, kind: &DataType) -> DataType {
        match (kind, self) {
            (DataType::Utf8 | DataType::Utf8View, Form::Plain) => DataType::Utf8,
            (DataType::Utf8 | DataType::Utf8View, Form::Views) => DataType::Utf8View,
            (DataType::List(element), _) => DataType::List(self.field(element)),
            (DataType::Map(entries, sorted), _) => DataType::Map(self.field(entries), *sorted),
            (DataType::Struct(parts), _) => DataType::Struct(self.fields(parts)),
            (other, _) => other.clone(),
        }
    }

    fn array(self, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        Ok(match (values.data_type(), self) {
            (DataType::Utf8, Form::Views) => Arc::new(StringViewArray::from(values.as_string::<i32>())),
            (DataType::Utf8View, Form::Plain) => Arc::new(plain(values.as_string_view())),
            (DataType::List(element), _) => {
                let list = values.as_list::<i32>();
                let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
                let elements = self.array(list.values())?;
                Arc::new(ListArray::try_new(self.field(element), offsets, elements, nulls)?)
            }
            (DataType::Map(entries, sorted), _) => {
                let map = values.as_map();
                let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
                let record = self.record(map.entries())?;
                Arc::new(MapArray::try_new(self.field(entries), offsets, record, nulls, *sorted)?)
            }
            (DataType::Struct(_), _) => Arc::new(self.record(values.as_struct())?),
            _ => Arc::clone(values),
        })
    }

    fn record(self, record: &StructArray) -> Result<StructArray, ArrowError> {
        let parts = record.columns().iter().map(|it| self.array(it)).collect::<Result<Vec<_>, _>>()?;
        let fields = self.fields(record.fields());
        StructArray::try_new_with_length(fields, parts, record.nulls().cloned(), record.len())
    }
}

/// Views as texts one behind the other. A batch has no more of them than offsets of 32 bits reach, whatever its form.
fn plain(views: &StringViewArray) -> StringArray {
    let bytes = views.lengths().map(|length| length as usize).sum();
    let mut texts = StringBuilder::with_capacity(views.len(), bytes);
    views.iter().for_each(|text| texts.append_option(text));
    texts.finish()
}
