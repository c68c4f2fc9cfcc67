//! The arguments that say how tables are printed.

use clap::Args;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PrintArgs {
    /// Print comma-separated values, of a single table
    #[arg(long, group = "format")]
    pub(crate) csv: bool,
    /// Print Markdown
    #[arg(long, group = "format")]
    pub(crate) md: bool,
}
