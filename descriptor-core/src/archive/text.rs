//! Cuts a source that is text into documents, where it does not fit into a chunk.

use std::sync::Arc;

use super::{
    Cause, Source,
    chunk::Piece,
    feed::Feed,
    fill::{Filler, Halt},
};
use crate::netdoc::{Cut, Framer};

/// How many bytes are enough to tell the beginning of a document: so many are kept while one is looked for.
const KEPT: usize = 1024;

impl Filler<'_> {
    /// Reads a source that is neither compressed nor an archive. Its first bytes may be here already. If it breaks off,
    /// the documents before that are delivered, but not the one that it breaks off in.
    pub(super) fn text(&mut self, feed: &mut Feed<'_>, source: &Arc<Source>) -> Result<(), Halt> {
        // A source whose size is known may be larger than a chunk; room for it is made at once.
        let whole = match feed.size.and_then(|size| usize::try_from(size).ok()) {
            Some(size) if size < self.whole() => size + 1,
            _ => self.options.chunk_bytes().min(self.options.max_document),
        };
        let mut have = self.len - self.pos;
        let mut broken = None;
        while !feed.eof && have < whole && broken.is_none() {
            let wanted = if feed.size.is_some() { whole } else { whole.min(have * 2) };
            match self.need(feed, wanted.max(have + 1)) {
                Ok(count) => have = count,
                Err(Halt::Broken(cause)) => broken = Some(cause),
                Err(stop) => return Err(stop),
            }
        }
        if broken.is_none() && feed.eof && have <= self.options.max_document {
            self.claim(source, have);
            return Ok(());
        }
        self.documents(feed, source, broken)
    }

    /// Makes each document a piece. `broken` tells why there are no more bytes than those that are here.
    pub(super) fn documents(
        &mut self,
        feed: &mut Feed<'_>,
        source: &Arc<Source>,
        mut broken: Option<Cause>,
    ) -> Result<(), Halt> {
        let limit = self.options.max_document;
        // The end of the largest document shows by what follows it.
        let most = limit.saturating_add(KEPT);
        let mut framer = Framer::new(self.options.hint.or_else(|| source.hint()));
        loop {
            let blank = self.chunk.bytes[self.pos..self.len]
                .iter()
                .take_while(|&&b| b == b'\n' || b == b'\r')
                .count();
            framer.skip(blank);
            self.pos += blank;
            let have = self.len - self.pos;
            match framer.cut(&self.chunk.bytes[self.pos..self.len], feed.eof || broken.is_some()) {
                // Nobody knows whether the last document is whole.
                Cut::Frame(_, taken) if broken.is_some() && taken == have => break,
                Cut::Frame(frame, taken) => {
                    let (annotations, length, offset, kind) =
                        (frame.annotations.len(), frame.body.len(), frame.offset, frame.kind);
                    // Blank lines at the end are taken but belong to no document.
                    let start = self.pos + annotations;
                    self.pos += taken;
                    if taken > limit {
                        self.fail(source, Cause::TooLarge { offset: offset - annotations as u64, limit })?;
                    } else if self.wants(kind) {
                        let (source, body) = (self.chunk.source(source), start..start + length);
                        self.chunk.pieces.push(Piece::Document { source, annotations, body, offset, kind });
                    }
                }
                Cut::End => break,
                Cut::More if have > most => broken = self.too_large(feed, source, &mut framer)?,
                Cut::More => {
                    // Twice as much each time, so that a document is searched no more than twice over.
                    match self.need(feed, (have * 2).min(most.saturating_add(1)).max(have + 1)) {
                        Ok(_) => {}
                        Err(Halt::Broken(cause)) => broken = Some(cause),
                        Err(stop) => return Err(stop),
                    }
                }
            }
        }
        self.discard();
        broken.map_or(Ok(()), |cause| Err(Halt::Broken(cause)))
    }

    /// Reports a document that does not fit and leaves it behind, without holding more than its beginning.
    /// Returns why there are no more bytes, if it breaks off.
    fn too_large(
        &mut self,
        feed: &mut Feed<'_>,
        source: &Arc<Source>,
        framer: &mut Framer,
    ) -> Result<Option<Cause>, Halt> {
        let kind = framer.kind(&self.chunk.bytes[self.pos..self.len]);
        let offset = feed.offset - (self.len - self.pos) as u64;
        self.keep_last(framer);
        self.fail(source, Cause::TooLarge { offset, limit: self.options.max_document })?;
        loop {
            let have = self.len - self.pos;
            match self.need(feed, have + 1) {
                Ok(_) => {}
                Err(Halt::Broken(cause)) => return Ok(Some(cause)),
                Err(stop) => return Err(stop),
            }
            if let Some(end) = framer.end(kind, &self.chunk.bytes[self.pos..self.len]) {
                framer.skip(end);
                self.pos += end;
                return Ok(None);
            }
            if feed.eof {
                framer.skip(self.len - self.pos);
                self.discard();
                return Ok(None);
            }
            self.keep_last(framer);
        }
    }

    /// Drops all bytes that belong to no piece but the last ones.
    fn keep_last(&mut self, framer: &mut Framer) {
        let from = self.pos.max(self.len.saturating_sub(KEPT));
        framer.skip(from - self.pos);
        self.chunk.bytes.copy_within(from..self.len, self.pos);
        self.len -= from - self.pos;
    }
}
