//! Units of value axes, and numbers for people.

/// What a number of a table is a number of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// Things: relays, users, requests.
    Count,
    /// A rate. One in the table is so many bits per second.
    BitRate(f64),
    /// A share. One in the table is so many percent.
    Share(f64),
    /// Anything else, by the short name of the unit.
    Named(&'static str),
}

impl Unit {
    /// Gbit/s, as most tables of graphs have it.
    pub const GBIT: Unit = Unit::BitRate(1e9);
    /// kbit/s.
    pub const KBIT: Unit = Unit::BitRate(1e3);
    /// Bytes per second.
    pub const BYTES: Unit = Unit::BitRate(8.0);
    /// Shares from 0 to 1.
    pub const FRACTION: Unit = Unit::Share(100.0);
    /// Shares from 0 to 100.
    pub const PERCENT: Unit = Unit::Share(1.0);

    /// How numbers up to a greatest are shown: what they are multiplied with, and what stands behind them.
    fn scale(self, most: f64) -> (f64, &'static str) {
        match self {
            Unit::Count => (1.0, ""),
            Unit::Share(percent) => (percent, "%"),
            Unit::Named(unit) => (1.0, unit),
            Unit::BitRate(bits) => {
                let units = [(1e9, " Gbit/s"), (1e6, " Mbit/s"), (1e3, " kbit/s")];
                let fits = units.into_iter().find(|(size, _)| most * bits >= *size);
                let (size, name) = fits.unwrap_or((1.0, " bit/s"));
                (bits / size, name)
            }
        }
    }

    /// One number, with as many digits as people want: `1,234`, `0.25`, `12.3 Gbit/s`.
    pub fn show(self, value: f64) -> String {
        let (factor, unit) = self.scale(value.abs());
        let scaled = value * factor;
        let decimals = match scaled.abs() {
            _ if scaled.fract() == 0.0 => 0,
            0.0..1.0 => 3,
            1.0..10.0 => 2,
            10.0..1000.0 => 1,
            _ => 0,
        };
        let text = grouped(scaled, decimals);
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        format!("{text}{}", space(unit))
    }
}

/// A name of a unit that is a word stands apart from the number.
fn space(unit: &str) -> String {
    let word = unit.starts_with(char::is_alphabetic);
    if word { format!(" {unit}") } else { unit.to_owned() }
}

/// The marks of a value axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    /// The least number that has a place.
    pub(super) least: f64,
    /// The greatest.
    pub(super) most: f64,
    /// Where marks are, and what they say.
    pub(super) marks: Vec<(f64, String)>,
}

impl Scale {
    /// An axis from 0, or from a least number below it, to a little above the greatest, with about so many steps.
    pub(super) fn new(unit: Unit, least: f64, most: f64, steps: f64) -> Self {
        let (least, most) = (least.min(0.0), most.max(0.0));
        let most = if most > least { most } else { least + 1.0 };
        let (factor, name) = unit.scale(most.max(-least));
        let (low, high) = (least * factor, most * factor);
        let mut step = nice((high - low) / steps);
        if unit == Unit::Count && high - low >= 1.0 {
            step = step.max(1.0);
        }
        let room = 0.05 * (high - low);
        let (low, high) = (if low < 0.0 { low - room } else { 0.0 }, high + room);
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        let first = (low / step).ceil() as i64;
        let marks = (first..)
            .map(|at| at as f64 * step)
            .take_while(|at| *at <= high)
            .map(|at| (at / factor, format!("{}{}", grouped(at, decimals), space(name))))
            .collect();
        Scale { least: low / factor, most: high / factor, marks }
    }
}

/// The nearest of 1, 2, 5 and 10 times a power of ten, by ratio.
fn nice(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let times = match step / power {
        // The roots of 1 · 2, 2 · 5 and 5 · 10.
        ..1.414 => 1.0,
        1.414..3.162 => 2.0,
        3.162..7.071 => 5.0,
        _ => 10.0,
    };
    times * power
}

/// A number with commas between thousands.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((&*text, None), |(whole, it)| (whole, Some(it)));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        out.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(unit: Unit, least: f64, most: f64) -> Vec<String> {
        Scale::new(unit, least, most, 5.0).marks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn axes_begin_at_zero_and_have_round_marks() {
        let millions = ["0", "1,000,000", "2,000,000", "3,000,000", "4,000,000"];
        assert_eq!(marks(Unit::Count, 1_900_000.0, 4_453_845.0), millions);
        assert_eq!(marks(Unit::Count, 0.0, 2.0), ["0", "1", "2"]);
        assert_eq!(
            marks(Unit::GBIT, 0.0, 210.0),
            ["0 Gbit/s", "50 Gbit/s", "100 Gbit/s", "150 Gbit/s", "200 Gbit/s"].map(str::to_owned)
        );
        assert_eq!(
            marks(Unit::GBIT, 0.0, 0.0021),
            ["0.0 Mbit/s", "0.5 Mbit/s", "1.0 Mbit/s", "1.5 Mbit/s", "2.0 Mbit/s"]
        );
        assert_eq!(marks(Unit::FRACTION, 0.0, 0.5), ["0%", "10%", "20%", "30%", "40%", "50%"]);
        assert_eq!(
            marks(Unit::Named("ms"), 0.0, 1200.0),
            ["0 ms", "200 ms", "400 ms", "600 ms", "800 ms", "1,000 ms", "1,200 ms"]
        );
        assert_eq!(marks(Unit::Count, -120.0, 90.0), ["-100", "-50", "0", "50", "100"]);
        assert_eq!(marks(Unit::Count, 0.0, 0.0), ["0", "1"]);
        assert_eq!(marks(Unit::Count, 0.0, 0.5), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(Unit::Count.show(1_234_567.0), "1,234,567");
        assert_eq!(Unit::GBIT.show(0.0321), "32.1 Mbit/s");
        assert_eq!(Unit::GBIT.show(321.04), "321 Gbit/s");
        assert_eq!(Unit::FRACTION.show(0.1234), "12.3%");
        assert_eq!(Unit::Named("s").show(1.5), "1.5 s");
        assert_eq!(Unit::Count.show(-0.0), "0");
    }
}
