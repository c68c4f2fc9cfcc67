//! What judges make of a metric: how far one is above another, and whether a judge favours models of its own family.

use std::collections::{BTreeMap, BTreeSet};

use unbent_stats::{Interval, Level, student_t_critical};

use super::sureness::ENOUGH_CLUSTERS;
use super::{Gradings, Units, family};
use crate::inference::estimate::part_weights;
use crate::inference::{Metric, Observations};

/// A difference of means of a metric, in its points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The difference.
    pub value: f64,
    /// Its clustered t interval.
    pub interval: Option<Interval>,
    /// Values that were compared.
    pub n: u64,
    /// What the interval goes by.
    pub units: Units,
}

/// What is compared of one part of one answer.
struct Difference {
    part: &'static str,
    cluster: u32,
    answer: (u32, u32, u32),
    /// Whether it counts for or against.
    sign: Sign,
    value: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    For,
    Against,
}

/// Values of parts by answer and part, under one judge.
type Values = BTreeMap<((u32, u32, u32), &'static str), (f64, u32)>;

/// The values of each judge's first grading.
fn values(gradings: &Gradings, observed: &Observations) -> Vec<Values> {
    let mut all: Vec<BTreeMap<_, (u32, f64, u32)>> = vec![BTreeMap::new(); gradings.raters.len()];
    for point in &observed.points {
        let subject = &observed.subjects[point.subject as usize];
        let (Some(of), Some(value)) = (gradings.gradings.get(&subject.id), point.value) else { continue };
        let key = ((of.answered, point.case, point.repeat), point.part);
        let known = all[of.rater as usize].entry(key).or_insert((of.round, value, point.cluster));
        if of.round < known.0 {
            *known = (of.round, value, point.cluster);
        }
    }
    let plain = |values: BTreeMap<_, (u32, f64, u32)>| {
        values.into_iter().map(|(key, (_, value, cluster))| (key, (value, cluster))).collect()
    };
    all.into_iter().map(plain).collect()
}

fn contrast(metric: &Metric, observed: &Observations, differences: &[Difference]) -> Option<Contrast> {
    let weights = part_weights(metric, &observed.points);
    let counted: Vec<&Difference> =
        differences.iter().filter(|difference| weights.contains_key(difference.part)).collect();
    let signs: BTreeSet<Sign> = counted.iter().map(|difference| difference.sign).collect();
    let mut sums: BTreeMap<(Sign, &str), (f64, f64)> = BTreeMap::new();
    for difference in &counted {
        let (sum, n) = sums.entry((difference.sign, difference.part)).or_default();
        *sum += difference.value;
        *n += 1.0;
    }
    let mut value = 0.0;
    for sign in &signs {
        for (part, weight) in &weights {
            let (sum, n) = sums.get(&(*sign, *part))?;
            value += factor(*sign) * weight * sum / n;
        }
    }
    let mut clusters: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for difference in &counted {
        clusters.entry(difference.part).or_default().insert(difference.cluster);
    }
    let clustered = clusters.values().all(|clusters| clusters.len() >= ENOUGH_CLUSTERS);
    let mut influences: BTreeMap<(u32, u32, u32), f64> = BTreeMap::new();
    for difference in &counted {
        let (sum, n) = sums[&(difference.sign, difference.part)];
        let weight = factor(difference.sign) * weights[difference.part];
        let unit = if clustered { (difference.cluster, 0, 0) } else { difference.answer };
        *influences.entry(unit).or_default() += weight * (difference.value - sum / n) / n;
    }
    let n = influences.len();
    let units = if clustered { Units::Clusters(n) } else { Units::Answers(n) };
    let interval = (n > 1).then(|| {
        let squares: f64 = influences.values().map(|influence| influence * influence).sum();
        let error = (squares * n as f64 / (n as f64 - 1.0)).sqrt();
        let reach = student_t_critical(Level::P95, n as f64 - 1.0) * error;
        Interval { low: value - reach, high: value + reach }
    });
    (!counted.is_empty()).then_some(Contrast { value, interval, n: counted.len() as u64, units })
}

fn factor(sign: Sign) -> f64 {
    match sign {
        Sign::For => 1.0,
        Sign::Against => -1.0,
    }
}

/// How far the metric is higher under the second judge of each pair than under the first, over the answers that both
/// graded.
pub fn bias(metric: &Metric, gradings: &Gradings, observed: &Observations) -> Vec<((u32, u32), Contrast)> {
    let values = values(gradings, observed);
    let mut all = Vec::new();
    for (one, of_one) in values.iter().enumerate() {
        for (other, of_other) in values.iter().enumerate().skip(one + 1) {
            let mut differences = Vec::new();
            for (key, (value, cluster)) in of_other {
                let Some((before, _)) = of_one.get(key) else { continue };
                let (answer, part) = *key;
                let value = value - before;
                differences.push(Difference { part, cluster: *cluster, answer, sign: Sign::For, value });
            }
            let found = contrast(metric, observed, &differences);
            all.extend(found.map(|found| ((one as u32, other as u32), found)));
        }
    }
    all
}

/// Whether a judge favours models of its own family: how far it is above judges of other families on answers of its own,
/// less how far it is above them on answers of others. Or the reason why it cannot be told.
pub fn self_preference(
    metric: &Metric,
    gradings: &Gradings,
    observed: &Observations,
    rater: u32,
) -> Result<Contrast, String> {
    let name = &gradings.raters[rater as usize].name;
    let own = family(name).ok_or("the judge's family is not known by its name")?;
    let others: Vec<usize> = (0..gradings.raters.len())
        .filter(|other| {
            let found = family(&gradings.raters[*other].name);
            *other != rater as usize && !gradings.raters[*other].is_human && found != Some(own)
        })
        .collect();
    if others.is_empty() {
        return Err("no judge of another family graded these answers".to_owned());
    }
    let families: Vec<Option<&str>> = gradings
        .answered
        .iter()
        .map(|subject| family(&subject.model).or_else(|| family(subject.id.as_str())))
        .collect();
    if !families.contains(&Some(own)) {
        return Err(format!("no subject is of its family, {own}"));
    }
    if !families.iter().any(|found| found.is_some_and(|found| found != own)) {
        return Err("no subject is known to be of another family".to_owned());
    }
    let values = values(gradings, observed);
    let mut differences = Vec::new();
    for (key, (value, cluster)) in &values[rater as usize] {
        let (answer, part) = *key;
        let Some(of_family) = families[answer.0 as usize] else { continue };
        let theirs: Vec<f64> = others.iter().filter_map(|other| Some(values[*other].get(key)?.0)).collect();
        let Some(theirs) = unbent_stats::mean(&theirs) else { continue };
        let sign = if of_family == own { Sign::For } else { Sign::Against };
        differences.push(Difference { part, cluster: *cluster, answer, sign, value: value - theirs });
    }
    let signs: BTreeSet<Sign> = differences.iter().map(|difference| difference.sign).collect();
    if signs.len() < 2 {
        return Err("the judges graded no answers of both kinds in common".to_owned());
    }
    contrast(metric, observed, &differences)
        .ok_or_else(|| "a part of the metric has no grade in common".to_owned())
}
