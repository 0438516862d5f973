//! Numbers as the programs of Tor Metrics rounded and wrote them; each rule decides the last digit somewhere.

/// Quantile of type 7 as Commons Math computes it (spec §27 C1), of values in ascending order; 0 for none.
///
/// The position counts from 1. Mathematically this is [`percentile_cont`], but the noise of floating point differs, and
/// where the exact result is a whole number, the noise decides what its floor is.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let count = sorted.len();
    let position = if p >= 1.0 { count as f64 } else { 1.0 + (count as f64 - 1.0) * p };
    let below = position.floor();
    match (sorted.first(), sorted.last()) {
        (Some(&first), _) if position < 1.0 => first,
        (_, Some(&last)) if below as usize >= count => last,
        (Some(_), Some(_)) => {
            let lower = sorted[below as usize - 1];
            lower + (position - below) * (sorted[below as usize] - lower)
        }
        _ => 0.0,
    }
}

/// Quantile of type 7 as PostgreSQL's `PERCENTILE_CONT` computes it, of values in ascending order; `None` for none.
pub fn percentile_cont(sorted: &[f64], p: f64) -> Option<f64> {
    let position = p * (sorted.len().checked_sub(1)? as f64);
    let (lower, upper) = (position.floor(), position.ceil());
    let (low, high) = (*sorted.get(lower as usize)?, *sorted.get(upper as usize)?);
    Some(if lower == upper { low } else { low + (position - lower) * (high - low) })
}

/// One decimal place, half up, as the originals stored estimates of users; what is no number becomes 0.
pub fn tenths(value: f64) -> f64 {
    let rounded = (10.0 * value + 0.5).floor() / 10.0;
    if rounded.is_nan() { 0.0 } else { rounded }
}

/// A whole number as PostgreSQL casts a double: to the nearest, ties to even.
pub fn to_integer(value: f64) -> i64 {
    value.round_ties_even() as i64
}

/// A whole number as PostgreSQL casts an exact fraction: to the nearest, half away from zero.
pub fn divide_half_away(numerator: i128, denominator: i128) -> i128 {
    let (n, d) = if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    if d == 0 {
        return 0;
    }
    if n >= 0 { (2 * n + d) / (2 * d) } else { -((-2 * n + d) / (2 * d)) }
}

/// Fixed decimals as Java's `%f` writes them (spec §27 C2): the shortest text that reads back, rounded half up.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    // Without an exponent, and the shortest that reads back.
    let text = format!("{}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut digits: Vec<u8> =
        whole.bytes().chain(fraction.bytes().chain(std::iter::repeat(b'0')).take(decimals)).collect();
    if fraction.as_bytes().get(decimals).is_some_and(|&digit| digit >= b'5') {
        let nines = digits.iter().rev().take_while(|&&digit| digit == b'9').count();
        let at = digits.len() - nines;
        digits[at..].fill(b'0');
        match at.checked_sub(1) {
            Some(last) => digits[last] += 1,
            None => digits.insert(0, b'1'),
        }
    }
    let mut out = String::new();
    if value < 0.0 {
        out.push('-');
    }
    let point = digits.len() - decimals;
    for (at, digit) in digits.into_iter().enumerate() {
        if at == point {
            out.push('.');
        }
        out.push(char::from(digit));
    }
    out
}

/// Rounded to some decimals as R 4 does: of the two neighbours the nearer one, by the distances that floating point has.
pub fn round_r(value: f64, decimals: i32) -> f64 {
    let power = 10f64.powi(decimals);
    let below = (value * power).floor();
    let (down, up) = (below / power, (value * power).ceil() / power);
    let (to_down, to_up) = (value - down, up - value);
    let even = below % 2.0 == 0.0;
    if to_down < to_up || to_down == to_up && even { down } else { up }
}

