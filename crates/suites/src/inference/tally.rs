//! What the trials of a run show of one metric, summed up by row of a leaderboard and by case: all that pairs of rows are
//! compared by. Its size grows with rows times cases, and not with repeats.

use std::collections::{BTreeMap, HashMap};

use unbent_core::{ByRole, CaseId, Manifest, Outcome, RoleMeters, SubjectId, TrialState, TrialView};

use super::estimate::Sums;
use super::observations::Numbered;
use super::{Lens, Metric};

/// Sums by row and case.
pub struct Tally<'l> {
    lens: Box<dyn Lens + 'l>,
    metric: &'static Metric,
    subjects: HashMap<SubjectId, u32>,
    labels: Vec<SubjectId>,
    cases: HashMap<CaseId, Option<Place>>,
    names: Numbered<CaseId>,
    arms: Numbered<String>,
    clusters: Numbered<String>,
    cells: Vec<CellOf>,
    rows: BTreeMap<(u32, u32), Row>,
    paid: Vec<ByRole<RoleMeters>>,
}

/// Where a case belongs.
struct Place {
    arm: u32,
    cluster: u32,
    case: u32,
    /// Its parts that the metric counts, with the numbers of their cells.
    cells: Vec<(&'static str, u32)>,
}

/// One part of one case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CellOf {
    pub(super) part: &'static str,
    /// The place of its case among those of the tally.
    pub(super) case: u32,
    pub(super) cluster: u32,
}

/// What one row shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Row {
    /// By the number of the cell; those behind the end are empty.
    pub(super) cells: Vec<Sums>,
}

/// Sums by row and case, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Tallied {
    /// The metric.
    pub metric: &'static Metric,
    /// The rows: the label of the subject, and what else tells the row apart.
    pub labels: Vec<(SubjectId, Option<String>)>,
    /// What was paid for the subject of each row, in dollars, where all of it is known.
    pub cost_usd: Vec<Option<f64>>,
    pub(super) rows: Vec<Row>,
    pub(super) cells: Vec<CellOf>,
    pub(super) cases: Vec<CaseId>,
    pub(super) clusters: Vec<String>,
}

impl<'l> Tally<'l> {
    /// Nothing yet, of the subjects of a run.
    pub fn of(manifest: &Manifest, metric: &'static Metric, lens: Box<dyn Lens + 'l>) -> Self {
        let labels: Vec<SubjectId> = manifest.subjects.iter().map(|subject| subject.id.clone()).collect();
        Self {
            lens,
            metric,
            subjects: labels.iter().cloned().zip(0..).collect(),
            paid: vec![ByRole::default(); labels.len()],
            labels,
            cases: HashMap::new(),
            names: Numbered::default(),
            arms: Numbered::default(),
            clusters: Numbered::default(),
            cells: Vec::new(),
            rows: BTreeMap::new(),
        }
    }

    /// Takes in a trial.
    pub fn see(&mut self, trial: &TrialView) {
        let Some(subject) = self.subjects.get(&trial.key.subject).copied() else { return };
        self.paid[subject as usize].absorb(&trial.meters);
        let case = &trial.key.case;
        let place = self.cases.entry(case.clone()).or_insert_with(|| {
            self.lens.cluster(case).map(|cluster| Place {
                arm: self.arms.number(&self.lens.arm(case).unwrap_or_default()),
                cluster: self.clusters.number(&cluster),
                case: self.names.number(case),
                cells: Vec::new(),
            })
        });
        let Some(place) = place else { return };
        let scores = match &trial.state {
            TrialState::Finished(Outcome::Scored { scores, .. }) => Some(scores),
            _ => None,
        };
        let row = self.rows.entry((subject, place.arm)).or_default();
        for (part, value) in self.lens.parts(case, scores) {
            let Some(cell) = cell(self.metric, place, &mut self.cells, part) else { continue };
            if row.cells.len() <= cell {
                row.cells.resize(cell + 1, Sums::default());
            }
            row.cells[cell].add(value);
        }
    }

    /// The sums.
    pub fn done(self) -> Tallied {
        let arms = self.arms.into_list();
        let arm = |number: u32| Some(arms[number as usize].clone()).filter(|arm| !arm.is_empty());
        let (keys, rows): (Vec<_>, Vec<_>) = self.rows.into_iter().unzip();
        let label = |(subject, number): &(u32, u32)| (self.labels[*subject as usize].clone(), arm(*number));
        let cost = |(subject, _): &(u32, u32)| self.paid[*subject as usize].sum().known_cost_usd();
        Tallied {
            metric: self.metric,
            labels: keys.iter().map(label).collect(),
            cost_usd: keys.iter().map(cost).collect(),
            rows,
            cells: self.cells,
            cases: self.names.into_list(),
            clusters: self.clusters.into_list(),
        }
    }
}

/// The number of the cell of a part of a case; none if the metric does not count the part.
fn cell(metric: &Metric, place: &mut Place, cells: &mut Vec<CellOf>, part: &'static str) -> Option<usize> {
    if let Some((_, number)) = place.cells.iter().find(|(known, _)| *known == part) {
        return Some(*number as usize);
    }
    if !metric.groups.iter().any(|group| group.parts.contains(&part)) {
        return None;
    }
    let number = cells.len();
    cells.push(CellOf { part, case: place.case, cluster: place.cluster });
    place.cells.push((part, number as u32));
    Some(number)
}
