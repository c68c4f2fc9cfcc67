//! Judges as instruments, against agreement that was computed by hand.

use std::collections::BTreeMap;

use unbent_core::{
    CaseId, Manifest, Origin, Outcome, Program, Regraded, Score, Scores, Subject, SubjectId, TrialKey,
    TrialNo, TrialState, TrialView, UnscoredReason,
};
use unbent_suites::inference::judging::{
    Gradings, Rating, Scale, Units, against_labels, agreements, alpha, bias, consistencies, read_labels,
    self_preference, verbosity,
};
use unbent_suites::inference::{Better, Group, Metric, Observations, Point};

const RATINGS: [Rating; 2] = [
    Rating { id: "firm", scale: Scale::Grade { most: 2, pass: 1 } },
    Rating { id: "kept", scale: Scale::Flag },
];

fn subject(name: &str) -> Subject {
    Subject {
        id: SubjectId::new(name),
        model: name.to_owned(),
        settings: unbent_core::Sampling::default(),
        simulated: false,
        price: None,
        price_source: None,
        regraded: None,
        null: false,
    }
}

/// A subject that stands for another's answers, graded by a judge.
fn regraded(of: &str, judge: &str, round: u32) -> Subject {
    let regraded = Regraded { of: SubjectId::new(of), judge: subject(judge), round };
    Subject { regraded: Some(Box::new(regraded)), ..subject(&format!("{of} by {judge} #{round}")) }
}

fn manifest(subjects: Vec<Subject>) -> Manifest {
    Manifest {
        created_at_ms: 0,
        program: Program { name: "unbent".to_owned(), version: "0".to_owned() },
        origin: Origin::Asked,
        suites: Vec::new(),
        subjects,
        judge: Some(subject("openai/gpt-a")),
        guard: None,
        seed: 0,
        repeats: 1,
        credentials: BTreeMap::new(),
        sandbox: None,
        rescored: Vec::new(),
        git: None,
    }
}

/// A trial with these scores, or one that a fault left unscored.
fn trial(subject: &str, case: usize, scores: &[(&str, Score)]) -> TrialView {
    let key = TrialKey {
        suite: "test".into(),
        case: CaseId::new(format!("c{case}")),
        subject: SubjectId::new(subject),
        repeat: 1,
    };
    let outcome = if scores.is_empty() {
        Outcome::unscored(UnscoredReason::NothingToScore, "nothing")
    } else {
        let scores: Scores = scores.iter().map(|(name, score)| ((*name).to_owned(), score.clone())).collect();
        Outcome::Scored { scores, note: None }
    };
    TrialView { state: TrialState::Finished(outcome), ..TrialView::pending(TrialNo(1), key) }
}

fn gradings(subjects: Vec<Subject>, trials: &[TrialView]) -> Gradings {
    let manifest = manifest(subjects);
    let own = manifest.subjects.iter().filter(|subject| subject.regraded.is_none());
    let judges = own.map(|own| (own.id.clone(), subject("openai/gpt-a"))).collect();
    let mut gradings = Gradings::of(&RATINGS, &manifest, &judges);
    for trial in trials {
        gradings.take(trial);
    }
    gradings.cluster(&BTreeMap::new());
    gradings
}

