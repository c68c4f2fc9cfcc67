//! What the replications of a study made of each figure, beside the truth.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use unbent_core::{Ask, Case, Manifest, ModelRef, SubjectId};
use unbent_providers::sim::{Noise, SimPersona};
use unbent_report::{Cell, Column, Shown, Table, fixed};
use unbent_stats::Level;
use unbent_suites::inference::{
    Against, Calibration, Metric, Observations, Point, Replication, estimate, expectation,
};
use unbent_suites::kit::{Benchmark, Method};

use crate::args::CalibrateArgs;
use crate::error::{CommandError, Exit};
use crate::joined::Joined;
use crate::session::open_suites;

/// A way to come from scores to a value and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Published,
    Corrected,
    Clustered,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Corrected => "corrected",
            Self::Clustered => "clustered",
        }
    }
}

/// A subject of known propensity: what is true of it, and what each replication made of it.
struct Truth {
    subject: String,
    /// By metric: expected under the judge of the study, and under one without noise.
    expected: BTreeMap<&'static str, f64>,
    noiseless: BTreeMap<&'static str, f64>,
    replications: BTreeMap<(&'static str, Way), Vec<Replication>>,
    unscored: u64,
    undetermined: u64,
}

/// Everything that the table tells.
pub(super) struct Study {
    suite: String,
    metrics: &'static [Metric],
    judge: String,
    noisy: bool,
    replications: u32,
    repeats: u32,
    cases: usize,
    seed: u64,
    truths: Vec<Truth>,
}

impl Study {
    pub(super) fn read(
        path: &Path,
        suite: &str,
        args: &CalibrateArgs,
        studies: Vec<(ModelRef, Vec<SubjectId>)>,
    ) -> Result<Self, CommandError> {
        let runs = Joined::open(&[path.to_owned()], Some(suite))?;
        let manifest = runs.manifest();
        let suites = open_suites(manifest)?;
        let benchmark = suites.get(runs.suite()).expect("the suite is that of the run");
        let board = |method| -> Result<_, CommandError> {
            let table = runs.read(|_, _| {}, |run| benchmark.leaderboard(run, method))?;
            let rows = table.to_json();
            let rows = rows.as_array().into_iter().flatten();
            let named = |row: &Value| Some((row["config"].as_str()?.to_owned(), row.clone()));
            Ok(rows.filter_map(named).collect::<BTreeMap<_, _>>())
        };
        let boards =
            [(Way::Published, board(Method::Published)?), (Way::Corrected, board(Method::Corrected)?)];
        let observed = runs.read(|_, _| {}, |run| benchmark.observe(run))?;
        let cases: Vec<Case> = runs.cases().values().cloned().collect();
        let judge = manifest.judge.as_ref().map(|judge| judge.model.clone()).unwrap_or_default();
        let noise = judge.parse().ok().and_then(|judge| SimPersona::parse(&judge).ok()?.noise());
        let points = by_subject(&observed);
        let headline = || benchmark.metrics().iter().filter(|metric| metric.is_headline);
        let mut truths = Vec::new();
        for (reference, copies) in studies {
            let expected = expected(benchmark.as_ref(), manifest, &cases, &reference, noise)?;
            let noiseless = match noise {
                Some(_) => self::expected(benchmark.as_ref(), manifest, &cases, &reference, None)?,
                None => expected.clone(),
            };
            let mut truth = Truth {
                subject: reference.to_string(),
                expected,
                noiseless,
                replications: BTreeMap::new(),
                unscored: 0,
                undetermined: 0,
            };
            for copy in &copies {
                let Some(place) = observed.subject(copy.as_str()) else { continue };
                truth.unscored += observed.marks[place].unscored;
                for metric in headline() {
                    let own = estimate(metric, points[place].iter().copied(), Level::P95);
                    truth.add(
                        metric,
                        Way::Clustered,
                        Replication { value: own.value, interval: own.interval },
                    );
                    for (way, rows) in &boards {
                        if let Some(columns) = benchmark.leaderboard_columns(metric.id) {
                            truth.add(metric, *way, shown(rows.get(copy.as_str()), columns));
                        }
                    }
                }
                let first = headline().next();
                let missing =
                    first.map(|metric| estimate(metric, points[place].iter().copied(), Level::P95).missing);
                truth.undetermined += missing.unwrap_or(0).saturating_sub(observed.marks[place].unscored);
            }
            truths.push(truth);
        }
        Ok(Self {
            suite: suite.to_owned(),
            metrics: benchmark.metrics(),
            judge,
            noisy: noise.is_some(),
            replications: args.trials.get(),
            repeats: manifest.repeats,
            cases: cases.len(),
            seed: manifest.seed,
            truths,
        })
    }

