//! Numbers and their units.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    netdoc::{Args, FromArg},
    schema::{BAD, Kind, Problem, Sink},
};

/// Reads decimal digits; refuses an empty text, any other byte and overflow.
#[inline]
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let mut value = 0u64;
    // Nineteen digits fit always.
    if text.len() < 20 {
        let mut text = text;
        if let Some((chunk, rest)) = text.split_first_chunk::<8>() {
            (value, text) = (eight_digits(chunk)?, rest);
        }
        for &byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + digit as u64;
        }
        return Some(value);
    }
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(digit as u64)?;
    }
    Some(value)
}

/// Takes a whole number with or without a minus off a text; refuses overflow. What follows is the caller's to judge.
#[inline]
pub(crate) fn leading_int(text: &[u8]) -> Option<(i64, &[u8])> {
    // Numbers of all lengths follow each other, so that a loop over the digits ends where nobody expects it.
    match leading_digits(text) {
        Some((value, length @ 1..=7)) => Some((value.cast_signed(), &text[length..])),
        Some((high, 8)) => match leading_digits(&text[8..]) {
            Some((low, length @ 0..=7)) => {
                Some(((high * POWERS[length] + low).cast_signed(), &text[8 + length..]))
            }
            _ => leading_any(text),
        },
        _ => leading_any(text),
    }
}

const POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Passes over a number as [`leading_int`] takes it, and says whether it is below zero. Cheaper, for what is only checked.
#[inline]
pub(crate) fn pass_int(text: &[u8]) -> Option<(bool, &[u8])> {
    match digits_ahead(text) {
        Some((_, length @ 1..=7)) => Some((false, &text[length..])),
        Some((_, 8)) => match digits_ahead(&text[8..]) {
            Some((_, length @ 0..=7)) => Some((false, &text[8 + length..])),
            _ => leading_any(text).map(|(value, rest)| (value < 0, rest)),
        },
        _ => leading_any(text).map(|(value, rest)| (value < 0, rest)),
    }
}

/// The number that the digits among the first eight bytes make, and how many there are; `None` for fewer bytes.
#[inline]
fn leading_digits(text: &[u8]) -> Option<(u64, usize)> {
    let (word, length) = digits_ahead(text)?;
    Some((eight_values(word.checked_shl(64 - 8 * length as u32).unwrap_or(0)), length))
}

/// The values of the digits among the first eight bytes, the first one in the lowest byte, and how many there are.
#[inline]
fn digits_ahead(text: &[u8]) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*text.first_chunk::<8>()?) ^ (ONES * b'0' as u64);
    // The top bit of each byte above 9; a carry can come from such a byte only, so that the lowest mark is exact.
    let others = (word.wrapping_add(ONES * (0x80 - 10)) | word) & (ONES * 0x80);
    Some((word, (others.trailing_zeros() / 8) as usize))
}

/// The same byte for byte, for what is short, long or negative.
fn leading_any(text: &[u8]) -> Option<(i64, &[u8])> {
    let (negative, number) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut value, mut digits) = (0u64, 0);
    while let Some(digit) = number.get(digits).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10)
    {
        value = value.wrapping_mul(10).wrapping_add(digit.into());
        digits += 1;
    }
    // Nineteen digits fit `u64` always, and twenty are beyond `i64`.
    let value = i64::try_from(value).ok().filter(|_| matches!(digits, 1..=19))?;
    Some((if negative { -value } else { value }, &number[digits..]))
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// The number that eight bytes make if all are digits.
#[inline]
fn eight_digits(text: &[u8; 8]) -> Option<u64> {
    let digits = u64::from_le_bytes(*text) ^ (ONES * b'0' as u64);
    // The top bit of each byte above 9; a carry can come from such a byte only.
    if (digits.wrapping_add(ONES * (0x80 - 10)) | digits) & (ONES * 0x80) != 0 {
        return None;
    }
    Some(eight_values(digits))
}

