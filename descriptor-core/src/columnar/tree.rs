//! Columns under construction: a tree of builders, one a value, that a sink walks by position.

mod repeated;
mod sink;
mod texts;

use std::sync::Arc;

use arrow_array::{
    ArrayRef, ListArray, MapArray, StructArray,
    builder::{BooleanBuilder, Float64Builder, Int64Builder, TimestampMicrosecondBuilder},
};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, TimeUnit};

use self::texts::Kept;
use crate::schema::{Kind, Recent, Sink};

pub(super) use self::texts::{Texts, text_type};

/// The place of a node that takes values nobody wants.
const NOWHERE: usize = usize::MAX;

/// All nodes of all columns, each child before its parent.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// What of each node is asked for again and again, so close together that it stays in the processor's nearest memory.
    counts: Vec<Count>,
    /// Whether texts are views.
    views: bool,
    /// The node that takes the next value.
    at: usize,
    /// The lists, maps and records that are open, innermost last.
    open: Vec<usize>,
    /// How many lists and maps are open within a value that is not kept.
    ignored: usize,
    /// Columns that are told one after the other, and which of them is told.
    series: Vec<usize>,
    next: usize,
    /// Whether a value did not look as its kind promised, or did not fit; with its place in the series.
    trouble: Option<(usize, Trouble)>,
    /// The node whose next list or map is told by `text`.
    awaited: Option<usize>,
    text: Vec<u8>,
    scratch: Vec<u8>,
}

/// How many values a node has.
#[derive(Debug)]
struct Count {
    length: usize,
    /// How many nulls at their end are only counted. Whole columns have nothing else, and it is quicker than to add each.
    nulls: u32,
    /// Whether it has no nodes below, so that its nulls may be counted.
    is_leaf: bool,
}

/// What can be wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is not what the table promises.
    Kind,
    /// The column has no room for it; offsets have 32 bits.
    Full,
}

#[derive(Debug)]
enum Node {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Time(TimestampMicrosecondBuilder),
    Text(Texts),
    List { element: usize, nesting: Nesting, recent: Recent<Kept> },
    Map { keys: Texts, value: usize, nesting: Nesting, recent: Recent<[Kept; 2]> },
    Record { fields: Fields, parts: Arc<[usize]>, valid: NullBufferBuilder, next: usize },
}

/// Where the values of each list or map end.
#[derive(Debug)]
struct Nesting {
    field: Arc<Field>,
    offsets: Vec<i32>,
    valid: NullBufferBuilder,
}

impl Nesting {
    fn new(field: Field) -> Self {
        Nesting { field: Arc::new(field), offsets: vec![0], valid: NullBufferBuilder::new(0) }
    }

    /// Ends a value at a length of the child. Refuses lengths beyond 32 bits and keeps the value's place as null.
    #[inline]
    fn end(&mut self, length: usize, valid: bool) -> Result<(), Trouble> {
        let last = self.offsets.last().copied().unwrap_or_default();
        let end = i32::try_from(length);
        self.offsets.push(end.unwrap_or(last));
        self.valid.append(valid && end.is_ok());
        end.map(|_| ()).map_err(|_| Trouble::Full)
    }

    /// Where the last value ended.
    fn last(&self) -> usize {
        self.offsets.last().copied().unwrap_or_default() as usize
    }

    fn finish(&mut self) -> (Arc<Field>, OffsetBuffer<i32>, Option<arrow_buffer::NullBuffer>) {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        (self.field.clone(), OffsetBuffer::new(ScalarBuffer::from(offsets)), self.valid.finish())
    }
}

/// How a kind looks in Arrow.
pub(super) fn data_type(kind: Kind, views: bool) -> DataType {
    match kind {
        Kind::Policy(kind) => data_type(*kind, views),
        Kind::Bool => DataType::Boolean,
        Kind::Int(_) => DataType::Int64,
        Kind::Float(_) => DataType::Float64,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Text | Kind::Hex | Kind::Base64 | Kind::Address => text_type(views),
        Kind::List(element) => DataType::List(Arc::new(element_field(*element, views))),
        Kind::Map(value) => DataType::Map(Arc::new(entries_field(*value, views)), false),
        Kind::Record(_) | Kind::Table(_) => DataType::Struct(Fields::from(fields(kind, views))),
    }
}

