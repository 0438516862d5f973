//! Identities, keys and digests: their first 125 bits, found in hex, base64 and base32.
//!
//! Each notation is read with a register that takes in a digit and shows the 125 bits before it, so a value is found
//! wherever it begins, and its cost does not depend on how many values there are.

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

/// Values by their first bits.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    values: Vec<(u128, &'static str)>,
    seen: Bloom,
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
        self.add_bits(bits >> 1, what);
    }

    /// Adds hex digits of either case, in groups or not; the first 32 count.
    pub(super) fn add_hex(&mut self, text: &[u8], what: &'static str) {
        let digits = text.iter().map(|&byte| HEX[usize::from(byte)]).filter(|&digit| digit != SEPARATOR);
        let (mut bits, mut length) = (0, 0);
        for digit in digits.take_while(|&digit| digit != NONE).take(32) {
            (bits, length) = (bits << 4 | u128::from(digit), length + 1);
        }
        if length == 32 {
            self.add_bits(bits >> 3, what);
        }
    }

    fn add_bits(&mut self, bits: u128, what: &'static str) {
        self.seen.add(Self::mix(bits));
        self.values.push((bits, what));
    }

    /// Takes over what another holds.
    pub(super) fn absorb(&mut self, other: &Keys) {
        self.seen.absorb(&other.seen);
        self.values.extend_from_slice(&other.values);
    }

    /// Must be called before the first search.
    pub(super) fn seal(&mut self) {
        if self.values.len() > FEW {
            self.values.sort_unstable_by_key(|&(bits, _)| bits);
            self.values.dedup_by_key(|&mut (bits, _)| bits);
        }
    }

    fn mix(bits: u128) -> u64 {
        (bits as u64) ^ (bits >> 64) as u64
    }

    #[inline]
    fn find(&self, bits: u128) -> Option<&'static str> {
        if !self.seen.may_have(Self::mix(bits)) {
            return None;
        }
        if self.values.len() <= FEW {
            return self.values.iter().find(|value| value.0 == bits).map(|value| value.1);
        }
        let found = self.values.binary_search_by_key(&bits, |&(bits, _)| bits).ok()?;
        Some(self.values[found].1)
    }

    /// The first value that is said in hex, base64 or base32. `ipv6` is asked for each 32 hex digits.
    pub(super) fn said_in(&self, text: &[u8], ipv6: impl Fn(u128) -> Option<&'static str>) -> Option<Leak> {
        for run in Runs::new(text, &HEX_RUN, 32) {
            let find = |bits| self.find(bits >> 3).or_else(|| ipv6(bits));
            if let Some(leak) = search::<4, 32>(text, run, &HEX, find) {
                return Some(leak);
            }
        }
        if self.values.is_empty() {
            return None;
        }
        let base64 = |run| search::<6, BASE64_LENGTH>(text, run, &BASE64, |bits| self.find(bits >> 1));
        let base32 = |run, digits| search::<5, BASE32_LENGTH>(text, run, digits, |bits| self.find(bits));
        Runs::new(text, &BASE64_RUN, BASE64_LENGTH)
            .find_map(base64)
            .or_else(|| Runs::new(text, &BASE32_RUN, BASE32_LENGTH).find_map(|run| base32(run, &BASE32)))
            .or_else(|| {
                Runs::new(text, &BASE32_HEX_RUN, BASE32_LENGTH).find_map(|run| base32(run, &BASE32_HEX))
            })
    }
}

/// Lists up to this length are searched from end to end: to sort them would take longer.
const FEW: usize = 64;

/// Looks at each `LENGTH` digits of `WIDTH` bits in a row.
#[inline]
fn search<const WIDTH: u32, const LENGTH: usize>(
    text: &[u8],
    run: std::ops::Range<usize>,
    digits: &[u8; 256],
    find: impl Fn(u128) -> Option<&'static str>,
) -> Option<Leak> {
    let mask = const { u128::MAX >> (128 - WIDTH * LENGTH as u32) };
    let (start, mut bits, mut length) = (run.start, 0u128, 0);
    for (at, &byte) in text[run.clone()].iter().enumerate() {
        match digits[usize::from(byte)] {
            SEPARATOR => {}
            NONE => length = 0,
            digit => {
                bits = bits << WIDTH | u128::from(digit);
                length += 1;
                if length >= LENGTH
                    && let Some(what) = find(bits & mask)
                {
                    let run = text[run.start..=run.start + at].iter().enumerate().rev();
                    let mut begun = run.filter(|&(_, &byte)| digits[usize::from(byte)] != SEPARATOR);
                    return begun.nth(LENGTH - 1).map(|(at, _)| Leak { what, at: start + at });
                }
            }
        }
    }
    None
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

    pub(super) fn absorb(&mut self, other: &Bloom) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    #[inline]
    pub(super) fn may_have(&self, value: u64) -> bool {
        let (word, bit) = Self::place(value);
        self.0[word] & bit != 0
    }
}
