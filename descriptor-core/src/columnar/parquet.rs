//! Parquet: rows of one selection in one file.

use std::{io::Write, sync::Arc};

use arrow_array::RecordBatch;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::{WriterProperties, WriterPropertiesBuilder},
    schema::types::ColumnPath,
};

use super::{ColumnarError, RecordBatchBuilder, Row, Selection};

/// How many rows a batch has before it is encoded.
const BATCH_ROWS: usize = 16_384;
/// How many bytes of documents a batch may come from before it is encoded.
const BATCH_BYTES: usize = 16 << 20;
/// How many rows a row group has at most.
const GROUP_ROWS: usize = 1 << 20;
/// How many compressed bytes a row group has at most, about; what is written so far waits in memory.
const GROUP_BYTES: usize = 128 << 20;

/// Writes rows of one [`Selection`] to one Parquet file, with the columns of [`RecordBatchBuilder`]: compressed by
/// Zstandard, dictionaries where they help, page index, Bloom filters on fingerprints.
#[derive(Debug)]
pub struct ParquetWriter<W: Write + Send> {
    builder: RecordBatchBuilder,
    writer: ArrowWriter<W>,
    /// The columns that the file has, by their places in the batch.
    columns: Vec<usize>,
    rows: u64,
}

/// How all our files are written.
pub(crate) fn parquet_properties() -> Result<WriterPropertiesBuilder, ColumnarError> {
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        // Spark trusts the statistics of writers that call themselves `NAME version VERSION` only.
        .set_created_by(concat!("tordesc version ", env!("CARGO_PKG_VERSION")).to_owned());
    Ok(builder)
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file.
    pub fn new(out: W, selection: Selection) -> Result<Self, ColumnarError> {
        Self::with_columns(out, selection, |_| true)
    }

    /// Begins a file that lacks some columns.
    pub(super) fn with_columns(
        out: W,
        selection: Selection,
        keep: impl Fn(&str) -> bool,
    ) -> Result<Self, ColumnarError> {
        let builder = RecordBatchBuilder::new(selection);
        let schema = builder.schema();
        let fields = schema.fields().iter().enumerate();
        let columns: Vec<_> = fields.filter(|(_, it)| keep(it.name())).map(|(at, _)| at).collect();
        let schema = Arc::new(schema.project(&columns)?);
        let mut properties = parquet_properties()?;
        for name in ["fingerprint", "digest_sha1"] {
            if schema.field_with_name(name).is_ok_and(|it| it.data_type() == &arrow_schema::DataType::Utf8) {
                properties = properties.set_column_bloom_filter_enabled(ColumnPath::from(name), true);
            }
        }
        let writer = ArrowWriter::try_new(out, schema, Some(properties.build()))?;
        Ok(ParquetWriter { builder, writer, columns, rows: 0 })
    }

    /// Adds a row, which must be of the file's selection. After [`ColumnarError::Kind`] and [`ColumnarError::Full`] the
    /// row is there, with null in place of what did not fit, and writing can go on; after other errors it cannot.
    pub fn append(&mut self, row: &Row<'_>) -> Result<(), ColumnarError> {
        let appended = self.builder.append(row);
        self.rows += 1;
        if self.builder.rows() >= BATCH_ROWS || self.builder.bytes() >= BATCH_BYTES {
            self.encode()?;
        }
        appended
    }

    /// Adds the rows of a batch that a [`RecordBatchBuilder`] of the same selection made, as on another thread.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ColumnarError> {
        self.encode()?;
        self.rows += batch.num_rows() as u64;
        Ok(self.writer.write(&batch.project(&self.columns)?)?)
    }

    /// How many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// About how many bytes of memory are held for rows that are not written yet.
    pub fn memory(&self) -> usize {
        self.builder.bytes() + self.writer.memory_size()
    }

    /// Writes all rows so far as a row group, which frees their memory.
    pub fn flush(&mut self) -> Result<(), ColumnarError> {
        self.encode()?;
        Ok(self.writer.flush()?)
    }

    /// Writes what is left, and the file's end.
    pub fn finish(mut self) -> Result<W, ColumnarError> {
        self.encode()?;
        Ok(self.writer.into_inner()?)
    }

    fn encode(&mut self) -> Result<(), ColumnarError> {
        if self.builder.rows() == 0 {
            return Ok(());
        }
        let batch = self.builder.finish()?.project(&self.columns)?;
        Ok(self.writer.write(&batch)?)
    }
}
