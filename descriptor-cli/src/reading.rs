//! How every verb reads: the sources in parallel by `archive`, the results in order, what failed on stderr.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use descriptor_core::{
    archive::{self, Cause, Chunk, Event, History, Input, Options, Progress, Source},
    document::Type,
    netdoc::Frame,
};

use crate::{
    cli::{Global, Inputs},
    exit::{Failure, reason},
    figures::{printable, things},
    log,
    progress::{self, Meter},
};

/// A run of documents with their sources.
pub(crate) type Documents<'a> = dyn Iterator<Item = (Arc<str>, Frame<'a>)> + 'a;

/// How a verb wants to read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How<'p> {
    /// Which files were read already.
    pub(crate) history: Option<&'p Path>,
    /// Whether results are small, so that many may wait for their turn.
    pub(crate) small: bool,
    /// Whether results appear on standard output while reading goes on.
    pub(crate) streams: bool,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Files, members and documents that could not be read, or not to their end.
    pub(crate) failed: u64,
    history: Option<History>,
}

impl Totals {
    /// Notes what was read in the history; to be called when its results are safe.
    pub(crate) fn remember(&self, path: Option<&Path>) -> Result<(), Failure> {
        match (&self.history, path) {
            (Some(history), Some(path)) => history.save(path).map_err(|error| Failure::at(path, &error)),
            _ => Ok(()),
        }
    }
}

/// Reads everything. `map` runs in parallel over runs of documents; `each` gets its results in order.
pub(crate) fn read<T: Send>(
    inputs: &Inputs,
    global: Global,
    how: How<'_>,
    map: impl Fn(&mut Documents<'_>) -> T + Sync + Send,
    mut each: impl FnMut(T) -> Result<(), Failure>,
) -> Result<Totals, Failure> {
    let history = match how.history {
        Some(path) => Some(History::load(path).map_err(|error| Failure::at(path, &error))?),
        None => None,
    };
    let counters = Arc::new(Progress::default());
    let options = Options {
        threads: global.threads.map_or(0, usize::from),
        history,
        types: Some(inputs.types.clone()).filter(|types| !types.is_empty()),
        hint: hint(&inputs.types),
        progress: Some(Arc::clone(&counters)),
        waiting: if how.small { 1000 } else { 0 },
        ..Options::default()
    };
    let places: Vec<Input> = inputs
        .paths
        .iter()
        .map(|path| if path.as_os_str() == "-" { Input::Stdin } else { Input::Path(path.clone()) })
        .collect();
    let meter = Meter::start(global, how.streams, counters);
    let mut failure = None;
    let mut lost = 0;
    // What is wrong with one run of documents, be it a mistake of ours, must not cost the others.
    let careful = |chunk: &Chunk| catch_unwind(AssertUnwindSafe(|| map(&mut named(chunk)))).ok();
    let summary = archive::read(&places, &options, careful, |event| {
        let result = match event {
            Event::Output(Some(output)) => each(output),
            Event::Output(None) => {
                lost += 1;
                Ok(())
            }
            Event::Failed(error) => {
                complain(global, &describe(&error));
                Ok(())
            }
        };
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    drop(meter);
    if let Some(failure) = failure {
        return Err(failure);
    }
    if lost > 0 {
        complain(global, &format!("{} lost to a bug of this program", things(lost, "run of documents")));
    }
    if global.verbose && summary.unchanged > 0 {
        complain(global, &format!("{} passed over, read before", things(summary.unchanged, "file")));
    }
    Ok(Totals { failed: summary.failures + lost, history: options.history })
}

/// The type of what does not tell its own: the one that is asked for, if no first line could tell it.
fn hint(types: &[Type]) -> Option<Type> {
    match types {
        &[kind @ (Type::WebServerLog | Type::RouterStatus)] => Some(kind),
        _ => None,
    }
}

/// The documents of a chunk, with the names of their sources, each made once.
fn named(chunk: &Chunk) -> impl Iterator<Item = (Arc<str>, Frame<'_>)> {
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

/// Whether documents of a type are asked for. What has no known type is of no interest to who asks for a type.
pub(crate) fn wanted(inputs: &Inputs, kind: Option<Type>) -> bool {
    inputs.types.is_empty() || kind.is_some_and(|kind| inputs.types.contains(&kind))
}

/// One line about a place, from outside in.
pub(crate) fn line(source: &str, offset: u64, what: &str) -> String {
    format!("{}: byte {offset}: {}", printable(source.as_bytes()), printable(what.as_bytes()))
}

/// What could not be read and why, in the house's manner, without the numbers of the operating system.
pub(crate) fn describe(error: &archive::Error) -> String {
    match &error.cause {
        Cause::Open(cause) | Cause::Write(cause) => format!("{}: {}", error.source, reason(cause)),
        Cause::Read { offset, error: cause } => format!("{}: byte {offset}: {}", error.source, reason(cause)),
        _ => error.to_string(),
    }
}

/// Says on stderr what went wrong, unless told not to.
pub(crate) fn complain(global: Global, what: &str) {
    if log::is_on() {
        tracing::warn!("{what}");
    } else if global.quiet < 2 {
        progress::aside(|| anstream::eprintln!("tordesc: {what}"));
    }
}
