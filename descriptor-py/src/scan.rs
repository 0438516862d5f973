//! Reading into tables.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use descriptor_core::{
    archive::{Chunk, Event, Options, Progress, Source},
    columnar::{ColumnarError, Plan, Selection, TableWriter, Tables, arrow_schema},
    geoip::GeoIp,
    netdoc::Frame,
};
use pyo3::{
    prelude::*,
    sync::MutexExt,
    types::{PyCapsule, PyDict, PyList},
};

use crate::{
    arguments::{self, Count, Names},
    background::{self, Message, Messages},
    errors, filter,
    meter::Meter,
    names, reader, source, stream,
    table::{Table, schema_capsule},
    texts::Form,
};

/// How many errors are kept.
pub(crate) const MOST: usize = 1000;
/// How many documents that cannot be read are a warning each, where nobody can be given a list.
const FEW: u64 = 10;
/// Where tor has its databases of countries.
pub(crate) const GEOIP: [&str; 2] = ["/usr/share/tor/geoip", "/usr/share/tor/geoip6"];

type Output = Result<Tables, ColumnarError>;

/// Gives tables one after the other; the files are read ahead in the background, in bounded memory.
#[pyclass(frozen, module = "tordesc")]
pub(crate) struct Scan {
    receiver: Mutex<Option<Messages<Output>>>,
    form: Form,
    schema: SchemaRef,
    rows: usize,
    raise: bool,
    history: Option<PathBuf>,
    progress: Arc<Progress>,
    meter: Option<Meter>,
}

impl Scan {
    /// The next message; `None` after the last. Waits without the GIL.
    fn message(&self, py: Python<'_>) -> PyResult<Option<Message<Output>>> {
        loop {
            // What Python does then may come back here, so that nothing is locked.
            py.check_signals()?;
            let mut receiver = self.receiver.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
            let Some(listening) = &mut *receiver else { return Ok(None) };
            let message = background::next(py, listening);
            if !matches!(message, Ok(None | Some(Message::Event(_)))) {
                *receiver = None;
            }
            if let Some(message) = message? {
                return Ok(Some(message));
            }
        }
    }

    /// The next table, of about as many rows as the caller wants.
    pub(crate) fn next(&self, py: Python<'_>) -> PyResult<Option<Table>> {
        self.table(py, self.rows)
    }

    /// The next table, of at least so many rows if there are as many.
    fn table(&self, py: Python<'_>, rows: usize) -> PyResult<Option<Table>> {
        let (mut batches, mut count, mut unparseable, errors) =
            (Vec::<RecordBatch>::new(), 0, 0, PyList::empty(py));
        let mut ended = true;
        while let Some(message) = self.message(py)? {
            match message {
                Message::Event(Event::Output(tables)) => {
                    let tables = tables.map_err(|error| errors::bug(&error.to_string()))?;
                    count += tables.batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>();
                    unparseable += tables.unparseable;
                    for unread in &tables.unread {
                        let error = errors::unread(py, unread);
                        if self.raise {
                            return Err(error);
                        }
                        if errors.len() == MOST {
                            break;
                        }
                        errors.append(error.into_value(py))?;
                    }
                    batches.extend(tables.batches.into_iter().map(|batch| batch.rows));
                }
                Message::Event(Event::Failed(error)) => {
                    let error = errors::read(py, &error);
                    if self.raise {
                        return Err(error);
                    }
                    if errors.len() < MOST {
                        errors.append(error.into_value(py))?;
                    }
                }
                Message::End(history) => {
                    if let (Some(history), Some(path)) = (history, &self.history) {
                        py.detach(|| history.save(path))
                            .map_err(|error| errors::unwritten(py, path, &error))?;
                    }
                }
                Message::Panicked => {}
            }
            self.meter.as_ref().map(|meter| meter.show(py, &self.progress)).transpose()?;
            if count >= rows {
                ended = false;
                break;
            }
        }
        if ended {
            self.meter.as_ref().map(|meter| meter.end(py, &self.progress)).transpose()?;
        }
        let nothing = ended && batches.is_empty() && errors.is_empty() && unparseable == 0;
        let table = || Table::new(self.form, Arc::clone(&self.schema), batches, unparseable, errors.unbind());
        if nothing { Ok(None) } else { table().map(Some) }
    }
}

