//! Framing: where one document ends and the next begins. Nothing is parsed.

use std::ops::Range;

use memchr::memmem;

use super::find_line;
use crate::document::Type;

/// One document, cut out but not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The document's type; `None` if neither its annotation nor its first line is known.
    pub kind: Option<Type>,
    /// The lines before the document that begin with `@`, with their line ends.
    pub annotations: &'a [u8],
    /// The document itself.
    pub body: &'a [u8],
    /// Where [`body`](Frame::body) begins in its source.
    pub offset: u64,
}

impl<'a> Frame<'a> {
    /// A whole buffer as one document of a type, whatever it begins with.
    pub fn whole(kind: Type, body: &'a [u8]) -> Self {
        let annotations = annotation_length(body);
        Frame {
            kind: Some(kind),
            annotations: &body[..annotations],
            body: &body[annotations..],
            offset: annotations as u64,
        }
    }

    /// The annotations, in order.
    pub fn annotations(&self) -> impl Iterator<Item = Annotation<'a>> {
        self.annotations.split(|&b| b == b'\n').filter(|line| !line.is_empty()).map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = line.strip_prefix(b"@").unwrap_or(line);
            let (name, value) = super::item::split_keyword(line);
            Annotation { name, value }
        })
    }

    /// Name and version of the `@type` annotation, as `server-descriptor` and `1.0`.
    pub fn type_annotation(&self) -> Option<(&'a [u8], &'a [u8])> {
        type_annotation(self.annotations)
    }

    /// The place of the body in its source.
    pub fn span(&self) -> Range<u64> {
        self.offset..self.offset + self.body.len() as u64
    }
}

/// A line `@name value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Annotation<'a> {
    /// The word after `@`.
    pub name: &'a [u8],
    /// The rest of the line.
    pub value: &'a [u8],
}

/// How a type's documents follow each other in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A line that begins so starts the next document, and so does an annotation.
    Keyword(&'static [u8]),
    /// Only an annotation starts the next document.
    Annotation,
    /// Each line is a document.
    Line,
    /// The file is one document.
    File,
}

/// What [`Framer::cut`] found at the beginning of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut<'a> {
    /// A document, and how many bytes of the buffer it took, annotations and blank lines before it included.
    Frame(Frame<'a>, usize),
    /// The buffer ends within a document; call again with more bytes.
    More,
    /// Nothing but blank lines is left.
    End,
}

/// Cuts a stream into documents. The caller holds the buffer; the framer counts offsets.
#[derive(Debug, Clone, Default)]
pub struct Framer {
    /// The type of documents that say it neither by annotation nor by first line.
    hint: Option<Type>,
    offset: u64,
    /// The searcher for lines that begin with the last type's first keyword; to make one costs as much as to use it.
    searcher: Option<(&'static [u8], memmem::Finder<'static>)>,
    /// Whether the last document was of a type that its annotation tells and nobody knows.
    unheard: bool,
    /// The last annotations, if they were short, and the type that they tell: most documents of a file have the same.
    known: Option<([u8; SHORT], usize, Option<Type>)>,
}

/// How long annotations are that are remembered.
const SHORT: usize = 48;

/// How much of a document's beginning decides its type.
const DETECT: usize = 1024;

impl Framer {
    /// A framer; `hint` is the type that the source's name tells, for files that do not tell it themselves.
    pub fn new(hint: Option<Type>) -> Self {
        Framer { hint, ..Framer::default() }
    }

