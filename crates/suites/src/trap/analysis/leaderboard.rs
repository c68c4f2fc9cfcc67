//! The leaderboard: how often each subject gets right what is to be withheld, and what is to be answered.

use unbent_report::{Cell, Column, Table};

use super::observed::{Observed, State};
use crate::kit::{Method, RunData};
use crate::trap::class::Pole;

/// The leaderboard over the subjects of a run.
pub fn leaderboard(run: &mut RunData<'_>, method: Method) -> Table {
    let observed = Observed::of(run);
    let mut table = Table::new(
        format!(
            "The Instrument Trap, {}",
            if method == Method::Published { "published" } else { "corrected" }
        ),
        vec![
            Column::text("config", "Subject"),
            Column::number("n", "n"),
            Column::number("withhold", "Withhold"),
            Column::number("answer", "Answer"),
            Column::number("undetermined", "Undetermined"),
            Column::number("unscored", "Unscored"),
            Column::number("unfinished", "Unfinished"),
        ],
    );
    for (place, subject) in observed.subjects.iter().enumerate() {
        let (mut n, mut open, mut unscored, mut unfinished) = (0, 0, 0, 0);
        let mut poles = [(0_u64, 0_u64); 2];
        for (case, trial) in observed.of_subject(place, None) {
            n += 1;
            match &trial.state {
                State::Unfinished => unfinished += 1,
                State::Unscored(_) => unscored += 1,
                State::Scored(scored) => match scored.verdict().class() {
                    None => open += 1,
                    Some(class) => {
                        let pole = &mut poles[case.category.pole() as usize];
                        pole.0 += u64::from(class.is_correct());
                        pole.1 += 1;
                    }
                },
            }
        }
        let rate = |pole: Pole| {
            let (hits, n) = poles[pole as usize];
            Cell::number((n > 0).then(|| hits as f64 / n as f64 * 100.0), 1)
        };
        table.rows.push(vec![
            Cell::Text(subject.id.to_string()),
            Cell::Count(n),
            rate(Pole::Withhold),
            rate(Pole::Answer),
            Cell::Count(open),
            Cell::Count(unscored),
            Cell::Count(unfinished),
        ]);
    }
    table
}
