//! Figures as PNG.

use std::sync::Arc;

use resvg::{tiny_skia, usvg};

use super::{Error, Figure, Size, svg::PER_INCH};

/// Pixels of a picture in an inch, as the website had it.
const DPI: f64 = 150.0;

impl Figure {
    /// The picture, of 150 pixels an inch; texts are set in DejaVu Sans, which the program brings along.
    pub fn to_png(&self, size: Size) -> Result<Vec<u8>, Error> {
        let failed = |what: &str| Error::Png(what.to_owned());
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        // Without a font, letters would vanish and nobody would be told.
        let family =
            fonts.faces().next().and_then(|face| face.families.first()).map(|(name, _)| name.clone());
        fonts.set_sans_serif_family(family.ok_or_else(|| failed("its font cannot be read"))?);
        let options = usvg::Options { fontdb: Arc::new(fonts), ..usvg::Options::default() };
        let tree =
            usvg::Tree::from_str(&self.to_svg(size), &options).map_err(|error| failed(&error.to_string()))?;
        let scale = DPI / PER_INCH;
        let [wide, high] = [size.width, size.height].map(|inches| (inches * DPI).round() as u32);
        let mut picture =
            tiny_skia::Pixmap::new(wide, high).ok_or_else(|| failed("no picture has that size"))?;
        let transform = tiny_skia::Transform::from_scale(scale as f32, scale as f32);
        resvg::render(&tree, transform, &mut picture.as_mut());
        picture.encode_png().map_err(|error| failed(&error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plot::{Panel, Series, Unit},
        stats::Day,
    };

    /// How many pixels of the picture are dark above the panels, where the title stands.
    fn letters(title: &str) -> (u32, u32, usize) {
        let values = vec![(Day(0), 1.0), (Day(9), 2.0)];
        let series = vec![Series { values, ..Series::new("") }];
        let panels = vec![Panel { label: String::new(), unit: Unit::Count, series }];
        let title = title.to_owned();
        let figure = Figure { title, panels, ..Figure::default() };
        let bytes = figure.to_png(Size { width: 4.0, height: 2.0 }).expect("a picture");
        let picture = tiny_skia::Pixmap::decode_png(&bytes).expect("a PNG");
        let above = picture.pixels().iter().take(600 * 50);
        (picture.width(), picture.height(), above.filter(|pixel| pixel.red() < 100).count())
    }

    #[test]
    fn a_picture_has_its_size_and_its_letters() {
        assert_eq!(letters(""), (600, 300, 0));
        let (_, _, dark) = letters("Number of relays");
        assert!(dark > 300, "{dark} dark pixels");
    }
}
