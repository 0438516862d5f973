//! The document parser: items into the slots of a table.

mod nested;
mod series;
#[cfg(any(feature = "archive", feature = "columnar"))]
mod shares;

use std::{borrow::Cow, mem, ops::Range};

use super::{Count, Field, Issue, Memo, Problem, Record, Schema, Sink};
use crate::netdoc::{Frame, Grammar, Item, Lexer, is_keyword};
pub use nested::{push_nested, read_nested};
pub use series::{Documents, Series};

/// How many issues, and how many unknown lines, are kept a document; the rest is counted only. Hostile input may have
/// millions.
pub const MAX_LISTED: usize = 1000;

/// A type that has a table; made by `descriptor!`.
pub trait Table<'a>: Default + Record + Send + 'a {
    /// The rows.
    const FIELDS: &'static [Field];
    /// What is special about the type.
    const OPTIONS: Options<'a, Self>;

    /// The row of a keyword.
    fn row(keyword: &[u8]) -> Option<usize>;
    /// Puts an item into the field of a row.
    fn fill(
        &mut self,
        row: usize,
        item: &Item<'a>,
        again: bool,
        reader: &mut Reader<'a>,
    ) -> Result<(), Problem>;
    /// Tells the values of all columns in order, without their names, to a sink whose type is known: quicker than
    /// [`Record::emit_values`].
    fn tell(&self, out: &mut (impl Sink + ?Sized));
    /// Keeps the bytes that were read.
    fn set_raw(&mut self, raw: &'a [u8]);
    /// The table as data.
    fn table() -> &'static Schema;
}

/// What is special about a type; all of it may be left out.
pub struct Options<'a, D> {
    /// How bytes become items. Left out: keyword lines.
    pub grammar: Grammar<'a>,
    /// Whether the first row's keyword must begin the document. Left out: yes.
    pub first: bool,
    /// Whether the table, as a part of another one, lies within the arguments of its item. Left out: no, it takes the
    /// items that follow.
    pub inline: bool,
    /// Whether blank lines are no fault, between the document's own lines or in the tables within it. Left out: no.
    pub blank_lines: bool,
    /// Rules between lines, checked after all lines are read, such as "the signature comes last".
    pub check: Option<fn(&D, &mut Reader<'a>)>,
}

impl<D> Options<'_, D> {
    /// Keyword lines, the first row first, no further rules.
    pub const DEFAULT: Self =
        Options { grammar: Lexer::item, first: true, inline: false, blank_lines: false, check: None };
}

/// Which rows of a table, and of the table of its entries, are read; lines of the others are passed over. One bit a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Rows of the document.
    pub document: u128,
    /// The row of the document that has the entries.
    pub entries: Option<usize>,
    /// Rows of the entries.
    pub entry: u128,
    /// Whether nothing else is wanted, not even what every document must have, nor what is wrong: the reading may end as
    /// soon as each wanted line was seen, if each may stand only once.
    pub only: bool,
    /// How many threads read a large document that has entries. Those besides the caller's end before the reading does.
    /// Without the features `archive` and `columnar` there are none.
    pub threads: usize,
}

impl Wanted {
    /// All rows, read by one thread.
    pub const ALL: Self =
        Wanted { document: u128::MAX, entries: None, entry: u128::MAX, only: false, threads: 1 };
}

/// [`Table::row`] of some table.
type RowOf = fn(&[u8]) -> Option<usize>;

/// The state of reading one document: the lexer, and what was found wrong so far.
#[derive(Debug)]
pub struct Reader<'a> {
    lexer: Lexer<'a>,
    /// Added to offsets, for readers over a part of a document.
    base: usize,
    issues: Vec<Issue>,
    unknown: Vec<Range<usize>>,
    suppressed: usize,
    /// The table that is being read.
    inner: Option<RowOf>,
    /// Which keywords end a nested table, innermost last.
    outer: Vec<RowOf>,
    /// Whether the document's first line came again.
    again: bool,
    /// Whether blank lines are no fault here.
    blank_lines: bool,
    wanted: Wanted,
    /// Which rows of the next nested table are read.
    part: u128,
    /// Lines that need no second check.
    pub(crate) memo: Memo<'a>,
}

