//! Data-generating processes with a known mean, and the coverage of interval methods over them.

use std::num::NonZeroU32;

use unbent_stats::{
    Interval, Level, PercentileBootstrap, PythonRandom, ReplicateTable, mean, median,
    price_bonett_t_interval, t_interval,
};

use crate::observed::{FIELD, HIGH, LOW, MIDDLE, NEAR_CEILING, Observed, TWELFTHS};

/// How one run's parts are drawn, each as a share of its range.
enum Shares {
    /// Normal, each part on its own.
    NormalApart { mean: f64, deviation: f64 },
    /// One normal draw for all parts of a run.
    NormalTogether { mean: f64, deviation: f64 },
    /// Beta with these shape parameters, each part on its own.
    Beta { a: f64, b: f64 },
    /// All with this probability, else nothing, each part on its own.
    TwoPoint { all: f64 },
    /// All parts at once with this probability, else no part.
    TwoPointTogether { all: f64 },
    /// Everything, but for the weightiest part, which is all or nothing.
    OneTwoPoint { all: f64 },
    /// A grade of the subject, or one time in twenty of the field.
    Observed { subject: &'static Observed },
}

/// A process that yields runs of bounded parts.
pub(crate) struct Process {
    pub(crate) name: &'static str,
    points: Vec<f64>,
    shares: Shares,
}

const FIELD_WEIGHT: f64 = 0.05;
/// The part that can contribute most, by [`TWELFTHS`].
const WEIGHTIEST: usize = 3;

impl Process {
    fn weighted(name: &'static str, shares: Shares) -> Process {
        Process {
            name,
            points: TWELFTHS.iter().map(|&twelfths| f64::from(twelfths) / 12.0).collect(),
            shares,
        }
    }

    /// The mean of a run's total, in points of 100.
    pub(crate) fn true_mean(&self) -> f64 {
        let whole: f64 = self.points.iter().sum();
        match self.shares {
            Shares::NormalApart { mean, .. } | Shares::NormalTogether { mean, .. } => mean * whole,
            Shares::Beta { a, b } => a / (a + b) * whole,
            Shares::TwoPoint { all } | Shares::TwoPointTogether { all } => all * whole,
            Shares::OneTwoPoint { all } => whole - (1.0 - all) * self.points[WEIGHTIEST],
            Shares::Observed { subject } => {
                let average = |grades: &[u16]| {
                    grades.iter().map(|&grade| f64::from(grade)).sum::<f64>() / grades.len() as f64 / 1000.0
                };
                let item = |part: usize| {
                    (1.0 - FIELD_WEIGHT) * average(subject[part]) + FIELD_WEIGHT * average(FIELD[part])
                };
                self.points.iter().enumerate().map(|(part, points)| points * item(part)).sum()
            }
        }
    }

