//! Tables as Arrow record batches.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringArray,
};
use arrow_schema::{ArrowError, Field, Schema};

use super::{Cell, Table};

impl Table {
    /// The table as a batch. Days become `Date32`, truth values `Boolean`, whole numbers `Int64`, fractions `Float64` as
    /// the file has them, rounded, everything else `Utf8`; a missing value is null. A column without any value is `Utf8`,
    /// unless it is called `date`. The schema's metadata has the name as `table`.
    pub fn to_record_batch(&self) -> Result<RecordBatch, ArrowError> {
        let arrays: Vec<ArrayRef> = (0..self.columns.len()).map(|at| self.array(at)).collect();
        let field =
            |(name, array): (&_, &ArrayRef)| Field::new(String::from(name), array.data_type().clone(), true);
        let names = self.columns.iter().map(|name| &**name);
        let fields: Vec<_> = names.zip(&arrays).map(field).collect();
        let metadata = HashMap::from([("table".to_owned(), self.name.to_owned())]);
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        RecordBatch::try_new_with_options(
            Arc::new(Schema::new_with_metadata(fields, metadata)),
            arrays,
            &options,
        )
    }

    fn array(&self, at: usize) -> ArrayRef {
        let cells = || self.rows().map(|row| &row[at]);
        match Kind::of(cells(), &self.columns[at]) {
            Kind::Day => Arc::new(cells().map(|cell| cell.day().map(|day| day.0)).collect::<Date32Array>()),
            Kind::Bool => {
                let truth = |cell: &Cell| (!cell.is_missing()).then(|| cell.is_true());
                Arc::new(cells().map(truth).collect::<BooleanArray>())
            }
            Kind::Int => {
                let int = |cell: &Cell| if let Cell::Int(it) = cell { Some(*it) } else { None };
                Arc::new(cells().map(int).collect::<Int64Array>())
            }
            Kind::Float => Arc::new(cells().map(Cell::number).collect::<Float64Array>()),
            Kind::Text => Arc::new(cells().map(Cell::written).collect::<StringArray>()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Day,
    Bool,
    Int,
    Float,
    Text,
}

impl Kind {
    /// The kind that all values of a column fit into.
    fn of<'c>(cells: impl Iterator<Item = &'c Cell>, name: &str) -> Self {
        let kinds = cells.filter_map(|cell| match cell {
            Cell::Missing => None,
            Cell::Day(_) => Some(Kind::Day),
            Cell::Bool(_) => Some(Kind::Bool),
            Cell::Int(_) => Some(Kind::Int),
            Cell::Float(_) | Cell::Fixed(..) => Some(Kind::Float),
            Cell::Text(_) => Some(Kind::Text),
        });
        let both = |one, other| match (one, other) {
            (one, other) if one == other => one,
            (Kind::Int | Kind::Float, Kind::Int | Kind::Float) => Kind::Float,
            _ => Kind::Text,
        };
        kinds.reduce(both).unwrap_or(if name == "date" { Kind::Day } else { Kind::Text })
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
    use crate::stats::Day;

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
