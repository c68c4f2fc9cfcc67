//! The analyses of the trap suite by name. A new one is a file of its own and a line here.

use std::sync::LazyLock;

use unbent_report::Table;

use super::observed::Observed;
use crate::kit::{Analysed, AnalysisError, AnalysisInfo, AnalysisOptions, RunData};

/// What an analysis does: a pure function of the observations.
type Analyse = fn(&Observed, &AnalysisOptions) -> Result<Vec<Table>, AnalysisError>;

/// The analyses, in the order in which they are told.
#[rustfmt::skip]
const ANALYSES: &[(&str, &str, Analyse)] = &[
    ("taxonomy", "the eight classes of what became of the cases, by subject and category", |observed, _| Ok(super::taxonomy(observed))),
    ("metrics", "every metric by both methods, with its denominator, interval and mark", |observed, _| Ok(super::metrics_tables(observed))),
    ("coverage", "what the rules decided, what the judge did, and what is missing and why, by category", |observed, _| Ok(super::coverage(observed))),
    ("agreement", "whether judge and rules agree where both decided; needs a run with --set judge=all", |observed, _| Ok(super::agreement(observed))),
    ("families", "families and templates, the most dangerous first", |observed, _| Ok(super::families(observed))),
    ("languages", "English and Spanish prompts side by side; needs both", |observed, _| Ok(super::languages(observed))),
];

static INFOS: LazyLock<Vec<AnalysisInfo>> =
    LazyLock::new(|| ANALYSES.iter().map(|&(id, about, _)| AnalysisInfo { id, about }).collect());

/// The analyses that there are.
pub fn analyses() -> &'static [AnalysisInfo] {
    &INFOS
}

/// Makes these analyses of a run.
///
/// # Errors
///
/// An analysis that there is not, or an option that one of them cannot use.
pub fn analyse(
    ids: &[&str],
    run: &mut RunData<'_>,
    options: &AnalysisOptions,
) -> Result<Vec<Analysed>, AnalysisError> {
    let find = |id: &&str| {
        let found = ANALYSES.iter().find(|(known, ..)| known == id);
        found.ok_or_else(|| AnalysisError::Unknown { id: (*id).to_owned() })
    };
    let wanted = ids.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let observed = Observed::of(run);
    let made = |&(id, _, analyse): &(&'static str, &str, Analyse)| {
        Ok(Analysed { id, tables: analyse(&observed, options)? })
    };
    wanted.into_iter().map(made).collect()
}
