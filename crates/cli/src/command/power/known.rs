//! How the values of a metric spread: as a pilot shows it, or as it is assumed.

use std::path::PathBuf;
use std::sync::Arc;

use unbent_report::{Cell, Column, Table};
use unbent_suites::inference::study::{Comparison, Spread};
use unbent_suites::inference::{Metric, Observations, Pilot};
use unbent_suites::kit::{Benchmark, Setup};

use crate::args::PowerArgs;
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::ranked::headline;
use crate::session::open_suite;
use crate::setups::setup;

/// What is known of the values of a metric, or assumed.
pub(super) struct Known {
    pub(super) suite: String,
    pub(super) benchmark: Arc<dyn Benchmark>,
    pub(super) metric: &'static Metric,
    pub(super) spread: Spread,
    pub(super) pilot: Option<Pilot>,
    /// Where the spread is from.
    notes: Vec<String>,
}

impl Known {
    pub(super) fn assumed(args: &PowerArgs) -> Result<Self, CommandError> {
        let suite = args.suite.clone().unwrap_or_default();
        let benchmark = open_suite(&suite, &setup(&args.setup, &suite)?)?;
        let metric = metric(benchmark.as_ref(), args.metric.as_deref())?;
        let typical = benchmark.typical(metric);
        let baseline = args.baseline.unwrap_or(typical.baseline);
        if baseline <= metric.least() || baseline >= metric.most() {
            return Err(CommandError::usage(format!(
                "--baseline: {} cannot be about {baseline}",
                metric.name
            ))
            .hint(format!("give points between {} and {}", metric.least(), metric.most())));
        }
        let notes = vec![
            format!(
                "Assumed, not measured on these subjects: {} of about {baseline} points; {} % of the variance between cases; case \
                 values of two subjects correlated by {}; clusters multiply variances by {}. From {}.",
                metric.name,
                (100.0 * typical.case_share).round(),
                typical.in_common,
                typical.design_effect,
                typical.source
            ),
            "A pilot is better: run a few cases with two repeats of both subjects and give --pilot FILE."
                .to_owned(),
        ];
        Ok(Self { spread: typical.spread(metric, baseline), suite, benchmark, metric, pilot: None, notes })
    }

    pub(super) fn of_pilot(pilot: &str, args: &PowerArgs) -> Result<Self, CommandError> {
        let (file, first) = match pilot.rsplit_once('#') {
            Some((file, label)) if !PathBuf::from(pilot).exists() => (file, Some(label)),
            _ => (pilot, None),
        };
        let runs = Joined::open(&[PathBuf::from(file)], args.suite.as_deref())?;
        let suite = runs.suite().to_string();
        let benchmark = open_suite(&suite, &Setup::default())?;
        let metric = metric(benchmark.as_ref(), args.metric.as_deref())?;
        let observations = runs.read(|_, _| {}, |run| benchmark.observe(run))?;
        let (first, second) = subjects(&observations, first, args.pilot_b.as_deref())?;
        let pilot = Pilot::of(metric, &observations, first, second).map_err(|error| {
            CommandError::new(Exit::BadFile, error.to_string())
                .hint("see what is in the file: unbent show FILE")
                .hint("name another subject: --pilot FILE#SUBJECT")
        })?;
        let mut notes = vec![format!(
            "From {}: {} cases in {} clusters, n {} ({} missing) of {}.",
            file,
            pilot.cases,
            pilot.clusters,
            pilot.n,
            pilot.missing,
            pilot.subjects.join(" and ")
        )];
        if pilot.is_unrepeated {
            notes.push(
                "No case has two repeats: what lies between repeats is counted as between cases, so that repeats look of no use."
                    .to_owned(),
            );
        }
        match pilot.judge {
            Some(_) => notes.push(format!(
                "Judges: from {} gradings of the same answers, beyond how strict each is on the whole.",
                pilot.gradings
            )),
            None => notes.push(
                "Judges: not known, as no answer was graded twice; it is part of repeats. unbent rejudge FILE --judge REF grades \
                 them again."
                    .to_owned(),
            ),
        }
        if pilot.spread.paired_case.is_none() {
            notes.push(
                "One subject only: how alike two find the same cases is not known, and paired is as if they had nothing in common."
                    .to_owned(),
            );
        }
        if pilot.cases < 30 {
            notes.push(format!("{} cases say little of a spread: take the figures as rough.", pilot.cases));
        }
        Ok(Self { suite, benchmark, metric, spread: pilot.spread, pilot: Some(pilot), notes })
    }

