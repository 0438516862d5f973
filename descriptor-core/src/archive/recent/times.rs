//! The times of the files of `recent/`, by their names.

use std::{fs, io, path::Path};

use super::{super::facts, CERTIFICATES};
use crate::value::Timestamp;

/// Whether a file of `recent/` is from before a time; a certificate, whether it was no longer valid then.
pub(super) fn is_old(file: &Path, since: Timestamp) -> io::Result<bool> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if file.parent().is_some_and(|folder| folder.ends_with(CERTIFICATES)) {
        let bytes = fs::read(file)?;
        return Ok(facts::expiry(&bytes).is_some_and(|time| time < since));
    }
    Ok(time_in(name).is_some_and(|time| time < since))
}

/// The time in a name: `Y-M-D-h-m-s` or `YMD-hms`, or the end of the day `Y-M-D` or `YMD`.
pub(super) fn time_in(name: &str) -> Option<Timestamp> {
    const SHAPES: [&[u8]; 4] = [b"0000-00-00-00-00-00", b"00000000-000000", b"0000-00-00", b"00000000"];
    SHAPES.iter().find_map(|shape| {
        let fits = |window: &&[u8]| {
            window
                .iter()
                .zip(*shape)
                .all(|(byte, wanted)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted })
        };
        name.as_bytes().windows(shape.len()).filter(fits).find_map(|window| {
            let mut digits: Vec<u8> = window.iter().copied().filter(u8::is_ascii_digit).collect();
            if digits.len() == 8 {
                digits.extend(b"235959");
            }
            let text = String::from_utf8(digits).ok()?;
            let parts = [&text[..4], &text[4..6], &text[6..8], &text[8..10], &text[10..12], &text[12..]];
            let [year, month, day, hour, minute, second] = parts;
            Timestamp::parse(
                format!("{year}-{month}-{day} {hour}:{minute}:{second}").as_bytes().try_into().ok()?,
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_times() {
        for (name, time) in [
            ("2026-03-31-07-00-00-consensus", b"2026-03-31 07:00:00"),
            ("20260330-090750-BA44A889E64B93FAA2B114E02C2A279A8555C533", b"2026-03-30 09:07:50"),
            ("op-nl-1048576-2017-04-11.tpf", b"2017-04-11 23:59:59"),
            ("2020-04-27.op-nl2.onionperf.analysis.json.xz", b"2020-04-27 23:59:59"),
            ("www.example.org_web1_access.log_20260301.xz", b"2026-03-01 23:59:59"),
            ("2026-04-01-22-10-10-micro-2026-03", b"2026-04-01 22:10:10"),
        ] {
            assert_eq!(time_in(name), Timestamp::parse(time), "{name}");
        }
        assert_eq!(time_in("not-a-descriptor.txt"), None);
    }
}