/// The number that the values of eight digits make, the first one in the lowest byte.
#[inline]
fn eight_values(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl<'a> FromArg<'a> for $type {
            const KIND: Kind = Kind::Int("");

            #[inline]
            fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
                digits(arg).and_then(|value| value.try_into().ok()).ok_or(BAD)
            }

            fn emit(&self, out: &mut (impl Sink + ?Sized)) {
                out.int(i64::try_from(*self).unwrap_or(i64::MAX));
            }
        }
    )*};
}

unsigned!(u8, u16, u32, u64);

impl<'a> FromArg<'a> for i64 {
    const KIND: Kind = Kind::Int("");

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        match arg {
            [b'-', rest @ ..] => digits(rest).and_then(|value| 0i64.checked_sub_unsigned(value)),
            _ => digits(arg).and_then(|value| value.try_into().ok()),
        }
        .ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.int(*self);
    }
}

impl<'a> FromArg<'a> for f64 {
    const KIND: Kind = Kind::Float("");

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        if let Some(value) = decimal(arg) {
            return Ok(value);
        }
        let plain = arg.iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
        std::str::from_utf8(arg).ok().filter(|_| plain).and_then(|text| text.parse().ok()).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.float(*self);
    }
}

/// Reads a short decimal fraction such as `0.998000`. Both its digits and its power of ten are exact, so the quotient is
/// rounded once, as it must be.
#[inline]
fn decimal(text: &[u8]) -> Option<f64> {
    if text.len() > 16 {
        return None;
    }
    let Some(dot) = text.iter().position(|&b| b == b'.') else {
        return digits(text).filter(|&value| value < 1 << 53).map(|value| value as f64);
    };
    let (mut value, mut power) = (digits(&text[..dot])?, 1u64);
    for &byte in &text[dot + 1..] {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        (value, power) = (value * 10 + digit as u64, power * 10);
    }
    (value < 1 << 53).then_some(value as f64 / power as f64)
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty), $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl<'a> FromArg<'a> for $name {
            const KIND: Kind = Kind::Int($unit);

            #[inline]
            fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
                FromArg::from_arg(arg).map($name)
            }

            fn emit(&self, out: &mut (impl Sink + ?Sized)) {
                FromArg::emit(&self.0, out);
            }
        }
    };
}

unit!(
    /// A number of seconds. Negative in some descriptors of 2006, whose clocks had jumped.
    Seconds(i64), "seconds"
);
unit!(
    /// Bytes per second.
    BytesPerSecond(u64), "bytes per second"
);

impl<'a> FromArg<'a> for Ipv4Addr {
    const KIND: Kind = Kind::Address;

    #[inline]
    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        ipv4(arg).ok_or(BAD)
    }

    fn emit(&self, out: &mut (impl Sink + ?Sized)) {
        out.address(IpAddr::V4(*self));
    }
}

/// Reads a dotted quad. Leading zeros are refused, as in `std` and in tor.
#[inline]
pub(crate) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let (mut octets, mut rest) = ([0u8; 4], text);
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let digit = |at: usize| rest.get(at).map(|b| b.wrapping_sub(b'0')).filter(|&digit| digit < 10);
        let first = digit(0)?;
        let (value, length) = match (digit(1), digit(2)) {
            _ if first == 0 => (0, 1),
            (None, _) => (u16::from(first), 1),
            (Some(second), None) => (u16::from(first) * 10 + u16::from(second), 2),
            (Some(second), Some(third)) => {
                (u16::from(first) * 100 + u16::from(second) * 10 + u16::from(third), 3)
            }
        };
        *octet = value.try_into().ok()?;
        rest = &rest[length..];
    }
    rest.is_empty().then(|| Ipv4Addr::from(octets))
}