/// A field with its unit and its doc.
pub(super) fn field(name: &str, kind: Kind, doc: &str, views: bool) -> Field {
    let mut metadata = Vec::new();
    if let Some(unit) = kind.unit() {
        metadata.push(("unit".to_owned(), unit.to_owned()));
    }
    if !doc.is_empty() {
        metadata.push(("doc".to_owned(), doc.trim().to_owned()));
    }
    Field::new(name, data_type(kind, views), true).with_metadata(metadata.into_iter().collect())
}

fn element_field(kind: Kind, views: bool) -> Field {
    Field::new_list_field(data_type(kind, views), true)
}

fn entries_field(value: Kind, views: bool) -> Field {
    let key = Field::new("key", text_type(views), false);
    Field::new_struct("entries", vec![key, Field::new("value", data_type(value, views), true)], false)
}

/// The fields of a kind with named parts.
fn fields(kind: Kind, views: bool) -> Vec<Field> {
    match kind {
        Kind::Record(parts) => parts.iter().map(|part| field(part.name, part.kind, "", views)).collect(),
        Kind::Table(schema) => {
            let schema = schema();
            let all = schema.columns().iter();
            all.map(|it| field(&it.name, it.kind, schema.fields[it.field].doc, views)).collect()
        }
        _ => Vec::new(),
    }
}

/// The kinds of the named parts, in the order of [`fields`].
fn kinds(kind: Kind) -> Vec<Kind> {
    match kind {
        Kind::Record(parts) => parts.iter().map(|part| part.kind).collect(),
        Kind::Table(schema) => schema().columns().iter().map(|it| it.kind).collect(),
        _ => Vec::new(),
    }
}

impl Tree {
    /// A tree without nodes, whose texts are views or not.
    pub(super) fn new(views: bool) -> Self {
        Tree { views, ..Tree::default() }
    }

    /// Adds the nodes of a kind; returns the place of the outermost.
    pub(super) fn add(&mut self, kind: Kind) -> usize {
        let views = self.views;
        let node = match kind {
            Kind::Policy(kind) => return self.add(*kind),
            Kind::Bool => Node::Bool(BooleanBuilder::new()),
            Kind::Int(_) => Node::Int(Int64Builder::new()),
            Kind::Float(_) => Node::Float(Float64Builder::new()),
            Kind::Time => {
                Node::Time(TimestampMicrosecondBuilder::new().with_data_type(data_type(kind, views)))
            }
            Kind::Text | Kind::Hex | Kind::Base64 | Kind::Address => Node::Text(Texts::new(views)),
            Kind::List(element) => {
                let nesting = Nesting::new(element_field(*element, views));
                Node::List { element: self.add(*element), nesting, recent: Recent::default() }
            }
            Kind::Map(value) => {
                let nesting = Nesting::new(entries_field(*value, views));
                let value = self.add(*value);
                Node::Map { keys: Texts::new(views), value, nesting, recent: Recent::default() }
            }
            Kind::Record(_) | Kind::Table(_) => {
                let parts = kinds(kind).into_iter().map(|kind| self.add(kind)).collect();
                Node::Record {
                    fields: Fields::from(fields(kind, views)),
                    parts,
                    valid: NullBufferBuilder::new(0),
                    next: 0,
                }
            }
        };
        let is_leaf = !matches!(node, Node::List { .. } | Node::Map { .. } | Node::Record { .. });
        self.nodes.push(node);
        self.counts.push(Count { length: 0, nulls: 0, is_leaf });
        self.nodes.len() - 1
    }

    /// Says which columns [`values`](Tree::values) takes.
    pub(super) fn set_series(&mut self, nodes: &[usize]) {
        self.series = nodes.to_vec();
    }

    /// Makes room for some values of each column of the series.
    pub(super) fn reserve(&mut self, rows: usize) {
        for &node in &self.series {
            if self.length(node) > 0 {
                continue;
            }
            match &mut self.nodes[node] {
                Node::Int(it) => *it = Int64Builder::with_capacity(rows),
                Node::Text(it) => it.reserve(rows),
                Node::List { nesting, .. } | Node::Map { nesting, .. } => nesting.offsets.reserve(rows),
                _ => {}
            }
        }
    }

