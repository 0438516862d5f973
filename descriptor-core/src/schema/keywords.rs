//! Keyword to row: a perfect hash that the compiler makes from a table's keywords.

/// Which row a keyword belongs to. Built in a `static`; a lookup is one hash and one comparison.
#[derive(Debug)]
pub struct Keywords {
    entries: &'static [(&'static str, u8)],
    slots: [u8; SLOTS],
    seed: u64,
}

const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;

impl Keywords {
    /// Makes the table; fails to compile if a keyword stands twice.
    pub const fn new(entries: &'static [(&'static str, u8)]) -> Self {
        assert!(entries.len() < EMPTY as usize, "a table has at most 254 keywords");
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        loop {
            let mut slots = [EMPTY; SLOTS];
            let mut clash = false;
            let mut index = 0;
            while index < entries.len() {
                let slot = slot(fold(entries[index].0.as_bytes()), seed);
                if slots[slot] != EMPTY {
                    clash = true;
                    break;
                }
                slots[slot] = index as u8;
                index += 1;
            }
            if !clash {
                return Keywords { entries, slots, seed };
            }
            seed = seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(0x9e37_79b9);
        }
    }

    /// The row of a keyword, or `None` if the table has no such row.
    #[inline]
    pub fn row(&self, keyword: &[u8]) -> Option<usize> {
        let index = self.slots[slot(fold(keyword), self.seed)];
        let (known, row) = self.entries.get(index as usize)?;
        (known.as_bytes() == keyword).then_some(*row as usize)
    }
}

const fn slot(folded: u64, seed: u64) -> usize {
    (folded.wrapping_mul(seed) >> (64 - SLOTS.trailing_zeros())) as usize
}

/// Packs length and up to sixteen bytes of a keyword, the first eight and the last eight, into one word.
#[inline]
const fn fold(keyword: &[u8]) -> u64 {
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
    head.wrapping_mul(0xff51_afd7_ed55_8ccd) ^ tail.rotate_left(29).wrapping_add(length as u64)
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
