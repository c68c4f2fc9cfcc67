//! `unbent analyze`: what else there is to know of the trials of run files, a titled table for each answer.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use unbent_report::Table;
use unbent_suites::inference::{SHARED_ANALYSES, Standings, Tally, share_analysis};
use unbent_suites::kit::{
    Analysed, AnalysisError, AnalysisInfo, AnalysisOptions, Benchmark, GivenFile, Setup,
};

use crate::args::AnalyzeArgs;
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::output;
use crate::printed::{self, Printed};
use crate::ranked::headline;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;

pub(super) fn analyze(args: &AnalyzeArgs, json: bool) -> Result<Exit, CommandError> {
    if args.list {
        return list(args.suite.as_deref(), json);
    }
    let printed = Printed::of(args.print, json)?;
    if args.out.is_some() && (args.print.csv || args.print.md) {
        return Err(CommandError::usage("--out writes every table as Markdown and as CSV")
            .hint("leave --md and --csv away, or leave --out away to print"));
    }
    let runs = Joined::open(&args.files, args.suite.as_deref())?;
    // What an analysis does depends neither on the parameters nor on the pack that the trials ran with.
    let benchmark = open_suite(runs.suite().as_str(), &Setup::default())?;
    let ids = wanted(args, runs.suite().as_str(), &known(benchmark.as_ref()))?;
    let (shared, own): (Vec<&str>, Vec<&str>) = ids.iter().partition(|id| is_shared(id));
    let training = args.training.as_deref().map(read).transpose()?;
    let options = AnalysisOptions { training, margin: args.margin };
    let (mut serving, mut trials) = (Serving::of(runs.judges()), 0_u64);
    let mut tally = (!shared.is_empty())
        .then(|| Tally::of(runs.manifest(), headline(benchmark.as_ref()), benchmark.lens(runs.cases())));
    let made = runs.read(
        |trial, manifest| {
            trials += 1;
            serving.add(trial, manifest);
            if let Some(tally) = &mut tally {
                tally.see(trial);
            }
        },
        |run| {
            let made = benchmark.analyse(&own, run, &options);
            // What is shared is made of all trials too, whether or not an analysis of the suite reads them.
            (&mut *run.trials).for_each(drop);
            made
        },
    )?;
    let mut made = made.map_err(|error| analysis_error(&error))?;
    if let Some(tally) = tally {
        let standings = Standings::of(tally.done());
        made.extend(shared.iter().filter_map(|id| share_analysis(id, &standings, runs.manifest())));
        made.sort_by_key(|analysed| ids.iter().position(|id| *id == analysed.id));
    }
    if trials == 0 {
        return Err(CommandError::new(
            Exit::BadFile,
            format!("the files hold no trials of {}", runs.suite()),
        )
        .hint("see what is in them: unbent show FILE"));
    }
    let pooling = if args.pool_providers { Pooling::Told } else { Pooling::Refused };
    let of_files = runs.notes(benchmark.as_ref());
    for table in made.iter_mut().flat_map(|analysed| &mut analysed.tables) {
        table.notes.extend(of_files.iter().cloned());
        serving.tell(table, runs.manifest(), pooling)?;
    }
    let silent: Vec<&str> =
        made.iter().filter(|analysed| analysed.tables.is_empty()).map(|analysed| analysed.id).collect();
    if !args.only.is_empty() || made.iter().all(|analysed| analysed.tables.is_empty()) {
        tell_silent(&silent, benchmark.as_ref(), json);
    }
    match &args.out {
        Some(folder) => write_all(folder, &made, json)?,
        None => print(printed, &made)?,
    }
    Ok(Exit::Done)
}

/// The analyses of a suite: its own, and those that every suite has.
fn known(benchmark: &dyn Benchmark) -> Vec<AnalysisInfo> {
    benchmark.analyses().iter().chain(SHARED_ANALYSES).copied().collect()
}

fn is_shared(id: &str) -> bool {
    SHARED_ANALYSES.iter().any(|info| info.id == id)
}

/// The analyses to make: those that are named, or all.
fn wanted(
    args: &AnalyzeArgs,
    suite: &str,
    known: &[AnalysisInfo],
) -> Result<Vec<&'static str>, CommandError> {
    let names = || known.iter().map(|info| info.id).collect::<Vec<_>>().join(", ");
    if args.only.is_empty() {
        let made = known.iter().filter(|info| !info.is_listing || args.out.is_some());
        return Ok(made.map(|info| info.id).collect());
    }
    let find = |name: &String| {
        known.iter().find(|info| info.id == name).map(|info| info.id).ok_or_else(|| {
            CommandError::usage(format!("there is no analysis {name:?} of the suite {suite}"))
                .hint(format!("there are {}", names()))
                .hint("what each tells and needs: unbent analyze --list")
        })
    };
    let mut ids: Vec<&str> = Vec::new();
    for name in &args.only {
        let id = find(name)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn read(path: &Path) -> Result<GivenFile, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::new(Exit::BadFile, format!("--training: {} cannot be read: {error}", path.display()))
            .hint("check the path; the file must be text in UTF-8")
    })?;
    Ok(GivenFile { name: path.display().to_string(), text })
}

