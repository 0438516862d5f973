//! The part of a file that a request asks for (RFC 9110 §14).

/// What a `Range` line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it, as nothing else is asked for or what is asked for is not understood.
    Whole,
    /// From the first to the second position, without the second.
    Some(u64, u64),
    /// What the file does not have.
    Beyond,
}

impl Part {
    /// Reads a `Range` line for a file of this length.
    ///
    /// A server may pass over a line that it does not want to obey, and this one does so with lists of ranges: nobody
    /// who reads archives sends them, and each is a way to ask for much with little.
    pub(crate) fn of(line: &str, length: u64) -> Self {
        Self::read(line, length).unwrap_or(Part::Whole)
    }

    fn read(line: &str, length: u64) -> Option<Self> {
        let (unit, range) = line.split_once('=')?;
        let (first, last) = range.trim().split_once('-')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (start, end) = match (first, last) {
            ("", last) => (length.saturating_sub(number(last)?), length),
            (first, "") => (number(first)?, length),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if last < first {
                    return None;
                }
                (first, last.saturating_add(1).min(length))
            }
        };
        Some(if start < end { Part::Some(start, end) } else { Part::Beyond })
    }
}

/// A number of digits alone; one that is too large is larger than any file, too.
fn number(digits: &str) -> Option<u64> {
    let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        for (line, part) in [
            ("bytes=0-0", Part::Some(0, 1)),
            ("bytes=3-", Part::Some(3, 10)),
            ("bytes=-3", Part::Some(7, 10)),
            ("bytes=-99", Part::Some(0, 10)),
            ("Bytes=2-99999999999999999999999", Part::Some(2, 10)),
            ("bytes=0-18446744073709551615", Part::Some(0, 10)),
            ("bytes=10-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=99999999999999999999999-", Part::Beyond),
        ] {
            assert_eq!(Part::of(line, 10), part, "{line}");
        }
        assert_eq!(Part::of("bytes=0-", 0), Part::Beyond);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        for line in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-3",
            "bytes=+1-2",
            "lines=0-1",
            "bytes=0-1,3-4",
            "bytes=a-b",
        ] {
            assert_eq!(Part::of(line, 10), Part::Whole, "{line}");
        }
    }
}
