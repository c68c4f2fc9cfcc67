//! The command line.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use unbent_suites::inference::Sampled;

mod analysing;
mod comparing;
mod drawing;
mod generating;
mod judging;
mod powering;
mod printing;
mod reporting;
mod running;
mod sandboxing;

pub(crate) use analysing::AnalyzeArgs;
pub(crate) use comparing::CompareArgs;
pub(crate) use drawing::{BesideArgs, FiguresArgs, Format, Themes};
pub(crate) use generating::{GenerateCommand, LanguageArg, NamesArg, ProfileArg, TrapArgs};
pub(crate) use judging::{CalibrateArgs, JudgesArgs};
pub(crate) use powering::PowerArgs;
pub(crate) use printing::PrintArgs;
pub(crate) use reporting::{ProfileArgs, ReportArgs};
pub(crate) use running::{
    CacheArgs, CacheCommand, CacheCommandArgs, CacheMode, CachePlaceArgs, ConnectionArgs, RejudgeArgs,
    ResumeArgs, RunArgs,
};
pub(crate) use sandboxing::{Backend, SandboxArgs, SandboxRoomArgs};

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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run suites against models and record everything in a run file
    Run(Box<RunArgs>),
    /// Go on with a run: only unfinished and unscored trials are worked on
    Resume(ResumeArgs),
    /// Grade the stored answers of a run again by another judge, or once more by the same; no subject is asked
    Rejudge(RejudgeArgs),
    /// Compute the outcomes of a run again from what is recorded, and tell what would be otherwise; nobody is asked
    Rescore(RescoreArgs),
    /// Read someone else's recorded runs into a run file
    Import(ImportArgs),
    /// Rank the subjects of run files
    Leaderboard(LeaderboardArgs),
    /// Make the further tables of a suite from run files: what failed, how it was decided, what differs
    #[command(alias = "analyse")]
    Analyze(AnalyzeArgs),
    /// Compare two subjects trial by trial, or hold one to a condition
    Compare(CompareArgs),
    /// Draw the figures of run files as SVG and PNG, with their data as CSV
    Figures(FiguresArgs),
    /// Write a report of run files: one HTML file that needs nothing else, Markdown, figures and tables
    Report(ReportArgs),
    /// Print what is known of each subject across suites: a model card
    Profile(ProfileArgs),
    /// Tell how a run was made, and what keeps it from standing in a paper
    Manifest(ManifestArgs),
    /// Show a run, or one trial of it in full
    Show(ShowArgs),
    /// Print what a run would ask, and what waits for what
    Plan(PlanArgs),
    /// Tell how many cases and repeats it takes to find a difference of two subjects, or what a study can find
    Power(Box<PowerArgs>),
    /// Show the cache of answers, or delete it
    Cache(CacheCommandArgs),
    /// List, show and check suites and their packs
    Suites(SuitesArgs),
    /// List the providers of models, and check that a model answers
    Models(ModelsArgs),
    /// Check this machine and its setup: disk, limits, clock, certificates, keys and tools
    Doctor(DoctorArgs),
    /// Check a suite: simulated subjects of known truth must be found out, and those that do not look must not pass
    Validate(ValidateArgs),
    /// Look at judges as instruments: how they agree with each other, with people and with themselves, and what sways them
    Judges(JudgesArgs),
    /// Check the figures of a suite: studies of simulated subjects of known truth, each figure's bias, and how often its interval holds the truth
    Calibrate(CalibrateArgs),
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
pub(crate) struct ManifestArgs {
    /// The run file
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// The suite; every suite that can be validated if none is named
    pub(crate) suite: Option<String>,
    #[command(flatten)]
    pub(crate) setup: SuiteArgs,
    /// Use all cases in place of a sample
    #[arg(long, conflicts_with_all = ["sample", "suite_size"])]
    pub(crate) full: bool,
    /// Model calls in flight at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    /// Keep the run in this file; by default it is deleted
    #[arg(long, value_name = "FILE", requires = "suite")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SuiteArgs {
    /// A parameter of the suite, as NAME=VALUE; `unbent suites show SUITE` lists them. May be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// A pack of texts in place of the built-in one: a folder or a pack.toml
    #[arg(long, value_name = "PATH")]
    pub(crate) pack: Option<PathBuf>,
    /// Cases of your own in place of the suite's: a JSON array or JSON Lines (trap)
    #[arg(long = "cases", id = "cases_file", value_name = "FILE")]
    pub(crate) cases_file: Option<PathBuf>,
    /// A rule pack in place of the built-in one (trap)
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// The names of the system under test, which the prompts speak of (trap)
    #[arg(long, value_name = "FILE")]
    pub(crate) target: Option<PathBuf>,
    /// A sample of N cases, stratified by category; the same as --set sample=N (trap)
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) sample: Option<NonZeroUsize>,
    /// Make only N cases, in the proportions of all; the same as --set size=N (trap)
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) suite_size: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(crate) struct RescoreArgs {
    /// The run file
    pub(crate) file: PathBuf,
    /// Record the outcomes that are otherwise; those of before stay in the log
    #[arg(long)]
    pub(crate) write: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Whose format it is
    pub(crate) format: ImportFormat,
    /// What to read: one folder, or for instrument-trap files and folders
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The run file to make
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ImportFormat {
    /// The cache folder of AI Independence Bench
    IndependenceBench,
    /// Answers recorded by the Instrument Trap Benchmark: files of its runners, evaluators and identity comparison
    InstrumentTrap,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PackFormat {
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
    /// What ranks are to hold for: other cases of the same kind, or further repeats of these very cases
    #[arg(
        long,
        value_name = "cases|repeats",
        value_enum,
        default_value = "cases",
        hide_possible_values = true
    )]
    pub(crate) ranks_over: RanksOver,
    /// Rank subjects whose answers were served by several providers all the same, with a note that says so
    #[arg(long)]
    pub(crate) pool_providers: bool,
    #[command(flatten)]
    pub(crate) print: PrintArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RanksOver {
    Cases,
    Repeats,
}

impl From<RanksOver> for Sampled {
    fn from(over: RanksOver) -> Self {
        match over {
            RanksOver::Cases => Self::Cases,
            RanksOver::Repeats => Self::Repeats,
        }
    }
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
        format: PackFormat,
        /// The folder to read
        path: PathBuf,
        /// The folder to write the pack to
        #[arg(long, value_name = "PACK")]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ModelsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the providers: how a reference to one looks, where it is, and whose key it takes
    List,
    /// Put one cheap question to a model: whether it answers, whether the key is good, which parameters are honoured
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The model, as for `unbent run --model`
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Upper limit of the answer, in tokens; models that reason may need more
    #[arg(long, value_name = "N", default_value = "64", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) max_tokens: NonZeroU32,
    /// Ask for this reasoning effort too
    #[arg(long, value_name = "EFFORT")]
    pub(crate) reasoning_effort: Option<String>,
    /// Offer a tool and ask the model to call it
    #[arg(long)]
    pub(crate) tools: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// How many calls a run is to have in flight at once, for the limit of open files
    #[arg(long, value_name = "N", default_value = "16", value_parser = at_least_one::<NonZeroUsize>)]
    pub(crate) parallel: NonZeroUsize,
    /// Try to reach the providers whose keys are set; costs nothing
    #[arg(long)]
    pub(crate) online: bool,
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
