//! The `flag-thresholds` line of votes and bridge statuses.

use super::{Percent, pairs::split};
use crate::{
    netdoc::{Args, FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink, Slot},
};

/// What an authority asks of relays before it gives them flags. Every number may be absent: keys came one by one since
/// tor 0.2.4.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FlagThresholds<'a> {
    /// All pairs as they stand.
    pub text: &'a [u8],
    /// Uptime for `Stable` while there is too little history. Unit: seconds.
    pub stable_uptime: Option<u64>,
    /// Mean time between failures for `Stable`. Unit: seconds.
    pub stable_mtbf: Option<u64>,
    /// Bandwidth for `Fast`. Unit: bytes per second.
    pub fast_speed: Option<u64>,
    /// Weighted fractional uptime for `Guard`. Unit: percent.
    pub guard_wfu: Option<Percent>,
    /// For how long a relay must be known for `Guard`. Unit: seconds.
    pub guard_tk: Option<u64>,
    /// Bandwidth for `Guard`, exits counted in. Unit: bytes per second.
    pub guard_bw_inc_exits: Option<u64>,
    /// Bandwidth for `Guard`, exits not counted. Unit: bytes per second.
    pub guard_bw_exc_exits: Option<u64>,
    /// Whether there is enough history to use mean times between failures.
    pub enough_mtbf: Option<u64>,
    /// Whether enough relays are measured, so that what they say of themselves is ignored.
    pub ignoring_advertised_bws: Option<u64>,
}

impl<'a> FlagThresholds<'a> {
    /// All keys and values in order, also those that have no field here.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Args::new(self.text).filter_map(split)
    }
}

impl<'a> FromItem<'a> for FlagThresholds<'a> {
    const PARTS: &'static [Part] = &[
        Part::whole(Kind::Map(&Kind::Text)),
        Part::plain("stable_uptime", Kind::Int("seconds")),
        Part::plain("stable_mtbf", Kind::Int("seconds")),
        Part::plain("fast_speed", Kind::Int("bytes per second")),
        Part::plain("guard_wfu", Kind::Float("percent")),
        Part::plain("guard_tk", Kind::Int("seconds")),
        Part::plain("guard_bw_inc_exits", Kind::Int("bytes per second")),
        Part::plain("guard_bw_exc_exits", Kind::Int("bytes per second")),
        Part::plain("enough_mtbf", Kind::Int("")),
        Part::plain("ignoring_advertised_bws", Kind::Int("")),
    ];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let mut it = FlagThresholds { text: item.args, ..FlagThresholds::default() };
        if item.args().next().is_none() {
            return Err(Problem::MissingArgument("threshold"));
        }
        for pair in item.args() {
            let (key, value) = split(pair).ok_or(Problem::BadArgument("key=value pair"))?;
            let slot = match key {
                b"stable-uptime" => &mut it.stable_uptime,
                b"stable-mtbf" => &mut it.stable_mtbf,
                b"fast-speed" => &mut it.fast_speed,
                b"guard-tk" => &mut it.guard_tk,
                b"guard-bw-inc-exits" => &mut it.guard_bw_inc_exits,
                b"guard-bw-exc-exits" => &mut it.guard_bw_exc_exits,
                b"enough-mtbf" => &mut it.enough_mtbf,
                b"ignoring-advertised-bws" => &mut it.ignoring_advertised_bws,
                b"guard-wfu" => {
                    it.guard_wfu = Some(Percent::from_arg(value).map_err(|it| it.named("guard-wfu"))?);
                    continue;
                }
                _ => continue,
            };
            *slot = Some(u64::from_arg(value).map_err(|problem| problem.named("threshold"))?);
        }
        Ok(it)
    }

    fn emit(&self, part: usize, out: &mut dyn Sink) {
        let value = match part {
            0 => {
                out.map();
                for (key, value) in self.pairs() {
                    out.key(key);
                    out.text(value);
                }
                return out.end_map();
            }
            1 => self.stable_uptime,
            2 => self.stable_mtbf,
            3 => self.fast_speed,
            4 => return Slot::emit(&self.guard_wfu, 0, out),
            5 => self.guard_tk,
            6 => self.guard_bw_inc_exits,
            7 => self.guard_bw_exc_exits,
            8 => self.enough_mtbf,
            _ => self.ignoring_advertised_bws,
        };
        Slot::emit(&value, 0, out);
    }
}
