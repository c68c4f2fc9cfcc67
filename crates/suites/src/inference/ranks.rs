//! Ranks with their uncertainty: which ranks a row could have, and which rows are not shown to differ.

use unbent_report::{Cell, Column, Shown, Table};
use unbent_stats::{Lead, Leads, Level, Ranks};

use super::{Better, Compared, Sampled, Standings};

/// The ranks that these rows could have, all together at 95 %, from every pair of them.
///
/// # Panics
///
/// When `pairs` are not those of `rows`.
fn ranks(standings: &Standings, rows: &[usize], pairs: &[Compared]) -> Ranks {
    let worth = |row: &usize| standings.metric().gain(0.0, standings.value(*row).unwrap_or_default());
    let worths: Vec<f64> = rows.iter().map(worth).collect();
    let mut pairs = pairs.iter();
    let lead = |_, _| {
        let pair = pairs.next().expect("a pair for any two rows");
        Lead { difference: -pair.gain, p_value: pair.p }
    };
    Leads::of_pairs(&worths, lead).expect("every pair has a gain and a p-value").rank(Level::P95)
}

/// The name of a group: a to z, then aa, ab and so on.
fn letters(mut group: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(char::from(b'a' + (group % 26) as u8));
        if group < 26 {
            return name.into_iter().rev().collect();
        }
        group = group / 26 - 1;
    }
}

/// From the first to the last.
fn span(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first}–{last}") }
}

/// The place among the standings of each row of a leaderboard, where it has one; none if no column names the rows.
pub(super) fn places(table: &Table, standings: &Standings) -> Option<Vec<Option<usize>>> {
    let label = table.column("config").or_else(|| table.column("subject"))?;
    let arm = table.column("condition");
    let text = |cell: &Cell| if let Cell::Text(text) = cell { Some(text.clone()) } else { None };
    let find = |row: &Vec<Cell>| {
        let (label, arm) = (text(&row[label])?, arm.and_then(|arm| text(&row[arm])));
        standings.labels().iter().position(|(id, of)| id.as_str() == label && *of == arm)
    };
    Some(table.rows.iter().map(find).collect())
}

/// Puts into a leaderboard, after its column of ranks, which ranks each ranked row could have and which rows are not shown to
/// differ, and what a point cost. A table without the columns of a leaderboard stays as it is.
pub fn tell_ranks(table: &mut Table, standings: &Standings) {
    let (Some(rank), Some(places)) = (table.column("rank"), places(table, standings)) else { return };
    let is_ranked = |row: &Vec<Cell>| row[rank] != Cell::Missing;
    let compared: Vec<usize> = table
        .rows
        .iter()
        .zip(&places)
        .filter(|(row, _)| is_ranked(row))
        .filter_map(|(_, place)| place.filter(|place| standings.value(*place).is_some()))
        .collect();
    let pairs = standings.pairs(&compared);
    let ranks = ranks(standings, &compared, &pairs);
    let columns = [
        Column::text("ranks", "Ranks").shown(Shown::ToPeople),
        Column::text("group", "Tied"),
        Column::number("rank_low", "").shown(Shown::ToPrograms),
        Column::number("rank_high", "").shown(Shown::ToPrograms),
        Column::number("usd_per_point", "").shown(Shown::ToPrograms),
    ];
    table.columns.splice(rank + 1..=rank, columns);
    for (row, place) in table.rows.iter_mut().zip(&places) {
        let of = place.filter(|_| row[rank] != Cell::Missing);
        let of = of.and_then(|place| compared.iter().position(|row| *row == place));
        let mut cells = match of {
            Some(of) => {
                let (interval, (first, last)) = (ranks.intervals[of], ranks.groups[of]);
                let [low, high] = [interval.best, interval.worst].map(|rank| rank as u64);
                let tied = [first, last].map(|group| letters(group - 1));
                vec![
                    Cell::Text(span(&low.to_string(), &high.to_string())),
                    Cell::Text(span(&tied[0], &tied[1])),
                    Cell::Count(low),
                    Cell::Count(high),
                ]
            }
            None => vec![Cell::Missing; 4],
        };
        let per_point = place.and_then(|place| standings.usd_per_point(place));
        cells.push(per_point.map_or(Cell::Missing, Cell::Usd));
        row.splice(rank + 1..=rank, cells);
    }
    if compared.len() > 1 {
        table.notes.push(note(standings, &pairs));
    }
}

