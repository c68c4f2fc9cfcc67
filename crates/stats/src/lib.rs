//! Statistics for small samples: numbers in, numbers out.
//!
//! This crate deliberately does not know what the numbers mean, where they come from or how they are shown. It has
//! no input or output, no clock, no environment; every random stream starts from a seed the caller gives. Resamples may be
//! computed by several threads at once, and no result depends on how many. A missing value is the caller's business: every function here takes complete data.

pub mod agreement;
pub mod binomial;
pub mod bootstrap;
pub mod clustered;
pub mod clustered_share;
pub mod components;
pub mod corrected;
pub mod decimal;
pub mod describe;
pub mod difference;
pub mod draws;
pub mod effect;
pub mod equivalence;
pub mod interval;
pub mod krippendorff;
pub mod multiplicity;
pub mod paired;
pub mod permutation;
pub mod power;
pub mod power_of_means;
pub mod prevalence;
pub mod proportion;
pub mod python_random;
pub mod ranks;
pub mod resampled;
pub mod stratified;
pub mod student;
pub mod t_test;
pub mod trend;

pub use agreement::{
    AgreementError, Confusion, Kappa, Weights, fleiss_kappa, fleiss_kappa_clustered_interval,
    fleiss_kappa_interval,
};
pub use binomial::{
    agresti_coull_interval, clopper_pearson_interval, jeffreys_interval, rule_of_three, wald_interval,
    wilson_corrected_interval,
};
pub use bootstrap::{PercentileBootstrap, ResamplePlan};
pub use clustered::{ClusterError, Clusters, design_effect, kish_effective_size};
pub use clustered_share::{ClusteredShare, ShareUnit, clustered_share, combined_interval};
pub use components::{Component, ComponentError, Extent, VarianceComponents};
pub use corrected::{ReplicateTable, price_bonett_t_interval};
pub use decimal::round_to_places;
pub use describe::{mean, median, sample_std_dev};
pub use difference::{newcombe_interval, newcombe_paired_interval};
pub use draws::{Draws, Stream};
pub use effect::{
    Effect, PairedEffect, cliffs_delta, cohens_h, discordant_odds_ratio, hedges_correction, paired_effect,
    paired_risk_ratio, risk_ratio,
};
pub use equivalence::{
    Equivalence, EquivalenceError, tost_means, tost_paired_means, tost_paired_proportions,
};
pub use interval::{Interval, Level};
pub use krippendorff::{Scale, krippendorff_alpha, krippendorff_alpha_interval};
pub use multiplicity::{benjamini_hochberg, holm};
pub use paired::{Continuity, McNemar, PairedCounts, mcnemar_asymptotic, mcnemar_exact, mcnemar_mid_p};
pub use permutation::{Flips, PermutationError, SignFlip, max_t, sign_flip_test};
pub use power::{IndependentDesign, PairedDesign, PowerError};
pub use power_of_means::{MeansDesign, Samples};
pub use prevalence::{Prevalence, PrevalenceError, corrected_prevalence};
pub use proportion::{wilson_interval, wilson_interval_at};
pub use python_random::PythonRandom;
pub use ranks::{Lead, Leads, RankError, RankInterval, Ranks};
pub use resampled::{Resampled, bca_interval, percentile_interval};
pub use stratified::{CochranMantelHaenszel, Homogeneity, Strata, StratifiedError, Stratum};
pub use student::{published_t_interval, student_t_critical, t_interval};
pub use t_test::EstimateError;
pub use trend::{Step, Trend, TrendError, cochran_armitage};
