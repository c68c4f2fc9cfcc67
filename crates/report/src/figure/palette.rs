//! Roles of what is painted, and the two themes that give them colours.
//!
//! The hues are those of Okabe and Ito (2008), which people with any of the common colour deficiencies tell apart; in
//! the light theme some are darker, so that they stand out from white.

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
}

/// How an area is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    Solid,
    Stripes,
    Dots,
    Crossed,
}

/// Blue, orange, green, purple, sky, vermillion, yellow.
const LIGHT: [u32; 7] = [0x00_72B2, 0xE6_9F00, 0x00_9E73, 0xB8_5C90, 0x56_B4E9, 0xD5_5E00, 0xD9_C700];
const DARK: [u32; 7] = [0x3D_9BD9, 0xE6_9F00, 0x1F_B88C, 0xCC_79A7, 0x7C_C8F2, 0xE5_7A2B, 0xF0_E442];

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
            Paint::On(role) => {
                let under = self.colour(Paint::Role(role));
                if contrast(0, under) >= contrast(0xFF_FFFF, under) { 0 } else { 0xFF_FFFF }
            }
        }
    }
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