    /// Cuts the first document off a buffer. `eof` says that no more bytes will come.
    pub fn cut<'a>(&mut self, buffer: &'a [u8], eof: bool) -> Cut<'a> {
        let blank = buffer.iter().position(|&b| b != b'\n' && b != b'\r').unwrap_or(buffer.len());
        let text = &buffer[blank..];
        if text.is_empty() {
            return if eof { Cut::End } else { Cut::More };
        }
        let annotations = self.annotation_length(text);
        let rest = &text[annotations..];
        if !eof && rest.len() < DETECT {
            return Cut::More;
        }
        let kind = self.detect(&text[..annotations], rest);
        let end = self.end(kind, rest);
        let Some(end) = end.or(eof.then_some(rest.len())) else { return Cut::More };
        let frame = Frame {
            kind,
            annotations: &text[..annotations],
            body: without_blank_lines(&rest[..end]),
            offset: self.offset + (blank + annotations) as u64,
        };
        let taken = blank + annotations + end;
        self.offset += taken as u64;
        Cut::Frame(frame, taken)
    }

    /// The document that a buffer begins with, and how many bytes it takes if it ends where the next annotation stands.
    /// That is quicker than [`cut`](Framer::cut), but another document may stand in it that has no annotation; who reads
    /// all of its lines meets the first keyword once more. `None` if it has no annotation, or does not begin with `start`.
    pub(crate) fn cut_annotated<'a>(&mut self, buffer: &'a [u8], start: &[u8]) -> Option<(Frame<'a>, usize)> {
        let (annotations, rest) = buffer.split_at(self.annotation_length(buffer));
        if annotations.is_empty() || !rest.starts_with(start) {
            return None;
        }
        let end = next_annotation(rest).unwrap_or(rest.len());
        let frame = Frame {
            kind: self.detect(annotations, rest),
            annotations,
            body: without_blank_lines(&rest[..end]),
            offset: self.offset + annotations.len() as u64,
        };
        Some((frame, annotations.len() + end))
    }

    /// The type of the document that a buffer begins with, as far as its beginning tells.
    pub fn kind(&mut self, buffer: &[u8]) -> Option<Type> {
        let blank = buffer.iter().position(|&b| b != b'\n' && b != b'\r').unwrap_or(buffer.len());
        let (annotations, rest) = buffer[blank..].split_at(annotation_length(&buffer[blank..]));
        self.detect(annotations, rest)
    }

    /// The length of the run of `@` lines that a text begins with; mostly it is the same as before.
    fn annotation_length(&self, text: &[u8]) -> usize {
        match &self.known {
            Some((known, length, _))
                if text.starts_with(&known[..*length]) && text.get(*length) != Some(&b'@') =>
            {
                *length
            }
            _ => annotation_length(text),
        }
    }

    fn detect(&mut self, annotations: &[u8], rest: &[u8]) -> Option<Type> {
        if let Some((text, length, kind)) = &self.known
            && text[..*length] == *annotations
        {
            self.unheard = kind.is_none();
            return kind.map(|kind| kind.confirm(rest));
        }
        let annotation = type_annotation(annotations);
        self.unheard = false;
        let kind = match annotation {
            Some((name, version)) if annotations.len() <= SHORT => {
                let mut text = [0; SHORT];
                text[..annotations.len()].copy_from_slice(annotations);
                let kind = Type::of_annotation(name, version);
                self.known = Some((text, annotations.len(), kind));
                kind.map(|kind| kind.confirm(rest))
            }
            Some((name, version)) => Type::of_annotation(name, version).map(|kind| kind.confirm(rest)),
            // A page of an error, or data of somebody else's, has a name like ours.
            None => Type::of_text(rest).or(self.hint.filter(|kind| kind.may_be(rest))),
        };
        self.unheard = annotation.is_some() && kind.is_none();
        kind
    }

    /// Where a document ends and the next one begins, in a text that begins somewhere in the document. So a caller
    /// leaves a document behind that is too large to be held; the first byte of the text never begins the next one.
    pub fn end(&mut self, kind: Option<Type>, text: &[u8]) -> Option<usize> {
        match kind.map_or(Start::Annotation, |kind| kind.info().start) {
            Start::File => None,
            Start::Line => memchr::memchr(b'\n', text).map(|at| at + 1),
            Start::Annotation if kind.is_none() && !self.unheard => next_known(text),
            Start::Annotation => next_annotation(text),
            Start::Keyword(keyword) => {
                let end = self.next_start(text, keyword);
                next_annotation(&text[..end.unwrap_or(text.len())]).or(end)
            }
        }
    }

    /// The first line after the first one that begins with a keyword.
    fn next_start(&mut self, text: &[u8], keyword: &'static [u8]) -> Option<usize> {
        if self.searcher.as_ref().is_none_or(|(known, _)| *known != keyword) {
            let finder = memmem::Finder::new(&[b"\n", keyword].concat()).into_owned();
            self.searcher = Some((keyword, finder));
        }
        let (_, finder) = self.searcher.as_ref()?;
        finder.find(text).map(|at| at + 1)
    }

    /// Begins anew at a place of a source, with the source's hint, and keeps what was learned.
    pub fn restart(&mut self, hint: Option<Type>, offset: u64) {
        (self.hint, self.offset) = (hint, offset);
    }

    /// Counts bytes that the caller has dropped without cutting them.
    pub fn skip(&mut self, bytes: usize) {
        self.offset += bytes as u64;
    }
}

