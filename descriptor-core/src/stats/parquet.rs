//! Tables as Parquet files, with the types that are known of their columns.

use std::{io::Write, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions,
    TimestampMicrosecondArray, builder::StringDictionaryBuilder, types::Int32Type,
};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;

use super::{
    Table,
    columns::{Kind, Value},
};
use crate::columnar::{ColumnarError, parquet_properties};

impl Table {
    /// Writes the rows as a Parquet file. Days become `Date32`, times `Timestamp(µs, UTC)`, whole numbers `Int64`, fractions
    /// `Float64`, texts a dictionary of `Utf8`; what is missing is null.
    pub fn write_parquet(&self, out: impl Write + Send) -> Result<(), ColumnarError> {
        let batch = self.typed()?;
        let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(parquet_properties()?.build()))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }

    fn typed(&self) -> Result<RecordBatch, ColumnarError> {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (at, (name, kind)) in self.columns.iter().zip(self.kinds()).enumerate() {
            let array = self.typed_array(at, kind);
            fields.push(Field::new(name.as_ref(), array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
    }

    fn typed_array(&self, at: usize, kind: Kind) -> ArrayRef {
        let values = self.rows().map(|row| kind.value(&row[at]));
        macro_rules! array {
            ($array:ty, $value:pat => $it:expr) => {
                values
                    .map(|value| if let Some($value) = value { Some($it) } else { None })
                    .collect::<$array>()
            };
        }
        match kind {
            Kind::Bool => Arc::new(array!(BooleanArray, Value::Bool(it) => it)),
            Kind::Int => Arc::new(array!(Int64Array, Value::Int(it) => it)),
            Kind::Float => Arc::new(array!(Float64Array, Value::Float(it) => it)),
            Kind::Day => Arc::new(array!(Date32Array, Value::Day(it) => it.0)),
            Kind::Time => {
                let times =
                    array!(TimestampMicrosecondArray, Value::Time(it) => it.0.saturating_mul(1_000_000));
                Arc::new(times.with_timezone("UTC"))
            }
            Kind::Text => {
                let mut texts = StringDictionaryBuilder::<Int32Type>::new();
                for value in values {
                    texts.append_option(if let Some(Value::Text(text)) = value { Some(text) } else { None });
                }
                Arc::new(texts.finish())
            }
        }
    }
}
