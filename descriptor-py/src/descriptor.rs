//! The class that all classes of documents are made of.

use std::{
    cell::Cell,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    ptr,
    sync::Arc,
};

use bytes::Bytes;
use descriptor_core::{
    archive::Source,
    document::{Owned, Type},
    netdoc::Frame,
    schema::{Record, Schema},
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyTuple, PyType},
};

use crate::{
    classes, document::Document, entries::EntryIterator, errors, issue::Issue, repr, sink::PySink, value,
};

/// A document of the Tor network, or a part of one that has fields of its own, such as a status entry.
///
/// Its fields are attributes. What is missing in the document, or cannot be read, is None; `issues` says what is wrong.
#[pyclass(subclass, frozen, weakref, module = "tordesc")]
pub(crate) struct Descriptor {
    place: Place,
}

/// What an object is: a document, or a part of one that has a table of its own.
pub(crate) enum Place {
    Document(Box<Document>),
    Part { parent: Py<Descriptor>, field: usize, index: usize, schema: &'static Schema },
}

/// From this size on a document is hashed without the GIL. In bytes.
const DETACH: usize = 64 << 10;

thread_local! {
    /// What the next object is made of. Classes are called without arguments, for that is the quickest way to make an
    /// instance of a class that Python made.
    static NEXT: Cell<Option<Place>> = const { Cell::new(None) };
}

impl Descriptor {
    /// Makes an object of a class.
    #[inline]
    pub(crate) fn make<'py>(class: &Bound<'py, PyType>, place: Place) -> PyResult<Bound<'py, PyAny>> {
        NEXT.set(Some(place));
        class.call0()
    }

    /// A document as an object of its class.
    pub(crate) fn of_document<'py>(py: Python<'py>, document: Document) -> PyResult<Bound<'py, PyAny>> {
        Self::make(classes::of_type(py, document.kind())?, Place::Document(Box::new(document)))
    }

    /// The whole document.
    #[inline]
    pub(crate) fn document(&self) -> &Document {
        match &self.place {
            Place::Document(document) => document,
            Place::Part { parent, .. } => parent.get().document(),
        }
    }

    /// The whole document, read.
    pub(crate) fn owned(&self) -> PyResult<&Owned> {
        self.document().whole().ok_or_else(unread)
    }

    fn source_of(&self) -> Option<&Arc<Source>> {
        self.document().source.as_ref()
    }

    /// What the object shows.
    #[inline]
    pub(crate) fn record(&self) -> PyResult<&dyn Record> {
        match &self.place {
            Place::Document(document) => Ok(document.whole().ok_or_else(unread)?.record()),
            Place::Part { parent, field, index, .. } => {
                parent.get().record()?.nth(*field, *index).ok_or_else(no_part)
            }
        }
    }

    /// The same, of which perhaps no other field than this one was read.
    #[inline]
    pub(crate) fn record_with(&self, row: usize) -> PyResult<&dyn Record> {
        match &self.place {
            Place::Document(document) => Ok(document.with_row(row).ok_or_else(unread)?.record()),
            Place::Part { parent, field, index, .. } => match &parent.get().place {
                Place::Document(document) => {
                    let owned = document.with_row_of(*field, row).ok_or_else(unread)?;
                    owned.record().nth(*field, *index).ok_or_else(no_part)
                }
                Place::Part { .. } => self.record(),
            },
        }
    }

    /// The same, whose entries were perhaps not read but for their bytes and some fields.
    pub(crate) fn record_of_parts(&self) -> PyResult<&dyn Record> {
        match &self.place {
            Place::Document(document) => Ok(document.around_entries().ok_or_else(unread)?.record()),
            Place::Part { parent, field, index, .. } => {
                parent.get().record_of_parts()?.nth(*field, *index).ok_or_else(no_part)
            }
        }
    }

    /// Tells a column; null if its line is missing or malformed.
    #[inline]
    pub(crate) fn emit(&self, field: usize, part: usize, out: &mut PySink<'_, '_>) -> PyResult<()> {
        match &self.place {
            Place::Document(document) => {
                let owned = document.with_row(field).ok_or_else(unread)?;
                owned.parsed().emit(owned.record(), field, part, out);
            }
            Place::Part { .. } => self.record_with(field)?.emit(field, part, out),
        }
        Ok(())
    }

    /// A column of many as a Python object of plain types.
    pub(crate) fn plain<'py>(
        &self,
        py: Python<'py>,
        field: usize,
        part: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Place::Document(document) = &self.place {
            document.whole();
        }
        let mut sink = PySink::new(py);
        self.emit(field, part, &mut sink)?;
        sink.finish()
    }

    #[inline]
    fn kind(&self) -> Option<Type> {
        match &self.place {
            Place::Document(document) => Some(document.kind()),
            Place::Part { .. } => None,
        }
    }

    #[inline]
    pub(crate) fn schema(&self) -> PyResult<&'static Schema> {
        match &self.place {
            Place::Document(document) => Ok(document.schema()),
            Place::Part { schema, .. } => Ok(schema),
        }
    }

    /// The name of the class.
    pub(crate) fn title(&self) -> PyResult<&'static str> {
        self.kind().map_or_else(|| Ok(self.schema()?.title), |kind| Ok(kind.title()))
    }

    fn name(&self) -> PyResult<&'static str> {
        self.kind().map_or_else(|| Ok(self.schema()?.name), |kind| Ok(kind.name()))
    }

    /// Where the bytes of the object begin in the document.
    fn within(&self) -> PyResult<usize> {
        let (part, body) = (self.bytes()?, self.document().frame().body);
        Ok((part.as_ptr() as usize).wrapping_sub(body.as_ptr() as usize).min(body.len()))
    }

    fn bytes(&self) -> PyResult<&[u8]> {
        match &self.place {
            Place::Document(document) => Ok(document.frame().body),
            Place::Part { .. } => Ok(self.record_of_parts()?.raw()),
        }
    }
}

