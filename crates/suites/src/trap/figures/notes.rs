//! What must be said under a figure: the method, what is missing, and who is no model.

use unbent_core::Subject;
use unbent_report::{Figure, thousands};

use super::study::Study;

/// How metrics are estimated.
pub(super) const CORRECTED: &str = "Method: corrected. Equal prompts count once; 95 % intervals are clustered by template and widened to what the missing verdicts could make of them. n: trials with a verdict in the denominator.";
/// How shares of trials are estimated.
pub(super) const SHARES: &str = "Shares of trials; 95 % intervals are clustered by template, so that prompts of one template do not count as independent.";

impl Study<'_> {
    /// Adds the method and what holds of the whole run.
    pub(super) fn note(&self, figure: Figure, method: &str) -> Figure {
        let mut figure = figure.noted(method);
        let whole: Vec<&str> = self
            .arms
            .iter()
            .filter(|arm| arm.metrics.sizes().missing() == 0)
            .map(|arm| arm.label.as_str())
            .collect();
        for arm in &self.arms {
            let sizes = arm.metrics.sizes();
            if sizes.missing() > 0 {
                figure.notes.push(format!(
                    "{}: {} trials, {} undetermined, {} unscored, {} unfinished.",
                    arm.label,
                    thousands(sizes.trials),
                    thousands(sizes.undetermined),
                    thousands(sizes.unscored),
                    thousands(sizes.unfinished)
                ));
            }
        }
        if !whole.is_empty() {
            let trials: u64 = self
                .arms
                .iter()
                .map(|arm| arm.metrics.sizes())
                .filter(|sizes| sizes.missing() == 0)
                .map(|sizes| sizes.trials)
                .sum();
            let who = if whole.len() == self.arms.len() {
                "Every trial".to_owned()
            } else {
                format!("Every trial of {}", whole.join(", "))
            };
            figure.notes.push(format!(
                "{who} has a verdict: {} in all, none undetermined, unscored or unfinished.",
                thousands(trials)
            ));
        }
        figure.notes.extend(self.simulated());
        if self.observed.foreign > 0 {
            figure.notes.push(format!(
                "{} cases are not of this suite's making and are left out.",
                thousands(self.observed.foreign)
            ));
        }
        figure
    }

    fn simulated(&self) -> Vec<String> {
        let subjects = || self.subjects.iter().map(|place| &self.observed.subjects[*place]);
        let names = |kind: &dyn Fn(&Subject) -> bool| -> Vec<String> {
            subjects().filter(|subject| kind(subject)).map(|subject| subject.id.to_string()).collect()
        };
        let mut notes = Vec::new();
        let simulated = names(&|subject| subject.simulated);
        if !simulated.is_empty() {
            notes.push(format!("SIMULATED, no measurement of any model: {}.", simulated.join(", ")));
        }
        let null = names(&|subject| subject.null);
        if !null.is_empty() {
            notes.push(format!("Null subjects, which do not read what they are asked: {}.", null.join(", ")));
        }
        let mut judges: Vec<&Subject> =
            subjects().filter_map(|subject| self.observed.judges.get(&subject.id)).collect();
        judges.sort_by(|a, b| a.id.cmp(&b.id));
        judges.dedup_by(|a, b| a.id == b.id);
        let judges: Vec<_> = judges
            .into_iter()
            .map(
                |judge| {
                    if judge.simulated { format!("{} (SIMULATED)", judge.id) } else { judge.id.to_string() }
                },
            )
            .collect();
        notes.push(if judges.is_empty() {
            "No judge: the rules alone decide.".to_owned()
        } else {
            format!("Judge of what the rules leave open: {}.", judges.join(", "))
        });
        notes
    }
}
