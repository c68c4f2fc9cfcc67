//! Metrics: weighted sums of means of parts.

/// A metric of a suite, in points: 100 where the subject could not do better or, where less is better, worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name in files and on the command line.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// What it tells, in a line.
    pub about: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Whether it is one that a subject is ranked by.
    pub is_headline: bool,
    /// The groups of parts that it is the sum of. A metric is known where each of them has a part that is.
    pub groups: &'static [Group],
    /// What is added to the sum: points.
    pub offset: f64,
}

/// Parts that count alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// What the mean over its parts is multiplied by: points.
    pub weight: f64,
    /// Its parts; those that no trial was asked in are left out.
    pub parts: &'static [&'static str],
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
}

impl Metric {
    /// The least that it can be, in points.
    pub fn least(&self) -> f64 {
        self.offset + self.groups.iter().map(|group| group.weight.min(0.0)).sum::<f64>()
    }

    /// The most that it can be, in points.
    pub fn most(&self) -> f64 {
        self.offset + self.groups.iter().map(|group| group.weight.max(0.0)).sum::<f64>()
    }

    /// How much better one value is than another, in points; negative if it is worse.
    pub fn gain(&self, from: f64, to: f64) -> f64 {
        match self.better {
            Better::Higher => to - from,
            Better::Lower => from - to,
        }
    }
}
