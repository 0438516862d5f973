//! Bytes that may end, and be put together, at any bit. The first bit is the highest one of its byte.

/// Some bits; those after the last one are 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) bytes: Vec<u8>,
    /// How many bits there are.
    pub(super) length: u64,
}

impl Bits {
    /// Whole bytes.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64 * 8;
        Bits { bytes, length }
    }

    /// Some bits of some bytes. The range must lie within.
    pub(super) fn cut(bytes: &[u8], from: u64, length: u64) -> Self {
        let (first, shift) = ((from / 8) as usize, (from % 8) as u32);
        let end = (from + length).div_ceil(8) as usize;
        let source = bytes.get(first..end).unwrap_or_default();
        let mut cut = Vec::with_capacity(source.len());
        shift_into(&mut cut, source, shift);
        cut.truncate(length.div_ceil(8) as usize);
        let rest = (length % 8) as u32;
        if let (Some(last), true) = (cut.last_mut(), rest > 0) {
            *last &= 0xff << (8 - rest);
        }
        Bits { bytes: cut, length }
    }

    /// Adds bits at the end.
    pub(super) fn append(&mut self, other: &Bits) {
        let used = (self.length % 8) as u32;
        self.length += other.length;
        if used == 0 {
            self.bytes.extend_from_slice(&other.bytes);
            return;
        }
        if let (Some(last), Some(first)) = (self.bytes.last_mut(), other.bytes.first()) {
            *last |= first >> used;
        }
        shift_into(&mut self.bytes, &other.bytes, 8 - used);
        self.bytes.truncate(self.length.div_ceil(8) as usize);
    }
}

/// Adds bytes whose bits are moved to the front by less than eight places. A loop over pairs, which the compiler makes many of
/// at once.
fn shift_into(out: &mut Vec<u8>, bytes: &[u8], shift: u32) {
    match bytes {
        [.., last] if shift > 0 => {
            let pair = |(high, low): (&u8, &u8)| high << shift | low >> (8 - shift);
            out.extend(bytes.iter().zip(&bytes[1..]).map(pair));
            out.push(last << shift);
        }
        _ => out.extend_from_slice(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_fits_together_again() {
        let bytes: Vec<u8> = (0..40u8).map(|number| number.wrapping_mul(37)).collect();
        for (first, second) in [(3, 9), (8, 16), (13, 200), (0, 1), (80, 81)] {
            let mut whole = Bits::default();
            for (from, to) in [(0, first), (first, second), (second, 320)] {
                whole.append(&Bits::cut(&bytes, from, to - from));
            }
            assert_eq!(whole, Bits::of(bytes.clone()));
        }
        assert_eq!(Bits::cut(&[0xff, 0xff], 3, 4), Bits { bytes: vec![0xf0], length: 4 });
    }
}