/// All documents of a buffer.
pub fn frames(buffer: &[u8], hint: Option<Type>) -> impl Iterator<Item = Frame<'_>> {
    let mut framer = Framer::new(hint);
    let mut rest = buffer;
    std::iter::from_fn(move || match framer.cut(rest, true) {
        Cut::Frame(frame, taken) => {
            rest = &rest[taken..];
            Some(frame)
        }
        Cut::More | Cut::End => None,
    })
}

/// The length of the run of `@` lines that a text begins with.
fn annotation_length(text: &[u8]) -> usize {
    let mut length = 0;
    while text.get(length) == Some(&b'@') {
        length = match memchr::memchr(b'\n', &text[length..]) {
            Some(end) => length + end + 1,
            None => text.len(),
        };
    }
    length
}

/// A document without the blank lines that follow it, as tor sends some answers.
fn without_blank_lines(mut body: &[u8]) -> &[u8] {
    while let [rest @ .., b'\n'] = body {
        let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        if !rest.ends_with(b"\n") {
            break;
        }
        body = rest;
    }
    body
}

fn type_annotation(annotations: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = find_line(annotations, b"@type ")?;
    let mut line = annotations[at + 6..].split(|&b| b == b'\n' || b == b'\r').next()?.split(|&b| b == b' ');
    let name = line.next()?;
    Some((name, line.next().unwrap_or_default()))
}

