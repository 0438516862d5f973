//! Quantiles of the two distributions.

/// How many standard deviations the 9,999th of 10,000 parts of a normal distribution lies above its mean.
pub(super) const NORMAL: f64 = 3.719_016_485_455_681;

/// The same as it was in 2013, reckoned of 0.9999 and not of 0.0001, which floating point does not have exactly.
pub(super) const NORMAL_2013: f64 = 3.719_016_485_455_709;

/// The smallest whole number that a Poisson distributed one does not exceed with a probability of at least `p`.
pub(super) fn poisson(p: f64, mean: f64) -> f64 {
    // Near the quantile the mass is about a thousandth of p at least, so that what floating point loses decides nothing.
    let guess = mean + mean.sqrt() * if p < 0.5 { -NORMAL } else { NORMAL };
    let mut at = guess.floor().max(0.0);
    let mut below = if p < 0.5 { head(at, mean) } else { 1.0 - tail(at, mean) };
    while below < p {
        at += 1.0;
        below = if p < 0.5 { head(at, mean) } else { 1.0 - tail(at, mean) };
    }
    while at > 0.0 {
        let less = if p < 0.5 { head(at - 1.0, mean) } else { 1.0 - tail(at - 1.0, mean) };
        if less < p {
            break;
        }
        at -= 1.0;
    }
    at
}

/// The probability of at most `k`, for `k` below the mean.
fn head(k: f64, mean: f64) -> f64 {
    let (mut sum, mut term, mut at) = (0.0, mass(k, mean), k);
    while term > sum * f64::EPSILON {
        sum += term;
        term *= at / mean;
        at -= 1.0;
    }
    sum
}

/// The probability of more than `k`, for `k` above the mean.
fn tail(k: f64, mean: f64) -> f64 {
    let (mut sum, mut at) = (0.0, k + 1.0);
    let mut term = mass(at, mean);
    while term > sum * f64::EPSILON {
        sum += term;
        at += 1.0;
        term *= mean / at;
    }
    sum
}

/// The probability of exactly `k`, by Loader's expansion, which loses no digits for large numbers.
fn mass(k: f64, mean: f64) -> f64 {
    if k == 0.0 {
        return (-mean).exp();
    }
    let log = -stirling_error(k) - deviance(k, mean);
    log.exp() / (std::f64::consts::TAU * k).sqrt()
}

/// The logarithm of n! less Stirling's approximation of it.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let factorial: f64 = (1..=n as u32).map(|it| f64::from(it).ln()).sum();
        return factorial - ((n + 0.5) * n.ln() - n + 0.5 * std::f64::consts::TAU.ln());
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / n
}

/// x ln(x/m) + m − x, without loss of digits where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let ratio = (x - m) / (x + m);
    let (mut sum, mut term, mut odd) = ((x - m) * ratio, 2.0 * x * ratio, 1.0);
    loop {
        term *= ratio * ratio;
        odd += 2.0;
        let next = sum + term / odd;
        if next == sum {
            return sum;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_that_were_published() {
        for (mean, low, high) in [
            (1.0, 0.0, 6.0),
            (2.0, 0.0, 9.0),
            (5.0, 0.0, 15.0),
            (10.0, 1.0, 24.0),
            (50.0, 26.0, 78.0),
            (100.0, 65.0, 139.0),
            (148.0, 105.0, 195.0),
            (1000.0, 885.0, 1120.0),
            (76_900.0, 75_871.0, 77_933.0),
            (444_507.0, 442_030.0, 446_989.0),
        ] {
            assert_eq!((poisson(0.0001, mean), poisson(0.9999, mean)), (low, high), "{mean}");
        }
    }

    #[test]
    fn masses_add_up_to_one() {
        for mean in [0.5, 3.0, 40.0, 900.0] {
            let sum: f64 = (0..3000).map(|k| mass(f64::from(k), mean)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{mean}: {sum}");
        }
    }
}
