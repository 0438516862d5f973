//! Arrow: rows as record batches.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{Int64Builder, StringBuilder},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::{
    Row, Selection, form,
    tree::{Tree, Trouble, field},
};

/// What can go wrong on the way to Arrow and Parquet.
#[derive(Debug, thiserror::Error)]
pub enum ColumnarError {
    /// A value is not what its type's table promises; the row has null instead.
    #[error("column {0}: the value is not of the column's kind")]
    Kind(String),
    /// A column of one batch would exceed 2 GiB; the row has null instead.
    #[error("column {0}: more than 2 GiB in one batch")]
    Full(String),
    /// Arrow refused what was built.
    #[error("arrow: {0}")]
    Arrow(#[from] ArrowError),
    /// Parquet refused what was to be written.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A file could not be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Collects rows of one [`Selection`] and makes Arrow record batches of them.
///
/// The columns are `type`, `source`, `offset`, for documents `digest_sha1` and `digest_sha256`, then the selected ones;
/// all but the first three may be null. Kinds become: whole numbers `Int64`, fractions `Float64`, times
/// `Timestamp(µs, UTC)`, lists `List`, maps `Map`, records and tables `Struct`, everything else `Utf8`, with digests as
/// hex or base64 and U+FFFD in place of what is not UTF-8. A field's metadata has its `doc`, and its `unit` if it has one.
#[derive(Debug)]
pub struct RecordBatchBuilder {
    schema: SchemaRef,
    selection: Selection,
    sources: StringBuilder,
    offsets: Int64Builder,
    digests: [StringBuilder; 2],
    tree: Tree,
    columns: Vec<usize>,
    bytes: usize,
    scratch: Vec<u8>,
}

/// The Arrow schema of the rows of a selection.
pub fn arrow_schema(selection: &Selection) -> Schema {
    let mut fields = vec![
        Field::new("type", DataType::Utf8, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("offset", DataType::Int64, false),
    ];
    if !selection.is_entries() {
        fields.push(Field::new("digest_sha1", DataType::Utf8, true));
        fields.push(Field::new("digest_sha256", DataType::Utf8, true));
    }
    let columns = selection.columns().iter();
    fields.extend(columns.map(|column| field(&column.name, column.kind, column.doc)));
    let metadata = HashMap::from([("type".to_owned(), selection.kind().name().to_owned())]);
    Schema::new_with_metadata(fields, metadata)
}

impl RecordBatchBuilder {
    /// A builder without rows.
    pub fn new(selection: Selection) -> Self {
        let mut tree = Tree::default();
        let columns = selection.columns().iter().map(|column| tree.add(column.kind)).collect();
        RecordBatchBuilder {
            schema: Arc::new(arrow_schema(&selection)),
            selection,
            sources: StringBuilder::new(),
            offsets: Int64Builder::new(),
            digests: Default::default(),
            tree,
            columns,
            bytes: 0,
            scratch: Vec::new(),
        }
    }

    /// The schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// How many rows wait for [`finish`](RecordBatchBuilder::finish).
    pub fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.offsets)
    }

    /// How many bytes of documents and entries the waiting rows were read from; about what they take in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a row, which must be of the builder's selection. The row is there even if an error is returned, with null in
    /// place of what did not fit.
    pub fn append(&mut self, row: &Row<'_>) -> Result<(), ColumnarError> {
        let mut result = Ok(());
        let room = self.sources.values_slice().len() + row.source().len() <= i32::MAX as usize;
        self.sources.append_value(if room { row.source() } else { "" });
        if !room {
            result = Err(ColumnarError::Full("source".to_owned()));
        }
        self.offsets.append_value(i64::try_from(row.offset()).unwrap_or(i64::MAX));
        if let Some(digests) = row.digests() {
            for (builder, digest) in self.digests.iter_mut().zip([
                digests.sha1.as_ref().map(|it| (&it.0[..], form::hex as fn(&mut Vec<u8>, &[u8]))),
                digests.sha256.as_ref().map(|it| (&it.0[..], form::base64 as fn(&mut Vec<u8>, &[u8]))),
            ]) {
                self.scratch.clear();
                builder.append_option(digest.and_then(|(digest, write)| {
                    write(&mut self.scratch, digest);
                    std::str::from_utf8(&self.scratch).ok()
                }));
            }
        }
        for (index, &node) in self.columns.iter().enumerate() {
            if let Err(trouble) = self.tree.value(node, |out| row.emit(index, out)) {
                let name = self.selection.columns()[index].name.to_string();
                result = Err(match trouble {
                    Trouble::Kind => ColumnarError::Kind(name),
                    Trouble::Full => ColumnarError::Full(name),
                });
            }
        }
        self.bytes += row.size() + row.source().len();
        result
    }

    /// Takes the rows so far as one batch; the builder is empty afterwards and can go on.
    pub fn finish(&mut self) -> Result<RecordBatch, ColumnarError> {
        let rows = self.rows();
        self.bytes = 0;
        let mut kinds = StringBuilder::new();
        for _ in 0..rows {
            kinds.append_value(self.selection.kind().name());
        }
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(kinds.finish()), Arc::new(self.sources.finish()), Arc::new(self.offsets.finish())];
        if !self.selection.is_entries() {
            arrays.extend(self.digests.iter_mut().map(|it| Arc::new(it.finish()) as ArrayRef));
        }
        for &node in &self.columns {
            arrays.push(self.tree.finish(node)?);
        }
        Ok(RecordBatch::try_new(self.schema(), arrays)?)
    }
}
