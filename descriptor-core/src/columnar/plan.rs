//! What is wanted of archives as tables, and the tables of some documents.

use std::{collections::BTreeMap, iter, ops::Range, sync::Arc};

use arrow_array::RecordBatch;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::{ColumnarError, Condition, Document, Filter, FilterError, RecordBatchBuilder, Selection};
use crate::{
    document::{Digests, Type},
    netdoc::Frame,
    schema::{Issue, MAX_LISTED, Wanted, line_and_column},
    threads::{crew, side_by_side},
    value::Timestamp,
};

/// Which rows of which types are wanted, and which of their columns. What is not needed for them is not read.
#[derive(Debug, Clone)]
pub struct Plan {
    of: BTreeMap<Type, Part>,
    threads: usize,
}

/// What is wanted of one type.
#[derive(Debug, Clone)]
struct Part {
    selection: Selection,
    filter: Filter,
    wanted: Wanted,
}

impl Plan {
    /// All columns of all types: entries if they are asked for and the type has such, else documents.
    pub fn all(entries: bool) -> Self {
        let select = |kind| Selection::entries(kind).filter(|_| entries);
        let select = |kind| select(kind).unwrap_or_else(|| Selection::documents(kind));
        let of = Type::ALL.iter().map(|&kind| (kind, Part::new(select(kind), Filter::default()))).collect();
        Plan { of, threads: 1 }
    }

    /// Rows of some selections, each of another type; of a selection some columns, all if none is named. The rows must
    /// meet conditions.
    pub fn new<S: AsRef<str>>(
        selections: impl IntoIterator<Item = Selection>,
        columns: &[S],
        conditions: &[(S, Condition)],
    ) -> Result<Self, FilterError> {
        let mut of = BTreeMap::new();
        for whole in selections {
            let filter = Filter::new(&whole, conditions)?;
            let selection = if columns.is_empty() { whole } else { whole.exactly(columns)? };
            of.insert(selection.kind(), Part::new(selection, filter));
        }
        Ok(Plan { of, threads: 1 })
    }

    /// The same with some threads for a large document; 0 for as many as there are processors. They are started for that
    /// document, unless [`tables`](Plan::tables) is called in a pool: then one thread reads it, and those of the pool make
    /// its rows.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Plan { threads: crew(threads), ..self }
    }

    /// The types that are wanted.
    pub fn types(&self) -> impl Iterator<Item = Type> + '_ {
        self.of.keys().copied()
    }

    /// The rows and columns of a type; `None` if it is not wanted.
    pub fn selection(&self, kind: Type) -> Option<&Selection> {
        self.of.get(&kind).map(|part| &part.selection)
    }

    /// Makes tables of documents. `by_month` makes one for each month, so that they can be filed.
    pub fn tables<'a>(
        &self,
        documents: &mut dyn Iterator<Item = (Arc<str>, Frame<'a>)>,
        by_month: bool,
    ) -> Result<Tables, ColumnarError> {
        let mut tables = Tables::default();
        let mut builders: BTreeMap<(Type, Option<Month>), (Option<Timestamp>, RecordBatchBuilder)> =
            BTreeMap::new();
        let threads = if rayon::current_thread_index().is_some() { 1 } else { self.threads };
        for (source, frame) in documents {
            let Some(kind) = frame.kind else {
                tables.miss(&source, frame, None);
                continue;
            };
            let Some(part) = self.of.get(&kind) else { continue };
            let parsed = kind.parse_columns(frame, Wanted { threads, ..part.wanted });
            if parsed.document().is_none() {
                tables.miss(&source, frame, parsed.issues.first());
                continue;
            }
            tables.documents += 1;
            tables.flawed += u64::from(!parsed.issues.is_empty());
            tables.lacking += u64::from(parsed.issues.iter().any(|issue| part.selection.lacks(issue)));
            let entries = part.selection.is_entries();
            let digests = if entries { Digests::default() } else { part.selection.digests(frame) };
            let document = Document { kind, source: &source, parsed: &parsed, digests };
            let time = if by_month { document.time() } else { None };
            let month = time.and_then(|time| time.format(b' ').first_chunk().copied());
            if let (None, Some(made)) = (month, part.shared(&document, self.threads)) {
                // The rows before it come before.
                if let Some((time, mut builder)) = builders.remove(&(kind, None)) {
                    tables.push(kind, time, builder.finish()?);
                }
                for rows in made {
                    tables.push(kind, None, rows?);
                }
                continue;
            }
            let builder = builders.entry((kind, month));
            let (_, builder) =
                builder.or_insert_with(|| (time, RecordBatchBuilder::new(part.selection.clone())));
            part.append(builder, &document, 0..part.selection.count(&document))?;
        }
        for ((kind, _), (time, mut builder)) in builders {
            tables.push(kind, time, builder.finish()?);
        }
        Ok(tables)
    }
}

impl Part {
    fn new(selection: Selection, filter: Filter) -> Self {
        let wanted = selection.wanted(filter.froms());
        Part { selection, filter, wanted }
    }

