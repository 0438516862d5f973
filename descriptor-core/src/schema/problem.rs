//! What can be wrong, and where: [`Problem`] < [`Issue`] < `Error` (which adds the source, in `archive`).

use std::{borrow::Cow, fmt, ops::Range};

/// What is wrong, without a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A line lacks an argument that it must have.
    #[error("{0} is missing")]
    MissingArgument(&'static str),
    /// An argument is there but cannot be read as what it should be.
    #[error("{0} cannot be read")]
    BadArgument(&'static str),
    /// The line's object is missing.
    #[error("the object below the line is missing")]
    MissingObject,
    /// An object is there but is not what it should be.
    #[error("the object is not {0}")]
    BadObject(&'static str),
    /// A line that may stand once stands again; the first one counts.
    #[error("the line stands more than once")]
    Duplicate,
    /// A line that must be there is not.
    #[error("the line is missing")]
    MissingLine,
    /// An empty line, which no document has inside.
    #[error("blank line")]
    BlankLine,
    /// A line that begins with something that is no keyword.
    #[error("not a keyword")]
    NotAKeyword,
    /// A line stands where it must not.
    #[error("{0}")]
    Misplaced(&'static str),
    /// Two parts of the document contradict each other.
    #[error("{0}")]
    Mismatch(&'static str),
    /// The document is larger than the reader's limit.
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    /// No type fits: no known annotation, no known first keyword.
    #[error("no document type begins like this")]
    UnknownType,
    /// The document has a version that this reader must not read.
    #[error("version is not supported")]
    UnsupportedVersion,
    /// A part is left out because of an issue that stands in the list already; never listed itself.
    #[error("left out")]
    Reported,
    /// A digest or signature does not fit.
    #[error("{0}")]
    Unverified(&'static str),
}

impl Problem {
    /// Gives a nameless [`BadArgument`](Problem::BadArgument) the name of the argument.
    #[must_use]
    pub fn named(self, what: &'static str) -> Self {
        match self {
            Problem::BadArgument("value") => Problem::BadArgument(what),
            other => other,
        }
    }
}

/// A nameless bad argument; [`Args::value`](crate::netdoc::Args::take) gives it its name.
pub const BAD: Problem = Problem::BadArgument("value");

/// A [`Problem`] with its keyword and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What is wrong.
    pub problem: Problem,
    /// The keyword of the line; for a missing line, the keyword that should be there.
    pub keyword: Cow<'static, str>,
    /// The bytes of the offending line, counted from the first byte of the document. Empty for a missing line.
    pub span: Range<usize>,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keyword.is_empty() {
            write!(f, "{}", self.problem)
        } else {
            write!(f, "{}: {}", self.keyword, self.problem)
        }
    }
}

impl std::error::Error for Issue {}

/// Line and column of a byte, both counted from 1; columns count bytes. Walks the text, so ask only to show it.
pub fn line_and_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1) + 1;
    (line, column)
}
