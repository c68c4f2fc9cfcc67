//! `unbent figures`: draws the figures of run files.

use unbent_core::Manifest;
use unbent_report::{Cell, Column, Table};
use unbent_suites::inference::{Observations, Sampled, figures as neutral};
use unbent_suites::kit::{Benchmark, Method, Setup};

use crate::args::FiguresArgs;
use crate::drawn::{Drawing, Named};
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::ranked::Ranked;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;

pub(super) fn figures(args: &FiguresArgs, json: bool) -> Result<Exit, CommandError> {
    let runs = Joined::open(&args.files, args.suite.as_deref())?;
    // What is drawn depends neither on the parameters nor on the pack that the trials ran with.
    let benchmark = open_suite(runs.suite().as_str(), &Setup::default())?;
    let mut serving = Serving::of(runs.judges());
    let ranked =
        Ranked::of(&runs, benchmark.as_ref(), Method::Corrected, Sampled::Cases, |trial, manifest| {
            serving.add(trial, manifest);
        })?;
    let observed = runs.read(|_, _| {}, |run| benchmark.observe(run))?;
    let mut figures = of_runs(&runs, benchmark.as_ref(), &observed, &ranked)?;
    let notes = told(&serving, runs.manifest(), args.pool_providers)?;
    choose(&mut figures, &args.only)?;
    for figure in figures.iter_mut().filter_map(|(_, figure)| figure.as_mut().ok()) {
        figure.notes.extend(runs.notes(benchmark.as_ref()).into_iter().chain(notes.iter().cloned()));
    }
    let drawing = Drawing {
        folder: &args.out,
        option: "--out",
        formats: &args.format,
        themes: args.theme,
        scale: args.scale,
    };
    let drawn = drawing.write(figures)?;
    drawn.tell(json);
    // Not every run can have every figure; one that was asked for by name, or none at all, is another matter.
    let is_missed = !drawn.left_out.is_empty() && (!args.only.is_empty() || drawn.written.is_empty());
    Ok(if is_missed { Exit::Incomplete } else { Exit::Done })
}

/// All figures of runs: those of the suite, then those that every suite has, ranks first among them.
pub(super) fn of_runs(
    runs: &Joined,
    benchmark: &dyn Benchmark,
    observed: &Observations,
    ranked: &Ranked,
) -> Result<Vec<Named>, CommandError> {
    let mut figures = runs.read(|_, _| {}, |run| benchmark.figures(run))?;
    figures.push(("ranks".to_owned(), neutral::ranks(&ranked.standings, observed, &ranked.table)));
    figures.extend(neutral::figures(benchmark.metrics(), observed));
    Ok(figures)
}

/// Keeps only the figures of these names, if any are named: in full, or what stands before the first underscore.
fn choose(figures: &mut Vec<Named>, only: &[String]) -> Result<(), CommandError> {
    let is = |name: &str, wanted: &str| name == wanted || name.split('_').next() == Some(wanted);
    if let Some(unknown) = only.iter().find(|wanted| !figures.iter().any(|(name, _)| is(name, wanted))) {
        let names: Vec<_> = figures.iter().map(|(name, _)| name.as_str()).collect();
        return Err(CommandError::usage(format!("there is no figure {unknown:?}"))
            .hint(format!("figures: {}", names.join(", "))));
    }
    figures.retain(|(name, _)| only.is_empty() || only.iter().any(|wanted| is(name, wanted)));
    Ok(())
}

/// Who served the answers, where that must be said; or the refusal to pool them.
fn told(serving: &Serving, manifest: &Manifest, pool: bool) -> Result<Vec<String>, CommandError> {
    let pooling = if pool { Pooling::Told } else { Pooling::Refused };
    let mut table = Table::new("", vec![Column::text("subject", "Subject")]);
    table.rows = manifest.subjects.iter().map(|subject| vec![Cell::Text(subject.id.to_string())]).collect();
    serving.tell(&mut table, manifest, pooling)?;
    Ok(table.notes)
}
