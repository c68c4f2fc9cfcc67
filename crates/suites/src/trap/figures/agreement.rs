//! Whether rules and judge agree. Figure 7.

use unbent_report::Figure;
use unbent_report::figure::{Chart, Plot, Role, Value};

use super::measure::{percent, share};
use super::notes::SHARES;
use super::study::{Study, category_name};
use crate::trap::category::Category;

/// A trial on which both the rules and the judge decided.
struct Both {
    category: Category,
    cluster: u32,
    rules: bool,
    judge: bool,
}

/// What may hold of such a trial.
type Holds = fn(&Both) -> bool;

/// Figure 7: what the rules pass, what the judge passes, and how often they agree, in each category.
pub(super) fn evaluators(study: &Study<'_>) -> Result<Figure, String> {
    study.trials_or_reason()?;
    let both: Vec<Both> = study
        .arms
        .iter()
        .flat_map(|arm| &arm.trials)
        .filter_map(|(case, trial)| {
            let scored = trial.state.scored()?;
            let rules = scored.rules.class()?.is_correct();
            let judge = scored.judge?.class()?.is_correct();
            Some(Both { category: case.category, cluster: case.cluster, rules, judge })
        })
        .collect();
    if both.is_empty() {
        return Err("there is no answer that both the rules and the judge decided; run with --set judge=all"
            .to_owned());
    }
    let categories = study.categories();
    let groups: Vec<Option<Category>> = categories.into_iter().map(Some).chain([None]).collect();
    let names = groups.iter().map(|category| category.map_or("ALL", category_name));
    let mut chart = Chart::new(percent("Share of trials that both decided"), names);
    let series: [(&str, Role, Holds); 3] = [
        ("rules: effective correct", Role::Nth(0), |both| both.rules),
        ("judge: effective correct", Role::Nth(1), |both| both.judge),
        ("both say the same", Role::Nth(2), |both| both.rules == both.judge),
    ];
    for (name, role, holds) in series {
        let value = |category: &Option<Category>| -> Option<Value> {
            let here = both.iter().filter(|both| category.is_none_or(|category| both.category == category));
            Some(share(here.map(|both| (holds(both), both.cluster))))
        };
        chart = chart.with(name, role, groups.iter().map(value).collect());
    }
    let figure = Figure::new(
        "Agreement of evaluators",
        "Correct or not, by the rules and by the judge, over the same trials of all subjects and conditions",
    )
    .with("", Plot::Bars(chart))
    .noted(
        "Only trials that both decided: what rules or judge left open is in neither share. Agreement is not corrected for chance.",
    );
    Ok(study.note(figure, SHARES))
}
