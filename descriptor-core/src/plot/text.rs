//! Text in drawings: how wide it is, and how it is written.

/// The family that texts are set in, and what stands in for it.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// Widths of the letters from space to tilde in DejaVu Sans, in thousandths of the size. Fonts that stand in are narrower.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775,
    752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390,
    337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// How wide a text of a size is.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let letter = |it: char| {
        let at = (it as usize).checked_sub(32);
        at.and_then(|at| WIDTHS.get(at)).copied().unwrap_or(650)
    };
    text.chars().map(|it| f64::from(letter(it))).sum::<f64>() * size / 1000.0
}

/// A text that fits, with an ellipsis if it had to be cut.
pub(super) fn fitting(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    // The ellipsis is as wide as the letters are high.
    while width(&text, size) + size > room && text.pop().is_some() {}
    text.truncate(text.trim_end().len());
    text.push('…');
    text
}

/// Text for XML. What XML does not allow becomes a replacement character.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_measured_cut_and_escaped() {
        assert_eq!(width("00", 10.0), 12.72);
        assert_eq!(width("é", 10.0), 6.5);
        assert_eq!(fitting("Advertised", 10.0, 100.0), "Advertised");
        assert_eq!(fitting("Advertised bandwidth", 10.0, 60.0), "Advertise…");
        assert_eq!(escaped("!<OR> & \"\u{1b}\""), "!&lt;OR&gt; &amp; &quot;\u{fffd}&quot;");
    }
}
