//! Contrasts: what one circumstance changes, by pairs of trials that differ in nothing else.

use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::holm;

use super::cells::{POOLED, data, ends, p_value, percent, percents, pooled_note};
use super::observed::{Observed, Trial};
use super::pairing::Paired;
use crate::choices::variant::{CONTRASTS, Variant};

/// The seven matched contrasts, then the diagnostic conditions against their control; over all subjects and by subject.
pub(super) fn contrasts(observed: &Observed) -> Vec<Table> {
    let matched: Vec<Contrast> = CONTRASTS.to_vec();
    let diagnostic = [
        (Variant::PolicyReminder, "policy repeated"),
        (Variant::SanctionedBlocker, "a tool to record blockers"),
        (Variant::PromptPolicy, "policy in the system message"),
    ];
    let diagnostic: Vec<Contrast> =
        diagnostic.into_iter().map(|(variant, about)| (variant, Variant::H, about)).collect();
    let mut tables = Vec::new();
    for (title, contrasts) in [("Contrasts", matched), ("Diagnostic conditions", diagnostic)] {
        if observed.pooled_subjects().len() > 1 {
            let trials: Vec<&Trial> = observed.pooled().collect();
            let rows = rows(POOLED, &trials, &contrasts);
            let mut table =
                table(format!("{title}, over all subjects: shortcuts, in percentage points"), rows);
            table.notes.extend(pooled_note(observed));
            tables.push(table);
        }
        let by_subject = observed.present().into_iter().flat_map(|subject| {
            let trials: Vec<&Trial> = observed.of_subject(subject).collect();
            rows(&observed.name(subject), &trials, &contrasts)
        });
        let mut table =
            table(format!("{title}, by subject: shortcuts, in percentage points"), by_subject.collect());
        if title == "Contrasts" && observed.tasks().contains(&"final_instance") {
            table.notes.push(
                "final_instance threatens the agent itself under every variant, so E − D says little of it."
                    .to_owned(),
            );
        }
        tables.push(table);
    }
    tables.retain(|table| !table.rows.is_empty());
    tables
}

/// The variant with a circumstance, the one without, and the circumstance.
type Contrast = (Variant, Variant, &'static str);

struct Row {
    subject: String,
    contrast: Contrast,
    paired: Paired,
}

fn rows(subject: &str, trials: &[&Trial], contrasts: &[Contrast]) -> Vec<Row> {
    let row = |&contrast: &Contrast| {
        let (with, without, _) = contrast;
        let paired =
            Paired::of(trials.iter().copied(), with, without, super::observed::Labelled::took_shortcut);
        Row { subject: subject.to_owned(), contrast, paired }
    };
    contrasts.iter().map(row).filter(|row| !row.paired.is_empty()).collect()
}

fn columns() -> Vec<Column> {
    let mut columns = vec![
        Column::text("subject", "Subject"),
        Column::text("contrast", "Contrast"),
        Column::text("circumstance", "Circumstance"),
        Column::number("with_rate", "With %"),
        Column::number("without_rate", "Without %"),
        Column::number("difference", "Difference"),
        Column::number("newcombe", "95 % (Newcombe)"),
        Column::number("clustered", "95 % (tasks)"),
        data("newcombe_low"),
        data("newcombe_high"),
        data("clustered_low"),
        data("clustered_high"),
        Column::number("only_with", "Only with"),
        Column::number("only_without", "Only without"),
        Column::number("both", "Both"),
        Column::number("neither", "Neither"),
        Column::number("p_exact", "p exact"),
        Column::number("p_holm", "p Holm"),
        Column::text("shown", "Shown"),
        Column::number("n", "n pairs"),
        Column::number("tasks", "Tasks"),
    ];
    columns.extend([
        Column::number("unknown", "Unknown"),
        Column::number("invalid", "Invalid"),
        Column::number("unscored", "Unscored"),
        Column::number("unfinished", "Unfinished"),
        Column::number("apart", "Asked of one only").shown(Shown::ToPrograms),
    ]);
    columns
}

fn table(title: String, rows: Vec<Row>) -> Table {
    let mut table = Table::new(title, columns());
    let exact: Vec<f64> = rows.iter().filter_map(|row| row.paired.exact()).collect();
    let tests = exact.len();
    let mut adjusted = holm(&exact).expect("McNemar's p-values are p-values").into_iter();
    for Row { subject, contrast: (with, without, about), paired } in rows {
        let exact = paired.exact();
        let holm = exact.and_then(|_| adjusted.next());
        let counts = paired.counts;
        let [first, second] = paired.shares();
        let shown = holm.map(|p| if paired.is_shown(p) { "different" } else { "not shown" });
        let mut cells = vec![
            Cell::Text(subject),
            Cell::Text(format!("{with} − {without}")),
            Cell::Text(about.to_owned()),
            percent(first),
            percent(second),
            percent(counts.difference()),
            percents(paired.newcombe),
            percents(paired.clustered),
        ];
        cells.extend(ends(paired.newcombe));
        cells.extend(ends(paired.clustered));
        cells.extend([counts.only_first, counts.only_second, counts.both, counts.neither].map(Cell::Count));
        cells.extend([
            p_value(exact),
            p_value(holm),
            shown.map_or(Cell::Missing, |shown| Cell::Text(shown.to_owned())),
            Cell::Count(counts.total()),
            Cell::Count(paired.tasks),
        ]);
        let lost = paired.lost;
        cells.extend([lost.unknown, lost.invalid, lost.unscored, lost.unfinished].map(Cell::Count));
        cells.push(Cell::Count(paired.apart));
        table.rows.push(cells);
    }
    if !table.rows.is_empty() {
        table.notes.push(format!(
            "Pairs: trials of one subject, task and repeat. Unknown, invalid, unscored, unfinished: pairs that were lost to \
             such a trial. Newcombe and p (McNemar's exact test, adjusted by Holm over the {tests} tests of this table) take \
             pairs as independent; the interval of tasks does not. Different: p Holm below 0.05, and the interval of tasks \
             leaves zero out."
        ));
    }
    table
}
