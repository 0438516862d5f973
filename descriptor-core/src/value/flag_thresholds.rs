//! What an authority wants of a relay before it gives a flag (dir-spec §3.4.1, `flag-thresholds`).

use super::{Pairs, Percent};
use crate::{
    netdoc::{FromArg, Item},
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// Thresholds by name, `stable-uptime=693369 … guard-wfu=94.669% …`. Names that nobody has heard of are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlagThresholds<'a>(pub Pairs<'a>);

macro_rules! thresholds {
    ($($(#[doc = $doc:literal])* $field:ident, $key:literal, $type:ty, $kind:expr;)*) => {
        impl<'a> FlagThresholds<'a> {
            $($(#[doc = $doc])* pub fn $field(&self) -> Option<$type> {
                self.value($key)
            })*
        }

        const PARTS: &[Part] = &[
            Part::whole(Kind::Map(&Kind::Text)),
            $(Part::plain(stringify!($field), $kind),)*
        ];
        const KEYS: &[(&str, Kind)] = &[$(($key, $kind),)*];
    };
}

// A new threshold that is worth a column is one entry here; the map has it already.
thresholds! {
    /// Uptime for the flag Stable. Unit: seconds.
    stable_uptime, "stable-uptime", i64, Kind::Int("seconds");
    /// Mean time between failures for the flag Stable. Unit: seconds.
    stable_mtbf, "stable-mtbf", i64, Kind::Int("seconds");
    /// Bandwidth for the flag Fast. Unit: bytes per second.
    fast_speed, "fast-speed", i64, Kind::Int("bytes per second");
    /// Weighted fractional uptime for the flag Guard. Unit: percent.
    guard_wfu, "guard-wfu", Percent, Kind::Float("percent");
    /// How long an authority must have known a relay for the flag Guard. Unit: seconds.
    guard_tk, "guard-tk", i64, Kind::Int("seconds");
    /// Bandwidth for the flag Guard, exits counted. Unit: bytes per second.
    guard_bw_inc_exits, "guard-bw-inc-exits", i64, Kind::Int("bytes per second");
    /// Bandwidth for the flag Guard, exits not counted. Unit: bytes per second.
    guard_bw_exc_exits, "guard-bw-exc-exits", i64, Kind::Int("bytes per second");
    /// 1 if the authority has measured long enough to go by the mean time between failures.
    enough_mtbf, "enough-mtbf", i64, Kind::Int("");
    /// 1 if the authority has enough measured bandwidths to ignore advertised ones. Since tor 0.2.4.
    ignoring_advertised_bws, "ignoring-advertised-bws", i64, Kind::Int("");
}

impl<'a> FlagThresholds<'a> {
    fn value<T: FromArg<'a>>(&self, key: &str) -> Option<T> {
        T::from_arg(self.0.get(key)?).ok()
    }
}

impl<'a> FromItem<'a> for FlagThresholds<'a> {
    const PARTS: &'static [Part] = PARTS;

    /// Takes the line; each threshold that is known must be a number of its kind.
    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        let pairs = Pairs::from_item(item)?;
        if pairs.iter().next().is_none() {
            return Err(Problem::MissingArgument("threshold"));
        }
        for (key, kind) in KEYS {
            let sound = pairs.get(key).is_none_or(|value| match kind {
                Kind::Float(_) => Percent::from_arg(value).is_ok(),
                _ => i64::from_arg(value).is_ok(),
            });
            if !sound {
                return Err(Problem::BadArgument(key));
            }
        }
        Ok(FlagThresholds(pairs))
    }

    fn emit(&self, part: usize, out: &mut (impl Sink + ?Sized)) {
        let Some((key, kind)) = part.checked_sub(1).and_then(|part| KEYS.get(part)) else {
            return FromItem::emit(&self.0, 0, out);
        };
        let value = self.0.get(key);
        match (kind, value.map(Percent::from_arg), value.map(i64::from_arg)) {
            (Kind::Float(_), Some(Ok(share)), _) => out.float(share.0),
            (Kind::Int(_), _, Some(Ok(value))) => out.int(value),
            _ => out.null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netdoc::items;

    const LINE: &[u8] = b"flag-thresholds stable-uptime=3105080 guard-wfu=98.000% enough-mtbf=1 unheard-of=x";

    #[test]
    fn thresholds_are_numbers_and_unknown_ones_are_kept() {
        let item = items(LINE).next().expect("an item");
        let thresholds = FlagThresholds::from_item(&item).expect("thresholds");
        assert_eq!(
            (thresholds.stable_uptime(), thresholds.guard_wfu()),
            (Some(3_105_080), Some(Percent(98.0)))
        );
        assert_eq!((thresholds.guard_tk(), thresholds.0.get("unheard-of")), (None, Some(&b"x"[..])));
        let item = items(b"flag-thresholds guard-wfu=98.000").next().expect("an item");
        assert_eq!(FlagThresholds::from_item(&item), Err(Problem::BadArgument("guard-wfu")));
    }
}
