//! Addresses and numbers as texts write them.

use memchr::memchr;

/// The network of sanitized IPv6 addresses, `fd9f:2e19:3bcf::/48`.
pub(super) const PREFIX: u128 = 0xfd9f_2e19_3bcf;
/// No address needs more bytes than its groups written in full and an IPv4 address with zeros before its numbers.
pub(super) const LONGEST_IPV6: usize = 80;

#[derive(Clone, Copy)]
pub(super) enum Address {
    V4(u32),
    V6(u128),
}

pub(super) fn parse_address(text: &[u8]) -> Option<Address> {
    match memchr(b':', text) {
        Some(_) => parse_ipv6(unbracketed(text)).map(Address::V6),
        None => parse_ipv4(text).map(Address::V4),
    }
}

/// Without brackets and without what follows `%`.
pub(super) fn unbracketed(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or(text);
    &text[..memchr(b'%', text).unwrap_or(text.len())]
}

pub(super) fn parse_ipv4(text: &[u8]) -> Option<u32> {
    let mut groups = text.split(|&byte| byte == b'.');
    let mut address = 0;
    for _ in 0..4 {
        address = address << 8 | u32::from(octet(groups.next()?)?.0);
    }
    groups.next().is_none().then_some(address)
}

/// Reads an IPv6 address. Zeros may stand before a group.
pub(super) fn parse_ipv6(text: &[u8]) -> Option<u128> {
    if text.len() > LONGEST_IPV6 {
        return None;
    }
    match text.windows(2).position(|pair| pair == b"::") {
        Some(gap) => {
            let ((high, before), (low, after)) = (groups(&text[..gap])?, groups(&text[gap + 2..])?);
            if before + after > 7 {
                return None;
            }
            Some(if before == 0 { low } else { high << (128 - 16 * before) | low })
        }
        None => groups(text).filter(|&(_, count)| count == 8).map(|(address, _)| address),
    }
}

pub(super) fn groups(text: &[u8]) -> Option<(u128, u32)> {
    let (mut address, mut count) = (0u128, 0);
    if text.is_empty() {
        return Some((0, 0));
    }
    let mut rest = Some(text);
    while let Some(text) = rest {
        let colon = memchr(b':', text);
        let group = &text[..colon.unwrap_or(text.len())];
        rest = colon.map(|at| &text[at + 1..]);
        let (value, width) = if memchr(b'.', group).is_some() && rest.is_none() {
            (parse_ipv4(group)?, 2)
        } else {
            (number(group, 16).filter(|&value| value <= 0xffff)?, 1)
        };
        (address, count) = (address << (16 * width) | u128::from(value), count + width);
        if count > 8 {
            return None;
        }
    }
    Some((address, count))
}

/// The IPv4 address in an IPv6 address: mapped, compatible, of 6to4 or of NAT64.
pub(super) fn embedded(address: u128) -> Option<u32> {
    const NAT64: u128 = 0x0064_ff9b << 64;
    let low = address as u32;
    match address >> 32 {
        0 => (low >> 24 != 0).then_some(low),
        0xffff | NAT64 => Some(low),
        _ if address >> 112 == 0x2002 => Some((address >> 80) as u32),
        _ => None,
    }
}

/// Whether an address is followed by the length of a network that it is the first address of: a network of many.
pub(super) fn is_network(text: &[u8], address: u32, end: usize) -> bool {
    let Some(b'/') = text.get(end) else { return false };
    let digits = text[end + 1..].iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let length = decimal(&text[end + 1..end + 1 + digits]).unwrap_or(32);
    length < 32 && address << length == 0
}

/// A number of an IPv4 address: as decimal, and as octal if zeros stand before it.
pub(super) fn octet(digits: &[u8]) -> Option<(u8, u8)> {
    let plain = u8::try_from(decimal(digits)?).ok();
    let octal =
        if digits[0] == b'0' { number(digits, 8).and_then(|it| u8::try_from(it).ok()) } else { plain };
    // What is too large one way may still be an address the other way; the mix of both is of no harm.
    Some((plain.or(octal)?, octal.or(plain)?))
}

pub(super) fn decimal(digits: &[u8]) -> Option<u32> {
    number(digits, 10)
}

/// Digits alone, as many as there are.
pub(super) fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits
        .iter()
        .try_fold(0u32, |value, &byte| value.checked_mul(radix)?.checked_add((byte as char).to_digit(radix)?))
}
