//! How likely a relay is to be chosen, by its weight and the weights of its position (dir-spec §3.8.3).

use super::{Consensus, RouterStatus};
use crate::value::{Flags, Params};

/// How likely a relay is to be chosen; each is the share of all relays' sum, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Probabilities {
    /// The relay's share of all consensus weights.
    pub consensus_weight_fraction: f64,
    /// As first relay of a circuit.
    pub guard: f64,
    /// As middle relay.
    pub middle: f64,
    /// As last relay.
    pub exit: f64,
}

/// The weights of positions, out of a consensus's `bandwidth-weights`, and what all its running relays add up to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathSelection {
    /// Factors of the guard, middle and exit position, each for relays that are guard and exit, guard, exit, neither.
    /// All zero if the consensus does not have all of them.
    factors: [[f64; 4]; 3],
    weight: f64,
    positions: [f64; 3],
}

impl PathSelection {
    /// Adds up a consensus.
    pub fn new(consensus: &Consensus<'_>) -> Self {
        let factors = consensus.bandwidth_weights.and_then(factors).unwrap_or_default();
        let mut sums = PathSelection { factors, weight: 0.0, positions: [0.0; 3] };
        for entry in consensus.entries.iter().filter(|entry| entry.has_flag(Flags::RUNNING)) {
            let (weight, positions) = sums.weigh(entry);
            sums.weight += weight;
            for (sum, position) in sums.positions.iter_mut().zip(positions) {
                *sum += position;
            }
        }
        sums
    }

    /// How likely a relay of the consensus is to be chosen. All zero for relays that are not running. The three
    /// positions are zero for all relays if the consensus lacks one of the eight factors, as before method 9.
    pub fn probabilities(&self, entry: &RouterStatus<'_>) -> Probabilities {
        if !entry.has_flag(Flags::RUNNING) {
            return Probabilities::default();
        }
        let (weight, [guard, middle, exit]) = self.weigh(entry);
        let share = |part: f64, sum: f64| if sum > 0.0 { part / sum } else { 0.0 };
        Probabilities {
            consensus_weight_fraction: share(weight, self.weight),
            guard: share(guard, self.positions[0]),
            middle: share(middle, self.positions[1]),
            exit: share(exit, self.positions[2]),
        }
    }

    /// An entry's weight as it is and in each position.
    fn weigh(&self, entry: &RouterStatus<'_>) -> (f64, [f64; 3]) {
        let weight = entry.weight.and_then(|weight| weight.bandwidth).unwrap_or(0) as f64;
        let is_exit = entry.has_flag(Flags::EXIT) && !entry.has_flag("BadExit");
        let kind = match (entry.has_flag(Flags::GUARD), is_exit) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        (weight, self.factors.map(|position| position[kind] * weight))
    }
}

fn factors(weights: Params<'_>) -> Option<[[f64; 4]; 3]> {
    let factor = |name| weights.get(name).map(|value| f64::from(value) / 10_000.0);
    Some([
        [factor("Wgd")?, factor("Wgg")?, 0.0, 0.0],
        [factor("Wmd")?, factor("Wmg")?, factor("Wme")?, factor("Wmm")?],
        [factor("Wed")?, 0.0, factor("Wee")?, 0.0],
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Type, netdoc::Frame, schema::parse};

    fn entry(nickname: &str, flags: &str, bandwidth: u32) -> String {
        format!(
            "r {nickname} AAoQ1DAR6kkoo19hBAX5K0QztNw 2017-12-04 04:42:01 1.2.3.4 1 0\ns {flags}\nw Bandwidth={bandwidth}\n"
        )
    }

    #[test]
    fn positions_have_their_own_weights() {
        let text = [
            "network-status-version 3 microdesc\n".to_owned(),
            entry("both", "Exit Guard Running", 100),
            entry("guard", "Guard Running", 300),
            entry("exit", "Exit Running", 100),
            entry("bad", "BadExit Exit Running", 100),
            entry("down", "Exit Guard", 1000),
            "bandwidth-weights Wgd=1000 Wgg=5000 Wmd=2000 Wmg=5000 Wme=0 Wmm=10000 Wed=7000 Wee=10000\n"
                .to_owned(),
        ]
        .concat();
        let consensus =
            parse::<Consensus<'_>>(Frame::whole(Type::MicrodescConsensus, text.as_bytes())).partial;
        let selection = PathSelection::new(&consensus);
        let all: Vec<_> = consensus.entries.iter().map(|entry| selection.probabilities(entry)).collect();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(all[0].consensus_weight_fraction, 1.0 / 6.0));
        assert!(near(all[0].guard, 10.0 / 160.0) && near(all[1].guard, 150.0 / 160.0));
        assert!(near(all[0].middle, 20.0 / 270.0) && near(all[3].middle, 100.0 / 270.0));
        assert!(
            near(all[0].exit, 70.0 / 170.0) && near(all[2].exit, 100.0 / 170.0) && near(all[3].exit, 0.0)
        );
        assert_eq!(all[4], Probabilities::default());
    }
}
