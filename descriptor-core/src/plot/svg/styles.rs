//! What each name looks like.

use super::{Svg, short};
use crate::plot::{Figure, Shape};

/// The colours of Okabe and Ito that can be seen on grey.
const PALETTE: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333"];
/// Of what has no name and is alone.
const ALONE: &str = "#333333";
/// Dashes, for what has the colour of another.
const DASHES: [&str; 4] = ["", "6 3", "2 2", "8 3 2 3"];

/// The look of a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Style {
    pub(super) name: String,
    pub(super) colour: &'static str,
    dash: &'static str,
    shape: Shape,
    ribbon: bool,
    /// Whether its panel already says the name.
    told: bool,
}

/// The looks of all names of a figure, in the order in which they first occur.
pub(super) struct Styles(Vec<Style>);

impl Styles {
    pub(super) fn of(figure: &Figure) -> Self {
        let mut styles: Vec<Style> = Vec::new();
        let mut taken = 0;
        let told = |name: &str| {
            let mut panels =
                figure.panels.iter().filter(|panel| panel.series.iter().any(|it| it.name == name));
            panels.all(|panel| panel.label == name)
        };
        for series in figure.series() {
            if styles.iter().any(|style| style.name == series.name) {
                continue;
            }
            let (colour, dash) = match series.colour {
                Some(colour) => (colour, ""),
                None if series.name.is_empty() => (ALONE, ""),
                None => {
                    taken += 1;
                    let at = taken - 1;
                    (PALETTE[at % PALETTE.len()], DASHES[(at / PALETTE.len()) % DASHES.len()])
                }
            };
            let (name, ribbon) = (series.name.clone(), !series.range.is_empty());
            styles.push(Style { colour, dash, shape: series.shape, ribbon, told: told(&name), name });
        }
        for (name, colour) in figure.ranking.iter().flat_map(|ranking| &ranking.parts) {
            let (name, shape) = ((*name).to_owned(), Shape::Area);
            styles.push(Style { name, colour, dash: "", shape, ribbon: false, told: false });
        }
        Styles(styles)
    }

    /// The look of a name.
    pub(super) fn get(&self, name: &str) -> (&'static str, &'static str) {
        self.0.iter().find(|style| style.name == name).map_or((ALONE, ""), |style| (style.colour, style.dash))
    }

    /// Those that a legend tells.
    pub(super) fn named(&self) -> impl Iterator<Item = &Style> {
        self.0.iter().filter(|style| !style.name.is_empty() && !style.told)
    }
}

impl Style {
    /// A sample for the legend.
    pub(super) fn swatch(&self, left: f64, middle: f64, wide: f64, out: &mut Svg) {
        let (x, y, right, colour) = (short(left), short(middle), short(left + wide), self.colour);
        let block = |opacity: &str, out: &mut Svg| {
            let top = short(middle - 6.0);
            out.line(format_args!(
                "<rect x=\"{x}\" y=\"{top}\" width=\"{}\" height=\"12\" fill=\"{colour}\"{opacity}/>",
                short(wide)
            ));
        };
        match self.shape {
            Shape::Area => return block("", out),
            Shape::Points | Shape::Events => {
                let (x, r) = (short(left + wide / 2.0), if self.shape == Shape::Events { 4.5 } else { 2.5 });
                return out.line(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{colour}\"/>"));
            }
            Shape::Line | Shape::Hidden => {}
        }
        if self.ribbon {
            block(" fill-opacity=\"0.5\"", out);
        }
        if self.shape == Shape::Line {
            out.line(format_args!(
                "<path d=\"M{x},{y}H{right}\" stroke=\"{colour}\" stroke-width=\"2\"{}/>",
                dashed(self.dash)
            ));
        }
    }
}

/// The attribute of a dash.
pub(super) fn dashed(dash: &str) -> String {
    if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") }
}
