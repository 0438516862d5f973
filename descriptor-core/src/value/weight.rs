//! The `w` line of status entries, `Bandwidth=28 Measured=73`.

use super::{number::digits, pairs::split};
use crate::{
    netdoc::{Args, FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink, Slot},
};

/// How much traffic a relay should get, and why. Unit: kilobytes per second, by convention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight<'a> {
    /// All pairs as they stand.
    pub text: &'a [u8],
    /// In a consensus, the weight for path selection; in a vote, what the relay says about itself.
    pub bandwidth: Option<u64>,
    /// What a bandwidth authority has measured; in votes since 2009, and in some consensuses of that year.
    pub measured: Option<u64>,
    /// Whether the weight rests on fewer than three measurements. Since consensus method 17.
    pub unmeasured: bool,
    /// Whether there is nothing but the bandwidth, as in most entries of a consensus.
    alone: bool,
}

impl<'a> Weight<'a> {
    /// The share of time for which the relay was a guard, in percent; `GuardFraction`, tor 0.2.6 to 0.4.8.
    pub fn guard_fraction(&self) -> Option<u64> {
        self.more().find(|(key, _)| *key == b"GuardFraction").and_then(|(_, value)| u64::from_arg(value).ok())
    }

    /// All keys and values in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Args::new(self.text).filter_map(split)
    }

    /// The pairs whose keys have no field here, such as `MeasuredButAuthority=11211`.
    pub fn unrecognized(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.more()
            .filter(|(key, _)| !matches!(*key, b"Bandwidth" | b"Measured" | b"Unmeasured" | b"GuardFraction"))
    }

    /// The pairs, if there are any beside the bandwidth.
    fn more(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Args::new(if self.alone { &[] } else { self.text }).filter_map(split)
    }
}

impl<'a> FromItem<'a> for Weight<'a> {
    const PARTS: &'static [Part] = &[
        Part::plain("bandwidth", Kind::Int("kilobytes per second")),
        Part::plain("measured", Kind::Int("kilobytes per second")),
        Part::plain("unmeasured", Kind::Bool),
        Part::plain("guard_fraction", Kind::Int("percent")),
        Part::plain("unrecognized_bandwidth_entries", Kind::Map(&Kind::Text)),
    ];

    #[inline]
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut weight = Weight { text: item.args, ..Weight::default() };
        if let Some(value) = item.args.strip_prefix(b"Bandwidth=").and_then(digits) {
            return Ok(Weight { bandwidth: Some(value), alone: true, ..weight });
        }
        for pair in item.args() {
            let (key, value) = split(pair).ok_or(Problem::BadArgument("key=value pair"))?;
            let number = |what| u64::from_arg(value).map_err(|problem| problem.named(what));
            match key {
                b"Bandwidth" => weight.bandwidth = Some(number("Bandwidth")?),
                b"Measured" => weight.measured = Some(number("Measured")?),
                b"Unmeasured" => weight.unmeasured = value == b"1",
                b"GuardFraction" => drop(number("GuardFraction")?),
                _ => {}
            }
        }
        Ok(weight)
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        let value = match part {
            0 => self.bandwidth,
            1 => self.measured,
            2 => return out.bool(self.unmeasured),
            3 => self.guard_fraction(),
            _ => {
                out.map();
                for (key, value) in self.unrecognized() {
                    out.key(key);
                    out.text(value);
                }
                return out.end_map();
            }
        };
        Slot::emit(&value, 0, out);
    }
}
