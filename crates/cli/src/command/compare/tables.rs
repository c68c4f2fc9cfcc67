//! The tables of a comparison.

use serde_json::{Map, Value, json};
use unbent_core::ModelRole;
use unbent_report::{Cell, Column, Shown, Table, fixed, thousands};
use unbent_suites::inference::{
    Comparison, Flips, Metric, MetricComparison, POWER, Pairing, Spread, Verdict,
};

use super::side::Contestant;
use crate::error::CommandError;
use crate::paid::asked_as;
use crate::serving::Pooling;

/// What changed, trial by trial, at most `limit` of it.
pub(super) fn flips(metric: &Metric, flips: &Flips, sides: [&Contestant; 2], limit: usize) -> Table {
    let all = flips.improved + flips.worsened + flips.same;
    let mut table = Table::new(
        format!(
            "Flips by {}: {} of {} pairs",
            metric.name,
            thousands(flips.flips.len() as u64),
            thousands(all)
        ),
        vec![
            Column::text("case", "Case"),
            Column::number("repeat", "Repeat"),
            Column::text("part", "Part"),
            Column::number("a", "A"),
            Column::number("b", "B"),
            Column::number("gain", "Points"),
            Column::number("trial_a", "Trial of A"),
            Column::number("trial_b", "Trial of B"),
        ],
    );
    for flip in flips.flips.iter().take(limit) {
        let [trial_a, trial_b] = sides
            .map(|side| side.trial(&flip.case, flip.repeat).map_or(Cell::Missing, |no| Cell::Count(no.0)));
        table.rows.push(vec![
            Cell::Text(flip.case.to_string()),
            Cell::Count(u64::from(flip.repeat)),
            Cell::Text(flip.part.to_owned()),
            Cell::Number(flip.a, 2),
            Cell::Number(flip.b, 2),
            Cell::Number(flip.gain, 2),
            trial_a,
            trial_b,
        ]);
    }
    table.notes.push(format!(
        "From A to B {} pairs improved, {} worsened, {} are the same. A flip is a change by half of the scale or more; points \
         are what it moves {} by, below 0 for the worse.",
        thousands(flips.improved),
        thousands(flips.worsened),
        thousands(flips.same),
        metric.name
    ));
    if flips.flips.len() > limit {
        let left = flips.flips.len() - limit;
        table.notes.push(format!("{} more flips: --flips all", thousands(left as u64)));
    }
    if !table.rows.is_empty() {
        let [a, b] = sides.map(|side| side.file.path.display());
        table.notes.push(format!(
            "What was said: unbent show {a} N with the trial of A, unbent show {b} N with that of B."
        ));
    }
    table
}

/// The metrics, compared.
pub(super) fn metrics(comparison: &Comparison, pairing: &Pairing) -> Table {
    let margin = plain(comparison.margin);
    let people = |column: Column| column.shown(Shown::ToPeople);
    let programs = |column: Column| column.shown(Shown::ToPrograms);
    let mut table = Table::new(
        format!(
            "Metrics over {} trials of {} cases that both have",
            thousands(pairing.trials),
            thousands(pairing.cases.len() as u64)
        ),
        vec![
            people(Column::text("name", "Metric")),
            programs(Column::text("metric", "Metric")),
            Column::number("a", "A"),
            Column::number("b", "B"),
            Column::number("difference", "B − A"),
            people(Column::text("interval", "95 % interval")),
            programs(Column::number("ci_low", "Low")),
            programs(Column::number("ci_high", "High")),
            programs(Column::number("bound_low", "Bound")),
            programs(Column::number("bound_high", "Bound")),
            programs(Column::number("standard_error", "Error")),
            programs(Column::number("degrees_of_freedom", "Degrees")),
            Column::number("n", "Pairs"),
            Column::number("missing", "Missing"),
            Column::number("clusters", "Clusters"),
            people(Column::number("p", "p")),
            people(Column::number("holm", "p (Holm)")),
            programs(Column::number("p_value", "p")),
            programs(Column::number("adjusted_p", "p (Holm)")),
            people(Column::text("discordant", "Only A : only B")),
            people(Column::number("mcnemar", "McNemar p")),
            programs(Column::number("only_a", "Only A")),
            programs(Column::number("only_b", "Only B")),
            programs(Column::number("mcnemar_p", "McNemar p")),
            people(Column::text("effect_text", "Effect")),
            programs(Column::number("effect", "Effect")),
            programs(Column::text("effect_kind", "Effect")),
            people(Column::number("equivalence", format!("p within {margin}"))),
            programs(Column::number("equivalence_p", "Equivalence p")),
            Column::number("detectable", "Detectable"),
            Column::text("verdict", "Verdict"),
        ],
    );
    table.rows = comparison.metrics.iter().map(|compared| row(compared, comparison.margin)).collect();
    table.notes = notes(comparison, pairing);
    table
}