    fn run(&self, random: &mut PythonRandom) -> Vec<f64> {
        let together = normal(random);
        let fate = random.random();
        let mut share = |part: usize| match self.shares {
            Shares::NormalApart { mean, deviation } => mean + deviation * normal(random),
            Shares::NormalTogether { mean, deviation } => mean + deviation * together,
            Shares::Beta { a, b } => {
                let (x, y) = (gamma(a, random), gamma(b, random));
                x / (x + y)
            }
            Shares::TwoPoint { all } => f64::from(u8::from(random.random() < all)),
            Shares::TwoPointTogether { all } => f64::from(u8::from(fate < all)),
            Shares::OneTwoPoint { all } => f64::from(u8::from(part != WEIGHTIEST || fate < all)),
            Shares::Observed { subject } => {
                let grades = if random.random() < FIELD_WEIGHT { FIELD[part] } else { subject[part] };
                let count = NonZeroU32::new(grades.len() as u32).expect("every item has grades");
                f64::from(grades[random.choice_index(count)]) / 1000.0
            }
        };
        self.points.iter().enumerate().map(|(part, points)| points * share(part).clamp(0.0, 1.0)).collect()
    }
}

/// The processes over which the interval was chosen.
pub(crate) fn processes() -> Vec<Process> {
    let equal = |name, count: usize, all| Process {
        name,
        points: vec![100.0 / count as f64; count],
        shares: Shares::TwoPoint { all },
    };
    vec![
        Process::weighted("normal, parts apart", Shares::NormalApart { mean: 0.6, deviation: 0.08 }),
        Process::weighted("normal, parts together", Shares::NormalTogether { mean: 0.7, deviation: 0.03 }),
        Process::weighted("skewed, Beta(9.5, 0.5)", Shares::Beta { a: 9.5, b: 0.5 }),
        Process::weighted("two-point, 0.80", Shares::TwoPoint { all: 0.80 }),
        Process::weighted("two-point, 0.95", Shares::TwoPoint { all: 0.95 }),
        Process::weighted("two-point, 0.98", Shares::TwoPoint { all: 0.98 }),
        equal("two-point, 0.95, 15 equal", 15, 0.95),
        equal("two-point, 0.95, 5 equal", 5, 0.95),
        Process::weighted("observed, near ceiling", Shares::Observed { subject: &NEAR_CEILING }),
        Process::weighted("observed, high", Shares::Observed { subject: &HIGH }),
        Process::weighted("observed, middle", Shares::Observed { subject: &MIDDLE }),
        Process::weighted("observed, low", Shares::Observed { subject: &LOW }),
    ]
}

/// Processes beyond what any interval from so few runs can bound: rare events that take many points at once.
pub(crate) fn processes_beyond() -> Vec<Process> {
    vec![
        Process::weighted("beyond: all parts fail at once, 0.05", Shares::TwoPointTogether { all: 0.95 }),
        Process::weighted("beyond: all parts fail at once, 0.10", Shares::TwoPointTogether { all: 0.90 }),
        Process::weighted("beyond: one heavy part fails, 0.30", Shares::OneTwoPoint { all: 0.70 }),
    ]
}

/// What an interval method did over many replications.
pub(crate) struct Performance {
    /// Share of intervals that held the true mean.
    pub(crate) coverage: f64,
    /// Median width, in points of 100.
    pub(crate) median_width: f64,
}

/// The methods compared, all at a level of 0.95.
#[derive(Clone, Copy)]
pub(crate) enum Method {
    Published,
    T,
    Corrected,
}

/// Draws `replications` samples of `runs` runs and counts how often the method's interval holds the true mean.
pub(crate) fn performance(
    process: &Process,
    method: Method,
    runs: usize,
    replications: usize,
    seed: u64,
) -> Performance {
    const BOUNDS: Interval = Interval { low: 0.0, high: 100.0 };
    let truth = process.true_mean();
    let size = NonZeroU32::new(runs as u32).expect("at least one run");
    let bootstrap = matches!(method, Method::Published).then(|| PercentileBootstrap::published(size));
    let ranges: Vec<Interval> =
        process.points.iter().map(|&points| Interval { low: 0.0, high: points }).collect();
    let mut random = PythonRandom::new(seed);
    let mut held = 0usize;
    let mut widths = Vec::with_capacity(replications);
    for _ in 0..replications {
        let rows: Vec<Vec<f64>> = (0..runs).map(|_| process.run(&mut random)).collect();
        let table = ReplicateTable::parse(rows, ranges.clone()).expect("a process stays within its ranges");
        let interval = match method {
            Method::Published => {
                let bootstrap = bootstrap.as_ref().expect("made for this method");
                bootstrap.interval(&table.totals()).expect("the plan has this size")
            }
            Method::T => t_interval(&table.totals(), Level::P95).expect("at least two runs"),
            Method::Corrected => price_bonett_t_interval(&table, BOUNDS, Level::P95),
        };
        let interval = interval.clamped(BOUNDS.low, BOUNDS.high);
        // A billionth of slack: a total and the true mean may differ in the last bit only.
        held += usize::from(interval.low <= truth + 1e-9 && truth <= interval.high + 1e-9);
        widths.push(interval.width());
    }
    let coverage = held as f64 / replications as f64;
    Performance { coverage, median_width: median(&widths).expect("at least one replication") }
}

/// Mean of the totals of many runs, to check a process against its stated mean.
pub(crate) fn average_total(process: &Process, runs: usize, seed: u64) -> f64 {
    let mut random = PythonRandom::new(seed);
    let totals: Vec<f64> = (0..runs).map(|_| process.run(&mut random).iter().sum()).collect();
    mean(&totals).expect("at least one run")
}

/// Box and Muller (1958).
fn normal(random: &mut PythonRandom) -> f64 {
    let radius = (-2.0 * (1.0 - random.random()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random()).cos()
}

/// Marsaglia and Tsang (2000), with the power trick below a shape of one.
pub(crate) fn gamma(shape: f64, random: &mut PythonRandom) -> f64 {
    if shape < 1.0 {
        let lift = (1.0 - random.random()).powf(1.0 / shape);
        return gamma(shape + 1.0, random) * lift;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - random.random()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}