impl<'a> Reader<'a> {
    /// Adds what another reader has found wrong behind what this one has.
    fn absorb(&mut self, other: &mut Reader<'_>) {
        let found = other.issues.len() + other.unknown.len();
        other.issues.truncate(MAX_LISTED - self.issues.len());
        other.unknown.truncate(MAX_LISTED - self.unknown.len());
        self.suppressed += other.suppressed + found - other.issues.len() - other.unknown.len();
        self.issues.append(&mut other.issues);
        self.unknown.append(&mut other.unknown);
    }

    /// A reader over a document.
    pub fn new(input: &'a [u8]) -> Self {
        Reader {
            lexer: Lexer::new(input),
            base: 0,
            issues: Vec::new(),
            unknown: Vec::new(),
            suppressed: 0,
            inner: None,
            outer: Vec::new(),
            again: false,
            blank_lines: false,
            wanted: Wanted::ALL,
            part: u128::MAX,
            memo: Memo::default(),
        }
    }

    /// The bytes of the document from one offset to another.
    pub fn bytes(&self, from: usize, to: usize) -> &'a [u8] {
        self.lexer.slice(from, to)
    }

    /// Notes what is wrong with an item.
    #[cold]
    pub fn complain(&mut self, item: &Item<'a>, problem: Problem) {
        if problem == Problem::Reported {
            return;
        }
        let keyword = Cow::Owned(String::from_utf8_lossy(item.keyword).into_owned());
        self.issue(keyword, item.offset..item.offset + item.line().len(), problem);
    }

    /// Notes what is wrong with the document, with the keyword that it is about.
    #[cold]
    pub fn complain_about(&mut self, keyword: &'static str, problem: Problem) {
        self.issue(Cow::Borrowed(keyword), 0..0, problem);
    }

    /// Notes what is wrong with a part of the document, found by its bytes; without a place if it is none of them, as the
    /// value of a line that could not be read.
    #[cold]
    pub fn complain_at(&mut self, keyword: &'static str, part: &'a [u8], problem: Problem) {
        let document = self.lexer.document();
        let start = (part.as_ptr() as usize).wrapping_sub(document.as_ptr() as usize);
        let end = start.saturating_add(part.len());
        let span = if end <= document.len() { start..end } else { 0..0 };
        self.issue(Cow::Borrowed(keyword), span, problem);
    }

    fn issue(&mut self, mut keyword: Cow<'static, str>, span: Range<usize>, problem: Problem) {
        if self.issues.len() >= MAX_LISTED {
            self.suppressed += 1;
            return;
        }
        if keyword.len() > 64 {
            let end = (0..=64).rev().find(|&at| keyword.is_char_boundary(at)).unwrap_or(0);
            keyword = Cow::Owned(format!("{}…", &keyword[..end]));
        }
        let span = self.base + span.start..self.base + span.end;
        self.issues.push(Issue { problem, keyword, span });
    }

    #[cold]
    fn unknown(&mut self, item: &Item<'a>) {
        if self.blank_lines && matches!(item.raw, b"\n" | b"\r\n") {
            // The document's parts stand apart by it.
        } else if item.keyword.is_empty() && item.args.is_empty() {
            self.complain(item, Problem::BlankLine);
        } else if !is_keyword(item.keyword) {
            self.complain(item, Problem::NotAKeyword);
        } else if self.unknown.len() < MAX_LISTED {
            let start = self.base + item.offset;
            self.unknown.push(start..start + item.raw.len());
        } else {
            self.suppressed += 1;
        }
    }
}

