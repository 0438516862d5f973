//! Relay flags, an open vocabulary.

use crate::{
    netdoc::{Item, Words},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// The flags of a status entry, or the flags that an authority votes about. Flags that nobody has heard of are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags<'a>(pub &'a [u8]);

impl<'a> Flags<'a> {
    /// Suitable for exit circuits.
    pub const EXIT: &'static str = "Exit";
    /// Suitable as an entry guard.
    pub const GUARD: &'static str = "Guard";
    /// Currently usable.
    pub const RUNNING: &'static str = "Running";

    /// The flags in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Words::new(self.0)
    }

    /// Whether a flag is there; case matters.
    pub fn contains(&self, flag: &str) -> bool {
        self.iter().any(|it| it == flag.as_bytes())
    }
}

impl<'a> FromItem<'a> for Flags<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Text))];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Ok(Flags(item.args))
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        if out.known(self.0) {
            return;
        }
        out.list();
        self.iter().for_each(|flag| out.text(flag));
        out.end_list();
    }
}
