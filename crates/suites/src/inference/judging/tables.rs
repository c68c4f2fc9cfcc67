//! The tables of judges.

use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::Interval;

use super::{
    Agreement, Gradings, against_labels, agreements, alpha, bias, consistencies, family, self_preference,
    verbosity,
};
use crate::inference::{Metric, Observations};

/// A table with its name in files.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgesTable {
    /// Its name.
    pub id: &'static str,
    /// The table.
    pub table: Table,
}

/// Everything that there is to say of the judges of these grades. Tables that would have no row are left out; what cannot be
/// told is said in the notes of the first.
pub fn tables(gradings: &Gradings, metrics: &[Metric], observed: &Observations) -> Vec<JudgesTable> {
    let pairs = agreements(gradings);
    let headline: Vec<&Metric> = metrics.iter().filter(|metric| metric.is_headline).collect();
    let mut all = vec![
        JudgesTable { id: "judges", table: judges(gradings) },
        JudgesTable { id: "agreement", table: agreement(gradings, &pairs) },
        JudgesTable { id: "alpha", table: alphas(gradings) },
        JudgesTable { id: "confusion", table: confusion(gradings, &pairs) },
        JudgesTable { id: "bias", table: biases(gradings, &headline, observed) },
        JudgesTable { id: "labels", table: labels(gradings) },
        JudgesTable { id: "consistency", table: consistency(gradings) },
        JudgesTable { id: "self_preference", table: preference(gradings, &headline, observed) },
        JudgesTable { id: "verbosity", table: lengths(gradings) },
    ];
    let is_silent = |id: &str| all.iter().any(|one| one.id == id && one.table.rows.is_empty());
    let mut silent = Vec::new();
    if is_silent("agreement") {
        silent.push(
            "One judge alone graded these answers: agreement cannot be told. Have them graded again: unbent rejudge.",
        );
    }
    if is_silent("consistency") {
        silent.push(
            "No judge graded an answer twice: self-consistency cannot be told. unbent rejudge --repeats 3 grades anew.",
        );
    }
    if is_silent("labels") {
        silent.push("No labels of people: whether a judge is right cannot be told, only whether judges agree. --labels FILE.");
    }
    if is_silent("verbosity") {
        silent.push(
            "Lengths of answers are not recorded, or no case has two answers: verbosity cannot be told.",
        );
    }
    silent.push("Position: every judge here sees one answer at a time, so there is no order of answers that could sway it.");
    all[0].table.notes.extend(silent.into_iter().map(str::to_owned));
    all.retain(|one| !one.table.rows.is_empty());
    all
}

fn low_high(interval: Option<Interval>, decimals: u8) -> [Cell; 3] {
    [
        interval.map_or(Cell::Missing, |ends| Cell::Range(ends.low, ends.high, decimals)),
        Cell::number(interval.map(|ends| ends.low), decimals),
        Cell::number(interval.map(|ends| ends.high), decimals),
    ]
}

fn ends(people: &'static str, low: &'static str, high: &'static str) -> [Column; 3] {
    [
        Column::number(people, "95 %").shown(Shown::ToPeople),
        Column::number(low, "").shown(Shown::ToPrograms),
        Column::number(high, "").shown(Shown::ToPrograms),
    ]
}

impl Gradings {
    fn rater_cell(&self, rater: u32) -> Cell {
        Cell::Text(self.rater_name(rater))
    }

    fn rating_cell(&self, rating: u32) -> Cell {
        Cell::Text(self.ratings[rating as usize].id.to_owned())
    }
}

