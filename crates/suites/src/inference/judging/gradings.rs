//! Grades of the same answers by several judges, gathered trial by trial.

use std::collections::BTreeMap;

use unbent_core::{CaseId, Manifest, Outcome, Subject, SubjectId, TrialState, TrialView};

use super::{Label, LabelError, Rating};

/// Who grades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rater {
    /// Its name.
    pub name: String,
    /// Whether it is simulated.
    pub simulated: bool,
    /// Whether it stands for the labels of people.
    pub is_human: bool,
}

/// An answer that was graded: a trial of the subject that answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The place of the subject that answered in [`Gradings::answered`].
    pub subject: u32,
    /// The place of the case in [`Gradings::cases`].
    pub case: u32,
    /// The repeat.
    pub repeat: u32,
    /// The cluster of the case.
    pub cluster: u32,
    /// How long the answer is, in tokens, where it is known.
    pub length: Option<f64>,
}

/// One grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The place of the answer in [`Gradings::items`].
    pub item: u32,
    /// The place of the judge in [`Gradings::raters`].
    pub rater: u32,
    /// Which grading by this judge it is; 0 is that of the run itself.
    pub round: u32,
    /// The place of the rating in [`Gradings::ratings`].
    pub rating: u32,
    /// What it says.
    pub category: u8,
}

/// Whose answers a subject's trials grade, and who grades them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GradingsOf {
    /// The place of the subject that answered in [`Gradings::answered`].
    pub answered: u32,
    /// The place of the judge.
    pub rater: u32,
    /// Which grading by this judge it is; 0 is that of the run itself.
    pub round: u32,
}

/// All grades of the answers of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gradings {
    /// What is graded.
    pub ratings: Vec<Rating>,
    /// The subjects that answered.
    pub answered: Vec<Subject>,
    /// The judges, and people last where there are labels.
    pub raters: Vec<Rater>,
    /// The cases.
    pub cases: Vec<CaseId>,
    /// The answers.
    pub items: Vec<Item>,
    /// The grades.
    pub marks: Vec<Mark>,
    /// By subject of the run: whose answers it grades, and who.
    pub gradings: BTreeMap<SubjectId, GradingsOf>,
    /// Trials by judge that ended without a grade, or have not ended.
    pub ungraded: Vec<u64>,
    places: BTreeMap<(u32, u32, u32), u32>,
    case_places: BTreeMap<CaseId, u32>,
}

impl Gradings {
    /// Nothing yet, of the subjects of a run. `judges` are those that graded what was not graded again.
    pub fn of(ratings: &[Rating], manifest: &Manifest, judges: &BTreeMap<SubjectId, Subject>) -> Self {
        let mut gradings = Self { ratings: ratings.to_vec(), ..Self::default() };
        for subject in &manifest.subjects {
            let (of, judge, round) = match &subject.regraded {
                Some(regraded) => (&regraded.of, Some(&regraded.judge), regraded.round),
                None => (&subject.id, judges.get(&subject.id), 0),
            };
            let known = gradings.answered.iter().position(|known| known.id == *of);
            let answered = known.unwrap_or_else(|| {
                let own = manifest.subjects.iter().find(|other| other.id == *of).unwrap_or(subject);
                gradings.answered.push(own.clone());
                gradings.answered.len() - 1
            });
            let name = judge.map_or("the source's own judge", |judge| judge.id.as_str());
            let rater = gradings.rater(name, judge.is_some_and(|judge| judge.simulated), false);
            let of = GradingsOf { answered: answered as u32, rater, round };
            gradings.gradings.insert(subject.id.clone(), of);
        }
        gradings
    }

    /// The name of a judge, with what must be said of it.
    pub fn rater_name(&self, rater: u32) -> String {
        let rater = &self.raters[rater as usize];
        if rater.simulated { format!("{} (simulated)", rater.name) } else { rater.name.clone() }
    }

    fn rater(&mut self, name: &str, simulated: bool, is_human: bool) -> u32 {
        if let Some(place) = self.raters.iter().position(|rater| rater.name == name) {
            return place as u32;
        }
        self.raters.push(Rater { name: name.to_owned(), simulated, is_human });
        self.ungraded.push(0);
        self.raters.len() as u32 - 1
    }

