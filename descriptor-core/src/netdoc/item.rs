//! The lexer: bytes to keyword lines.
//!
//! A document of dir-spec's meta format is a run of *items*. An item is a line `KEYWORD[ WS ARGUMENTS]` and, if the
//! next line begins with `-----BEGIN `, an object that runs through its `-----END ` line. `opt KEYWORD …` is an old
//! spelling of `KEYWORD …`. Nothing is copied and nothing is decoded here.

use memchr::{memchr, memmem};
use nom::{IResult, error::ErrorKind};

use super::args::Args;

/// One keyword line with the object that follows it, borrowed from the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Item<'a> {
    /// The first word of the line, without a leading `opt `. Empty for a blank line.
    pub keyword: &'a [u8],
    /// What follows the keyword's blank, up to the end of the line. Empty when the keyword stands alone.
    pub args: &'a [u8],
    /// The object below the line, if there is one.
    pub object: Option<Object<'a>>,
    /// All bytes of the item: line, line end and object.
    pub raw: &'a [u8],
    /// Where [`raw`](Item::raw) begins, counted from the first byte of the document.
    pub offset: usize,
    /// Whether the line was spelled `opt KEYWORD …`.
    pub opt: bool,
}

impl<'a> Item<'a> {
    /// A cursor over the arguments.
    #[inline]
    pub fn args(&self) -> Args<'a> {
        Args::new(self.args)
    }

    /// The line without its line end and without the object.
    pub fn line(&self) -> &'a [u8] {
        &self.raw[..memchr(b'\n', self.raw).unwrap_or(self.raw.len())]
    }
}

/// A PEM object: `-----BEGIN LABEL-----`, base64 lines, `-----END LABEL-----`. Its parts are found when they are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Object<'a> {
    /// The whole object, from `-----BEGIN ` through the last `-----`, without the last line end. An object of another
    /// grammar, as the text below a command of `ed`, is all body.
    pub raw: &'a [u8],
}

impl<'a> Object<'a> {
    /// What stands between `-----BEGIN ` and `-----`.
    pub fn label(&self) -> &'a [u8] {
        self.parts().0
    }

    /// The lines between the first and the last, still base64, with their line ends.
    pub fn body(&self) -> &'a [u8] {
        self.parts().1
    }

    fn parts(&self) -> (&'a [u8], &'a [u8]) {
        let parts = self.raw.strip_prefix(b"-----BEGIN ").and_then(|rest| {
            let (label, rest) = rest.split_at_checked(memmem::find(rest, b"-----\n")?)?;
            Some((label, rest.get(6..rest.len().checked_sub(label.len() + 14)?)?))
        });
        parts.unwrap_or((b"", self.raw))
    }

    /// Whether the label is this one.
    #[inline]
    pub fn has_label(&self, label: &[u8]) -> bool {
        let rest = self.raw.strip_prefix(b"-----BEGIN ").and_then(|rest| rest.strip_prefix(label));
        rest.is_some_and(|rest| rest.starts_with(b"-----\n"))
    }
}

/// A lexer's own error: it holds nothing, so that nothing is allocated where a rule only tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<I> nom::error::ParseError<I> for Malformed {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Malformed
    }
    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Splits a line into keyword and arguments at its first blank or tab.
#[inline]
pub(crate) fn split_keyword(line: &[u8]) -> (&[u8], &[u8]) {
    match find_blank(line) {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &line[line.len()..]),
    }
}

/// The first blank or tab. Words are short, so eight bytes at a time beat a vector search that must be set up.
#[inline]
pub(crate) fn find_blank(text: &[u8]) -> Option<usize> {
    find_either(text, b' ', b'\t')
}

