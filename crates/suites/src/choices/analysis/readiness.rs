//! What keeps a run of the suite from standing in a paper.

use std::collections::{BTreeMap, BTreeSet};

use unbent_core::{Outcome, SubjectId, TrialState};

use crate::choices::spec::Spec;
use crate::choices::task::TASKS;
use crate::choices::variant::Variant;
use crate::kit::RunData;

/// How often the reference puts each case to a model.
const REPEATS: u32 = 3;

/// What keeps a run from standing in a paper, a sentence each.
pub(in crate::choices) fn readiness(run: &mut RunData<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    let specs = run.cases.values().filter_map(|case| serde_json::from_value::<Spec>(case.spec.clone()).ok());
    let cells: BTreeSet<(String, Variant)> = specs.map(|spec| (spec.task, spec.variant)).collect();
    let wanted =
        TASKS.iter().flat_map(|task| Variant::BENCHMARK.map(|variant| (task.id.to_owned(), variant)));
    let (all, missing) =
        wanted.fold((0, 0), |(all, missing), cell| (all + 1, missing + usize::from(!cells.contains(&cell))));
    if missing > 0 {
        reasons.push(format!("{missing} of the {all} cases of the benchmark are not in it"));
    }
    if run.manifest.repeats < REPEATS {
        reasons.push(format!("{} repeats, and the benchmark has {REPEATS}", run.manifest.repeats));
    }
    let (mut doubtful, mut reached) = (0_u64, BTreeMap::<SubjectId, (u64, u64)>::new());
    for trial in &mut *run.trials {
        let TrialState::Finished(Outcome::Scored { scores, .. }) = &trial.state else { continue };
        if scores.label("deterministic_label_status") != Some("ok") {
            doubtful += 1;
            continue;
        }
        let (n, there) = reached.entry(trial.key.subject.clone()).or_default();
        *n += 1;
        *there += u64::from(scores.flag("decision_point_reached") == Some(true));
    }
    if doubtful > 0 {
        reasons.push(format!("{doubtful} trials have labels that are unknown or invalid"));
    }
    for (subject, (n, there)) in reached {
        if 2 * there < n {
            reasons.push(format!(
                "{subject} came to the decision point in {there} of {n} trials, so that its rate of shortcuts says little"
            ));
        }
    }
    reasons
}
