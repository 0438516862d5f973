//! Some documents in one buffer: the unit of work.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::Source;
use crate::{
    document::Type,
    netdoc::{Cut, Frame, Framer},
};

/// Whole documents from one or several sources that lie next to each other, with the bytes that they are in.
#[derive(Debug, Default)]
pub struct Chunk {
    /// All of it initialised; what of it is in use is told by `pieces`.
    pub(super) bytes: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    pub(super) sources: Vec<Arc<Source>>,
    /// Documents of other types are passed over.
    types: Option<Arc<[Type]>>,
    /// How many documents were handed out.
    count: AtomicU64,
}

/// A part of the buffer, and the index of its source.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// A whole source, to be cut into documents by whoever works on it.
    Whole { source: usize, range: Range<usize>, hint: Option<Type> },
    /// One document, cut already.
    Document { source: usize, annotations: usize, body: Range<usize>, offset: u64, kind: Option<Type> },
}

impl Chunk {
    pub(super) fn new(bytes: Vec<u8>, types: Option<Arc<[Type]>>) -> Self {
        Chunk { bytes, types, ..Chunk::default() }
    }

    /// The documents, in the order of their sources and of their places there.
    /// [`Frame::offset`] is the place in the decompressed file or member.
    pub fn frames(&self) -> impl Iterator<Item = (&Arc<Source>, Frame<'_>)> {
        Frames { chunk: self, pieces: self.pieces.iter(), framer: Framer::new(None), rest: None, count: 0 }
    }

    /// How many documents [`frames`](Chunk::frames) has handed out.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// The index of a source, which is added if it is not the last one.
    pub(super) fn source(&mut self, source: &Arc<Source>) -> usize {
        if self.sources.last().is_none_or(|last| !Arc::ptr_eq(last, source)) {
            self.sources.push(Arc::clone(source));
        }
        self.sources.len() - 1
    }

    fn wants(&self, kind: Option<Type>) -> bool {
        self.types.as_ref().is_none_or(|types| kind.is_some_and(|kind| types.contains(&kind)))
    }
}

struct Frames<'c> {
    chunk: &'c Chunk,
    pieces: std::slice::Iter<'c, Piece>,
    /// Kept from piece to piece: to make one for each of many small members costs more than to use it.
    framer: Framer,
    /// What is left of a piece that is a whole source.
    rest: Option<(usize, &'c [u8])>,
    count: u64,
}

impl<'c> Iterator for Frames<'c> {
    type Item = (&'c Arc<Source>, Frame<'c>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (source, frame) = if let Some((source, rest)) = self.rest.take() {
                let Cut::Frame(frame, taken) = self.framer.cut(rest, true) else { continue };
                self.rest = Some((source, &rest[taken..]));
                (source, frame)
            } else {
                match self.pieces.next()?.clone() {
                    Piece::Whole { source, range, hint } => {
                        self.framer.restart(hint);
                        self.rest = Some((source, self.chunk.bytes.get(range)?));
                        continue;
                    }
                    Piece::Document { source, annotations, body, offset, kind } => {
                        let annotations = self.chunk.bytes.get(body.start - annotations..body.start)?;
                        let body = self.chunk.bytes.get(body)?;
                        (source, Frame { kind, annotations, body, offset })
                    }
                }
            };
            if self.chunk.wants(frame.kind) {
                self.count += 1;
                return Some((self.chunk.sources.get(source)?, frame));
            }
        }
    }
}

impl Drop for Frames<'_> {
    fn drop(&mut self) {
        self.chunk.count.fetch_max(self.count, Relaxed);
    }
}
