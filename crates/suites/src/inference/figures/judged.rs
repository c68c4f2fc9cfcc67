//! The figures of judges: for every two, what the one said of the answers of which the other said this or that.

use std::collections::BTreeSet;

use unbent_report::figure::{Confusion, Plot};
use unbent_report::{Figure, fixed, thousands};

use crate::inference::judging::{Gradings, PairedGrades, Rating, paired_grades};

/// A confusion matrix of every two judges, people among them, for each thing that both rated; by the names of files.
pub fn judged(gradings: &Gradings) -> Vec<(String, Figure)> {
    let mut taken = BTreeSet::new();
    let mut drawn = Vec::new();
    for paired in paired_grades(gradings).filter(|paired| !paired.grades.is_empty()) {
        let (one, other) = paired.raters;
        let names = [one, other].map(|rater| gradings.rater_name(rater));
        let raters = [one, other].map(|rater| &gradings.raters[rater as usize]);
        let rating = &gradings.ratings[paired.rating as usize];
        let [first, second] = raters.map(|rater| file_name(&rater.name));
        let stem = format!("confusion_{}_{first}_{second}", rating.id);
        let mut name = stem.clone();
        // Names may differ in what no name of a file has.
        let mut nth = 1;
        while !taken.insert(name.clone()) {
            nth += 1;
            name = format!("{stem}_{nth}");
        }
        let mut figure = matrix(rating, &paired, names);
        figure = figure.noted(
            "Cells: answers; tints: shares of the row; heavy edges: both say the same. The first grade of each judge counts. \
             Categories that neither used are left out.",
        );
        if paired.one_only > 0 {
            let alone = thousands(paired.one_only);
            figure =
                figure.noted(format!("Left out, because one of both alone rated them: {alone} answers."));
        }
        if raters.iter().any(|rater| rater.simulated) {
            figure = figure.noted("SIMULATED: a judge that is marked so.");
        }
        drawn.push((name, figure));
    }
    drawn
}

fn matrix(rating: &Rating, paired: &PairedGrades, [rows_are, columns_are]: [String; 2]) -> Figure {
    let grades = || paired.grades.iter().map(|(_, pair)| *pair);
    let mut used: BTreeSet<u8> = grades().flat_map(|(one, other)| [one, other]).collect();
    // Grades between those that occur are there, and both answers to a question.
    if rating.is_graded() {
        used = used
            .first()
            .copied()
            .zip(used.last().copied())
            .map_or(used, |(least, most)| (least..=most).collect());
    } else if rating.categories() == 2 {
        used = [0, 1].into();
    }
    let used: Vec<u8> = used.into_iter().collect();
    let count = |row: u8, column: u8| grades().filter(|pair| *pair == (row, column)).count() as u64;
    let n = paired.grades.len();
    let alike = grades().filter(|(one, other)| one == other).count();
    let said = format!(
        "Rows: {rows_are}; columns: {columns_are}. {} answers, {} % alike",
        thousands(n as u64),
        fixed(100.0 * alike as f64 / n as f64, 1)
    );
    let plot = Confusion {
        rows_are,
        columns_are,
        labels: used.iter().map(|category| rating.name_of(*category)).collect(),
        counts: used.iter().map(|row| used.iter().map(|column| count(*row, *column)).collect()).collect(),
    };
    Figure::new(rating.id.replace('_', " "), said).with("", Plot::Confusion(plot))
}

/// A name as a part of the name of a file.
fn file_name(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use unbent_report::figure::Plot;

    use super::judged;
    use crate::inference::judging::{Gradings, Mark, Rater, Rating, Scale};

    #[test]
    fn every_two_judges_have_a_matrix_for_each_thing_that_both_rated() {
        let rater = |(name, simulated, is_human): (&str, bool, bool)| Rater {
            name: name.to_owned(),
            simulated,
            is_human,
        };
        let grade = Rating { id: "a_grade", scale: Scale::Grade { most: 10, pass: 6 } };
        let flag = Rating { id: "a_flag", scale: Scale::Flag };
        let mark = |(item, rater, rating, category)| Mark { item, rater, round: 0, rating, category };
        let marks = [
            (0, 0, 0, 4),
            (0, 1, 0, 6),
            (1, 0, 0, 4),
            (1, 1, 0, 4),
            (2, 0, 0, 5),
            (0, 0, 1, 1),
            (0, 2, 1, 1),
            (1, 0, 1, 0),
            (1, 2, 1, 1),
        ];
        let mut gradings = Gradings::default();
        gradings.ratings = vec![grade, flag];
        gradings.raters =
            [("of/one", false, false), ("of.one", true, false), ("human", false, true)].map(rater).into();
        gradings.marks = marks.map(mark).into();
        let drawn = judged(&gradings);
        let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["confusion_a_grade_of-one_of-one", "confusion_a_flag_of-one_human"]);
        let matrix = |nth: usize| {
            let Plot::Confusion(plot) = &drawn[nth].1.panels[0].plot else { panic!("no matrix") };
            (plot.labels.clone(), plot.counts.clone())
        };
        let labels = |labels: &[&str]| labels.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(matrix(0), (labels(&["4", "5", "6"]), vec![vec![1, 0, 1], vec![0; 3], vec![0; 3]]));
        assert_eq!(matrix(1), (labels(&["false", "true"]), vec![vec![0, 1], vec![0, 1]]));
        assert_eq!(drawn[0].1.title, "a grade");
        assert!(drawn[0].1.subtitle.ends_with("2 answers, 50.0 % alike"), "{}", drawn[0].1.subtitle);
        let notes = drawn[0].1.notes.join(" ");
        assert!(notes.contains("alone rated them: 1 answers") && notes.contains("SIMULATED"), "{notes}");
        assert!(!drawn[1].1.notes.join(" ").contains("SIMULATED"), "people are not simulated");
        assert!(drawn.iter().all(|(_, figure)| figure.clashes().is_empty()));
    }
}