    /// How values spread.
    pub(super) fn told(&self, args: &PowerArgs) -> Table {
        let mut table = Table::new(
            format!("{} ({}): how a trial's worth spreads", self.metric.name, self.suite),
            vec![
                Column::text("component", "Part"),
                Column::number("std_dev", "Points"),
                Column::number("share", "% of variance"),
                Column::number("n", "n"),
                Column::number("missing", "Missing"),
            ],
        );
        let total = self.spread.case + self.spread.repeat;
        let pilot = self.pilot.as_ref();
        let (n, missing) = (pilot.map(|pilot| pilot.n), pilot.map(|pilot| pilot.missing));
        let count = |n: Option<u64>| n.map_or(Cell::Missing, Cell::Count);
        let judge = pilot.and_then(|pilot| pilot.judge);
        let repeat = judge.map_or(self.spread.repeat, |judge| (self.spread.repeat - judge).max(0.0));
        let mut row = |name: &str, variance: Option<f64>, is_part: bool| {
            let share = variance.filter(|_| is_part && total > 0.0).map(|variance| 100.0 * variance / total);
            table.rows.push(vec![
                Cell::Text(name.to_owned()),
                Cell::number(variance.map(f64::sqrt), 1),
                Cell::number(share, 0),
                count(n),
                count(missing),
            ]);
        };
        row("between cases", Some(self.spread.case), true);
        row("between repeats of a case", Some(repeat), true);
        row("between judges of an answer", judge, true);
        row("difference of two subjects, between cases", self.spread.paired_case, false);
        let study = self.study(Comparison::Paired, args);
        if let Some(pilot) = pilot {
            table.notes.push(format!(
                "Clusters multiply the variance of a mean by {:.2}. {} cases with {} repeats tell as much of one subject as {:.0} \
                 independent trials.",
                self.spread.design_effect,
                pilot.cases,
                args.repeats,
                study.effective_size(pilot.cases as f64)
            ));
        }
        table.notes.extend(self.notes.clone());
        table
    }
}

/// The metric of this name.
fn metric(benchmark: &dyn Benchmark, wanted: Option<&str>) -> Result<&'static Metric, CommandError> {
    let Some(wanted) = wanted else { return Ok(headline(benchmark)) };
    benchmark.metrics().iter().find(|metric| metric.id == wanted).ok_or_else(|| {
        let names: Vec<_> = benchmark.metrics().iter().map(|metric| metric.id).collect();
        CommandError::usage(format!("the suite has no metric {wanted:?}"))
            .hint(format!("there are {}", names.join(", ")))
    })
}

/// The subjects of a pilot: those that are named, or the first two that are neither null nor regraded.
fn subjects(
    observations: &Observations,
    first: Option<&str>,
    second: Option<&str>,
) -> Result<(usize, Option<usize>), CommandError> {
    let find = |label: &str| {
        observations.subject(label).ok_or_else(|| {
            let labels: Vec<_> = observations.subjects.iter().map(|subject| subject.id.to_string()).collect();
            CommandError::usage(format!("the pilot has no subject {label:?}"))
                .hint(format!("it has {}", labels.join(", ")))
        })
    };
    let mut usual = (0..observations.subjects.len()).filter(|place| {
        let subject = &observations.subjects[*place];
        !subject.null && subject.regraded.is_none() && observations.of_subject(*place).next().is_some()
    });
    if let Some(first) = first {
        let second = second.map(|label| find(label.trim_start_matches('#'))).transpose()?;
        return Ok((find(first)?, second));
    }
    let usual_first = usual.next().unwrap_or_default();
    let second = match second {
        Some(label) => Some(find(label.trim_start_matches('#'))?),
        None => usual.next(),
    };
    Ok((usual_first, second))
}
