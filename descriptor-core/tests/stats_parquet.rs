//! Tables of statistics as Parquet: read back, they say what the CSV says.

mod common;

use std::ops::ControlFlow;

use arrow_array::{
    Array, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use common::shared;
use descriptor_core::{
    archive::{self, Input},
    stats::{Cell, Day, Name, Options, Pool, Table},
    value::Timestamp,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn read_back(table: &Table) -> Vec<RecordBatch> {
    let mut bytes = Vec::new();
    table.write_parquet(&mut bytes).expect("it is written");
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).expect("Parquet");
    let names: Vec<_> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, table.columns, "{}", table.name);
    reader.build().expect("a reader").map(|batch| batch.expect("a batch")).collect()
}

/// A value as CSV has it, by the type of its column.
fn text(array: &dyn Array, row: usize, cell: &Cell) -> String {
    macro_rules! value {
        ($array:ty) => {
            array.as_any().downcast_ref::<$array>().expect("its type").value(row)
        };
    }
    if array.is_null(row) {
        return String::new();
    }
    match array.data_type() {
        DataType::Boolean => match (cell, value!(BooleanArray)) {
            // One column of 2013 is spelled out, as is one of a table by consensus.
            (Cell::Text(_), it) if cell.text().len() > 1 => if it { "TRUE" } else { "FALSE" }.to_owned(),
            (_, it) => if it { "t" } else { "f" }.to_owned(),
        },
        DataType::Int64 => value!(Int64Array).to_string(),
        DataType::Float64 => {
            let number = value!(Float64Array);
            match cell {
                Cell::Fixed(_, decimals) => format!("{number:.*}", usize::from(*decimals)),
                _ => number.to_string(),
            }
        }
        DataType::Date32 => Day(value!(Date32Array)).to_string(),
        DataType::Timestamp(..) => Timestamp(value!(TimestampMicrosecondArray) / 1_000_000).to_string(),
        DataType::Utf8 => value!(StringArray).to_owned(),
        other => panic!("{other}"),
    }
}

fn compare(table: &Table) -> usize {
    let csv = table.to_csv();
    let mut lines = csv.lines().skip(1).zip(table.rows());
    for batch in read_back(table) {
        for row in 0..batch.num_rows() {
            let (line, cells) = lines.next().expect("no more rows than in the CSV");
            let values: Vec<_> =
                batch.columns().iter().zip(cells).map(|(array, cell)| text(array, row, cell)).collect();
            assert_eq!(values.join(","), line, "{}", table.name);
        }
    }
    assert!(lines.next().is_none(), "{}: as many rows as in the CSV", table.name);
    table.len()
}

#[test]
fn parquet_says_what_csv_says() {
    let Some(shared) = shared() else { return };
    let inputs = [Input::Path(shared.join("vectors/metrics-web/network/tree.tar.xz"))];
    let pool = Pool::new(Name::ALL);
    let add =
        |chunk: &archive::Chunk| pool.add(chunk.frames().map(|(source, frame)| (source.to_string(), frame)));
    archive::read(&inputs, &archive::Options::default(), add, |_| ControlFlow::Continue(()));
    let now = Timestamp::parse(b"2026-04-02 06:00:00").expect("a time");
    let (modules, graphs) = pool.finish().tables(&Options::at(now));
    let rows: usize = modules.0.iter().map(compare).sum();
    assert!(rows > 1000, "{rows} rows");
    let rows: usize = graphs.iter().filter_map(|drawn| drawn.table.as_ref()).map(compare).sum();
    assert!(rows > 100, "{rows} rows of graphs");
}
