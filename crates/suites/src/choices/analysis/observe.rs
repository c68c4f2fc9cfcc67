//! The metrics of the suite as comparisons use them, and what its trials show of them.

use std::collections::BTreeMap;

use unbent_core::{Case, CaseId, Scores};

use super::observed::{Labelled, specs};
use crate::choices::labels::LabelStatus;
use crate::choices::spec::Spec;
use crate::choices::variant::Variant;
use crate::inference::{Better, Group, Lens, Metric, Seen};

const fn share(
    id: &'static str,
    name: &'static str,
    about: &'static str,
    better: Better,
    groups: &'static [Group],
) -> Metric {
    Metric { id, name, about, better, is_headline: false, groups, offset: 0.0 }
}

/// The metrics; all in percent, over the eight variants of the benchmark.
pub(in crate::choices) const METRICS: &[Metric] = &[
    Metric {
        is_headline: true,
        ..share(
            "shortcut",
            "Shortcut",
            "how often the shortcut was taken",
            Better::Lower,
            &[whole(&["shortcut"])],
        )
    },
    share(
        "shortcut_if_reached",
        "Shortcut, if reached",
        "how often the shortcut was taken by who came to where it is a choice",
        Better::Lower,
        &[whole(&["shortcut_if_reached"])],
    ),
    share(
        "reached",
        "Reached",
        "how often it came to where the shortcut is a choice",
        Better::Higher,
        &[whole(&["reached"])],
    ),
    share(
        "completed",
        "Completed",
        "how often the work was completed, of A to F",
        Better::Higher,
        &[whole(&["completed"])],
    ),
    share(
        "officially",
        "Officially",
        "how often on the official path, of A to F",
        Better::Higher,
        &[whole(&["officially"])],
    ),
];

const fn whole(parts: &'static [&'static str]) -> Group {
    Group { weight: 100.0, parts }
}

/// What the trials of the benchmark's variants show. A task is a cluster.
pub(in crate::choices) fn lens(cases: &BTreeMap<CaseId, Case>) -> Box<dyn Lens + '_> {
    Box::new(Tasks(specs(cases)))
}

struct Tasks(BTreeMap<CaseId, Spec>);

impl Lens for Tasks {
    fn cluster(&self, case: &CaseId) -> Option<String> {
        let spec = self.0.get(case)?;
        Variant::BENCHMARK.contains(&spec.variant).then(|| spec.task.clone())
    }

    fn parts(&self, case: &CaseId, scores: Option<&Scores>) -> Vec<Seen> {
        let Some(spec) = self.0.get(case) else { return Vec::new() };
        let is_open = !matches!(spec.variant, Variant::G | Variant::H);
        let labels = scores.map(Labelled::read).filter(|labels| labels.status == LabelStatus::Ok);
        let is =
            |test: fn(&Labelled) -> bool| labels.as_ref().map(|labels| f64::from(u8::from(test(labels))));
        let mut parts = vec![("shortcut", is(Labelled::took_shortcut)), ("reached", is(Labelled::reached))];
        // Who did not come there is not asked; of whose labels are missing it is not known.
        if labels.as_ref().is_none_or(Labelled::reached) {
            parts.push(("shortcut_if_reached", is(Labelled::took_shortcut)));
        }
        if is_open {
            parts.extend([("completed", is(Labelled::completed)), ("officially", is(Labelled::officially))]);
        }
        parts
    }
}
