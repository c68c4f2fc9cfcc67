//! `unbent judges`: judges as instruments, from the grades that run files hold.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use unbent_suites::inference::figures::judged;
use unbent_suites::inference::judging::{
    Gradings, JudgesTable, Label, LabelError, Rating, read_labels, tables,
};
use unbent_suites::kit::Setup;

use crate::args::JudgesArgs;
use crate::drawn::{Drawing, Drawn, Named};
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::output;
use crate::printed::{self, Printed};
use crate::session::open_suite;

pub(super) fn judges(args: &JudgesArgs, json: bool) -> Result<Exit, CommandError> {
    let printed = Printed::of(args.print, json)?;
    let runs = Joined::open(&args.files, args.suite.as_deref())?;
    let suite = runs.suite().as_str();
    // What is asked of a judge depends neither on the parameters nor on the pack that the trials ran with.
    let benchmark = open_suite(suite, &Setup::default())?;
    if benchmark.ratings().is_empty() {
        return Err(CommandError::usage(format!(
            "the suite {suite} asks no judge: its labels come from what was done"
        ))
        .hint("its tables: unbent analyze FILE")
        .hint("suites that ask one: independence, trap"));
    }
    let labels = args.labels.as_deref().map(|path| labels(path, benchmark.ratings())).transpose()?;
    let mut gradings = Gradings::of(benchmark.ratings(), runs.manifest(), &runs.own_judges());
    let observed = runs.read(|trial, _| gradings.take(trial), |run| benchmark.observe(run))?;
    let places =
        observed.points.iter().map(|point| (observed.cases[point.case as usize].clone(), point.cluster));
    gradings.cluster(&places.collect::<BTreeMap<_, _>>());
    if let Some((labels, path)) = labels.as_ref().zip(args.labels.as_deref()) {
        gradings.label(labels).map_err(|error| bad_labels(path, &error))?;
    }
    if gradings.marks.is_empty() {
        return Err(CommandError::new(Exit::Incomplete, "the files hold no grade of a judge")
            .hint("see what is in them: unbent show FILE")
            .hint("have the answers graded: unbent rejudge FILE --judge REF; for trap, run with --set judge=all"));
    }
    let mut made = tables(&gradings, benchmark.metrics(), &observed);
    choose(&mut made, &args.only)?;
    if args.only.is_empty() && !json {
        // It has a line for each pair of grades: for those who ask.
        made.retain(|one| one.id != "confusion");
    }
    if let (Some(note), Some(first)) = (runs.pack_note(), made.first_mut()) {
        first.table.notes.push(note);
    }
    let drawn = draw(args, &gradings, runs.pack_note().as_deref())?;
    print(printed, &made)?;
    drawn.iter().flat_map(Drawn::lines).for_each(|line| printed.line(&line));
    Ok(Exit::Done)
}

/// Draws what every two judges said, if that is asked for.
fn draw(
    args: &JudgesArgs,
    gradings: &Gradings,
    pack_note: Option<&str>,
) -> Result<Option<Drawn>, CommandError> {
    let Some(drawing) = Drawing::beside(&args.beside) else { return Ok(None) };
    let figures: Vec<Named> = judged(gradings)
        .into_iter()
        .map(|(name, mut figure)| {
            figure.notes.extend(pack_note.map(str::to_owned));
            (name, Ok(figure))
        })
        .collect();
    if figures.is_empty() {
        return Err(CommandError::new(Exit::Incomplete, "--figures: no two judges rated the same answer")
            .hint("have the answers graded again: unbent rejudge FILE --judge REF")
            .hint("or label some of them: --labels FILE"));
    }
    drawing.write(figures).map(Some)
}

/// The names of all tables.
const TABLES: [&str; 9] = [
    "judges",
    "agreement",
    "alpha",
    "confusion",
    "bias",
    "labels",
    "consistency",
    "self_preference",
    "verbosity",
];

fn choose(made: &mut Vec<JudgesTable>, only: &[String]) -> Result<(), CommandError> {
    if let Some(unknown) = only.iter().find(|name| !TABLES.contains(&name.as_str())) {
        return Err(CommandError::usage(format!("there is no table {unknown:?} of judges"))
            .hint(format!("there are {}", TABLES.join(", "))));
    }
    if only.is_empty() {
        return Ok(());
    }
    let silent = only.iter().find(|name| made.iter().all(|one| one.id != **name));
    if let Some(silent) = silent {
        let why = made.first().map_or_else(String::new, |judges| judges.table.notes.join(" "));
        return Err(CommandError::new(Exit::Incomplete, format!("the table {silent} would be empty"))
            .hint(why)
            .hint("see what there is: unbent judges FILE"));
    }
    made.retain(|one| only.iter().any(|name| name == one.id));
    Ok(())
}

fn print(printed: Printed, made: &[JudgesTable]) -> Result<(), CommandError> {
    match printed {
        Printed::Json => {
            let table = |one: &JudgesTable| -> Value {
                json!({
                    "id": one.id,
                    "title": one.table.title,
                    "rows": one.table.to_json(),
                    "notes": one.table.notes,
                })
            };
            output::line(&format!("{:#}", Value::from(made.iter().map(table).collect::<Vec<_>>())));
        }
        Printed::Csv => {
            let [one] = made else {
                return Err(CommandError::usage(format!(
                    "--csv is of a single table, and there are {}",
                    made.len()
                ))
                .hint(format!("name one: --only agreement; there are {}", TABLES.join(", "))));
            };
            printed::csv(&one.table);
        }
        Printed::Text | Printed::Markdown => printed.tell(made.iter().map(|one| &one.table)),
    }
    Ok(())
}

fn labels(path: &Path, ratings: &[Rating]) -> Result<Vec<Label>, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::new(Exit::BadFile, format!("--labels: {} cannot be read: {error}", path.display()))
            .hint("check the path; the file must be text in UTF-8")
    })?;
    read_labels(&text, ratings).map_err(|error| bad_labels(path, &error))
}

fn bad_labels(path: &Path, error: &LabelError) -> CommandError {
    CommandError::new(Exit::BadFile, format!("--labels: {}: {error}", path.display()))
        .hint("a line of it: case,subject,repeat,score,value")
        .hint("cases and subjects are named as in: unbent show FILE --find TEXT; the form is in docs/guide/judges.md")
}
