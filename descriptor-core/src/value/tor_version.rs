//! Versions of tor, `0.4.8.12` or `0.2.3.8-alpha-dev` (version-spec), and lists of them.

use std::cmp::Ordering;

use super::number::digits;
use crate::{
    netdoc::Item,
    schema::{FromItem, Kind, Part, Problem, Sink},
};

/// How finished a version of the old scheme, until 0.1.0, calls itself; versions of the new scheme are all releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `0.0.2pre12`.
    Pre,
    /// `0.0.9rc2`.
    Candidate,
    /// Everything else.
    #[default]
    Release,
}

/// A version of tor. Revisions such as `(git-1a2b3c)` are no part of it.
///
/// Ordered as tor does: by the numbers, then by the tag as text. No tag comes before any tag, and `alpha` before
/// `alpha-dev` before `rc`, so of two versions with the same numbers the one without a tag is the older. Tor's releases
/// never have the numbers of a release candidate, so that this only matters for snapshots, `-dev`, which come after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TorVersion<'a> {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number; 0 if it is missing.
    pub micro: u32,
    /// Whether the fourth number counts prereleases, as in the old scheme.
    pub stage: Stage,
    /// Fourth number; 0 if it is missing.
    pub patch: u32,
    /// What follows the numbers and a `-`, such as `alpha-dev`. May be empty.
    pub tag: &'a [u8],
}

impl<'a> TorVersion<'a> {
    /// Reads a version, with or without `Tor ` before it; what follows a blank is left out.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let text = match text.split_first_chunk::<4>() {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(b"Tor ") => rest,
            _ => text,
        };
        let text = text.split(|b| b.is_ascii_whitespace()).next()?;
        let mut version = TorVersion::default();
        let (major, rest) = number(text)?;
        let (minor, mut rest) = number(rest.strip_prefix(b".")?)?;
        (version.major, version.minor) = (major, minor);
        if let Some(after) = rest.strip_prefix(b".") {
            (version.micro, rest) = number(after)?;
            let fourth = [(&b"."[..], Stage::Release), (b"pre", Stage::Pre), (b"rc", Stage::Candidate)]
                .into_iter()
                .find_map(|(mark, stage)| Some((rest.strip_prefix(mark)?, stage)));
            if let Some((after, stage)) = fourth {
                version.stage = stage;
                (version.patch, rest) = number(after)?;
            }
        }
        version.tag = match rest {
            [] => rest,
            [b'-' | b'.', tag @ ..] => tag,
            _ => return None,
        };
        Some(version)
    }

    /// Reads the version out of a platform line or `v` line, `Tor 0.4.8.12 on Linux`; `None` if it is not tor's.
    pub fn of_platform(platform: &'a [u8]) -> Option<Self> {
        if platform.starts_with(b"Tor ") { Self::parse(platform) } else { None }
    }

    /// Whether the first three numbers are the same.
    pub fn same_series(&self, other: &Self) -> bool {
        (self.major, self.minor, self.micro) == (other.major, other.minor, other.micro)
    }
}

fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let value = digits(&text[..length])?;
    (value <= i32::MAX as u64).then_some((value as u32, &text[length..]))
}

/// What the authorities think of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionStatus {
    /// It is in the list.
    Recommended,
    /// Every version in the list is newer.
    Old,
    /// Every version in the list is older.
    New,
    /// Versions of its series are in the list, all older; versions of a newer series are too.
    NewInSeries,
    /// None of the above.
    Unrecommended,
    /// The list is empty: the authorities did not agree, or did not care.
    Unknown,
}

/// A comma-separated list of versions. May be empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Versions<'a>(pub &'a [u8]);

impl<'a> Versions<'a> {
    /// The versions as they stand, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.0.split(|&b| b == b',').map(|version| version.trim_ascii()).filter(|version| !version.is_empty())
    }

    /// Whether a version is in the list.
    pub fn recommends(&self, version: &TorVersion<'_>) -> bool {
        self.status(version) == VersionStatus::Recommended
    }

    /// What the list says about a version, by tor's rule. What cannot be read as a version is left out.
    pub fn status(&self, mine: &TorVersion<'_>) -> VersionStatus {
        let (mut newer, mut older, mut series, mut newer_in_series) = (false, false, false, false);
        for other in self.iter().filter_map(TorVersion::parse) {
            let same = mine.same_series(&other);
            series |= same;
            match mine.cmp(&other) {
                Ordering::Equal => return VersionStatus::Recommended,
                Ordering::Less => (newer, newer_in_series) = (true, newer_in_series || same),
                Ordering::Greater => older = true,
            }
        }
        match (newer, older) {
            _ if self.iter().next().is_none() => VersionStatus::Unknown,
            (true, _) if series && !newer_in_series => VersionStatus::NewInSeries,
            (true, false) => VersionStatus::Old,
            (false, true) => VersionStatus::New,
            _ => VersionStatus::Unrecommended,
        }
    }
}

impl<'a> FromItem<'a> for Versions<'a> {
    const PARTS: &'static [Part] = &[Part::whole(Kind::List(&Kind::Text))];

    fn from_item(item: &Item<'a>) -> Result<Self, Problem> {
        Ok(Versions(item.args))
    }

    fn emit(&self, _part: usize, out: &mut (impl Sink + ?Sized)) {
        out.list();
        self.iter().for_each(|version| out.text(version));
        out.end_list();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_numbers_then_by_tag() {
        let ascending = [
            "0.0.2pre12",
            "0.0.2rc1",
            "0.0.2",
            "0.0.2.1",
            "0.0.9rc5",
            "0.0.9rc5-cvs",
            "0.1.0.1-rc",
            "0.2",
            "0.2.3.8-alpha",
            "0.2.3.8-alpha-dev",
            "0.2.3.8-rc",
            "0.2.3.10-alpha",
            "0.3.5.7",
            "0.3.5.7-dev",
            "0.10.0.1",
        ];
        for pair in ascending.windows(2) {
            let [a, b] =
                [pair[0], pair[1]].map(|text| TorVersion::parse(text.as_bytes()).expect("a version"));
            assert!(a < b, "{} < {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn platforms_and_what_is_no_version() {
        let version = TorVersion::of_platform(b"Tor 0.2.1.29 (r8e9b25e6c7a2e70c) on Windows XP");
        assert_eq!(version, TorVersion::parse(b"0.2.1.29"));
        assert!(version.is_some());
        assert_eq!(TorVersion::of_platform(b"node-Tor 0.1.0 on Linux"), None);
        for bad in ["", "1", "0.2.", "0.2.3.", "0.2.3x4", "a.b.c", "0.2.3.4294967296", "0.2.3.4foo"] {
            assert_eq!(TorVersion::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_list_judges_as_tor_does() {
        let status = |version: &str, list: &'static str| {
            Versions(list.as_bytes()).status(&TorVersion::parse(version.as_bytes()).expect("a version"))
        };
        let list = "0.2.0.3,0.2.0.5,0.3.0.1-rc";
        assert_eq!(status("0.2.0.5", list), VersionStatus::Recommended);
        assert_eq!(status("0.2.0.4", list), VersionStatus::Unrecommended);
        assert_eq!(status("0.2.0.6", list), VersionStatus::NewInSeries);
        assert_eq!(status("0.1.9.9", list), VersionStatus::Old);
        assert_eq!(status("0.3.0.1-rc-dev", list), VersionStatus::New);
        assert_eq!(status("0.3.0.1-rc", ""), VersionStatus::Unknown);
    }
}
