//! Hashing two texts beside each other.
//!
//! A processor that hashes by its own instructions waits most of the time: each round waits for the one before. Where two
//! texts take turns, block by block, one works while the other waits. The block functions are those of `sha1` and `sha2`.

use sha1::Sha1;
use sha2::Sha256;

use super::{sha1, sha256};
use crate::value::{Base64, Hex};

/// A hash of the SHA family with blocks of 64 bytes.
pub(super) trait Algorithm {
    type State: Copy;
    type Digest;
    /// What a text begins with.
    const START: Self::State;
    /// Takes some blocks in.
    fn compress(state: &mut Self::State, blocks: &[[u8; BLOCK]]);
    fn value(state: Self::State) -> Self::Digest;
    /// The digest of a text that nothing stands beside.
    fn alone(text: &[u8]) -> Self::Digest;
}

const BLOCK: usize = 64;
/// How many bytes the length of a text takes in its last block.
const LENGTH: usize = 8;

/// FIPS 180-4 §5.3.1.
impl Algorithm for Sha1 {
    type State = [u32; 5];
    type Digest = Hex<20>;
    const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

    #[inline]
    fn compress(state: &mut [u32; 5], blocks: &[[u8; BLOCK]]) {
        sha1::block_api::compress(state, blocks);
    }

    fn value(state: [u32; 5]) -> Hex<20> {
        Hex(bytes(state))
    }

    fn alone(text: &[u8]) -> Hex<20> {
        sha1(text)
    }
}

/// FIPS 180-4 §5.3.3.
impl Algorithm for Sha256 {
    type State = [u32; 8];
    type Digest = Base64<32>;
    const START: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];

    #[inline]
    fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
        sha2::block_api::compress256(state, blocks);
    }

    fn value(state: [u32; 8]) -> Base64<32> {
        Base64(bytes(state))
    }

    fn alone(text: &[u8]) -> Base64<32> {
        sha256(text)
    }
}

fn bytes<const N: usize, const M: usize>(words: [u32; N]) -> [u8; M] {
    const { assert!(M == 4 * N, "four bytes a word") };
    let mut bytes = [0; M];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    bytes
}

/// A text on its way through a hash.
struct Lane<'a, A: Algorithm> {
    state: A::State,
    /// The whole blocks that are left.
    blocks: &'a [[u8; BLOCK]],
    /// The last block or two (FIPS 180-4 §5.1.1): the rest of the text, a mark and the length in bits. Made at once, for
    /// what was just written in pieces cannot be read in one.
    last: [[u8; BLOCK]; 2],
    /// Which of the last blocks is next.
    at: usize,
}

impl<'a, A: Algorithm> Lane<'a, A> {
    fn new(text: &'a [u8]) -> Self {
        let (blocks, rest) = text.as_chunks();
        let (mut last, at) = ([[0; BLOCK]; 2], usize::from(rest.len() < BLOCK - LENGTH));
        last[at][..rest.len()].copy_from_slice(rest);
        last[at][rest.len()] = 0x80;
        last[1][BLOCK - LENGTH..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
        Lane { state: A::START, blocks, last, at }
    }

    /// How many blocks are left.
    #[inline]
    fn left(&self) -> usize {
        self.blocks.len() + self.last.len() - self.at
    }

    #[inline(always)]
    fn step(&mut self) {
        match self.blocks.split_first() {
            Some((block, rest)) => {
                A::compress(&mut self.state, std::slice::from_ref(block));
                self.blocks = rest;
            }
            None => {
                A::compress(&mut self.state, std::slice::from_ref(&self.last[self.at]));
                self.at += 1;
            }
        }
    }

    fn finish(mut self) -> A::Digest {
        A::compress(&mut self.state, self.blocks);
        A::compress(&mut self.state, &self.last[self.at..]);
        A::value(self.state)
    }
}

/// Takes two texts in until one of them is at its end.
fn beside<A: Algorithm, B: Algorithm>(one: &mut Lane<'_, A>, other: &mut Lane<'_, B>) {
    for _ in 0..one.left().min(other.left()) {
        one.step();
        other.step();
    }
}

/// Both digests of a document, of its own bytes each.
pub(super) fn both(of_sha1: &[u8], of_sha256: &[u8]) -> (Hex<20>, Base64<32>) {
    let (mut one, mut other) = (Lane::<Sha1>::new(of_sha1), Lane::<Sha256>::new(of_sha256));
    beside(&mut one, &mut other);
    (one.finish(), other.finish())
}

/// Texts that are hashed two by two; each has a number by which its digest is known.
pub(super) struct Pairs<'a, A: Algorithm> {
    lanes: [Lane<'a, A>; 2],
    /// Of the texts in the lanes; none if a lane is free.
    numbers: [Option<usize>; 2],
}

impl<'a, A: Algorithm> Pairs<'a, A> {
    pub(super) fn new() -> Self {
        Pairs { lanes: [Lane::new(b""), Lane::new(b"")], numbers: [None; 2] }
    }

    /// Takes a text in; tells the digest of this one or another if one is ready.
    pub(super) fn add(&mut self, number: usize, text: &'a [u8]) -> Option<(usize, A::Digest)> {
        let free = usize::from(self.numbers[0].is_some());
        (self.lanes[free], self.numbers[free]) = (Lane::new(text), Some(number));
        let [Some(_), Some(_)] = self.numbers else { return None };
        let [one, other] = &mut self.lanes;
        beside(one, other);
        let done = usize::from(one.left() > 0);
        Some((self.numbers[done].take()?, A::value(self.lanes[done].state)))
    }

    /// The digest that is not told yet.
    pub(super) fn finish(self) -> Option<(usize, A::Digest)> {
        let mut lanes = self.numbers.into_iter().zip(self.lanes);
        lanes.find_map(|(number, lane)| Some((number?, lane.finish())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<Vec<u8>> {
        let byte = |at: usize| (at * 131 + at / 7) as u8;
        (0..200)
            .chain([1000, 3, 0, 64, 4096, 65, 127, 55, 56])
            .map(|length| (0..length).map(byte).collect())
            .collect()
    }

    fn agrees<A: Algorithm<Digest: PartialEq + std::fmt::Debug>>() {
        let texts = texts();
        let mut pairs = Pairs::<A>::new();
        let mut told: Vec<_> =
            texts.iter().enumerate().filter_map(|(at, text)| pairs.add(at, text)).collect();
        told.extend(pairs.finish());
        told.sort_by_key(|(number, _)| *number);
        assert_eq!(told.len(), texts.len());
        for ((number, digest), text) in told.into_iter().zip(&texts) {
            assert_eq!(digest, A::alone(text), "{number}");
        }
        assert!(Pairs::<A>::new().finish().is_none());
    }

    #[test]
    fn beside_another_text_a_digest_is_the_same() {
        agrees::<Sha1>();
        agrees::<Sha256>();
        for (one, other) in texts().iter().zip(texts().iter().rev()) {
            assert_eq!(both(one, other), (sha1(one), sha256(other)));
        }
    }
}
