//! The parameters of a graph.

use crate::stats::Day;

/// What stands after `?` in the address of a graph's file: `start=2020-12-10&flag=Running&flag=Exit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    text: String,
    pairs: Vec<(String, String)>,
    start: Option<Day>,
    end: Option<Day>,
}

impl Query {
    /// Reads parameters. Unknown ones are accepted and ignored, as on the website; dates that are none are ignored too.
    pub fn parse(text: &str) -> Self {
        let pairs: Vec<(String, String)> = text
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), decode(value)))
            .collect();
        let date =
            |name: &str| pairs.iter().find(|(key, _)| key == name).and_then(|(_, value)| Day::parse(value));
        let (start, end) = (date("start"), date("end"));
        Query { text: text.to_owned(), pairs, start, end }
    }

    /// The parameters as they were written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first value of a parameter.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a value is wanted: it is among those of a parameter, or the parameter is not there.
    pub fn wants(&self, name: &str, value: &str) -> bool {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value).peekable();
        values.peek().is_none() || values.any(|it| it == value)
    }

    /// Whether a day lies within `start` and `end`, both included.
    pub fn has_day(&self, day: Day) -> bool {
        self.start.is_none_or(|start| start <= day) && self.end.is_none_or(|end| day <= end)
    }
}

/// Undoes `%3C`. What is no escape stays.
fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => const_hex::decode([*high, *low]).ok(),
            _ => None,
        };
        match escaped.as_deref() {
            Some(&[byte]) => {
                out.push(byte);
                rest = &after[2..];
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_choose() {
        let query =
            Query::parse("start=2020-12-10&flag=Exit&transport=obfs4&transport=!%3COR%3E&x=100%&end=no");
        assert!(query.wants("flag", "Exit") && !query.wants("flag", "Guard") && query.wants("p", "100"));
        assert!(query.wants("transport", "!<OR>"));
        assert_eq!(query.value("x"), Some("100%"));
        let day = |text| Day::parse(text).expect("a day");
        assert!(query.has_day(day("2020-12-10")) && !query.has_day(day("2020-12-09")));
        assert!(Query::default().has_day(Day(0)));
    }
}
