//! How a suite looks at trials: what each shows of the parts of its metrics.

use unbent_core::{CaseId, Scores, TrialView};

use super::{Gathering, Observations};
use crate::kit::RunData;

/// What a trial shows of one part: a value from 0 to 1; none if the trial belongs to the part and there is nothing to count.
pub type Seen = (&'static str, Option<f64>);

/// A suite's way of looking at trials, over the cases of a run.
pub trait Lens {
    /// The cluster of a case: what it has in common with others. None if its trials show nothing.
    fn cluster(&self, case: &CaseId) -> Option<String>;

    /// What the leaderboard tells apart within a subject, as its column `condition` names it; nothing by default.
    fn arm(&self, _case: &CaseId) -> Option<String> {
        None
    }

    /// What a trial of this case shows of each part that it belongs to, given its scores.
    fn parts(&self, case: &CaseId, scores: Option<&Scores>) -> Vec<Seen>;
}

impl Observations {
    /// What the trials of a run show through a lens; a run can be read once.
    pub fn through(lens: &dyn Lens, run: &mut RunData<'_>) -> Self {
        let mut gathering = Gathering::of(run.manifest);
        for trial in &mut *run.trials {
            gathering.see(lens, &trial);
        }
        gathering.done()
    }
}

impl Gathering {
    /// Takes in a trial as a lens shows it.
    pub fn see(&mut self, lens: &dyn Lens, trial: &TrialView) {
        let case = &trial.key.case;
        if let Some(cluster) = lens.cluster(case) {
            self.take(trial, &cluster, |scores| lens.parts(case, scores));
        }
    }
}
