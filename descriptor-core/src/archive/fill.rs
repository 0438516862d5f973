//! Fills chunks: one file after the other into one buffer after the other.
//!
//! The bytes of a source are read straight into the chunk's buffer, where they stay. `pos` is where the bytes begin that
//! belong to no piece yet; they were read ahead from the innermost source. Where chunks end depends on the contents of
//! the job's files and on the options, and on nothing else: not on threads, nor on how many bytes a read returns.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use super::{
    Cause, Chunk, Error, Options, Source,
    chunk::Piece,
    codec::Codec,
    feed::Feed,
    gate::Gate,
    history::Stamp,
    tar::{BLOCK, is_archive},
    walk::Found,
};
use crate::document::Type;

/// How many compressions and archives may lie within each other.
const LAYERS: usize = 4;

/// How many bytes are read at once, and ahead.
const AHEAD: usize = 64 << 10;

/// A file or member up to so many times the size of a chunk is read whole and cut by whoever works on it.
const WHOLE: usize = 8;

/// Takes what was filled.
pub(super) trait Line {
    /// Takes a chunk, and what went wrong after it.
    fn put(&self, job: u64, number: u64, chunk: Chunk, failed: Option<Error>);
    /// Takes the end of a job: how many chunks it had, and the files that were read to their end.
    fn end(&self, job: u64, number: u64, read: Vec<(Arc<Path>, Stamp)>);
}

/// Why reading does not go on.
pub(super) enum Halt {
    /// Nobody wants more.
    Stop,
    /// The source cannot be read further.
    Broken(Cause),
}

/// Fills the chunks of one job.
pub(super) struct Filler<'l> {
    line: &'l dyn Line,
    gate: &'l Gate,
    pub(super) options: &'l Options,
    types: Option<Arc<[Type]>>,
    job: u64,
    number: u64,
    pub(super) chunk: Chunk,
    /// Bytes in the buffer, and where those begin that belong to no piece yet.
    pub(super) len: usize,
    pub(super) pos: usize,
    /// For moving the latter to the next chunk.
    carry: Vec<u8>,
    /// Whether all bytes of the present file could be read.
    intact: bool,
    read: Vec<(Arc<Path>, Stamp)>,
}

impl<'l> Filler<'l> {
    pub(super) fn new(
        line: &'l dyn Line,
        gate: &'l Gate,
        options: &'l Options,
        types: Option<Arc<[Type]>>,
        job: u64,
    ) -> Self {
        Filler {
            line,
            gate,
            options,
            types,
            job,
            number: 0,
            chunk: Chunk::default(),
            len: 0,
            pos: 0,
            carry: Vec::new(),
            intact: true,
            read: Vec::new(),
        }
    }

    /// Reads everything that a job consists of. Returns early if nobody wants more.
    pub(super) fn job(mut self, files: Vec<Found>) {
        for file in files {
            if self.found(file).is_err() {
                return;
            }
        }
        if self.flush(None).is_err() {
            return;
        }
        if !self.chunk.bytes.is_empty() {
            self.gate.close(std::mem::take(&mut self.chunk.bytes));
        }
        self.line.end(self.job, self.number, std::mem::take(&mut self.read));
    }

    fn found(&mut self, found: Found) -> Result<(), Halt> {
        let (path, stamp, opened): (Arc<Path>, _, std::io::Result<Box<dyn Read>>) = match found {
            Found::Failed(error) => return self.flush(Some(error)),
            Found::Stdin => (Path::new("-").into(), None, Ok(Box::new(std::io::stdin().lock()))),
            Found::Stream(stream) => (stream.name().into(), None, Ok(Box::new(stream))),
            Found::File(path, stamp) => {
                let opened = File::open(&path).map(|file| Box::new(file) as Box<dyn Read>);
                (path.into(), Some(stamp), opened)
            }
        };
        let source = Arc::new(Source { path: Arc::clone(&path), member: None });
        self.intact = true;
        let size = stamp.map(|stamp| stamp.size);
        match opened {
            Err(error) => self.fail(&source, Cause::Open(error))?,
            Ok(reader) => {
                let reader = Counted { reader, options: self.options };
                let result = self.stream(&mut Feed::new(reader, size), &source, LAYERS);
                self.discard();
                match result {
                    Err(Halt::Broken(cause)) => self.fail(&source, cause)?,
                    result => result?,
                }
            }
        }
        if let Some(progress) = &self.options.progress {
            progress.add_file();
        }
        if let Some(stamp) = stamp.filter(|_| self.intact) {
            self.read.push((path, stamp));
        }
        Ok(())
    }

    /// Reads a source, whatever it is.
    pub(super) fn stream(
        &mut self,
        feed: &mut Feed<'_>,
        source: &Arc<Source>,
        layers: usize,
    ) -> Result<(), Halt> {
        let have = self.need(feed, BLOCK)?;
        let head = &self.chunk.bytes[self.pos..self.pos + have.min(BLOCK)];
        let codec = Codec::detect(head);
        if codec.is_none() && !is_archive(head) {
            return if self.converts(head) { self.downloads(feed, source) } else { self.text(feed, source) };
        }
        let layers = layers.checked_sub(1).ok_or(Halt::Broken(Cause::Nested(LAYERS)))?;
        let Some(codec) = codec else { return self.tar(feed, source, layers) };
        self.unread(feed);
        let offset = feed.offset;
        let reader = codec.open(feed).map_err(|error| Halt::Broken(Cause::of(error, offset)))?;
        self.stream(&mut Feed::new(reader, None), source, layers)
    }