#[pymethods]
impl Scan {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Table>> {
        self.next(py)
    }

    /// An empty table with the columns of all that come.
    #[getter]
    fn empty(&self, py: Python<'_>) -> PyResult<Table> {
        Table::new(self.form, Arc::clone(&self.schema), Vec::new(), 0, PyList::empty(py).unbind())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &Form::Plain.schema(&self.schema))
    }

    /// The rows that are left as an Arrow stream, read while they are taken. What cannot be read is a warning, or raised if
    /// `on_error` is `raise`. A requested schema is not looked at, as Arrow allows.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        slf: &Bound<'py, Self>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        stream::capsule(slf, Form::Plain.schema(&slf.get().schema))
    }
}

/// What a caller asks for.
struct Question {
    plan: Plan,
    options: Options,
    schema: SchemaRef,
}

/// Understands the arguments that all functions of tables have.
#[allow(clippy::too_many_arguments, reason = "they have names in Python")]
fn question(
    r#type: &Bound<'_, PyAny>,
    columns: Option<Names>,
    r#where: Option<&Bound<'_, PyDict>>,
    entries: bool,
    geoip: Option<&Bound<'_, PyAny>>,
    threads: Option<Count>,
    history: Option<&PathBuf>,
    form: Form,
) -> PyResult<Question> {
    let py = r#type.py();
    let usage = |message: String| errors::usage(py, &message);
    let columns = columns.map(|names| names.0).unwrap_or_default();
    let asked = |given: &Bound<'_, PyDict>| given.contains("country");
    let countries =
        columns.iter().any(|name| name == "country") || r#where.map(asked).transpose()?.unwrap_or(false);
    let geoip = match geoip {
        Some(paths) => Some(database(py, files(paths)?)?),
        None if countries => Some(database(py, GEOIP.map(PathBuf::from).to_vec())?),
        None => None,
    };
    let types = names::types(r#type)?;
    let mut selections = Vec::new();
    for &kind in &types {
        let selection = if entries {
            Selection::entries(kind).ok_or_else(|| usage(format!("{} has no entries", kind.name())))?
        } else {
            Selection::documents(kind)
        };
        let selection = match &geoip {
            Some(geoip) => selection.with_countries(Arc::clone(geoip)),
            None => selection,
        };
        selections.push(if form == Form::Views { selection.with_views() } else { selection });
    }
    let Some(first) = selections.first() else { return Err(usage("no type".to_owned())) };
    if selections.iter().any(|it| it.columns() != first.columns()) {
        return Err(usage("the types have not the same columns; read one after the other".to_owned()));
    }
    let conditions = match r#where {
        Some(given) => filter::conditions(given, first)?,
        None => Vec::new(),
    };
    let plan = Plan::new(selections, &columns, &conditions).map_err(|error| errors::filter(py, &error))?;
    let plan = plan.with_threads(arguments::threads(threads));
    let selection = types.first().and_then(|&kind| plan.selection(kind)).cloned();
    let selection = selection.ok_or_else(|| errors::bug("a plan without its type"))?;
    let options = Options {
        threads: arguments::threads(threads),
        types: Some(types),
        history: history.map(|path| reader::history(py, path)).transpose()?,
        progress: Some(Arc::default()),
        ..Options::default()
    };
    Ok(Question { plan, options, schema: Arc::new(arrow_schema(&selection)) })
}

/// Whether what cannot be read is raised.
pub(crate) fn raises(py: Python<'_>, on_error: &str) -> PyResult<bool> {
    match on_error {
        "collect" => Ok(false),
        "raise" => Ok(true),
        other => Err(errors::usage(py, &format!("on_error is collect or raise here, not {other}"))),
    }
}

fn files(paths: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    match paths.extract::<PathBuf>() {
        Ok(path) => Ok(vec![path]),
        Err(_) => paths.extract(),
    }
}

