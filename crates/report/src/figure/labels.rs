//! Where the names of points stand: beside their points, farther away with a line to them, or nowhere.

use super::layout::SMALL;
use super::scene::{Area, Text};

/// A name that wants to be near a point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// The point.
    pub(super) at: (f64, f64),
    /// What is to be said of it.
    pub(super) content: String,
}

/// Finds a place for each beside its point, over nothing that is there already and within `bounds`; none where there is
/// no room.
pub(super) fn beside(wishes: &[Wish], taken: &[Area], bounds: Area) -> Vec<Option<Text>> {
    let mut taken = taken.to_vec();
    let mut placed = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let text = Text::new(0.0, 0.0, SMALL, wish.content.as_str()).over_lines();
        let wide = text.width();
        let found = places(wish.at, wide).map(|(x, y)| Text { x, y, ..text.clone() }).find(|text| {
            let area = padded(text.area());
            area.is_within(&bounds) && !taken.iter().any(|other| other.overlaps(&area))
        });
        taken.extend(found.as_ref().map(|text| padded(text.area())));
        placed.push(found);
    }
    placed
}

fn padded(area: Area) -> Area {
    Area { x: area.x - 2.0, y: area.y - 1.0, width: area.width + 4.0, height: area.height + 2.0 }
}

/// Places near a point for a text of this width, the best first.
fn places((x, y): (f64, f64), wide: f64) -> impl Iterator<Item = (f64, f64)> {
    let middle = y + SMALL * 0.36;
    [8.0, 12.0, 18.0, 26.0, 36.0, 48.0].into_iter().flat_map(move |far| {
        [
            (x + far, middle),
            (x - far - wide, middle),
            (x + far, middle - far),
            (x + far, middle + far),
            (x - far - wide, middle - far),
            (x - far - wide, middle + far),
            (x - wide / 2.0, middle - far - 4.0),
            (x - wide / 2.0, middle + far + 4.0),
        ]
    })
}

/// The line from a point to a text that does not stand close to it; none where it does.
pub(super) fn leader(at: (f64, f64), text: &Text) -> Option<((f64, f64), (f64, f64))> {
    let area = text.area();
    let nearest =
        (at.0.clamp(area.x, area.x + area.width), at.1.clamp(area.y + 1.0, area.y + area.height - 1.0));
    let (dx, dy) = (nearest.0 - at.0, nearest.1 - at.1);
    let far = dx.hypot(dy);
    (far > 12.0).then(|| ((at.0 + dx / far * 5.0, at.1 + dy / far * 5.0), nearest))
}

#[cfg(test)]
mod tests {
    use super::{Wish, beside, leader};
    use crate::figure::scene::Area;

    const BOUNDS: Area = Area { x: 0.0, y: 0.0, width: 300.0, height: 100.0 };

    #[test]
    fn names_of_points_that_lie_together_stand_apart_or_nowhere() {
        let wish = |n: usize| Wish { at: (150.0, 50.0 + n as f64), content: format!("a name of point {n}") };
        let wishes: Vec<_> = (0..12).map(wish).collect();
        let placed = beside(&wishes, &[], BOUNDS);
        let areas: Vec<Area> = placed.iter().flatten().map(crate::figure::scene::Text::area).collect();
        assert!(areas.len() >= 4 && areas.len() <= 12, "{}", areas.len());
        for (n, area) in areas.iter().enumerate() {
            assert!(area.is_within(&BOUNDS));
            assert!(areas[..n].iter().all(|other| !other.overlaps(area)));
        }
        // Those that stand away have a line to their point.
        let texts: Vec<_> =
            wishes.iter().zip(&placed).filter_map(|(wish, text)| Some((wish, text.as_ref()?))).collect();
        assert!(texts.iter().any(|(wish, text)| leader(wish.at, text).is_some()));
        assert!(texts.iter().any(|(wish, text)| leader(wish.at, text).is_none()));
    }
}