fn note(standings: &Standings, pairs: &[Compared]) -> String {
    let metric = standings.metric();
    let most = pairs.iter().map(|pair| pair.clusters).max().unwrap_or_default();
    let apart = pairs.iter().filter(|pair| !pair.is_paired).count();
    let unpaired = match apart {
        0 => String::new(),
        apart => format!(" {apart} of the pairs share no cases."),
    };
    let less = if metric.better == Better::Lower { ", less being better" } else { "" };
    let reach = match standings.sampled() {
        Sampled::Cases => format!("clustered ({most} clusters) and so for other cases of their kind too"),
        Sampled::Repeats => "for further repeats of these very cases and no others".to_owned(),
    };
    format!(
        "Ranks: those that a row could have, 95 % for all rows together, from the differences of {}{less} on the same cases, \
         {reach}, adjusted by Holm over {} pairs, both ways. Rows with a letter in common (Tied) are not shown to \
         differ.{unpaired}",
        metric.name,
        pairs.len(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unbent_report::{Cell, Column, Table};

    use super::{letters, ranks, tell_ranks};
    use crate::inference::Standings;
    use crate::inference::test_rows::{SHARE, of_rows};

    #[test]
    fn groups_have_letters() {
        let named = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(letters);
        assert_eq!(named, ["a", "b", "z", "aa", "ab", "az", "ba", "zz", "aaa"]);
    }

    #[test]
    fn only_ranked_rows_have_ranks_and_the_rest_stays_as_it_was() {
        let good: Vec<Option<f64>> = (0..40).map(|n| Some(if n % 10 == 0 { 0.5 } else { 1.0 })).collect();
        let bad: Vec<Option<f64>> = (0..40).map(|n| Some(if n % 7 == 0 { 0.5 } else { 0.0 })).collect();
        let standings = Standings::of(of_rows(&SHARE, &[&bad, &good, &good]));
        let mut table = Table::new("t", vec![Column::number("rank", "#"), Column::text("config", "Subject")]);
        let row = |rank: Option<u64>, name: &str| {
            vec![rank.map_or(Cell::Missing, Cell::Count), Cell::Text(name.to_owned())]
        };
        table.rows = vec![row(Some(1), "row1"), row(Some(2), "row0"), row(None, "row2")];
        tell_ranks(&mut table, &standings);
        let of = |key: &str| {
            let place = table.column(key).unwrap();
            table.rows.iter().map(|row| row[place].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("rank_low"), [Cell::Count(1), Cell::Count(2), Cell::Missing]);
        assert_eq!(of("rank_high"), [Cell::Count(1), Cell::Count(2), Cell::Missing]);
        assert_eq!(of("group"), [Cell::Text("a".into()), Cell::Text("b".into()), Cell::Missing]);
        assert_eq!(of("config")[2], Cell::Text("row2".into()));
        // 95 points for three dollars.
        assert_eq!(of("usd_per_point")[0], Cell::Usd(3.0 / 95.0));
        assert!(table.notes[0].contains("over 1 pairs, both ways"), "{}", table.notes[0]);
    }

    proptest! {
        #[test]
        fn the_rank_of_the_value_lies_among_the_ranks_and_equal_rows_have_equal_ones(
            values in prop::collection::vec(prop::collection::vec(0.0f64..1.0, 12), 2..9)
        ) {
            let rows: Vec<Vec<Option<f64>>> =
                values.iter().map(|row| row.iter().copied().map(Some).collect()).collect();
            let all: Vec<&[Option<f64>]> = rows.iter().chain([&rows[0]]).map(Vec::as_slice).collect();
            let standings = Standings::of(of_rows(&SHARE, &all));
            let rows: Vec<usize> = (0..all.len()).collect();
            let ranks = ranks(&standings, &rows, &standings.pairs(&rows));
            for (rank, row) in (1..).zip(&ranks.order) {
                prop_assert!(ranks.intervals[*row].best <= rank && rank <= ranks.intervals[*row].worst);
            }
            prop_assert_eq!(ranks.intervals[0], ranks.intervals[all.len() - 1]);
        }
    }
}