/// The database of countries in some files.
fn database(py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<Arc<GeoIp>> {
    let mut geoip = GeoIp::default();
    for path in paths {
        let text = fs::read(&path).map_err(|error| errors::file(py, &path, &error))?;
        geoip.add(&text).map_err(|line| {
            errors::usage(py, &format!("{}: line {line}: not START,END,COUNTRY", path.display()))
        })?;
    }
    Ok(Arc::new(geoip))
}

/// The documents of a chunk, with the names of their sources, each made once.
pub(crate) fn named(chunk: &Chunk) -> impl Iterator<Item = (Arc<str>, Frame<'_>)> {
    let mut last: Option<(&Arc<Source>, Arc<str>)> = None;
    chunk.frames().map(move |(source, frame)| match &last {
        Some((known, name)) if Arc::ptr_eq(known, source) => (Arc::clone(name), frame),
        _ => {
            let name: Arc<str> = source.to_string().into();
            last = Some((source, Arc::clone(&name)));
            (name, frame)
        }
    })
}

/// Reads documents, or their entries, as tables one after the other, in bounded memory.
///
/// The arguments are those of `read`; each table has about `rows` rows. The scan is also one stream of Arrow, for
/// `pyarrow.RecordBatchReader.from_stream`, Polars and DuckDB.
#[pyfunction]
#[pyo3(signature = (paths, r#type, *, columns = None, r#where = None, entries = false, rows = 65536, geoip = None, threads = None, on_error = "collect", progress = None, history = None))]
#[allow(clippy::too_many_arguments, reason = "they have names in Python")]
pub(crate) fn scan(
    paths: &Bound<'_, PyAny>,
    r#type: &Bound<'_, PyAny>,
    columns: Option<Names>,
    r#where: Option<&Bound<'_, PyDict>>,
    entries: bool,
    rows: i64,
    geoip: Option<&Bound<'_, PyAny>>,
    threads: Option<Count>,
    on_error: &str,
    progress: Option<&Bound<'_, PyAny>>,
    history: Option<PathBuf>,
) -> PyResult<Scan> {
    let (py, form) = (paths.py(), Form::last_wanted());
    let Question { plan, options, schema } =
        question(r#type, columns, r#where, entries, geoip, threads, history.as_ref(), form)?;
    let counters = options.progress.clone().unwrap_or_default();
    let (rows, raise) = (arguments::count(rows)?, raises(py, on_error)?);
    let map = move |chunk: &Chunk, _| plan.tables(&mut named(chunk), false);
    let receiver = background::start(py, source::inputs(paths)?, options, 2, map);
    let meter = Meter::of(progress)?;
    Ok(Scan {
        receiver: Mutex::new(Some(receiver)),
        form,
        schema,
        rows: rows.max(1),
        raise,
        history,
        progress: counters,
        meter,
    })
}

/// Reads documents, or their entries, into one table.
///
/// `paths` is anything that `parse` takes. `type` is a name or class. `columns` are those of the table; left out, all.
/// What is not needed for them is not read. `where` is a dict from columns to what they must be: `(from, until)` for times
/// and numbers, with the first bound and without the second one for times; a value, or a list of which one must be there;
/// `{"all": [...]}` for a list that must have all; of an address also a network; of names with values, such as counts by
/// country, a name. With `entries`, a row is an entry, such as a relay in a consensus.
/// `geoip` are databases of tor's form that give the column `country`; tor's own are taken if that column is asked for.
/// What cannot be read, a file or a document, is in the table's `errors`, or raised if `on_error` is `raise`; `threads`,
/// `progress` and `history` are as for `parse`.
#[pyfunction]
#[pyo3(signature = (paths, r#type, *, columns = None, r#where = None, entries = false, geoip = None, threads = None, on_error = "collect", progress = None, history = None))]
#[allow(clippy::too_many_arguments, reason = "they have names in Python")]
pub(crate) fn read(
    paths: &Bound<'_, PyAny>,
    r#type: &Bound<'_, PyAny>,
    columns: Option<Names>,
    r#where: Option<&Bound<'_, PyDict>>,
    entries: bool,
    geoip: Option<&Bound<'_, PyAny>>,
    threads: Option<Count>,
    on_error: &str,
    progress: Option<&Bound<'_, PyAny>>,
    history: Option<PathBuf>,
) -> PyResult<Table> {
    let all = i64::MAX;
    let scan =
        scan(paths, r#type, columns, r#where, entries, all, geoip, threads, on_error, progress, history)?;
    match scan.table(paths.py(), usize::MAX)? {
        Some(table) => Ok(table),
        None => scan.empty(paths.py()),
    }
}

/// Reads documents, or their entries, into Parquet: into one file if `out` ends in `.parquet`, else into a folder
/// `type=…/year=…/month=…`, which DuckDB, Polars, Spark and pandas read as one table. The other arguments are those of
/// `read`; with `on_error="collect"` what cannot be read is a warning, of documents each of the first ten and the number of
/// all. A file is replaced; a folder's tables are added to with `append` or `history`, and otherwise must not be there, so
/// that nothing is in them twice. Returns the files.
#[pyfunction]
#[pyo3(signature = (paths, r#type, out, *, columns = None, r#where = None, entries = false, geoip = None, threads = None, on_error = "collect", progress = None, history = None, append = false))]
#[allow(clippy::too_many_arguments, reason = "they have names in Python")]
pub(crate) fn write_parquet(
    paths: &Bound<'_, PyAny>,
    r#type: &Bound<'_, PyAny>,
    out: PathBuf,
    columns: Option<Names>,
    r#where: Option<&Bound<'_, PyDict>>,
    entries: bool,
    geoip: Option<&Bound<'_, PyAny>>,
    threads: Option<Count>,
    on_error: &str,
    progress: Option<&Bound<'_, PyAny>>,
    history: Option<PathBuf>,
    append: bool,
) -> PyResult<Vec<PathBuf>> {
    let py = paths.py();
    let Question { plan, options, .. } =
        question(r#type, columns, r#where, entries, geoip, threads, history.as_ref(), Form::Plain)?;
    let raise = raises(py, on_error)?;
    let meter = Meter::of(progress)?;
    let counters = options.progress.clone().unwrap_or_default();
    let columnar = |error: ColumnarError| errors::columnar(py, &error);
    let writer = TableWriter::create(&out, &plan).map_err(columnar)?;
    let mut writer = if append || history.is_some() { writer } else { writer.only_new() };
    let by_month = writer.by_month();
    let map = move |chunk: &Chunk, _| plan.tables(&mut named(chunk), by_month);
    let mut receiver = background::start(py, source::inputs(paths)?, options, 2, map);
    let (mut lost, mut told) = (0, 0);
    loop {
        py.check_signals()?;
        let Some(message) = background::next(py, &mut receiver)? else { continue };
        match message {
            Message::Event(Event::Output(tables)) => {
                let tables = tables.map_err(columnar)?;
                lost += tables.unparseable;
                for unread in &tables.unread {
                    let error = errors::unread(py, unread);
                    if raise {
                        return Err(error);
                    }
                    if told == FEW {
                        break;
                    }
                    told += 1;
                    errors::warn_of(error.value(py).as_any())?;
                }
                py.detach(|| writer.write(&tables)).map_err(columnar)?;
            }
            Message::Event(Event::Failed(error)) if raise => return Err(errors::read(py, &error)),
            Message::Event(Event::Failed(error)) => errors::warn(py, &error)?,
            Message::Panicked => {}
            Message::End(read) => {
                if lost > 0 {
                    errors::say(py, &format!("{lost} documents could not be read and are left out"))?;
                }
                let written = py.detach(|| writer.finish()).map_err(columnar)?;
                if let (Some(read), Some(path)) = (read, &history) {
                    py.detach(|| read.save(path)).map_err(|error| errors::unwritten(py, path, &error))?;
                }
                meter.map(|meter| meter.end(py, &counters)).transpose()?;
                return Ok(written.files);
            }
        }
        meter.as_ref().map(|meter| meter.show(py, &counters)).transpose()?;
    }
}
