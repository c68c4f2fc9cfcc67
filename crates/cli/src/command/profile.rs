//! `unbent profile`: what is known of each subject across suites, as a card.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unbent_report::document::{Block, Document, Section};
use unbent_report::{Cell, Shown, Table};
use unbent_suites::inference::metric_table;
use unbent_suites::kit::Setup;

use super::report::suites_of;
use crate::args::ProfileArgs;
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::output;
use crate::serving::{Pooling, Serving};
use crate::session::open_suite;
use crate::whole_file;

pub(super) fn profile(args: &ProfileArgs, json: bool) -> Result<Exit, CommandError> {
    let mut cards: BTreeMap<String, Vec<Table>> = BTreeMap::new();
    for (suite, files) in suites_of(&args.files, None)? {
        let runs = Joined::open(&files, Some(&suite))?;
        let benchmark = open_suite(&suite, &Setup::default())?;
        let mut serving = Serving::of(runs.judges());
        let observations =
            runs.read(|trial, manifest| serving.add(trial, manifest), |run| benchmark.observe(run))?;
        let mut table = metric_table(benchmark.metrics(), &observations, !args.all);
        serving.tell(&mut table, runs.manifest(), Pooling::Told)?;
        for (subject, rows) in by_subject(&table) {
            let card = Table { title: suite.clone(), rows, ..table.clone() };
            cards.entry(subject).or_default().push(card);
        }
    }
    choose(&mut cards, &args.subject)?;
    if json {
        let card = |(subject, tables): (&String, &Vec<Table>)| {
            let suites: BTreeMap<&str, Value> =
                tables.iter().map(|table| (table.title.as_str(), table.to_json())).collect();
            json!({ "subject": subject, "suites": suites })
        };
        output::line(&format!("{:#}", Value::from(cards.iter().map(card).collect::<Vec<_>>())));
        return Ok(Exit::Done);
    }
    let document = document(&cards);
    if let Some(path) = &args.html {
        whole_file::write(path, document.to_html().as_bytes()).map_err(|error| {
            CommandError::new(Exit::Io, format!("{} cannot be written: {error}", path.display()))
                .hint("name a file in a folder that can be written to with --html")
        })?;
        output::line(&format!("{}: open it in a browser", path.display()));
    } else if args.md {
        output::out(&document.to_markdown("figures"));
    } else {
        let width = output::terminal_width();
        for (subject, tables) in &cards {
            output::line(&format!("{subject}\n"));
            for table in tables {
                output::line(&table.to_text(width));
            }
        }
    }
    Ok(Exit::Done)
}

/// The rows of a table by its first column.
fn by_subject(table: &Table) -> Vec<(String, Vec<Vec<Cell>>)> {
    let mut subjects: Vec<(String, Vec<Vec<Cell>>)> = Vec::new();
    for row in &table.rows {
        let subject = row[0].to_text();
        match subjects.iter_mut().find(|(known, _)| *known == subject) {
            Some((_, rows)) => rows.push(row.clone()),
            None => subjects.push((subject, vec![row.clone()])),
        }
    }
    subjects
}

/// Keeps only these subjects, if any are named.
fn choose(cards: &mut BTreeMap<String, Vec<Table>>, wanted: &[String]) -> Result<(), CommandError> {
    if let Some(unknown) = wanted.iter().find(|subject| !cards.contains_key(*subject)) {
        let names: Vec<_> = cards.keys().take(20).cloned().collect();
        return Err(CommandError::usage(format!("the files hold no trial of a subject {unknown:?}"))
            .hint(format!("they hold {}", names.join(", "))));
    }
    cards.retain(|subject, _| wanted.is_empty() || wanted.contains(subject));
    Ok(())
}

fn document(cards: &BTreeMap<String, Vec<Table>>) -> Document {
    let section = |(subject, tables): (&String, &Vec<Table>)| {
        let mut section = Section::new(subject.clone());
        for table in tables {
            let mut table = table.clone();
            // It stands in the heading.
            table.columns[0].shown = Shown::ToPrograms;
            section.blocks.push(Block::Table(table));
        }
        section
    };
    Document {
        title: "Model card".to_owned(),
        subtitle:
            "What the suites show of each subject, each suite in its own metrics: they are not added up."
                .to_owned(),
        sections: cards.iter().map(section).collect(),
    }
}
