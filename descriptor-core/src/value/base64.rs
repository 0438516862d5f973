//! Base64 of keys and digests, whose length is known. A loop over whole groups is much faster than a general decoder.

/// What a character stands for at each of the four places of a group; [`INVALID`] for those that are none.
static VALUES: [[u32; 256]; 4] = {
    let mut values = [[INVALID; 256]; 4];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < 4 * alphabet.len() {
        let (place, value) = (at / alphabet.len(), at % alphabet.len());
        values[place][alphabet[value] as usize] = (value as u32) << (18 - 6 * place);
        at += 1;
    }
    values
};
const INVALID: u32 = 1 << 31;

/// Decodes exactly `N` bytes, with padding or without. Bits of the last character that no byte takes may be set.
// The bytes are gathered in words of eight, for what is stored in small pieces and read in large ones has to wait.
#[inline(always)]
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    const { assert!(N <= 64, "room for 64 bytes") };
    let characters = const { (N * 4).div_ceil(3) };
    let padding = const { (3 - N % 3) % 3 };
    let (text, rest) = text.split_at_checked(characters)?;
    if !(rest.is_empty() || rest.len() == padding && rest.iter().all(|&byte| byte == b'=')) {
        return None;
    }
    let (mut words, mut seen) = ([0u64; 9], 0);
    let mut put = |at: usize, three: u32| {
        seen |= three;
        let (three, word, bit) = (u64::from(three), at * 24 / 64, at * 24 % 64);
        match 40usize.checked_sub(bit) {
            Some(left) => words[word] |= three << left,
            None => {
                words[word] |= three >> (bit - 40);
                words[word + 1] |= three << (104 - bit);
            }
        }
    };
    let value = |place: usize, byte: u8| VALUES[place][byte as usize];
    let (groups, last) = text.as_chunks::<4>();
    for (at, &[a, b, c, d]) in groups.iter().enumerate() {
        put(at, value(0, a) | value(1, b) | value(2, c) | value(3, d));
    }
    match *last {
        [a, b] => put(groups.len(), value(0, a) | value(1, b)),
        [a, b, c] => put(groups.len(), value(0, a) | value(1, b) | value(2, c)),
        _ => {}
    }
    let mut bytes = [0; N];
    let (eights, tail) = bytes.as_chunks_mut::<8>();
    for (eight, word) in eights.iter_mut().zip(words) {
        *eight = word.to_be_bytes();
    }
    tail.copy_from_slice(&words[eights.len()].to_be_bytes()[..N % 8]);
    (seen & INVALID == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::digest::BASE64;
    use base64::Engine;

    fn agrees<const N: usize>() {
        let bytes: [u8; N] = std::array::from_fn(|at| (at * 73 + 41) as u8);
        let text = BASE64.encode(bytes);
        assert_eq!(decode::<N>(text.as_bytes()), Some(bytes));
        let padded =
            text.clone() + &"="[..usize::from(!N.is_multiple_of(3))] + &"="[..usize::from(N % 3 == 1)];
        assert_eq!(decode::<N>(padded.as_bytes()), Some(bytes));
        assert_eq!(decode::<N>((padded + "=").as_bytes()), None);
        for at in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = b'-';
            assert_eq!(decode::<N>(&wrong), None);
            assert_eq!(decode::<N>(&text.as_bytes()[..at]), None);
        }
    }

    #[test]
    fn every_length_is_read_as_a_general_decoder_reads_it() {
        agrees::<1>();
        agrees::<2>();
        agrees::<3>();
        agrees::<20>();
        agrees::<32>();
        agrees::<64>();
    }
}
