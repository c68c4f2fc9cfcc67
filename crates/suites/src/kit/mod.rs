//! What every suite is made with: its public face, packs, asking until an answer is usable, and judges.

mod analysis;
mod benchmark;
mod json_answer;
mod pack;
mod quote;
mod rubric;
mod seek;

pub use analysis::{Analysed, AnalysisError, AnalysisInfo, AnalysisOptions};
pub use benchmark::{
    Benchmark, FileInfo, Finding, GivenFile, Method, ParamInfo, Registration, RunData, Setup, SetupError,
    Severity,
};
pub use json_answer::read_object;
pub use pack::{PackFiles, hash_files};
pub use quote::{Quotation, quoted_materials};
pub use rubric::{Field, FieldKind, Grade, GradeError, JudgeText, Rubric};
pub use seek::{Sought, seek};