fn row(compared: &MetricComparison, margin: f64) -> Vec<Cell> {
    let difference = &compared.difference;
    let interval = difference.interval;
    let text = |text: Option<String>| text.map_or(Cell::Missing, Cell::Text);
    let p_text = |value: Option<f64>| text(value.map(p_value));
    vec![
        Cell::Text(compared.metric.name.to_owned()),
        Cell::Text(compared.metric.id.to_owned()),
        Cell::number(difference.a, 1),
        Cell::number(difference.b, 1),
        Cell::number(difference.value, 1),
        text(interval.map(|interval| format!("{} to {}", fixed(interval.low, 1), fixed(interval.high, 1)))),
        Cell::number(interval.map(|interval| interval.low), 1),
        Cell::number(interval.map(|interval| interval.high), 1),
        Cell::Number(difference.bounds.low, 1),
        Cell::Number(difference.bounds.high, 1),
        Cell::number(difference.standard_error(), 2),
        Cell::number(difference.degrees_of_freedom(), 1),
        Cell::Count(difference.n),
        Cell::Count(difference.missing),
        Cell::Count(difference.clusters),
        p_text(difference.p_value),
        p_text(compared.adjusted_p),
        Cell::number(difference.p_value, 3),
        Cell::number(compared.adjusted_p, 3),
        text(compared.mcnemar.map(|test| format!("{} : {}", test.b, test.c))),
        p_text(compared.mcnemar.map(|test| test.p_value)),
        compared.mcnemar.map_or(Cell::Missing, |test| Cell::Count(test.b)),
        compared.mcnemar.map_or(Cell::Missing, |test| Cell::Count(test.c)),
        Cell::number(compared.mcnemar.map(|test| test.p_value), 3),
        text(compared.effect.map(|effect| format!("{} {}", effect.name(), fixed(effect.value(), 2)))),
        Cell::number(compared.effect.map(unbent_suites::inference::Effect::value), 2),
        text(compared.effect.map(|effect| effect.name().to_owned())),
        p_text(difference.equivalence_p),
        Cell::number(difference.equivalence_p, 3),
        Cell::number(difference.detectable, 1),
        Cell::Text(verdict(compared.verdict, margin)),
    ]
}

/// A p-value for people.
fn p_value(value: f64) -> String {
    if value < 0.001 { "<0.001".to_owned() } else { fixed(value, 3) }
}

/// A number without decimals that say nothing.
fn plain(value: f64) -> String {
    value.to_string()
}

/// A verdict in words.
pub(super) fn verdict(verdict: Verdict, margin: f64) -> String {
    let margin = plain(margin);
    match verdict {
        Verdict::Better(which) => format!("{} better", which.letter()),
        Verdict::BetterWithinMargin(which) => format!("{} better, by less than {margin}", which.letter()),
        Verdict::Equivalent => format!("equivalent within {margin}"),
        Verdict::Identical => "no pair differs".to_owned(),
        Verdict::Undecided => "not told apart".to_owned(),
        Verdict::Unknown => "cannot be told".to_owned(),
    }
}