/// A number as R writes it into CSV: at most 15 significant digits, in scientific notation where that is shorter.
pub fn write_r(value: f64, out: &mut String) {
    if value == 0.0 {
        return out.push('0');
    }
    if !value.is_finite() {
        return out.push_str(if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Inf"
        } else {
            "-Inf"
        });
    }
    let scientific = format!("{value:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count() as i32;
    let decimals = (digits - 1 - exponent).max(0);
    let fixed_width = exponent.max(0) + 1 + if decimals > 0 { decimals + 1 } else { 0 };
    let exponent_width = if exponent.abs() >= 100 { 5 } else { 4 };
    let scientific_width = digits + i32::from(digits > 1) + exponent_width;
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = match fixed_width <= scientific_width {
        true => format!("{value:.*}", decimals as usize),
        false => format!("{mantissa}e{sign}{:02}", exponent.abs()),
    };
    out.push_str(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(value: f64) -> String {
        let mut out = String::new();
        write_r(value, &mut out);
        out
    }

    #[test]
    fn quantiles_are_of_type_7() {
        let ten = [3., 6., 7., 8., 8., 10., 13., 15., 16., 20.];
        let eleven = [3., 6., 7., 8., 8., 9., 10., 13., 15., 16., 20.];
        let floors = |values: &[f64]| [0., 0.25, 0.5, 0.75, 1.].map(|p| quantile(values, p).floor() as i64);
        assert_eq!(floors(&ten), [3, 7, 9, 14, 20]);
        assert_eq!(floors(&eleven), [3, 7, 9, 14, 20]);
        assert_eq!(floors(&[]), [0; 5]);
        assert_eq!(floors(&[7.]), [7; 5]);
        assert_eq!([0.25, 0.5, 0.75].map(|p| quantile(&[32., 42.], p).floor()), [34., 37., 39.]);
        assert_eq!([0.25, 0.5, 0.75].map(|p| percentile_cont(&ten, p)), [Some(7.25), Some(9.0), Some(14.5)]);
        assert_eq!(percentile_cont(&[], 0.5), None);
        assert_eq!(percentile_cont(&[4.], 0.5), Some(4.));
    }

    #[test]
    fn rounding_is_the_originals() {
        assert_eq!([197.35, 98.7, -0.05, f64::NAN].map(tenths), [197.4, 98.7, 0.0, 0.0]);
        assert_eq!([0.5, 1.5, 2.5, -2.5].map(to_integer), [0, 2, 2, -2]);
        assert_eq!([5, 15, -5, -15, 14].map(|n| divide_half_away(n, 10)), [1, 2, -1, -2, 1]);
        assert_eq!(divide_half_away(1, 0), 0);
        // 100 * (0.7546 - 0.3742) and its like: what is a tie on paper is none.
        assert_eq!([38.04500000000001, 38.04499999999999, 0.5].map(|it| round_r(it, 2)), [38.05, 38.04, 0.5]);
        assert_eq!([0.5, 1.5, 2.5].map(|it| round_r(it, 0)), [0.0, 2.0, 2.0]);
    }

    #[test]
    fn fixed_decimals_round_the_shortest_text_half_up() {
        for (value, decimals, text) in [
            (0.1234565, 6, "0.123457"),
            (1.0000015, 6, "1.000002"),
            (0.5, 0, "1"),
            (2.5, 0, "3"),
            (-2.5, 0, "-3"),
            (-0.4, 0, "-0"),
            (9.995, 2, "10.00"),
            (99.5, 0, "100"),
            (1e21, 1, "1000000000000000000000.0"),
            (0.01, 8, "0.01000000"),
            (12.0, 0, "12"),
        ] {
            assert_eq!(fixed(value, decimals), text, "{value}");
        }
    }

    #[test]
    fn numbers_read_as_r_writes_them() {
        for (value, text) in [
            (100_000.0, "1e+05"),
            (120_000.0, "120000"),
            (123_456.0, "123456"),
            (0.0001, "1e-04"),
            (0.00012, "0.00012"),
            (2.4e-08, "2.4e-08"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 3.0, "0.333333333333333"),
            (-2.0, "-2"),
            (0.0, "0"),
            (1e15, "1e+15"),
            (4350535211.0, "4350535211"),
            (1e-120, "1e-120"),
            (0.0962855330133333, "0.0962855330133333"),
        ] {
            assert_eq!(r(value), text);
        }
    }
}