/// What pickle is told: who makes the object again, and out of what.
pub(crate) type Reduced<'py> = (Bound<'py, PyAny>, Bound<'py, PyTuple>);

fn unread() -> PyErr {
    errors::bug("a document was not read")
}

fn no_part() -> PyErr {
    PyValueError::new_err("the document has no such part")
}

#[pymethods]
impl Descriptor {
    #[new]
    fn new() -> PyResult<Self> {
        match NEXT.take() {
            Some(place) => Ok(Descriptor { place }),
            None => Err(PyTypeError::new_err("documents are made by tordesc.parse")),
        }
    }

    /// The name of the type, as in `@type`.
    #[getter]
    fn r#type(&self) -> PyResult<&'static str> {
        self.name()
    }

    /// Where the document comes from: the file, and the member if the file is an archive, as `FILE!MEMBER`. None if it
    /// was given as bytes.
    #[getter]
    fn source(&self) -> Option<String> {
        self.source_of().map(ToString::to_string)
    }

    /// Where the document, or the part of it, begins in the decompressed source. In bytes.
    #[getter]
    fn offset(&self) -> PyResult<u64> {
        Ok(self.document().frame().offset + self.within()? as u64)
    }

    /// The bytes of the document, or of the part, without annotations.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.bytes()?))
    }

    /// The document that this is a part of; of a document, itself. None of a status entry that stands alone, as after
    /// pickle, which takes an entry without its status.
    #[getter(document)]
    fn root<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, Self>> {
        match &slf.get().place {
            Place::Document(document) => (!classes::is_entry(document.schema())).then(|| slf.clone()),
            Place::Part { parent, .. } => Self::root(parent.bind(slf.py())),
        }
    }

    /// The annotations before the document, such as `{"type": "server-descriptor 1.0"}`; of two with one name the last.
    #[getter]
    fn annotations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for annotation in self.document().frame().annotations() {
            all.set_item(value::repeated(py, annotation.name)?, value::repeated(py, annotation.value)?)?;
        }
        Ok(all)
    }

    /// The lines that the type does not know, with the objects below them.
    #[getter]
    fn unknown<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (start, length) = (self.within()?, self.bytes()?.len());
        let (parsed, all) = (self.owned()?.parsed(), PyList::empty(py));
        for span in parsed.unknown.iter().filter(|span| span.start >= start && span.end <= start + length) {
            let line = parsed.frame.body.get(span.clone()).unwrap_or_default();
            all.append(value::string(py, line.strip_suffix(b"\n").unwrap_or(line))?)?;
        }
        Ok(all)
    }

    /// What is wrong with the document, or with this part of it, in order. What is named there is None here.
    #[getter]
    fn issues(&self) -> PyResult<Vec<Issue>> {
        let (start, length) = (self.within()?, self.bytes()?.len());
        let whole = matches!(self.place, Place::Document(_));
        let (owned, source) = (self.owned()?, self.source());
        let all = owned.parsed().issues.iter();
        let here = all.filter(|it| whole || (it.span.start >= start && it.span.start < start + length));
        Ok(here.map(|issue| Issue::new(issue, owned.frame(), source.clone())).collect())
    }

    /// The digest by which Tor refers to the document, by the rule of its type; None if it has none.
    ///
    /// `algorithm` is `sha1` or `sha256`; left out, it is the first of them that the type has. `encoding` is `hex`
    /// (upper case), `base64` (without padding) or `bytes`; left out, it is hex for SHA-1 and base64 for SHA-256.
    #[pyo3(signature = (algorithm = None, encoding = None))]
    fn digest<'py>(
        &self,
        py: Python<'py>,
        algorithm: Option<&str>,
        encoding: Option<&str>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(kind) = self.kind() else { return Ok(None) };
        let body = self.document().frame().body;
        let (sha1, sha256) = match algorithm {
            None => (true, true),
            Some("sha1") => (true, false),
            Some("sha256") => (false, true),
            Some(other) => return Err(PyValueError::new_err(format!("no digest is called {other}"))),
        };
        let hash = || {
            let first = kind.sha1(body).filter(|_| sha1);
            let second = if first.is_none() && sha256 { kind.sha256(body) } else { None };
            (first, second)
        };
        // To let others run takes longer than to hash a small document.
        let (first, second) = if body.len() > DETACH { py.detach(hash) } else { hash() };
        let (digest, usual) = match (&first, &second) {
            (Some(digest), _) => (&digest.0[..], "hex"),
            (None, Some(digest)) => (&digest.0[..], "base64"),
            (None, None) => return Ok(None),
        };
        match encoding.unwrap_or(usual) {
            "hex" => Ok(Some(value::hex(py, digest))),
            "base64" => value::base64(py, digest).map(Some),
            "bytes" => Ok(Some(PyBytes::new(py, digest).into_any())),
            other => Err(PyValueError::new_err(format!("no encoding is called {other}"))),
        }
    }

    /// All columns by name, with their values as plain objects, after `type`, `source` and `offset`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        all.set_item("type", self.name()?)?;
        all.set_item("source", self.source())?;
        all.set_item("offset", self.offset()?)?;
        for column in self.schema()?.columns() {
            all.set_item(&column.name, self.plain(py, column.field, column.part)?)?;
        }
        Ok(all)
    }

    /// The entries of the document one after the other, such as the relays of a consensus.
    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<EntryIterator> {
        let schema = slf.get().schema()?;
        match classes::entries(schema) {
            Some(field) => EntryIterator::new(slf, field),
            None => Err(PyTypeError::new_err(format!("a {} has no entries", schema.title))),
        }
    }

    /// Documents are equal if their types and bytes are, wherever they come from.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Descriptor>() else { return Ok(false) };
        let other = other.get();
        Ok(ptr::eq(self, other) || (self.name()? == other.name()? && self.bytes()? == other.bytes()?))
    }

    fn __hash__(&self) -> PyResult<u64> {
        let mut hasher = DefaultHasher::new();
        (self.name()?, self.bytes()?).hash(&mut hasher);
        Ok(hasher.finish())
    }

    /// By bytes and type. A part goes with its document, unless it can stand alone, as a status entry: it is a hundred bytes
    /// and its status millions.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Reduced<'py>> {
        let (py, this) = (slf.py(), slf.get());
        let module = py.import("tordesc._tordesc")?;
        let args = match &this.place {
            Place::Document(document) => {
                let (path, member) = match &document.source {
                    Some(source) => (Some(source.path.to_path_buf()), source.member.clone()),
                    None => (None, None),
                };
                let bytes = PyBytes::new(py, document.bytes());
                (document.kind().name(), bytes, document.frame().offset, path, member).into_pyobject(py)?
            }
            Place::Part { parent, field, index, .. } => match Type::of_name(this.name()?) {
                Some(kind) => {
                    let (path, member) = (this.source_of().map(|it| it.path.to_path_buf()), this.source_of());
                    let member = member.and_then(|source| source.member.clone());
                    (kind.name(), PyBytes::new(py, this.bytes()?), this.offset()?, path, member)
                        .into_pyobject(py)?
                }
                None => return Ok((module.getattr("_part")?, (parent, field, index).into_pyobject(py)?)),
            },
        };
        Ok((module.getattr("_restore")?, args))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        repr::line(self, py)
    }

    fn _repr_html_(&self, py: Python<'_>) -> PyResult<String> {
        repr::html(self, py)
    }

    fn __str__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        value::string(py, self.bytes()?)
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.raw(py)
    }
}

/// A document out of what `__reduce__` gives.
#[pyfunction]
pub(crate) fn _restore<'py>(
    py: Python<'py>,
    name: &str,
    bytes: &[u8],
    offset: u64,
    path: Option<PathBuf>,
    member: Option<String>,
) -> PyResult<Bound<'py, PyAny>> {
    let kind =
        Type::of_name(name).ok_or_else(|| PyValueError::new_err(format!("no type is called {name}")))?;
    let source = path.map(|path| Arc::new(Source { path: path.into(), member }));
    let frame = Frame { offset, ..Frame::whole(kind, bytes) };
    let owned = Owned::new(&Bytes::new(), frame).ok_or_else(|| PyValueError::new_err("not a document"))?;
    Descriptor::of_document(py, Document::read(owned, source))
}

/// A part of a document out of what `__reduce__` gives.
#[pyfunction]
pub(crate) fn _part<'py>(
    parent: &Bound<'py, Descriptor>,
    field: usize,
    index: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let record = parent.get().record()?;
    let part = record.nth(field, index).ok_or_else(no_part)?;
    let (schema, class) = (part.schema(), classes::of_schema(parent.py(), part.schema())?);
    Descriptor::make(class, Place::Part { parent: parent.clone().unbind(), field, index, schema })
}
