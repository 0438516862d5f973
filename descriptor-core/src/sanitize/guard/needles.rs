//! Pieces of text that must not be said: transport arguments, host names, a hidden contact.
//!
//! Of each piece the first 4 to 32 bytes are kept, as a hash without regard to case. At a place where the first four bytes
//! of some piece stand, the hashes of the 4 to 32 bytes from there are looked up, so that the cost of a place does not
//! depend on how many pieces there are.

use super::{Leak, keys::Bloom, runs::Lines};

/// A piece shorter than four bytes says nothing, and of a longer one so many are looked for.
const SHORTEST: usize = 4;
const LONGEST: usize = 32;
/// A piece of fewer bytes must stand alone: no letter or digit may be beside it.
const LONG: usize = 16;

/// Pieces of text by length and hash.
#[derive(Debug, Clone, Default)]
pub(super) struct Needles {
    /// Sorted when sealed.
    hashes: Vec<(u64, &'static str)>,
    /// The lengths that occur, as bits.
    lengths: u64,
    starts: Bloom,
}

impl Needles {
    /// Adds a piece. Short numbers are left out: the same number may count something.
    pub(super) fn add(&mut self, text: &[u8], what: &'static str) {
        let text = text.trim_ascii();
        let number = text.len() < LONG && text.iter().all(u8::is_ascii_digit);
        let Some(start) = text.first_chunk().filter(|_| !number) else { return };
        let text = &text[..text.len().min(LONGEST)];
        let hash = text.iter().fold(BASIS, |hash, &byte| step(hash, byte));
        self.hashes.push((finish(hash, text.len()), what));
        self.lengths |= 1 << text.len();
        self.starts.add(fold(*start));
    }

    /// Must be called before the first search.
    pub(super) fn seal(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
    }

    /// The first piece that is said. In keywords and lines of counters only long pieces are looked for.
    pub(super) fn said_in(&self, text: &[u8]) -> Option<Leak> {
        if self.hashes.is_empty() {
            return None;
        }
        let mut lines = Lines::new(text);
        for at in 0..text.len().saturating_sub(SHORTEST - 1) {
            if let Some(start) = text[at..].first_chunk()
                && self.starts.may_have(fold(*start))
                && let Some((length, what)) = self.find(text, at)
            {
                let line = lines.seek(at);
                if length >= LONG || !line.in_keyword(at) && !line.counts() {
                    return Some(Leak { what, at });
                }
            }
        }
        None
    }

    fn find(&self, text: &[u8], at: usize) -> Option<(usize, &'static str)> {
        let free = |at: usize| text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let mut hash = BASIS;
        for (length, &byte) in (1..=LONGEST).zip(&text[at..]) {
            hash = step(hash, byte);
            if self.lengths >> length & 1 == 0 {
                continue;
            }
            let key = finish(hash, length);
            let place = self.hashes.partition_point(|&(hash, _)| hash < key);
            if let Some(&(found, what)) = self.hashes.get(place)
                && found == key
                && (length >= LONG || at.checked_sub(1).is_none_or(free) && free(at + length))
            {
                return Some((length, what));
            }
        }
        None
    }
}

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
}

fn finish(hash: u64, length: usize) -> u64 {
    hash ^ (length as u64) << 58
}

fn fold(start: [u8; SHORTEST]) -> u64 {
    // The bit that tells the cases of letters apart; that it makes some other bytes equal costs a look at the hashes only.
    u64::from(u32::from_le_bytes(start) | 0x2020_2020)
}