/// Reads items into a table until the end or, in a nested table, until a line that belongs to an outer one.
/// The document is filled in place, for it is large; returns the rows that were read without a problem, and the item
/// that begins the next table of the same kind if one follows.
#[inline]
fn fill<'a, D: Table<'a>>(
    document: &mut D,
    first: Option<&Item<'a>>,
    reader: &mut Reader<'a>,
) -> (u128, Option<Item<'a>>) {
    const { assert!(D::FIELDS.len() <= 128, "a table has at most 128 rows") };
    // A document without nested tables needs no list of outer ones.
    let around = reader.inner.replace(D::row);
    reader.outer.extend(around);
    reader.blank_lines |= D::OPTIONS.blank_lines;
    let (mut seen, mut lost) = (0u128, 0u128);
    let outermost = around.is_none();
    let part = mem::replace(&mut reader.part, u128::MAX);
    let required = const { required(D::FIELDS) };
    let only = outermost && reader.wanted.only;
    // What must be there decides whether there is a document or entry at all.
    let wanted = if only { 0 } else { required } | if outermost { reader.wanted.document } else { part };
    // A line that may stand only once is read where it stands first; when none is left to be seen, the rest may be.
    let until = if only && wanted & const { many(D::FIELDS) } == 0 { wanted } else { u128::MAX };
    let start = first.map_or_else(|| reader.lexer.position(), |item| item.offset);
    let mut next: Option<Item<'a>> = None;
    if let Some(item) = first {
        // The outer table has found it by its keyword, which is that of the first row.
        seen = 1;
        if wanted & 1 != 0
            && let Err(problem) = document.fill(0, item, false, reader)
        {
            lost = 1;
            reader.complain(item, problem);
        }
    }
    while until & !seen != 0
        && let Some(item) = (D::OPTIONS.grammar)(&mut reader.lexer)
    {
        let Some(row) = D::row(item.keyword) else {
            if reader.outer.iter().any(|outer| outer(item.keyword).is_some()) {
                reader.lexer.unread(&item);
                break;
            }
            reader.unknown(&item);
            continue;
        };
        if first.is_some() && row == 0 {
            next = Some(item);
            break;
        }
        if D::OPTIONS.first && seen == 0 && row != 0 {
            reader.complain(&item, Problem::Misplaced("the document must not begin with this line"));
        }
        // Most tables have few rows, and half a mask is cheaper than a whole one.
        let bit = if D::FIELDS.len() <= 64 { u128::from(1u64 << row) } else { 1u128 << row };
        let again = seen & bit != 0;
        seen |= bit;
        if wanted & bit == 0 {
            continue;
        }
        if outermost && reader.wanted.entries == Some(row) {
            reader.part = reader.wanted.entry;
        }
        if let Err(problem) = document.fill(row, &item, again, reader) {
            if problem != Problem::Duplicate {
                lost |= bit;
            }
            reader.again |= again && row == 0 && outermost;
            reader.complain(&item, problem);
        }
    }
    let end = next.map_or_else(|| reader.lexer.position(), |item| item.offset);
    document.set_raw(reader.lexer.slice(start, end));
    let missing = required & !seen;
    if missing != 0 && !only {
        for (row, field) in D::FIELDS.iter().enumerate() {
            if missing & (1 << row) != 0 {
                let span = first.map_or(0..0, |item| item.offset..item.offset + item.line().len());
                reader.issue(Cow::Borrowed(field.keywords[0]), span, Problem::MissingLine);
            }
        }
    }
    if let Some(check) = D::OPTIONS.check.filter(|_| wanted == u128::MAX) {
        check(document, reader);
    }
    reader.part = part;
    reader.inner = around;
    if around.is_some() {
        reader.outer.pop();
    }
    (seen & !lost, next)
}

const fn required(fields: &[Field]) -> u128 {
    let mut mask = 0;
    let mut row = 0;
    while row < fields.len() {
        if matches!(fields[row].count, Count::Once) {
            mask |= 1 << row;
        }
        row += 1;
    }
    mask
}

const fn many(fields: &[Field]) -> u128 {
    let mut mask = 0;
    let mut row = 0;
    while row < fields.len() {
        if matches!(fields[row].count, Count::Many) {
            mask |= 1 << row;
        }
        row += 1;
    }
    mask
}

fn complete<'a, D: Table<'a>>(read: u128) -> bool {
    let required = const { required(D::FIELDS) };
    required & !read == 0
}

/// Fills a table that is a part of another document: from its item and those that follow, up to where that document's
/// own lines go on, or from the arguments of its item.
#[inline]
fn fill_part<'a, D: Table<'a>>(
    document: &mut D,
    first: &Item<'a>,
    reader: &mut Reader<'a>,
) -> (u128, Option<Item<'a>>) {
    if D::OPTIONS.inline {
        (fill_inline(document, first, reader), None)
    } else {
        fill(document, Some(first), reader)
    }
}

/// Fills a table from the arguments of its item, as the `key=value` pairs of a relay line.
fn fill_inline<'a, D: Table<'a>>(document: &mut D, item: &Item<'a>, reader: &mut Reader<'a>) -> u128 {
    // Arguments that are not there may be no part of the item.
    let within = (item.args.as_ptr() as usize).wrapping_sub(item.raw.as_ptr() as usize).min(item.raw.len());
    let mut inner = Reader::new(item.args);
    inner.base = reader.base + item.offset + within;
    inner.wanted.document = reader.part;
    let (read, _) = fill(document, None, &mut inner);
    reader.absorb(&mut inner);
    read
}

