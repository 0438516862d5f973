//! Truth values that are written out.

use crate::{
    netdoc::FromArg,
    schema::{BAD, Kind, Problem, Sink},
};

/// A truth value written as `1` or `0`, `true` or `false`, `True` or `False`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Truth(pub bool);

impl<'a> FromArg<'a> for Truth {
    const KIND: Kind = Kind::Bool;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        match arg {
            b"1" | b"true" | b"True" => Ok(Truth(true)),
            b"0" | b"false" | b"False" => Ok(Truth(false)),
            _ => Err(BAD),
        }
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.bool(self.0);
    }
}
