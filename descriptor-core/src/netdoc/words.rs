//! The words of long lists.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);

/// The words of a text, as [`Args`] gives them, for lists of many short words: blanks are searched once for 64 bytes and
/// not once for each word.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    text: &'a [u8],
    /// Where the next word begins.
    start: usize,
    /// Where the block of 64 bytes begins whose blanks are known.
    block: usize,
    /// One bit for each byte of the block that may be a blank and was not looked at yet.
    blanks: u64,
}

impl<'a> Words<'a> {
    #[inline]
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Words { text, start: 0, block: 0, blanks: blanks(text) }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            while self.blanks == 0 {
                match self.text.get(self.block + 64..) {
                    Some(rest) if !rest.is_empty() => {
                        self.block += 64;
                        self.blanks = blanks(rest);
                    }
                    _ => {
                        let last = self.text.get(self.start..).unwrap_or_default();
                        self.start = self.text.len();
                        return (!last.is_empty()).then_some(last);
                    }
                }
            }
            let blank = self.block + self.blanks.trailing_zeros() as usize;
            self.blanks &= self.blanks - 1;
            if let Some(b' ' | b'\t') = self.text.get(blank) {
                let word = &self.text[self.start..blank];
                self.start = blank + 1;
                if !word.is_empty() {
                    return Some(word);
                }
            }
        }
    }
}

/// One bit for each of the first 64 bytes that may be a blank or a tab. Some control and punctuation bytes look alike.
#[inline]
fn blanks(text: &[u8]) -> u64 {
    let mut padded = [b'x'; 64];
    let block = text.first_chunk::<64>().unwrap_or_else(|| {
        padded[..text.len()].copy_from_slice(text);
        &padded
    });
    let mut bits = 0;
    for (index, chunk) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk) & (ONES * 0xd6);
        // The top bit of each byte that is zero, then these eight bits side by side.
        let zeros = !(((word & !TOPS) + !TOPS) | word) & TOPS;
        bits |= ((zeros >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::Args;

    #[test]
    fn both_ways_to_walk_over_words_agree() {
        let mut seed = 7u64;
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..seed % 150 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push(b"ab=! \t\xa0\x89\x1f\0"[(seed >> 40) as usize % 10]);
            }
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 3;
            assert!(Words::new(&text).eq(Args::new(&text)), "{text:?}");
        }
    }
}
