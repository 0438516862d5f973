//! Documents as rows: JSON, CSV and, with the feature `columnar`, Arrow and Parquet; and the reference of the columns.
//!
//! A [`Selection`] says what a row is (a document, or one of its entries) and which columns it has. [`Selection::rows`]
//! visits the rows of a document; each format writes a [`Row`]:
//!
//! ```
//! use descriptor_core::{columnar::*, document::Type, netdoc::frames};
//!
//! let text = b"@type server-descriptor 1.0\nrouter caerSidi 71.35.133.197 9001 0 0\npublished 2012-03-01 17:15:27\n";
//! let mut out = Vec::new();
//! for frame in frames(text, None) {
//!     let Some(kind) = frame.kind else { continue };
//!     let parsed = kind.parse(frame);
//!     let document = Document { kind, source: "-", parsed: &parsed, digests: kind.digests(frame.body) };
//!     let selection = Selection::documents(kind).only(&["nickname", "published", "uptime"]).unwrap();
//!     selection.rows(&document, &mut |row| json_row(&mut out, row));
//! }
//! assert_eq!(
//!     String::from_utf8(out).unwrap(),
//!     concat!(
//!         r#"{"type":"server-descriptor","source":"-","offset":28,"#,
//!         r#""nickname":"caerSidi","published":"2012-03-01T17:15:27Z","uptime":null}"#,
//!         "\n"
//!     )
//! );
//! ```

#[cfg(feature = "columnar")]
mod arrow;
mod csv;
mod entries;
mod filter;
mod form;
mod json;
mod loss;
#[cfg(feature = "columnar")]
mod output;
#[cfg(feature = "columnar")]
mod parquet;
#[cfg(feature = "columnar")]
mod partition;
#[cfg(feature = "columnar")]
mod plan;
mod reference;
mod row;
mod stub;
#[cfg(all(test, feature = "columnar"))]
mod tests;
#[cfg(feature = "columnar")]
mod tree;
mod unknown;

#[cfg(feature = "columnar")]
pub use arrow::{ColumnarError, RecordBatchBuilder, arrow_schema};
#[cfg(feature = "columnar")]
pub use arrow_array;
pub use csv::{csv_header, csv_row};
pub use entries::{entries_field, has_entries};
pub use filter::{Condition, Filter, FilterError};
pub use json::{JsonSink, json_row, json_unparseable};
#[cfg(feature = "columnar")]
pub use output::TableWriter;
#[cfg(feature = "columnar")]
pub use parquet::ParquetWriter;
#[cfg(all(feature = "columnar", feature = "stats"))]
pub(crate) use parquet::parquet_properties;
#[cfg(feature = "columnar")]
pub use partition::{Choose, PartitionLimits, PartitionedWriter, Written};
#[cfg(feature = "columnar")]
pub use plan::{Batch, Plan, Tables, Unread};
pub use reference::{reference_json, reference_markdown};
pub use row::{Document, Row, Selected, Selection};
pub use stub::{reference_pyi, reference_stub};
pub use unknown::UnknownColumn;
