//! The arguments of what compares two subjects, or holds one to a condition.

use std::path::PathBuf;

use clap::Args;

use super::{BesideArgs, PrintArgs};

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The first subject: a run file that holds one subject or two, or FILE#SUBJECT
    #[arg(value_name = "A")]
    pub(crate) a: String,
    /// The second subject: a run file, FILE#SUBJECT, or the label of another subject of the first file
    #[arg(value_name = "B")]
    pub(crate) b: Option<String>,
    /// The suite, where the files hold several
    #[arg(long)]
    pub(crate) suite: Option<String>,
    /// Compare by this metric only, and list the flips of the first one; may be repeated. By default all metrics of the suite
    #[arg(long = "metric", value_name = "NAME")]
    pub(crate) metrics: Vec<String>,
    /// The difference within which two subjects count as equal, in points
    #[arg(long, value_name = "POINTS", default_value = "2", value_parser = points)]
    pub(crate) margin: f64,
    /// List so many flips, or all
    #[arg(long, value_name = "N|all", default_value = "20", value_parser = how_many)]
    pub(crate) flips: usize,
    /// Compare runs that differ in texts, parameters or cases all the same, with a note that says so
    #[arg(long)]
    pub(crate) allow_different_packs: bool,
    /// Compare subjects whose answers were served by several providers all the same, with a note that says so
    #[arg(long)]
    pub(crate) pool_providers: bool,
    /// A condition on the subject that is named last, such as "index >= 90 and not worse than baseline.unbent by 2"; the exit code says whether it holds
    #[arg(long, value_name = "CONDITION")]
    pub(crate) gate: Option<String>,
    /// Write what came of the gate to this file as JUnit XML, a test case for each part of the condition
    #[arg(long, value_name = "FILE", requires = "gate")]
    pub(crate) junit: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    #[command(flatten)]
    pub(crate) print: PrintArgs,
}

/// Reads a difference in points.
fn points(text: &str) -> Result<f64, String> {
    let wrong = || "give a number of points above 0 and below 100".to_owned();
    let points: f64 = text.parse().map_err(|_| wrong())?;
    if points > 0.0 && points < 100.0 { Ok(points) } else { Err(wrong()) }
}

/// Reads a number of rows, or all.
fn how_many(text: &str) -> Result<usize, String> {
    match text {
        "all" => Ok(usize::MAX),
        text => text.parse().map_err(|_| "give a whole number, or all".to_owned()),
    }
}
