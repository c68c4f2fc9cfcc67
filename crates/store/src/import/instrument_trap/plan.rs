//! What becomes of the records: subjects, cases and trials, with what must be known of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use unbent_core::{Case, SourceFile, Subject, SubjectId, TrialKey};

use super::record::Record;
use super::{Asked, Source, SubjectReport, Trap, TrapReport, each};

/// The condition of answers of which nothing is known.
const NONE: &str = "none";
/// Where identity comparisons cut their prompts, in characters.
const CUT: usize = 80;

/// A run in the making.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) cases: Vec<Case>,
    pub(super) subjects: Vec<Subject>,
    pub(super) sources: BTreeMap<SubjectId, SourceFile>,
    pub(super) trials: Vec<Trial>,
    /// Whether a case's prompt is cut, so that it is not what was asked.
    pub(super) is_cut: Vec<bool>,
}

/// A record with its place in the run.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) case: usize,
    pub(super) subject: usize,
    pub(super) repeat: u32,
    /// When it was answered, if the source says so.
    pub(super) at_ms: Option<i64>,
    pub(super) record: Record,
}

impl Plan {
    /// The keys of the trials, in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = TrialKey> {
        self.trials.iter().map(|trial| TrialKey {
            suite: self.cases[trial.case].suite.clone(),
            case: self.cases[trial.case].id.clone(),
            subject: self.subjects[trial.subject].id.clone(),
            repeat: trial.repeat,
        })
    }

    /// The highest repeat.
    pub(super) fn repeats(&self) -> u32 {
        self.trials.iter().map(|trial| trial.repeat).max().unwrap_or(0)
    }
}

/// Makes the plan of all files. Records of which no case can be made are put on record.
pub(super) fn plan(sources: Vec<Source>, trap: Trap<'_>, report: &mut TrapReport) -> Plan {
    let mut planner = Planner { trap, plan: Plan::default(), cases: HashMap::new(), renamed: 0 };
    let labels = Labels::of(&sources);
    let mut conditions = BTreeSet::new();
    for source in sources {
        conditions.insert(condition(&source));
        planner.source(source, &labels, report);
    }
    let Planner { plan, renamed, .. } = planner;
    report.records = plan.trials.len() as u64;
    if conditions.contains(NONE) {
        report.notes.push(
            "what the models were told before the prompt (by a Modelfile or by the runner) is not in the files: \
             such answers stand under the condition none"
                .to_owned(),
        );
    }
    if conditions.iter().any(|condition| *condition != NONE) {
        report.notes.push(
            "the conditions authority, medium and naked are told by the files' labels; the source's own texts for \
             them are not in the files and differ from this suite's (its naked is no text at all)"
                .to_owned(),
        );
    }
    if renamed > 0 {
        report.notes.push(format!(
            "{renamed} prompts have another text or category than the prompt of the same id before them; they are \
             cases of their own, named ID@HASH"
        ));
    }
    report.notes.extend(labels.note());
    plan
}

struct Planner<'s> {
    trap: Trap<'s>,
    plan: Plan,
    /// Places of cases by what was asked: condition, id, category and prompt.
    cases: HashMap<(&'static str, String, String, String), usize>,
    renamed: u64,
}

