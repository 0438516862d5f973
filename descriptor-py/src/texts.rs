//! Texts as views, which is how Polars keeps them: what it would make of them one after the other is made here by several
//! threads, and the bytes stay where they are.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, ListArray, MapArray, RecordBatch, RecordBatchOptions, StringViewArray, StructArray,
    cast::AsArray,
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use descriptor_core::columnar::side_by_side;

/// Some rows are too few for a thread.
const FEW: usize = 1024;

/// The same rows with all texts as views, made by so many threads.
pub(crate) fn views(batches: &[RecordBatch], threads: usize) -> Result<Vec<RecordBatch>, ArrowError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let threads = threads.min(rows / FEW).max(1);
    let shares: Vec<_> = batches.chunks(batches.len().div_ceil(threads).max(1)).collect();
    let made: Result<Vec<_>, ArrowError> = side_by_side(&shares, |share| all(share)).into_iter().collect();
    Ok(made?.into_iter().flatten().collect())
}

fn all(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    batches.iter().map(batch).collect()
}

fn batch(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(array).collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema(&batch.schema()), columns, &options)
}

/// The schema of [`views`].
pub(crate) fn schema(schema: &SchemaRef) -> SchemaRef {
    Arc::new(Schema::new_with_metadata(fields(schema.fields()), schema.metadata().clone()))
}

fn fields(all: &Fields) -> Fields {
    all.iter().map(field).collect()
}

fn field(field: &FieldRef) -> FieldRef {
    match data_type(field.data_type()) {
        same if same == *field.data_type() => Arc::clone(field),
        other => Arc::new(Field::clone(field).with_data_type(other)),
    }
}

fn data_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8 => DataType::Utf8View,
        DataType::List(element) => DataType::List(field(element)),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        DataType::Struct(parts) => DataType::Struct(fields(parts)),
        other => other.clone(),
    }
}

fn array(values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match values.data_type() {
        DataType::Utf8 => Arc::new(StringViewArray::from(values.as_string::<i32>())),
        DataType::List(element) => {
            let list = values.as_list::<i32>();
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(field(element), offsets, array(list.values())?, nulls)?)
        }
        DataType::Map(entries, sorted) => {
            let map = values.as_map();
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Arc::new(MapArray::try_new(field(entries), offsets, record(map.entries())?, nulls, *sorted)?)
        }
        DataType::Struct(_) => Arc::new(record(values.as_struct())?),
        _ => Arc::clone(values),
    })
}

fn record(record: &StructArray) -> Result<StructArray, ArrowError> {
    let parts = record.columns().iter().map(array).collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new_with_length(fields(record.fields()), parts, record.nulls().cloned(), record.len())
}
