//! Reading documents one after the other.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    vec::IntoIter,
};

use bytes::Bytes;
use descriptor_core::{
    archive::{self, Chunk, Event, History, Options, Progress, Source, is_packed},
    document::{Owned, Type},
    netdoc::{Frame, frames},
    schema::Wanted,
    threads::crew,
};
use pyo3::{
    prelude::*,
    sync::MutexExt,
    types::{PyList, PyType},
};

use crate::{
    arguments::{self, Count},
    background::{self, Message, Messages},
    descriptor::Descriptor,
    document::Document,
    errors,
    issue::Issue,
    meter::Meter,
    names, source,
};

/// How large a part of the input is worked on at a time: a document keeps the part alive that it stands in. In bytes.
const PART: usize = 384 << 10;
/// How many parts may wait for Python.
const WAITING: usize = 4;
/// How many errors are kept; the rest is counted.
const MOST: usize = 1000;

/// Something that comes out of the reading.
enum Item {
    Document(Document),
    Unfit(Owned, Option<Arc<Source>>),
    Unknown(Option<Arc<Source>>, u64, Vec<u8>),
    Failed(archive::Error),
}

/// What becomes of what cannot be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    Collect,
    Skip,
    Raise,
}

/// Gives documents one after the other; the files are read ahead in the background, in bounded memory.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct Reader {
    state: Mutex<State>,
    progress: Arc<Progress>,
    on_error: OnError,
    history: Option<PathBuf>,
    meter: Option<Meter>,
    errors: Py<PyList>,
}

struct State {
    items: IntoIter<Item>,
    receiver: Option<Messages<Vec<Item>>>,
    suppressed: u64,
}

impl Reader {
    fn state(&self, py: Python<'_>) -> MutexGuard<'_, State> {
        self.state.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }

    /// The next thing that was read. Waits without the GIL.
    fn item(&self, py: Python<'_>) -> PyResult<Option<Item>> {
        loop {
            let item = self.state(py).items.next();
            // What Python does then may come back here, so that nothing is locked.
            if item.is_some() {
                return Ok(item);
            }
            py.check_signals()?;
            if !self.receive(py)? {
                self.meter.as_ref().map(|meter| meter.end(py, &self.progress)).transpose()?;
                return Ok(None);
            }
            self.meter.as_ref().map(|meter| meter.show(py, &self.progress)).transpose()?;
        }
    }

    /// Takes what was read next, if it comes soon; false if everything was taken.
    fn receive(&self, py: Python<'_>) -> PyResult<bool> {
        let mut state = self.state(py);
        if state.items.len() > 0 {
            // Another thread was quicker.
            return Ok(true);
        }
        let Some(receiver) = &mut state.receiver else { return Ok(false) };
        match background::next(py, receiver) {
            Ok(None) => {}
            Ok(Some(Message::Event(Event::Output(items)))) => state.items = items.into_iter(),
            Ok(Some(Message::Event(Event::Failed(error)))) => {
                state.items = vec![Item::Failed(error)].into_iter();
            }
            Ok(Some(Message::End(history))) => {
                state.receiver = None;
                if let (Some(history), Some(path)) = (history, &self.history) {
                    py.detach(|| history.save(path)).map_err(|error| errors::unwritten(py, path, &error))?;
                }
            }
            Ok(Some(Message::Panicked)) => state.receiver = None,
            Err(error) => {
                state.receiver = None;
                return Err(error);
            }
        }
        Ok(true)
    }

    /// The document of an item, or what is wrong.
    fn judge<'py>(py: Python<'py>, item: Item) -> PyResult<Bound<'py, PyAny>> {
        let name = |source: &Option<Arc<Source>>| source.as_ref().map(ToString::to_string);
        match item {
            Item::Document(document) => Descriptor::of_document(py, document),
            Item::Unfit(owned, source) => {
                let name = name(&source);
                let issue = owned.parsed().issues.first();
                let issue = issue.map(|issue| Issue::new(issue, owned.frame(), name.clone()));
                let document = Descriptor::of_document(py, Document::read(owned.clone(), source))?;
                match issue {
                    Some(issue) => Err(errors::document(py, name, &issue, &document)),
                    None => Ok(document),
                }
            }
            Item::Unknown(source, offset, head) => Err(errors::unknown(py, name(&source), offset, &head)),
            Item::Failed(error) => Err(errors::read(py, &error)),
        }
    }
}

#[pymethods]
impl Reader {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        while let Some(item) = self.item(py)? {
            let wrong = !matches!(item, Item::Document(..));
            if wrong && self.on_error == OnError::Skip {
                self.state(py).suppressed += 1;
                continue;
            }
            match Self::judge(py, item) {
                Err(error) if wrong && self.on_error == OnError::Collect => {
                    let errors = self.errors.bind(py);
                    if errors.len() < MOST {
                        errors.append(error.into_value(py))?;
                    } else {
                        self.state(py).suppressed += 1;
                    }
                }
                result => return result.map(Some),
            }
        }
        Ok(None)
    }

    /// What could not be read so far, as exceptions, if `on_error` is `collect`; the first thousand.
    #[getter]
    fn errors(&self, py: Python<'_>) -> Py<PyList> {
        self.errors.clone_ref(py)
    }

    /// How many further errors there were that are not in `errors`: all of them if `on_error` is `skip`.
    #[getter]
    fn suppressed(&self, py: Python<'_>) -> u64 {
        self.state(py).suppressed
    }

    /// Ends the reading; there are no more documents.
    fn close(&self, py: Python<'_>) {
        let mut state = self.state(py);
        state.receiver = None;
        state.items = Vec::new().into_iter();
    }

    /// The class itself: `Reader[ServerDescriptor]` is for type checkers.
    #[classmethod]
    fn __class_getitem__<'py>(class: &Bound<'py, PyType>, _item: &Bound<'py, PyAny>) -> Bound<'py, PyType> {
        class.clone()
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, py: Python<'_>, _error: &Bound<'_, pyo3::types::PyTuple>) {
        self.close(py);
    }
}

