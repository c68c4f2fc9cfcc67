//! The command line.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use unbent_engine::Caps;

/// Measures whether language models hold their line under pressure.
#[derive(Debug, Parser)]
#[command(
    name = "unbent",
    version,
    max_term_width = 110,
    after_help = "Exit codes: docs/exit-codes.md. \
    Start here: unbent demo"
)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print JSON instead of text: one object or array, or for running commands one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Cli {
    /// Whether output is to be JSON.
    pub fn wants_json(&self) -> bool {
        self.json
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one command in a process")]
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run suites against models and record everything in a run file
    Run(RunArgs),
    /// Go on with a run: only unfinished and unscored trials are worked on
    Resume(ResumeArgs),
    /// Read someone else's recorded runs into a run file
    Import(ImportArgs),
    /// Rank the subjects of run files
    Leaderboard(LeaderboardArgs),
    /// Show a run, or one trial of it in full
    Show(ShowArgs),
    /// Print what a run would ask, and what waits for what
    Plan(PlanArgs),
    /// List, show and check suites and their packs
    Suites(SuitesArgs),
    /// Make the cases of a suite from its templates and write them to a file
    Generate {
        /// The suite
        #[command(subcommand)]
        command: GenerateCommand,
    },
    /// Run the independence suite offline on simulated subjects
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the reference documents
    #[command(hide = true)]
    Docs {
        /// Which one
        document: Document,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Document {
    Cli,
    ExitCodes,
}

#[derive(Debug, Args)]
pub(crate) struct SuiteArgs {
    /// A parameter of the suite, as NAME=VALUE; `unbent suites show SUITE` lists them. May be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// A pack of texts in place of the built-in one: a folder or a pack.toml
    #[arg(long, value_name = "PATH")]
    pub(crate) pack: Option<PathBuf>,
}

#[derive(Debug, Args)]
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
    /// The judge, as a model reference; sim/rule-judge where every subject is simulated
    #[arg(long, value_name = "REF")]
    pub(crate) judge: Option<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    pub(crate) suite: SuiteArgs,
    /// How often each case is put to each subject
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) repeats: NonZeroU32,
    /// Run only the first N cases of each suite
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) limit: Option<NonZeroUsize>,
    /// Model calls in flight at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    /// The seed that all chance of the run is derived from
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) seed: u64,
    /// Temperature of the subjects, in place of the suite's
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f64>,
    /// Token limit of the subjects' answers, in place of the suite's
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) max_answer_tokens: Option<NonZeroU32>,
    /// Reasoning effort of the subjects, as the provider names it
    #[arg(long, value_name = "EFFORT")]
    pub(crate) reasoning_effort: Option<String>,
    #[command(flatten)]
    pub(crate) caps: CapArgs,
    /// Tell what the run would ask, use, cost and take, and ask nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The run file to make; by default named after suite and time
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The run file
    pub(crate) file: PathBuf,
    /// Model calls in flight at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    #[command(flatten)]
    pub(crate) caps: CapArgs,
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

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Whose format it is
    pub(crate) format: ImportFormat,
    /// The folder to read
    pub(crate) path: PathBuf,
    /// The run file to make
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ImportFormat {
    /// The cache folder of AI Independence Bench
    IndependenceBench,
}

#[derive(Debug, Args)]
pub(crate) struct LeaderboardArgs {
    /// The run files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The suite, where the files hold several
    #[arg(long)]
    pub(crate) suite: Option<String>,
    /// How scores become an index
    #[arg(long, value_enum, default_value = "corrected")]
    pub(crate) method: MethodArg,
    /// Print comma-separated values
    #[arg(long, group = "format")]
    pub(crate) csv: bool,
    /// Print Markdown
    #[arg(long, group = "format")]
    pub(crate) md: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodArg {
    /// As the reference publishes it, flaws included
    Published,
    /// Nothing dropped, missing grades bounded, intervals with honest coverage
    Corrected,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The run file
    pub(crate) file: PathBuf,
    /// The number of a trial
    pub(crate) trial: Option<u64>,
    /// List trials: those whose case, subject or state contains this text
    #[arg(long, value_name = "TEXT", conflicts_with = "trial")]
    pub(crate) find: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The suite
    pub(crate) suite: String,
    #[command(flatten)]
    pub(crate) setup: SuiteArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SuitesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<SuitesCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuitesCommand {
    /// List the suites
    List,
    /// Show a suite: parameters, pack and cases
    Show {
        /// The suite
        suite: String,
        #[command(flatten)]
        setup: SuiteArgs,
    },
    /// Check packs; errors would break a run, warnings would spoil a measurement
    Lint {
        /// The suite; all if none is named
        suite: Option<String>,
        /// A pack in place of the built-in one
        #[arg(long, value_name = "PATH", requires = "suite")]
        pack: Option<PathBuf>,
    },
    /// Rebuild a reference's texts from your own copy of its recordings
    ExtractPack {
        /// Whose format it is
        format: ImportFormat,
        /// The folder to read
        path: PathBuf,
        /// The folder to write the pack to
        #[arg(long, value_name = "PACK")]
        out: PathBuf,
    },
}

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

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How often each case is put to each subject
    #[arg(long, value_name = "N", default_value = "5", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) repeats: NonZeroU32,
    /// Where to keep the run file; by default among temporary files
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Reads a count that makes sense only from 1 on.
fn at_least_one<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "give a whole number of at least 1".to_owned())
}
