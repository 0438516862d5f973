//! Lines as CollecTor finds them.

use memchr::memchr2;

/// The lines of a text, each with the place where it begins. CollecTor ends a line at LF, CR or both (collector §1.1).
pub(super) struct Breaks<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Breaks<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Breaks { text, at: 0 }
    }
}

impl<'a> Iterator for Breaks<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (start, rest) = (self.at, &self.text[self.at..]);
        if rest.is_empty() {
            return None;
        }
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let ending = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        self.at = (start + end + ending).min(self.text.len());
        Some((start, &rest[..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ends_are_known() {
        let lines: Vec<_> = Breaks::new(b"a\nb\r\nc\rd\n\n\re").collect();
        let expected: [(usize, &[u8]); 7] =
            [(0, b"a"), (2, b"b"), (5, b"c"), (7, b"d"), (9, b""), (10, b""), (11, b"e")];
        assert_eq!(lines, expected);
        assert_eq!(Breaks::new(b"a\r").count(), 1);
    }
}
