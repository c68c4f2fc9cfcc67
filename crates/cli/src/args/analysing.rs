//! The arguments of what reads run files and makes tables beyond the leaderboard.

use std::path::PathBuf;

use clap::Args;

use super::PrintArgs;

#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    /// The run files
    #[arg(required_unless_present = "list", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The suite, where the files hold several
    #[arg(long)]
    pub(crate) suite: Option<String>,
    /// List the analyses of each suite, and what they need
    #[arg(long, conflicts_with_all = ["files", "only", "out", "training", "format"])]
    pub(crate) list: bool,
    /// Make this analysis only; may be repeated. By default all that have something to say
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// The subject's training data, for analyses that leave out what resembles it
    #[arg(long, value_name = "FILE")]
    pub(crate) training: Option<PathBuf>,
    /// The difference within which two shares count as equal, in percentage points
    #[arg(long, value_name = "PP", default_value = "5", value_parser = percentage_points)]
    pub(crate) margin: f64,
    /// Analyse subjects whose answers were served by several providers all the same, with a note that says so
    #[arg(long)]
    pub(crate) pool_providers: bool,
    /// Write each table to this folder as Markdown and as comma-separated values, instead of printing it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) print: PrintArgs,
}

/// Reads a difference of two shares.
fn percentage_points(text: &str) -> Result<f64, String> {
    let wrong = || "give a number of percentage points above 0 and below 100".to_owned();
    let points: f64 = text.parse().map_err(|_| wrong())?;
    if points > 0.0 && points < 100.0 { Ok(points) } else { Err(wrong()) }
}
