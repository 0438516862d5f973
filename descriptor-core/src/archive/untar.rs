//! Walks over an archive whose bytes lie in the chunk's buffer; members stay where they are.

use std::sync::Arc;

use super::{
    Cause, Source,
    codec::Codec,
    feed::Feed,
    fill::{Filler, Halt},
    tar::{self, Attributes, BLOCK, Entry, Kind},
};

impl Filler<'_> {
    /// Reads an archive. What is no header is reported once, and reading goes on at the next header.
    pub(super) fn tar(
        &mut self,
        feed: &mut Feed<'_>,
        source: &Arc<Source>,
        layers: usize,
    ) -> Result<(), Halt> {
        let mut attributes = Attributes::default();
        let (mut lost, mut any) = (false, false);
        loop {
            let have = self.need(feed, BLOCK)?;
            let offset = feed.offset - have as u64;
            let Some(block) = self.chunk.bytes[self.pos..self.len].first_chunk::<BLOCK>() else {
                self.discard();
                return match have {
                    // An archive without members is named like one; a file that a disk has lost is not.
                    0 if !any && !source.is_named_tar() => Err(Halt::Broken(Cause::Zeros)),
                    // An archive without an end mark is one all the same.
                    0 => Ok(()),
                    _ => Err(Halt::Broken(Cause::Truncated { offset: feed.offset })),
                };
            };
            let padding = tar::is_padding(block);
            let entry = if padding { None } else { tar::entry(block, &mut attributes) };
            self.pos += BLOCK;
            any |= !padding;
            match entry {
                Some(entry) => {
                    lost = false;
                    self.entry(feed, source, layers, entry, &mut attributes)?;
                    if feed.broken {
                        return Ok(());
                    }
                }
                None if padding || lost => {}
                None => {
                    lost = true;
                    self.fail(source, Cause::Header { offset })?;
                }
            }
        }
    }

    fn entry(
        &mut self,
        feed: &mut Feed<'_>,
        source: &Arc<Source>,
        layers: usize,
        entry: Entry,
        attributes: &mut Attributes,
    ) -> Result<(), Halt> {
        let padded = tar::padded(entry.size);
        match entry.kind {
            Kind::File => {
                let member = Arc::new(source.member(&entry.name));
                self.member(feed, &member, layers, entry.size)?;
                // Of an archive that ends in the member all is said.
                if !feed.broken {
                    self.skip(feed, padded - entry.size)?;
                }
            }
            Kind::LongName | Kind::Attributes if entry.size <= tar::MAX_ATTRIBUTES => {
                let size = entry.size as usize;
                let have = self.need(feed, padded as usize)?;
                let contents = &self.chunk.bytes[self.pos..self.pos + have.min(size)];
                if entry.kind == Kind::LongName {
                    attributes.name = Some(tar::trim(contents).to_vec());
                } else {
                    attributes.read(contents);
                }
                self.pos += have.min(padded as usize);
            }
            Kind::Empty => {}
            kind => {
                if kind == Kind::Sparse {
                    self.fail(&Arc::new(source.member(&entry.name)), Cause::Sparse)?;
                }
                if self.skip(feed, padded)? > 0 {
                    return Err(Halt::Broken(Cause::Truncated { offset: feed.offset }));
                }
            }
        }
        Ok(())
    }

    /// Reads a member. What is wrong with it is reported here, and the archive goes on, unless it ends in the member.
    fn member(
        &mut self,
        feed: &mut Feed<'_>,
        member: &Arc<Source>,
        layers: usize,
        size: u64,
    ) -> Result<(), Halt> {
        let begin = feed.offset - (self.len - self.pos) as u64;
        let small = usize::try_from(size).ok().filter(|&size| size <= self.whole());
        let needed = small.unwrap_or(BLOCK);
        let have = match self.need(feed, needed) {
            Ok(have) if have >= needed => have,
            Err(Halt::Stop) => return Err(Halt::Stop),
            short => {
                let cause = match short {
                    Err(Halt::Broken(Cause::Read { error, offset })) => {
                        Cause::Read { error, offset: offset - begin }
                    }
                    _ => Cause::Truncated { offset: feed.offset - begin },
                };
                feed.broken = true;
                return match self.documents(feed, member, Some(cause)) {
                    Err(Halt::Broken(cause)) => self.fail(member, cause),
                    result => result,
                };
            }
        };
        let head = &self.chunk.bytes[self.pos..self.pos + have.min(BLOCK).min(needed)];
        let packed = Codec::detect(head).is_some() || tar::is_archive(head);
        if let Some(size) = small.filter(|_| !packed && !self.converts(head)) {
            self.claim(member, size);
            return Ok(());
        }
        self.unread(feed);
        let mut part = Feed::part(feed, size);
        let result = self.stream(&mut part, member, layers);
        self.discard();
        let (left, broken) = (part.left(), part.broken);
        drop(part);
        feed.broken |= broken;
        match result {
            Err(Halt::Broken(cause)) => self.fail(member, cause)?,
            result => result?,
        }
        if !feed.broken {
            self.skip(feed, left)?;
        }
        Ok(())
    }

    /// Passes over bytes; returns how many of them were missing.
    fn skip(&mut self, feed: &mut Feed<'_>, mut count: u64) -> Result<u64, Halt> {
        loop {
            let here = count.min((self.len - self.pos) as u64);
            self.pos += here as usize;
            count -= here;
            if count == 0 || self.need(feed, 1)? == 0 {
                return Ok(count);
            }
        }
    }
}
