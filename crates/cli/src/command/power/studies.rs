//! What a study takes, and what it can find.

use clap::Parser as _;
use unbent_report::{Cell, Column, Shown, Table, usd};
use unbent_stats::Level;
use unbent_suites::inference::Study;
use unbent_suites::inference::study::Comparison;

use super::known::Known;
use crate::args::{Cli, Command, PowerArgs};
use crate::command::run::Plan;
use crate::error::{CommandError, Exit};

/// Repeats that tables show.
const REPEATS: [u32; 5] = [1, 2, 3, 5, 10];

impl Known {
    pub(super) fn study(&self, comparison: Comparison, args: &PowerArgs) -> Study {
        Study {
            spread: self.spread,
            repeats: args.repeats.get(),
            comparison,
            power: args.power,
            level: Level::P95,
        }
    }

    /// The cases and repeats that a difference takes.
    pub(super) fn needed(&self, difference: f64, args: &PowerArgs) -> Result<Table, CommandError> {
        let range = self.metric.most() - self.metric.least();
        if difference > range {
            return Err(CommandError::usage(format!(
                "--difference: two subjects cannot be {difference} points of {} apart",
                self.metric.name
            ))
            .hint(format!("give points above 0, and {range} at the most")));
        }
        let mut table = Table::new(
            format!(
                "To find {difference} points of {} with a power of {}, at 5 % two-sided",
                self.metric.name, args.power
            ),
            vec![
                Column::text("comparison", "Comparison"),
                Column::number("repeats", "Repeats"),
                Column::number("cases", "Cases"),
                Column::number("trials", "Trials of each subject"),
                Column::number("effective", "Worth so many independent"),
            ],
        );
        let mut all = REPEATS.to_vec();
        all.push(args.repeats.get());
        all.sort_unstable();
        all.dedup();
        for (name, comparison) in COMPARISONS {
            for repeats in &all {
                let study = Study { repeats: *repeats, ..self.study(comparison, args) };
                let cases = study.cases(difference).map_err(|error| self.no_design(&error))?;
                table.rows.push(vec![
                    Cell::Text(name.to_owned()),
                    Cell::Count(u64::from(*repeats)),
                    Cell::Count(cases),
                    Cell::Count(cases * u64::from(*repeats)),
                    Cell::Number(study.effective_size(cases as f64), 0),
                ]);
            }
        }
        let there = self.benchmark.cases().len();
        table.notes.push(format!(
            "Cases: that each subject is asked; the suite has {there} with these settings. Paired: both on the same cases."
        ));
        Ok(table)
    }

    /// What so many cases, and more of them or of repeats, can find.
    pub(super) fn detectable(&self, cases: u64, args: &PowerArgs) -> Result<Table, CommandError> {
        let mut table = Table::new(
            format!(
                "What can be found of {} with a power of {}, at 5 % two-sided",
                self.metric.name, args.power
            ),
            vec![
                Column::number("cases", "Cases"),
                Column::number("repeats", "Repeats"),
                Column::number("trials", "Trials of each subject"),
                Column::number("paired", "Paired: points"),
                Column::number("independent", "Independent: points"),
                Column::number("paired_se", "").shown(Shown::ToPrograms),
                Column::number("independent_se", "").shown(Shown::ToPrograms),
                Column::number("effective", "Worth so many independent"),
            ],
        );
        let repeats = args.repeats.get();
        for (cases, repeats) in
            [(1, 1), (1, 2), (1, 5), (2, 1), (4, 1)].map(|(more, again)| (cases * more, repeats * again))
        {
            let study = |comparison| Study { repeats, ..self.study(comparison, args) };
            let found = |comparison| study(comparison).detectable(cases as f64);
            let error = |comparison| Cell::Number(study(comparison).standard_error(cases as f64), 2);
            let found = COMPARISONS
                .map(|(_, comparison)| found(comparison))
                .into_iter()
                .collect::<Result<Vec<f64>, _>>()
                .map_err(|error| self.no_design(&error))?;
            table.rows.push(vec![
                Cell::Count(cases),
                Cell::Count(u64::from(repeats)),
                Cell::Count(cases * u64::from(repeats)),
                Cell::Number(found[0], 1),
                Cell::Number(found[1], 1),
                error(Comparison::Paired),
                error(Comparison::Independent),
                Cell::Number(study(Comparison::Paired).effective_size(cases as f64), 0),
            ]);
        }
        table.notes.push(
            "More repeats of the same cases never bring the difference below what lies between cases; more cases do.".to_owned(),
        );
        Ok(table)
    }

