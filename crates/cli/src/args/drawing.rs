//! What `unbent figures` is told.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct FiguresArgs {
    /// The run files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The suite, where the files hold several
    #[arg(long)]
    pub(crate) suite: Option<String>,
    /// Only the figure of this name, such as fig4_failure_taxonomy or fig4. May be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    /// Light ink on a dark ground
    #[arg(long)]
    pub(crate) dark: bool,
    /// The folder to write NAME.svg and NAME.csv to; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Draw subjects whose answers were served by different providers all the same, with a note that says so
    #[arg(long)]
    pub(crate) pool_providers: bool,
}
