//! What share of the network each relay sees, by a consensus (spec §13.3).

use serde::{Deserialize, Serialize};

use crate::{
    document::Consensus,
    stats::{FlagSet, Id, number::fixed},
};

/// What share of rendezvous circuits and of directory space a relay has. Unit: millionths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Fractions(pub(super) u32, pub(super) u32);

/// The fractions of all relays that have one.
pub(super) fn of(consensus: &Consensus<'_>, flags: &[FlagSet]) -> Vec<(Id, Fractions)> {
    let Some(chances) = rendezvous(consensus, flags) else { return Vec::new() };
    let entries = || consensus.entries.iter().zip(flags);
    let mut ring: Vec<[u8; 20]> = entries()
        .filter(|(_, flags)| flags.has(FlagSet::HSDIR))
        .map(|(entry, _)| entry.r.fingerprint.0)
        .collect();
    ring.sort_unstable();
    ring.dedup();
    let mut found = Vec::new();
    for ((entry, flags), rendezvous) in entries().zip(chances) {
        let fingerprint: Id = entry.r.fingerprint.into();
        let directory = if flags.has(FlagSet::HSDIR) { responsible(&ring, &fingerprint.0, 3) } else { 0.0 };
        if rendezvous > 0.0 || directory > 0.0 {
            found.push((fingerprint, Fractions(millionths(rendezvous), millionths(directory))));
        }
    }
    found
}

/// How likely each entry is chosen as a rendezvous point; `None` without bandwidth weights.
pub(super) fn rendezvous(consensus: &Consensus<'_>, flags: &[FlagSet]) -> Option<Vec<f64>> {
    let weights = Weights::of(consensus)?;
    let weights: Vec<f64> = consensus
        .entries
        .iter()
        .zip(flags)
        .map(|(entry, &flags)| {
            // A relay without weight has the one that metrics-lib gives it (spec §27 C8).
            let bandwidth = entry.weight.and_then(|weight| weight.bandwidth).map_or(-1.0, |it| it as f64);
            if flags.has(FlagSet::FAST) { bandwidth * weights.middle(flags) } else { 0.0 }
        })
        .collect();
    let all: f64 = weights.iter().sum();
    Some(weights.into_iter().map(|weight| if weight > 0.0 { weight / all } else { 0.0 }).collect())
}

/// How much of its bandwidth a relay of each kind gives as a middle node.
struct Weights {
    guard: f64,
    neither: f64,
    exit: f64,
    both: f64,
}

impl Weights {
    fn of(consensus: &Consensus<'_>) -> Option<Self> {
        let weights = consensus.bandwidth_weights?;
        let weight = |name| weights.get(name).map(|weight| f64::from(weight) / 10_000.0);
        Some(Weights {
            guard: weight("Wmg")?,
            neither: weight("Wmm")?,
            exit: weight("Wme")?,
            both: weight("Wmd")?,
        })
    }

    fn middle(&self, flags: FlagSet) -> f64 {
        match (flags.has(FlagSet::GUARD), flags.has(FlagSet::EXIT)) {
            (true, true) => self.both,
            (true, false) => self.guard,
            (false, true) => self.exit,
            (false, false) => self.neither,
        }
    }
}

/// What part of the ring a directory is responsible for, if each descriptor is on so many: that from as many directories
/// before to the directory itself, divided among them.
pub(super) fn responsible<const N: usize>(ring: &[[u8; N]], own: &[u8; N], spread: usize) -> f64 {
    let Ok(at) = ring.binary_search(own) else { return 0.0 };
    let before = &ring[(at + ring.len() * spread - spread) % ring.len()];
    difference(own, before) / spread as f64
}

/// How far around the ring one position lies behind another, as a share of the ring.
fn difference<const N: usize>(to: &[u8; N], from: &[u8; N]) -> f64 {
    let mut bytes = [0u8; N];
    let mut borrow = 0i16;
    for at in (0..N).rev() {
        let value = i16::from(to[at]) - i16::from(from[at]) - borrow;
        borrow = i16::from(value < 0);
        bytes[at] = value.rem_euclid(256) as u8;
    }
    // From the last byte on, so that nothing is lost before it must be.
    bytes.iter().rev().fold(0.0, |sum, &byte| (sum + f64::from(byte)) / 256.0)
}

/// Six decimals, rounded as Java does.
pub(super) fn millionths(fraction: f64) -> u32 {
    let scaled = fraction * 1e6;
    let distance = (scaled - scaled.floor() - 0.5).abs();
    // What is clear needs no text.
    if distance > 1e-6 {
        return scaled.round() as u32;
    }
    let text: String = fixed(fraction, 6).chars().filter(char::is_ascii_digit).collect();
    text.parse().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_share_the_ring() {
        let at = |first: u8| {
            let mut bytes = [0u8; 20];
            bytes[0] = first;
            bytes
        };
        let ring = [0x20, 0x50, 0x90, 0xc0, 0xf0].map(at);
        let fractions = ring.map(|own| millionths(responsible(&ring, &own, 3)));
        assert_eq!(fractions, [187_500, 187_500, 208_333, 208_333, 208_333]);
        assert_eq!(responsible(&ring, &at(1), 3), 0.0);
        assert_eq!(responsible(&[at(1)], &at(1), 3), 0.0);
    }

    #[test]
    fn millionths_round_half_up_on_the_shortest_text() {
        assert_eq!([0.1234565, 0.0000005, 0.0000004, 1.0].map(millionths), [123_457, 1, 0, 1_000_000]);
    }
}
