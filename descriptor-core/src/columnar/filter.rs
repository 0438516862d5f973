//! Which rows are wanted, by the values of their columns.
#![cfg_attr(
    not(feature = "columnar"),
    allow(dead_code, reason = "tables need a part of it that nothing else does")
)]

use std::net::IpAddr;

use base64::Engine;

use super::{
    row::{From, Row, Selection},
    unknown::UnknownColumn,
};
use crate::{
    schema::{Kind, Sink},
    value::{BASE64, Timestamp},
};

/// What the values of a column must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A time from the first one on and before the second one, as far as they are given.
    Time(Option<Timestamp>, Option<Timestamp>),
    /// A number from the first one through the second one, as far as they are given.
    Number(Option<f64>, Option<f64>),
    /// True or false.
    Is(bool),
    /// One of these, as text; a list has at least one of them.
    Any(Vec<String>),
    /// All of these, as text; for lists.
    All(Vec<String>),
}

/// Why a filter cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// There is no such column.
    #[error(transparent)]
    Column(#[from] UnknownColumn),
    /// The column holds something else.
    #[error("column {0}: {1} cannot be asked of it")]
    Kind(String, &'static str),
}

/// Conditions that a row must meet, all of them.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    tests: Vec<Test>,
}

#[derive(Debug, Clone)]
struct Test {
    from: From,
    wanted: Wanted,
}

#[derive(Debug, Clone)]
enum Wanted {
    Time(i64, i64),
    Number(f64, f64),
    Is(bool),
    /// The values, and how many of them must be there.
    Values(Vec<Value>, usize),
}

/// A text, and what it is if it is more than that.
#[derive(Debug, Clone)]
struct Value {
    text: Vec<u8>,
    hex: Option<Vec<u8>>,
    base64: Option<Vec<u8>>,
    address: Option<IpAddr>,
    number: Option<i64>,
}

impl Value {
    fn new(text: &str) -> Self {
        let digits: String = text.trim_start_matches('$').chars().filter(|it| *it != ' ').collect();
        Value {
            text: text.as_bytes().to_vec(),
            hex: const_hex::decode(digits).ok(),
            base64: BASE64.decode(text).ok(),
            address: text.parse().ok(),
            number: text.parse().ok(),
        }
    }
}

impl Filter {
    /// A filter of rows. The columns are those of the selection, whether it shows them or not.
    pub fn new<S: AsRef<str>>(
        selection: &Selection,
        conditions: &[(S, Condition)],
    ) -> Result<Self, FilterError> {
        let mut tests = Vec::new();
        for (name, condition) in conditions {
            let name = name.as_ref();
            let column = selection.find(name)?;
            let is_country = matches!(column.from, From::Country(..) | From::EntryCountry(..));
            let value =
                |text: &String| Value::new(&if is_country { text.to_lowercase() } else { text.clone() });
            let refuse = |what| Err(FilterError::Kind(name.to_owned(), what));
            let wanted = match (condition, column.kind) {
                (Condition::Time(from, until), Kind::Time) => {
                    Wanted::Time(from.map_or(i64::MIN, |it| it.0), until.map_or(i64::MAX, |it| it.0))
                }
                (Condition::Number(from, until), Kind::Int(_) | Kind::Float(_)) => {
                    Wanted::Number(from.unwrap_or(f64::NEG_INFINITY), until.unwrap_or(f64::INFINITY))
                }
                (Condition::Is(truth), Kind::Bool) => Wanted::Is(*truth),
                (Condition::Any(_) | Condition::All(_), Kind::Time | Kind::Bool | Kind::Table(_)) => {
                    return refuse("a text");
                }
                (Condition::Any(values), _) => Wanted::Values(values.iter().map(value).collect(), 1),
                (Condition::All(values), Kind::List(_)) => {
                    Wanted::Values(values.iter().map(value).collect(), values.len())
                }
                (Condition::All(_), _) => return refuse("to have several values"),
                (Condition::Time(..), _) => return refuse("a time"),
                (Condition::Number(..), _) => return refuse("a number"),
                (Condition::Is(_), _) => return refuse("a truth value"),
            };
            tests.push(Test { from: column.from, wanted });
        }
        Ok(Filter { tests })
    }

    /// Whether a row is wanted.
    #[inline]
    pub fn fits(&self, row: &Row<'_>) -> bool {
        self.tests.iter().all(|test| {
            let mut judge = Judge { wanted: &test.wanted, met: false, found: 0 };
            row.tell(test.from, &mut judge);
            judge.met
        })
    }

    /// Where the values come from that it looks at.
    pub(super) fn froms(&self) -> impl Iterator<Item = From> + '_ {
        self.tests.iter().map(|test| test.from)
    }
}

/// Is told a value and says whether it is wanted.
struct Judge<'w> {
    wanted: &'w Wanted,
    met: bool,
    /// One bit a value that was found; of more than 64 values the last ones share one.
    found: u64,
}

impl Judge<'_> {
    #[inline]
    fn value(&mut self, fits: impl Fn(&Value) -> bool) {
        let Wanted::Values(values, needed) = self.wanted else { return };
        for (index, value) in values.iter().enumerate() {
            if fits(value) {
                self.found |= 1 << index.min(63);
            }
        }
        self.met = self.found.count_ones() as usize >= (*needed).min(64);
    }
}

