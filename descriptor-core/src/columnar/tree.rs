//! Columns under construction: a tree of builders, one a value, that a sink walks by position.

use std::{net::IpAddr, sync::Arc};

use arrow_array::{
    ArrayRef, ListArray, MapArray, StructArray,
    builder::{
        ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder,
        TimestampMicrosecondBuilder,
    },
};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, TimeUnit};

use super::form;
use crate::{
    schema::{Kind, Sink},
    value::Timestamp,
};

/// The place of a node that takes values nobody wants.
const NOWHERE: usize = usize::MAX;

/// All nodes of all columns, each child before its parent.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The node that takes the next value.
    at: usize,
    /// The lists, maps and records that are open, innermost last.
    open: Vec<usize>,
    /// How many lists and maps are open within a value that is not kept.
    ignored: usize,
    /// Whether a value did not look as its kind promised, or did not fit.
    trouble: Option<Trouble>,
    scratch: Vec<u8>,
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
    Text(StringBuilder),
    List { element: usize, nesting: Nesting },
    Map { keys: StringBuilder, value: usize, nesting: Nesting },
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
    fn end(&mut self, length: usize, valid: bool) -> Result<(), Trouble> {
        let last = self.offsets.last().copied().unwrap_or_default();
        let end = i32::try_from(length);
        self.offsets.push(end.unwrap_or(last));
        self.valid.append(valid && end.is_ok());
        end.map(|_| ()).map_err(|_| Trouble::Full)
    }

    fn finish(&mut self) -> (Arc<Field>, OffsetBuffer<i32>, Option<arrow_buffer::NullBuffer>) {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        (self.field.clone(), OffsetBuffer::new(ScalarBuffer::from(offsets)), self.valid.finish())
    }
}

/// How a kind looks in Arrow.
pub(super) fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Policy(kind) => data_type(*kind),
        Kind::Bool => DataType::Boolean,
        Kind::Int(_) => DataType::Int64,
        Kind::Float(_) => DataType::Float64,
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Text | Kind::Hex | Kind::Base64 | Kind::Address => DataType::Utf8,
        Kind::List(element) => DataType::List(Arc::new(element_field(*element))),
        Kind::Map(value) => DataType::Map(Arc::new(entries_field(*value)), false),
        Kind::Record(_) | Kind::Table(_) => DataType::Struct(Fields::from(fields(kind))),
    }
}

/// A field with its unit and its doc.
pub(super) fn field(name: &str, kind: Kind, doc: &str) -> Field {
    let mut metadata = Vec::new();
    if let Some(unit) = kind.unit() {
        metadata.push(("unit".to_owned(), unit.to_owned()));
    }
    if !doc.is_empty() {
        metadata.push(("doc".to_owned(), doc.trim().to_owned()));
    }
    Field::new(name, data_type(kind), true).with_metadata(metadata.into_iter().collect())
}

fn element_field(kind: Kind) -> Field {
    Field::new_list_field(data_type(kind), true)
}

fn entries_field(value: Kind) -> Field {
    let fields = vec![Field::new("key", DataType::Utf8, false), Field::new("value", data_type(value), true)];
    Field::new_struct("entries", fields, false)
}