fn analysis_error(error: &AnalysisError) -> CommandError {
    match error {
        AnalysisError::Unknown { .. } => CommandError::usage(error.to_string())
            .hint("what there is, and what it needs: unbent analyze --list"),
        AnalysisError::BadFile { .. } => CommandError::new(Exit::BadFile, error.to_string())
            .hint("mend the file, or leave the analysis out: name others with --only"),
        AnalysisError::BadOption { .. } => {
            CommandError::usage(error.to_string()).hint("options: unbent analyze --help")
        }
    }
}

/// Says which analyses have no table, and what they need.
fn tell_silent(silent: &[&str], benchmark: &dyn Benchmark, json: bool) {
    for info in known(benchmark).iter().filter(|info| silent.contains(&info.id)) {
        output::warn(&format!("{} has nothing to say of these trials ({})", info.id, info.about), json);
    }
}

fn print(printed: Printed, made: &[Analysed]) -> Result<(), CommandError> {
    let tables: Vec<(&Analysed, &Table)> =
        made.iter().flat_map(|analysed| analysed.tables.iter().map(move |table| (analysed, table))).collect();
    match (printed, tables.as_slice()) {
        (Printed::Json, all) => {
            let rows: Vec<Value> = all.iter().map(|(analysed, table)| to_json(analysed, table)).collect();
            output::line(&format!("{:#}", Value::from(rows)));
        }
        (Printed::Csv, []) => {}
        (Printed::Csv, [(_, table)]) => printed::csv(table),
        (Printed::Csv, several) => {
            return Err(CommandError::usage(format!(
                "there are {} tables, and comma-separated values hold one",
                several.len()
            ))
            .hint("a file for each: --out FOLDER")
            .hint("or all in one: --json"));
        }
        (Printed::Text | Printed::Markdown, all) => printed.tell(all.iter().map(|(_, table)| *table)),
    }
    Ok(())
}

fn to_json(analysed: &Analysed, table: &Table) -> Value {
    json!({ "analysis": analysed.id, "title": table.title, "rows": table.to_json(), "notes": table.notes })
}

/// Writes `NAME.md` and `NAME.csv` for every table; an analysis with several tables numbers them.
fn write_all(folder: &Path, made: &[Analysed], json: bool) -> Result<(), CommandError> {
    let refused = |path: &Path, error: &std::io::Error| {
        CommandError::new(Exit::Io, format!("{} cannot be written: {error}", path.display()))
            .hint("name a folder that can be written to, and that has room, with --out")
    };
    std::fs::create_dir_all(folder).map_err(|error| refused(folder, &error))?;
    let mut written = Vec::new();
    for analysed in made {
        for (place, table) in analysed.tables.iter().enumerate() {
            let number = if analysed.tables.len() > 1 { format!("-{}", place + 1) } else { String::new() };
            for (ending, text) in [("md", table.to_markdown()), ("csv", table.to_csv())] {
                let path = folder.join(format!("{}{number}.{ending}", analysed.id));
                write_whole(&path, folder, &text).map_err(|error| refused(&path, &error))?;
                written.push((analysed.id, table.title.clone(), path));
            }
        }
    }
    if json {
        let files: Vec<Value> = written
            .iter()
            .map(|(id, title, path)| json!({ "analysis": id, "title": title, "file": path }))
            .collect();
        output::out(&format!("{:#}\n", Value::from(files)));
    } else {
        for (_, title, path) in &written {
            output::line(&format!("{}  {title}", path.display()));
        }
    }
    Ok(())
}

/// Writes a file beside its place and then moves it there, so that it is never half there.
fn write_whole(path: &Path, folder: &Path, text: &str) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut staged = builder.prefix(".unbent-table-").tempfile_in(folder)?;
    staged.write_all(text.as_bytes())?;
    staged.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn list(suite: Option<&str>, json: bool) -> Result<Exit, CommandError> {
    let mut rows = Vec::new();
    for registration in unbent_suites::registry() {
        if suite.is_none_or(|suite| suite == registration.id) {
            let analyses = known(open_suite(registration.id, &Setup::default())?.as_ref());
            rows.extend(analyses.into_iter().map(|info| (registration.id, info)));
        }
    }
    if let Some(suite) = suite.filter(|_| rows.is_empty()) {
        return Err(CommandError::usage(format!(
            "the suite {suite} is not there; unbent suites lists what is"
        ))
        .hint("all: unbent analyze --list"));
    }
    if json {
        let row = |(suite, info): &(&str, AnalysisInfo)| json!({ "suite": suite, "analysis": info.id, "about": info.about });
        output::out(&format!("{:#}\n", Value::from(rows.iter().map(row).collect::<Vec<_>>())));
    } else {
        for (suite, info) in &rows {
            output::line(&format!("{suite}  {:18} {}", info.id, info.about));
        }
    }
    Ok(Exit::Done)
}