    /// What a budget can find.
    pub(super) fn bought(&self, budget: f64, args: &PowerArgs) -> Result<Table, CommandError> {
        let (there, each) = self.price(args)?;
        let mut table = Table::new(
            format!(
                "What {} can find of {} with a power of {}, at 5 % two-sided",
                usd(budget),
                self.metric.name,
                args.power
            ),
            vec![
                Column::number("repeats", "Repeats"),
                Column::number("cases", "Cases"),
                Column::number("trials", "Trials of each subject"),
                Column::number("cost_usd", "Cost"),
                Column::number("paired", "Paired: points"),
                Column::number("independent", "Independent: points"),
            ],
        );
        for repeats in REPEATS {
            let affordable = (budget / (2.0 * each * f64::from(repeats))).floor() as u64;
            let cases = affordable.min(there);
            let found = |comparison| {
                let study = Study { repeats, ..self.study(comparison, args) };
                Cell::number(study.detectable(cases as f64).ok(), 1)
            };
            table.rows.push(vec![
                Cell::Count(u64::from(repeats)),
                Cell::Count(cases),
                Cell::Count(cases * u64::from(repeats)),
                Cell::Usd(2.0 * each * (cases * u64::from(repeats)) as f64),
                found(Comparison::Paired),
                found(Comparison::Independent),
            ]);
        }
        let paired = table.column("paired").expect("it has just been made");
        if table.rows.iter().all(|row| row[paired] == Cell::Missing) {
            table.notes.push(format!(
                "{} buys no study: it is too little for cases that can be compared.",
                usd(budget)
            ));
        }
        table.notes.push(format!(
            "A trial costs about {} with its judge, by the usual length of answers (unbent run … --dry-run tells the range); two \
             subjects of that price. The suite has {there} cases with these settings.",
            usd(each)
        ));
        Ok(table)
    }

    /// How many cases there are, and what a trial costs in dollars.
    fn price(&self, args: &PowerArgs) -> Result<(u64, f64), CommandError> {
        let mut line: Vec<String> = ["unbent", "run", &self.suite, "--dry-run"].map(str::to_owned).to_vec();
        for (option, value) in [("--model", &args.model), ("--judge", &args.judge), ("--guard", &args.guard)]
        {
            line.extend(value.iter().flat_map(|value| [option.to_owned(), value.clone()]));
        }
        let parsed = Cli::try_parse_from(line).map_err(|error| CommandError::usage(error.to_string()))?;
        let Command::Run(mut run) = parsed.command else {
            return Err(CommandError::new(Exit::Internal, "a run was not read as one"));
        };
        run.suite = args.setup.clone();
        run.connection = args.connection.clone();
        let estimate = Plan::of(&run)?.estimate(run.parallel)?;
        let cost = estimate.usd.map(|range| range.usual).filter(|usd| *usd > 0.0);
        let cost = cost.ok_or_else(|| {
            CommandError::usage("what a trial costs is not known, or it costs nothing")
                .hint("give the price in a models file: --models-file FILE")
                .hint("what a run would use: unbent run SUITE --model REF --judge REF --dry-run")
        })?;
        Ok((estimate.trials, cost / estimate.trials.max(1) as f64))
    }

    fn no_design(&self, error: &unbent_stats::PowerError) -> CommandError {
        CommandError::usage(format!("no such study of {}: {error}", self.metric.name))
            .hint("take more cases, a greater difference or less power")
            .hint("how values spread: unbent power --pilot FILE")
    }
}

const COMPARISONS: [(&str, Comparison); 2] =
    [("paired", Comparison::Paired), ("independent", Comparison::Independent)];