/// The fields of a kind with named parts.
fn fields(kind: Kind) -> Vec<Field> {
    match kind {
        Kind::Record(parts) => parts.iter().map(|part| field(part.name, part.kind, "")).collect(),
        Kind::Table(schema) => {
            let schema = schema();
            let all = schema.columns().iter();
            all.map(|it| field(&it.name, it.kind, schema.fields[it.field].doc)).collect()
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
    /// Adds the nodes of a kind; returns the place of the outermost.
    pub(super) fn add(&mut self, kind: Kind) -> usize {
        let node = match kind {
            Kind::Policy(kind) => return self.add(*kind),
            Kind::Bool => Node::Bool(BooleanBuilder::new()),
            Kind::Int(_) => Node::Int(Int64Builder::new()),
            Kind::Float(_) => Node::Float(Float64Builder::new()),
            Kind::Time => Node::Time(TimestampMicrosecondBuilder::new().with_data_type(data_type(kind))),
            Kind::Text | Kind::Hex | Kind::Base64 | Kind::Address => Node::Text(StringBuilder::new()),
            Kind::List(element) => {
                let nesting = Nesting::new(element_field(*element));
                Node::List { element: self.add(*element), nesting }
            }
            Kind::Map(value) => {
                let nesting = Nesting::new(entries_field(*value));
                Node::Map { keys: StringBuilder::new(), value: self.add(*value), nesting }
            }
            Kind::Record(_) | Kind::Table(_) => {
                let parts = kinds(kind).into_iter().map(|kind| self.add(kind)).collect();
                Node::Record {
                    fields: Fields::from(fields(kind)),
                    parts,
                    valid: NullBufferBuilder::new(0),
                    next: 0,
                }
            }
        };
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Takes one value of a column from whoever tells it.
    pub(super) fn value(&mut self, node: usize, tell: impl FnOnce(&mut dyn Sink)) -> Result<(), Trouble> {
        let before = self.length(node);
        self.at = node;
        tell(self);
        self.open.clear();
        self.ignored = 0;
        if self.length(node) == before {
            self.append_null(node);
            self.trouble = Some(Trouble::Kind);
        }
        self.trouble.take().map_or(Ok(()), Err)
    }

    /// How many values a node has.
    pub(super) fn length(&self, node: usize) -> usize {
        match &self.nodes[node] {
            Node::Bool(it) => it.len(),
            Node::Int(it) => it.len(),
            Node::Float(it) => it.len(),
            Node::Time(it) => it.len(),
            Node::Text(it) => it.len(),
            Node::List { nesting, .. } | Node::Map { nesting, .. } => nesting.valid.len(),
            Node::Record { valid, .. } => valid.len(),
        }
    }

    /// Takes the finished array of a node, which is empty afterwards.
    pub(super) fn finish(&mut self, node: usize) -> Result<ArrayRef, ArrowError> {
        // Taken out so that the children can be reached; put back below.
        let mut taken = std::mem::replace(&mut self.nodes[node], Node::Bool(BooleanBuilder::new()));
        let array: Result<ArrayRef, ArrowError> = match &mut taken {
            Node::Bool(it) => Ok(Arc::new(it.finish())),
            Node::Int(it) => Ok(Arc::new(it.finish())),
            Node::Float(it) => Ok(Arc::new(it.finish())),
            Node::Time(it) => Ok(Arc::new(it.finish())),
            Node::Text(it) => Ok(Arc::new(it.finish())),
            Node::List { element, nesting } => self.finish(*element).and_then(|values| {
                let (field, offsets, valid) = nesting.finish();
                Ok(Arc::new(ListArray::try_new(field, offsets, values, valid)?) as ArrayRef)
            }),
            Node::Map { keys, value, nesting } => self.finish(*value).and_then(|values| {
                let (field, offsets, valid) = nesting.finish();
                let DataType::Struct(fields) = field.data_type() else {
                    return Err(ArrowError::SchemaError("a map's entries are a struct".to_owned()));
                };
                let entries =
                    StructArray::try_new(fields.clone(), vec![Arc::new(keys.finish()), values], None)?;
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

    fn append_null(&mut self, node: usize) {
        let end = match &self.nodes[node] {
            Node::List { element: child, .. } | Node::Map { value: child, .. } => self.length(*child),
            _ => 0,
        };
        match &mut self.nodes[node] {
            Node::Bool(it) => it.append_null(),
            Node::Int(it) => it.append_null(),
            Node::Float(it) => it.append_null(),
            Node::Time(it) => it.append_null(),
            Node::Text(it) => it.append_null(),
            Node::List { nesting, .. } | Node::Map { nesting, .. } => {
                if let Err(trouble) = nesting.end(end, false) {
                    self.trouble = Some(trouble);
                }
            }
            Node::Record { valid, parts, .. } => {
                valid.append_null();
                let parts = parts.clone();
                parts.iter().for_each(|&part| self.append_null(part));
            }
        }
    }

    /// Gives the next value to its node, which says whether it takes it.
    #[inline]
    fn scalar(&mut self, put: impl FnOnce(&mut Node) -> Result<(), Trouble>) {
        if self.ignored > 0 || self.at == NOWHERE {
            return;
        }
        let at = self.at;
        if let Err(trouble) = put(&mut self.nodes[at]) {
            self.append_null(at);
            self.trouble = Some(trouble);
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
            Node::Text(it) => append_text(it, &scratch),
            _ => Err(Trouble::Kind),
        });
        self.scratch = scratch;
    }

    /// Goes on after a value of a node: a list takes further ones, everything else waits for a key.
    #[inline]
    fn done(&mut self, node: usize) {
        let parent = self.open.last().map(|&parent| &self.nodes[parent]);
        self.at = if matches!(parent, Some(Node::List { .. })) { node } else { NOWHERE };
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
                self.trouble = Some(Trouble::Kind);
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
        if let Node::Record { parts, valid, .. } = &mut self.nodes[node] {
            let before = valid.len();
            valid.append_non_null();
            let parts = parts.clone();
            for &part in parts.iter() {
                if self.length(part) == before {
                    self.append_null(part);
                }
            }
        }
        let end = match &self.nodes[node] {
            Node::List { element: child, .. } | Node::Map { value: child, .. } => self.length(*child),
            _ => 0,
        };
        if let Node::List { nesting, .. } | Node::Map { nesting, .. } = &mut self.nodes[node]
            && let Err(trouble) = nesting.end(end, true)
        {
            self.trouble = Some(trouble);
        }
        self.done(node);
    }
}

fn append_text(builder: &mut StringBuilder, text: &[u8]) -> Result<(), Trouble> {
    let text = String::from_utf8_lossy(text);
    if builder.values_slice().len() + text.len() > i32::MAX as usize {
        return Err(Trouble::Full);
    }
    builder.append_value(text);
    Ok(())
}

impl Sink for Tree {
    fn null(&mut self) {
        if self.ignored == 0 && self.at != NOWHERE {
            let at = self.at;
            self.append_null(at);
            self.done(at);
        }
    }
    fn bool(&mut self, value: bool) {
        self.scalar(|node| match node {
            Node::Bool(it) => {
                it.append_value(value);
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
    fn int(&mut self, value: i64) {
        self.scalar(|node| match node {
            Node::Int(it) => {
                it.append_value(value);
                Ok(())
            }
            Node::Float(it) => {
                it.append_value(value as f64);
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
    fn float(&mut self, value: f64) {
        self.scalar(|node| match node {
            Node::Float(it) => {
                it.append_value(value);
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
    fn text(&mut self, value: &[u8]) {
        self.scalar(|node| match node {
            Node::Text(it) => append_text(it, value),
            _ => Err(Trouble::Kind),
        });
    }
    fn hex(&mut self, value: &[u8]) {
        self.written(|out| form::hex(out, value));
    }
    fn base64(&mut self, value: &[u8]) {
        self.written(|out| form::base64(out, value));
    }
    fn time(&mut self, value: Timestamp) {
        self.scalar(|node| match node {
            // A time whose microseconds exceed 64 bits is 292,000 years off; it is null.
            Node::Time(it) => {
                it.append_option(value.0.checked_mul(1_000_000));
                Ok(())
            }
            _ => Err(Trouble::Kind),
        });
    }
    fn address(&mut self, value: IpAddr) {
        self.written(|out| form::address(out, value));
    }
    fn list(&mut self) {
        self.begin(true);
    }
    fn end_list(&mut self) {
        self.close();
    }
    fn map(&mut self) {
        self.begin(false);
    }
    fn key(&mut self, key: &[u8]) {
        if self.ignored > 0 {
            return;
        }
        self.at = NOWHERE;
        let Some(&node) = self.open.last() else { return };
        let length = self.length(node);
        let part = match &mut self.nodes[node] {
            Node::Map { keys, value, .. } => {
                if append_text(keys, key).is_err() {
                    keys.append_value("");
                    self.trouble = Some(Trouble::Full);
                }
                self.at = *value;
                return;
            }
            // Parts come in the order of the table, so that the next one is nearly always the right one.
            Node::Record { fields, parts, next, .. } => {
                let name = |at: usize| fields.get(at).is_some_and(|field| field.name().as_bytes() == key);
                let found = if name(*next) { Some(*next) } else { (0..fields.len()).find(|&at| name(at)) };
                found.map(|found| {
                    *next = found + 1;
                    parts[found]
                })
            }
            _ => None,
        };
        match part {
            // A part that has its value already keeps the first one.
            Some(part) if self.length(part) == length => self.at = part,
            _ => self.trouble = Some(Trouble::Kind),
        }
    }
    fn end_map(&mut self) {
        self.close();
    }
}
