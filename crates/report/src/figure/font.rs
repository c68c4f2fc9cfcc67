//! The embedded font: DejaVu Sans, cut down to the letters and signs of European scripts (`crates/report/fonts`).

/// Text of normal weight.
pub(super) const NORMAL: &[u8] = include_bytes!("../../fonts/DejaVuSans.subset.ttf");
/// Heavy text.
pub(super) const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.subset.ttf");
/// The name of its family.
pub(super) const FAMILY: &str = "DejaVu Sans";
