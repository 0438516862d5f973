//! Runs of bytes of one class, and the line that a place is in. Both go over a text once, forwards.

use std::ops::Range;

use memchr::{memchr, memrchr};

/// Which bytes belong to a class.
pub(super) type Class = [bool; 256];

/// Digits, decimal or hex, and more bytes.
pub(super) const fn class(hex: bool, more: &[u8]) -> Class {
    let mut class = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let it = byte as u8;
        class[byte] = it.is_ascii_digit() || hex && it.is_ascii_hexdigit();
        byte += 1;
    }
    let mut at = 0;
    while at < more.len() {
        class[more[at] as usize] = true;
        at += 1;
    }
    class
}

/// The longest runs of a class's bytes, of `least` bytes or more. A run cannot be there if a byte of another class stands
/// `least - 1` bytes on, so most bytes are never looked at.
pub(super) struct Runs<'a> {
    text: &'a [u8],
    class: &'static Class,
    least: usize,
    from: usize,
}

impl<'a> Runs<'a> {
    pub(super) fn new(text: &'a [u8], class: &'static Class, least: usize) -> Self {
        Runs { text, class, least, from: 0 }
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let shortest = self.text.get(self.from..self.from + self.least)?;
            if let Some(other) = shortest.iter().rposition(|&byte| !self.class[usize::from(byte)]) {
                self.from += other + 1;
                continue;
            }
            let (start, after) = (self.from, self.from + self.least);
            let more = self.text[after..].iter().take_while(|&&byte| self.class[usize::from(byte)]).count();
            self.from = after + more;
            return Some(start..self.from);
        }
    }
}

/// The line of a place, remembered: places must not go back before the line that was asked for last.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    line: Range<usize>,
    /// Where the keyword begins.
    start: usize,
    keyword: &'a [u8],
}

/// Lines of numbers alone. A number of theirs may be anything, an address as one number too.
const COUNTERS: [&[u8]; 16] = [
    b"bandwidth",
    b"bridge-ip",
    b"cell-",
    b"conn-bi-direct",
    b"dirreq-",
    b"entry-",
    b"exit-",
    b"flag-thresholds",
    b"hidserv-",
    b"ipv6-",
    b"overload-",
    b"padding-counts",
    b"read-history",
    b"uptime",
    b"w",
    b"write-history",
];

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Lines { text, line: 0..0, start: 0, keyword: b"" }
    }

    /// Finds the line of a place.
    pub(super) fn seek(&mut self, at: usize) -> &mut Self {
        if self.line.is_empty() || at >= self.line.end {
            let before = self.line.end;
            let start = memrchr(b'\n', &self.text[before..at]).map_or(before, |end| before + end + 1);
            let end = memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |end| at + end + 1);
            self.line = start..end;
            let line = &self.text[start..end];
            let line = line.strip_prefix(b"opt ").unwrap_or(line);
            self.start = end - line.len();
            let keyword = line.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
            self.keyword = &line[..keyword.unwrap_or(line.len())];
        }
        self
    }

    /// Whether a place is in the keyword: a word of tor's, not of the bridge's, if it looks like one.
    pub(super) fn in_keyword(&self, at: usize) -> bool {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        at < self.start + self.keyword.len() && self.keyword.iter().all(plain)
    }

    /// Whether the line holds counters.
    pub(super) fn counts(&self) -> bool {
        COUNTERS.iter().any(|start| match *start {
            b"w" => self.keyword == b"w",
            start => self.keyword.starts_with(start),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static DIGITS: Class = class(false, b".");

    #[test]
    fn runs_are_whole_and_long_enough() {
        let runs = |text: &str| {
            Runs::new(text.as_bytes(), &DIGITS, 3).map(|run| text[run].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(runs("1.2"), ["1.2"]);
        assert_eq!(runs("12 123 1234x12y1.345"), ["123", "1234", "1.345"]);
        assert_eq!(runs("12a34"), [""; 0]);
        assert_eq!(runs(""), [""; 0]);
    }

    #[test]
    fn the_line_of_a_place() {
        let text = b"router a\nopt uptime 5\nw\nwrite-history";
        let mut lines = Lines::new(text);
        assert!(lines.seek(0).in_keyword(5) && !lines.seek(7).in_keyword(7));
        let mut counts = |at| lines.seek(at).counts();
        assert_eq!([7, 20, 22, 30].map(&mut counts), [false, true, true, true]);
    }
}