    /// What each method made of each metric of each subject.
    fn calibrations(&self) -> impl Iterator<Item = (&Truth, &'static Metric, Way, Calibration)> {
        self.truths.iter().flat_map(move |truth| {
            let headline = self.metrics.iter().filter(|metric| metric.is_headline);
            headline.flat_map(move |metric| {
                let of_metric = truth.replications.iter().filter(move |((id, _), _)| *id == metric.id);
                of_metric.filter_map(move |((_, way), replications)| {
                    let known = truth.expected.get(metric.id)?;
                    Some((truth, metric, *way, Calibration::of(*known, replications)))
                })
            })
        })
    }

    pub(super) fn table(&self) -> Result<Table, CommandError> {
        let people = |column: Column| column.shown(Shown::ToPeople);
        let data = |key| Column::number(key, "").shown(Shown::ToPrograms);
        let mut table = Table::new(
            format!(
                "Calibration of {}: {} studies of {} cases, {} repeats, by {}",
                self.suite, self.replications, self.cases, self.repeats, self.judge
            ),
            vec![
                Column::text("subject", "Simulated subject"),
                Column::text("metric", "Metric"),
                Column::text("method", "Interval"),
                Column::number("truth", "True"),
                Column::number("mean", "Mean"),
                Column::number("bias", "Bias"),
                Column::number("bias_error", "± SE"),
                Column::number("coverage", "Covers %"),
                people(Column::number("coverage_interval", "95 % MC")),
                data("coverage_low"),
                data("coverage_high"),
                Column::text("against_nominal", "Of 95 %"),
                Column::number("mean_width", "Width"),
                Column::number("n", "Studies"),
                Column::number("without_interval", "No interval"),
                Column::number("unscored", "Unscored"),
                Column::number("undetermined", "Undetermined"),
                data("truth_without_judge_noise"),
                data("judge_shift"),
            ],
        );
        for (truth, metric, way, found) in self.calibrations() {
            let coverage = found.coverage_interval();
            let noiseless = truth.noiseless.get(metric.id).copied();
            table.rows.push(vec![
                Cell::Text(truth.subject.clone()),
                Cell::Text(metric.id.to_owned()),
                Cell::Text(way.name().to_owned()),
                Cell::Number(found.truth, 2),
                Cell::number(found.mean, 2),
                Cell::number(found.bias, 2),
                Cell::number(found.bias_error, 2),
                Cell::number(found.coverage().map(|share| 100.0 * share), 1),
                coverage.map_or(Cell::Missing, |ends| Cell::Range(100.0 * ends.low, 100.0 * ends.high, 1)),
                Cell::number(coverage.map(|ends| 100.0 * ends.low), 1),
                Cell::number(coverage.map(|ends| 100.0 * ends.high), 1),
                found
                    .against(Level::P95)
                    .map_or(Cell::Missing, |against| Cell::Text(named(against).to_owned())),
                Cell::number(found.width, 1),
                Cell::Count(found.values),
                Cell::Count(found.without),
                Cell::Count(truth.unscored),
                Cell::Count(truth.undetermined),
                Cell::number(noiseless, 2),
                Cell::number(noiseless.map(|noiseless| found.truth - noiseless), 2),
            ]);
        }
        if table.rows.is_empty() {
            return Err(CommandError::new(Exit::BadFile, "no headline metric has a value in these cases")
                .hint("take more cases: leave --sample away"));
        }
        table.notes = self.notes();
        Ok(table)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "All subjects and the judge are simulated. True: what is expected of the subject under this judge, summed up \
             exactly over everything that either may say. Bias: the mean of the studies less that, with its Monte Carlo \
             standard error. 95 % MC: where coverage would lie in endless studies."
                .to_owned(),
            "published and corrected are the intervals of the leaderboard. clustered is that of reports and gates: it goes by how \
             far scenarios or templates lie apart and, where a part of the metric has one alone, by how far its repeats do."
                .to_owned(),
        ];
        if self.noisy {
            let shifts: Vec<String> = self
                .truths
                .iter()
                .flat_map(|truth| {
                    let of = |(id, expected): (&&str, &f64)| {
                        let is_headline =
                            self.metrics.iter().any(|metric| metric.is_headline && metric.id == *id);
                        let noiseless = truth.noiseless.get(id).filter(|_| is_headline)?;
                        Some(format!("{} {id} {}", truth.subject, fixed(expected - noiseless, 2)))
                    };
                    truth.expected.iter().filter_map(of)
                })
                .collect();
            notes.push(format!(
                "What the judge's noise itself moves, which no repeat and no interval can show: {}. Noise at the end of a \
                 scale can only go one way.",
                shifts.join(", ")
            ));
        }
        notes
    }

