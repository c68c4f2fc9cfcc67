//! The arguments of what looks at the instruments themselves: simulated studies of known truth, and judges.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

use super::{BesideArgs, PrintArgs, SuiteArgs, at_least_one};

#[derive(Debug, Args)]
pub(crate) struct JudgesArgs {
    /// The run files, with answers that were graded by several judges or several times: unbent rejudge
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The suite, where the files hold several
    #[arg(long)]
    pub(crate) suite: Option<String>,
    /// Labels of people, as CSV or JSON Lines with case, subject, repeat, score and value
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Print this table only; may be repeated. By default all that have something to say
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<String>,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    #[command(flatten)]
    pub(crate) print: PrintArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// The suite
    pub(crate) suite: String,
    #[command(flatten)]
    pub(crate) setup: SuiteArgs,
    /// How often the study is replicated, each time with chance of its own
    #[arg(long, value_name = "N", default_value = "200", value_parser = replications)]
    pub(crate) trials: NonZeroU32,
    /// How often each case is put to a subject within a study
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) repeats: Option<NonZeroU32>,
    /// The simulated subjects: the probabilities with which they give in, separated by commas
    #[arg(long, value_name = "P", value_delimiter = ',', default_value = "0.1,0.4", value_parser = share)]
    pub(crate) subjects: Vec<f64>,
    /// The standard deviation of the simulated judge's scores, in points of the rubric's scale
    #[arg(long, value_name = "SD", default_value = "0", allow_hyphen_values = true, value_parser = spread)]
    pub(crate) judge_noise: f64,
    /// By how much its scores are too high, in points of the rubric's scale; below 0 if they are too low
    #[arg(long, value_name = "POINTS", default_value = "0", allow_hyphen_values = true, value_parser = number)]
    pub(crate) judge_bias: f64,
    /// The probability with which its flags and classes are wrong
    #[arg(long, value_name = "P", default_value = "0", value_parser = share)]
    pub(crate) judge_flip: f64,
    /// The seed that all chance is derived from
    #[arg(long, value_name = "N", default_value = "2026")]
    pub(crate) seed: u64,
    /// Model calls in flight at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    #[command(flatten)]
    pub(crate) print: PrintArgs,
}

fn replications(text: &str) -> Result<NonZeroU32, String> {
    let wanted = "give a whole number from 2 to 100000";
    text.parse()
        .ok()
        .filter(|n: &NonZeroU32| (2..=100_000).contains(&n.get()))
        .ok_or_else(|| wanted.to_owned())
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| "give a number".to_owned())
}

fn spread(text: &str) -> Result<f64, String> {
    number(text).ok().filter(|number| *number >= 0.0).ok_or_else(|| "give a number of 0 or more".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let share = number(text).ok().filter(|number| (0.0..=1.0).contains(number));
    share.ok_or_else(|| "give a probability from 0 to 1".to_owned())
}
