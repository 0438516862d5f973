//! Numbers, sizes, rates and bars for people.

use std::time::Duration;

/// A number with a thin mark between thousands, as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun, which gets an s unless there is one thing, as `1 document`.
pub(crate) fn things(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// Bytes in binary units, as `12.3 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    scaled(number as f64, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
}

/// Bytes a second as bits a second in decimal units, as networks are measured: `12.3 Gbit/s`.
pub(crate) fn bits(bytes_per_second: f64) -> String {
    scaled(bytes_per_second * 8.0, 1000.0, &["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"])
}

fn scaled(mut number: f64, step: f64, units: &[&str]) -> String {
    let mut unit = 0;
    // What would be shown as a whole step belongs to the next unit already.
    while number >= step - 0.05 && unit + 1 < units.len() {
        number /= step;
        unit += 1;
    }
    let digits = if unit == 0 || number >= 99.95 { 0 } else { 1 };
    format!("{number:.digits$} {}", units[unit])
}

/// A share of a whole, as `12.3 %`.
pub(crate) fn percent(part: f64, whole: f64) -> String {
    if whole <= 0.0 { "-".to_owned() } else { format!("{:.1} %", 100.0 * part / whole) }
}

/// A time span in its two largest units, as `3 days 4 h`.
pub(crate) fn span(seconds: i64) -> String {
    let units = [(365 * 86400, "year"), (86400, "day"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (length, name) in units {
        let number = rest / length;
        if number > 0 && parts.len() < 2 {
            rest %= length;
            let plural = if number > 1 && (name.len() > 3 || name == "day") { "s" } else { "" };
            parts.push(format!("{number} {name}{plural}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// How long something took, as `1.2 s`.
pub(crate) fn took(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => span(i64::try_from(seconds).unwrap_or(i64::MAX)),
    }
}

/// A bar of at most `width` cells, exact to an eighth of a cell; anything above nothing shows.
pub(crate) fn bar(part: f64, whole: f64, width: usize) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    if whole <= 0.0 || part <= 0.0 {
        return String::new();
    }
    let eighths = ((part / whole).min(1.0) * (width * 8) as f64).round().max(1.0) as usize;
    let mut text = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        text.push(EIGHTHS[eighths % 8]);
    }
    text
}

/// A line of values, each an eighth-step block between the least and the greatest; neighbours are averaged to fit.
pub(crate) fn sparkline(values: &[f64], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let cells = values.len().min(width).max(1);
    let means: Vec<f64> = (0..cells)
        .filter_map(|cell| {
            let part = values.get(cell * values.len() / cells..(cell + 1) * values.len() / cells)?;
            (!part.is_empty()).then(|| part.iter().sum::<f64>() / part.len() as f64)
        })
        .collect();
    let least = means.iter().copied().fold(f64::INFINITY, f64::min);
    let most = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height = if most > least { most - least } else { 1.0 };
    means.iter().map(|mean| BLOCKS[((mean - least) / height * 7.0).round() as usize & 7]).collect()
}

/// Text of a document for a terminal: what is no UTF-8 is replaced, what steers the terminal is escaped.
pub(crate) fn printable(text: &[u8]) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in String::from_utf8_lossy(text).chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_right() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(things(1, "document"), "1 document");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 KiB");
        assert_eq!(bytes(1_048_575), "1.0 MiB");
        assert_eq!(bits(125e6), "1.0 Gbit/s");
        assert_eq!(percent(1.0, 8.0), "12.5 %");
        assert_eq!(span(90061), "1 day 1 h");
        assert_eq!(span(7200), "2 h");
        assert_eq!(span(0), "0 s");
    }

    #[test]
    fn bars_fill_their_width_and_never_vanish() {
        assert_eq!(bar(1.0, 1.0, 3), "███");
        assert_eq!(bar(1.0, 2.0, 3), "█▌");
        assert_eq!(bar(1.0, 1e9, 3), "▏");
        assert_eq!(sparkline(&[0.0, 1.0], 9), "▁█");
        assert_eq!(sparkline(&[5.0; 100], 4), "▁▁▁▁");
    }

    #[test]
    fn a_document_cannot_steer_the_terminal() {
        assert_eq!(printable(b"a\x1b[31m\xff"), "a\\u{1b}[31m\u{fffd}");
    }
}
