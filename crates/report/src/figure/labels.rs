//! Where the names of points stand: beside their points where there is room, in a column at the right where there is
//! none.

use super::layout::SMALL;
use super::scene::{Area, Text};

/// How far apart lines stand in the column.
pub(super) const COLUMN_LINE: f64 = 16.0;

/// A name that wants to be near a point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// The point.
    pub(super) at: (f64, f64),
    /// What is to be said of it.
    pub(super) content: String,
}

/// Which of them lie so close to another that beside the point nobody could tell whose name it is.
pub(super) fn crowded(wishes: &[Wish]) -> Vec<bool> {
    let near = |a: &Wish, b: &Wish| (a.at.0 - b.at.0).abs() < 14.0 && (a.at.1 - b.at.1).abs() < 14.0;
    let others = |place: usize| wishes.iter().enumerate().filter(move |(other, _)| *other != place);
    (0..wishes.len()).map(|place| others(place).any(|(_, other)| near(&wishes[place], other))).collect()
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
    [10.0, 14.0].into_iter().flat_map(move |far| {
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

/// The heights of lines in a column, near to those that they are wished at, in the same order and never closer than
/// [`COLUMN_LINE`], from `top` on; where there is room for all, none is below `bottom`.
pub(super) fn column(wished: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wished.len()).collect();
    order.sort_by(|a, b| wished[*a].total_cmp(&wished[*b]).then(a.cmp(b)));
    let mut heights = vec![0.0; wished.len()];
    let mut next = top;
    for place in &order {
        heights[*place] = wished[*place].max(next);
        next = heights[*place] + COLUMN_LINE;
    }
    let mut lowest = bottom.max(top + COLUMN_LINE * (wished.len() as f64 - 1.0));
    for place in order.iter().rev() {
        heights[*place] = heights[*place].min(lowest);
        lowest = heights[*place] - COLUMN_LINE;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::{COLUMN_LINE, Wish, beside, column};
    use crate::figure::scene::Area;

    const BOUNDS: Area = Area { x: 0.0, y: 0.0, width: 300.0, height: 100.0 };

    #[test]
    fn names_of_points_that_lie_together_stand_apart_or_nowhere() {
        let wish = |n: usize| Wish { at: (150.0, 50.0 + n as f64), content: format!("a name of point {n}") };
        let wishes: Vec<_> = (0..12).map(wish).collect();
        let placed = beside(&wishes, &[], BOUNDS);
        let areas: Vec<Area> = placed.iter().flatten().map(crate::figure::scene::Text::area).collect();
        assert!(areas.len() >= 4 && areas.len() < 12, "{}", areas.len());
        for (n, area) in areas.iter().enumerate() {
            assert!(area.is_within(&BOUNDS));
            assert!(areas[..n].iter().all(|other| !other.overlaps(area)));
        }
    }

    #[test]
    fn lines_of_a_column_keep_their_order_and_their_distance() {
        let heights = column(&[50.0, 10.0, 51.0, 10.0], 0.0, 100.0);
        assert_eq!(heights, [50.0, 10.0, 66.0, 26.0]);
        assert_eq!(column(&[90.0, 90.0, 95.0], 0.0, 100.0), [68.0, 84.0, 100.0]);
        assert_eq!(column(&[5.0, 5.0], 0.0, 10.0), [0.0, 16.0]);
        assert!((heights[2] - heights[0] - COLUMN_LINE).abs() < 1e-9);
    }
}
