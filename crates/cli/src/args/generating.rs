//! The arguments of what makes cases.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::at_least_one;

#[derive(Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    /// The trap suite: eight kinds of prompt that tempt a model out of its line
    Trap(TrapArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TrapArgs {
    /// The seed that all draws are derived from
    #[arg(long, value_name = "N", default_value = "42")]
    pub(crate) seed: u64,
    /// Which cases are made
    #[arg(long, value_enum, default_value = "distinct")]
    pub(crate) profile: ProfileArg,
    /// The names of the system under test; by default those of a made-up one
    #[arg(long, value_name = "FILE")]
    pub(crate) target: Option<PathBuf>,
    /// A folder with templates and slots of your own, a file a family; those that it does not have are built in
    #[arg(long, value_name = "FOLDER")]
    pub(crate) library: Option<PathBuf>,
    /// The vocabulary of the categories
    #[arg(long, value_enum, default_value = "internal")]
    pub(crate) names: NamesArg,
    /// Only the prompts in this language
    #[arg(long, value_enum)]
    pub(crate) language: Option<LanguageArg>,
    /// Only a sample of N cases, stratified by category as the reference does it
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) sample: Option<NonZeroUsize>,
    /// The seed of the sample
    #[arg(long, value_name = "N", default_value = "2026", requires = "sample")]
    pub(crate) sample_seed: u64,
    /// Where to write them: FILE.jsonl for a case a line, FILE.json for one array, - for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ProfileArg {
    /// The reference's structure, draws and duplicates
    Published,
    /// 15,000 prompts in the same proportions, no two alike
    Distinct,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum NamesArg {
    /// Those of the reference's programs, such as `ILLICIT_GAP`
    Internal,
    /// Those of its paper, such as `HARMFUL_REFUSAL`
    Academic,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LanguageArg {
    /// English
    En,
    /// Spanish
    Es,
}
