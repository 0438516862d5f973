//! Who the directory authorities are.

use std::{fmt, net::SocketAddr, str::FromStr};

use crate::value::Fingerprint;

/// A directory authority that votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryAuthority {
    /// Its nickname.
    pub name: String,
    /// Address and port of its directory, which speaks plain HTTP.
    pub address: SocketAddr,
    /// Its version 3 identity, which votes and certificates name it by.
    pub identity: Fingerprint,
}

/// A line of a list that is not `NAME ADDRESS:PORT V3-IDENTITY`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadAuthority {
    /// Which line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl DirectoryAuthority {
    /// Those of the public network.
    pub fn public() -> Vec<Self> {
        // The list is a part of the program, and a test reads it.
        Self::list(include_str!("authorities.txt")).unwrap_or_default()
    }

    /// Reads a list, one authority a line; `#` begins a comment.
    pub fn list(text: &str) -> Result<Vec<Self>, BadAuthority> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        lines
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
            .map(|(at, line)| line.parse().map_err(|what| BadAuthority { line: at + 1, what }))
            .collect()
    }
}

impl FromStr for DirectoryAuthority {
    type Err = &'static str;

    /// Reads `NAME ADDRESS:PORT V3-IDENTITY`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or("no name")?.to_owned();
        let address = words.next().ok_or("no address")?.parse().map_err(|_| "not ADDRESS:PORT")?;
        let identity = words.next().ok_or("no v3 identity")?;
        let identity =
            Fingerprint::from_hex(identity.as_bytes()).ok_or("not an identity of 40 hex digits")?;
        match words.next() {
            None => Ok(DirectoryAuthority { name, address, identity }),
            Some(_) => Err("more than NAME ADDRESS:PORT V3-IDENTITY"),
        }
    }
}

impl fmt::Display for DirectoryAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.address, self.identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_list_is_whole() {
        let all = DirectoryAuthority::public();
        assert_eq!(all.len(), 9);
        for authority in &all {
            assert_eq!(authority.to_string().parse().as_ref(), Ok(authority));
            assert_eq!(all.iter().filter(|it| it.identity == authority.identity).count(), 1);
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let bad = |text| DirectoryAuthority::list(text).expect_err("it is bad").to_string();
        assert_eq!(bad("# a list\n\na 1.2.3.4 00\n"), "line 3: not ADDRESS:PORT");
        assert_eq!(bad("a 1.2.3.4:80 00"), "line 1: not an identity of 40 hex digits");
        let ipv6 = "a [2001:db8::1]:80 0232AF901C31A04EE9848595AF9BB7620D4C5B2E # comment";
        assert_eq!(DirectoryAuthority::list(ipv6).map(|list| list.len()), Ok(1));
    }
}
