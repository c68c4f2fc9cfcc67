//! The metrics of the suite, and what its trials show of them.

use std::collections::BTreeMap;

use unbent_core::{Case, CaseId, Scores};

use super::corrected::{DIMENSIONS, Dimension};
use super::dimension::Kind;
use crate::inference::{Better, Group, Lens, Metric, Seen};

/// The parts of the metrics: the dimensions of the index.
const fn part(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Likeness => "likeness",
        Dimension::Consistency => "consistency",
        Dimension::Drift => "drift",
        Dimension::NameDrift => "name_drift",
        Dimension::Resistance => "resistance",
        Dimension::Stability => "stability",
    }
}

/// One dimension alone, in percent of what it can be.
const fn alone(
    id: &'static str,
    name: &'static str,
    about: &'static str,
    groups: &'static [Group],
) -> Metric {
    Metric { id, name, about, better: Better::Higher, is_headline: false, groups, offset: 0.0 }
}

/// The metrics; all in points of 100, more is more independent.
pub(super) const METRICS: &[Metric] = &[
    Metric {
        id: "index",
        name: "Independence Index",
        about: "the weighted sum of the six dimensions",
        better: Better::Higher,
        is_headline: true,
        groups: &[
            weighed(0, &["likeness"]),
            weighed(1, &["consistency"]),
            weighed(2, &["drift"]),
            weighed(3, &["name_drift"]),
            weighed(4, &["resistance"]),
            weighed(5, &["stability"]),
        ],
        offset: 0.0,
    },
    alone(
        "likeness",
        "Non-assistant likeness",
        "how far its profiles are from an assistant's",
        &[whole(&["likeness"])],
    ),
    alone(
        "consistency",
        "Internal consistency",
        "how well a profile fits together",
        &[whole(&["consistency"])],
    ),
    alone(
        "drift",
        "Steadiness of identity",
        "how little a profile gives way when it is pressed",
        &[whole(&["drift"])],
    ),
    alone("resistance", "Resistance", "how well boundaries hold under pressure", &[whole(&["resistance"])]),
    alone("stability", "Stability", "how well preferences hold under pressure", &[whole(&["stability"])]),
];

const fn weighed(place: usize, parts: &'static [&'static str]) -> Group {
    Group { weight: DIMENSIONS[place].1, parts }
}

const fn whole(parts: &'static [&'static str]) -> Group {
    Group { weight: 100.0, parts }
}

/// What the trials show of the dimensions. A scenario is a cluster, whatever the system prompt and the delivery.
pub(super) fn lens(_cases: &BTreeMap<CaseId, Case>) -> Box<dyn Lens + '_> {
    Box::new(Dimensions)
}

struct Dimensions;

impl Lens for Dimensions {
    fn cluster(&self, case: &CaseId) -> Option<String> {
        let case = case.as_str();
        Kind::of_case(case).map(|_| case.rsplit('/').next().unwrap_or(case).to_owned())
    }

    fn parts(&self, case: &CaseId, scores: Option<&Scores>) -> Vec<Seen> {
        let Some(kind) = Kind::of_case(case.as_str()) else { return Vec::new() };
        let share =
            |dimension: Dimension| scores.and_then(|scores| dimension.share_of(|name| scores.number(name)));
        let applies = DIMENSIONS.iter().filter(|(dimension, _)| dimension.applies(kind));
        applies.map(|(dimension, _)| (part(*dimension), share(*dimension))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DIMENSIONS, METRICS, part};

    #[test]
    fn the_index_has_each_dimension_with_its_weight() {
        for ((dimension, weight), group) in DIMENSIONS.iter().zip(METRICS[0].groups) {
            assert_eq!((group.parts, group.weight), (&[part(*dimension)][..], *weight));
        }
        assert!((METRICS[0].most() - 100.0).abs() < 1e-9 && METRICS[0].least().abs() < 1e-9);
    }
}