impl Planner<'_> {
    fn source(&mut self, source: Source, labels: &Labels, report: &mut TrapReport) {
        let condition = condition(&source);
        let Source { path, hash, contents } = source;
        let made = each(&contents.records, |record| {
            let asked = Asked { condition, id: &record.id, category: &record.category, claim: &record.claim };
            (self.trap.case)(&asked)
        });
        let is_comparison = contents.comparison.is_some();
        let head = contents.comparison.unwrap_or_default();
        let mut subjects: BTreeMap<String, usize> = BTreeMap::new();
        let mut before: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
        let (mut taken, mut repeats, mut copies, mut cut) = (0_u64, 0_u64, 0_u64, 0_u64);
        for (record, case) in contents.records.into_iter().zip(made) {
            let case = match case {
                Ok(case) => self.place(condition, &record, case),
                Err(why) => {
                    report
                        .damaged
                        .push((path.clone(), format!("{} {}: {why}", contents.unit, record.number)));
                    continue;
                }
            };
            let model = record.model.clone().or_else(|| head.model.clone()).unwrap_or_else(|| stem(&path));
            let subject = *subjects.entry(model).or_insert_with_key(|model| {
                let id = labels.label(&path, model);
                self.plan.sources.insert(
                    SubjectId::new(id.as_str()),
                    SourceFile { path: path.display().to_string(), hash: hash.clone() },
                );
                self.plan.subjects.push(imported(&id, model));
                report.subjects.push(SubjectReport {
                    label: id,
                    file: path.clone(),
                    condition: condition.to_owned(),
                    ..SubjectReport::default()
                });
                self.plan.subjects.len() - 1
            });
            let same = before.entry((subject, case)).or_default();
            if same.iter().any(|trial| self.plan.trials[*trial].record.is_copy_of(&record)) {
                copies += 1;
                continue;
            }
            repeats += u64::from(!same.is_empty());
            same.push(self.plan.trials.len());
            let is_cut = is_comparison && record.claim.chars().count() == CUT;
            cut += u64::from(is_cut && same.len() == 1);
            self.plan.is_cut[case] |= is_cut;
            taken += 1;
            let (repeat, at_ms) = (same.len() as u32, record.at_ms.or(head.at_ms));
            self.plan.trials.push(Trial { case, subject, repeat, at_ms, record });
        }
        let file = path.display();
        report.files += u64::from(taken > 0);
        if repeats > 0 {
            report.notes.push(format!(
                "{file}: {repeats} records answer a prompt that has an answer before them; they are its repeats"
            ));
        }
        if copies > 0 {
            report
                .notes
                .push(format!("{file}: {copies} records are copies of one before them and were left out"));
        }
        if cut > 0 {
            report.notes.push(format!(
                "{file}: {cut} prompts have {CUT} characters, where the source cuts them; rules and judges see the \
                 beginning only"
            ));
        }
    }

    /// The place of the case that a record asks. One that has the id of another gets an id of its own.
    fn place(&mut self, condition: &'static str, record: &Record, case: Case) -> usize {
        let category = case.spec["category"].as_str().unwrap_or(&record.category).to_owned();
        let key = (condition, record.id.clone(), category, record.claim.clone());
        if let Some(place) = self.cases.get(&key) {
            return *place;
        }
        let is_known = self.cases.contains_key(&(condition, record.id.clone(), String::new(), String::new()));
        let case = if is_known {
            let mut hash = blake3::Hasher::new();
            hash.update(key.2.as_bytes()).update(b"\n").update(key.3.as_bytes());
            let id = format!("{}@{:.8}", record.id, hash.finalize().to_hex());
            let asked = Asked { condition, id: &id, category: &record.category, claim: &record.claim };
            self.renamed += 1;
            (self.trap.case)(&asked).unwrap_or(case)
        } else {
            case
        };
        let place = self.plan.cases.len();
        self.plan.cases.push(case);
        self.plan.is_cut.push(false);
        // An entry without category and prompt says that the id is taken.
        self.cases.insert((condition, record.id.clone(), String::new(), String::new()), place);
        self.cases.insert(key, place);
        place
    }
}

fn imported(id: &str, model: &str) -> Subject {
    Subject {
        id: SubjectId::new(id),
        model: model.to_owned(),
        settings: unbent_core::Sampling::default(),
        simulated: false,
        price: None,
        price_source: None,
        regraded: None,
        null: false,
    }
}

/// The condition of a file's answers: of an identity comparison that of its label, or else of its model or its name.
fn condition(source: &Source) -> &'static str {
    const WORDS: [(&str, &str); 6] = [
        ("naked", "naked"),
        ("water", "medium"),
        ("medium", "medium"),
        ("authority", "authority"),
        ("hybrid", "authority"),
        ("identity", "authority"),
    ];
    let Some(head) = &source.contents.comparison else { return NONE };
    let texts = [head.label.clone(), head.model.clone(), Some(stem(&source.path))];
    let told = texts.into_iter().flatten().find_map(|text| {
        let text = text.to_lowercase();
        WORDS.iter().find(|(word, _)| text.contains(word)).map(|(_, condition)| *condition)
    });
    told.unwrap_or(NONE)
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned())
}

/// The labels of subjects: the model's name, and that of the file where several files have the model.
struct Labels {
    /// The files of each model.
    files: BTreeMap<String, BTreeSet<std::path::PathBuf>>,
}

impl Labels {
    fn of(sources: &[Source]) -> Self {
        let mut files: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
        for source in sources {
            let head = source.contents.comparison.as_ref();
            let models: BTreeSet<Option<&String>> =
                source.contents.records.iter().map(|record| record.model.as_ref()).collect();
            for model in models {
                let model = model.or_else(|| head?.model.as_ref()).cloned();
                let model = model.unwrap_or_else(|| stem(&source.path));
                files.entry(model).or_default().insert(source.path.clone());
            }
        }
        Self { files }
    }

    fn label(&self, path: &Path, model: &str) -> String {
        let Some(files) = self.files.get(model).filter(|files| files.len() > 1) else {
            return model.to_owned();
        };
        let name = stem(path);
        let is_unique = files.iter().filter(|other| stem(other) == name).count() == 1;
        if is_unique { format!("{model} ({name})") } else { format!("{model} ({})", path.display()) }
    }

    /// Says so where a model stands in several files.
    fn note(&self) -> Option<String> {
        let several: Vec<&str> =
            self.files.iter().filter(|(_, files)| files.len() > 1).map(|(model, _)| model.as_str()).collect();
        (!several.is_empty()).then(|| {
            format!(
                "{} in several files: each file's is a subject of its own, even if their answers are the same",
                several.join(", ")
            )
        })
    }
}
