//! How wide text is, and where it may be broken.
//!
//! Widths are those of the embedded font, which pictures are drawn with. It is the widest of the usual fonts, so where an SVG
//! is shown with another, text takes no more room than was made for it.

use std::sync::LazyLock;

use skrifa::MetadataProvider;
use skrifa::instance::{LocationRef, Size};

use super::font;

/// Text of normal or heavy weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Normal,
    Bold,
}

/// What a character takes that the font does not have, in sizes: those that fill a square, in whichever font they are found.
const FOREIGN: f64 = 1.2;

/// Characters with their widths in sizes, in their order.
struct Widths(Vec<(u32, f64)>);

static NORMAL: LazyLock<Widths> = LazyLock::new(|| Widths::of(font::NORMAL));
static BOLD: LazyLock<Widths> = LazyLock::new(|| Widths::of(font::BOLD));

impl Widths {
    fn of(font: &[u8]) -> Self {
        let font = skrifa::FontRef::new(font).expect("the embedded font is one, as its test shows");
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        let widths = font.charmap().mappings();
        let widths = widths.map(|(c, glyph)| (c, f64::from(metrics.advance_width(glyph).unwrap_or(1.0))));
        let mut widths: Vec<_> = widths.collect();
        widths.sort_by_key(|(c, _)| *c);
        Self(widths)
    }

    fn character(&self, c: char) -> f64 {
        let place = self.0.binary_search_by_key(&(c as u32), |(c, _)| *c);
        place.map_or(FOREIGN, |place| self.0[place].1)
    }
}

/// How wide the text is at most, in the unit of `size`.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let widths = match weight {
        Weight::Normal => &NORMAL,
        Weight::Bold => &BOLD,
    };
    text.chars().map(|c| widths.character(c)).sum::<f64>() * size
}

/// Breaks the text into lines that are no wider than `room`: between words, after marks within names, or anywhere where
/// there is no such place. A character that is wider than `room` has a line of its own.
pub(super) fn wrap(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split(['\n', '\r']) {
        let mut line = String::new();
        for piece in pieces(paragraph) {
            if width(&format!("{line}{}", piece.trim_end()), size, weight) <= room {
                line.push_str(piece);
                continue;
            }
            if !line.trim_end().is_empty() {
                lines.push(line.trim_end().to_owned());
            }
            line.clear();
            for c in piece.chars() {
                line.push(c);
                if width(line.trim_end(), size, weight) > room && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(c);
                }
            }
        }
        if !line.trim_end().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
    }
    lines
}

/// The text in pieces after each of which it may be broken.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '/', '_', '-', '?', '&', '=', '+', ',', ':', '@', '·'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Weight, width, wrap};

    #[test]
    fn text_is_broken_between_words_and_within_long_names() {
        let room = width("openai-compatible/", 12.0, Weight::Normal);
        assert_eq!(
            wrap("openai-compatible/gemma-3-1b-it", 12.0, Weight::Normal, room),
            ["openai-compatible/", "gemma-3-1b-it"]
        );
        assert_eq!(wrap("one two", 12.0, Weight::Normal, 30.0), ["one", "two"]);
        assert!(wrap("", 12.0, Weight::Normal, 30.0).is_empty());
    }

    #[test]
    fn widths_are_those_of_the_font() {
        // Of "A", "i" and the dash in DejaVu Sans, in thousandths of the size.
        for (text, normal, bold) in [("A", 684, 774), ("i", 278, 343), ("—", 1000, 1000), ("漢", 1200, 1200)]
        {
            let thousandths = |weight| width(text, 1000.0, weight).round() as u32;
            assert!(
                thousandths(Weight::Normal).abs_diff(normal) <= 1,
                "{text} {}",
                thousandths(Weight::Normal)
            );
            assert!(thousandths(Weight::Bold).abs_diff(bold) <= 1, "{text} {}", thousandths(Weight::Bold));
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(text in "[ -~éЖ漢/_-]{0,60}", room in 20.0f64..300.0) {
            let lines = wrap(&text, 12.0, Weight::Bold, room);
            for line in &lines {
                prop_assert!(width(line, 12.0, Weight::Bold) <= room || line.chars().count() == 1, "{line:?}");
            }
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&lines.concat()), solid(&text));
        }
    }
}
