//! What `tordesc.stats` is made of: the registry of statistics, partial results, and tables.

use std::{fs, io, path::PathBuf, sync::Arc};

use descriptor_core::{
    archive::{self, Chunk, Event, Progress},
    geoip::{Database, Places},
    plot::{PLOTS, Plot, Size},
    stats::{
        self, Name, Options, Partials, Pool, Profile,
        graphs::{GRAPHS, Graph, Query},
    },
    value::Timestamp,
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyList},
};

use crate::{
    arguments::{self, Count},
    background::{self, Message},
    drawing::Drawing,
    errors,
    meter::Meter,
    run::{PROFILES, Run},
    scan::{MOST, named, raises},
    source,
    table::Table,
    texts::Form,
};

/// How many outputs of workers may wait: they are numbers.
const WAITING: usize = 1024;

/// Adds what is here to the module; not to be exported.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.setattr("_statistics", wrap_pyfunction!(_statistics, module)?)?;
    module.setattr("_graphs", wrap_pyfunction!(_graphs, module)?)?;
    module.setattr("_plots", wrap_pyfunction!(_plots, module)?)?;
    module.setattr("_draw", wrap_pyfunction!(_draw, module)?)?;
    module.setattr("_partial", wrap_pyfunction!(_partial, module)?)?;
    module.setattr("_merge", wrap_pyfunction!(_merge, module)?)?;
    module.setattr("_tables", wrap_pyfunction!(_tables, module)?)?;
    module.setattr("_finish", wrap_pyfunction!(_finish, module)?)?;
    module.setattr("_write", wrap_pyfunction!(_write, module)?)
}

/// All statistics: name, what it is about, the profiles that have it, its tables.
#[pyfunction]
fn _statistics() -> Vec<(&'static str, &'static str, Vec<i64>, Vec<&'static str>)> {
    let profiles =
        |name| PROFILES.iter().filter(move |(_, profile)| Name::of_profile(*profile).contains(&name));
    let years = |name| profiles(name).map(|(year, _)| *year).collect();
    let tables = |name| tables_of(name, profiles(name).map(|(_, profile)| *profile));
    Name::ALL.iter().map(|&name| (name.name(), name.about(), years(name), tables(name))).collect()
}

/// The tables of a statistic in some profiles, each once.
fn tables_of(name: Name, profiles: impl Iterator<Item = Profile>) -> Vec<&'static str> {
    // Some tables are there only where databases are.
    let mut places = Places::default();
    let any = || Database::read(b"0,1,ZZ\n".to_vec()).ok();
    any().into_iter().for_each(|database| places.add_countries(database));
    any().into_iter().for_each(|database| places.add_systems(database));
    let mut all = Vec::new();
    for profile in profiles {
        let options = Options { profile, places: Some(&places), ..Options::at(Timestamp(0)) };
        let tables = Partials::new(&[name]).finish(&options);
        for table in &tables.0 {
            if !all.contains(&table.name) {
                all.push(table.name);
            }
        }
    }
    all
}

/// All plots: name, and the tables that it is made of.
#[pyfunction]
fn _plots() -> Vec<(&'static str, Vec<&'static str>)> {
    PLOTS.iter().map(|plot| (plot.id, plot.modules())).collect()
}

/// All graphs: id, and the tables that it is made of.
#[pyfunction]
fn _graphs() -> Vec<(&'static str, &'static [&'static str])> {
    GRAPHS.iter().map(|graph| (graph.id, graph.modules)).collect()
}

/// What some documents say for some statistics.
#[pyfunction]
fn _partial<'py>(
    source: &Bound<'py, PyAny>,
    names: Vec<String>,
    threads: Option<Count>,
    progress: Option<&Bound<'py, PyAny>>,
    on_error: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = source.py();
    let counted = count(source, &names, threads, progress, on_error)?;
    let warnings = counted.errors.bind(py);
    for error in warnings {
        errors::warn_of(&error)?;
    }
    save(py, counted.partials)
}

/// Merges partial results; of none, nothing.
#[pyfunction]
fn _merge<'py>(py: Python<'py>, partials: Vec<Bound<'py, PyBytes>>) -> PyResult<Bound<'py, PyBytes>> {
    let mut all = Partials::default();
    for partial in &partials {
        let partial = load(partial)?;
        py.detach(|| all.merge(partial));
    }
    save(py, all)
}

