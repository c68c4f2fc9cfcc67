//! `unbent compare`: two subjects over the same trials, or one subject held to a condition.

mod gating;
mod junit;
mod likeness;
mod side;
mod tables;

use serde_json::{Value, json};
use unbent_report::Table;
use unbent_suites::inference::figures::compared;
use unbent_suites::inference::{Flips, Metric, compare as compare_metrics, pair};

use self::likeness::Likeness;
use self::side::{Contestant, Library};
use crate::args::CompareArgs;
use crate::drawn::{Drawing, Drawn};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::printed::{self, Printed};
use crate::serving::Pooling;

pub(super) fn compare(args: &CompareArgs, json: bool) -> Result<Exit, CommandError> {
    let printed = Printed::of(args.print, json)?;
    let mut library = Library::new(args.suite.as_deref());
    let (a, b) = library.named(&args.a, args.b.as_deref())?;
    if b.is_none() && args.gate.is_none() {
        return Err(CommandError::usage(format!("{} has nobody to be compared with", a.name()))
            .hint("name a second subject: unbent compare A B")
            .hint("or a condition on it alone: unbent compare A --gate \"CONDITION\""));
    }
    // What is named last is what a gate is on, and what it is compared with the baseline.
    let subject = b.as_ref().unwrap_or(&a);
    if b.is_none() && args.beside.figures.is_some() {
        return Err(CommandError::usage("--figures: one subject alone has no figure of a comparison")
            .hint("name a second subject: unbent compare A B --figures DIR")
            .hint("the figures of one run: unbent figures FILE --out DIR"));
    }
    // A gate that cannot be read is refused before anything is told.
    let gate = match &args.gate {
        Some(text) => Some((text, gating::read(text, subject)?)),
        None => None,
    };
    let mut told = Told::default();
    match &b {
        Some(b) => two(args, &a, b, &mut told)?,
        None => told.tables.push(("subjects", tables::subjects(&[("", &a)], pooling(args))?)),
    }
    let Some((text, gate)) = gate else {
        told.print(printed);
        return Ok(Exit::Done);
    };
    let other = b.as_ref().map(|_| &a);
    let (result, notes) = gating::decide(&gate, subject, other, &mut library, args);
    if b.is_none() {
        told.main = "gate";
    }
    told.beside.push(("decided", gating::to_json(text, &result)));
    told.tables.push(("gate", gating::table(text, subject, &result, notes)));
    told.print(printed);
    if let Some(path) = &args.junit {
        gating::write_junit(path, text, subject, &result)?;
    }
    if matches!(printed, Printed::Text | Printed::Markdown) {
        output::line(&gating::line(&result));
    }
    gating::ended(&result, subject)
}

/// What is told.
#[derive(Default)]
struct Told {
    /// The tables by their names for programs, in the order in which people see them.
    tables: Vec<(&'static str, Table)>,
    /// The name of the table that comma-separated values hold.
    main: &'static str,
    /// What else programs see.
    beside: Vec<(&'static str, Value)>,
    /// The figures that were written.
    drawn: Option<Drawn>,
}

impl Told {
    fn print(&self, printed: Printed) {
        match printed {
            Printed::Json => {
                let mut whole = serde_json::Map::new();
                whole.extend(self.beside.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                whole.extend(
                    self.tables.iter().map(|(name, table)| ((*name).to_owned(), tables::to_json(table))),
                );
                output::line(&format!("{:#}", Value::Object(whole)));
                // The figures that were written stand in it.
                return;
            }
            Printed::Csv => {
                self.tables
                    .iter()
                    .filter(|(name, _)| *name == self.main)
                    .for_each(|(_, table)| printed::csv(table));
            }
            Printed::Text | Printed::Markdown => printed.tell(self.tables.iter().map(|(_, table)| table)),
        }
        self.drawn.iter().flat_map(Drawn::lines).for_each(|line| printed.line(&line));
    }
}

/// Compares two subjects.
fn two(args: &CompareArgs, a: &Contestant, b: &Contestant, told: &mut Told) -> Result<(), CommandError> {
    if a.name() == b.name() {
        return Err(CommandError::usage(format!("{} is named twice", a.name())).hint("name two subjects"));
    }
    let differing = Likeness::of(a, b)?.settle(a, b, args.allow_different_packs)?;
    let pairing = pair(a.side(), b.side());
    if pairing.trials == 0 {
        return Err(CommandError::new(
            Exit::BadFile,
            format!("{} and {} have no trial in common", a.name(), b.name()),
        )
        .hint("they are matched by case and repeat; see what each has: unbent show FILE --find SUBJECT"));
    }
    let metrics = wanted(args, a.file.benchmark.metrics())?;
    let compared_metrics = compare_metrics(&metrics, &pairing, args.margin);
    let flips = Flips::of(&metrics[0], &pairing);
    told.main = "metrics";
    told.beside.push(("suite", a.file.suite.to_string().into()));
    told.beside.push(("matched", tables::pairing_json(&pairing)));
    told.beside.push((
        "changes",
        json!({ "metric": metrics[0].id, "improved": flips.improved, "worsened": flips.worsened, "same": flips.same }),
    ));
    if let Some(drawing) = Drawing::beside(&args.beside) {
        let mut figures = compared(&compared_metrics, &pairing, [a.subject(), b.subject()]);
        for figure in figures.iter_mut().filter_map(|(_, figure)| figure.as_mut().ok()) {
            figure.notes.extend(differing.iter().cloned());
        }
        let drawn = drawing.write(figures)?;
        told.beside.push(("drawn", drawn.to_json()));
        told.drawn = Some(drawn);
    }
    let mut of_metrics = tables::metrics(&compared_metrics, &pairing);
    of_metrics.notes.splice(0..0, differing);
    told.tables.push(("flips", tables::flips(&metrics[0], &flips, [a, b], args.flips)));
    told.tables.push(("metrics", of_metrics));
    told.tables.push(("subjects", tables::subjects(&[("A", a), ("B", b)], pooling(args))?));
    Ok(())
}

fn pooling(args: &CompareArgs) -> Pooling {
    if args.pool_providers { Pooling::Told } else { Pooling::Refused }
}

/// The metrics to compare by: those that are named, or all.
fn wanted(args: &CompareArgs, known: &'static [Metric]) -> Result<Vec<Metric>, CommandError> {
    if args.metrics.is_empty() {
        return Ok(known.to_vec());
    }
    let find = |name: &String| {
        known.iter().find(|metric| metric.id == name).copied().ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|metric| metric.id).collect();
            CommandError::usage(format!("--metric: there is no metric {name:?}"))
                .hint(format!("there are {}", names.join(", ")))
        })
    };
    args.metrics.iter().map(find).collect()
}
