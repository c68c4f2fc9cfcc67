//! The trials as events: evaluated and packed on all cores, while a thread writes the portion before.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use unbent_core::{
    Answer, Ask, Blob, BlobRef, Case, Entry, Event, History, Manifest, Message, Meter, ModelRole, Origin,
    Outcome, Program, Sampling, Scores, Supplied, ToolChoice, TrialNo, UnscoredReason,
};

use super::plan::{Plan, Trial};
use super::record::Said;
use super::{IMPORTER, Trap, TrapReport};
use crate::bulk::BulkWriter;
use crate::error::StoreError;
use crate::import::ImportError;
use crate::pack::PackedEntry;

/// So many trials are evaluated together and written in one transaction: some megabytes.
const TRIALS_A_PORTION: usize = 1024;

/// Writes the run file.
pub(super) fn write(
    plan: Plan,
    trap: Trap<'_>,
    out: &Path,
    now_ms: i64,
    program: Program,
    report: &mut TrapReport,
) -> Result<(), ImportError> {
    let mut manifest = manifest(&plan, trap, now_ms, program);
    let mut writer = BulkWriter::create(out, &manifest)?;
    writer.add_cases(&plan.cases)?;
    writer.add_trials(plan.keys())?;
    let Plan { cases, trials, is_cut, sources, .. } = plan;
    let mut writer = evaluate_and_write(writer, &cases, &is_cut, trials, trap, now_ms, report)?;
    manifest.origin = Origin::Imported {
        importer: IMPORTER.to_owned(),
        files: report.files,
        damaged: damaged_files(report),
        sources,
        notes: report.notes.clone(),
    };
    writer.set_manifest(&manifest)?;
    writer.finish()?;
    Ok(())
}

fn damaged_files(report: &TrapReport) -> u64 {
    report.damaged.iter().map(|(path, _)| path).collect::<HashSet<_>>().len() as u64
}

fn manifest(plan: &Plan, trap: Trap<'_>, now_ms: i64, program: Program) -> Manifest {
    Manifest {
        created_at_ms: now_ms,
        program,
        origin: Origin::Imported {
            importer: IMPORTER.to_owned(),
            files: 0,
            damaged: 0,
            sources: BTreeMap::new(),
            notes: Vec::new(),
        },
        suites: vec![trap.record.clone()],
        subjects: plan.subjects.clone(),
        judge: None,
        guard: None,
        seed: 0,
        repeats: plan.repeats(),
        credentials: BTreeMap::new(),
        sandbox: None,
        rescored: Vec::new(),
        git: None,
    }
}

/// A trial as it is written.
struct Made {
    subject: usize,
    entries: Vec<PackedEntry>,
    end: End,
}

/// How a trial ended.
enum End {
    Scored,
    Undetermined,
    Unscored,
    /// It did not, and why.
    Open(TrialNo, String),
}

fn evaluate_and_write(
    writer: BulkWriter,
    cases: &[Case],
    is_cut: &[bool],
    trials: Vec<Trial>,
    trap: Trap<'_>,
    now_ms: i64,
    report: &mut TrapReport,
) -> Result<BulkWriter, ImportError> {
    let seen = Mutex::new(HashSet::new());
    let writer = std::thread::scope(|scope| {
        let (portions, inbox) = sync_channel::<Vec<Made>>(1);
        let writing = scope.spawn(move || {
            let mut writer = writer;
            for portion in inbox {
                writer.append(portion.iter().flat_map(|made| &made.entries))?;
            }
            Ok::<_, StoreError>(writer)
        });
        let mut trials = (1..).map(TrialNo).zip(trials);
        loop {
            let portion: Vec<_> = trials.by_ref().take(TRIALS_A_PORTION).collect();
            if portion.is_empty() {
                break;
            }
            let made: Vec<Made> = portion
                .into_par_iter()
                .map(|(no, trial)| {
                    let (case, is_cut) = (&cases[trial.case], is_cut[trial.case]);
                    make(no, trial, case, is_cut, trap, &seen, now_ms)
                })
                .collect();
            for made in &made {
                count(made, report);
            }
            if portions.send(made).is_err() {
                // The writer has given up; joining it says why.
                break;
            }
        }
        drop(portions);
        writing.join().expect("the writing thread only returns")
    })?;
    Ok(writer)
}

