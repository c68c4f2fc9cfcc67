//! The arguments of planning the size of a study.

use std::num::{NonZeroU32, NonZeroU64};

use clap::Args;

use super::{ConnectionArgs, SuiteArgs, at_least_one};

#[derive(Debug, Args)]
pub(crate) struct PowerArgs {
    /// The suite; with --pilot, that of the pilot
    #[arg(required_unless_present = "pilot")]
    pub(crate) suite: Option<String>,
    /// The difference of two subjects that is to be found, in points: how many cases does it take?
    #[arg(long, value_name = "POINTS", value_parser = points)]
    pub(crate) difference: Option<f64>,
    /// So many cases: what difference can they find?
    #[arg(long = "cases-each", value_name = "N", value_parser = at_least_one::<NonZeroU64>)]
    pub(crate) cases_each: Option<NonZeroU64>,
    /// So much money for both subjects and their judge, in dollars: what difference can it find? Needs --model
    #[arg(long, value_name = "USD", value_parser = dollars, requires = "model")]
    pub(crate) budget: Option<f64>,
    /// A subject whose price counts, as for `unbent run`
    #[arg(long, value_name = "REF")]
    pub(crate) model: Option<String>,
    /// The judge whose price counts, as for `unbent run`
    #[arg(long, value_name = "REF")]
    pub(crate) judge: Option<String>,
    /// The guard whose price counts, as for `unbent run`
    #[arg(long, value_name = "REF")]
    pub(crate) guard: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    pub(crate) setup: SuiteArgs,
    /// The metric; by default the one that subjects are ranked by
    #[arg(long, value_name = "ID")]
    pub(crate) metric: Option<String>,
    /// About what the metric will be, in points; without a pilot only
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true, conflicts_with = "pilot")]
    pub(crate) baseline: Option<f64>,
    /// How often a difference that is there is to be found
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = share)]
    pub(crate) power: f64,
    /// How often each case is put to each subject
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) repeats: NonZeroU32,
    /// A run to learn from how values spread, as FILE or FILE#SUBJECT; by default its first two subjects
    #[arg(long, value_name = "FILE#SUBJECT")]
    pub(crate) pilot: Option<String>,
    /// The second subject of the pilot, as #SUBJECT
    #[arg(long, value_name = "#SUBJECT", requires = "pilot")]
    pub(crate) pilot_b: Option<String>,
}

fn number(text: &str, is_good: fn(f64) -> bool, wanted: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && is_good(*value));
    value.ok_or_else(|| format!("give {wanted}"))
}

fn points(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0 && value < 200.0, "a number of points above 0")
}

fn dollars(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0, "an amount in dollars above 0")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0 && value < 1.0, "a share above 0 and below 1, such as 0.8")
}
