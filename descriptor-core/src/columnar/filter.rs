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
    /// One of these, as text; a list, or the names of a map, have at least one of them. Of addresses also a network, as
    /// `10.0.0.0/8`.
    Any(Vec<String>),
    /// All of these, as text; for lists and the names of maps.
    All(Vec<String>),
}

/// Why a filter cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// There is no such column.
    #[error(transparent)]
    Column(#[from] UnknownColumn),
    /// The column holds something else.
    #[error("column {name} holds {holds}: it can be asked for {takes}, not for {given}")]
    Kind {
        /// The column.
        name: String,
        /// What it holds, in words.
        holds: &'static str,
        /// What can be asked of it, in words.
        takes: &'static str,
        /// What was asked.
        given: String,
    },
    /// The column is of tables alone, such as `source`.
    #[error("column {0} is not of the document itself: no row can be chosen by it")]
    Leading(String),
}

impl FilterError {
    /// Something was asked of a column that it does not take.
    pub fn kind(name: &str, kind: Kind, given: impl Into<String>) -> Self {
        let (holds, takes) = in_words(kind);
        FilterError::Kind { name: name.to_owned(), holds, takes, given: given.into() }
    }
}

/// What can be asked of a column whose values no condition is about.
const NOTHING: &str = "nothing";

/// What a column holds, and what can be asked of it.
fn in_words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Bool => ("true or false", "true or false"),
        Kind::Int(_) | Kind::Float(_) => ("numbers", "a number, one of several, or a range"),
        Kind::Time => ("times", "a range of times"),
        Kind::Text => ("texts", "a text or one of several"),
        Kind::Hex => ("digests in hex", "hex digits or one of several"),
        Kind::Base64 => ("digests or keys in base64", "base64 or one of several"),
        Kind::Address => ("addresses", "an address, a network, or one of several"),
        Kind::List(element) => match element {
            Kind::Bool | Kind::Time | Kind::Table(_) | Kind::List(_) | Kind::Map(_) => ("lists", NOTHING),
            Kind::Int(_) | Kind::Float(_) => {
                ("lists of numbers", "a number, one of several, or all of several")
            }
            Kind::Address => {
                ("lists of addresses", "an address, a network, one of several, or all of several")
            }
            _ => ("lists", "a text, one of several, or all of several"),
        },
        Kind::Map(_) => ("names with values", "a name, one of several, or all of several"),
        Kind::Policy(_) => ("policies", "a rule, one of several, or all of several"),
        Kind::Record(_) => ("several values together", "one of the values, or one of several"),
        Kind::Table(_) => ("parts with columns of their own", NOTHING),
    }
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
    /// Whether the names of a map are meant.
    names: bool,
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
    network: Option<Network>,
    int: Option<i64>,
    float: Option<f64>,
}

impl Value {
    fn new(text: &str) -> Self {
        let digits: String = text.trim_start_matches('$').chars().filter(|it| *it != ' ').collect();
        Value {
            text: text.as_bytes().to_vec(),
            hex: const_hex::decode(digits).ok(),
            base64: BASE64.decode(text).ok(),
            network: Network::parse(text),
            int: text.parse().ok(),
            float: text.parse().ok(),
        }
    }

    /// Whether values of a kind can be like it.
    fn suits(&self, kind: Kind) -> bool {
        match kind {
            Kind::Int(_) => self.int.is_some(),
            Kind::Float(_) => self.float.is_some(),
            Kind::Hex => self.hex.is_some(),
            Kind::Base64 => self.base64.is_some(),
            Kind::Address => self.network.is_some(),
            Kind::List(element) => self.suits(*element),
            _ => true,
        }
    }
}

