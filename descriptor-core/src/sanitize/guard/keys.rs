//! Identities, keys and digests: their first 125 bits, found in hex, base64 and base32.
//!
//! Each notation is read with a register that takes in a digit and shows the 125 bits before it, so a value is found
//! wherever it begins, and its cost does not depend on how many values there are.

use std::ops::Range;

use super::{
    Leak,
    runs::{Class, Runs},
};

/// What stands for no digit.
const NONE: u8 = 0xff;
/// What may stand between groups of hex digits.
const SEPARATOR: u8 = 0xfe;

const fn digits(alphabet: &[u8], fold: bool) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut at = 0;
    while at < alphabet.len() {
        values[alphabet[at] as usize] = at as u8;
        if fold {
            values[alphabet[at].to_ascii_uppercase() as usize] = at as u8;
        }
        at += 1;
    }
    values
}

static HEX: [u8; 256] = {
    let mut values = digits(b"0123456789abcdef", true);
    let (mut at, separators) = (0, b" \t:-_.");
    while at < separators.len() {
        values[separators[at] as usize] = SEPARATOR;
        at += 1;
    }
    values
};
static BASE64: [u8; 256] = {
    let mut values = digits(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", false);
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};
/// Tor's alphabet is that of RFC 4648.
static BASE32: [u8; 256] = digits(b"abcdefghijklmnopqrstuvwxyz234567", true);
static BASE32_HEX: [u8; 256] = digits(b"0123456789abcdefghijklmnopqrstuv", true);

static HEX_RUN: Class = known(&HEX);
static BASE64_RUN: Class = known(&BASE64);
static BASE32_RUN: Class = known(&BASE32);
static BASE32_HEX_RUN: Class = known(&BASE32_HEX);

const fn known(digits: &[u8; 256]) -> Class {
    let mut class = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = digits[byte] != NONE;
        byte += 1;
    }
    class
}

/// How many bits of a value are kept, and how many characters of base64 and base32 hold them.
const BITS: u32 = 125;
const BASE64_LENGTH: usize = 21;
const BASE32_LENGTH: usize = 25;
/// How many bits more 32 hex digits and 21 of base64 hold.
const HEX_REST: u32 = 128 - BITS;
const BASE64_REST: u32 = 1;

/// Values by their first bits.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    values: Vec<(u128, &'static str)>,
    /// Of the values, and of these and what else is to be found in hex; made when sealed.
    filter: Filter,
    hex: Filter,
}

impl Keys {
    /// Adds a value of 16 bytes or more.
    pub(super) fn add(&mut self, bytes: &[u8], what: &'static str) {
        if let Some(first) = bytes.first_chunk::<16>() {
            self.add_bits(u128::from_be_bytes(*first) >> (128 - BITS), what);
        }
    }

    /// Adds what a text in base64 says; its first 21 characters count.
    pub(super) fn add_base64(&mut self, text: &[u8], what: &'static str) {
        let Some(text) = text.first_chunk::<BASE64_LENGTH>() else { return };
        let mut bits = 0;
        for &byte in text {
            match BASE64[usize::from(byte)] {
                NONE => return,
                digit => bits = bits << 6 | u128::from(digit),
            }
        }
        self.add_bits(bits >> BASE64_REST, what);
    }

    /// Adds hex digits of either case, in groups or not; the first 32 count.
    pub(super) fn add_hex(&mut self, text: &[u8], what: &'static str) {
        let digits = text.iter().map(|&byte| HEX[usize::from(byte)]).filter(|&digit| digit != SEPARATOR);
        let (mut bits, mut length) = (0, 0);
        for digit in digits.take_while(|&digit| digit != NONE).take(32) {
            (bits, length) = (bits << 4 | u128::from(digit), length + 1);
        }
        if length == 32 {
            self.add_bits(bits >> HEX_REST, what);
        }
    }

    fn add_bits(&mut self, bits: u128, what: &'static str) {
        self.values.push((bits, what));
    }

    /// Takes over what another holds.
    pub(super) fn absorb(&mut self, other: &Keys) {
        self.values.extend_from_slice(&other.values);
    }

    /// Must be called before the first search. `hex` is what else is to be found among 32 hex digits.
    pub(super) fn seal(&mut self, hex: &[u128]) {
        if self.values.len() > FEW {
            self.values.sort_unstable_by_key(|&(bits, _)| bits);
            self.values.dedup_by_key(|&mut (bits, _)| bits);
        }
        let values = self.values.iter().map(|&(bits, _)| bits);
        self.filter = Filter::of(values.clone());
        // Apart, for these end with zeros, and in base32 a word of the letter `a` alone would look like one of them.
        self.hex = Filter::of(values.chain(hex.iter().map(|digits| digits >> HEX_REST)));
    }