    /// Takes in a trial.
    pub fn take(&mut self, trial: &TrialView) {
        let Some(of) = self.gradings.get(&trial.key.subject).copied() else { return };
        let next = self.case_places.len() as u32;
        let case = *self.case_places.entry(trial.key.case.clone()).or_insert(next);
        if case == next {
            self.cases.push(trial.key.case.clone());
        }
        let key = (of.answered, case, trial.key.repeat);
        let next = self.items.len() as u32;
        let item = *self.places.entry(key).or_insert(next);
        if item == next {
            let (subject, repeat) = (of.answered, trial.key.repeat);
            self.items.push(Item { subject, case, repeat, cluster: case, length: None });
        }
        if of.round == 0 {
            let tokens = trial.meters.subject.kept.usage.output;
            self.items[item as usize].length = (tokens > 0).then_some(tokens as f64);
        }
        let TrialState::Finished(Outcome::Scored { scores, .. }) = &trial.state else {
            self.ungraded[of.rater as usize] += 1;
            return;
        };
        for (rating, place) in self.ratings.iter().zip(0..) {
            if let Some(category) = rating.read(scores) {
                let GradingsOf { rater, round, .. } = of;
                self.marks.push(Mark { item, rater, round, rating: place, category });
            }
        }
    }

    /// Says which cluster each case belongs to; a case that is not named is a cluster of its own.
    pub fn cluster(&mut self, clusters: &BTreeMap<CaseId, u32>) {
        let beyond = clusters.values().max().map_or(0, |most| most + 1);
        for item in &mut self.items {
            let named = clusters.get(&self.cases[item.case as usize]);
            item.cluster = named.copied().unwrap_or(beyond + item.case);
        }
    }

    /// Adds the labels of people as one more rater.
    ///
    /// # Errors
    ///
    /// A label of an answer that the run does not have, or of one that is labelled twice.
    pub fn label(&mut self, labels: &[Label]) -> Result<(), LabelError> {
        let rater = self.rater("human", false, true);
        let mut seen: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for label in labels {
            let wrong = |column: &str, found: &str, expected: String| LabelError {
                line: label.line,
                column: column.to_owned(),
                found: found.to_owned(),
                expected,
            };
            let case = self.case_places.get(&CaseId::new(label.case.as_str())).copied();
            let case = case.ok_or_else(|| wrong("case", &label.case, "a case of the run".to_owned()))?;
            let names = || self.answered.iter().map(|one| one.id.to_string()).collect::<Vec<_>>().join(", ");
            let subject = match &label.subject {
                Some(name) => self.answered.iter().position(|one| one.id.as_str() == name),
                None => (self.answered.len() == 1).then_some(0),
            };
            let named = label.subject.as_deref().unwrap_or_default();
            let subject = subject
                .ok_or_else(|| wrong("subject", named, format!("a subject of the run: {}", names())))?;
            let item = self.places.get(&(subject as u32, case, label.repeat)).copied();
            let item = item.ok_or_else(|| {
                wrong("repeat", &label.repeat.to_string(), "a repeat that the case has in the run".to_owned())
            })?;
            let place = self.ratings.iter().position(|rating| rating.id == label.score);
            let Some(rating) = place.map(|place| place as u32) else { continue };
            if let Some(line) = seen.insert((item, rating), label.line) {
                let expected = format!("one label of each score of an answer; line {line} has one already");
                return Err(wrong("score", &label.score, expected));
            }
            self.marks.push(Mark { item, rater, round: 0, rating, category: label.category });
        }
        Ok(())
    }

    /// The first grade of a rating by each judge, by answer.
    pub fn first(&self, rating: u32) -> BTreeMap<u32, BTreeMap<u32, u8>> {
        let mut first: BTreeMap<u32, BTreeMap<u32, (u32, u8)>> = BTreeMap::new();
        for mark in self.marks.iter().filter(|mark| mark.rating == rating) {
            let known =
                first.entry(mark.item).or_default().entry(mark.rater).or_insert((mark.round, mark.category));
            if mark.round < known.0 {
                *known = (mark.round, mark.category);
            }
        }
        let plain =
            |by: BTreeMap<u32, (u32, u8)>| by.into_iter().map(|(rater, (_, said))| (rater, said)).collect();
        first.into_iter().map(|(item, by)| (item, plain(by))).collect()
    }
}
