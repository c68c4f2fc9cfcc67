//! A grid of cells with numbers in them, tinted by how much they are. What the cells mean is not known here.

use super::layout::{LEADING, ROOM, SMALL};
use super::palette::{Paint, Role};
use super::scene::{Anchor, Area, Scene, Shape, Text};
use super::text::{Weight, width, wrap};

const NAMES: f64 = 120.0;
const CELL: f64 = 19.0;
/// The least that a cell is wide, with numbers of some digits.
pub(super) const LEAST: f64 = 33.0;
const MOST: f64 = 62.0;
const LINE: f64 = SMALL * 1.22;
/// The steps of the tint, from 0.
pub(super) const STEPS: u8 = 10;

/// What is in a cell.
pub(super) enum Filling {
    /// Nothing: there is no such cell.
    Empty,
    /// A value that is not known: hatched.
    Missing,
    /// A number with its tint, from 0 to [`STEPS`].
    Number(String, u8),
}

/// A cell, with what it tells.
pub(super) struct Cell {
    pub(super) filling: Filling,
    pub(super) title: String,
    /// Whether it has a heavy edge.
    pub(super) edged: bool,
}

/// A grid.
pub(super) struct Grid {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<(String, Vec<Cell>)>,
    /// What the columns are together, and the rows; either may be empty.
    pub(super) heads: (String, String),
    /// The least that a cell is wide.
    pub(super) least: f64,
    /// What is written at both ends of the key of the tints.
    pub(super) ends: (String, String),
}

/// Lays a grid out. Where the columns are more than fit, those that remain follow under the others; where their names are
/// longer than the cells are wide, they have letters and a key.
pub(super) fn grid(grid: &Grid) -> Scene {
    let names: Vec<_> = grid.rows.iter().map(|(name, _)| wrap(name, SMALL, Weight::Normal, NAMES)).collect();
    let widest = names.iter().flatten().map(|line| width(line, SMALL, Weight::Normal));
    let left = widest.fold(width(&grid.heads.1, SMALL, Weight::Bold).min(NAMES), f64::max) + 8.0;
    let fit = (((ROOM - left) / grid.least).floor() as usize).max(1);
    let n = grid.columns.len().max(1);
    let blocks = n.div_ceil(fit);
    let across = n.div_ceil(blocks);
    let wide = ((ROOM - left) / across as f64).clamp(grid.least, MOST);
    let spelled = grid.columns.iter().all(|name| fits(name, wide - 4.0));
    let heads: Vec<Vec<String>> = (0..grid.columns.len())
        .map(|place| {
            if spelled {
                wrap(&grid.columns[place], SMALL, Weight::Normal, wide - 4.0)
            } else {
                vec![letters(place)]
            }
        })
        .collect();

    let mut scene = Scene { width: left + wide * across as f64, ..Scene::default() };
    let mut y = 0.0;
    for block in 0..blocks {
        let shown = block * across..((block + 1) * across).min(grid.columns.len());
        for (words, x, anchor) in [(&grid.heads.0, left, Anchor::Start)] {
            for line in wrap(words, SMALL, Weight::Bold, scene.width - left) {
                y += LINE;
                let text = Text { weight: Weight::Bold, ..Text::new(x, y, SMALL, line) };
                scene.text(text.anchored(anchor));
            }
        }
        let most = shown.clone().map(|place| heads[place].len()).max().unwrap_or(0);
        let under = y + LINE * most as f64 + 6.0;
        for (nth, place) in shown.clone().enumerate() {
            let middle = left + wide * (nth as f64 + 0.5);
            for (n, line) in heads[place].iter().rev().enumerate() {
                let text = Text::new(middle, under - 5.0 - n as f64 * LINE, SMALL, line.as_str());
                scene.text(text.anchored(Anchor::Middle));
            }
        }
        let head = wrap(&grid.heads.1, SMALL, Weight::Bold, NAMES);
        if let [head] = head.as_slice() {
            let text =
                Text { weight: Weight::Bold, ..Text::new(left - 8.0, under - 5.0, SMALL, head.as_str()) };
            scene.text(text.anchored(Anchor::End));
        }
        y = under;
        for ((_, cells), lines) in grid.rows.iter().zip(&names) {
            let high = CELL.max(lines.len() as f64 * LINE + 4.0);
            let middle = y + high / 2.0;
            for (n, line) in lines.iter().enumerate() {
                let baseline = middle + (n as f64 - (lines.len() as f64 - 1.0) / 2.0) * LINE + SMALL * 0.36;
                scene.text(Text::new(left - 8.0, baseline, SMALL, line.as_str()).anchored(Anchor::End));
            }
            for (nth, cell) in cells[shown.clone()].iter().enumerate() {
                let area = Area {
                    x: left + wide * nth as f64 + 0.5,
                    y: y + 0.5,
                    width: wide - 1.0,
                    height: high - 1.0,
                };
                draw(&mut scene, cell, area);
            }
            y += high;
        }
        y += 12.0;
    }
    if !spelled {
        for (place, name) in grid.columns.iter().enumerate() {
            let lines = wrap(name, SMALL, Weight::Normal, scene.width - 26.0);
            scene.text(Text::new(0.0, y + SMALL, SMALL, letters(place)).painted(Paint::Muted));
            for line in lines {
                scene.text(Text::new(26.0, y + SMALL, SMALL, line).painted(Paint::Muted));
                y += SMALL * LEADING;
            }
        }
        y += 6.0;
    }
    scene.height = key(&mut scene, grid, y);
    scene
}