    /// Takes one value of a column from whoever tells it.
    pub(super) fn value(&mut self, node: usize, tell: impl FnOnce(&mut dyn Sink)) -> Result<(), Trouble> {
        let before = self.length(node);
        self.next = self.series.len();
        self.at = node;
        tell(self);
        self.open.clear();
        self.ignored = 0;
        if self.length(node) == before {
            self.append_null(node);
            self.fail(Trouble::Kind);
        }
        self.trouble.take().map_or(Ok(()), |(_, trouble)| Err(trouble))
    }

    /// Takes one value of each column of the series, in order, from whoever tells them. Of what is wrong, the last is
    /// returned with its place in the series.
    pub(super) fn values(&mut self, tell: impl FnOnce(&mut dyn Sink)) -> Result<(), (usize, Trouble)> {
        self.next = 0;
        self.at = self.series.first().copied().unwrap_or(NOWHERE);
        tell(self);
        self.open.clear();
        self.ignored = 0;
        while let Some(&node) = self.series.get(self.next) {
            self.append_null(node);
            self.fail(Trouble::Kind);
            self.next += 1;
        }
        self.trouble.take().map_or(Ok(()), Err)
    }

    #[cold]
    fn fail(&mut self, trouble: Trouble) {
        self.trouble = Some((self.next, trouble));
    }

    /// Makes room for the texts within lists and maps, by how many have come with some of the rows.
    pub(super) fn expect(&mut self, rows: usize, some: usize) {
        for node in &mut self.nodes {
            if let Node::Text(texts) | Node::Map { keys: texts, .. } = node {
                let all = texts.len().saturating_mul(rows) / some;
                if all > rows {
                    texts.make_room(all);
                }
            }
        }
    }

    /// How many values a node has.
    #[inline]
    pub(super) fn length(&self, node: usize) -> usize {
        self.counts[node].length
    }

