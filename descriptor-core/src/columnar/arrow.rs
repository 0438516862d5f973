//! Arrow: rows as record batches.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, builder::Int64Builder};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use super::{
    Row, Selection, form,
    row::{Leading, Place},
    tree::{Texts, Tree, Trouble, field, text_type},
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

/// So many rows tell how many texts the lists and maps of the others have.
const SAMPLE: usize = 64;

/// Collects rows of one [`Selection`] and makes Arrow record batches of them.
///
/// The columns are `type`, `source`, `offset`, for documents `digest_sha1` and `digest_sha256`, then the selected ones,
/// unless the selection says [exactly](Selection::exactly) which; all but the first three may be null. Kinds become:
/// whole numbers `Int64`, fractions `Float64`, times `Timestamp(µs, UTC)`, lists `List`, maps `Map`, records and tables
/// `Struct`, everything else `Utf8`, or `Utf8View` if the selection [says so](Selection::with_views), with digests as hex
/// or base64 and U+FFFD in place of what is not UTF-8. A field's metadata has its `doc`, and its `unit` if it has one.
#[derive(Debug)]
pub struct RecordBatchBuilder {
    schema: SchemaRef,
    selection: Selection,
    sources: Sources,
    offsets: Int64Builder,
    digests: [Texts; 2],
    places: Vec<Place>,
    leading: Vec<Leading>,
    rows: usize,
    /// How many rows are to come, if that is known.
    expected: usize,
    tree: Tree,
    columns: Vec<usize>,
    bytes: usize,
    scratch: Vec<u8>,
}

/// The Arrow schema of the rows of a selection.
pub fn arrow_schema(selection: &Selection) -> Schema {
    let views = selection.has_views();
    let fields = selection.places().into_iter().map(|place| match place {
        Place::Leading(Leading::Type) => Field::new("type", text_type(views), false),
        Place::Leading(Leading::Source) => Field::new("source", text_type(views), false),
        Place::Leading(Leading::Offset) => Field::new("offset", DataType::Int64, false),
        Place::Leading(Leading::Sha1) => Field::new("digest_sha1", text_type(views), true),
        Place::Leading(Leading::Sha256) => Field::new("digest_sha256", text_type(views), true),
        Place::Column(column) => {
            let column = &selection.columns()[column];
            field(&column.name, column.kind, column.doc, views)
        }
    });
    let fields: Vec<_> = fields.collect();
    let metadata = HashMap::from([("type".to_owned(), selection.kind().name().to_owned())]);
    Schema::new_with_metadata(fields, metadata)
}

