//! A source of bytes that can take some back, ends where it is told to, and counts.

use std::io::{self, Read};

/// A reader with the bytes that were taken too early.
pub(super) struct Feed<'r> {
    reader: Box<dyn Read + 'r>,
    /// Bytes given back, and how many of them were taken again.
    back: Vec<u8>,
    taken: usize,
    /// Bytes up to the end, if the end is known; an earlier one is an error.
    left: Option<u64>,
    /// How long the source seems to be.
    pub(super) size: Option<u64>,
    /// Bytes given out and not given back.
    pub(super) offset: u64,
    /// The end was reached.
    pub(super) eof: bool,
    /// The reader failed; whoever read from here has reported it.
    pub(super) broken: bool,
    /// How it failed, to be told when the bytes before are used up.
    failure: Option<io::Error>,
}

impl<'r> Feed<'r> {
    pub(super) fn new(reader: impl Read + 'r, size: Option<u64>) -> Self {
        let reader = Box::new(reader);
        let (back, failure) = (Vec::new(), None);
        Feed { reader, back, taken: 0, left: None, size, offset: 0, eof: false, broken: false, failure }
    }

    /// The next bytes of another feed, so many and no more.
    pub(super) fn part(whole: &'r mut Feed<'_>, size: u64) -> Self {
        Feed { left: Some(size), ..Feed::new(whole, Some(size)) }
    }

    /// How many bytes of a part are still in the whole.
    pub(super) fn left(&self) -> u64 {
        self.left.unwrap_or(0)
    }

    /// Takes back the bytes that were given out last.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.back.drain(..self.taken);
        self.taken = 0;
        self.back.splice(..0, bytes.iter().copied());
        self.offset -= bytes.len() as u64;
        if let Some(left) = &mut self.left {
            *left += bytes.len() as u64;
        }
        self.eof = false;
    }

    /// Takes back a failure that nobody needs to know yet.
    pub(super) fn defer(&mut self, failure: io::Error) {
        self.failure = Some(failure);
        self.broken = false;
    }

    fn fresh(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        loop {
            match self.reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let most = self
            .left
            .map_or(buffer.len(), |left| buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        let buffer = &mut buffer[..most];
        let back = &self.back[self.taken..];
        let count = if back.is_empty() {
            match if buffer.is_empty() { Ok(0) } else { self.fresh(buffer) } {
                Ok(0) if self.left.is_some_and(|left| left > 0) && most > 0 => {
                    self.broken = true;
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(count) => count,
                Err(error) => {
                    self.broken = true;
                    return Err(error);
                }
            }
        } else {
            let count = back.len().min(buffer.len());
            buffer[..count].copy_from_slice(&back[..count]);
            self.taken += count;
            count
        };
        self.offset += count as u64;
        if let Some(left) = &mut self.left {
            *left -= count as u64;
        }
        self.eof |= count == 0;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_where_it_should_and_gives_back() {
        let mut whole = Feed::new(&b"0123456789"[..], None);
        let mut part = Feed::part(&mut whole, 4);
        let mut buffer = [0; 8];
        assert_eq!(part.read(&mut buffer).expect("memory is readable"), 4);
        assert_eq!(part.read(&mut buffer).expect("the part ends"), 0);
        part.unread(b"23");
        assert_eq!((part.offset, part.left(), part.eof), (2, 2, false));
        assert_eq!(part.read(&mut buffer).expect("two were given back"), 2);
        drop(part);
        assert_eq!((whole.offset, whole.broken), (4, false));
        let error = Feed::part(&mut whole, 99).read_to_end(&mut Vec::new()).expect_err("it is too short");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(whole.eof);
    }
}