fn firm(grade: f64) -> Vec<(&'static str, Score)> {
    vec![("firm", Score::Number(grade))]
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// Twelve answers of `m`, graded 0 to 2 by the run's judge and by another.
const PAIRS: [(f64, f64); 12] = [
    (0.0, 0.0),
    (0.0, 0.0),
    (0.0, 1.0),
    (1.0, 1.0),
    (1.0, 1.0),
    (1.0, 2.0),
    (1.0, 0.0),
    (2.0, 2.0),
    (2.0, 2.0),
    (2.0, 2.0),
    (2.0, 0.0),
    (2.0, 1.0),
];

fn two_judges() -> Gradings {
    let other = regraded("m", "anthropic/claude-b", 1);
    let name = other.id.to_string();
    let mut trials = Vec::new();
    for (case, (one, other)) in PAIRS.iter().enumerate() {
        trials.push(trial("m", case, &firm(*one)));
        trials.push(trial(&name, case, &firm(*other)));
    }
    trials.push(trial("m", 12, &firm(1.0)));
    trials.push(trial(&name, 12, &[]));
    gradings(vec![subject("m"), other], &trials)
}

#[test]
fn agreement_of_two_judges_is_that_computed_by_hand() {
    let gradings = two_judges();
    let found = agreements(&gradings);
    let [found] = found.as_slice() else { panic!("one pair in one score: {found:?}") };
    assert_eq!((found.n, found.one_only, found.units), (12, 1, Units::Clusters(12)));
    assert_eq!(gradings.ungraded, [0, 1]);
    assert!(near(found.agreed, 7.0 / 12.0));
    // Squared steps: 1, 1, 1, 4, 1 observed, 8 of 12. Margins 3, 4, 5 and 4, 4, 4 expect the sum of products times
    // squared steps, (3*4*1 + 3*4*4 + 4*4*1 + 4*4*1 + 5*4*4 + 5*4*1) / 12 = 16 of 12.
    assert!(near(found.kappa.unwrap(), 1.0 - 8.0 / 16.0), "{found:?}");
    assert!(near(found.difference, -2.0 / 12.0));
    // Sample variance of the differences: (8 - 12 (1/6)²) / 11; t with 11 degrees of freedom is 2.200985.
    let reach = 2.200_985_160_082_949 * (((8.0 - 12.0 / 36.0) / 11.0) / 12.0_f64).sqrt();
    let interval = found.difference_interval.unwrap();
    assert!((interval.high - (-1.0 / 6.0 + reach)).abs() < 1e-6, "{interval:?}");
    let kappa = found.kappa_interval.unwrap();
    assert!(kappa.low < 0.5 && kappa.high > 0.5 && kappa.high <= 1.0, "{kappa:?}");
    assert_eq!(found.confusion.iter().map(|(_, n)| n).sum::<u64>(), 12);
    assert!(found.confusion.contains(&((2, 2), 3)) && found.confusion.contains(&((2, 0), 1)));
}

#[test]
fn alpha_of_two_judges_is_that_computed_by_hand() {
    let found = alpha(&two_judges(), 0).unwrap();
    // Of the 24 grades 7 are 0, 8 are 1 and 9 are 2. Observed: 2 * 8 / 24. Expected: 2 (7*8 + 7*9*4 + 8*9) / (24 * 23).
    let expected = 2.0 * f64::from(7 * 8 + 7 * 9 * 4 + 8 * 9) / (24.0 * 23.0);
    assert!(near(found.alpha.unwrap(), 1.0 - (16.0 / 24.0) / expected), "{found:?}");
    assert_eq!((found.raters, found.n), (2, 12));
    assert_eq!(alpha(&two_judges(), 1), None, "nobody rated that");
}

#[test]
fn a_judge_that_grades_again_is_held_against_itself_and_not_counted_twice() {
    let rounds = [regraded("m", "anthropic/claude-b", 1), regraded("m", "anthropic/claude-b", 2)];
    let names = rounds.each_ref().map(|round| round.id.to_string());
    let mut trials = Vec::new();
    for (case, (one, other)) in PAIRS.iter().enumerate() {
        trials.push(trial("m", case, &firm(*one)));
        trials.push(trial(&names[0], case, &firm(*other)));
        trials.push(trial(&names[1], case, &firm(if case < 3 { 2.0 } else { *other })));
    }
    let gradings = gradings([vec![subject("m")], rounds.to_vec()].concat(), &trials);
    assert_eq!(agreements(&gradings)[0].n, 12, "the first grading stands for the judge");
    let found = consistencies(&gradings);
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((found.n, found.rounds), (12, 2));
    assert!(near(found.identical, 9.0 / 12.0));
    // Halves of squared differences 4, 4 and 1, over 12 degrees of freedom.
    assert!(near(found.deviation.unwrap(), (4.5_f64 / 12.0).sqrt()));
    assert!(found.intraclass.unwrap() > 0.0 && found.intraclass.unwrap() < 1.0);
}

#[test]
fn labels_tell_what_a_judge_finds_and_correct_its_rate() {
    let mut gradings = two_judges();
    let lines: Vec<String> =
        (0..8).map(|case| format!("c{case},firm,{}", if case % 4 == 0 { 0 } else { 2 })).collect();
    let text = format!("case,score,value\n{}\n", lines.join("\n"));
    gradings.label(&read_labels(&text, &RATINGS).unwrap()).unwrap();
    let found = against_labels(&gradings);
    // The run's judge says 0 0 0 1 1 1 1 2 to labels 0 2 2 2 0 2 2 2: positive from 1 on.
    assert_eq!((found[0].n, found[0].found, found[0].passed_over), (8, (4, 6), (1, 2)));
    assert_eq!(found[0].reported, (10, 13));
    let (rate, interval) = found[0].corrected.unwrap();
    let by_hand = (10.0 / 13.0 + 0.5 - 1.0) / (4.0 / 6.0 + 0.5 - 1.0);
    assert!(near(rate, f64::min(by_hand, 1.0)) && interval.low < rate);
    // The human is a rater like any other in agreement.
    assert_eq!(agreements(&gradings).len(), 3);
    let stray = read_labels("case,score,value\nc99,firm,1\n", &RATINGS).unwrap();
    let error = two_judges().label(&stray).unwrap_err().to_string();
    assert!(error.contains("line 2, column case: \"c99\" is not a case of the run"), "{error}");
    let twice = read_labels("case,score,value\nc1,firm,1\nc1,firm,2\n", &RATINGS).unwrap();
    let error = two_judges().label(&twice).unwrap_err().to_string();
    assert!(error.contains("line 3, column score") && error.contains("line 2 has one already"), "{error}");
}

const METRIC: Metric = Metric {
    id: "firmness",
    name: "Firmness",
    about: "test",
    better: Better::Higher,
    is_headline: true,
    groups: &[Group { weight: 100.0, parts: &["firm"] }],
    offset: 0.0,
};

/// Two subjects, of the family of the run's judge and of another, each graded by that judge and by one of a third.
fn families(favour: f64) -> (Gradings, Observations) {
    let own = [subject("openai/gpt-x"), subject("mistral/large")];
    let again = own.each_ref().map(|own| regraded(own.id.as_str(), "anthropic/claude-b", 1));
    let subjects = [own.to_vec(), again.to_vec()].concat();
    let mut points = Vec::new();
    for place in 0..4_u32 {
        for case in 0..12_u32 {
            let base = f64::from(case % 5) / 10.0 + f64::from(place % 2) * 0.2;
            let shift = [favour + 0.1, 0.1, 0.0, 0.0][place as usize];
            let value = Some(base + shift);
            points.push(Point { subject: place, case, cluster: case, repeat: 1, part: "firm", value });
        }
    }
    let observed = Observations { subjects: subjects.clone(), points, ..Observations::default() };
    (gradings(subjects, &[]), observed)
}

#[test]
fn a_judge_that_favours_its_family_is_told_from_one_that_is_lenient_to_all() {
    for favour in [0.0, 0.25] {
        let (gradings, observed) = families(favour);
        let found = self_preference(&METRIC, &gradings, &observed, 0).unwrap();
        assert!(near(found.value, 100.0 * favour), "{found:?}");
        let all = bias(&METRIC, &gradings, &observed);
        assert!(near(all[0].1.value, -100.0 * (favour / 2.0 + 0.1)), "{all:?}");
        let other = self_preference(&METRIC, &gradings, &observed, 1).unwrap_err();
        assert_eq!(other, "no subject is of its family, anthropic");
    }
    let (one_judge, observed) = (gradings(vec![subject("openai/gpt-x")], &[]), Observations::default());
    let why = self_preference(&METRIC, &one_judge, &observed, 0).unwrap_err();
    assert_eq!(why, "no judge of another family graded these answers");
}

#[test]
fn grades_that_grow_with_length_are_seen_within_cases_only() {
    let subjects: Vec<Subject> = (0..4).map(|n| subject(&format!("m{n}"))).collect();
    let mut trials = Vec::new();
    for case in 0..12 {
        for n in 0..4_u32 {
            // Longer cases have lower grades; within a case the longer answer has the higher grade.
            let grade = f64::from(u8::from(n > 1)) + f64::from(u8::from(case < 6));
            let mut trial = trial(&format!("m{n}"), case, &firm(grade));
            trial.meters.subject.kept.usage.output = 100 * case as u64 + u64::from(n) + 1;
            trials.push(trial);
        }
    }
    let found = verbosity(&gradings(subjects, &trials));
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((found.n, found.cases), (48, 12));
    // Ranks 1 to 4 against two ties of two: 2 / root of 5.
    assert!(near(found.correlation.unwrap(), 2.0 / 5.0_f64.sqrt()), "{found:?}");
}