impl RecordBatchBuilder {
    /// A builder without rows.
    pub fn new(selection: Selection) -> Self {
        let views = selection.has_views();
        let mut tree = Tree::new(views);
        let columns: Vec<_> = selection.columns().iter().map(|column| tree.add(column.kind)).collect();
        tree.set_series(&columns[selection.apart()..]);
        let places = selection.places();
        let leading = places.iter().filter_map(|place| match place {
            Place::Leading(leading) => Some(*leading),
            Place::Column(_) => None,
        });
        RecordBatchBuilder {
            schema: Arc::new(arrow_schema(&selection)),
            leading: leading.collect(),
            places,
            rows: 0,
            expected: 0,
            selection,
            sources: Sources { texts: Texts::new(views), last: String::new(), times: 0 },
            offsets: Int64Builder::new(),
            digests: [Texts::new(views), Texts::new(views)],
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
        self.rows
    }

    /// How many bytes of documents and entries the waiting rows were read from; about what they take in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes room for some rows, which may then come or not.
    pub(super) fn reserve(&mut self, rows: usize) {
        if self.rows == 0 {
            self.tree.reserve(rows);
            self.expected = rows;
        }
    }

    /// Adds a row, which must be of the builder's selection. The row is there even if an error is returned, with null in
    /// place of what did not fit.
    pub fn append(&mut self, row: &Row<'_>) -> Result<(), ColumnarError> {
        let mut result = Ok(());
        let full = |name: &str| Err(ColumnarError::Full(name.to_owned()));
        self.rows += 1;
        for leading in &self.leading {
            let digests = row.digests();
            self.scratch.clear();
            match leading {
                Leading::Type => {}
                Leading::Source => {
                    self.sources.append(row.source()).unwrap_or_else(|_| result = full("source"));
                }
                Leading::Offset => self.offsets.append_value(i64::try_from(row.offset()).unwrap_or(i64::MAX)),
                Leading::Sha1 => {
                    let digest = digests.and_then(|digests| digests.sha1.as_ref());
                    digest.iter().for_each(|digest| form::hex(&mut self.scratch, &digest.0));
                    let added = self.digests[0].append_some(&self.scratch);
                    added.unwrap_or_else(|_| result = full("digest_sha1"));
                }
                Leading::Sha256 => {
                    let digest = digests.and_then(|digests| digests.sha256.as_ref());
                    digest.iter().for_each(|digest| form::base64(&mut self.scratch, &digest.0));
                    let added = self.digests[1].append_some(&self.scratch);
                    added.unwrap_or_else(|_| result = full("digest_sha256"));
                }
            }
        }
        let apart = self.selection.apart();
        for (index, &node) in self.columns[..apart].iter().enumerate() {
            if let Err(trouble) = self.tree.value(node, |out| row.emit(index, out)) {
                result = Err(self.trouble(index, trouble));
            }
        }
        if apart < self.columns.len()
            && let Err((index, trouble)) = self.tree.values(|out| row.emit_together(out))
        {
            result = Err(self.trouble(apart + index, trouble));
        }
        if self.rows == SAMPLE && self.expected > SAMPLE {
            self.tree.expect(self.expected, SAMPLE);
        }
        self.bytes += row.size() + row.source().len();
        result
    }

    #[cold]
    fn trouble(&self, column: usize, trouble: Trouble) -> ColumnarError {
        let name = self.selection.columns()[column].name.to_string();
        match trouble {
            Trouble::Kind => ColumnarError::Kind(name),
            Trouble::Full => ColumnarError::Full(name),
        }
    }

    /// Takes the rows so far as one batch; the builder is empty afterwards and can go on.
    pub fn finish(&mut self) -> Result<RecordBatch, ColumnarError> {
        let rows = std::mem::take(&mut self.rows);
        (self.bytes, self.expected) = (0, 0);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.places.len());
        for place in &self.places {
            arrays.push(match place {
                Place::Leading(Leading::Type) => {
                    let mut types = Texts::new(self.selection.has_views());
                    let full = |_| ColumnarError::Full("type".to_owned());
                    types.append_n(self.selection.kind().name(), rows).map_err(full)?;
                    types.finish()
                }
                Place::Leading(Leading::Source) => self.sources.finish()?,
                Place::Leading(Leading::Offset) => Arc::new(self.offsets.finish()),
                Place::Leading(Leading::Sha1) => self.digests[0].finish(),
                Place::Leading(Leading::Sha256) => self.digests[1].finish(),
                Place::Column(column) => self.tree.finish(self.columns[*column])?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.schema(), arrays, &options)?)
    }
}

/// Where rows come from: the same source many times, mostly.
#[derive(Debug)]
struct Sources {
    texts: Texts,
    /// The last one, and how often it has come but is not among the texts yet.
    last: String,
    times: usize,
}

impl Sources {
    /// Adds a source; an empty one if there is no room.
    fn append(&mut self, source: &str) -> Result<(), Trouble> {
        if self.last != source {
            self.settle()?;
            source.clone_into(&mut self.last);
        }
        if (self.times + 1).saturating_mul(source.len()) > self.texts.room() {
            self.settle()?;
            self.texts.append_str("")?;
            return Err(Trouble::Full);
        }
        self.times += 1;
        Ok(())
    }

    /// Puts the last one among the texts, for which there is room.
    fn settle(&mut self) -> Result<(), Trouble> {
        self.texts.append_n(&self.last, std::mem::take(&mut self.times))
    }

    fn finish(&mut self) -> Result<ArrayRef, ColumnarError> {
        self.settle().map_err(|_| ColumnarError::Full("source".to_owned()))?;
        Ok(self.texts.finish())
    }
}