    /// Reads until so many bytes are there that belong to no piece, and returns how many there are: fewer at the end of
    /// the source, perhaps more before it. What is claimed already goes on its way if the rest does not fit beside it.
    pub(super) fn need(&mut self, feed: &mut Feed<'_>, wanted: usize) -> Result<usize, Halt> {
        if self.len - self.pos >= wanted {
            return Ok(self.len - self.pos);
        }
        if self.gate.stopped() {
            return Err(Halt::Stop);
        }
        let limit = self.options.chunk_bytes();
        if self.pos > 0 && self.pos + wanted > limit {
            self.flush(None)?;
        }
        self.open()?;
        let end = self.pos + wanted.max(AHEAD.min(limit.saturating_sub(self.pos)));
        if end > self.chunk.bytes.len() && !self.gate.grow(self.job, &mut self.chunk.bytes, end) {
            return Err(Halt::Stop);
        }
        while self.len < end && !feed.eof {
            // What a decompressor gave out in the call in which it fails is lost, so a call asks for little.
            let end = end.min(self.len + AHEAD);
            match feed.read(&mut self.chunk.bytes[self.len..end]) {
                Ok(count) => self.len += count,
                // What was read ahead is good all the same.
                Err(error) if self.len - self.pos >= wanted => {
                    feed.defer(error);
                    break;
                }
                Err(error) => return Err(Halt::Broken(Cause::of(error, feed.offset))),
            }
        }
        Ok(self.len - self.pos)
    }

    fn open(&mut self) -> Result<(), Halt> {
        if self.chunk.bytes.is_empty() {
            let bytes = self.gate.open(self.job).ok_or(Halt::Stop)?;
            self.chunk = Chunk::new(bytes, self.types.clone(), self.options.hint);
        }
        Ok(())
    }

    /// Sends the pieces on their way, and what went wrong after them. Bytes that belong to no piece stay.
    pub(super) fn flush(&mut self, failed: Option<Error>) -> Result<(), Halt> {
        if self.chunk.pieces.is_empty() && failed.is_none() {
            self.chunk.bytes.copy_within(self.pos..self.len, 0);
            (self.len, self.pos) = (self.len - self.pos, 0);
            return Ok(());
        }
        self.open()?;
        self.carry.clear();
        self.carry.extend_from_slice(&self.chunk.bytes[self.pos..self.len]);
        (self.len, self.pos) = (0, 0);
        self.gate.work();
        self.line.put(self.job, self.number, std::mem::take(&mut self.chunk), failed);
        self.number += 1;
        if self.carry.is_empty() {
            return Ok(());
        }
        self.open()?;
        let count = self.carry.len();
        if count > self.chunk.bytes.len() && !self.gate.grow(self.job, &mut self.chunk.bytes, count) {
            return Err(Halt::Stop);
        }
        self.chunk.bytes[..count].copy_from_slice(&self.carry);
        self.len = count;
        if self.carry.capacity() > self.options.chunk_bytes() {
            self.carry = Vec::new();
        }
        Ok(())
    }

    /// Reports what went wrong, after what was claimed before.
    pub(super) fn fail(&mut self, source: &Arc<Source>, cause: Cause) -> Result<(), Halt> {
        self.intact &= cause.is_about_a_document();
        self.flush(Some(Error { source: Arc::clone(source), cause }))
    }

    /// Makes the next bytes a piece that is a whole source.
    pub(super) fn claim(&mut self, source: &Arc<Source>, length: usize) {
        if length > 0 {
            let (source, range) = (self.chunk.source(source), self.pos..self.pos + length);
            self.chunk.pieces.push(Piece::Whole { source, range });
            self.pos += length;
        }
    }

    /// Gives back to a source what was read ahead.
    pub(super) fn unread(&mut self, feed: &mut Feed<'_>) {
        feed.unread(&self.chunk.bytes[self.pos..self.len]);
        self.len = self.pos;
    }

    /// Forgets what was read ahead.
    pub(super) fn discard(&mut self) {
        self.len = self.pos;
    }

    /// Whether documents of a type are asked for.
    pub(super) fn wants(&self, kind: Option<Type>) -> bool {
        self.types.as_ref().is_none_or(|types| kind.is_some_and(|kind| types.contains(&kind)))
    }

    /// The size up to which a source is read whole.
    pub(super) fn whole(&self) -> usize {
        self.options.chunk_bytes().saturating_mul(WHOLE).min(self.options.max_document)
    }
}

impl Drop for Filler<'_> {
    fn drop(&mut self) {
        // Only when everything stops is there still a buffer.
        if !self.chunk.bytes.is_empty() {
            self.gate.close(std::mem::take(&mut self.chunk.bytes));
        }
    }
}

/// Tells the progress how much was read.
struct Counted<'o> {
    reader: Box<dyn Read>,
    options: &'o Options,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(progress) = &self.options.progress {
            progress.add_bytes(count);
        }
        Ok(count)
    }
}
