//! What `unbent report` and `unbent profile` are told.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The run files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only this suite; by default every suite that the files hold
    #[arg(long)]
    pub(crate) suite: Option<String>,
    /// The folder to write index.html, report.md, figures and tables to; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// What the report is called
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Pool answers of one subject that were served by several providers, with a note that says so
    #[arg(long)]
    pub(crate) pool_providers: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    /// The run files, of any suites
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only this subject; may be repeated
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Vec<String>,
    /// Every metric of the suites, not only those that subjects are ranked by
    #[arg(long)]
    pub(crate) all: bool,
    /// Write the card as one HTML file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print Markdown
    #[arg(long)]
    pub(crate) md: bool,
}