/// The first line after the first one that is an annotation.
fn next_annotation(text: &[u8]) -> Option<usize> {
    let mut from = 1;
    loop {
        let at = from + memchr::memchr(b'@', text.get(from..)?)?;
        if text[at - 1] == b'\n' {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The first line after the first one at which a known document begins; how one is left behind that tells no type. Lines that
/// begin whole files only, as `r` and `published`, may stand in it.
fn next_known(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', text)
        .map(|at| at + 1)
        .find(|&at| text.get(at) == Some(&b'@') || Type::begins_at(&text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_at_keywords_and_annotations() {
        let text = b"@type server-descriptor 1.0\nrouter a\nx\nrouter b\n\n@source 1\n@type extra-info 1.0\nextra-info c\nrouter no\n";
        let all: Vec<_> = frames(text, None).collect();
        let bodies: Vec<_> = all.iter().map(|frame| frame.body).collect();
        assert_eq!(bodies, [&b"router a\nx\n"[..], b"router b\n", b"extra-info c\nrouter no\n"]);
        assert_eq!(all[1].offset, 39);
        assert_eq!(all[2].annotations().count(), 2);
        assert_eq!(all[2].kind, Some(Type::ExtraInfo));
    }

    #[test]
    fn annotations_that_begin_as_those_before_are_read_to_their_end() {
        let text = b"@type extra-info 1.0\nextra-info a\n@type extra-info 1.0\n@source b\nextra-info b\n@type extra-info 1.0\nextra-info c\n";
        let annotations: Vec<_> = frames(text, None).map(|frame| frame.annotations().count()).collect();
        assert_eq!(annotations, [1, 2, 1]);
    }

    #[test]
    fn blank_lines_belong_to_no_document_whatever_their_line_ends() {
        for blank in ["", "\n", "\r\n", "\n\r\n", "\r\n\n\r\n"] {
            for end in ["\n", "\r\n"] {
                let (first, second) = (format!("router a{end}x{end}"), format!("router b{end}"));
                let text = [blank, &first, blank, &second, blank].concat();
                let bodies: Vec<_> = frames(text.as_bytes(), None).map(|frame| frame.body).collect();
                assert_eq!(bodies, [first.as_bytes(), second.as_bytes()], "{text:?}");
            }
        }
        let torn: Vec<_> = frames(b"router a\n\r", None).map(|frame| frame.body).collect();
        assert_eq!(torn, [b"router a\n\r"]);
    }

    #[test]
    fn what_is_unknown_is_cut_too_and_its_neighbours_survive() {
        let text =
            b"rubbish\nmore\nrouter a\n@type unheard-of 1.0\nx\n@type server-descriptor 1.0\nrouter b\n";
        let kinds: Vec<_> = frames(text, None).map(|frame| frame.kind).collect();
        assert_eq!(kinds, [None, Some(Type::ServerDescriptor), None, Some(Type::ServerDescriptor)]);
    }

    #[test]
    fn an_unknown_document_is_not_taken_for_others() {
        let text = b"@type foo-bar 1.0\nfoo 1\npublished 2020-01-01 00:00:00\nrouter a\n@type foo-bar 1.0\nfoo 2\nr a\n\
            @type server-descriptor 1.0\nrouter b\nx\nrubbish\n";
        let all: Vec<_> = frames(text, None).map(|frame| (frame.kind, frame.body.len())).collect();
        assert_eq!(all, [(None, 45), (None, 10), (Some(Type::ServerDescriptor), 19)]);
        let text = b"no-status 3\nvote-status consensus\npublished 2020-01-01 00:00:00\nr a\nExitNode A\n";
        assert_eq!(frames(text, None).map(|frame| frame.kind).collect::<Vec<_>>(), [None]);
    }

    #[test]
    fn a_name_does_not_outweigh_what_is_plainly_something_else() {
        for (text, hint, kind) in [
            (&b"{\"version\": 8}\n"[..], Type::SnowflakeStats, None),
            (b"<!DOCTYPE html>\n", Type::Consensus, None),
            (b" \n[1]\n", Type::BandwidthFile, None),
            (b"{\n", Type::OnionPerf, Some(Type::OnionPerf)),
            (b"no-status 3\n", Type::Consensus, Some(Type::Consensus)),
        ] {
            assert_eq!(frames(text, Some(hint)).next().and_then(|frame| frame.kind), kind, "{hint:?}");
        }
    }

    #[test]
    fn a_stream_gives_the_same_frames_as_a_buffer() {
        let text = [&b"@type server-descriptor 1.0\nrouter a\nx\n"[..]; 200].concat();
        let whole: Vec<_> = frames(&text, None).map(|f| (f.offset, f.body.to_vec())).collect();
        let (mut framer, mut from, mut to, mut pieces) = (Framer::new(None), 0, 0, Vec::new());
        loop {
            match framer.cut(&text[from..to], to == text.len()) {
                Cut::Frame(frame, taken) => {
                    pieces.push((frame.offset, frame.body.to_vec()));
                    from += taken;
                }
                Cut::More => to = (to + 700).min(text.len()),
                Cut::End => break,
            }
        }
        assert_eq!(pieces, whole);
    }
}