/// What was read from one document: all that could be read, and all that is wrong with it.
#[derive(Debug, Clone)]
pub struct Parsed<'a, D> {
    /// What could be read. Lines that are missing or malformed have their default value: ask
    /// [`document`](Parsed::document) unless you want that.
    pub partial: D,
    /// The document's place and annotations.
    pub frame: Frame<'a>,
    /// What is wrong, in the order of the document; at most [`MAX_LISTED`].
    pub issues: Vec<Issue>,
    /// The lines that no row knows, with their objects, as bytes of the document; at most [`MAX_LISTED`].
    pub unknown: Vec<Range<usize>>,
    /// How many further issues and unknown lines were counted but not kept.
    pub suppressed: usize,
    /// One bit a row: its lines stand there and were read.
    read: u128,
    complete: bool,
}

impl<'a, D> Parsed<'a, D> {
    /// The document, if every line that it must have could be read.
    pub fn document(&self) -> Option<&D> {
        self.complete.then_some(&self.partial)
    }

    /// The document if nothing at all is wrong with it, as metrics-lib and tor judge; else the first issue.
    pub fn strict(&self) -> Result<&D, &Issue> {
        match self.issues.first() {
            None => Ok(&self.partial),
            Some(issue) => Err(issue),
        }
    }

    /// The lines that no row knows.
    pub fn unknown_lines(&self) -> impl Iterator<Item = &'a [u8]> {
        let body = self.frame.body;
        self.unknown.iter().map(move |span| body.get(span.clone()).unwrap_or_default())
    }

    /// The same with another document, as a box of it.
    pub fn map<E>(self, convert: impl FnOnce(D) -> E) -> Parsed<'a, E> {
        Parsed {
            partial: convert(self.partial),
            frame: self.frame,
            issues: self.issues,
            unknown: self.unknown,
            suppressed: self.suppressed,
            read: self.read,
            complete: self.complete,
        }
    }

    /// Tells a column of a record of this document; null if its line is missing or malformed.
    pub fn emit(&self, record: &dyn Record, field: usize, part: usize, out: &mut dyn Sink) {
        let count = record.schema().fields[field].count;
        if count == Count::Once && self.read & (1 << field) == 0 {
            out.null();
        } else {
            record.emit(field, part, out);
        }
    }
}

/// Reads one document.
#[inline(always)]
pub fn parse<'a, D: Table<'a>>(frame: Frame<'a>) -> Parsed<'a, D> {
    parse_columns(frame, Wanted::ALL)
}

/// Reads some rows of one document, and those that every document must have. The others have their default values, and
/// nothing is said about what is wrong in them, nor between lines.
// Filled where it stays, for many documents are large; so the caller makes it.
#[inline(always)]
pub fn parse_columns<'a, D: Table<'a>>(frame: Frame<'a>, wanted: Wanted) -> Parsed<'a, D> {
    let mut parsed = Parsed::new(frame);
    let mut reader = Reader { wanted, ..Reader::new(frame.body) };
    parsed.fill(&mut reader);
    parsed
}

impl<'a, D: Table<'a>> Parsed<'a, D> {
    #[inline(always)]
    fn new(frame: Frame<'a>) -> Self {
        Parsed {
            partial: D::default(),
            frame,
            issues: Vec::new(),
            unknown: Vec::new(),
            suppressed: 0,
            read: 0,
            complete: false,
        }
    }

    /// Reads the document that the reader is at the beginning of.
    #[inline(never)]
    fn fill(&mut self, reader: &mut Reader<'a>) {
        (reader.blank_lines, reader.again) = (false, false);
        (self.read, _) = fill(&mut self.partial, None, reader);
        // Blanks behind the last item of a line are bytes of the document too.
        self.partial.set_raw(self.frame.body);
        self.complete = complete::<D>(self.read);
        self.issues.clear();
        self.unknown.clear();
        self.suppressed = 0;
        // In most documents nothing is wrong.
        if !(reader.issues.is_empty() && reader.unknown.is_empty()) {
            mem::swap(&mut self.issues, &mut reader.issues);
            mem::swap(&mut self.unknown, &mut reader.unknown);
            mem::swap(&mut self.suppressed, &mut reader.suppressed);
        }
    }
}