/// Tables of some documents, by name: those of modules, or if some are named with their parameters, those of graphs.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "only `tordesc.stats` calls it")]
fn _tables<'py>(
    source: &Bound<'py, PyAny>,
    names: Vec<String>,
    graphs: Option<Vec<(String, String)>>,
    run: &Bound<'py, PyDict>,
    threads: Option<Count>,
    progress: Option<&Bound<'py, PyAny>>,
    on_error: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let py = source.py();
    let graphs = graphs.map(|graphs| queries(py, graphs)).transpose()?;
    let run = Run::read(run)?;
    let counted = count(source, &names, threads, progress, on_error)?;
    let places = run.places(py, &counted.partials)?;
    tables(py, counted, &run.options(&places), graphs)
}

/// The same of a partial result.
#[pyfunction]
fn _finish<'py>(
    partial: &Bound<'py, PyBytes>,
    graphs: Option<Vec<(String, String)>>,
    run: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = partial.py();
    let graphs = graphs.map(|graphs| queries(py, graphs)).transpose()?;
    let counted = Counted { partials: load(partial)?, unread: 0, errors: PyList::empty(py).unbind() };
    let run = Run::read(run)?;
    let places = run.places(py, &counted.partials)?;
    tables(py, counted, &run.options(&places), graphs)
}

/// Writes the files of a partial result below a folder, as `tordesc stats` does. Returns the files.
#[pyfunction]
fn _write(partial: &Bound<'_, PyBytes>, out: PathBuf, run: &Bound<'_, PyDict>) -> PyResult<Vec<PathBuf>> {
    let (run, partials) = (Run::read(run)?, load(partial)?);
    let places = run.places(partial.py(), &partials)?;
    let options = run.options(&places);
    let write = || -> io::Result<Vec<PathBuf>> {
        let (modules, graphs) = partials.tables(&options);
        let modules = modules.0.iter().map(|table| ("modules", table.name, table.to_csv()));
        let graphs = graphs.iter().map(|drawn| ("graphs", drawn.id, drawn.to_csv()));
        let mut files = Vec::new();
        for (folder, name, text) in modules.chain(graphs) {
            let path = out.join(folder).join(format!("{name}.csv"));
            fs::create_dir_all(out.join(folder))?;
            fs::write(&path, text)?;
            files.push(path);
        }
        Ok(files)
    };
    Ok(partial.py().detach(write)?)
}

/// What was counted, how many documents could not be read, and what else could not.
struct Counted {
    partials: Partials,
    unread: u64,
    errors: Py<PyList>,
}

/// Reads documents into a partial result.
fn count(
    source: &Bound<'_, PyAny>,
    names: &[String],
    threads: Option<Count>,
    progress: Option<&Bound<'_, PyAny>>,
    on_error: &str,
) -> PyResult<Counted> {
    let py = source.py();
    let name = |name: &String| {
        Name::of_name(name).ok_or_else(|| errors::usage(py, &format!("no statistic is called {name}")))
    };
    let names: Vec<Name> = names.iter().map(name).collect::<PyResult<_>>()?;
    let raise = raises(py, on_error)?;
    let inputs = source::inputs(source)?;
    let meter = Meter::of(progress)?;
    let counters = Arc::new(Progress::default());
    let options = archive::Options {
        threads: arguments::threads(threads),
        types: Some(Name::types_of(&names)),
        progress: Some(Arc::clone(&counters)),
        waiting: WAITING,
        ..archive::Options::default()
    };
    let (pool, list) = (Arc::new(Pool::new(&names)), PyList::empty(py));
    let counting = Arc::clone(&pool);
    let map = move |chunk: &Chunk, _| counting.add(named(chunk));
    let (mut receiver, mut unread) = (background::start(py, inputs, options, WAITING, map), 0);
    loop {
        py.check_signals()?;
        let Some(message) = background::next(py, &mut receiver)? else { continue };
        match message {
            Message::Event(Event::Output(lost)) => unread += lost,
            Message::Event(Event::Failed(error)) if raise => return Err(errors::read(py, &error)),
            Message::Event(Event::Failed(error)) if list.len() < MOST => {
                list.append(errors::read(py, &error).into_value(py))?;
            }
            Message::Event(Event::Failed(_)) => {}
            Message::End(_) | Message::Panicked => break,
        }
        meter.as_ref().map(|meter| meter.show(py, &counters)).transpose()?;
    }
    meter.map(|meter| meter.end(py, &counters)).transpose()?;
    // Who reads has let go of it before it says that all was read.
    let pool = Arc::into_inner(pool).ok_or_else(|| errors::bug("somebody still counts"))?;
    Ok(Counted { partials: py.detach(|| pool.finish()), unread, errors: list.unbind() })
}

