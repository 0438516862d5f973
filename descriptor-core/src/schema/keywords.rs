//! Keyword to row: a perfect hash that the compiler makes from a table's keywords.

/// Which row a keyword belongs to. Built in a `static`; a lookup is one hash and one comparison.
#[derive(Debug)]
pub struct Keywords {
    entries: &'static [(&'static str, u8)],
    /// Length, head and tail of each entry; up to sixteen bytes they say all.
    packed: [Packed; EMPTY as usize + 1],
    slots: [u8; SLOTS],
    seed: u64,
}

const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;

impl Keywords {
    /// Makes the table; fails to compile if a keyword stands twice.
    pub const fn new(entries: &'static [(&'static str, u8)]) -> Self {
        assert!(entries.len() < EMPTY as usize, "a table has at most 254 keywords");
        let mut packed = [Packed::NOTHING; EMPTY as usize + 1];
        let mut index = 0;
        while index < entries.len() {
            packed[index] = Packed::of(entries[index].0.as_bytes());
            index += 1;
        }
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        loop {
            let mut slots = [EMPTY; SLOTS];
            let mut clash = false;
            let mut index = 0;
            while index < entries.len() {
                let slot = packed[index].slot(seed);
                if slots[slot] != EMPTY {
                    clash = true;
                    break;
                }
                slots[slot] = index as u8;
                index += 1;
            }
            if !clash {
                return Keywords { entries, packed, slots, seed };
            }
            seed = seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(0x9e37_79b9);
        }
    }

    /// The row of a keyword, or `None` if the table has no such row.
    #[inline]
    pub fn row(&self, keyword: &[u8]) -> Option<usize> {
        let wanted = Packed::of(keyword);
        let index = self.slots[wanted.slot(self.seed)] as usize;
        let known = &self.packed[index];
        if (known.head, known.tail, known.length) != (wanted.head, wanted.tail, wanted.length) {
            return None;
        }
        let (name, row) = self.entries.get(index)?;
        (keyword.len() <= 16 || name.as_bytes() == keyword).then_some(*row as usize)
    }
}

/// A keyword's length, first eight and last eight bytes; shorter ones are padded so that nothing is lost. Of long ones
/// the middle eight are hashed too: two keywords of a table that have all of these in common would never find a seed.
#[derive(Debug, Clone, Copy)]
struct Packed {
    head: u64,
    tail: u64,
    middle: u64,
    length: usize,
}

impl Packed {
    /// Equal to no keyword.
    const NOTHING: Self = Packed { head: 0, tail: 0, middle: 0, length: usize::MAX };

    #[inline]
    const fn of(keyword: &[u8]) -> Self {
        let length = keyword.len();
        let (head, tail) = if length >= 8 {
            (word(keyword, 0), word(keyword, length - 8))
        } else if length >= 4 {
            (half(keyword, 0), half(keyword, length - 4))
        } else if length > 0 {
            (keyword[0] as u64, ((keyword[length / 2] as u64) << 8) | keyword[length - 1] as u64)
        } else {
            (0, 0)
        };
        let middle = if length >= 24 { word(keyword, length / 2 - 4) } else { 0 };
        Packed { head, tail, middle, length }
    }

    #[inline]
    const fn slot(&self, seed: u64) -> usize {
        let mixed = (self.head ^ self.middle.rotate_left(17)).wrapping_mul(0xff51_afd7_ed55_8ccd)
            ^ self.tail.rotate_left(29).wrapping_add(self.length as u64);
        (mixed.wrapping_mul(seed) >> (64 - SLOTS.trailing_zeros())) as usize
    }
}

#[inline]
const fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.split_at(at).1.first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => 0,
    }
}

#[inline]
const fn half(bytes: &[u8], at: usize) -> u64 {
    match bytes.split_at(at).1.first_chunk::<4>() {
        Some(chunk) => u32::from_le_bytes(*chunk) as u64,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_finds_its_row_and_nothing_else_does() {
        static TOY: Keywords =
            Keywords::new(&[("r", 0), ("s", 1), ("accept", 2), ("reject", 2), ("ipv6-write-history", 3)]);
        assert_eq!(TOY.row(b"r"), Some(0));
        assert_eq!(TOY.row(b"reject"), Some(2));
        assert_eq!(TOY.row(b"ipv6-write-history"), Some(3));
        // Same length, same first and last eight bytes: the hash is equal, the comparison is not.
        assert_eq!(TOY.row(b"ipv6-wrXX-history"), None);
        assert_eq!(TOY.row(b"ipv6-writX-history"), None);
        assert_eq!(TOY.row(b""), None);
    }
}