/// Who graded what.
fn judges(gradings: &Gradings) -> Table {
    let mut table = Table::new(
        "Judges",
        vec![
            Column::text("judge", "Judge"),
            Column::text("family", "Family"),
            Column::text("simulated", "Simulated"),
            Column::number("n", "Answers graded"),
            Column::number("gradings", "Gradings"),
            Column::number("undetermined", "Undetermined"),
            Column::number("unscored", "Unscored"),
        ],
    );
    for (rater, place) in gradings.raters.iter().zip(0..) {
        let own = || gradings.marks.iter().filter(move |mark| mark.rater == place);
        let items: std::collections::BTreeSet<u32> = own().map(|mark| mark.item).collect();
        let rounds: std::collections::BTreeSet<u32> = own().map(|mark| mark.round).collect();
        let undetermined =
            own().filter(|mark| !gradings.ratings[mark.rating as usize].is_determined(mark.category)).count();
        table.rows.push(vec![
            Cell::Text(rater.name.clone()),
            family(&rater.name).map_or(Cell::Missing, |family| Cell::Text(family.to_owned())),
            Cell::Flag(rater.simulated),
            Cell::Count(items.len() as u64),
            Cell::Count(rounds.len() as u64),
            Cell::Count(undetermined as u64),
            Cell::Count(gradings.ungraded[place as usize]),
        ]);
    }
    table
}

fn agreement(gradings: &Gradings, pairs: &[Agreement]) -> Table {
    let mut columns = vec![
        Column::text("score", "Score"),
        Column::text("first", "First"),
        Column::text("second", "Second"),
        Column::number("n", "n"),
        Column::number("one_only", "One only"),
        Column::number("agreed", "Same %"),
        Column::number("kappa", "κ"),
    ];
    columns.extend(ends("kappa_interval", "kappa_low", "kappa_high"));
    columns.extend([
        Column::text("weights", "").shown(Shown::ToPrograms),
        Column::number("pabak", "κ even"),
        Column::number("difference", "Second − first"),
    ]);
    columns.extend(ends("difference_interval", "difference_low", "difference_high"));
    columns.push(Column::text("units", "Intervals by"));
    let mut table = Table::new("Agreement of two judges", columns);
    for found in pairs {
        let is_graded = gradings.ratings[found.rating as usize].is_graded();
        let mut cells = vec![
            gradings.rating_cell(found.rating),
            gradings.rater_cell(found.raters.0),
            gradings.rater_cell(found.raters.1),
            Cell::Count(found.n),
            Cell::Count(found.one_only),
            Cell::Number(100.0 * found.agreed, 1),
            Cell::number(found.kappa, 2),
        ];
        cells.extend(low_high(found.kappa_interval, 2));
        cells.push(Cell::Text(if is_graded { "quadratic" } else { "none" }.to_owned()));
        cells.push(Cell::number(found.pabak, 2));
        cells.push(Cell::Number(found.difference, 2));
        cells.extend(low_high(found.difference_interval, 2));
        cells.push(Cell::Text(found.units.name()));
        table.rows.push(cells);
    }
    table.notes = vec![
        "κ: Cohen's, with quadratic weights where the score is a grade. κ even: were all categories as frequent. A dash: \
         all grades are the same, so there is no agreement beyond chance to measure. Second − first: points of the scale, \
         or the difference of shares of positives. Intervals resample clusters of cases, or answers where there are fewer \
         than ten clusters: they then hold for these cases."
            .to_owned(),
    ];
    table
}

fn alphas(gradings: &Gradings) -> Table {
    let mut columns = vec![
        Column::text("score", "Score"),
        Column::number("raters", "Judges"),
        Column::number("n", "n"),
        Column::number("alpha", "α"),
    ];
    columns.extend(ends("interval", "low", "high"));
    columns.push(Column::text("units", "Interval by"));
    let mut table = Table::new("Agreement of all judges: Krippendorff's α", columns);
    for found in (0..gradings.ratings.len() as u32).filter_map(|rating| alpha(gradings, rating)) {
        let mut cells = vec![
            gradings.rating_cell(found.rating),
            Cell::Count(found.raters),
            Cell::Count(found.n),
            Cell::number(found.alpha, 2),
        ];
        cells.extend(low_high(found.interval, 2));
        cells.push(Cell::Text(found.units.name()));
        table.rows.push(cells);
    }
    table.notes =
        vec!["On the interval scale for grades, nominal else. People's labels count as a judge.".to_owned()];
    table
}

