//! A cursor over the arguments of a line.

use super::item::find_blank;
use crate::schema::Problem;

/// What is left of a line's arguments. Arguments are separated by one or more blanks or tabs.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a> {
    rest: &'a [u8],
}

/// A value that is read from one argument.
pub trait FromArg<'a>: Sized {
    /// What the value looks like from outside.
    const KIND: crate::schema::Kind;
    /// How many bytes the argument may take, if that is fixed: then nobody need search its end.
    const WIDTHS: &'static [usize] = &[];
    /// Reads the argument; the whole of it must be the value.
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem>;
    /// Tells the value to a sink.
    fn emit(&self, out: &mut (impl crate::schema::Sink + ?Sized));
}

impl<'a> Args<'a> {
    /// A cursor over the text after a keyword.
    #[inline]
    pub fn new(rest: &'a [u8]) -> Self {
        Args { rest }
    }

    /// The next argument as it stands.
    #[inline]
    pub fn text(&mut self, what: &'static str) -> Result<&'a [u8], Problem> {
        self.next().ok_or(Problem::MissingArgument(what))
    }

    /// The next argument as a value. `what` names it in the error.
    #[inline]
    pub fn value<T: FromArg<'a>>(&mut self, what: &'static str) -> Result<T, Problem> {
        let rest = self.rest();
        for &width in T::WIDTHS {
            if let Some((text, [] | [b' ', ..])) = rest.split_at_checked(width)
                && let Ok(value) = T::from_arg(text)
            {
                self.skip(width);
                return Ok(value);
            }
        }
        T::from_arg(self.text(what)?).map_err(|problem| problem.named(what))
    }

    /// Everything not yet taken, leading blanks skipped.
    #[inline]
    pub fn rest(&mut self) -> &'a [u8] {
        while let [b' ' | b'\t', tail @ ..] = self.rest {
            self.rest = tail;
        }
        self.rest
    }

    /// Skips as many bytes as a value of fixed width has taken.
    #[inline]
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }
}

impl<'a> Iterator for Args<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let end = find_blank(rest).unwrap_or(rest.len());
        self.rest = &rest[end..];
        Some(&rest[..end])
    }
}
