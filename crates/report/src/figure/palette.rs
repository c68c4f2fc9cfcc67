//! Roles of what is painted, and the two themes that give them colours.
//!
//! The hues are those of Okabe and Ito (2008), which people with any of the common colour deficiencies tell apart; in
//! each theme some are darker or lighter, so that all stand out from the ground and are apart under a deficiency too.

use super::cells::STEPS;

/// How a series is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// One of several that are equal among each other, from 0. After seven the hues begin again with another pattern.
    Nth(u8),
    /// What is wanted.
    Good,
    /// What is neither wanted nor dangerous.
    Caution,
    /// What is dangerous.
    Danger,
    /// What is not determined.
    Open,
}

/// A theme: what is dark and what is light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on white.
    Light,
    /// Light ink on near black.
    Dark,
}

/// What is painted in a scene. A theme makes a colour of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// The ground.
    Ground,
    /// Text and axes.
    Ink,
    /// Text of less weight.
    Muted,
    /// Lines of the grid.
    Grid,
    /// A series.
    Role(Role),
    /// Text on a series.
    On(Role),
    /// A tint of a cell, from 0 to [`super::cells::STEPS`].
    Heat(u8),
    /// Text on such a tint.
    OnHeat(u8),
}

/// How an area is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    Solid,
    Stripes,
    Dots,
    Crossed,
}

/// Blue, orange, green, purple, sky, vermillion, and yellow, which is olive on white.
const LIGHT: [u32; 7] = [0x00_72B2, 0xC8_8601, 0x00_9E73, 0xA4_4E88, 0x33_9DD1, 0xC3_5100, 0x57_4F00];
const DARK: [u32; 7] = [0x3D_9BD9, 0xE6_9F00, 0x1F_B88C, 0xB2_5D7D, 0x7C_C8F2, 0xE5_7A2B, 0xF0_E442];

impl Role {
    /// The hue's place in the palette; none for grey.
    const fn hue(self) -> Option<usize> {
        match self {
            Self::Nth(n) => Some(n as usize % LIGHT.len()),
            Self::Good => Some(2),
            Self::Caution => Some(1),
            Self::Danger => Some(5),
            Self::Open => None,
        }
    }

    /// The pattern that its areas are filled with.
    pub(super) const fn pattern(self) -> Pattern {
        match self {
            Self::Nth(n) => match n as usize / LIGHT.len() % 4 {
                0 => Pattern::Solid,
                1 => Pattern::Stripes,
                2 => Pattern::Dots,
                _ => Pattern::Crossed,
            },
            Self::Open => Pattern::Stripes,
            _ => Pattern::Solid,
        }
    }
}

impl Theme {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The colour of a paint, as red, green and blue.
    pub(super) fn colour(self, paint: Paint) -> u32 {
        let is_light = self == Self::Light;
        match paint {
            Paint::Ground => {
                if is_light {
                    0xFF_FFFF
                } else {
                    0x14_171C
                }
            }
            Paint::Ink => {
                if is_light {
                    0x1B_1F26
                } else {
                    0xE9_ECF1
                }
            }
            Paint::Muted => {
                if is_light {
                    0x51_5963
                } else {
                    0xAB_B3BF
                }
            }
            Paint::Grid => {
                if is_light {
                    0xDD_E1E7
                } else {
                    0x33_3A45
                }
            }
            Paint::Role(role) => match role.hue() {
                Some(hue) => {
                    if is_light {
                        LIGHT[hue]
                    } else {
                        DARK[hue]
                    }
                }
                None => {
                    if is_light {
                        0x8A_9099
                    } else {
                        0x8F_97A3
                    }
                }
            },
            Paint::On(role) => on(self.colour(Paint::Role(role))),
            Paint::Heat(step) => {
                let (from, to) = if is_light { (0xF1_F5F9, 0x0B_3C6F) } else { (0x1E_2733, 0xA9_DAFF) };
                between(from, to, f64::from(step) / f64::from(STEPS))
            }
            Paint::OnHeat(step) => on(self.colour(Paint::Heat(step))),
        }
    }
}

/// Black or white, whichever is read more easily on this colour.
fn on(under: u32) -> u32 {
    if contrast(0, under) >= contrast(0xFF_FFFF, under) { 0 } else { 0xFF_FFFF }
}

/// The colour that lies at this share of the way from one to another.
fn between(from: u32, to: u32, share: f64) -> u32 {
    let part = |shift: u32| {
        let [from, to] = [from, to].map(|colour| f64::from(colour >> shift & 0xFF));
        ((from + (to - from) * share).round() as u32) << shift
    };
    part(16) | part(8) | part(0)
}

