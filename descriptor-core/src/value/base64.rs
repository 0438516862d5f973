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
#[inline]
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let characters = const { (N * 4).div_ceil(3) };
    let padding = const { (3 - N % 3) % 3 };
    let (text, rest) = text.split_at_checked(characters)?;
    if !(rest.is_empty() || rest.len() == padding && rest.iter().all(|&byte| byte == b'=')) {
        return None;
    }
    let value = |place: usize, byte: u8| VALUES[place][byte as usize];
    let (mut bytes, mut seen) = ([0; N], 0);
    let (groups, last) = text.as_chunks::<4>();
    let (triples, tail) = bytes.as_chunks_mut::<3>();
    for (&[a, b, c, d], triple) in groups.iter().zip(triples) {
        let word = value(0, a) | value(1, b) | value(2, c) | value(3, d);
        seen |= word;
        let [_, one, two, three] = word.to_be_bytes();
        *triple = [one, two, three];
    }
    let mut word = 0;
    for (place, &byte) in last.iter().enumerate() {
        word |= value(place, byte);
    }
    for (byte, &of_word) in tail.iter_mut().zip(&word.to_be_bytes()[1..]) {
        *byte = of_word;
    }
    ((seen | word) & INVALID == 0).then_some(bytes)
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