fn confusion(gradings: &Gradings, pairs: &[Agreement]) -> Table {
    let mut table = Table::new(
        "What the first said, and the second",
        vec![
            Column::text("score", "Score"),
            Column::text("first", "First"),
            Column::text("second", "Second"),
            Column::text("first_said", "First said"),
            Column::text("second_said", "Second said"),
            Column::number("n", "n"),
        ],
    );
    for found in pairs {
        let rating = &gradings.ratings[found.rating as usize];
        for ((one, other), n) in &found.confusion {
            table.rows.push(vec![
                gradings.rating_cell(found.rating),
                gradings.rater_cell(found.raters.0),
                gradings.rater_cell(found.raters.1),
                Cell::Text(rating.name_of(*one)),
                Cell::Text(rating.name_of(*other)),
                Cell::Count(*n),
            ]);
        }
    }
    table
}

fn biases(gradings: &Gradings, metrics: &[&Metric], observed: &Observations) -> Table {
    let mut columns = vec![
        Column::text("metric", "Metric"),
        Column::text("first", "First"),
        Column::text("second", "Second"),
        Column::number("difference", "Second − first"),
    ];
    columns.extend(ends("interval", "low", "high"));
    columns.extend([Column::number("n", "n"), Column::text("units", "Interval by")]);
    let mut table = Table::new("What another judge does to the figures, in points", columns);
    for metric in metrics {
        for ((one, other), found) in bias(metric, gradings, observed) {
            let mut cells = vec![
                Cell::Text(metric.id.to_owned()),
                gradings.rater_cell(one),
                gradings.rater_cell(other),
                Cell::Number(found.value, 2),
            ];
            cells.extend(low_high(found.interval, 2));
            cells.extend([Cell::Count(found.n), Cell::Text(found.units.name())]);
            table.rows.push(cells);
        }
    }
    table.notes = vec!["Over all subjects together, from the answers that both judges graded.".to_owned()];
    table
}

fn labels(gradings: &Gradings) -> Table {
    let mut columns = vec![
        Column::text("score", "Score"),
        Column::text("positive", "Positive is"),
        Column::text("judge", "Judge"),
        Column::number("n", "Labelled"),
        Column::number("undetermined", "Undetermined"),
        Column::number("sensitivity", "Found %"),
    ];
    columns.extend(ends("sensitivity_interval", "sensitivity_low", "sensitivity_high"));
    columns.push(Column::number("specificity", "Passed over %"));
    columns.extend(ends("specificity_interval", "specificity_low", "specificity_high"));
    columns.extend([Column::number("reported_n", "Rated"), Column::number("reported", "Reported %")]);
    columns.push(Column::number("corrected", "Corrected %"));
    columns.extend(ends("corrected_interval", "corrected_low", "corrected_high"));
    let mut table = Table::new("Judges against the labels of people", columns);
    let percent = |(hits, n): (u64, u64)| Cell::number((n > 0).then(|| 100.0 * hits as f64 / n as f64), 1);
    let percents = |interval: Option<Interval>| {
        low_high(interval.map(|ends| Interval { low: 100.0 * ends.low, high: 100.0 * ends.high }), 1)
    };
    for found in against_labels(gradings) {
        let mut cells = vec![
            gradings.rating_cell(found.rating),
            Cell::Text(gradings.ratings[found.rating as usize].positive()),
            gradings.rater_cell(found.rater),
            Cell::Count(found.n),
            Cell::Count(found.undetermined),
            percent(found.found),
        ];
        cells.extend(percents(found.sensitivity_interval()));
        cells.push(percent(found.passed_over));
        cells.extend(percents(found.specificity_interval()));
        cells.extend([Cell::Count(found.reported.1), percent(found.reported)]);
        cells.push(Cell::number(found.corrected.map(|(rate, _)| 100.0 * rate), 1));
        cells.extend(percents(found.corrected.map(|(_, interval)| interval)));
        table.rows.push(cells);
    }
    table.notes = vec![
        "Found: of the answers labelled positive. Passed over: of those labelled negative. Corrected: the share of \
         positives among all answers that the judge rated, less what it invents and with what it misses (Rogan and Gladen), \
         with the interval of Lang and Reiczigel; a dash where the judge tells nothing apart or one kind has no label. \
         Intervals take answers for independent."
            .to_owned(),
    ];
    table
}

