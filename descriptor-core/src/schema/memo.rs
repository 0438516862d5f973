//! A short memory for texts that were found sound.

use crate::netdoc::Item;

/// Texts that passed a check lately. The entries of a status repeat a few hundred protocol lists, policies and lists of
/// flags thousands of times, and to compare two texts is far quicker than to check one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo<'a> {
    /// Empty until some texts have come: most documents ask a few times only and need none. A power of two at most of
    /// [`ALL`].
    slots: Vec<&'a [u8]>,
    asked: usize,
}

const SLOTS: usize = 256;
const FEW: usize = 8;
/// As many places a text may have.
const ALL: usize = 1024;

impl<'a> Memo<'a> {
    /// A memory for many documents.
    pub(crate) fn large() -> Self {
        Memo { slots: vec![&[][..]; ALL], asked: 0 }
    }

    /// Whether a text is sound; asks `check` only if the memory does not know it.
    #[inline]
    pub(crate) fn is_sound(&mut self, text: &'a [u8], check: impl FnOnce() -> bool) -> bool {
        if self.slots.is_empty() {
            self.asked += 1;
            if self.asked <= FEW {
                return check();
            }
            self.slots.resize(SLOTS, &[]);
        }
        // Each text has two places.
        let slot = slot(text) & (self.slots.len() - 1);
        let (first, second) = (self.slots[slot], self.slots[slot ^ 1]);
        if (first == text || second == text) && !text.is_empty() {
            return true;
        }
        let sound = check();
        if sound {
            (self.slots[slot], self.slots[slot ^ 1]) = (text, first);
        }
        sound
    }

    /// The same for the arguments of an item; keyed by the whole item, as each keyword has its own rule.
    #[inline]
    pub(crate) fn is_item_sound(&mut self, item: &Item<'a>, check: impl FnOnce(&'a [u8]) -> bool) -> bool {
        self.is_sound(item.raw, || check(item.args))
    }
}

/// Where a text belongs of [`ALL`] places, by its length and some of its bytes.
#[inline]
pub(super) fn slot(text: &[u8]) -> usize {
    let word = |at: usize| {
        let chunk = text.get(at..).and_then(|rest| rest.first_chunk::<8>());
        chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk))
    };
    let length = text.len();
    let mixed = word(length.saturating_sub(8))
        ^ word(length.saturating_sub(24)).rotate_left(11)
        ^ word(length / 2).rotate_left(23)
        ^ word(length / 4).rotate_left(37)
        ^ length as u64;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}