/// The tints from the least to the most, and the hatching where it occurs; returns where they end.
fn key(scene: &mut Scene, grid: &Grid, mut y: f64) -> f64 {
    let first = Text::new(0.0, y + SMALL, SMALL, grid.ends.0.as_str()).painted(Paint::Muted);
    let mut x = first.width() + 6.0;
    scene.text(first);
    let steps = (0..=STEPS).map(|step| {
        let area = Area { x: x + f64::from(step) * 9.0, y: y + 1.0, width: 9.0, height: 12.0 };
        Shape::Cell { area, heat: step, edged: false }
    });
    let steps: Vec<_> = steps.collect();
    scene.frame(steps);
    x += 9.0 * (f64::from(STEPS) + 1.0) + 6.0;
    let last = Text::new(x, y + SMALL, SMALL, grid.ends.1.as_str()).painted(Paint::Muted);
    x += last.width() + 16.0;
    scene.text(last);
    let is_missing = |cell: &Cell| matches!(cell.filling, Filling::Missing);
    if grid.rows.iter().any(|(_, cells)| cells.iter().any(is_missing)) {
        let wide = 21.0 + width("not known", SMALL, Weight::Normal);
        if x + wide > ROOM {
            scene.width = scene.width.max(x - 16.0);
            (x, y) = (0.0, y + 18.0);
        }
        let area = Area { x, y: y + 1.0, width: 16.0, height: 12.0 };
        scene.frame([Shape::Bar { area, role: Role::Open }]);
        let text = Text::new(x + 21.0, y + SMALL, SMALL, "not known").painted(Paint::Muted);
        x += 21.0 + text.width();
        scene.text(text);
    }
    scene.width = scene.width.max(x);
    y + 18.0
}

fn draw(scene: &mut Scene, cell: &Cell, area: Area) {
    match &cell.filling {
        Filling::Empty => {}
        Filling::Missing => scene.mark(cell.title.clone(), vec![Shape::Bar { area, role: Role::Open }]),
        Filling::Number(number, heat) => {
            let (x, y) = (area.x + area.width / 2.0, area.y + area.height / 2.0 + SMALL * 0.36);
            let text = Text::new(x, y, SMALL, number.as_str());
            let text = text.anchored(Anchor::Middle).painted(Paint::OnHeat(*heat));
            let cell_shape = Shape::Cell { area, heat: *heat, edged: cell.edged };
            scene.mark(cell.title.clone(), vec![cell_shape, Shape::Text(text)]);
        }
    }
}

/// Whether a name can stand over a column: in three lines that break between words only.
fn fits(name: &str, room: f64) -> bool {
    let is_narrow = |word: &str| width(word, SMALL, Weight::Normal) <= room;
    name.split([' ', '-', '/']).all(is_narrow) && wrap(name, SMALL, Weight::Normal, room).len() <= 3
}

/// A, B, … Z, AA, AB, …
fn letters(place: usize) -> String {
    let letter = |place: usize| char::from(b'A' + (place % 26) as u8);
    match place.checked_sub(26) {
        None => letter(place).to_string(),
        Some(rest) => format!("{}{}", letters(rest / 26), letter(place)),
    }
}

/// The tint of a share from 0 to 1.
pub(super) fn tint(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * f64::from(STEPS)).round() as u8
}
