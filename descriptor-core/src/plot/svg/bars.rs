//! Bars from left to right, one below the other.

use super::{GREY, GROUND, LEGEND, MARK, Svg, short};
use crate::plot::{
    Bar, Ranking,
    text::{escaped, fitting, width},
    unit::Scale,
};

/// For how many bars there is room at least: a few are no thicker than these.
const FEWEST: usize = 10;
/// How much of it the bar takes.
const THICK: f64 = 0.62;
/// Between a bar and what stands beside it. Unit: pixels.
const GAP: f64 = 6.0;

/// Draws all bars between a top and a bottom, names on the left, marks of the value axis below.
pub(super) fn draw(ranking: &Ranking, wide: f64, top: f64, bottom: f64, out: &mut Svg) {
    let name = |(at, bar): (usize, &Bar)| fitting(&format!("{}. {}", at + 1, bar.name), LEGEND, 0.4 * wide);
    let names: Vec<String> = ranking.bars.iter().enumerate().map(name).collect();
    let left = 18.0 + names.iter().map(|name| width(name, LEGEND)).fold(0.0, f64::max);
    let room = (wide - 14.0 - left).max(10.0);
    // So that the text behind the longest bar is within the panel, too.
    let needed = |bar: &Bar| {
        let text = (width(&bar.text, LEGEND) + 2.0 * GAP) / room;
        bar.length() / (1.0 - text).max(0.2)
    };
    let most = ranking.bars.iter().map(needed).fold(0.0, f64::max);
    let scale = Scale::new(ranking.unit, 0.0, most, (room / 110.0).clamp(2.0, 6.0));
    let x = |value: f64| left + room * value / scale.most;
    let row = (bottom - top) / ranking.bars.len().max(FEWEST) as f64;
    out.line(format_args!("<g class=\"panel\">"));
    out.line(format_args!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{GROUND}\"/>",
        short(left),
        short(top),
        short(room),
        short(bottom - top)
    ));
    for (value, text) in &scale.marks {
        let x = x(*value);
        out.rule([x, top, x, bottom]);
        let half = width(text, MARK) / 2.0;
        out.text(x.min(wide - half - 4.0), bottom + 16.0, "middle", MARK, GREY, text);
    }
    for (at, (bar, name)) in ranking.bars.iter().zip(&names).enumerate() {
        let middle = top + row * (at as f64 + 0.5);
        let base = middle + 0.36 * LEGEND;
        out.text(left - GAP, base, "end", LEGEND, "#1A1A1A", name);
        let mut done = 0.0;
        for (value, (part, colour)) in bar.values.iter().zip(&ranking.parts) {
            let from = x(done);
            done += value;
            out.line(format_args!(
                "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{colour}\"><title>{}</title></rect>",
                short(from),
                short(middle - 0.5 * THICK * row),
                short(x(done) - from),
                short(THICK * row),
                escaped(format!("{} {part}", bar.name).trim_end())
            ));
        }
        out.text(x(done) + GAP, base, "start", LEGEND, "#1A1A1A", &bar.text);
    }
    out.0.push_str("</g>\n");
}