fn consistency(gradings: &Gradings) -> Table {
    let mut columns = vec![
        Column::text("score", "Score"),
        Column::text("judge", "Judge"),
        Column::number("n", "n"),
        Column::number("rounds", "Gradings"),
        Column::number("identical", "Identical %"),
    ];
    columns.extend(ends("identical_interval", "identical_low", "identical_high"));
    columns.extend([Column::number("deviation", "SD within"), Column::number("intraclass", "ICC")]);
    let mut table = Table::new("Judges against themselves", columns);
    for found in consistencies(gradings) {
        let mut cells = vec![
            gradings.rating_cell(found.rating),
            gradings.rater_cell(found.rater),
            Cell::Count(found.n),
            Cell::Count(found.rounds),
            Cell::Number(100.0 * found.identical, 1),
        ];
        let percents = |ends: Interval| Interval { low: 100.0 * ends.low, high: 100.0 * ends.high };
        cells.extend(low_high(found.identical_interval.map(percents), 1));
        cells.extend([Cell::number(found.deviation, 2), Cell::number(found.intraclass, 2)]);
        table.rows.push(cells);
    }
    table.notes = vec![
        "n: answers that the judge graded twice or more. SD within: of the grades of one answer. ICC: the share of the \
         variance of grades that lies between answers."
            .to_owned(),
    ];
    table
}

fn preference(gradings: &Gradings, metrics: &[&Metric], observed: &Observations) -> Table {
    let mut columns = vec![
        Column::text("metric", "Metric"),
        Column::text("judge", "Judge"),
        Column::text("family", "Family"),
        Column::number("favour", "Favour"),
    ];
    columns.extend(ends("interval", "low", "high"));
    columns.extend([
        Column::number("n", "n"),
        Column::text("units", "Interval by"),
        Column::text("why_not", "Why not told"),
    ]);
    let mut table = Table::new("Does a judge favour its own family? In points", columns);
    for metric in metrics {
        for (rater, place) in gradings.raters.iter().zip(0..).filter(|(rater, _)| !rater.is_human) {
            let found = self_preference(metric, gradings, observed, place);
            let mut cells = vec![
                Cell::Text(metric.id.to_owned()),
                gradings.rater_cell(place),
                family(&rater.name).map_or(Cell::Missing, |family| Cell::Text(family.to_owned())),
                Cell::number(found.as_ref().ok().map(|found| found.value), 2),
            ];
            cells.extend(low_high(found.as_ref().ok().and_then(|found| found.interval), 2));
            cells.push(found.as_ref().map_or(Cell::Missing, |found| Cell::Count(found.n)));
            cells.push(found.as_ref().map_or(Cell::Missing, |found| Cell::Text(found.units.name())));
            cells.push(found.err().map_or(Cell::Missing, Cell::Text));
            table.rows.push(cells);
        }
    }
    table.notes = vec![
        "How far the judge is above judges of other families on answers of its own family, less how far it is above them \
         on answers of others. It holds for these models: with one subject of a family, what is that subject's and what is \
         the family's cannot be told apart."
            .to_owned(),
    ];
    table
}

fn lengths(gradings: &Gradings) -> Table {
    let mut columns = vec![
        Column::text("score", "Score"),
        Column::text("judge", "Judge"),
        Column::number("n", "n"),
        Column::number("cases", "Cases"),
        Column::number("correlation", "ρ"),
    ];
    columns.extend(ends("interval", "low", "high"));
    let mut table = Table::new("Grades and the length of answers", columns);
    for found in verbosity(gradings) {
        let mut cells = vec![
            gradings.rating_cell(found.rating),
            gradings.rater_cell(found.rater),
            Cell::Count(found.n),
            Cell::Count(found.cases),
            Cell::number(found.correlation, 2),
        ];
        cells.extend(low_high(found.interval, 2));
        table.rows.push(cells);
    }
    table.notes = vec![
        "Spearman's ρ of grade and tokens, ranked within each case. An association is no proof that length sways the judge: \
         who answers better may also say more. Compare judges: where one has more of it than another, that is theirs."
            .to_owned(),
    ];
    table
}
