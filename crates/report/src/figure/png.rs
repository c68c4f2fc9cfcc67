//! A figure as PNG: its SVG, drawn with the embedded font and no other.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::{Figure, Theme, font};

/// The most pixels that a picture has along a side.
const MOST: f32 = 30_000.0;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(font::NORMAL.to_vec());
    fonts.load_font_data(font::BOLD.to_vec());
    fonts.set_sans_serif_family(font::FAMILY);
    Arc::new(fonts)
});

impl Figure {
    /// The figure as a PNG with `scale` pixels for each unit of the SVG; fewer where it would be larger than 30,000 pixels
    /// along a side. Equal figures give equal bytes.
    ///
    /// # Panics
    ///
    /// When `scale` is not a number above zero.
    pub fn to_png(&self, theme: Theme, scale: f32) -> Vec<u8> {
        assert!(scale > 0.0 && scale.is_finite(), "a picture has a scale above zero");
        let options =
            Options { font_family: font::FAMILY.to_owned(), fontdb: FONTS.clone(), ..Options::default() };
        let svg = self.to_svg(theme);
        let tree = Tree::from_str(&svg, &options).expect("a figure's SVG is one");
        let size = tree.size();
        let scale = scale.min(MOST / size.width()).min(MOST / size.height());
        let side = |long: f32| (long * scale).round().max(1.0) as u32;
        let mut picture = Pixmap::new(side(size.width()), side(size.height()))
            .expect("a picture of at most 30,000 pixels along a side can be held");
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut picture.as_mut());
        picture.encode_png().expect("pixels in memory can be written as PNG")
    }
}
