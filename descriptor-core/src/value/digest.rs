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
            && let Some(bytes) = super::base64::decode(text)
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
    #[inline(always)]
    pub fn from_base64(text: &[u8]) -> Option<Self> {
        super::base64::decode(text).map(Base64)
    }
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
    const WIDTHS: &'static [usize] = &[2 * N];

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Self::from_hex(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.hex(&self.0);
    }
}

impl<'a, const N: usize> FromArg<'a> for Base64<N> {
    const KIND: Kind = Kind::Base64;
    const WIDTHS: &'static [usize] = &[(N * 4).div_ceil(3), N.div_ceil(3) * 4];

    #[inline(always)]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        Self::from_base64(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.base64(&self.0);
    }
}

/// A fingerprint in groups of four digits, `AAAA BBBB …`; the blanks may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpacedFingerprint(pub Fingerprint);

impl SpacedFingerprint {
    /// Reads the usual form, ten groups with one blank between.
    #[inline]
    fn grouped(text: &[u8]) -> Option<Self> {
        let text: &[u8; 49] = text.try_into().ok()?;
        let (mut digits, mut blanks) = ([0; 40], true);
        for group in 0..10 {
            digits[group * 4..group * 4 + 4].copy_from_slice(&text[group * 5..group * 5 + 4]);
            blanks &= group == 9 || text[group * 5 + 4] == b' ';
        }
        Fingerprint::from_hex(&digits).filter(|_| blanks).map(SpacedFingerprint)
    }
}

impl<'a> FromItem<'a> for SpacedFingerprint {
    const PARTS: &'static [Part] = &[Part::whole(Kind::Hex)];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        if let Some(fingerprint) = Self::grouped(item.args) {
            return Ok(fingerprint);
        }
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

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
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
            assert_eq!(crate::value::base64::decode::<20>(text.as_bytes()), Some(bytes));
            assert_eq!(crate::value::base64::decode::<20>(format!("{text}=").as_bytes()), Some(bytes));
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
