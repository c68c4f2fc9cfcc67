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
    ("guard", "the same answers bare and guarded, and what the guard caught; needs --set guard=on", |observed, _| Ok(super::guard(observed))),
    ("compare", "every pair of subjects on the same prompts: tests, intervals and equivalence within --margin; needs two subjects", |observed, options| Ok(super::compare(observed, options.margin))),
    ("failure-direction", "whether failures are dangerous, over-refusals or others, and how that shifts between subjects", |observed, options| Ok(super::failure_direction(observed, options.margin))),
    ("identity", "each subject as authority, medium, nobody and without a system message on the same prompts; needs two conditions", |observed, options| Ok(super::identity(observed, options.margin))),
    ("stability", "whether the same prompts get the same class again: agreement and flips; needs repeats, or seeds of one model", |observed, _| Ok(super::stability(observed))),
    ("gap", "answers that are wrong although the reasoning before them is right; needs answers with reasoning", |observed, _| Ok(super::gap(observed))),
    ("format", "answers that are a bare form, and whether they fabricate more than prose does; needs such answers", |observed, _| Ok(super::format(observed))),
    ("temperature", "what becomes of answers from cold to hot, and its trends; needs a model at several temperatures", |observed, _| Ok(super::temperature(observed))),
    ("overlap", "the figures without the prompts that resemble training data; needs --training FILE", super::overlap::overlap_given),
];

static INFOS: LazyLock<Vec<AnalysisInfo>> = LazyLock::new(|| {
    ANALYSES.iter().map(|&(id, about, _)| AnalysisInfo { id, about, is_listing: false }).collect()
});

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
