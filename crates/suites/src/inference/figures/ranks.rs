//! The figure of ranks: where each row of a leaderboard stands, and which ranks it could have.

use std::collections::BTreeSet;

use unbent_report::figure::{Kind, Plot, RankRow, Ranks, Value};
use unbent_report::{Cell, Figure, Table};

use super::{axis, kind, noted, subjects};
use crate::inference::ranks::places;
use crate::inference::{Observations, Standings};

/// The figure of ranks, from a leaderboard that was told which ranks its rows could have
/// ([`tell_ranks`](crate::inference::tell_ranks)) and the standings that they are from.
///
/// # Errors
///
/// Why there is none: the leaderboard has no such columns, or nobody has a rank.
pub fn ranks(
    standings: &Standings,
    observations: &Observations,
    leaderboard: &Table,
) -> Result<Figure, String> {
    let columns = ["rank", "rank_low", "rank_high"].map(|key| leaderboard.column(key));
    let ([Some(rank), Some(low), Some(high)], Some(places)) = (columns, places(leaderboard, standings))
    else {
        return Err("the leaderboard has no intervals of ranks".to_owned());
    };
    let count = |cell: &Cell| match cell {
        Cell::Count(count) => u32::try_from(*count).ok(),
        Cell::Number(number, _) => Some(*number as u32),
        _ => None,
    };
    let known = || leaderboard.rows.iter().zip(&places).filter_map(|(row, place)| Some((row, (*place)?)));
    let arms: BTreeSet<_> = known().map(|(_, place)| &standings.labels()[place].1).collect();
    let row = |(row, place): (&Vec<Cell>, usize)| {
        let (label, arm) = &standings.labels()[place];
        let subject = observations.subject(label.as_str());
        RankRow {
            // A condition that all rows have in common tells none of them apart.
            name: match arm {
                Some(arm) if arms.len() > 1 => format!("{label} · {arm}"),
                _ => label.to_string(),
            },
            kind: subject.map_or(Kind::Model, |subject| kind(observations, subject)),
            rank: count(&row[rank]),
            between: count(&row[low]).zip(count(&row[high])),
            value: Value { at: standings.value(place), ..Value::missing() },
        }
    };
    let rows: Vec<_> = known().map(row).collect();
    if rows.iter().all(|row| row.rank.is_none()) {
        return Err("no subject has a rank".to_owned());
    }
    let figure = Figure::new("Ranks", "Where each stands, and which ranks it could have")
        .with("", Plot::Ranks(Ranks { by: axis(standings.metric()), rows }))
        .noted(
            "Lines: the ranks that differences on the same cases leave possible, at 95 % for all rows together. A dash: no rank.",
        );
    Ok(noted(observations, &subjects(observations), figure))
}

#[cfg(test)]
mod tests {
    use unbent_report::figure::Plot;
    use unbent_report::{Cell, Column, Table};

    use super::ranks;
    use crate::inference::test_rows::{SHARE, of_rows};
    use crate::inference::{Observations, Standings, SubjectMark, tell_ranks};

    fn observed() -> Observations {
        let subject = |n: usize| {
            let id = format!("row{n}");
            serde_json::from_value(serde_json::json!({ "id": id, "model": "sim/x", "simulated": true }))
                .unwrap()
        };
        let marks = vec![SubjectMark { scored: 40, ..SubjectMark::default() }; 3];
        Observations { subjects: (0..3).map(subject).collect(), marks, ..Observations::default() }
    }

    fn board(rows: [(Option<u64>, &str, &str); 3]) -> Table {
        let columns = vec![
            Column::number("rank", "#"),
            Column::text("config", "Subject"),
            Column::text("condition", "Condition"),
        ];
        let row = |(rank, name, arm): (Option<u64>, &str, &str)| {
            let arm = if arm.is_empty() { Cell::Missing } else { Cell::Text(arm.to_owned()) };
            vec![rank.map_or(Cell::Missing, Cell::Count), Cell::Text(name.to_owned()), arm]
        };
        Table { rows: rows.map(row).into(), ..Table::new("t", columns) }
    }

    #[test]
    fn every_row_of_a_leaderboard_has_its_ranks_and_its_own_value() {
        let good: Vec<Option<f64>> = (0..40).map(|n| Some(if n % 10 == 0 { 0.5 } else { 1.0 })).collect();
        let bad: Vec<Option<f64>> = (0..40).map(|n| Some(if n % 7 == 0 { 0.5 } else { 0.0 })).collect();
        let mut tallied = of_rows(&SHARE, &[&bad, &good, &good]);
        tallied.labels[2] = (tallied.labels[1].0.clone(), Some("told".to_owned()));
        let standings = Standings::of(tallied);
        let mut table = board([(Some(1), "row1", ""), (Some(1), "row1", "told"), (Some(3), "row0", "")]);
        let bare = ranks(&standings, &observed(), &table).unwrap_err();
        assert!(bare.contains("no intervals of ranks"), "{bare}");
        tell_ranks(&mut table, &standings);
        let figure = ranks(&standings, &observed(), &table).unwrap();
        let Plot::Ranks(plot) = &figure.panels[0].plot else { panic!("no ranks") };
        let rows: Vec<_> =
            plot.rows.iter().map(|row| (row.name.as_str(), row.rank, row.between, row.value.at)).collect();
        assert_eq!(
            rows,
            [
                ("row1", Some(1), Some((1, 2)), Some(95.0)),
                ("row1 · told", Some(1), Some((1, 2)), Some(95.0)),
                ("row0", Some(3), Some((3, 3)), Some(7.5)),
            ]
        );
        assert_eq!(figure.clashes(), Vec::<String>::new());
        assert!(figure.notes.iter().any(|note| note.contains("SIMULATED")), "{:?}", figure.notes);
    }

    #[test]
    fn where_nobody_has_a_rank_there_is_no_figure() {
        let some: Vec<Option<f64>> = vec![Some(1.0); 4];
        let standings = Standings::of(of_rows(&SHARE, &[&some, &some, &some]));
        let mut table = board([(None, "row0", ""), (None, "row1", ""), (None, "row2", "")]);
        tell_ranks(&mut table, &standings);
        assert_eq!(ranks(&standings, &observed(), &table).unwrap_err(), "no subject has a rank");
    }
}
