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
        let mut query = Query::default();
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        pairs.for_each(|(name, value)| query.set(name, &decode(value)));
        query.text = text.to_owned();
        query
    }

    /// Adds a value of a parameter, as [`parse`](Self::parse) would read it. Of dates the first one holds.
    pub fn push(&mut self, name: &str, value: &str) {
        let mut text = std::mem::take(&mut self.text);
        if !text.is_empty() {
            text.push('&');
        }
        self.text = text + name + "=" + &encode(value);
        self.set(name, value);
    }

    fn set(&mut self, name: &str, value: &str) {
        let date = match name {
            "start" => Some(&mut self.start),
            "end" => Some(&mut self.end),
            _ => None,
        };
        let first = self.pairs.iter().all(|(key, _)| key != name);
        if let Some(date) = date.filter(|_| first) {
            *date = Day::parse(value);
        }
        self.pairs.push((name.to_owned(), value.to_owned()));
    }

    /// The parameters as they were written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first value of a parameter.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter, in their order.
    pub fn values<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All parameters with their values, in their order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The dates alone.
    #[must_use]
    pub fn dates(&self) -> Self {
        let mut dates = Query::default();
        for (name, value) in self.pairs().filter(|(name, _)| matches!(*name, "start" | "end")) {
            dates.push(name, value);
        }
        dates
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

/// Writes what would end a value, or be taken for an escape, as `%26`.
fn encode(value: &str) -> String {
    let escaped = |letter: char| matches!(letter, '%' | '&' | '<' | '>' | ' ' | '#' | '+');
    let mut out = String::new();
    for letter in value.chars() {
        if escaped(letter) {
            out.push_str(&format!("%{:02X}", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
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
    fn what_is_added_reads_as_what_is_parsed() {
        let mut query = Query::default();
        for (name, value) in [("transport", "!<OR>"), ("x", "a&b=100%"), ("end", "2020-12-10")] {
            query.push(name, value);
        }
        assert_eq!(query.text(), "transport=!%3COR%3E&x=a%26b=100%25&end=2020-12-10");
        assert_eq!(query, Query::parse(query.text()));
        assert_eq!(query.dates().text(), "end=2020-12-10");
        assert_eq!(query.values("transport").collect::<Vec<_>>(), ["!<OR>"]);
    }

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
