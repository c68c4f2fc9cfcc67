//! Which points of two subjects are compared with which: those of the same case, repeat and part.

use std::collections::{BTreeMap, BTreeSet};

use unbent_core::CaseId;

use super::{Observations, Point};

/// One subject of some observations.
#[derive(Debug, Clone, Copy)]
pub struct Side<'o> {
    /// The observations.
    pub observations: &'o Observations,
    /// The place of the subject in them.
    pub subject: usize,
}

/// What two subjects show in the same trial of the same part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The place of the case in [`Pairing::cases`].
    pub case: u32,
    /// The number of the cluster: cases with a source in common have the same.
    pub cluster: u32,
    /// The repeat, from 1.
    pub repeat: u32,
    /// The part.
    pub part: &'static str,
    /// The value of the first; none if it is missing.
    pub a: Option<f64>,
    /// The value of the second; none if it is missing.
    pub b: Option<f64>,
}

impl Pair {
    /// Both values, where both are known.
    pub fn values(&self) -> Option<(f64, f64)> {
        self.a.zip(self.b)
    }
}

/// Trials of one side that the other does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// How many.
    pub trials: u64,
    /// The cases that the other side has no trial of, by name.
    pub cases: Vec<CaseId>,
}

/// The points of two subjects, matched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pairing {
    /// The cases that both have, by name.
    pub cases: Vec<CaseId>,
    /// The pairs, by case, repeat and part.
    pub pairs: Vec<Pair>,
    /// Trials that both have.
    pub trials: u64,
    /// Trials that only the first, and only the second has.
    pub unmatched: [Unmatched; 2],
    /// By part, the trials of both in which it applies to one of them only, such as what follows from what only one did.
    pub one_sided: BTreeMap<&'static str, u64>,
}

/// The points of one side by case, cluster and repeat, and then by part.
type ByTrial<'o> = BTreeMap<(&'o CaseId, u32), (&'o str, BTreeMap<&'static str, Option<f64>>)>;

impl Side<'_> {
    fn by_trial(&self) -> ByTrial<'_> {
        let mut trials: ByTrial<'_> = BTreeMap::new();
        for point in self.observations.of_subject(self.subject) {
            let Point { case, cluster, repeat, part, value, .. } = *point;
            let case = &self.observations.cases[case as usize];
            let cluster = self.observations.clusters[cluster as usize].as_str();
            trials.entry((case, repeat)).or_insert_with(|| (cluster, BTreeMap::new())).1.insert(part, value);
        }
        trials
    }
}

/// Matches the points of two subjects by case, repeat and part.
///
/// The order of the points does not matter. A case is of the cluster that the first side says.
pub fn pair(a: Side<'_>, b: Side<'_>) -> Pairing {
    let (first, second) = (a.by_trial(), b.by_trial());
    let mut pairing =
        Pairing { unmatched: [unmatched(&first, &second), unmatched(&second, &first)], ..Pairing::default() };
    let mut clusters: BTreeMap<&str, u32> = BTreeMap::new();
    for ((case, repeat), (cluster, parts)) in &first {
        let Some((_, others)) = second.get(&(*case, *repeat)) else { continue };
        pairing.trials += 1;
        if pairing.cases.last() != Some(case) {
            pairing.cases.push((*case).clone());
        }
        let next = clusters.len() as u32;
        let cluster = *clusters.entry(cluster).or_insert(next);
        let case = pairing.cases.len() as u32 - 1;
        for part in parts.keys().chain(others.keys()).copied().collect::<BTreeSet<_>>() {
            match (parts.get(part), others.get(part)) {
                (Some(a), Some(b)) => {
                    pairing.pairs.push(Pair { case, cluster, repeat: *repeat, part, a: *a, b: *b });
                }
                _ => *pairing.one_sided.entry(part).or_default() += 1,
            }
        }
    }
    pairing
}

fn unmatched(these: &ByTrial<'_>, those: &ByTrial<'_>) -> Unmatched {
    let known: BTreeSet<&CaseId> = those.keys().map(|(case, _)| *case).collect();
    let mut unmatched = Unmatched::default();
    for trial in these.keys().filter(|trial| !those.contains_key(*trial)) {
        unmatched.trials += 1;
        if !known.contains(trial.0) && unmatched.cases.last() != Some(trial.0) {
            unmatched.cases.push(trial.0.clone());
        }
    }
    unmatched
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::{Pair, Side, pair};
    use crate::inference::{Observations, Point};

    /// A trial of a subject: its case, which is its cluster up to the slash, its repeat, its part and the value.
    pub(in crate::inference) type Row = (usize, &'static str, u32, &'static str, Option<f64>);

    /// Observations of two subjects, without what is known of them beside their points.
    pub(in crate::inference) fn observed(rows: &[Row]) -> Observations {
        let mut seen = Observations::default();
        let mut clusters: BTreeMap<&str, u32> = BTreeMap::new();
        for (subject, case, repeat, part, value) in rows {
            let place = seen.cases.iter().position(|known| known.as_str() == *case).unwrap_or_else(|| {
                seen.cases.push((*case).into());
                seen.cases.len() - 1
            });
            let name = case.split('/').next().unwrap_or(case);
            let cluster = *clusters.entry(name).or_insert_with(|| {
                seen.clusters.push(name.to_owned());
                seen.clusters.len() as u32 - 1
            });
            let (subject, case) = (*subject as u32, place as u32);
            seen.points.push(Point { subject, case, cluster, repeat: *repeat, part, value: *value });
        }
        seen
    }

    /// Both subjects of some observations.
    pub(in crate::inference) fn sides(observations: &Observations) -> [Side<'_>; 2] {
        [0, 1].map(|subject| Side { observations, subject })
    }

    #[test]
    fn what_has_no_counterpart_is_counted() {
        let seen = observed(&[
            (0, "x/1", 1, "p", Some(1.0)),
            (0, "x/1", 2, "p", Some(0.0)),
            (0, "x/2", 1, "p", None),
            (0, "y/1", 1, "p", Some(1.0)),
            (0, "y/1", 2, "p", Some(1.0)),
            (1, "x/2", 1, "p", Some(1.0)),
            (1, "x/2", 1, "q", Some(1.0)),
            (1, "x/1", 1, "p", Some(0.5)),
            (1, "z/1", 1, "p", None),
        ]);
        let [a, b] = sides(&seen);
        let pairing = pair(a, b);
        assert_eq!(pairing.trials, 2);
        assert_eq!(pairing.cases.iter().map(ToString::to_string).collect::<Vec<_>>(), ["x/1", "x/2"]);
        assert_eq!(
            pairing.pairs,
            [
                Pair { case: 0, cluster: 0, repeat: 1, part: "p", a: Some(1.0), b: Some(0.5) },
                Pair { case: 1, cluster: 0, repeat: 1, part: "p", a: None, b: Some(1.0) },
            ]
        );
        assert_eq!(pairing.one_sided, BTreeMap::from([("q", 1)]));
        let [only_a, only_b] = &pairing.unmatched;
        assert_eq!((only_a.trials, only_b.trials), (3, 1));
        // Of x/1 the other has a trial, if not this repeat.
        assert_eq!(only_a.cases.iter().map(ToString::to_string).collect::<Vec<_>>(), ["y/1"]);
        assert_eq!(only_b.cases.iter().map(ToString::to_string).collect::<Vec<_>>(), ["z/1"]);
    }
}
