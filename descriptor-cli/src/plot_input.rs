//! What `tordesc plot` draws: documents that it counts, or files that were written before.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use descriptor_core::{
    plot::{Error, Figure, Plot},
    stats::{CsvError, Name, Options, Profile, Table, Tables, graphs::Query},
    value::Timestamp,
};

use crate::{
    cli::Global,
    exit::{Failure, Outcome},
    stats_count::{self, MODULES},
    stats_places::PlaceArgs,
};

/// Tables to draw.
pub(crate) struct Source {
    modules: Tables,
    /// Files of graphs, by their names.
    graphs: Vec<Table>,
    /// How reading went.
    pub(crate) outcome: Outcome,
}

impl Source {
    /// What is drawn of a graph: of the modules' tables if they are there, else of the graph's own file.
    pub(crate) fn figure(&self, plot: &Plot, query: &Query) -> Result<Figure, Error> {
        let complete = plot.modules().iter().all(|name| self.modules.get(name).is_some());
        match self.graphs.iter().find(|table| table.name == plot.id).filter(|_| !complete) {
            Some(table) => plot.figure_of_graph(table, query),
            None => plot.figure(&self.modules, query),
        }
    }
}

/// Counts what some plots need of documents.
pub(crate) fn counted(
    paths: &[PathBuf],
    places: &PlaceArgs,
    plots: &[&Plot],
    global: Global,
) -> Result<Source, Failure> {
    if let Some(path) = paths.iter().find(|path| path.join(MODULES).is_dir()) {
        let path = path.display();
        return Err(Failure::Usage(format!("{path} was written by `tordesc stats`; --from {path} draws it")));
    }
    let makers = || plots.iter().flat_map(|plot| plot.statistics());
    // What only the originals of 2013 had is not drawn beside the rest.
    let profile: Profile = makers().map(|(_, profile)| profile).max().unwrap_or_default();
    let names: Vec<Name> = makers().filter(|(_, it)| *it == profile).map(|(name, _)| name).collect();
    let places = places.read(&names, global)?;
    let gathered = stats_count::read(paths, &names, global, None, None)?;
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let places = Some(&places).filter(|places| !places.is_empty());
    let options = Options { profile, places, ..Options::at(Timestamp(clock.cast_signed())) };
    let outcome = gathered.outcome();
    Ok(Source { modules: gathered.partials.finish(&options), graphs: Vec::new(), outcome })
}

/// Reads what some plots need of a folder: tables of modules, or files of graphs. Or one file of a graph or a module.
pub(crate) fn written(from: &Path, plots: &[&Plot]) -> Result<Source, Failure> {
    let mut source = Source { modules: Tables::default(), graphs: Vec::new(), outcome: Outcome::Done };
    if from.is_file() {
        let text = fs::read_to_string(from).map_err(|error| Failure::at(from, &error))?;
        let stem = from.file_stem().unwrap_or_default().to_string_lossy();
        for plot in plots {
            match plot.modules().contains(&&*stem).then(|| Tables::read_csv(&stem, &text)).flatten() {
                Some(Ok(table)) if !is_graph(&text) => source.modules.0.push(table),
                _ => source.graphs.push(read(Table::from_graph_csv(plot.id, &text), from)?),
            }
        }
        return Ok(source);
    }
    fs::read_dir(from).map_err(|error| Failure::at(from, &error))?;
    for plot in plots {
        for name in plot.modules() {
            let known = source.modules.get(name).is_some();
            if let Some((path, text)) =
                find(from, MODULES, name)?.filter(|(_, text)| !known && !is_graph(text))
                && let Some(table) = Tables::read_csv(name, &text)
            {
                source.modules.0.push(read(table, &path)?);
            }
        }
        if let Some((path, text)) =
            find(from, "graphs", plot.id)?.filter(|(_, text)| is_graph(text) && has_rows(text))
        {
            source.graphs.push(read(Table::from_graph_csv(plot.id, &text), &path)?);
        }
    }
    Ok(source)
}

/// Files of graphs begin with comments, files of modules have none.
fn is_graph(text: &str) -> bool {
    text.starts_with('#')
}

/// Whether the file of a graph says more than that there is no data.
fn has_rows(text: &str) -> bool {
    text.lines().any(|line| !line.starts_with('#'))
}

/// A file in a folder of `tordesc stats`, or in a folder of such files.
fn find(folder: &Path, part: &str, name: &str) -> Result<Option<(PathBuf, String)>, Failure> {
    for folder in [&folder.join(part), folder] {
        let path = folder.join(format!("{name}.csv"));
        match fs::read_to_string(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::at(&path, &error)),
        }
    }
    Ok(None)
}

fn read(table: Result<Table, CsvError>, path: &Path) -> Result<Table, Failure> {
    table.map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
}
