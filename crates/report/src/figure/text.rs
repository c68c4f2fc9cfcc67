//! How wide text is, and where it may be broken.
//!
//! There is no font here, and none is known of where the figure is looked at. The widths are those of DejaVu Sans, the
//! widest of the usual fonts, so that text takes no more room than was made for it.

/// Text of normal or heavy weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Normal,
    Bold,
}

/// Widths of the printable ASCII characters in thousandths of the size.
const NORMAL: [u16; 95] = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637, 637, 637,
    637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632, 576, 775, 752, 295,
    295, 656, 558, 863, 749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391, 337, 391, 838,
    500, 500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612, 635, 635, 412, 521,
    393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
];
const BOLD: [u16; 95] = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684, 684, 821, 837, 373,
    373, 775, 638, 996, 837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838,
    500, 500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688, 716, 716, 494, 596,
    479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
];

fn character(c: char, weight: Weight) -> u16 {
    let table = match weight {
        Weight::Normal => &NORMAL,
        Weight::Bold => &BOLD,
    };
    let bold = |width: u16| if weight == Weight::Bold { width + width / 6 } else { width };
    match c {
        ' '..='~' => table[c as usize - ' ' as usize],
        '–' | '°' | '…' | '—' => 1000,
        '·' | '’' | '‘' => bold(330),
        '“' | '”' => bold(530),
        'À'..='Ö' | 'Ø'..='Þ' | 'ß'..='ö' | 'ø'..='ÿ' => bold(790),
        // Scripts with wide letters, and those that fill a square.
        '\u{400}'..='\u{52f}' => bold(1100),
        _ if (c as u32) < 0x1100 => bold(1000),
        _ => bold(1200),
    }
}

/// How wide the text is at most, in the unit of `size`.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let thousandths: u64 = text.chars().map(|c| u64::from(character(c, weight))).sum();
    thousandths as f64 * size / 1000.0
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