/// Makes the tables of what was counted.
fn tables<'py>(
    py: Python<'py>,
    counted: Counted,
    options: &Options<'_>,
    graphs: Option<Vec<(&'static Graph, Query)>>,
) -> PyResult<Bound<'py, PyDict>> {
    let made = py.detach(|| {
        let modules = counted.partials.finish(options);
        let Some(graphs) = graphs else {
            return modules.0.into_iter().map(|table| (table.name, Some(table))).collect::<Vec<_>>();
        };
        let drawn = graphs.into_iter().filter_map(|(graph, query)| graph.draw(&modules, query));
        drawn.map(|drawn| (drawn.id, drawn.chosen(&options.choices).table)).collect()
    });
    let all = PyDict::new(py);
    for (name, table) in made {
        // Where the originals fail for want of data there is a table without columns.
        let table = table.unwrap_or_else(|| stats::Table::new(name, &[]));
        let batch = table.to_record_batch().map_err(|error| errors::bug(&error.to_string()))?;
        let errors = counted.errors.clone_ref(py);
        let table = Table::new(Form::Plain, batch.schema(), vec![batch], counted.unread, errors)?;
        all.set_item(name, table)?;
    }
    Ok(all)
}

/// Draws a graph out of documents, or out of what was counted.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "only `tordesc.plot` calls it")]
fn _draw<'py>(
    id: &str,
    query: &str,
    size: (f64, f64),
    source: &Bound<'py, PyAny>,
    names: Option<Vec<String>>,
    run: &Bound<'py, PyDict>,
    threads: Option<Count>,
    progress: Option<&Bound<'py, PyAny>>,
    on_error: &str,
) -> PyResult<Drawing> {
    let py = run.py();
    let usage = |message: String| errors::usage(py, &message);
    let plot = Plot::of_id(id).ok_or_else(|| usage(format!("no plot is called {id}")))?;
    let run = Run::read(run)?;
    let partials = match names {
        Some(names) => count(source, &names, threads, progress, on_error)?.partials,
        None => load(source.cast::<PyBytes>()?)?,
    };
    let places = run.places(py, &partials)?;
    let query = Query::parse(query);
    let (width, height) = size;
    let drawn = py.detach(|| {
        let modules = partials.finish(&run.options(&places));
        plot.figure(&modules, &query).map(|figure| figure.to_svg(Size { width, height }))
    });
    let svg = drawn.map_err(|error| usage(error.to_string()))?;
    Ok(Drawing { name: plot.id, svg })
}

fn save(py: Python<'_>, mut partials: Partials) -> PyResult<Bound<'_, PyBytes>> {
    let mut bytes = Vec::new();
    py.detach(|| partials.save(&mut bytes))?;
    Ok(PyBytes::new(py, &bytes))
}

fn load(partial: &Bound<'_, PyBytes>) -> PyResult<Partials> {
    let (py, bytes) = (partial.py(), partial.as_bytes());
    let loaded = py.detach(|| Partials::load(bytes));
    loaded.map_err(|error| errors::usage(py, &format!("not a partial result: {error}")))
}

/// Graphs by their ids, with the parameters as the website had them, `start=2020-12-10&country=de`.
fn queries(py: Python<'_>, graphs: Vec<(String, String)>) -> PyResult<Vec<(&'static Graph, Query)>> {
    let find = |(id, query): (String, String)| match Graph::of_id(&id) {
        Some(graph) => Ok((graph, Query::parse(&query))),
        None => Err(errors::usage(py, &format!("no graph is called {id}"))),
    };
    graphs.into_iter().map(find).collect()
}