/// The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
pub(super) fn contrast(a: u32, b: u32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The relative luminance of a colour, from 0 to 1 (WCAG 2.2, "relative luminance").
fn luminance(colour: u32) -> f64 {
    let part = |shift: u32| {
        let value = f64::from(colour >> shift & 0xFF) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
}

#[cfg(test)]
mod tests {
    use super::{Paint, Role, Theme, contrast};

    fn roles() -> impl Iterator<Item = Role> {
        (0..28).map(Role::Nth).chain([Role::Good, Role::Caution, Role::Danger, Role::Open])
    }

    #[test]
    fn text_can_be_read_in_both_themes_on_the_ground_and_on_every_series() {
        for theme in [Theme::Light, Theme::Dark] {
            let ground = theme.colour(Paint::Ground);
            for paint in [Paint::Ink, Paint::Muted] {
                assert!(contrast(theme.colour(paint), ground) >= 4.5, "{theme:?} {paint:?}");
            }
            for role in roles() {
                let on = contrast(theme.colour(Paint::On(role)), theme.colour(Paint::Role(role)));
                assert!(on >= 4.5, "{theme:?} {role:?}: {on}");
            }
        }
    }

    #[test]
    fn marks_stand_out_from_the_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            let ground = theme.colour(Paint::Ground);
            for role in roles() {
                let mark = contrast(theme.colour(Paint::Role(role)), ground);
                assert!(mark >= 3.0, "{theme:?} {role:?}: {mark}");
            }
        }
    }

    #[test]
    fn numbers_can_be_read_on_every_tint_and_tints_grow() {
        for theme in [Theme::Light, Theme::Dark] {
            let ground = theme.colour(Paint::Ground);
            let tints = (0..=super::STEPS).map(|step| theme.colour(Paint::Heat(step)));
            let on: Vec<_> = tints.clone().map(|tint| contrast(tint, ground)).collect();
            assert!(on.windows(2).all(|pair| pair[0] < pair[1]), "{theme:?}: {on:?}");
            for (step, tint) in (0..).zip(tints) {
                let read = contrast(theme.colour(Paint::OnHeat(step)), tint);
                assert!(read >= 4.5, "{theme:?} {step}: {read}");
            }
        }
    }

    /// Red, green and blue, linear.
    fn linear(colour: u32) -> [f64; 3] {
        [16, 8, 0].map(|shift| {
            let value = f64::from(colour >> shift & 0xFF) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: [[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// CIE L*a*b* of linear sRGB under D65.
    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        const XYZ: [[f64; 3]; 3] = [
            [0.412_456_4, 0.357_576_1, 0.180_437_5],
            [0.212_672_9, 0.715_152_2, 0.072_175],
            [0.019_333_9, 0.119_192, 0.950_304_1],
        ];
        let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let xyz = times(XYZ, rgb);
        let [x, y, z] = [xyz[0] / 0.950_47, xyz[1], xyz[2] / 1.088_83].map(f);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// Machado, Oliveira and Fernandes (2009), table 1, severity 1.
    const SEEN: [(&str, [[f64; 3]; 3]); 3] = [
        ("by most", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "with deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "with protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
    ];

    #[test]
    fn hues_are_apart_for_whoever_looks() {
        let hues = || (0..7).map(Role::Nth).chain([Role::Open]);
        for theme in [Theme::Light, Theme::Dark] {
            for (who, matrix) in SEEN {
                let seen = |role| {
                    lab(times(matrix, linear(theme.colour(Paint::Role(role))))
                        .map(|part| part.clamp(0.0, 1.0)))
                };
                for (n, role) in hues().enumerate() {
                    for other in hues().take(n) {
                        let squares: f64 =
                            seen(role).iter().zip(seen(other)).map(|(a, b)| (a - b).powi(2)).sum();
                        assert!(
                            squares.sqrt() >= 12.0,
                            "{theme:?}, {who}: {role:?} {other:?}: {}",
                            squares.sqrt()
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn black_on_white_has_the_greatest_contrast() {
        assert!((contrast(0, 0xFF_FFFF) - 21.0).abs() < 1e-9);
        assert!((contrast(0x77_7777, 0xFF_FFFF) - 4.48).abs() < 0.01);
    }

    #[test]
    fn no_two_of_28_series_are_painted_alike() {
        for theme in [Theme::Light, Theme::Dark] {
            let mut seen: Vec<_> = (0..28)
                .map(Role::Nth)
                .map(|role| (theme.colour(Paint::Role(role)), role.pattern()))
                .collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 28);
        }
    }
}
