//! The arguments of what asks models: running, resuming and grading again, and the cache of answers.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use unbent_engine::Caps;

use super::{SandboxArgs, SandboxRoomArgs, SuiteArgs, at_least_one};

#[derive(Debug, Clone, Args)]
pub(crate) struct ConnectionArgs {
    /// Where openai-compatible servers are, such as http://127.0.0.1:1234/v1; by default what UNBENT_BASE_URL says
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The environment variable that holds the key for openai-compatible servers
    #[arg(long, value_name = "NAME")]
    pub(crate) api_key_env: Option<String>,
    /// The settings of models by name; by default models.toml here or in ~/.config/unbent, if there is one
    #[arg(long, value_name = "FILE", env = "UNBENT_MODELS_FILE")]
    pub(crate) models_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The suites to run, such as independence
    #[arg(required = true, value_name = "SUITE")]
    pub(crate) suites: Vec<String>,
    /// A subject as provider/model with +pin and ?key=value as needed, such as openrouter/moonshotai/kimi-k2.5+fireworks, openai-compatible/qwen3 or sim/yielding?p=0.3. May be repeated
    #[arg(long = "model", value_name = "REF", required = true)]
    pub(crate) models: Vec<String>,
    /// The judge, as a model reference, where the suite asks one; sim/rule-judge where every subject is simulated
    #[arg(long, value_name = "REF")]
    pub(crate) judge: Option<String>,
    /// The guard, as a model reference, where the suite asks one whether its user gets to see an answer (for trap: --set guard=on)
    #[arg(long, value_name = "REF")]
    pub(crate) guard: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    pub(crate) suite: SuiteArgs,
    /// How often each case is put to each subject
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) repeats: NonZeroU32,
    /// Run only the cases of this name, in which * stands for any text; `unbent suites show SUITE` lists them. May be repeated
    #[arg(long = "case", value_name = "NAME")]
    pub(crate) cases: Vec<String>,
    /// Run only the first N cases of each suite
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) limit: Option<NonZeroUsize>,
    /// Model calls in flight at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    /// The seed that all chance of the run is derived from
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) seed: u64,
    /// Temperature of the subjects, in place of the suite's; several, separated by commas, make a subject of each
    #[arg(long, value_name = "T", value_delimiter = ',')]
    pub(crate) temperature: Vec<f64>,
    /// Sampling seed that is sent with every question to the subjects, where the API takes one; with one repeat only
    #[arg(long, value_name = "N")]
    pub(crate) sampling_seed: Option<u64>,
    /// Token limit of the subjects' answers, in place of the suite's
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) max_answer_tokens: Option<NonZeroU32>,
    /// Reasoning effort of the subjects, as the provider names it
    #[arg(long, value_name = "EFFORT")]
    pub(crate) reasoning_effort: Option<String>,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    #[command(flatten)]
    pub(crate) caps: CapArgs,
    /// Tell what the run would ask, use, cost and take, and ask nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Check everything that a run needs, a sandbox of every world included, and ask nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) validate_only: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// The run file to make, or to go on with if it was made with the same settings; by default named after suite and time
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The run file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) room: SandboxRoomArgs,
    /// Model calls in flight at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    #[command(flatten)]
    pub(crate) caps: CapArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// What to do with answers that were paid for in earlier runs
    #[arg(long = "cache", value_name = "MODE", value_enum, default_value = "off")]
    pub(crate) mode: CacheMode,
    #[command(flatten)]
    pub(crate) place: CachePlaceArgs,
}

/// What is done with the cache of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheMode {
    /// Ask for everything and keep nothing
    Off,
    /// Use the answers that are kept; keep no new ones
    Read,
    /// Use the answers that are kept, and keep new ones
    Write,
    /// Use the answers that are kept and ask nobody: trials that want others end unscored
    Replay,
}

#[derive(Debug, Args)]
pub(crate) struct CachePlaceArgs {
    /// The cache of answers; by default unbent/answers.sqlite in XDG_CACHE_HOME or ~/.cache
    #[arg(id = "cache_file", long = "cache-file", value_name = "FILE", env = "UNBENT_CACHE", global = true)]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CacheCommandArgs {
    #[command(subcommand)]
    pub(crate) command: Option<CacheCommand>,
    #[command(flatten)]
    pub(crate) place: CachePlaceArgs,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum CacheCommand {
    /// Show where it is, how many answers it holds and how large it is
    Show,
    /// Delete it
    Clear,
}

#[derive(Debug, Args)]
pub(crate) struct RejudgeArgs {
    /// The run file
    pub(crate) file: PathBuf,
    /// The judge, as a model reference
    #[arg(long, value_name = "REF")]
    pub(crate) judge: String,
    /// How often it grades every answer; each grading is a row of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) repeats: NonZeroU32,
    /// Grade the answers of this subject only, named by its label. May be repeated
    #[arg(long = "subject", value_name = "LABEL")]
    pub(crate) subjects: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Model calls in flight at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    #[command(flatten)]
    pub(crate) caps: CapArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CapArgs {
    /// Stop when the run has cost so many US dollars in all; calls in flight still come home
    #[arg(long, value_name = "USD", value_parser = more_than_nothing)]
    pub(crate) max_cost: Option<f64>,
    /// Stop when the run has used so many tokens in all, read and written; calls in flight still come home
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroU64>)]
    pub(crate) max_tokens: Option<NonZeroU64>,
}

impl CapArgs {
    /// What the run may spend.
    pub(crate) fn caps(&self) -> Caps {
        Caps { usd: self.max_cost, tokens: self.max_tokens.map(Into::into) }
    }
}

/// Reads an amount of money.
fn more_than_nothing(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|usd: &f64| usd.is_finite() && *usd > 0.0)
        .ok_or_else(|| "give an amount above 0, such as 2.50".to_owned())
}
