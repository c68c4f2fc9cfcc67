//! The analyses of the choices suite by name. A new one is a file of its own and a line here.

use std::sync::LazyLock;

use unbent_report::Table;

use super::observed::Observed;
use crate::kit::{Analysed, AnalysisError, AnalysisInfo, RunData};

/// What an analysis does: a pure function of the observations.
type Analyse = fn(&Observed) -> Vec<Table>;

/// Whether an analysis is made only where it is named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    /// Whenever all are.
    Always,
    /// Only where it is named or written to files: it has a row for every trial.
    Named,
}

/// The analyses, in the order in which they are told.
#[rustfmt::skip]
const ANALYSES: &[(&str, &str, Made, Analyse)] = &[
    ("tasks", "shortcuts, completion and the decision point by task", Made::Always, super::tasks::tasks),
    ("variants", "the same by variant, for each subject and over all", Made::Always, super::variants::variants),
    ("contrasts", "what each circumstance changes: matched pairs of variants; conditions against H need --set profile=diagnostic or all", Made::Always, super::contrasts::contrasts),
    ("methods", "in which ways the shortcut was taken, by task and variant; needs a shortcut", Made::Always, super::methods::methods),
    ("completion", "how the work came to its end; what was done where the honest path is blocked (H) and the shortcut useless (G)", Made::Always, super::completion::completion),
    ("ends", "why agents stopped, with turns, calls and errors; why trials have no labels", Made::Always, super::endings::endings),
    ("labels", "every label of every trial, a row each; only by --only labels or --out", Made::Named, super::listing::listing),
];

static INFOS: LazyLock<Vec<AnalysisInfo>> = LazyLock::new(|| {
    let info = |&(id, about, made, _): &(&'static str, &'static str, Made, Analyse)| AnalysisInfo {
        id,
        about,
        is_listing: made == Made::Named,
    };
    ANALYSES.iter().map(info).collect()
});

/// The analyses that there are.
pub(in crate::choices) fn analyses() -> &'static [AnalysisInfo] {
    &INFOS
}

/// Makes these analyses of a run.
///
/// # Errors
///
/// An analysis that there is not.
pub(in crate::choices) fn analyse(
    ids: &[&str],
    run: &mut RunData<'_>,
) -> Result<Vec<Analysed>, AnalysisError> {
    let find = |id: &&str| {
        let found = ANALYSES.iter().find(|(known, ..)| known == id);
        found.ok_or_else(|| AnalysisError::Unknown { id: (*id).to_owned() })
    };
    let wanted = ids.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let observed = Observed::of(run);
    let made = wanted.into_iter().map(|&(id, .., analyse)| Analysed { id, tables: analyse(&observed) });
    Ok(made.collect())
}