/// Addresses whose first bits are the same.
#[derive(Debug, Clone, Copy)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// An address, or one with the number of bits that count: `10.0.0.0/8`.
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(it, bits)| (it, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Network { address, bits })
    }

    fn contains(self, other: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| (a ^ b).checked_shr(width - self.bits).unwrap_or(0) == 0;
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
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
            if selection.leading().iter().any(|(_, leading)| *leading == name) {
                return Err(FilterError::Leading(name.to_owned()));
            }
            let column = selection.find(name)?;
            let is_country = matches!(column.from, From::Country(..) | From::EntryCountry(..));
            let value =
                |text: &String| Value::new(&if is_country { text.to_lowercase() } else { text.clone() });
            let refuse = |given: &str| Err(FilterError::kind(name, column.kind, given));
            let values = |texts: &[String]| -> Result<Vec<Value>, FilterError> {
                let values: Vec<Value> = texts.iter().map(value).collect();
                match values.iter().zip(texts).find(|(value, _)| !value.suits(column.kind)) {
                    Some((_, text)) => Err(FilterError::kind(name, column.kind, text.as_str())),
                    None => Ok(values),
                }
            };
            let wanted = match (condition, column.kind) {
                (Condition::Time(from, until), Kind::Time) => {
                    Wanted::Time(from.map_or(i64::MIN, |it| it.0), until.map_or(i64::MAX, |it| it.0))
                }
                (Condition::Number(from, until), Kind::Int(_) | Kind::Float(_)) => {
                    Wanted::Number(from.unwrap_or(f64::NEG_INFINITY), until.unwrap_or(f64::INFINITY))
                }
                (Condition::Is(truth), Kind::Bool) => Wanted::Is(*truth),
                (Condition::Any(_) | Condition::All(_), kind) if in_words(kind).1 == NOTHING => {
                    return refuse("anything");
                }
                (Condition::Any(_) | Condition::All(_), Kind::Time | Kind::Bool) => return refuse("a text"),
                (Condition::Any(texts), _) => Wanted::Values(values(texts)?, 1),
                (Condition::All(texts), Kind::List(_) | Kind::Map(_) | Kind::Policy(_)) => {
                    Wanted::Values(values(texts)?, texts.len())
                }
                (Condition::All(_), _) => return refuse("all of several"),
                (Condition::Time(..), _) => return refuse("a range of times"),
                (Condition::Number(..), _) => return refuse("a range"),
                (Condition::Is(_), _) => return refuse("true or false"),
            };
            tests.push(Test { from: column.from, wanted, names: matches!(column.kind, Kind::Map(_)) });
        }
        Ok(Filter { tests })
    }

    /// Whether a row is wanted.
    #[inline]
    pub fn fits(&self, row: &Row<'_>) -> bool {
        self.tests.iter().all(|test| {
            let mut judge = Judge { test, met: false, found: 0, depth: 0 };
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
struct Judge<'t> {
    test: &'t Test,
    met: bool,
    /// One bit a value that was found; of more than 64 values the last ones share one.
    found: u64,
    /// In how many maps it is.
    depth: usize,
}

impl Judge<'_> {
    #[inline]
    fn value(&mut self, fits: impl Fn(&Value) -> bool) {
        if !self.test.names {
            self.look(fits);
        }
    }

    fn look(&mut self, fits: impl Fn(&Value) -> bool) {
        let Wanted::Values(values, needed) = &self.test.wanted else { return };
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
        self.met |= matches!(self.test.wanted, Wanted::Is(wanted) if wanted == value);
    }
    fn int(&mut self, value: i64) {
        match self.test.wanted {
            Wanted::Number(..) => self.float(value as f64),
            _ => self.value(|it| it.int == Some(value)),
        }
    }
    fn float(&mut self, value: f64) {
        match self.test.wanted {
            Wanted::Number(from, until) => self.met |= (from..=until).contains(&value),
            _ => self.value(|it| it.float == Some(value)),
        }
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
        self.met |= matches!(self.test.wanted, Wanted::Time(from, until) if (from..until).contains(&value.0));
    }
    fn address(&mut self, value: IpAddr) {
        self.value(|it| it.network.is_some_and(|network| network.contains(value)));
    }
    fn list(&mut self) {}
    fn end_list(&mut self) {}
    fn map(&mut self) {
        self.depth += 1;
    }
    fn key(&mut self, key: &[u8]) {
        if self.test.names && self.depth == 1 {
            self.look(|it| it.text == key);
        }
    }
    fn end_map(&mut self) {
        self.depth -= 1;
    }
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
            ("address", any(&["1.2.3.4/31"]), "ab"),
            ("address", any(&["1.2.3.5/32", "9.0.0.0/8"]), "b"),
            ("address", any(&["0.0.0.0/0"]), "ab"),
            ("address", any(&["::/0"]), ""),
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
        assert_eq!(error.to_string(), "bridge-network-status: no column flag; did you mean flags?");
        let error = fitting("nickname", Condition::Time(None, None)).expect_err("it is no time");
        let expected = "column nickname holds texts: it can be asked for a text or one of several, not for a range of times";
        assert_eq!(error.to_string(), expected);
        assert!(fitting("published", any(&["2020"])).is_err());
        assert!(fitting("nickname", Condition::All(vec!["a".to_owned()])).is_err());
        for (name, value) in [
            ("or_port", ">=1000"),
            ("fingerprint", "nobody"),
            ("address", "1.2.3.4/33"),
            ("address", "somewhere"),
        ] {
            let error = fitting(name, any(&[value])).expect_err("nothing is like it").to_string();
            assert!(error.ends_with(&format!(", not for {value}")), "{error}");
        }
        for name in ["source", "type", "offset"] {
            let error = fitting(name, any(&["a"])).expect_err("it is of tables alone");
            assert!(matches!(error, FilterError::Leading(_)), "{error}");
        }
    }

    #[test]
    fn maps_fit_by_their_names() {
        let (kind, text) = (Type::ExtraInfo, b"extra-info a 00\ndirreq-v3-ips cn=8,us=16\n");
        let selection = Selection::documents(kind);
        let parsed = kind.parse(Frame::whole(kind, text));
        let document = Document { kind, source: "", parsed: &parsed, digests: Digests::default() };
        let all = |names: &[&str]| Condition::All(names.iter().map(|&it| it.to_owned()).collect());
        for (condition, expected) in [
            (any(&["cn", "de"]), true),
            (any(&["8"]), false),
            (all(&["cn", "us"]), true),
            (all(&["cn", "de"]), false),
        ] {
            let filter = Filter::new(&selection, &[("dirreq_v3_ips", condition.clone())]).expect("sound");
            let mut found = Vec::new();
            selection.rows(&document, &mut |row| found.push(filter.fits(row)));
            assert_eq!(found, [expected], "{condition:?}");
        }
    }
}
