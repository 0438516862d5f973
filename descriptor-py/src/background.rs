//! Reading in a thread of its own, while Python does something else.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use descriptor_core::archive::{self, Chunk, Event, History, Input, Options};
use pyo3::prelude::*;

use crate::errors;

/// What the reading thread sends.
pub(crate) enum Message<T> {
    /// What was made of the next part, or what could not be read.
    Event(Event<T>),
    /// Everything was read; what to remember.
    End(Option<History>),
    /// A bug, told by a panic.
    Panicked,
}

/// Starts to read. The thread ends when nobody listens any more; `waiting` outputs may wait to be listened to.
pub(crate) fn start<T: Send + 'static>(
    inputs: Vec<Input>,
    options: Options,
    waiting: usize,
    map: impl Fn(&Chunk) -> T + Sync + Send + 'static,
) -> Receiver<Message<T>> {
    let (sender, receiver) = sync_channel(waiting);
    thread::spawn(move || {
        let read = AssertUnwindSafe(|| {
            archive::read(&inputs, &options, map, |event| match sender.send(Message::Event(event)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        let last = match catch_unwind(read) {
            Ok(_) => Message::End(options.history),
            Err(_) => Message::Panicked,
        };
        // Nobody listens if the reader was dropped.
        drop(sender.send(last));
    });
    receiver
}

/// Waits for the next message without the GIL.
pub(crate) fn next<T: Send>(
    py: Python<'_>,
    receiver: Receiver<Message<T>>,
) -> PyResult<(Message<T>, Receiver<Message<T>>)> {
    py.check_signals()?;
    let (message, receiver) = py.detach(|| (receiver.recv(), receiver));
    match message {
        Ok(Message::Panicked) | Err(_) => Err(errors::bug("the reading thread has ended")),
        Ok(message) => Ok((message, receiver)),
    }
}
