//! The reader: threads that fill chunks, workers that work on them, and the caller who gets the outputs in order.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use super::{
    Chunk, Error, History, Input, Progress,
    fill::{Filler, Line},
    gate::{Gate, StopOnPanic},
    history::Stamp,
    walk::{Found, Jobs, Walk},
};
use crate::{document::Type, threads::crew};

/// How to read.
#[derive(Debug)]
pub struct Options {
    /// How many workers; 0 for as many as there are processors. As many files are decompressed at once. With one, the
    /// caller's thread works while another one reads.
    pub threads: usize,
    /// About how large a chunk is. Smaller ones keep more threads busy, larger ones make fewer outputs. Unit: bytes.
    pub chunk_bytes: usize,
    /// Which files were read already. Those are passed over; those that are read now are added.
    pub history: Option<History>,
    /// The largest document that is held in memory; a larger one is reported and passed over. Unit: bytes.
    pub max_document: usize,
    /// Which types are wanted, if not all; of those that are not, nothing is handed out. Where Torperf results are wanted and
    /// OnionPerf analyses are not, these are read as the results that they tell.
    pub types: Option<Vec<Type>>,
    /// The type of documents that tell it neither by annotation nor by first line; goes before what the name tells.
    pub hint: Option<Type>,
    /// Who is told how far the reader has come.
    pub progress: Option<Arc<Progress>>,
    /// Whether outputs may keep the buffers of chunks by [`Chunk::bytes`]: each chunk has one of its own then. What is
    /// kept so is bounded by the number of outputs that wait, and no longer by bytes.
    pub keep: bool,
    /// How many outputs may wait for their turn; too few are raised to what keeps the workers busy. Where outputs are
    /// small, a thousand or more lets several large archives be decompressed at once.
    pub waiting: usize,
    /// Whether the caller's thread does everything, before it hands out the first output: quicker where all is small.
    /// Outputs are not bounded then.
    pub alone: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            threads: 0,
            chunk_bytes: 1 << 20,
            history: None,
            max_document: 64 << 20,
            types: None,
            hint: None,
            progress: None,
            keep: false,
            waiting: 0,
            alone: false,
        }
    }
}

impl Options {
    pub(super) fn chunk_bytes(&self) -> usize {
        self.chunk_bytes.max(1024)
    }

    fn threads(&self) -> usize {
        if self.alone { 1 } else { crew(self.threads) }
    }
}

/// What the caller gets.
#[derive(Debug)]
pub enum Event<T> {
    /// What was made of the next chunk.
    Output(T),
    /// Something that could not be read, at its place among the outputs.
    Failed(Error),
}

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Files read to their end.
    pub files: u64,
    /// Files passed over because the history knows them.
    pub unchanged: u64,
    /// Documents handed out.
    pub documents: u64,
    /// Failures reported.
    pub failures: u64,
    /// Whether the caller stopped before the end.
    pub stopped: bool,
    /// The most memory that all chunks took together. Unit: bytes.
    pub peak_bytes: usize,
}

/// Reads all documents of some inputs. `map` makes an output of a chunk, on any thread; `each` gets outputs and failures
/// on the caller's thread, in order, and may stop the reading.
pub fn read<T: Send>(
    inputs: &[Input],
    options: &Options,
    map: impl Fn(&Chunk) -> T + Sync + Send,
    each: impl FnMut(Event<T>) -> ControlFlow<()>,
) -> Summary {
    let threads = options.threads();
    let walk = Walk::new(inputs, options.history.as_ref());
    let shared = Shared {
        inputs,
        options,
        gate: match options.alone {
            true => Gate::unbounded(options.chunk_bytes()),
            false => Gate::new(threads, options.waiting, options.chunk_bytes()),
        },
        jobs: Mutex::new(Jobs::new(walk, options.chunk_bytes())),
        map,
    };
    // Where no pool can be had, the caller's thread does the work.
    let pool = match threads {
        1 => None,
        _ => {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
            builder.thread_name(|number| format!("tordesc-{number}")).build().ok()
        }
    };
    let mut summary = match &pool {
        Some(pool) => pool.in_place_scope(|tasks| run(&shared, Some(tasks), threads, each)),
        None => run(&shared, None, threads, each),
    };
    summary.unchanged = shared.jobs.into_inner().unwrap_or_else(PoisonError::into_inner).walk.unchanged;
    summary.peak_bytes = shared.gate.peak();
    summary
}

/// What all threads see.
struct Shared<'i, M> {
    inputs: &'i [Input],
    options: &'i Options,
    gate: Gate,
    jobs: Mutex<Jobs<'i>>,
    map: M,
}

/// Starts the threads that read and takes what becomes of it.
fn run<'s, T: Send + 's, M: Fn(&Chunk) -> T + Sync + Send>(
    shared: &'s Shared<'_, M>,
    tasks: Option<&rayon::Scope<'s>>,
    threads: usize,
    each: impl FnMut(Event<T>) -> ControlFlow<()>,
) -> Summary {
    let (sender, receiver) = channel();
    if shared.options.alone {
        count_bytes(shared.inputs, shared.options, &shared.gate);
        work_off(shared, &Workers { sender, tasks, shared });
        return take(&receiver, shared, each);
    }
    thread::scope(|scope| {
        for _ in 0..readers(shared.inputs, threads) {
            let line = Workers { sender: sender.clone(), tasks, shared };
            scope.spawn(move || work_off(shared, &line));
        }
        drop(sender);
        if shared.options.progress.is_some() {
            scope.spawn(|| count_bytes(shared.inputs, shared.options, &shared.gate));
        }
        let _guard = StopOnPanic(&shared.gate);
        take(&receiver, shared, each)
    })
}