    pub(super) fn to_json(&self, table: &Table) -> Value {
        json!({
            "suite": self.suite,
            "judge": self.judge,
            "simulated": true,
            "studies": self.replications,
            "repeats": self.repeats,
            "cases": self.cases,
            "seed": self.seed,
            "level": Level::P95.fraction(),
            "rows": table.to_json(),
            "notes": table.notes,
        })
    }
}

impl Truth {
    fn add(&mut self, metric: &Metric, way: Way, replication: Replication) {
        self.replications.entry((metric.id, way)).or_default().push(replication);
    }
}

fn named(against: Against) -> &'static str {
    match against {
        Against::Below => "below",
        Against::Nominal => "nominal",
        Against::Above => "above",
    }
}

/// The points of each subject.
fn by_subject(observed: &Observations) -> Vec<Vec<&Point>> {
    let mut points = vec![Vec::new(); observed.subjects.len()];
    for point in &observed.points {
        points[point.subject as usize].push(point);
    }
    points
}

/// What a leaderboard shows of a metric in a row.
fn shown(row: Option<&Value>, [value, low, high]: [&str; 3]) -> Replication {
    let number = |key: &str| row.and_then(|row| row[key].as_f64());
    let ends = number(low).zip(number(high));
    Replication {
        value: number(value),
        interval: ends.map(|(low, high)| unbent_stats::Interval { low, high }),
    }
}

/// What is expected of a subject, graded with this noise or without.
fn expected(
    benchmark: &dyn Benchmark,
    manifest: &Manifest,
    cases: &[Case],
    reference: &ModelRef,
    noise: Option<Noise>,
) -> Result<BTreeMap<&'static str, f64>, CommandError> {
    let judge = |ask: &Ask| {
        let Some(right) = benchmark.judge(ask) else { return Vec::new() };
        match noise.zip(ask.reply_schema.as_ref()) {
            Some((noise, reply)) => noise.grades(&right, &reply.schema),
            None => vec![(1.0, right)],
        }
    };
    let subject = (reference.model.as_str(), &reference.params);
    expectation(benchmark, manifest, cases, subject, &judge).map_err(|error| {
        CommandError::usage(format!("what is true of {reference} cannot be told: {error}"))
            .hint("use the suite's own cases: leave --cases, --pack and --set away")
    })
}