/// The first of two bytes, eight bytes at a time.
#[inline]
pub(crate) fn find_either(text: &[u8], one: u8, other: u8) -> Option<usize> {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let mut at = 0;
    while let Some(chunk) = text[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // The lowest marked byte is exact; marks above it may be wrong, but they are not looked at.
        let marks = zeros(word ^ (LOW * one as u64)) | zeros(word ^ (LOW * other as u64));
        if marks != 0 {
            return Some(at + (marks.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    text[at..].iter().position(|&byte| byte == one || byte == other).map(|found| at + found)
}

/// Takes one line with its line end; fails only on empty input.
#[inline]
pub(crate) fn line(input: &[u8]) -> IResult<&[u8], &[u8], Malformed> {
    match memchr(b'\n', input) {
        Some(end) => Ok((&input[end + 1..], &input[..end])),
        None if input.is_empty() => Err(nom::Err::Error(Malformed)),
        None => Ok((&[], input)),
    }
}

/// The object that a text begins with. Base64 has no `-`, so the first one after the head must begin the end line.
// What is returned fits two registers: through memory it would have to be waited for.
#[inline(never)]
fn object(input: &[u8]) -> Option<Object<'_>> {
    let rest = input.strip_prefix(b"-----BEGIN ")?;
    let (head, body) = rest.split_at_checked(memchr(b'\n', rest)? + 1)?;
    let label = head.strip_suffix(b"-----\n")?;
    let (body, end) = body.split_at_checked(memchr(b'-', body)?)?;
    if !matches!(body, [] | [.., b'\n']) {
        return None;
    }
    let after = end.strip_prefix(b"-----END ")?.strip_prefix(label)?.strip_prefix(b"-----")?;
    let raw = &input[..input.len() - after.len()];
    // The end line must end here; a document cut off after it has no line end.
    matches!(after, [] | [b'\n', ..]).then_some(Object { raw })
}

/// Whether `bytes` may be a keyword: letters, digits and `-` (dir-spec §1.2), or `_` as some old documents have.
pub(crate) fn is_keyword(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_')
}

/// How a document's bytes become items; [`Lexer::item`] is the usual one.
pub type Grammar<'a> = fn(&mut Lexer<'a>) -> Option<Item<'a>>;

/// Hands out a document's items in order.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    input: &'a [u8],
    position: usize,
    /// A note that a grammar leaves for itself between items, such as "the header is over".
    pub(crate) state: u8,
}

impl<'a> Lexer<'a> {
    /// A lexer over a whole document.
    pub fn new(input: &'a [u8]) -> Self {
        Lexer { input, position: 0, state: 0 }
    }

    /// The next keyword line with its object, or `None` at the end. Every byte belongs to exactly one item.
    // Inlined so that the item stays in registers: to return it through memory stalls on every line.
    #[inline(always)]
    pub fn item(&mut self) -> Option<Item<'a>> {
        let offset = self.position;
        let input = &self.input[offset..];
        if input.is_empty() {
            return None;
        }
        let (length, mut end) = memchr(b'\n', input).map_or((input.len(), input.len()), |at| (at, at + 1));
        let (mut keyword, mut args) = split_keyword(&input[..length]);
        let opt = keyword == b"opt" && !args.is_empty();
        if opt {
            (keyword, args) = split_keyword(args);
        }
        // What looks like an object but is none is left for the next calls, which give its lines one by one.
        let mut found = None;
        if input.get(end) == Some(&b'-')
            && let Some(it) = object(&input[end..])
        {
            end += it.raw.len();
            end += usize::from(end < input.len());
            found = Some(it);
        }
        self.position = offset + end;
        Some(Item { keyword, args, object: found, raw: &input[..end], offset, opt })
    }

    /// A lexer over the same document that begins elsewhere.
    #[cfg(any(feature = "archive", feature = "columnar"))]
    pub(crate) fn at(&self, position: usize) -> Self {
        Lexer { position: position.min(self.input.len()), ..self.clone() }
    }

    /// Gives the last item back; the next call reads it again, which is cheaper than to keep it.
    #[inline]
    pub fn unread(&mut self, item: &Item<'a>) {
        self.position = item.offset;
    }

    /// The next line without its line end, with its offset; for grammars that are not keyword lines.
    #[inline]
    pub(crate) fn raw_line(&mut self) -> Option<(usize, &'a [u8], &'a [u8])> {
        let input = &self.input[self.position..];
        let (rest, text) = line(input).ok()?;
        let offset = self.position;
        self.position = self.input.len() - rest.len();
        Some((offset, text, &input[..input.len() - rest.len()]))
    }

    /// What no item has taken yet; for grammars whose items are not lines.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.input[self.position..]
    }

    /// Takes bytes off [`rest`](Lexer::rest); gives their offset and them.
    #[inline]
    pub(crate) fn take(&mut self, bytes: usize) -> (usize, &'a [u8]) {
        let offset = self.position;
        self.position += bytes;
        (offset, &self.input[offset..self.position])
    }

    /// Where the next item begins.
    #[inline]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The bytes from one offset to another.
    #[inline]
    pub fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        &self.input[from..to]
    }

    /// All of the document.
    pub(crate) fn document(&self) -> &'a [u8] {
        self.input
    }
}

/// The items of a document, for who wants to walk it without a table.
pub fn items(document: &[u8]) -> impl Iterator<Item = Item<'_>> {
    let mut lexer = Lexer::new(document);
    std::iter::from_fn(move || lexer.item())
}

/// Finds the first line that begins with `start`; the offset of its first byte.
pub(crate) fn find_line(haystack: &[u8], start: &[u8]) -> Option<usize> {
    if haystack.starts_with(start) {
        return Some(0);
    }
    memmem::find_iter(haystack, start).find(|&at| haystack[at - 1] == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_keyword_and_arguments() {
        let all: Vec<_> = items(b"toy  a b\nbare\n\nopt old x\nlast").collect();
        assert_eq!(all.len(), 5);
        assert_eq!((all[0].keyword, all[0].args), (&b"toy"[..], &b" a b"[..]));
        assert_eq!((all[1].keyword, all[1].args), (&b"bare"[..], &b""[..]));
        assert_eq!(all[2].keyword, b"");
        assert_eq!((all[3].keyword, all[3].opt), (&b"old"[..], true));
        assert_eq!((all[4].keyword, all[4].offset), (&b"last"[..], 25));
    }

    #[test]
    fn an_object_belongs_to_the_line_above() {
        let text = b"key\n-----BEGIN K-----\nAAAA\n-----END K-----\nnext\n";
        let all: Vec<_> = items(text).collect();
        assert_eq!(all.len(), 2);
        let object = all[0].object.expect("the item has an object");
        assert_eq!((object.label(), object.body()), (&b"K"[..], &b"AAAA\n"[..]));
        assert!(object.has_label(b"K") && !object.has_label(b"") && !object.has_label(b"KK"));
        assert_eq!(Object { raw: b"a\n" }.body(), b"a\n");
    }

    #[test]
    fn broken_objects_become_lines_and_nothing_is_lost() {
        for text in [
            &b"key\n-----BEGIN K-----\nAAAA\n"[..],
            b"key\n-----BEGIN K-----\nAA-A\n-----END K-----\n",
            b"key\n-----BEGIN K-----\nAAAA\n-----END L-----\nx\n",
            b"key\n-----BEGIN K\n-----END K-----",
            b"-----END K-----trailing\n\n\n",
        ] {
            let joined: Vec<u8> = items(text).flat_map(|item| item.raw.to_vec()).collect();
            assert_eq!(joined, text);
        }
    }
}