fn notes(comparison: &Comparison, pairing: &Pairing) -> Vec<String> {
    let mut notes = Vec::new();
    for (unmatched, letter) in
        pairing.unmatched.iter().zip(["A", "B"]).filter(|(unmatched, _)| unmatched.trials > 0)
    {
        let cases = match unmatched.cases.len() as u64 {
            0 => String::new(),
            n => format!(", those of {} cases among them that the other has no trial of", thousands(n)),
        };
        notes
            .push(format!("Left out: {} trials that only {letter} has{cases}.", thousands(unmatched.trials)));
    }
    let all = || comparison.metrics.iter();
    let shown: Vec<_> = pairing
        .one_sided
        .iter()
        .filter(|(part, _)| {
            all().any(|compared| compared.metric.groups.iter().any(|group| group.parts.contains(part)))
        })
        .map(|(part, n)| format!("{part} {}", thousands(*n)))
        .collect();
    if !shown.is_empty() {
        notes.push(format!(
            "Left out: trials in which a part applies to one side only ({}); what is compared is where it applies to both.",
            shown.join(", ")
        ));
    }
    let missing: u64 = all().map(|compared| compared.difference.missing).max().unwrap_or_default();
    if missing > 0 {
        notes.push(
            "Missing: pairs that lack a value, unscored or not decided, on one side or both. Interval and p-values hold for \
             whatever they are."
                .to_owned(),
        );
    }
    let of = |test: fn(&MetricComparison) -> bool| {
        all().filter(|compared| test(compared)).map(|compared| compared.metric.name).collect::<Vec<_>>()
    };
    let lone = of(|compared| !compared.difference.lone_parts.is_empty());
    if !lone.is_empty() {
        notes.push(format!(
            "A part of {} has a single pair, which shows no spread: the largest that there can be is counted in. Run with \
             --repeats 2 or more to see it.",
            lone.join(", ")
        ));
    }
    let flat = of(|compared| matches!(compared.difference.spread, Spread::None));
    if !flat.is_empty() {
        let clusters = all()
            .filter(|compared| matches!(compared.difference.spread, Spread::None))
            .map(|compared| compared.difference.clusters)
            .min()
            .unwrap_or(1);
        notes.push(format!(
            "In {} all clusters differ alike or not at all, so that the interval has no width. That is no certainty: of such \
             clusters up to {} % could do otherwise (none of {clusters}, 95 %).",
            flat.join(", "),
            fixed(100.0 * (1.0 - 0.025_f64.powf(1.0 / clusters as f64)), 0)
        ));
    }
    let clustered = all()
        .any(|compared| compared.mcnemar.is_some() && compared.difference.clusters < compared.difference.n);
    if clustered {
        notes.push(
            "McNemar's exact test takes pairs for independent, and some share a source here: where it and p differ, go by p."
                .to_owned(),
        );
    }
    notes.push(format!(
        "Points of 100. Intervals and p: Student's t on differences of pairs, by clusters of cases with a source in common; where a \
         part has a single cluster, by its repeats. Holm: over the metrics of this table. p within {}: two one-sided tests at that \
         margin. Detectable: found with a power of {} % at this spread.",
        plain(comparison.margin),
        fixed(100.0 * POWER, 0)
    ));
    notes
}

/// Who is compared, with what their trials came to and cost.
pub(super) fn subjects(sides: &[(&str, &Contestant)], pooling: Pooling) -> Result<Table, CommandError> {
    let mut table = Table::new(
        "Subjects",
        vec![
            Column::text("side", ""),
            Column::text("subject", "Subject"),
            Column::text("file", "File"),
            Column::text("served_by", "Served by"),
            Column::text("judge", "Judge"),
            Column::number("scored", "Scored"),
            Column::number("unscored", "Unscored"),
            Column::number("unfinished", "Unfinished"),
            Column::number("tokens_in", "Tokens in"),
            Column::number("tokens_out", "Tokens out"),
            Column::number("cost_usd", "Cost"),
            Column::number("latency_ms", "Median ms"),
        ],
    );
    for (letter, side) in sides {
        let (served_by, notes) = side.served_by(pooling)?;
        let (mark, paid) = (side.mark(), side.paid());
        let usage = paid[ModelRole::Subject].usage;
        let count = |n: u64| if n > 0 { Cell::Count(n) } else { Cell::Missing };
        let judge = asked_as(&side.file.manifest, ModelRole::Judge, &side.subject().id);
        table.rows.push(vec![
            Cell::Text((*letter).to_owned()),
            Cell::Text(side.subject().id.to_string()),
            Cell::Text(side.file.path.display().to_string()),
            served_by,
            judge.map_or(Cell::Missing, |judge| Cell::Text(judge.id.to_string())),
            Cell::Count(mark.scored),
            Cell::Count(mark.unscored),
            Cell::Count(mark.unfinished),
            count(usage.input),
            count(usage.output),
            mark.cost_usd.map_or(Cell::Missing, Cell::Usd),
            Cell::number(side.latency_ms()?, 0),
        ]);
        for note in notes {
            if !table.notes.contains(&note) {
                table.notes.push(note);
            }
        }
    }
    table.notes.push(
        "Tokens are the subject's; the cost is that of all its trials, those of judge and guard included. Times are from request \
         to whole answer, where they are recorded."
            .to_owned(),
    );
    Ok(table)
}

/// A table with its notes, for programs.
pub(super) fn to_json(table: &Table) -> Value {
    json!({ "title": table.title, "rows": table.to_json(), "notes": table.notes })
}

/// What was matched, for programs.
pub(super) fn pairing_json(pairing: &Pairing) -> Value {
    let [a, b] = pairing
        .unmatched
        .each_ref()
        .map(|side| json!({ "trials": side.trials, "cases": side.cases.iter().map(ToString::to_string).collect::<Vec<_>>() }));
    let one_sided: Map<String, Value> =
        pairing.one_sided.iter().map(|(part, n)| ((*part).to_owned(), Value::from(*n))).collect();
    json!({
        "trials": pairing.trials,
        "cases": pairing.cases.len(),
        "only_a": a,
        "only_b": b,
        "one_sided": one_sided,
    })
}
