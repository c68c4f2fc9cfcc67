//! Judges as instruments: how far they agree with each other, with people and with themselves, and what moves them.
//!
//! Knows grades by what a rubric asks for ([`Rating`]) and by who gave them, and neither suites nor files.

mod agreement;
mod consistency;
mod contrast;
mod family;
mod gradings;
mod labels;
mod prevalence;
mod rating;
mod sureness;
mod tables;
mod verbosity;

pub use agreement::{Agreement, Alpha, PairedGrades, agreements, alpha, paired_grades};
pub use consistency::{Consistency, consistencies};
pub use contrast::{Contrast, bias, self_preference};
pub use family::family;
pub use gradings::{Gradings, GradingsOf, Item, Mark, Rater};
pub use labels::{Label, LabelError, read_labels};
pub use prevalence::{Against, against_labels};
pub use rating::{Rating, Scale};
pub use sureness::Units;
pub use tables::{JudgesTable, tables};
pub use verbosity::{Verbosity, verbosity};