    /// Takes the finished array of a node, which is empty afterwards.
    pub(super) fn finish(&mut self, node: usize) -> Result<ArrayRef, ArrowError> {
        self.settle(node);
        self.counts[node].length = 0;
        // Taken out so that the children can be reached; put back below.
        let mut taken = std::mem::replace(&mut self.nodes[node], Node::Bool(BooleanBuilder::new()));
        let array: Result<ArrayRef, ArrowError> = match &mut taken {
            Node::Bool(it) => Ok(Arc::new(it.finish())),
            Node::Int(it) => Ok(Arc::new(it.finish())),
            Node::Float(it) => Ok(Arc::new(it.finish())),
            Node::Time(it) => Ok(Arc::new(it.finish())),
            Node::Text(it) => Ok(it.finish()),
            Node::List { element, nesting, .. } => self.finish(*element).and_then(|values| {
                let (field, offsets, valid) = nesting.finish();
                Ok(Arc::new(ListArray::try_new(field, offsets, values, valid)?) as ArrayRef)
            }),
            Node::Map { keys, value, nesting, .. } => self.finish(*value).and_then(|values| {
                let (field, offsets, valid) = nesting.finish();
                let DataType::Struct(fields) = field.data_type() else {
                    return Err(ArrowError::SchemaError("a map's entries are a struct".to_owned()));
                };
                let entries = StructArray::try_new(fields.clone(), vec![keys.finish(), values], None)?;
                Ok(Arc::new(MapArray::try_new(field, offsets, entries, valid, false)?) as ArrayRef)
            }),
            Node::Record { fields, parts, valid, .. } => {
                let length = valid.len();
                let arrays = parts.iter().map(|&part| self.finish(part)).collect::<Result<Vec<_>, _>>();
                arrays.and_then(|arrays| {
                    let valid = valid.finish();
                    Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), arrays, valid, length)?)
                        as ArrayRef)
                })
            }
        };
        self.nodes[node] = taken;
        array
    }

    #[inline]
    fn append_null(&mut self, node: usize) {
        let count = &mut self.counts[node];
        count.length += 1;
        if count.is_leaf && count.nulls < u32::MAX {
            count.nulls += 1;
        } else {
            self.append_null_within(node);
        }
    }

    fn append_null_within(&mut self, node: usize) {
        let end = match &self.nodes[node] {
            Node::List { element: child, .. } | Node::Map { value: child, .. } => self.length(*child),
            _ => 0,
        };
        match &mut self.nodes[node] {
            Node::List { nesting, .. } | Node::Map { nesting, .. } => {
                if let Err(trouble) = nesting.end(end, false) {
                    self.fail(trouble);
                }
            }
            Node::Record { valid, parts, .. } => {
                valid.append_null();
                let parts = parts.clone();
                parts.iter().for_each(|&part| self.append_null(part));
            }
            _ => {
                self.settle(node);
                self.counts[node].nulls = 1;
            }
        }
    }

    /// Adds the nulls that were only counted.
    #[inline]
    fn settle(&mut self, node: usize) {
        if self.counts[node].nulls > 0 {
            self.add_nulls(node);
        }
    }

    fn add_nulls(&mut self, node: usize) {
        let nulls = std::mem::take(&mut self.counts[node].nulls) as usize;
        match &mut self.nodes[node] {
            Node::Bool(it) => it.append_nulls(nulls),
            Node::Int(it) => it.append_nulls(nulls),
            Node::Float(it) => it.append_nulls(nulls),
            Node::Time(it) => it.append_nulls(nulls),
            Node::Text(it) => it.append_nulls(nulls),
            Node::List { .. } | Node::Map { .. } | Node::Record { .. } => {}
        }
    }

    /// Gives the next value to its node, which says whether it takes it.
    #[inline]
    fn scalar(&mut self, put: impl FnOnce(&mut Node) -> Result<(), Trouble>) {
        if self.ignored > 0 || self.at == NOWHERE {
            return;
        }
        let at = self.at;
        self.settle(at);
        match put(&mut self.nodes[at]) {
            Ok(()) => self.counts[at].length += 1,
            Err(trouble) => {
                self.append_null(at);
                self.fail(trouble);
            }
        }
        self.done(at);
    }

    /// Gives the next value, written as text, to its node.
    #[inline]
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        write(&mut scratch);
        self.scalar(|node| match node {
            Node::Text(it) => it.append(&scratch),
            _ => Err(Trouble::Kind),
        });
        self.scratch = scratch;
    }

    /// Goes on after a value of a node: a list takes further ones, a map or record waits for a key, and after a whole
    /// value comes the next one of the series.
    #[inline]
    fn done(&mut self, node: usize) {
        self.at = match self.open.last() {
            Some(&parent) if matches!(self.nodes[parent], Node::List { .. }) => node,
            Some(_) => NOWHERE,
            None => {
                self.next += 1;
                self.series.get(self.next).copied().unwrap_or(NOWHERE)
            }
        };
    }

    /// Opens the next value if its node is a list, or a map or record.
    fn begin(&mut self, list: bool) {
        if self.ignored > 0 || self.at == NOWHERE {
            self.ignored += 1;
            return;
        }
        let at = self.at;
        match &mut self.nodes[at] {
            Node::List { element, .. } if list => self.at = *element,
            Node::Map { .. } if !list => self.at = NOWHERE,
            Node::Record { next, .. } if !list => {
                *next = 0;
                self.at = NOWHERE;
            }
            _ => {
                self.append_null(at);
                self.fail(Trouble::Kind);
                self.done(at);
                self.ignored = 1;
                return;
            }
        }
        self.open.push(at);
    }

    /// Closes the innermost value.
    fn close(&mut self) {
        if self.ignored > 0 {
            self.ignored -= 1;
            return;
        }
        let Some(node) = self.open.pop() else { return };
        match &self.nodes[node] {
            Node::List { element: child, .. } | Node::Map { value: child, .. } => {
                let end = self.length(*child);
                if self.awaited.take_if(|awaited| *awaited == node).is_some() {
                    self.keep(node, end);
                }
                if let Node::List { nesting, .. } | Node::Map { nesting, .. } = &mut self.nodes[node]
                    && let Err(trouble) = nesting.end(end, true)
                {
                    self.fail(trouble);
                }
            }
            _ => self.close_record(node),
        }
        self.counts[node].length += 1;
        self.done(node);
    }
    /// Ends a record: parts that did not come are null.
    fn close_record(&mut self, node: usize) {
        let Node::Record { parts, valid, .. } = &mut self.nodes[node] else { return };
        valid.append_non_null();
        let (parts, before) = (parts.clone(), self.length(node));
        for &part in parts.iter() {
            if self.length(part) == before {
                self.append_null(part);
            }
        }
    }
}
