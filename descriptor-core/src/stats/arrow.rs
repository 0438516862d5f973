//! Tables as Arrow batches and Parquet files, with the types that are known of their columns.

use std::{collections::HashMap, io::Write, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;

use super::{
    Table,
    columns::{Kind, Value},
};
use crate::columnar::{ColumnarError, parquet_properties};

impl Table {
    /// The table as a batch. Days become `Date32`, times `Timestamp(µs, UTC)`, truth values `Boolean`, whole numbers `Int64`,
    /// fractions `Float64` as the file has them, rounded, texts `Utf8`; a missing value is null. The schema's metadata has the
    /// name as `table`.
    pub fn to_record_batch(&self) -> Result<RecordBatch, ColumnarError> {
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (at, (name, kind)) in self.columns.iter().zip(self.kinds()).enumerate() {
            let array = self.array(at, kind);
            fields.push(Field::new(name.as_ref(), array.data_type().clone(), true));
            arrays.push(array);
        }
        let metadata = HashMap::from([("table".to_owned(), self.name.to_owned())]);
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }

    /// Writes the rows as a Parquet file, with the same types.
    pub fn write_parquet(&self, out: impl Write + Send) -> Result<(), ColumnarError> {
        let batch = self.to_record_batch()?;
        let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(parquet_properties()?.build()))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }

    fn array(&self, at: usize, kind: Kind) -> ArrayRef {
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
            Kind::Text => Arc::new(array!(StringArray, Value::Text(it) => it)),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        Array,
        cast::AsArray,
        types::{Date32Type, Float64Type, Int64Type},
    };
    use arrow_schema::DataType;

    use super::*;
    use crate::stats::{Cell, Day};

    #[test]
    fn columns_have_the_type_of_their_values() {
        let mut table = Table::new("t", &["date", "yes", "n", "x", "y", "mixed", "nothing"]);
        table.push([
            Day(18_000).into(),
            true.into(),
            7i64.into(),
            Cell::Fixed(0.126, 2),
            1i64.into(),
            "a".into(),
            Cell::Missing,
        ]);
        table.push([
            Cell::Missing,
            Cell::Missing,
            Cell::Missing,
            Cell::Missing,
            0.5.into(),
            2i64.into(),
            Cell::Missing,
        ]);
        let batch = table.to_record_batch().expect("columns of one length");
        let types: Vec<_> = batch.schema().fields().iter().map(|field| field.data_type().clone()).collect();
        use DataType::{Boolean, Date32, Float64, Int64, Utf8};
        assert_eq!(types, [Date32, Boolean, Int64, Float64, Float64, Utf8, Utf8]);
        let column = |at: usize| batch.column(at);
        assert_eq!(column(0).as_primitive::<Date32Type>().iter().collect::<Vec<_>>(), [Some(18_000), None]);
        assert_eq!(column(1).as_boolean().iter().collect::<Vec<_>>(), [Some(true), None]);
        assert_eq!(column(2).as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(7), None]);
        assert_eq!(column(3).as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(0.13), None]);
        assert_eq!(column(4).as_primitive::<Float64Type>().values()[..], [1.0, 0.5]);
        assert_eq!(column(5).as_string::<i32>().iter().collect::<Vec<_>>(), [Some("a"), Some("2")]);
        assert_eq!(column(6).null_count(), 2);
        let empty = Table::new("t", &["date", "n"]).to_record_batch().expect("no rows");
        assert_eq!((empty.num_rows(), empty.column(0).data_type()), (0, &Date32));
    }
}
