//! Figures as SVG.

mod bars;
mod frame;
mod marks;
mod styles;

use std::fmt::Write as _;

use super::{
    Figure, Panel, Shape, dates,
    text::{FAMILY, escaped, fitting, width},
};
use crate::stats::Day;
use frame::{Frame, Place};
use styles::{Style, Styles};

/// Pixels of a drawing in an inch, as in CSS.
pub(super) const PER_INCH: f64 = 96.0;

/// How large a drawing is. Unit: inches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Default for Size {
    /// As the website drew.
    fn default() -> Self {
        Size { width: 8.0, height: 5.0 }
    }
}

// Sizes of letters. Unit: pixels.
const TITLE: f64 = 16.0;
const LEGEND: f64 = 11.5;
const LABEL: f64 = 11.5;
const MARK: f64 = 11.0;
const CAPTION: f64 = 9.5;

/// The ground of panels, the colour of their lines, and that of what stands beside.
const GROUND: &str = "#EBEBEB";
const GRID: &str = "#FFFFFF";
const GREY: &str = "#4D4D4D";

impl Figure {
    /// The drawing. The same figure gives the same bytes.
    pub fn to_svg(&self, size: Size) -> String {
        let (wide, high) = (size.width * PER_INCH, size.height * PER_INCH);
        let styles = Styles::of(self);
        let legend = Legend::new(&styles, wide);
        let frame = Frame::new(self, wide, high, legend.bottom());
        let mut out = Svg::default();
        out.line(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" \
             font-family=\"{FAMILY}\" stroke-linejoin=\"round\">",
            short(wide),
            short(high)
        ));
        out.line(format_args!("<title>{}</title>", escaped(&self.title)));
        let (first, last) = self.span().unwrap_or_default();
        out.line(format_args!("<desc>{first} to {last}</desc>"));
        out.line(format_args!("<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>"));
        out.text(wide / 2.0, 27.0, "middle", TITLE, "#000000", &fitting(&self.title, TITLE, wide - 24.0));
        legend.draw(&mut out);
        for (panel, place) in self.panels.iter().zip(&frame.places) {
            self.panel(panel, place, &frame, &styles, &mut out);
        }
        if let Some(ranking) = &self.ranking {
            bars::draw(ranking, wide, legend.bottom() + 6.0, high - 44.0, &mut out);
        }
        let foot = high - 9.0;
        if let Some(note) = &self.note {
            out.text(12.0, foot, "start", CAPTION, GREY, note);
        }
        out.text(wide - 12.0, foot, "end", CAPTION, GREY, &self.caption);
        out.0.push_str("</svg>\n");
        out.0
    }

    fn panel(&self, panel: &Panel, place: &Place, frame: &Frame, styles: &Styles, out: &mut Svg) {
        out.line(format_args!("<g class=\"panel\">"));
        if !panel.label.is_empty() {
            let label = fitting(&panel.label, LABEL, place.width);
            out.text(place.left, place.top - 6.0, "start", LABEL, "#1A1A1A", &label);
        }
        out.line(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{GROUND}\"/>",
            short(place.left),
            short(place.top),
            short(place.width),
            short(place.height)
        ));
        let (bottom, right) = (place.top + place.height, place.left + place.width);
        for (value, text) in &place.scale.marks {
            let y = place.y(*value);
            out.rule([place.left, y, right, y]);
            out.text(place.left - 6.0, y + 0.36 * MARK, "end", MARK, GREY, text);
        }
        let days = dates::marks(frame.first, frame.last);
        // Of labels that would touch each other every second one is left out, or more.
        let room = days.iter().map(|(_, text)| width(text, MARK) + 12.0).fold(0.0, f64::max);
        let apart =
            days.windows(2).map(|it| place.x(it[1].0) - place.x(it[0].0)).fold(f64::INFINITY, f64::min);
        let every = (room / apart).ceil().max(1.0) as usize;
        for (at, (day, text)) in days.iter().enumerate() {
            let x = place.x(*day);
            out.rule([x, place.top, x, bottom]);
            if place.dated && at.is_multiple_of(every) {
                let half = width(text, MARK) / 2.0;
                let middle = x.clamp(half + 4.0, (frame.width - half - 4.0).max(half + 4.0));
                out.text(middle, bottom + 16.0, "middle", MARK, GREY, text);
            }
        }
        marks::draw(panel, place, frame.step, styles, out);
        out.0.push_str("</g>\n");
    }
}

/// A drawing that grows.
#[derive(Default)]
struct Svg(String);

impl Svg {
    /// A line of XML.
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // A string can always be written to.
        let _ = self.0.write_fmt(line);
        self.0.push('\n');
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, size: f64, colour: &str, text: &str) {
        let (x, y, text) = (short(x), short(y), escaped(text));
        self.line(format_args!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{colour}\">{text}</text>"
        ));
    }

    /// A line of the grid.
    fn rule(&mut self, ends: [f64; 4]) {
        let [x1, y1, x2, y2] = ends.map(short);
        self.line(format_args!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{GRID}\"/>"));
    }
}

/// A number with one decimal at most.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// What colours mean, in rows above the panels.
struct Legend<'s> {
    rows: Vec<(f64, Vec<(&'s Style, f64)>)>,
}

impl<'s> Legend<'s> {
    const TOP: f64 = 38.0;
    const ROW: f64 = 18.0;
    const SWATCH: f64 = 20.0;

    fn new(styles: &'s Styles, wide: f64) -> Self {
        let mut rows: Vec<(f64, Vec<(&Style, f64)>)> = Vec::new();
        for style in styles.named() {
            let needed = Self::SWATCH + 5.0 + width(&style.name, LEGEND) + 16.0;
            match rows.last_mut() {
                Some((used, row)) if *used + needed <= wide - 32.0 => {
                    row.push((style, *used));
                    *used += needed;
                }
                _ => rows.push((needed, vec![(style, 0.0)])),
            }
        }
        Legend { rows: rows.into_iter().map(|(used, row)| ((wide - used + 16.0) / 2.0, row)).collect() }
    }

    fn bottom(&self) -> f64 {
        Self::TOP + Self::ROW * self.rows.len() as f64
    }

    fn draw(&self, out: &mut Svg) {
        out.line(format_args!("<g class=\"legend\">"));
        for (row, (left, entries)) in self.rows.iter().enumerate() {
            let middle = Self::TOP + Self::ROW * (row as f64 + 0.5);
            for (style, offset) in entries {
                let left = left + offset;
                style.swatch(left, middle, Self::SWATCH, out);
                let text = left + Self::SWATCH + 5.0;
                out.text(text, middle + 0.36 * LEGEND, "start", LEGEND, "#1A1A1A", &style.name);
            }
        }
        out.0.push_str("</g>\n");
    }
}

/// The least distance between days that follow each other in any series: data may be by week or by month.
fn step(figure: &Figure) -> i32 {
    let between = |days: &mut dyn Iterator<Item = Day>| {
        let days: Vec<Day> = days.collect();
        days.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|it| *it > 0).min()
    };
    let steps = figure.series().filter_map(|series| {
        let values = between(&mut series.values.iter().map(|(day, _)| *day));
        let range = between(&mut series.range.iter().map(|(day, ..)| *day));
        // Events are rare by their nature.
        values.filter(|_| series.shape != Shape::Events).into_iter().chain(range).min()
    });
    steps.min().unwrap_or(1)
}
