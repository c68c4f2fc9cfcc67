//! `unbent figures`: draws the figures of run files.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unbent_core::Manifest;
use unbent_report::figure::Theme;
use unbent_report::{Cell, Column, Figure, Table};
use unbent_suites::kit::Setup;

use crate::args::FiguresArgs;
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::output::{self, harmless};
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;
use crate::whole_file;

pub(super) fn figures(args: &FiguresArgs, json: bool) -> Result<Exit, CommandError> {
    let runs = Joined::open(&args.files, args.suite.as_deref())?;
    // What is drawn depends neither on the parameters nor on the pack that the trials ran with.
    let benchmark = open_suite(runs.suite().as_str(), &Setup::default())?;
    let mut serving = Serving::default();
    let mut figures =
        runs.read(|trial, manifest| serving.add(trial, manifest), |run| benchmark.figures(run))?;
    if figures.is_empty() {
        return Err(CommandError::usage(format!("the suite {} has no figures", runs.suite()))
            .hint(format!("its leaderboard: unbent leaderboard {}", files(&args.files))));
    }
    let notes = told(&serving, runs.manifest(), args.pool_providers)?;
    choose(&mut figures, &args.only)?;
    std::fs::create_dir_all(&args.out).map_err(|error| refused(&args.out, &error))?;
    let theme = if args.dark { Theme::Dark } else { Theme::Light };
    let (mut written, mut left_out) = (Vec::new(), Vec::new());
    for (name, figure) in figures {
        match figure {
            Ok(mut figure) => {
                figure.notes.extend(runs.pack_note().into_iter().chain(notes.iter().cloned()));
                written.push(write(&args.out, &name, &figure, theme)?);
            }
            Err(why) => left_out.push((name, why)),
        }
    }
    tell(&written, &left_out, json);
    // Not every run can have every figure; one that was asked for by name, or none at all, is another matter.
    let is_missed = !left_out.is_empty() && (!args.only.is_empty() || written.is_empty());
    Ok(if is_missed { Exit::Incomplete } else { Exit::Done })
}

/// A figure that was written.
struct Written {
    name: String,
    title: String,
    svg: PathBuf,
    csv: PathBuf,
    rows: usize,
}

/// Keeps only the figures of these names, if any are named: in full, or what stands before the first underscore.
fn choose(figures: &mut Vec<(String, Result<Figure, String>)>, only: &[String]) -> Result<(), CommandError> {
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

fn write(folder: &Path, name: &str, figure: &Figure, theme: Theme) -> Result<Written, CommandError> {
    let [svg, csv] = ["svg", "csv"].map(|form| folder.join(format!("{name}.{form}")));
    for (path, text) in [(&svg, figure.to_svg(theme)), (&csv, figure.to_csv())] {
        whole_file::write(path, text.as_bytes()).map_err(|error| refused(path, &error))?;
    }
    let rows = figure.data().rows.len();
    Ok(Written { name: name.to_owned(), title: figure.title.clone(), svg, csv, rows })
}

fn refused(path: &Path, error: &io::Error) -> CommandError {
    CommandError::new(Exit::Io, format!("{} cannot be written: {error}", path.display()))
        .hint("name a folder that can be written to, and that has room, with --out")
}

fn files(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
}

fn tell(written: &[Written], left_out: &[(String, String)], json: bool) {
    if json {
        let figure = |figure: &Written| json!({ "name": figure.name, "title": figure.title, "svg": figure.svg, "csv": figure.csv, "rows": figure.rows });
        let missed = |(name, why): &(String, String)| json!({ "name": name, "why": why });
        output::line(&format!(
            "{:#}",
            json!({
                "figures": written.iter().map(figure).collect::<Vec<Value>>(),
                "left_out": left_out.iter().map(missed).collect::<Vec<Value>>(),
            })
        ));
        return;
    }
    for figure in written {
        output::line(&format!("{}  {}", figure.svg.display(), figure.title));
    }
    for (name, why) in left_out {
        output::line(&format!("left out: {name}: {}", harmless(why)));
    }
    output::line(&format!("{} figures, each with its data as CSV beside it", written.len()));
}