    fn find(&self, bits: u128) -> Option<&'static str> {
        if self.values.len() <= FEW {
            return self.values.iter().find(|value| value.0 == bits).map(|value| value.1);
        }
        let found = self.values.binary_search_by_key(&bits, |&(bits, _)| bits).ok()?;
        Some(self.values[found].1)
    }

    /// The first value that is said in hex, base64 or base32. `ipv6` is asked for 32 hex digits that may be an address: those
    /// that [`seal`](Keys::seal) was told of, and those of `2002::/16`.
    pub(super) fn said_in(&self, text: &[u8], ipv6: impl Fn(u128) -> Option<&'static str>) -> Option<Leak> {
        for run in Runs::new(text, &HEX_RUN, 32) {
            let digits = Digits::<4, HEX_REST, 32> { values: &HEX, text, run };
            let find = |bits: u128| self.find(bits >> HEX_REST).or_else(|| ipv6(bits));
            // An address of 6to4 says an IPv4 address and then may go on in any way.
            let of_6to4 = |bits: u128| if bits >> 112 == 0x2002 { find(bits) } else { None };
            let found = digits.find(&self.hex, |at| {
                digits.leak(at, find).or_else(|| digits.leak(digits.after(at, 20)?, of_6to4))
            });
            if found.is_some() {
                return found;
            }
        }
        if self.values.is_empty() {
            return None;
        }
        let base32 = |class, values| {
            Runs::new(text, class, BASE32_LENGTH).find_map(|run| {
                let digits = Digits::<5, 0, BASE32_LENGTH> { values, text, run };
                digits.find(&self.filter, |at| digits.leak(at, |bits| self.find(bits)))
            })
        };
        let base64 = Runs::new(text, &BASE64_RUN, BASE64_LENGTH).find_map(|run| {
            let digits = Digits::<6, BASE64_REST, BASE64_LENGTH> { values: &BASE64, text, run };
            digits.find(&self.filter, |at| digits.leak(at, |bits| self.find(bits >> BASE64_REST)))
        });
        base64.or_else(|| base32(&BASE32_RUN, &BASE32)).or_else(|| base32(&BASE32_HEX_RUN, &BASE32_HEX))
    }
}

/// Lists up to this length are searched from end to end: to sort them would take longer.
const FEW: usize = 64;

/// A run of digits of `WIDTH` bits, with marks between them or not. `LENGTH` of them hold a value and `REST` bits more.
struct Digits<'a, const WIDTH: u32, const REST: u32, const LENGTH: usize> {
    values: &'static [u8; 256],
    text: &'a [u8],
    run: Range<usize>,
}

impl<const WIDTH: u32, const REST: u32, const LENGTH: usize> Digits<'_, WIDTH, REST, LENGTH> {
    /// The first leak at the places where a value may end.
    fn find(&self, filter: &Filter, leak: impl Fn(usize) -> Option<Leak>) -> Option<Leak> {
        let (mut from, mut bits) = (self.run.start, 0);
        while let Some(at) = self.next(filter, from, &mut bits) {
            if let Some(leak) = leak(at) {
                return Some(leak);
            }
            from = at + 1;
        }
        None
    }

    /// The next place where a value may end. A function of its own, for it needs all registers.
    #[inline(never)]
    fn next(&self, filter: &Filter, from: usize, before: &mut u64) -> Option<usize> {
        let (mut bits, values) = (*before, self.values);
        for (at, &byte) in (from..).zip(&self.text[from..self.run.end]) {
            let digit = values[usize::from(byte)];
            if WIDTH == 4 && digit == SEPARATOR {
                continue;
            }
            bits = bits << WIDTH | u64::from(digit);
            if filter.may_have(bits >> REST) {
                *before = bits;
                return Some(at);
            }
        }
        None
    }

    /// What the digits say that end at a place.
    fn leak(&self, at: usize, find: impl Fn(u128) -> Option<&'static str>) -> Option<Leak> {
        let (mut bits, mut length) = (0u128, 0);
        for (place, &byte) in (self.run.start..at + 1).zip(&self.text[self.run.start..=at]).rev() {
            let digit = self.values[usize::from(byte)];
            if digit == SEPARATOR {
                continue;
            }
            bits |= u128::from(digit) << (WIDTH * length);
            length += 1;
            if length == LENGTH as u32 {
                return find(bits).map(|what| Leak { what, at: place });
            }
        }
        None
    }

    /// The place so many digits after another, if the run goes on till there.
    fn after(&self, at: usize, count: usize) -> Option<usize> {
        let is_digit = |at: &usize| self.values[usize::from(self.text[*at])] != SEPARATOR;
        (at + 1..self.run.end).filter(is_digit).nth(count - 1)
    }
}

/// Says of most values that they are not in a set, by their low bits: those of keys, digests and addresses differ.
#[derive(Debug, Clone, Default)]
struct Filter {
    /// As many as a power of two, or none.
    words: Vec<u64>,
}

impl Filter {
    /// As many words as values: one in a hundred places looks like one of them. Not more than there are bits that tell IPv4
    /// addresses apart.
    const MOST: usize = 1 << 20;

    fn of(values: impl Iterator<Item = u128> + Clone) -> Self {
        let words = values.clone().count().next_power_of_two().min(Self::MOST);
        let mut filter = Filter { words: vec![0; words] };
        for value in values {
            let word = filter.word(value as u64);
            filter.words[word] |= 1 << (value as u64 & 63);
        }
        filter
    }

    #[inline]
    fn word(&self, value: u64) -> usize {
        (value >> 6) as usize & self.words.len().wrapping_sub(1)
    }

    #[inline]
    fn may_have(&self, value: u64) -> bool {
        self.words.get(self.word(value)).is_some_and(|word| word >> (value & 63) & 1 != 0)
    }
}

/// Says of most values that they are not in a set.
#[derive(Debug, Clone, Default)]
pub(super) struct Bloom([u64; 16]);

impl Bloom {
    fn place(value: u64) -> (usize, u64) {
        let hash = value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
        ((hash >> 6) as usize, 1 << (hash & 63))
    }

    pub(super) fn add(&mut self, value: u64) {
        let (word, bit) = Self::place(value);
        self.0[word] |= bit;
    }

    #[inline]
    pub(super) fn may_have(&self, value: u64) -> bool {
        let (word, bit) = Self::place(value);
        self.0[word] & bit != 0
    }
}
