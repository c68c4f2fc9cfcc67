//! The eleven figures of the reference, from the trials of a run in place of numbers that are written down.
//!
//! Each is a pure function of a [`Study`]: the observations put together by subject and condition. Names of files are the
//! reference's. What a run has not is a reason in place of a figure, and never an invented place on an axis.

mod agreement;
mod failures;
mod identity;
mod measure;
mod notes;
mod scale;
mod size;
mod study;
mod summary;

use unbent_report::Figure;

use super::analysis::Observed;
pub use size::billions;
pub use study::{Arm, Study};

/// Draws a figure, or says what the run has not.
pub type Draw = fn(&Study<'_>) -> Result<Figure, String>;

/// The figures by the names of their files, in the reference's order.
pub const FIGURES: [(&str, Draw); 11] = [
    ("fig1_identity_vs_instruction", identity::identity_vs_instruction),
    ("fig2_identity_comparison", identity::identity_comparison),
    ("fig3_architecture_success", scale::against_size),
    ("fig4_failure_taxonomy", failures::taxonomy),
    ("fig5_three_layer_metrics", summary::three_layers),
    ("fig6_cross_scale", scale::by_category),
    ("fig7_evaluator_bias", agreement::evaluators),
    ("fig8_failure_types", failures::types),
    ("fig9_base_vs_finetuned", scale::side_by_side),
    ("fig10_failure_direction", failures::direction),
    ("fig11_overall_summary", summary::overall),
];

/// All figures of a run, or why there are none.
pub fn figures(observed: &Observed) -> Vec<(String, Result<Figure, String>)> {
    let study = Study::of(observed);
    FIGURES.into_iter().map(|(name, draw)| (name.to_owned(), draw(&study))).collect()
}
