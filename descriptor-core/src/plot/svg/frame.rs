//! Where panels stand and how days and values become places.

use super::{LABEL, MARK, step};
use crate::{
    plot::{Figure, Panel, Shape, text::width, unit::Scale},
    stats::Day,
};

/// How many panels stand below each other before there is a second column.
const ROWS: usize = 4;
/// Left and right of the first and the last day, within a panel. Unit: pixels.
const INSET: f64 = 12.0;

/// All panels' places.
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) first: Day,
    pub(super) last: Day,
    /// How far apart days are that follow each other.
    pub(super) step: i32,
    pub(super) places: Vec<Place>,
}

/// The place of one panel.
pub(super) struct Place {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) scale: Scale,
    /// Whether dates stand below it.
    pub(super) dated: bool,
    first: Day,
    last: Day,
}

impl Frame {
    pub(super) fn new(figure: &Figure, wide: f64, high: f64, top: f64) -> Self {
        let count = figure.panels.len().max(1);
        let columns = count.div_ceil(ROWS);
        let rows = count.div_ceil(columns);
        let labelled = figure.panels.iter().any(|panel| !panel.label.is_empty());
        let strip = if labelled { LABEL + 14.0 } else { 6.0 };
        let foot = 44.0;
        let height = ((high - foot - top) / rows as f64 - strip).max(10.0);
        let extents: Vec<(f64, f64)> = figure.panels.iter().map(extent).collect();
        let all = extents.iter().fold((0.0, 0.0), |a: (f64, f64), b| (a.0.min(b.0), a.1.max(b.1)));
        let scales: Vec<Scale> = figure
            .panels
            .iter()
            .zip(&extents)
            .map(|(panel, own)| {
                let (least, most) = if figure.free { *own } else { all };
                Scale::new(panel.unit, least, most, (height / 45.0).clamp(2.5, 5.5))
            })
            .collect();
        let texts = scales.iter().flat_map(|scale| &scale.marks);
        let margin = 18.0 + texts.map(|(_, text)| width(text, MARK)).fold(0.0, f64::max);
        let column = (wide - 14.0) / columns as f64;
        let (first, last) = figure.span().unwrap_or_default();
        let places = scales.into_iter().enumerate().map(|(at, scale)| Place {
            left: margin + column * (at % columns) as f64,
            top: top + strip + (height + strip) * (at / columns) as f64,
            width: (column - margin).max(10.0),
            height,
            scale,
            dated: at + columns >= count,
            first,
            last,
        });
        Frame { width: wide, first, last, step: step(figure), places: places.collect() }
    }
}

impl Place {
    /// Where a day stands.
    pub(super) fn x(&self, day: Day) -> f64 {
        let (span, past) = (f64::from(self.last.0 - self.first.0), f64::from(day.0 - self.first.0));
        let share = if span > 0.0 { past / span } else { 0.5 };
        self.left + INSET + share * (self.width - 2.0 * INSET)
    }

    /// Where a value stands.
    pub(super) fn y(&self, value: f64) -> f64 {
        let (least, most) = (self.scale.least, self.scale.most);
        self.top + self.height * (1.0 - (value.clamp(least, most) - least) / (most - least))
    }
}

/// The least and the greatest value of a panel.
fn extent(panel: &Panel) -> (f64, f64) {
    let (mut least, mut most) = (0.0, 0.0);
    let mut see = |value: f64| {
        least = f64::min(least, value);
        most = f64::max(most, value);
    };
    for series in &panel.series {
        if series.shape != Shape::Hidden {
            series.values.iter().for_each(|(_, value)| see(*value));
        }
        for (_, low, high) in series.range.iter().chain(&series.outer) {
            see(*low);
            see(*high);
        }
    }
    super::marks::stacked(panel).iter().flat_map(|layer| &layer.1).for_each(|(_, _, high)| see(*high));
    (least, most)
}