fn count(made: &Made, report: &mut TrapReport) {
    let subject = &mut report.subjects[made.subject];
    subject.records += 1;
    match &made.end {
        End::Scored => subject.scored += 1,
        End::Undetermined => {
            subject.scored += 1;
            subject.undetermined += 1;
        }
        End::Unscored => subject.unscored += 1,
        End::Open(no, why) => {
            let file = subject.file.clone();
            report.damaged.push((file, format!("trial {no} cannot be evaluated: {why}")));
        }
    }
}

fn make(
    no: TrialNo,
    trial: Trial,
    case: &Case,
    is_cut: bool,
    trap: Trap<'_>,
    seen: &Mutex<HashSet<BlobRef>>,
    now_ms: i64,
) -> Made {
    let Trial { subject, at_ms, record, .. } = trial;
    let at_ms = at_ms.unwrap_or(now_ms);
    let mut entries = Vec::with_capacity(3);
    let mut push = |event: Event, blobs: Vec<Blob>| {
        let entry = Entry { trial: no, at_ms, event, blobs };
        let is_first = |address| seen.lock().unwrap_or_else(PoisonError::into_inner).insert(address);
        entries.push(PackedEntry::new(&entry, None, is_first));
    };
    push(Event::Opened, Vec::new());
    let evaluated = match record.said {
        Said::Answer(reply) => {
            let request = (!is_cut).then(|| Blob::of_json(&ask(&record.claim)));
            let (meter, finish, served) = (Meter::of(&reply), reply.finish.clone(), reply.served.clone());
            let answer = Answer::Reply(reply);
            let blob = Blob::of_json(&answer);
            let event = Event::Answered {
                need: trap.need.clone(),
                role: ModelRole::Subject,
                tried: 1,
                request: request.as_ref().map(Blob::address),
                answer: blob.address(),
                finish,
                meter,
                served,
                wire: None,
                cached: false,
                unsent: Vec::new(),
            };
            push(event, request.into_iter().chain([blob]).collect());
            (trap.evaluate)(case, &History::new().with(trap.need.clone(), Supplied::Answer(answer)))
        }
        Said::Fault(fault) => {
            let event = Event::Faulted {
                need: trap.need.clone(),
                role: Some(ModelRole::Subject),
                tried: 1,
                fault: fault.clone(),
                retry_in_ms: None,
                meter: Meter::default(),
                wire: None,
            };
            push(event, Vec::new());
            (trap.evaluate)(case, &History::new().with(trap.need.clone(), Supplied::Fault(fault)))
        }
        Said::Nothing(why) => Ok(Outcome::unscored(UnscoredReason::NoAnswer, why)),
    };
    let end = match evaluated {
        Ok(outcome) => {
            let outcome = with_published(outcome, record.published);
            let end = match &outcome {
                Outcome::Unscored { .. } => End::Unscored,
                Outcome::Scored { .. } if (trap.is_undetermined)(&outcome) => End::Undetermined,
                Outcome::Scored { .. } => End::Scored,
            };
            push(Event::Finished { outcome }, Vec::new());
            end
        }
        Err(why) => End::Open(no, why),
    };
    Made { subject, entries, end }
}

/// The question as far as the source says: what stood before the prompt, and how the model was to draw, it does not.
fn ask(claim: &str) -> Ask {
    Ask {
        role: ModelRole::Subject,
        messages: vec![Message::user(claim)],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        reply_schema: None,
        sampling: Sampling::default(),
    }
}

/// An outcome with what the source made of the answer: as scores, or in the reason why there are none.
fn with_published(outcome: Outcome, published: Scores) -> Outcome {
    if published.0.is_empty() {
        return outcome;
    }
    match outcome {
        Outcome::Scored { mut scores, note } => {
            scores.0.extend(published.0);
            Outcome::Scored { scores, note }
        }
        Outcome::Unscored { reason, detail } => {
            let said =
                serde_json::to_string(&published).expect("scores have only text keys, so they are JSON");
            Outcome::Unscored { reason, detail: format!("{detail} (the source says all the same: {said})") }
        }
    }
}
