//! Lines, ribbons, areas and points of a panel.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Svg,
    frame::Place,
    short,
    styles::{Styles, dashed},
};
use crate::{
    plot::{Panel, Shape, text::escaped},
    stats::Day,
};

/// Draws all series of a panel: ribbons and areas behind, lines before them, points in front.
pub(super) fn draw(panel: &Panel, place: &Place, step: i32, styles: &Styles, out: &mut Svg) {
    for (name, layer) in stacked(panel) {
        band(&layer, place, step, &format!("class=\"area\" fill=\"{}\"", styles.get(name).0), name, out);
    }
    for series in &panel.series {
        let look = format!("class=\"ribbon\" fill=\"{}\" fill-opacity=\"0.5\"", styles.get(&series.name).0);
        band(&series.range, place, step, &look, &series.name, out);
    }
    for series in &panel.series {
        let pen = |class, wide| Pen { class, wide, style: styles.get(&series.name), name: &series.name };
        for bound in [|it: &(Day, f64, f64)| (it.0, it.1), |it: &(Day, f64, f64)| (it.0, it.2)] {
            let values: Vec<_> = series.outer.iter().map(bound).collect();
            pen("outer", 0.7).draw(&values, place, step, out);
        }
        if series.shape == Shape::Line {
            pen("line", 1.7).draw(&series.values, place, step, out);
        }
    }
    for series in &panel.series {
        let (class, radius) = match series.shape {
            Shape::Points => ("point", 1.8),
            Shape::Events => ("event", 4.5),
            Shape::Line | Shape::Area | Shape::Hidden => continue,
        };
        for (day, value) in &series.values {
            dot(class, place.x(*day), place.y(*value), radius, styles.get(&series.name).0, out);
        }
    }
}

/// An area: a name, and between which values it lies by day.
type Layer<'p> = (&'p str, Vec<(Day, f64, f64)>);

/// The areas of a panel, each on those after it: between which values it lies. A day without any value is missing; one
/// without a value of its own adds nothing.
pub(super) fn stacked(panel: &Panel) -> Vec<Layer<'_>> {
    let areas = || panel.series.iter().filter(|series| series.shape == Shape::Area);
    let days: BTreeSet<Day> = areas().flat_map(|series| &series.values).map(|(day, _)| *day).collect();
    let mut heights: BTreeMap<Day, f64> = days.into_iter().map(|day| (day, 0.0)).collect();
    let mut layers = Vec::new();
    for series in areas().rev() {
        let values: BTreeMap<Day, f64> = series.values.iter().copied().collect();
        let layer = heights.iter_mut().map(|(day, height)| {
            let low = *height;
            *height += values.get(day).copied().unwrap_or(0.0);
            (*day, low, *height)
        });
        layers.push((series.name.as_str(), layer.collect()));
    }
    layers
}

/// Runs of days without a gap.
fn runs<T>(points: &[T], step: i32, day: impl Fn(&T) -> Day) -> impl Iterator<Item = &[T]> {
    points.chunk_by(move |a, b| day(b).0 - day(a).0 <= step)
}

/// What draws a line.
struct Pen<'s> {
    class: &'static str,
    wide: f64,
    /// Colour and dash.
    style: (&'static str, &'static str),
    name: &'s str,
}

impl Pen<'_> {
    fn draw(&self, values: &[(Day, f64)], place: &Place, step: i32, out: &mut Svg) {
        let (Pen { class, wide, name, .. }, (colour, dash)) = (self, self.style);
        let mut path = String::new();
        for run in runs(values, step, |it| it.0) {
            match run {
                // A day between two that are missing.
                [(day, value)] => dot("alone", place.x(*day), place.y(*value), 1.5 * wide, colour, out),
                _ => join(&mut path, run.iter().map(|(day, value)| (place.x(*day), place.y(*value))), 'M'),
            }
        }
        let dash = dashed(dash);
        let look =
            format!("class=\"{class}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{wide}\"{dash}");
        element(&look, &path, name, out);
    }
}

fn band(range: &[(Day, f64, f64)], place: &Place, step: i32, look: &str, name: &str, out: &mut Svg) {
    let mut path = String::new();
    for run in runs(range, step, |it| it.0) {
        // A day between two that are missing is as wide as a line.
        let half = if run.len() == 1 { 0.8 } else { 0.0 };
        let above =
            run.iter().flat_map(|(day, _, high)| sides(place.x(*day), half).map(|x| (x, place.y(*high))));
        let below = run
            .iter()
            .rev()
            .flat_map(|(day, low, _)| sides(place.x(*day), -half).map(|x| (x, place.y(*low))));
        join(&mut path, above, 'M');
        join(&mut path, below, 'L');
        path.push('Z');
    }
    element(look, &path, name, out);
}

/// One place, or both sides of it.
fn sides(x: f64, half: f64) -> impl Iterator<Item = f64> {
    let count = if half == 0.0 { 1 } else { 2 };
    [x - half, x + half].into_iter().take(count)
}

/// Adds places to a path, of which the first is gone to or drawn to.
fn join(path: &mut String, places: impl Iterator<Item = (f64, f64)>, first: char) {
    for (at, (x, y)) in places.enumerate() {
        path.push(if at == 0 { first } else { 'L' });
        path.push_str(&short(x));
        path.push(',');
        path.push_str(&short(y));
    }
}

fn element(look: &str, path: &str, name: &str, out: &mut Svg) {
    match (path, name) {
        ("", _) => {}
        (_, "") => out.line(format_args!("<path {look} d=\"{path}\"/>")),
        _ => out.line(format_args!("<path {look} d=\"{path}\"><title>{}</title></path>", escaped(name))),
    }
}

fn dot(class: &str, x: f64, y: f64, radius: f64, colour: &str, out: &mut Svg) {
    let (x, y) = (short(x), short(y));
    out.line(format_args!(
        "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{colour}\"/>"
    ));
}
