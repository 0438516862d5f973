//! Graphs in the terminal: a line of blocks for each series.

use anstyle::{AnsiColor, Style};
use descriptor_core::{
    plot::{Bar, Figure, Panel, Ranking, Series},
    stats::Day,
};

use crate::style;

/// How many letters a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Width(pub(crate) usize);

impl Width {
    /// Of what the terminal does not tell.
    const DEFAULT: usize = 80;

    /// The terminal's; 80 if there is none.
    pub(crate) fn of_terminal() -> Self {
        let told = terminal_size::terminal_size().map(|(terminal_size::Width(it), _)| usize::from(it));
        Width(told.unwrap_or(Self::DEFAULT).max(20))
    }
}

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Tells colours of neighbours apart.
const COLOURS: [AnsiColor; 6] = [
    AnsiColor::Blue,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Cyan,
    AnsiColor::Red,
];

/// A figure as text: title and days, then a line for each series with its least, greatest and last value.
pub(crate) fn figure(figure: &Figure, Width(width): Width) -> String {
    let (first, last) = figure.span().unwrap_or_default();
    let head = style::paint(style::HEAD, &figure.title);
    let mut text = format!("{head}  {}\n", style::paint(style::DIM, format_args!("{first} to {last}")));
    for panel in &figure.panels {
        if !panel.label.is_empty() {
            text.push_str(&format!("{}\n", panel.label));
        }
        let rows: Vec<Row> = panel.series.iter().filter_map(|series| Row::new(panel, series)).collect();
        let width_of = |at: usize| rows.iter().map(|row| row.cells[at].chars().count()).max().unwrap_or(0);
        let [name, least, most, now] = [0, 1, 2, 3].map(width_of);
        let room = width.saturating_sub(name + least + most + now + LABELS).max(10);
        let dim = |word: &str| style::paint(style::DIM, word);
        for (row, colour) in rows.iter().zip(COLOURS.iter().cycle()) {
            let blocks =
                style::paint(Style::new().fg_color(Some((*colour).into())), row.blocks(first, last, room));
            let (min, max, last) = (dim("min"), dim("max"), dim("last"));
            let [a, b, c, d] = &row.cells;
            text.push_str(&format!(
                "{a:<name$}  {min} {b:>least$}  {max} {c:>most$}  {last} {d:>now$}  {blocks}\n"
            ));
        }
    }
    if let Some(ranking) = &figure.ranking {
        text.push_str(&bars(ranking, width));
    }
    if let Some(note) = &figure.note {
        text.push_str(&format!("{}\n", style::paint(style::DIM, note)));
    }
    text
}

/// A line for each name of a ranking: its place, its number, and a bar as long as its share of the longest.
fn bars(ranking: &Ranking, width: usize) -> String {
    let count = |text: &str| text.chars().count();
    let names = ranking.bars.iter().map(|bar| count(&bar.name)).max().unwrap_or(0);
    let texts = ranking.bars.iter().map(|bar| count(&bar.text)).max().unwrap_or(0);
    // Place, dot, and what stands between.
    let room = width.saturating_sub(names + texts + 8).max(10);
    let most = ranking.bars.iter().map(Bar::length).fold(f64::MIN_POSITIVE, f64::max);
    let mut lines = String::new();
    for (at, bar) in ranking.bars.iter().enumerate() {
        let long = (bar.length() / most * room as f64).round().max(1.0) as usize;
        let blocks = style::paint(Style::new().fg_color(Some(COLOURS[0].into())), "█".repeat(long));
        lines.push_str(&format!("{:>2}. {:<names$}  {:>texts$}  {blocks}\n", at + 1, bar.name, bar.text));
    }
    lines
}

/// The letters of a line that are neither name nor numbers nor blocks: `  min   max   last   `.
const LABELS: usize = 21;

/// A series with its name, and its least, greatest and last value as text.
struct Row<'f> {
    cells: [String; 4],
    series: &'f Series,
}

impl<'f> Row<'f> {
    fn new(panel: &Panel, series: &'f Series) -> Option<Self> {
        let values = || series.values.iter().map(|(_, value)| *value);
        let (least, most) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let [least, most, last] = [least, most, values().next_back()?].map(|value| panel.unit.show(value));
        Some(Row { cells: [series.name.clone(), least, most, last], series })
    }

    /// Blocks between the least and the greatest value; days of one block are averaged, days that are missing leave a
    /// gap.
    fn blocks(&self, first: Day, last: Day, room: usize) -> String {
        let days = usize::try_from(last.0 - first.0).unwrap_or(0) + 1;
        let cells = days.min(room);
        let mut sums = vec![(0.0, 0_u32); cells];
        for (day, value) in &self.series.values {
            let at = usize::try_from(day.0 - first.0).unwrap_or(0) * cells / days;
            if let Some((sum, count)) = sums.get_mut(at) {
                *sum += value;
                *count += 1;
            }
        }
        let means = sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count)));
        let means: Vec<Option<f64>> = means.collect();
        let least = means.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let most = means.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let height = if most > least { most - least } else { 1.0 };
        let block = |mean: f64| BLOCKS[((mean - least) / height * 7.0).round() as usize & 7];
        means.into_iter().map(|mean| mean.map_or(' ', block)).collect()
    }
}

#[cfg(test)]
mod tests {
    use descriptor_core::plot::Unit;

    use super::*;

    #[test]
    fn a_line_has_numbers_blocks_and_gaps() {
        let series = |name: &str, values: &[(i32, f64)]| Series {
            values: values.iter().map(|(day, value)| (Day(*day), *value)).collect(),
            ..Series::new(name)
        };
        let panel = Panel {
            label: String::new(),
            unit: Unit::Count,
            series: vec![
                series("relays", &[(0, 1000.0), (1, 2000.0), (3, 1500.0)]),
                series("expected", &[]),
                series("one", &[(2, 7.0)]),
            ],
        };
        let drawn = Figure { title: "Title".to_owned(), panels: vec![panel], ..Figure::default() };
        let text = anstream::adapter::strip_str(&figure(&drawn, Width(70))).to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "Title  1970-01-01 to 1970-01-04",
                "relays  min 1,000  max 2,000  last 1,500  ▁█ ▅",
                "one     min     7  max     7  last     7    ▁ ",
            ]
        );
        let bar = |name: &str, long: f64| Bar {
            name: name.to_owned(),
            values: vec![long],
            text: format!("{long}"),
        };
        let bars_of = vec![bar("Germany", 40.0), bar("Iran", 10.0)];
        let ranking = Ranking {
            span: (Day(0), Day(1)),
            unit: Unit::Count,
            parts: vec![("", "#000000")],
            bars: bars_of,
        };
        let drawn = Figure { title: "Top".to_owned(), ranking: Some(ranking), ..Figure::default() };
        let text = anstream::adapter::strip_str(&super::figure(&drawn, Width(27))).to_string();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            ["Top  1970-01-01 to 1970-01-02", " 1. Germany  40  ██████████", " 2. Iran     10  ███"]
        );
        let row = series("", &(0..100).map(|day| (day, f64::from(day))).collect::<Vec<_>>());
        let row = Row { cells: Default::default(), series: &row };
        assert_eq!(row.blocks(Day(0), Day(99), 8), "▁▂▃▄▅▆▇█");
    }
}
