//! The secrets of all months, as CollecTor's file `bridge-ip-secrets` holds them (collector §3.2). No file is touched here.

use std::{collections::BTreeMap, fmt};

use super::Secret;
use crate::value::Timestamp;

/// A month of the calendar, `YYYY-MM`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month([u8; 7]);

impl Month {
    /// The month of a time.
    pub fn of(time: Timestamp) -> Self {
        let text = time.format(b' ');
        let mut month = [0; 7];
        month.copy_from_slice(&text[..7]);
        Month(month)
    }

    /// Reads `YYYY-MM`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let month: [u8; 7] = text.try_into().ok()?;
        let digits = month
            .iter()
            .enumerate()
            .all(|(at, byte)| (at == 4) == (*byte == b'-') && (at == 4 || byte.is_ascii_digit()));
        (digits && (b"01".as_slice()..=b"12").contains(&&month[5..])).then_some(Month(month))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The secrets of all months.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<Month, Stored>);

/// A secret as it stands in the file: files of before 2016 hold shorter ones.
#[derive(Clone, PartialEq, Eq)]
enum Stored {
    Whole(Secret),
    Short(Vec<u8>),
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Stored::Whole(_)) { "Secret" } else { "short Secret" })
    }
}

/// A line of the file is not `YYYY-MM,HEX` with 31, 50 or 83 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: not a month and a secret of 31, 50 or 83 bytes")]
pub struct BadSecrets {
    /// Its number, counted from 1.
    pub line: usize,
}

/// What a month has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A whole secret.
    Whole,
    /// One that is too short for IPv6 addresses or ports; it must grow before it is used.
    Short,
    /// None.
    Missing,
}

impl Secrets {
    /// Reads the file. A later line for the same month counts. One bad line refuses the whole file: to go on without a
    /// month's secret, or with a new one, would break its hashes.
    pub fn parse(text: &[u8]) -> Result<Self, BadSecrets> {
        let mut secrets = BTreeMap::new();
        for (number, line) in text.split_inclusive(|&b| b == b'\n').enumerate() {
            let (month, secret) = Self::line(line).ok_or(BadSecrets { line: number + 1 })?;
            secrets.insert(month, secret);
        }
        Ok(Secrets(secrets))
    }

    fn line(line: &[u8]) -> Option<(Month, Stored)> {
        // A line without an end was cut off: its hex may be too.
        let line = line.strip_suffix(b"\n")?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (month, hex) = (Month::parse(line.get(..7)?)?, line.get(7..)?.strip_prefix(b",")?);
        let bytes = const_hex::decode(hex).ok()?;
        match <[u8; Secret::LENGTH]>::try_from(bytes) {
            Ok(bytes) => Some((month, Stored::Whole(Secret::new(bytes)))),
            Err(bytes) if matches!(bytes.len(), 31 | 50) => Some((month, Stored::Short(bytes))),
            Err(_) => None,
        }
    }

    /// What stands for a month.
    pub fn state(&self, month: Month) -> State {
        match self.0.get(&month) {
            Some(Stored::Whole(_)) => State::Whole,
            Some(Stored::Short(_)) => State::Short,
            None => State::Missing,
        }
    }

    /// The secret of a month; `None` if it has none or one that must grow first.
    pub fn get(&self, month: Month) -> Option<&Secret> {
        match self.0.get(&month) {
            Some(Stored::Whole(secret)) => Some(secret),
            _ => None,
        }
    }

    /// Gives a month a secret out of random bytes and returns the line to append to the file. A short secret becomes the
    /// head of it, so that its hashes stay. A whole secret stays, and there is no line.
    pub fn create(&mut self, month: Month, random: [u8; Secret::LENGTH]) -> Option<String> {
        let mut bytes = random;
        match self.0.get(&month) {
            Some(Stored::Whole(_)) => return None,
            Some(Stored::Short(head)) => bytes[..head.len()].copy_from_slice(head),
            None => {}
        }
        self.0.insert(month, Stored::Whole(Secret::new(bytes)));
        Some(format!("{month},{}\n", const_hex::encode(bytes)))
    }

    /// The months that have a secret, short ones too.
    pub fn months(&self) -> impl Iterator<Item = Month> {
        self.0.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_short_secrets_grow() {
        let text = format!("2010-12,{}\n2016-06,{}\n", "ab".repeat(31), "cd".repeat(83));
        let mut secrets = Secrets::parse(text.as_bytes()).expect("a good file");
        let (old, new) = (Month::parse(b"2010-12").expect("month"), Month::parse(b"2016-06").expect("month"));
        assert_eq!((secrets.state(old), secrets.state(new)), (State::Short, State::Whole));
        assert!(secrets.get(old).is_none());
        let line = secrets.create(old, [1; 83]).expect("a line");
        assert_eq!(line, format!("2010-12,{}{}\n", "ab".repeat(31), "01".repeat(52)));
        assert_eq!(secrets.create(new, [2; 83]), None);
        assert_eq!(line.len(), 175);
        let grown = Secrets::parse((text + &line).as_bytes()).expect("a good file");
        assert_eq!(grown, secrets);
        assert!(!format!("{secrets:?}").contains("171"));
    }

    #[test]
    fn a_bad_line_refuses_the_file() {
        let good = format!("2016-06,{}\n", "cd".repeat(83));
        for bad in ["\n", "2016-13,", "2016-06,cd\n", "x", &good[..100], good.trim_end()] {
            let text = good.clone() + bad;
            assert_eq!(Secrets::parse(text.as_bytes()), Err(BadSecrets { line: 2 }), "{bad}");
        }
        assert_eq!(Secrets::parse(b""), Ok(Secrets::default()));
    }

    #[test]
    fn months_are_of_the_calendar() {
        assert_eq!(Month::parse(b"2016-06").map(|month| month.to_string()), Some("2016-06".to_owned()));
        for bad in ["2016-00", "2016-13", "2016/06", "216-006", "2016-6"] {
            assert_eq!(Month::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
