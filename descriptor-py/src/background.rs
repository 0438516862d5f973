//! Reading in a thread of its own, while Python does something else. What is small is read at once.

use std::{
    collections::VecDeque,
    fs::File,
    io::Read,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel},
    thread,
    time::Duration,
};

use descriptor_core::{
    archive::{self, Chunk, Event, History, Input, Options, is_packed},
    threads::crew,
};
use pyo3::prelude::*;

use crate::errors;

/// Up to this size what is neither compressed nor an archive is read at once: to read it in parts would take longer. In
/// bytes.
pub(crate) const SMALL: usize = 4 << 20;

/// What the reading sends.
pub(crate) enum Message<T> {
    /// What was made of the next part, or what could not be read.
    Event(Event<T>),
    /// Everything was read; what to remember.
    End(Option<History>),
    /// A bug, told by a panic.
    Panicked,
}

/// How long is waited before somebody looks whether Ctrl-C was pressed.
const PATIENCE: Duration = Duration::from_millis(50);

/// What was sent, or will be.
pub(crate) enum Messages<T> {
    Here(VecDeque<Message<T>>),
    /// By a thread of the process with this number.
    Coming(Receiver<Message<T>>, u32),
}

/// Starts to read. The thread ends when nobody listens any more; `waiting` outputs may wait to be listened to. `map` is
/// told how many threads may work on one document.
pub(crate) fn start<T: Send + 'static>(
    py: Python<'_>,
    inputs: Vec<Input>,
    options: Options,
    waiting: usize,
    map: impl Fn(&Chunk, usize) -> T + Sync + Send + 'static,
) -> Messages<T> {
    if is_small(&inputs) {
        let mut messages = VecDeque::new();
        let crew = crew(options.threads);
        let map = |chunk: &Chunk| map(chunk, crew);
        let options = Options { alone: true, ..options };
        py.detach(|| {
            read(&inputs, options, map, |message| {
                messages.push_back(message);
                ControlFlow::Continue(())
            });
        });
        return Messages::Here(messages);
    }
    let map = move |chunk: &Chunk| map(chunk, 1);
    let (sender, receiver) = sync_channel(waiting);
    thread::spawn(move || {
        read(&inputs, options, map, |message| match sender.send(message) {
            Ok(()) => ControlFlow::Continue(()),
            // Nobody listens if the reader was dropped.
            Err(_) => ControlFlow::Break(()),
        });
    });
    Messages::Coming(receiver, process::id())
}

fn read<T: Send>(
    inputs: &[Input],
    options: Options,
    map: impl Fn(&Chunk) -> T + Sync + Send,
    mut send: impl FnMut(Message<T>) -> ControlFlow<()>,
) {
    let all = AssertUnwindSafe(|| archive::read(inputs, &options, map, |event| send(Message::Event(event))));
    let read = catch_unwind(all).is_ok();
    let _ = send(if read { Message::End(options.history) } else { Message::Panicked });
}

/// Whether the only input is a small file of plain text.
fn is_small(inputs: &[Input]) -> bool {
    let [Input::Path(path)] = inputs else { return false };
    if !path.metadata().is_ok_and(|it| it.is_file() && it.len() <= SMALL as u64) {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut head));
    read.is_ok() && !is_packed(&head)
}

/// Waits for the next message without the GIL; `None` if none came for a while, so that the caller can look at signals. Runs
/// nothing of Python's, so that a lock may be held.
pub(crate) fn next<T: Send>(py: Python<'_>, messages: &mut Messages<T>) -> PyResult<Option<Message<T>>> {
    let ended = || errors::bug("the reading thread has ended");
    let message = match messages {
        Messages::Here(all) => all.pop_front().ok_or_else(ended)?,
        Messages::Coming(_, process) if *process != process::id() => return Err(errors::forked(py)),
        Messages::Coming(receiver, _) => match receiver.try_recv() {
            Ok(message) => message,
            Err(TryRecvError::Disconnected) => return Err(ended()),
            Err(TryRecvError::Empty) => match py.detach(move || receiver.recv_timeout(PATIENCE)) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            },
        },
    };
    if let Message::Panicked = message {
        return Err(ended());
    }
    Ok(Some(message))
}