/// How many threads read: one for each file, if all inputs are such, and not more than there are workers.
fn readers(inputs: &[Input], threads: usize) -> usize {
    let file = |input: &Input| match input {
        Input::Path(path) => path.is_file(),
        Input::Stdin | Input::Stream(_) => true,
    };
    if inputs.len() < threads && inputs.iter().all(file) { inputs.len() } else { threads }
}

/// Adds up what is to be read, beside the reading.
fn count_bytes(inputs: &[Input], options: &Options, gate: &Gate) {
    let Some(progress) = &options.progress else { return };
    let total = Walk::new(inputs, options.history.as_ref()).try_fold(0u64, |total, found| match found {
        _ if gate.stopped() => None,
        Found::File(_, stamp) => Some(total.saturating_add(stamp.size)),
        Found::Failed(_) => Some(total),
        Found::Stdin | Found::Stream(_) => None,
    });
    progress.set_total(total);
}

/// Reads one job after the other.
fn work_off<M>(shared: &Shared<'_, M>, line: &dyn Line) {
    let Shared { options, gate, jobs, .. } = shared;
    let _guard = StopOnPanic(gate);
    let types: Option<Arc<[Type]>> = options.types.as_deref().map(Arc::from);
    while !gate.stopped() {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((number, files)) = job else { break };
        Filler::new(line, gate, options, types.clone(), number).job(files);
    }
}

/// What goes to the caller's thread, with its place in the order.
struct Message<T> {
    place: (u64, u64),
    what: What<T>,
}

enum What<T> {
    /// A chunk to be worked on by the caller's thread.
    Chunk(Chunk, Option<Error>),
    /// What was made of a chunk that was not empty.
    Output(Option<thread::Result<T>>, u64, Option<Error>),
    /// A job has no more chunks, and these files were read to their end.
    End(Vec<(Arc<Path>, Stamp)>),
}

/// Sends chunks to the workers, or to the caller's thread if there are none.
struct Workers<'w, 's, 'i, T, M> {
    sender: Sender<Message<T>>,
    tasks: Option<&'w rayon::Scope<'s>>,
    shared: &'s Shared<'i, M>,
}

impl<'s, T: Send + 's, M: Fn(&Chunk) -> T + Sync + Send> Line for Workers<'_, 's, '_, T, M> {
    fn put(&self, job: u64, number: u64, chunk: Chunk, failed: Option<Error>) {
        let place = (job, number);
        // Nobody receives any more after everything was stopped.
        let send = |what| drop(self.sender.send(Message { place, what }));
        if self.shared.options.alone {
            let (output, documents) = work(chunk, self.shared);
            return send(What::Output(output, documents, failed));
        }
        let Some(tasks) = self.tasks else { return send(What::Chunk(chunk, failed)) };
        let (sender, shared) = (self.sender.clone(), self.shared);
        tasks.spawn(move |_| {
            if !shared.gate.stopped() {
                let (output, documents) = work(chunk, shared);
                drop(sender.send(Message { place, what: What::Output(output, documents, failed) }));
            }
        });
    }

    fn end(&self, job: u64, number: u64, read: Vec<(Arc<Path>, Stamp)>) {
        drop(self.sender.send(Message { place: (job, number), what: What::End(read) }));
    }
}

/// Makes an output of a chunk and gives its buffer back. A panic is carried to the caller's thread.
fn work<T, M: Fn(&Chunk) -> T>(mut chunk: Chunk, shared: &Shared<'_, M>) -> (Option<thread::Result<T>>, u64) {
    let size = chunk.bytes.len();
    if shared.options.keep {
        chunk.share(&shared.gate.pool);
    }
    let map = AssertUnwindSafe(|| (shared.map)(&chunk));
    let output = (!chunk.pieces.is_empty()).then(|| catch_unwind(map));
    let documents = chunk.count();
    shared.gate.worked(std::mem::take(&mut chunk.bytes), size);
    if let Some(progress) = &shared.options.progress {
        progress.add_documents(documents);
    }
    (output, documents)
}

/// Brings outputs into order and hands them to the caller.
fn take<T, M: Fn(&Chunk) -> T>(
    receiver: &Receiver<Message<T>>,
    shared: &Shared<'_, M>,
    mut each: impl FnMut(Event<T>) -> ControlFlow<()>,
) -> Summary {
    let Shared { options, gate, .. } = shared;
    let mut summary = Summary::default();
    let (mut waiting, mut next) = (BTreeMap::new(), (0, 0));
    for Message { place, what } in receiver {
        let what = match what {
            What::Chunk(chunk, failed) => {
                let (output, documents) = work(chunk, shared);
                What::Output(output, documents, failed)
            }
            what => what,
        };
        waiting.insert(place, what);
        while let Some(what) = waiting.remove(&next) {
            let mut flow = ControlFlow::Continue(());
            match what {
                What::Chunk(..) => {}
                What::Output(output, documents, failed) => {
                    next.1 += 1;
                    summary.documents += documents;
                    if let Some(output) = output {
                        flow = each(Event::Output(output.unwrap_or_else(|panic| resume_unwind(panic))));
                    }
                    if let (true, Some(error)) = (flow.is_continue(), failed) {
                        summary.failures += 1;
                        flow = each(Event::Failed(error));
                    }
                    gate.taken();
                }
                What::End(read) => {
                    next = (next.0 + 1, 0);
                    summary.files += read.len() as u64;
                    if let Some(history) = &options.history {
                        read.iter().for_each(|(path, stamp)| history.add(path, *stamp));
                    }
                    gate.advance();
                }
            }
            if flow.is_break() {
                summary.stopped = true;
                gate.stop();
                return summary;
            }
        }
    }
    summary
}