impl Sink for Judge<'_> {
    fn null(&mut self) {}
    fn bool(&mut self, value: bool) {
        self.met |= matches!(self.wanted, Wanted::Is(wanted) if *wanted == value);
    }
    fn int(&mut self, value: i64) {
        match self.wanted {
            Wanted::Number(..) => self.float(value as f64),
            _ => self.value(|it| it.number == Some(value)),
        }
    }
    fn float(&mut self, value: f64) {
        self.met |= matches!(self.wanted, Wanted::Number(from, until) if (*from..=*until).contains(&value));
    }
    fn text(&mut self, value: &[u8]) {
        self.value(|it| it.text == value);
    }
    fn hex(&mut self, value: &[u8]) {
        self.value(|it| it.hex.as_deref() == Some(value));
    }
    fn base64(&mut self, value: &[u8]) {
        self.value(|it| it.base64.as_deref() == Some(value));
    }
    fn time(&mut self, value: Timestamp) {
        self.met |= matches!(self.wanted, Wanted::Time(from, until) if (*from..*until).contains(&value.0));
    }
    fn address(&mut self, value: IpAddr) {
        self.value(|it| it.address == Some(value));
    }
    fn list(&mut self) {}
    fn end_list(&mut self) {}
    fn map(&mut self) {}
    fn key(&mut self, _key: &[u8]) {}
    fn end_map(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        columnar::Document,
        document::{Digests, Type},
        netdoc::Frame,
    };

    const STATUS: &[u8] = b"published 2020-01-02 03:04:05\nflag-thresholds guard-wfu=94%\n\
        r a AAoQ1DAR6kkoo19hBAX5K0QztNw Gb2DCuQZtMbqEEc3DQpaxEbxdI0 2017-12-04 04:42:01 1.2.3.4 9001 0\n\
        s Exit Fast Running\nw Bandwidth=28\n\
        r b E7Rep3HT9+d2vb2Q5OytBEHbd+I Gb2DCuQZtMbqEEc3DQpaxEbxdI0 2018-12-04 04:42:01 1.2.3.5 9001 0\n\
        s Fast Guard\nw Bandwidth=7\n";

    /// How many of the two entries fit, by nickname.
    fn fitting(name: &str, condition: Condition) -> Result<String, FilterError> {
        let kind = Type::BridgeNetworkStatus;
        let selection = Selection::entries(kind).expect("it has entries");
        let filter = Filter::new(&selection, &[(name, condition)])?;
        let parsed = kind.parse(Frame::whole(kind, STATUS));
        let document = Document { kind, source: "", parsed: &parsed, digests: Digests::default() };
        let (mut names, mut index) = (String::new(), 0);
        selection.rows(&document, &mut |row| {
            if filter.fits(row) {
                names.push(['a', 'b'][index]);
            }
            index += 1;
        });
        Ok(names)
    }

    fn any(values: &[&str]) -> Condition {
        Condition::Any(values.iter().map(|&it| it.to_owned()).collect())
    }

    #[test]
    fn rows_fit_by_time_text_number_and_list() {
        let time = |text| Timestamp::parse(text);
        for (name, condition, expected) in [
            ("published", Condition::Time(time(b"2018-01-01 00:00:00"), None), "b"),
            ("published", Condition::Time(None, time(b"2018-12-04 04:42:01")), "a"),
            ("document_published", Condition::Time(time(b"2020-01-01 00:00:00"), None), "ab"),
            ("nickname", any(&["b", "c"]), "b"),
            ("fingerprint", any(&["$000a10d43011ea4928a35f610405f92b4433b4dc"]), "a"),
            ("fingerprint", any(&["13B4 5EA7 71D3 F7E7 76BD BD90 E4EC AD04 41DB 77E2"]), "b"),
            ("address", any(&["1.2.3.5"]), "b"),
            ("flags", any(&["Exit", "Guard"]), "ab"),
            ("flags", Condition::All(vec!["Fast".to_owned(), "Guard".to_owned()]), "b"),
            ("bandwidth", Condition::Number(Some(8.0), None), "a"),
            ("bandwidth", Condition::Number(None, Some(7.0)), "b"),
            ("or_port", any(&["9001"]), "ab"),
        ] {
            assert_eq!(fitting(name, condition.clone()).as_deref(), Ok(expected), "{name} {condition:?}");
        }
    }

    #[test]
    fn keys_of_any_length_fit_by_their_base64() {
        let (kind, key) = (Type::ServerDescriptor, "ab+/".repeat(21) + "aw");
        let text = format!("router a 1.2.3.4 1 0 0\nrouter-sig-ed25519 {key}\n");
        let selection = Selection::documents(kind);
        let parsed = kind.parse(Frame::whole(kind, text.as_bytes()));
        let document = Document { kind, source: "", parsed: &parsed, digests: Digests::default() };
        for (wanted, expected) in [(key.clone() + "==", true), (key, true), ("ab+/".repeat(21), false)] {
            let filter = Filter::new(&selection, &[("router_sig_ed25519", any(&[&wanted]))]).expect("sound");
            let mut found = Vec::new();
            selection.rows(&document, &mut |row| found.push(filter.fits(row)));
            assert_eq!(found, [expected]);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let error = fitting("flag", any(&["x"])).expect_err("no such column");
        assert_eq!(error.to_string(), "bridge-network-status: no column flag, but flags");
        let error = fitting("nickname", Condition::Time(None, None)).expect_err("it is no time");
        assert_eq!(error.to_string(), "column nickname: a time cannot be asked of it");
        assert!(fitting("published", any(&["2020"])).is_err());
        assert!(fitting("nickname", Condition::All(vec!["a".to_owned()])).is_err());
    }
}
