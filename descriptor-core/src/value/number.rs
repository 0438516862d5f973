//! Numbers and their units.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    netdoc::FromArg,
    schema::{BAD, Kind, Problem, Sink},
};

/// Reads decimal digits; refuses an empty text, any other byte and overflow.
#[inline]
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let mut value = 0u64;
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
    let (negative, number) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut value, mut count) = (0u64, 0);
    while let Some(digit) = number.get(count).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10)
    {
        // Nineteen digits always fit, and twenty are beyond `i64`.
        value = value.wrapping_mul(10).wrapping_add(digit.into());
        count += 1;
    }
    if count == 0 || count > 19 {
        return None;
    }
    let value = i64::try_from(value).ok()?;
    Some((if negative { -value } else { value }, &number[count..]))
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl<'a> FromArg<'a> for $type {
            const KIND: Kind = Kind::Int("");

            #[inline]
            fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
                digits(arg).and_then(|value| value.try_into().ok()).ok_or(BAD)
            }

            fn emit(&self, out: &mut dyn Sink) {
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

    fn emit(&self, out: &mut dyn Sink) {
        out.int(*self);
    }
}

impl<'a> FromArg<'a> for f64 {
    const KIND: Kind = Kind::Float("");

    fn from_arg(arg: &'a [u8]) -> Result<Self, Problem> {
        let plain = arg.iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
        std::str::from_utf8(arg).ok().filter(|_| plain).and_then(|text| text.parse().ok()).ok_or(BAD)
    }

    fn emit(&self, out: &mut dyn Sink) {
        out.float(*self);
    }
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

            fn emit(&self, out: &mut dyn Sink) {
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

    fn emit(&self, out: &mut dyn Sink) {
        out.address(IpAddr::V4(*self));
    }
}

/// Reads a dotted quad. Leading zeros are refused, as in `std` and in tor.
#[inline]
pub(crate) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let (mut index, mut value, mut count) = (0, 0u32, 0);
    for &byte in text {
        if byte == b'.' {
            if count == 0 || index == 3 {
                return None;
            }
            octets[index] = value as u8;
            (index, value, count) = (index + 1, 0, 0);
            continue;
        }
        let digit = byte.wrapping_sub(b'0') as u32;
        if digit > 9 || count == 3 || (count > 0 && value == 0) {
            return None;
        }
        value = value * 10 + digit;
        count += 1;
        if value > 255 {
            return None;
        }
    }
    if index != 3 || count == 0 {
        return None;
    }
    octets[3] = value as u8;
    Some(Ipv4Addr::from(octets))
}

/// Reads an IPv6 address without brackets.
pub(crate) fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