/// Reads documents from anywhere.
///
/// `source` is a path, a folder, a pattern such as `2024-*/**`, bytes, a file that is open for reading bytes, or several
/// of these. Bytes are documents, and never the name of a file. Archives and compressed files are recognised by their
/// contents and read without being unpacked. The result is an iterator over the documents in order; files are read ahead by
/// other threads, in bounded memory.
///
/// `types` are the wanted types, by name or class; left out, all. `type` is the type of documents that do not tell it, by
/// annotation or by first line. With `strict`, a document with any issue counts as one that cannot be read. `threads` is how
/// many work; left out, as many as there are processors. `on_error` says what becomes of what cannot be read: with `collect`
/// it is put on the reader's list `errors`, with `skip` it is left out, with `raise` it is raised and one may go on.
/// `progress` shows a bar, if tqdm is installed, or calls a function with bytes read, bytes in all, and documents. `history`
/// is a file: what it lists is not read again, and it is written anew when the last document was taken.
#[pyfunction]
#[pyo3(signature = (source, *, types = None, r#type = None, strict = false, threads = None, on_error = "collect", progress = None, history = None))]
#[allow(clippy::too_many_arguments, reason = "they have names in Python")]
pub(crate) fn parse(
    source: &Bound<'_, PyAny>,
    types: Option<&Bound<'_, PyAny>>,
    r#type: Option<&Bound<'_, PyAny>>,
    strict: bool,
    threads: Option<Count>,
    on_error: &str,
    progress: Option<&Bound<'_, PyAny>>,
    history: Option<PathBuf>,
) -> PyResult<Reader> {
    let py = source.py();
    let types = types.map(names::types).transpose()?;
    let hint = r#type.map(names::one_type).transpose()?;
    let on_error = match on_error {
        "collect" => OnError::Collect,
        "skip" => OnError::Skip,
        "raise" => OnError::Raise,
        other => {
            let message = format!("on_error is collect, skip or raise, not {other}");
            return Err(errors::usage(py, &message));
        }
    };
    let counters = Arc::new(Progress::default());
    let mut state = State { items: Vec::new().into_iter(), receiver: None, suppressed: 0 };
    let small = source::bytes(source)?.filter(|bytes| bytes.len() <= background::SMALL && !is_packed(bytes));
    match small {
        Some(bytes) => {
            let wants = |kind: Option<Type>| wanted(types.as_deref(), kind);
            let items = py.detach(|| {
                let frames = frames(&bytes, hint).filter(|frame| wants(frame.kind));
                let threads = crew(arguments::threads(threads));
                frames.map(|frame| item(&bytes, None, frame, strict, threads)).collect::<Vec<_>>()
            });
            state.items = items.into_iter();
        }
        None => {
            let inputs = source::inputs(source)?;
            let options = Options {
                threads: arguments::threads(threads),
                chunk_bytes: PART,
                history: history.as_deref().map(|path| self::history(py, path)).transpose()?,
                types,
                hint,
                progress: Some(Arc::clone(&counters)),
                keep: true,
                ..Options::default()
            };
            let map = move |chunk: &Chunk, threads: usize| -> Vec<Item> {
                let named = chunk.frames().map(|(source, frame)| (named(source), frame));
                named.map(|(source, frame)| item(chunk.bytes(), source, frame, strict, threads)).collect()
            };
            state.receiver = Some(background::start(py, inputs, options, WAITING, map));
        }
    }
    let meter = Meter::of(progress)?;
    let (state, errors) = (Mutex::new(state), PyList::empty(py).unbind());
    Ok(Reader { state, progress: counters, on_error, history, meter, errors })
}

/// What a file of history lists. A folder that is not there is told at once, and not when all is read.
pub(crate) fn history(py: Python<'_>, path: &Path) -> PyResult<History> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(errors::missing(py, folder));
    }
    History::load(path).map_err(|error| errors::file(py, path, &error))
}

fn wanted(types: Option<&[Type]>, kind: Option<Type>) -> bool {
    types.is_none_or(|types| kind.is_some_and(|kind| types.contains(&kind)))
}

/// The source of a document, unless it was given as bytes.
fn named(source: &Arc<Source>) -> Option<Arc<Source>> {
    (source.member.is_some() || source.path.as_os_str() != "bytes").then(|| Arc::clone(source))
}

/// Takes one document; reads it, by some threads, if it is large or must be judged.
fn item(buffer: &Bytes, source: Option<Arc<Source>>, frame: Frame<'_>, strict: bool, threads: usize) -> Item {
    if !strict && let Some(document) = Document::unread(buffer, frame, source.clone()) {
        return Item::Document(document);
    }
    if strict && let Some(owned) = Owned::columns(buffer, frame, Wanted { threads, ..Wanted::ALL }) {
        let fit = owned.parsed().issues.is_empty();
        return if fit { Item::Document(Document::read(owned, source)) } else { Item::Unfit(owned, source) };
    }
    match Document::read_now(buffer, frame, source.clone(), threads) {
        Some(document) => Item::Document(document),
        None => {
            let head = frame.body.split(|&b| b == b'\n').next().unwrap_or_default();
            Item::Unknown(source, frame.offset, head[..head.len().min(60)].to_vec())
        }
    }
}
