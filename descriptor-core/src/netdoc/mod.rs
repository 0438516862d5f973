//! Bytes to items: framing, annotations and the lexer.

mod args;
mod frame;
mod item;
pub(crate) mod json;
pub(crate) mod pairs;
mod words;

pub use args::{Args, FromArg};
pub use frame::{Annotation, Cut, Frame, Framer, Start, frames};
pub use item::{Grammar, Item, Lexer, Object, items};
pub(crate) use item::{Malformed, find_either, find_line, is_keyword};
pub(crate) use words::Words;
