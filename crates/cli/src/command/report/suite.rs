//! What a report says of one suite.

use std::path::PathBuf;

use unbent_report::document::{Block, Section};
use unbent_report::{Cell, Column, Table};
use unbent_suites::inference::{Metric, Sampled, metric_table};
use unbent_suites::kit::{AnalysisInfo, AnalysisOptions, Benchmark, Method, Setup};

use crate::command::figures;
use crate::drawn::Named;
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::ranked::Ranked;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;

/// What a report says of a suite.
pub(super) struct Made {
    /// What stands in the summary.
    pub(super) summary: Vec<Block>,
    /// The sections.
    pub(super) sections: Vec<Section>,
}

pub(super) fn sections(files: &[PathBuf], id: &str, pooling: Pooling) -> Result<Made, CommandError> {
    let runs = Joined::open(files, Some(id))?;
    // How tables are made depends neither on the parameters nor on the pack that the trials ran with.
    let benchmark = open_suite(id, &Setup::default())?;
    let mut serving = Serving::of(runs.judges());
    let observations =
        runs.read(|trial, manifest| serving.add(trial, manifest), |run| benchmark.observe(run))?;
    let metrics = benchmark.metrics();
    let mut headlines = metric_table(metrics, &observations, true);
    headlines.title = format!("{id}: headline metrics");
    headlines.notes.extend(runs.notes(benchmark.as_ref()));
    serving.tell(&mut headlines, runs.manifest(), pooling)?;
    let summary = vec![Block::Table(headlines)];

    let mut about = Section::new(format!("{id}: what is measured"));
    let registration = unbent_suites::find(id);
    about.say(registration.map_or_else(String::new, |registration| registration.about.to_owned()));
    about.blocks.push(Block::Table(about_metrics(id, metrics)));
    about.say(format!(
        "Published: as the reference computes it, flaws included. Corrected: nothing is dropped, missing data is bounded, \
         intervals cover what they say. Definitions: docs/method/{id}.md."
    ));

    let mut boards = Section::new(format!("{id}: leaderboards"));
    let mut drawn = Vec::new();
    for method in [Method::Corrected, Method::Published] {
        let ranked = Ranked::of(&runs, benchmark.as_ref(), method, Sampled::Cases, |_, _| {})?;
        boards.blocks.push(Block::Table(ranked.table.clone()));
        if method == Method::Corrected {
            drawn = figures::of_runs(&runs, benchmark.as_ref(), &observations, &ranked)?;
        }
    }
    let mut all = metric_table(metrics, &observations, false);
    all.title = format!("{id}: all metrics");
    boards.blocks.push(Block::Table(all));

    let mut sections = vec![about, boards];
    sections.extend(analyses(&runs, benchmark.as_ref(), id)?);
    sections.extend(figures_section(drawn, id));
    Ok(Made { summary, sections })
}

fn about_metrics(id: &str, metrics: &[Metric]) -> Table {
    let mut table = Table::new(
        format!("{id}: metrics"),
        vec![
            Column::text("metric", "Metric"),
            Column::text("about", "What it tells"),
            Column::number("least", "From"),
            Column::number("most", "To"),
            Column::text("better", "Better"),
            Column::text("headline", "Headline"),
        ],
    );
    for metric in metrics {
        let better = if metric.gain(0.0, 1.0) > 0.0 { "more" } else { "less" };
        table.rows.push(vec![
            Cell::Text(metric.name.to_owned()),
            Cell::Text(metric.about.to_owned()),
            Cell::Number(metric.least(), 0),
            Cell::Number(metric.most(), 0),
            Cell::Text(better.to_owned()),
            Cell::Flag(metric.is_headline),
        ]);
    }
    table
}

/// The further tables, listings of every trial left out.
fn analyses(runs: &Joined, benchmark: &dyn Benchmark, id: &str) -> Result<Option<Section>, CommandError> {
    let known = benchmark.analyses().iter().filter(|info| !info.is_listing);
    let ids: Vec<&str> = known.map(|info| info.id).collect();
    let options = AnalysisOptions::default();
    let made = runs.read(|_, _| {}, |run| benchmark.analyse(&ids, run, &options))?;
    let made = made.map_err(|error| CommandError::new(Exit::Internal, error.to_string()))?;
    let mut section = Section::new(format!("{id}: analyses"));
    let mut silent: Vec<&AnalysisInfo> = Vec::new();
    for analysed in made {
        if analysed.tables.is_empty() {
            silent.extend(benchmark.analyses().iter().find(|info| info.id == analysed.id));
        }
        section.blocks.extend(analysed.tables.into_iter().map(Block::Table));
    }
    if !silent.is_empty() {
        section.say("These have nothing to say of the trials:");
        section
            .blocks
            .push(Block::Points(silent.iter().map(|info| format!("{}: {}", info.id, info.about)).collect()));
    }
    Ok((!section.blocks.is_empty()).then_some(section))
}

fn figures_section(drawn: Vec<Named>, id: &str) -> Option<Section> {
    let mut section = Section::new(format!("{id}: figures"));
    let mut left_out = Vec::new();
    for (name, figure) in drawn {
        match figure {
            // Every suite has a figure of ranks.
            Ok(figure) => {
                section.blocks.push(Block::Figure { name: format!("{id}_{name}"), figure: Box::new(figure) });
            }
            Err(why) => left_out.push(format!("{name}: {why}")),
        }
    }
    if !left_out.is_empty() {
        section.say("These figures need what the trials do not have:");
        section.blocks.push(Block::Points(left_out));
    }
    (!section.blocks.is_empty()).then_some(section)
}
