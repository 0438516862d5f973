//! Some documents in one buffer: the unit of work.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;

use super::{Source, pool::Pool};
use crate::{
    document::Type,
    netdoc::{Cut, Frame, Framer},
};

/// Whole documents from one or several sources that lie next to each other, with the bytes that they are in.
#[derive(Debug, Default)]
pub struct Chunk {
    /// All of it initialised; what of it is in use is told by `pieces`.
    pub(super) bytes: Vec<u8>,
    /// The same, once it is given away.
    shared: Bytes,
    pub(super) pieces: Vec<Piece>,
    pub(super) sources: Vec<Arc<Source>>,
    /// Documents of other types are passed over.
    types: Option<Arc<[Type]>>,
    /// The type of documents that do not tell it.
    hint: Option<Type>,
    /// How many documents were handed out.
    count: AtomicU64,
}

/// A part of the buffer, and the index of its source.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// A whole source, to be cut into documents by whoever works on it.
    Whole { source: usize, range: Range<usize> },
    /// One document, cut already.
    Document { source: usize, annotations: usize, body: Range<usize>, offset: u64, kind: Option<Type> },
}

impl Chunk {
    pub(super) fn new(bytes: Vec<u8>, types: Option<Arc<[Type]>>, hint: Option<Type>) -> Self {
        Chunk { bytes, types, hint, ..Chunk::default() }
    }

    /// Gives the buffer away; it returns to a pool.
    pub(super) fn share(&mut self, pool: &Arc<Pool>) {
        self.shared = pool.lend(std::mem::take(&mut self.bytes));
    }

    /// The buffer that the documents are in, to be kept by [`Owned`](crate::document::Owned) ones. Empty if
    /// [`Options::keep`](super::Options::keep) is not set; then they have to be copied.
    pub fn bytes(&self) -> &Bytes {
        &self.shared
    }

    fn text(&self) -> &[u8] {
        if self.shared.is_empty() { &self.bytes } else { &self.shared }
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
    rest: Option<Rest<'c>>,
    count: u64,
}

#[derive(Clone, Copy)]
struct Rest<'c> {
    source: usize,
    bytes: &'c [u8],
    offset: u64,
    /// Whether the source's name was asked for a type.
    asked: bool,
}

impl<'c> Frames<'c> {
    /// The next document of a source. Its name is asked only if the text tells no type: for most it is not worth it.
    fn cut(&mut self, mut rest: Rest<'c>) -> Option<(usize, Frame<'c>)> {
        let Cut::Frame(mut frame, mut taken) = self.framer.cut(rest.bytes, true) else { return None };
        if frame.kind.is_none() && !rest.asked {
            rest.asked = true;
            let hint = self
                .chunk
                .sources
                .get(rest.source)
                .and_then(|source| self.chunk.hint.or_else(|| source.hint()));
            if hint.is_some() {
                self.framer.restart(hint, rest.offset);
                if let Cut::Frame(again, length) = self.framer.cut(rest.bytes, true) {
                    (frame, taken) = (again, length);
                }
            }
        }
        let (bytes, offset) = (&rest.bytes[taken..], rest.offset + taken as u64);
        self.rest = Some(Rest { bytes, offset, ..rest });
        Some((rest.source, frame))
    }
}

impl<'c> Iterator for Frames<'c> {
    type Item = (&'c Arc<Source>, Frame<'c>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (source, frame) = if let Some(rest) = self.rest.take() {
                let Some(next) = self.cut(rest) else { continue };
                next
            } else {
                match self.pieces.next()?.clone() {
                    Piece::Whole { source, range } => {
                        let bytes = self.chunk.text().get(range)?;
                        self.framer.restart(None, 0);
                        self.rest = Some(Rest { source, bytes, offset: 0, asked: false });
                        continue;
                    }
                    Piece::Document { source, annotations, body, offset, kind } => {
                        let text = self.chunk.text();
                        let annotations = text.get(body.start - annotations..body.start)?;
                        let body = text.get(body)?;
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