    /// Tables of the entries of a large document, made by the threads of the caller's pool or by some of their own; `None`
    /// if there is one thread, or too little for two.
    fn shared(
        &self,
        document: &Document<'_>,
        threads: usize,
    ) -> Option<Vec<Result<RecordBatch, ColumnarError>>> {
        let pooled = rayon::current_thread_index().is_some();
        let (count, threads) =
            (self.selection.count(document), if pooled { rayon::current_num_threads() } else { threads });
        let threads = threads.min(count / SHARE);
        if threads < 2 {
            return None;
        }
        let shares = shares(count, threads);
        let builder = || RecordBatchBuilder::new(self.selection.clone());
        let build = |builder: &mut _, entries: &Range<usize>| self.build(builder, document, entries.clone());
        Some(if pooled {
            shares.par_iter().map_init(builder, build).collect()
        } else {
            side_by_side(&shares, threads, || {
                let mut builder = builder();
                move |entries: &_| build(&mut builder, entries)
            })
        })
    }

    /// A table of some entries of a document, by a builder that is empty.
    fn build(
        &self,
        builder: &mut RecordBatchBuilder,
        document: &Document<'_>,
        entries: Range<usize>,
    ) -> Result<RecordBatch, ColumnarError> {
        self.append(builder, document, entries)?;
        builder.finish()
    }

    /// Adds the rows of some entries of a document that meet the conditions.
    fn append(
        &self,
        builder: &mut RecordBatchBuilder,
        document: &Document<'_>,
        entries: Range<usize>,
    ) -> Result<(), ColumnarError> {
        if builder.rows() == 0 {
            builder.reserve(entries.len());
        }
        let mut result = Ok(());
        self.selection.rows_within(document, entries, &mut |row| {
            if !self.filter.fits(row) {
                return;
            }
            match builder.append(row) {
                // The row has null in place of what did not fit.
                Ok(()) | Err(ColumnarError::Kind(_) | ColumnarError::Full(_)) => {}
                Err(error) => result = Err(error),
            }
        });
        result
    }
}

/// Shares of so many entries for some threads, in order: three quarters are shared out in equal parts, the rest in small
/// ones, which are done by who is ready first. A thread may begin late, or have less of a processor than the others.
fn shares(count: usize, threads: usize) -> Vec<Range<usize>> {
    let small = count.div_ceil(4 * threads.max(1));
    let sizes = iter::repeat_n(3 * small, threads).chain(iter::repeat_n(small, threads));
    let mut next = 0;
    let shares = sizes.map(|size| {
        let from = next;
        next = count.min(from + size);
        from..next
    });
    shares.filter(|share| !share.is_empty()).collect()
}

/// As many entries are worth another thread.
const SHARE: usize = 1024;

/// `YYYY-MM`.
type Month = [u8; 7];

/// Tables made of some documents.
#[derive(Debug, Default)]
pub struct Tables {
    /// The tables, by type and month.
    pub batches: Vec<Batch>,
    /// How many documents were read, whether or not they have rows that are wanted.
    pub documents: u64,
    /// How many could not be read: they are of no known type, or lack a line that they must have.
    pub unparseable: u64,
    /// Which these are; the first [`MAX_LISTED`] of them.
    pub unread: Vec<Unread>,
    /// How many of those that were read have something wrong with them, as far as they were read.
    pub flawed: u64,
    /// How many of these have rows that [lack](Selection::lacks) something.
    pub lacking: u64,
}

/// A document that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where it comes from.
    pub source: Arc<str>,
    /// Where it begins in the decompressed source. In bytes.
    pub offset: u64,
    /// Its type; `None` if it is of no known one.
    pub kind: Option<Type>,
    /// What is wrong first; `None` if it is of no known type.
    pub issue: Option<Issue>,
    /// The number of the line in the document that the issue is about, from 1.
    pub line: usize,
    /// Its first line; the first 60 bytes.
    pub head: Vec<u8>,
}

impl Tables {
    /// Notes that a document could not be read.
    fn miss(&mut self, source: &Arc<str>, frame: Frame<'_>, issue: Option<&Issue>) {
        self.unparseable += 1;
        if self.unread.len() < MAX_LISTED {
            let head = frame.body.split(|&b| b == b'\n').next().unwrap_or_default();
            self.unread.push(Unread {
                source: Arc::clone(source),
                offset: frame.offset,
                kind: frame.kind,
                issue: issue.cloned(),
                line: issue.map_or(1, |issue| line_and_column(frame.body, issue.span.start).0),
                head: head.get(..60).unwrap_or(head).to_vec(),
            });
        }
    }

    /// Adds a table, if it has rows.
    fn push(&mut self, kind: Type, time: Option<Timestamp>, rows: RecordBatch) {
        if rows.num_rows() > 0 {
            self.batches.push(Batch { kind, time, rows });
        }
    }
}

/// A table of one type and, if asked for, one month.
#[derive(Debug)]
pub struct Batch {
    /// The type.
    pub kind: Type,
    /// A time in the month that the rows are filed under.
    pub time: Option<Timestamp>,
    /// The rows.
    pub rows: RecordBatch,
}