/// Reads an IPv6 address without brackets.
pub(crate) fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    if text.contains(&b'.') {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let (mut groups, mut count, mut gap) = ([0u16; 8], 0, None);
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(b"::") {
        (gap, rest) = (Some(0), after);
    }
    while !rest.is_empty() {
        let (mut value, mut length) = (0, 0);
        while let Some(digit) = rest.get(length).and_then(|&byte| char::from(byte).to_digit(16)) {
            (value, length) = (value << 4 | digit, length + 1);
            if length > 4 {
                return None;
            }
        }
        if length == 0 {
            return None;
        }
        *groups.get_mut(count)? = value as u16;
        count += 1;
        rest = match &rest[length..] {
            [] => break,
            [b':', b':', after @ ..] if gap.is_none() => {
                gap = Some(count);
                after
            }
            [b':', after @ ..] if !after.is_empty() => after,
            _ => return None,
        };
    }
    match gap {
        None if count == 8 => {}
        Some(gap) if count < 8 => {
            groups.copy_within(gap..count, 8 - (count - gap));
            groups[gap..8 - (count - gap)].fill(0);
        }
        _ => return None,
    }
    Some(Ipv6Addr::from(groups))
}

/// Takes a count off a line, such as a bandwidth.
#[inline]
pub(crate) fn take_count(args: &mut Args<'_>, what: &'static str) -> Result<u64, Problem> {
    let rest = args.rest();
    match leading_int(rest) {
        Some((value @ 0.., after @ ([] | [b' ', ..]))) if rest[0] != b'-' => {
            args.skip(rest.len() - after.len());
            Ok(value.unsigned_abs())
        }
        _ => args.value(what),
    }
}

/// Takes a port off a line.
#[inline]
pub(crate) fn take_port(args: &mut Args<'_>, what: &'static str) -> Result<u16, Problem> {
    let rest = args.rest();
    let (mut value, mut length) = (0u32, 0);
    while let Some(digit) = rest.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10)
        && length < 5
    {
        (value, length) = (value * 10 + u32::from(digit), length + 1);
    }
    match (u16::try_from(value), rest.get(length)) {
        (Ok(port), None | Some(b' ')) if length > 0 => {
            args.skip(length);
            Ok(port)
        }
        _ => args.value(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_standard_library_reads_them() {
        let parts = ["", "0", "1", "ffff", "12345", "00", "g", "::", ":", "255", "256", "1.2.3.4", "."];
        let mut seed = 1usize;
        for _ in 0..200_000 {
            let mut text = String::new();
            for _ in 0..seed % 17 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let part = parts[(seed >> 33) % parts.len()];
                text.push_str(part);
                if seed >> 60 & 3 != 0 {
                    text.push(if seed >> 62 == 0 { '.' } else { ':' });
                }
            }
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 1;
            assert_eq!(ipv4(text.as_bytes()), text.parse().ok(), "{text}");
            assert_eq!(ipv6(text.as_bytes()), text.parse().ok(), "{text}");
        }
        for text in [
            "::",
            "1::",
            "::1",
            "1:2:3:4:5:6:7::",
            "1:2:3:4:5:6:7:8",
            "1::8:9",
            "1:2:3:4:5:6:7:8::",
            "1:",
            ":1",
        ] {
            assert_eq!(ipv6(text.as_bytes()), text.parse().ok(), "{text}");
        }
    }

    #[test]
    fn numbers_of_any_length_are_taken_off_a_text() {
        for length in 0..=20 {
            let digits = &"12345678901234567890"[..length];
            for sign in ["", "-"] {
                for after in ["", ",", ",234567890", "/:-=;<>?", "\u{80}1234567", "a                    "] {
                    let text = format!("{sign}{digits}{after}");
                    let value: Option<i64> = format!("{sign}{digits}").parse().ok();
                    assert_eq!(
                        leading_int(text.as_bytes()),
                        value.map(|it| (it, after.as_bytes())),
                        "{text}"
                    );
                    let passed = value.map(|it| (it < 0, after.as_bytes()));
                    assert_eq!(pass_int(text.as_bytes()), passed, "{text}");
                }
            }
        }
    }

    #[test]
    fn short_fractions_are_exact() {
        for text in
            ["0.998000", "1.000000", "123456789.012345", "0.1", "94.669", "0.30000000000000004", "1e3", "7"]
        {
            assert_eq!(f64::from_arg(text.as_bytes()), text.parse::<f64>().map_err(|_| BAD));
        }
        assert!(
            f64::from_arg(b"1.2.3").is_err()
                && f64::from_arg(b".").is_err()
                && f64::from_arg(b"inf").is_err()
        );
    }
}
