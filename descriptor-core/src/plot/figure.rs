//! What is drawn, before it is drawn.

use std::collections::BTreeMap;

use super::{Ranking, Unit};
use crate::stats::Day;

/// A graph as panels of series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figure {
    /// What stands above it.
    pub title: String,
    /// Its panels, one below the other; a plain graph has one.
    pub panels: Vec<Panel>,
    /// Bars in place of panels.
    pub ranking: Option<Ranking>,
    /// Whether each panel has a value axis of its own.
    pub free: bool,
    /// A remark below the graph, such as what was left out.
    pub note: Option<String>,
    /// Whose numbers these are: what stands in the corner below.
    pub caption: String,
}

/// Series over one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What stands above it; empty if there is only one.
    pub label: String,
    /// The unit of the value axis.
    pub unit: Unit,
    /// The series, those behind first.
    pub series: Vec<Series>,
}

/// One number over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend; the same name in several panels has the same colour. An empty one is in no legend.
    pub name: String,
    /// How the values are drawn.
    pub shape: Shape,
    /// Its colour, as `#56B4E9`; `None` for the next one of the palette.
    pub colour: Option<&'static str>,
    /// The values by day.
    pub values: Vec<(Day, f64)>,
    /// A ribbon between two values, such as quartiles.
    pub range: Vec<(Day, f64, f64)>,
    /// Two thin lines, such as the lowest and the highest measurement.
    pub outer: Vec<(Day, f64, f64)>,
}

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line with gaps where days are missing.
    Line,
    /// Points.
    Points,
    /// Large points that mark events.
    Events,
    /// An area that is stacked on those of the series after it.
    Area,
    /// Not at all: the ribbon says everything.
    Hidden,
}

impl Series {
    /// A line without points yet.
    pub fn new(name: impl Into<String>) -> Self {
        Series {
            name: name.into(),
            shape: Shape::Line,
            colour: None,
            values: Vec::new(),
            range: Vec::new(),
            outer: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty() && self.range.is_empty() && self.outer.is_empty()
    }

    /// The days that it has anything for, first and last.
    fn span(&self) -> Option<(Day, Day)> {
        let ranges = self.range.iter().chain(&self.outer).map(|(day, ..)| *day);
        let days = || self.values.iter().map(|(day, _)| *day).chain(ranges.clone());
        days().min().zip(days().max())
    }
}

impl Figure {
    /// The days that are shown, first and last; `None` if there is nothing to show.
    pub fn span(&self) -> Option<(Day, Day)> {
        let spans = || self.series().filter_map(Series::span);
        let first = spans().map(|(first, _)| first).min();
        let of_series = first.zip(spans().map(|(_, last)| last).max());
        of_series.or_else(|| self.ranking.as_ref().map(|ranking| ranking.span))
    }

    /// All series of all panels.
    pub fn series(&self) -> impl Iterator<Item = &Series> {
        self.panels.iter().flat_map(|panel| &panel.series)
    }

    /// Leaves out series and panels that have nothing to show.
    pub(super) fn pruned(mut self) -> Self {
        self.panels.iter_mut().for_each(|panel| panel.series.retain(|series| !series.is_empty()));
        self.panels.retain(|panel| !panel.series.is_empty());
        self
    }

    /// Gives series of some names their colours.
    #[must_use]
    pub(super) fn coloured(mut self, colours: &[(&str, &'static str)]) -> Self {
        for series in self.panels.iter_mut().flat_map(|panel| &mut panel.series) {
            series.colour = colours.iter().find(|(name, _)| *name == series.name).map(|(_, colour)| *colour);
        }
        self
    }

    /// The names of series with the sums of their values over all panels together, the largest first.
    fn sums(&self) -> Vec<(String, f64)> {
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for series in self.series() {
            *sums.entry(&series.name).or_default() += series.values.iter().map(|(_, it)| it).sum::<f64>();
        }
        let mut sums: Vec<(String, f64)> =
            sums.into_iter().map(|(name, sum)| (name.to_owned(), sum)).collect();
        sums.sort_by(|a, b| b.1.total_cmp(&a.1));
        sums
    }

    /// Puts the series in the order of their sums, the largest first.
    #[must_use]
    pub(super) fn largest_first(mut self) -> Self {
        let sums = self.sums();
        let place = |series: &Series| sums.iter().position(|(name, _)| *name == series.name);
        self.panels.iter_mut().for_each(|panel| panel.series.sort_by_key(place));
        self
    }

    /// Keeps the series with the largest sums of values, over all panels together.
    #[must_use]
    pub(super) fn top(mut self, most: usize) -> Self {
        let mut sums = self.sums();
        let all = sums.len();
        if all <= most {
            return self;
        }
        sums.truncate(most);
        let kept = |series: &Series| sums.iter().any(|(name, _)| *name == series.name);
        self.panels.iter_mut().for_each(|panel| panel.series.retain(kept));
        self.note = Some(format!("The {most} largest of {all}"));
        self
    }

    /// Draws the values in another way.
    #[must_use]
    pub(super) fn shaped(mut self, shape: Shape) -> Self {
        self.panels.iter_mut().flat_map(|panel| &mut panel.series).for_each(|it| it.shape = shape);
        self
    }

    /// Gives each panel a value axis of its own.
    #[must_use]
    pub(super) fn free(mut self) -> Self {
        self.free = true;
        self
    }

    /// Takes the label from a panel that is alone.
    #[must_use]
    pub(super) fn unlabelled(mut self) -> Self {
        if let [panel] = &mut self.panels[..] {
            panel.label.clear();
        }
        self
    }

    /// Gives it another title.
    #[must_use]
    pub(super) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, values: &[f64]) -> Series {
        let days = (0..).map(Day);
        Series { values: days.zip(values.iter().copied()).collect(), ..Series::new(name) }
    }

    #[test]
    fn the_largest_are_kept_and_the_rest_is_told() {
        let panel = |series| Panel { label: String::new(), unit: Unit::Count, series };
        let first = panel(vec![series("a", &[1.0]), series("b", &[9.0]), series("c", &[2.0])]);
        let second = panel(vec![series("a", &[9.0, 1.0]), series("d", &[])]);
        let figure = Figure { panels: vec![first, second, panel(vec![])], ..Figure::default() };
        let top = figure.clone().top(2);
        assert_eq!(top.series().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a", "b", "a"]);
        assert_eq!(top.note.as_deref(), Some("The 2 largest of 4"));
        assert_eq!(figure.clone().top(4), figure);
        let sorted = figure.clone().largest_first();
        // 11, 9 and 2.
        assert_eq!(sorted.series().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "a", "d"]);
        let pruned = figure.pruned();
        assert_eq!((pruned.panels.len(), pruned.series().count()), (2, 4));
        assert_eq!(pruned.span(), Some((Day(0), Day(1))));
    }
}
