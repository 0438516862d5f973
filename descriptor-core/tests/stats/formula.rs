//! What a formula gives once its numbers are put in.

use descriptor_core::stats::explain::Explanation;

/// The value of sums, differences, products and quotients, with parentheses, `floor`, `trunc`, `min` and `max`; `None` of
/// anything else.
pub(crate) fn value(text: &str) -> Option<f64> {
    let mut parser = Parser(text.trim());
    let value = parser.sum()?;
    parser.0.is_empty().then_some(value)
}

/// Reckons each step of an explanation whose formula has numbers only; returns how many there were.
pub(crate) fn reckon(it: &Explanation) -> usize {
    let steps = it.steps.iter().filter_map(|step| Some((step, value(step.inserted.as_ref()?)?)));
    let mut count = 0;
    for (step, value) in steps {
        let told =
            step.value.number().unwrap_or_else(|| panic!("{}: {} has no number", it.title, step.symbol));
        let near = (value - told).abs() <= 1e-9 * value.abs().max(1.0);
        assert!(near, "{}: {} is {told}, and {:?} gives {value}", it.title, step.symbol, step.inserted);
        count += 1;
    }
    count
}

/// Of one number, which is given twice, or of two.
type Function = fn(f64, f64) -> f64;

struct Parser<'t>(&'t str);

impl Parser<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.map_or(self.0, str::trim_start);
        rest.is_some()
    }

    fn sum(&mut self) -> Option<f64> {
        let mut sum = self.product()?;
        loop {
            sum += match () {
                () if self.takes("+") => self.product()?,
                () if self.takes("−") => -self.product()?,
                () => return Some(sum),
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut product = self.factor()?;
        loop {
            product *= match () {
                () if self.takes("·") => self.factor()?,
                () if self.takes("/") => 1.0 / self.factor()?,
                () => return Some(product),
            }
        }
    }

    fn factor(&mut self) -> Option<f64> {
        let functions: [(&str, Function); 5] = [
            ("floor(", |it, _| it.floor()),
            ("trunc(", |it, _| it.trunc()),
            ("max(", f64::max),
            ("min(", f64::min),
            ("(", |it, _| it),
        ];
        for (name, function) in functions {
            if self.takes(name) {
                let first = self.sum()?;
                let second = if self.takes(",") { self.sum()? } else { first };
                return self.takes(")").then(|| function(first, second));
            }
        }
        let is_number = |it: char| it.is_ascii_digit() || ".-e".contains(it);
        let (number, rest) = self.0.split_at(self.0.find(|it| !is_number(it)).unwrap_or(self.0.len()));
        self.0 = rest.trim_start();
        number.parse().ok()
    }
}

#[test]
fn formulas_have_values() {
    for (text, expected) in [
        ("1 + 2 · 3 − 4 / 2", Some(5.0)),
        ("840 + 0.25 · (960 − 840)", Some(870.0)),
        ("floor(7 / 2) + max(1, -2)", Some(4.0)),
        ("sum of the means", None),
        ("1 +", None),
        ("(1", None),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}
