//! Digests, identities and keys of fixed size.

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{
    netdoc::{Args, FromArg, Item},
    schema::{BAD, FromItem, Kind, Part, Problem, Sink},
};

/// Tor writes base64 with padding in some places and without in others; both are read everywhere.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Bytes that documents write in hex and that are shown in upper-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// The SHA-1 of an identity key: who a relay, a bridge or an authority is.
pub type Fingerprint = Hex<20>;

/// Bytes that documents write in base64 and that are shown in base64 without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Base64<const N: usize>(pub [u8; N]);

impl<const N: usize> Hex<N> {
    /// Reads `2 * N` hex digits of either case.
    #[inline]
    pub fn from_hex(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; N];
        if text.len() != 2 * N {
            return None;
        }
        const_hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Hex(bytes))
    }

    /// Reads base64 with or without padding, as status entries write identities.
    #[inline]
    pub fn from_base64(text: &[u8]) -> Option<Self> {
        Base64::from_base64(text).map(|Base64(bytes)| Hex(bytes))
    }

    /// Takes base64 of the shortest form off a line, as status entries write identities; other forms are read too.
    #[inline]
    pub(crate) fn take_base64(args: &mut Args<'_>, what: &'static str) -> Result<Self, Problem> {
        let (rest, length) = (args.rest(), (N * 8).div_ceil(6));
        if let Some((text, after)) = rest.split_at_checked(length)
            && matches!(after.first(), None | Some(b' '))
            && let Some(bytes) = decode(text)
        {
            args.skip(length);
            return Ok(Hex(bytes));
        }
        Self::from_base64(args.text(what)?).ok_or(Problem::BadArgument(what))
    }

    /// The bytes as base64 without padding.
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.0)
    }
}

impl<const N: usize> Base64<N> {
    /// Reads base64 with or without padding; it must give exactly `N` bytes.
    #[inline]
    pub fn from_base64(text: &[u8]) -> Option<Self> {
        if let Some(bytes) = decode(text) {
            return Some(Base64(bytes));
        }
        let mut bytes = [0; N];
        match BASE64.decode_slice(text, &mut bytes) {
            Ok(length) if length == N => Some(Base64(bytes)),
            _ => None,
        }
    }
}

/// What a base64 digit stands for at each of four places of a group; `INVALID` for all other bytes.
static DIGITS: [[u32; 256]; 4] = {
    let mut table = [[INVALID; 256]; 4];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        let mut place = 0;
        while place < 4 {
            table[place][alphabet[value] as usize] = (value as u32) << (18 - 6 * place);
            place += 1;
        }
        value += 1;
    }
    table
};
const INVALID: u32 = 1 << 31;

/// Decodes base64 that has exactly the digits that `N` bytes need, with or without padding. Much quicker than the
/// general decoder, whose set-up costs more than the work on so short a text.
#[inline]
fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digits = (N * 8).div_ceil(6);
    let text = match text.len() - text.len().min(digits) {
        0 => text,
        _ => text.strip_suffix(b"=").map(|text| text.strip_suffix(b"=").unwrap_or(text))?,
    };
    if text.len() != digits {
        return None;
    }
    let (mut bytes, mut seen) = ([0; N], 0);
    let (mut groups, mut out) = (text.chunks_exact(4), bytes.chunks_exact_mut(3));
    for (group, out) in groups.by_ref().zip(out.by_ref()) {
        let word = DIGITS[0][group[0] as usize]
            | DIGITS[1][group[1] as usize]
            | DIGITS[2][group[2] as usize]
            | DIGITS[3][group[3] as usize];
        seen |= word;
        out.copy_from_slice(&word.to_be_bytes()[1..]);
    }
    let mut word = 0;
    for (place, &digit) in groups.remainder().iter().enumerate() {
        word |= DIGITS[place][digit as usize];
    }
    let rest = out.into_remainder();
    let length = rest.len();
    rest.copy_from_slice(&word.to_be_bytes()[1..1 + length]);
    (seen | word < INVALID).then_some(bytes)
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode_upper(self.0))
    }
}

impl<const N: usize> fmt::Display for Base64<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> fmt::Debug for Base64<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> Default for Hex<N> {
    fn default() -> Self {
        Hex([0; N])
    }
}

impl<const N: usize> Default for Base64<N> {
    fn default() -> Self {
        Base64([0; N])
    }
}

impl<'a, const N: usize> FromArg<'a> for Hex<N> {
    const KIND: Kind = Kind::Hex;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Self::from_hex(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut dyn Sink) {
        out.hex(&self.0);
    }
}

impl<'a, const N: usize> FromArg<'a> for Base64<N> {
    const KIND: Kind = Kind::Base64;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Self::from_base64(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut dyn Sink) {
        out.base64(&self.0);
    }
}

/// A fingerprint in groups of four digits, `AAAA BBBB …`; the blanks may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpacedFingerprint(pub Fingerprint);

impl<'a> FromItem<'a> for SpacedFingerprint {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Hex)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut digits = [0; 40];
        let mut count = 0;
        for &byte in item.args.iter().filter(|&&byte| byte != b' ') {
            *digits.get_mut(count).ok_or(Problem::BadArgument("fingerprint"))? = byte;
            count += 1;
        }
        Fingerprint::from_hex(&digits[..count])
            .map(SpacedFingerprint)
            .ok_or(Problem::BadArgument("fingerprint"))
    }

    fn emit(&self, _part: usize, out: &mut dyn Sink) {
        out.hex(&self.0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_the_general_decoder_reads_it() {
        for seed in 0..64u8 {
            let bytes: [u8; 20] =
                std::array::from_fn(|at| (at as u8).wrapping_mul(37) ^ seed.wrapping_mul(91));
            let text = BASE64.encode(bytes);
            assert_eq!(decode::<20>(text.as_bytes()), Some(bytes));
            assert_eq!(decode::<20>(format!("{text}=").as_bytes()), Some(bytes));
            let key: [u8; 32] = std::array::from_fn(|at| (at as u8).wrapping_mul(29) ^ seed);
            assert_eq!(Base64::from_base64(BASE64.encode(key).as_bytes()), Some(Base64(key)));
        }
        for bad in
            ["", "ADQ6gCT3DiFHKPDFr3rODBUI8H=", "ADQ6gCT3DiFHKPDFr3rODBUI8HMA", "ADQ6gCT3DiFHKPDFr3rODBUI8H-"]
        {
            assert_eq!(Hex::<20>::from_base64(bad.as_bytes()), None, "{bad}");
        }
        assert!(Hex::<20>::from_base64(b"ADQ6gCT3DiFHKPDFr3rODBUI8HM").is_some());
    }
}
