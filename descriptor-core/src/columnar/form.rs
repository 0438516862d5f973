//! How single values look as text; the same in every format.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
};

use base64::Engine;

use crate::value::{BASE64, EpochMillis, Timestamp};

pub(super) fn int(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The shortest form that reads back as the same number, always with a point or an exponent.
pub(super) fn float(out: &mut Vec<u8>, value: f64) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value:?}");
}

/// Upper-case hex.
pub(super) fn hex(out: &mut Vec<u8>, value: &[u8]) {
    let at = out.len();
    out.resize(at + 2 * value.len(), 0);
    // The room is exactly what the digits take, so this cannot fail.
    let _ = const_hex::encode_to_slice_upper(value, &mut out[at..]);
}

/// Base64 without padding.
pub(super) fn base64(out: &mut Vec<u8>, value: &[u8]) {
    let at = out.len();
    out.resize(at + (4 * value.len()).div_ceil(3), 0);
    // The room is exactly what the digits take, so this cannot fail.
    let _ = BASE64.encode_slice(value, &mut out[at..]);
}

/// RFC 3339, UTC.
pub(super) fn time(out: &mut Vec<u8>, value: Timestamp) {
    out.extend_from_slice(&value.format(b'T'));
    out.push(b'Z');
}

/// RFC 3339 with three digits of the second's fraction, UTC.
pub(super) fn millis(out: &mut Vec<u8>, value: EpochMillis) {
    out.extend_from_slice(&value.timestamp().format(b'T'));
    // Writing to a vector cannot fail.
    let _ = write!(out, ".{:03}Z", value.0.rem_euclid(1000));
}

pub(super) fn address(out: &mut Vec<u8>, value: IpAddr) {
    match value {
        IpAddr::V4(address) => {
            let (text, length) = ipv4(address);
            out.extend_from_slice(&text[..length]);
        }
        // Writing to a vector cannot fail.
        IpAddr::V6(address) => drop(write!(out, "{address}")),
    }
}

/// An IPv4 address as text, and how long it is.
#[inline]
pub(super) fn ipv4(address: Ipv4Addr) -> ([u8; 16], usize) {
    let (mut text, mut end) = (0, 0);
    for octet in address.octets() {
        let (digits, length) = OCTETS[usize::from(octet)];
        text |= u128::from(digits) << (8 * end);
        end += length;
    }
    // Without the point behind the last one.
    (text.to_le_bytes(), end - 1)
}

/// Each octet in decimal with a point behind it, the first digit in the lowest byte; and how many bytes that are.
static OCTETS: [(u32, usize); 256] = {
    let mut table = [(0, 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let digits = [b'0' + (octet / 100) as u8, b'0' + (octet / 10 % 10) as u8, b'0' + (octet % 10) as u8];
        let (text, length) = match digits {
            [b'0', b'0', one] => ([one, b'.', 0, 0], 2),
            [b'0', ten, one] => ([ten, one, b'.', 0], 3),
            [hundred, ten, one] => ([hundred, ten, one, b'.'], 4),
        };
        table[octet] = (u32::from_le_bytes(text), length);
        octet += 1;
    }
    table
};

/// Text as UTF-8; what is not UTF-8 becomes U+FFFD.
pub(super) fn text(out: &mut Vec<u8>, value: &[u8]) {
    if value.is_ascii() {
        return out.extend_from_slice(value);
    }
    for chunk in value.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
}

/// Bytes that JSON escapes.
pub(super) const JSON: u8 = 1;
/// Bytes that make CSV quote a cell.
pub(super) const CSV: u8 = 2;
/// Bytes that may be no UTF-8.
pub(super) const HIGH: u8 = 4;

/// Whether a byte is of one of some classes. Without branches, so that many bytes are looked at together.
#[inline]
const fn is(byte: u8, classes: u8) -> bool {
    let json = (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    let csv = (byte == b'"') | (byte == b',') | (byte == b'\n') | (byte == b'\r');
    (classes & JSON != 0) & json | (classes & CSV != 0) & csv | (classes & HIGH != 0) & (byte > 0x7f)
}

/// The classes of each byte.
static CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut class = JSON;
        while class <= HIGH {
            if is(byte as u8, class) {
                table[byte] |= class;
            }
            class <<= 1;
        }
        byte += 1;
    }
    table
};

/// The first byte that is of one of some classes. Most text has none: first sixteen bytes at once are looked at, or, in
/// a short text, all of them without a branch.
#[inline]
pub(super) fn find<const SOUGHT: u8>(text: &[u8]) -> Option<usize> {
    let (chunks, rest) = text.as_chunks::<16>();
    let any = |chunk: &[u8; 16]| chunk.iter().fold(false, |any, &byte| any | is(byte, SOUGHT));
    let clean = chunks.iter().take_while(|chunk| !any(chunk)).count();
    if clean == chunks.len() {
        let classes = rest.iter().fold(0, |all, &byte| all | CLASSES[byte as usize]);
        if classes & SOUGHT == 0 {
            return None;
        }
    }
    let at = 16 * clean;
    text[at..].iter().position(|&byte| is(byte, SOUGHT)).map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_the_standard_library_writes_them() {
        for octet in 0..=255u8 {
            for octets in [[octet, 0, 255, octet], [10, octet, octet / 3, 7]] {
                let mut out = Vec::new();
                address(&mut out, octets.into());
                assert_eq!(out, IpAddr::from(octets).to_string().into_bytes());
            }
        }
    }
}
