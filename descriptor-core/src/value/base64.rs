//! Base64 of keys and digests, whose length is known. A loop over whole groups is much faster than a general decoder.

/// The value of each character; the highest bit is set for those that are none.
const VALUES: [u8; 256] = {
    let mut values = [0x80; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < alphabet.len() {
        values[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    values
};

/// Decodes exactly `N` bytes, with padding or without. Bits of the last character that no byte takes may be set.
#[inline]
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let characters = const { (N * 4).div_ceil(3) };
    let padding = const { (3 - N % 3) % 3 };
    let (text, rest) = text.split_at_checked(characters)?;
    if !(rest.is_empty() || rest.len() == padding && rest.iter().all(|&byte| byte == b'=')) {
        return None;
    }
    let value = |byte: u8| VALUES[byte as usize];
    let mut bytes = [0; N];
    let mut bad = 0;
    let (groups, last) = text.as_chunks::<4>();
    let (triples, tail) = bytes.as_chunks_mut::<3>();
    for (group, triple) in groups.iter().zip(triples) {
        let [a, b, c, d] = group.map(value);
        bad |= a | b | c | d;
        *triple = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    match (last, tail) {
        ([], []) => {}
        ([a, b], [one]) => {
            let [a, b] = [a, b].map(|&byte| value(byte));
            bad |= a | b;
            *one = a << 2 | b >> 4;
        }
        ([a, b, c], [one, two]) => {
            let [a, b, c] = [a, b, c].map(|&byte| value(byte));
            bad |= a | b | c;
            (*one, *two) = (a << 2 | b >> 4, b << 4 | c >> 2);
        }
        _ => return None,
    }
    (bad & 0x80 == 0).then_some(bytes)
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
        let padded = text.clone() + &"="[..usize::from(N % 3 != 0)] + &"="[..usize::from(N % 3 == 1)];
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
