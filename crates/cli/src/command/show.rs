//! `unbent show`: a run at a glance, a list of its trials, or one trial word by word.

use std::path::Path;

use serde_json::{Value, json};
use unbent_core::{
    Act, Acted, Answer, Ask, AssistantMessage, BlobRef, Deed, Done, Event, Manifest, Message, ModelRole,
    NeedKey, Origin, Outcome, Score, Subject, TrialKey, TrialNo, TrialState, TrialView,
};
use unbent_report::{Cell, Column, Table, usd};
use unbent_store::{LoggedEvent, RunReader};

use crate::args::ShowArgs;
use crate::error::{CommandError, Exit};
use crate::output::{self, harmless};
use crate::paid::Accounts;

pub(super) fn show(args: &ShowArgs, json: bool) -> Result<Exit, CommandError> {
    let reader = RunReader::open(&args.file)?;
    let text = match (args.trial, &args.find) {
        (Some(no), _) => trial(&reader, TrialNo(no), json)?,
        (None, Some(wanted)) => list(&reader, wanted, json)?,
        (None, None) => run(&reader, &args.file, json)?,
    };
    output::out(&text);
    Ok(Exit::Done)
}

fn run(reader: &RunReader, path: &Path, json: bool) -> Result<String, CommandError> {
    let manifest = reader.manifest()?;
    let accounts = Accounts::of(reader)?;
    let view = accounts.view();
    let warnings = accounts.warnings(reader, &manifest)?;
    let seal = reader.seal()?.and_then(|seal| seal.root);
    if json {
        return Ok(format!(
            "{:#}\n",
            json!({
                "file": path,
                "manifest": manifest,
                "seal": seal,
                "subjects": view.subjects,
                "paid": accounts.paid(),
                "kept": accounts.kept(),
                "roles": accounts.by_role(),
                "warnings": warnings,
            })
        ));
    }
    let mut table = Table::new(
        described(path, &manifest),
        vec![
            Column::text("subject", "Subject"),
            Column::number("trials", "Trials"),
            Column::number("scored", "Scored"),
            Column::number("unscored", "Unscored"),
            Column::number("unfinished", "Unfinished"),
        ],
    );
    for (subject, sums) in &view.subjects {
        table.rows.push(vec![
            Cell::Text(harmless(subject.as_str())),
            Cell::Count(sums.trials),
            Cell::Count(sums.scored),
            Cell::Count(sums.unscored_total()),
            Cell::Count(sums.unfinished()),
        ]);
    }
    let total = view.total();
    for (reason, n) in &total.unscored {
        table.notes.push(format!("unscored, {reason}: {n}"));
    }
    let file = path.display();
    let left = total.unfinished() + total.unscored_total();
    let is_workable = |subject: &Subject| manifest.origin == Origin::Asked || subject.regraded.is_some();
    let workable = manifest.subjects.iter().filter(|subject| is_workable(subject));
    let sums = workable.filter_map(|subject| view.subjects.get(&subject.id));
    if sums.map(|sums| sums.unfinished() + sums.unscored_total()).sum::<u64>() > 0 {
        table.notes.push(format!("go on with what is unfinished or unscored: unbent resume {file}"));
    } else if left > 0 {
        table.notes.push(format!("what the source has no answers for: unbent show {file} --find open:"));
    }
    table.notes.push(match seal {
        Some(root) => format!("complete, sealed with root {root:.16}…"),
        None => "not sealed: the run is not complete".to_owned(),
    });
    table
        .notes
        .push(format!("list trials: unbent show {file} --find TEXT; one of them: unbent show {file} 1"));
    let mut text = table.to_text(output::terminal_width());
    let calls = accounts.calls(&manifest);
    if !calls.rows.is_empty() {
        text.push_str(&format!("\n{}", calls.to_text(output::terminal_width())));
    }
    if let Some(sentence) = accounts.sentence() {
        text.push_str(&format!("{sentence}\n"));
    }
    for warning in warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    Ok(text)
}

fn described(path: &Path, manifest: &Manifest) -> String {
    let time = jiff::Timestamp::from_millisecond(manifest.created_at_ms).unwrap_or_default();
    let mut lines = vec![format!(
        "{}  made {} by {} {}",
        path.display(),
        time.strftime("%Y-%m-%d %H:%M:%S UTC"),
        manifest.program.name,
        manifest.program.version
    )];
    if let Origin::Imported { importer, files, damaged, sources, notes } = &manifest.origin {
        lines.push(format!("imported by {importer} from {files} files; damaged: {damaged}"));
        lines.extend(sources.iter().map(|(subject, source)| {
            let (subject, path) = (harmless(subject.as_str()), harmless(&source.path));
            format!("{subject}: answers from {path} (BLAKE3 {:.16}…)", source.hash)
        }));
        lines.extend(notes.iter().map(|note| format!("note: {}", harmless(note))));
    }
    for suite in &manifest.suites {
        let pack = suite.pack.as_ref().map_or_else(
            || "the source's own texts".to_owned(),
            |pack| format!("pack {} {} ({:.16}…)", pack.id, pack.version, pack.hash),
        );
        lines.push(format!("suite {}: {pack}", suite.id));
    }
    for (role, model) in manifest.models().filter(|(role, _)| *role != ModelRole::Subject) {
        let note = if model.simulated { ", simulated" } else { "" };
        lines.push(format!("{} {}{note}", role.name(), harmless(model.id.as_str())));
    }
    lines.push(format!("seed {}, {} repeats", manifest.seed, manifest.repeats));
    lines.join("\n")
}

fn list(reader: &RunReader, wanted: &str, json: bool) -> Result<String, CommandError> {
    let mut table = Table::new(
        format!("Trials with {wanted:?}"),
        vec![
            Column::number("trial", "Trial"),
            Column::text("case", "Case"),
            Column::text("subject", "Subject"),
            Column::number("repeat", "Repeat"),
            Column::text("state", "State"),
        ],
    );
    for trial in reader.trials() {
        let TrialView { no, key, state, .. } = trial?;
        let state = state_text(&state);
        if [key.case.as_str(), key.subject.as_str(), &state].iter().any(|text| text.contains(wanted)) {
            table.rows.push(vec![
                Cell::Count(no.0),
                Cell::Text(key.case.to_string()),
                Cell::Text(harmless(key.subject.as_str())),
                Cell::Count(key.repeat.into()),
                Cell::Text(if json { state } else { excerpt(&state, wanted) }),
            ]);
        }
    }
    table.notes.push(format!("{} trials", table.rows.len()));
    Ok(if json { format!("{:#}\n", table.to_json()) } else { table.to_text(output::terminal_width()) })
}

fn state_text(state: &TrialState) -> String {
    match state {
        TrialState::Pending => "open: not begun".to_owned(),
        TrialState::Open => "open: begun".to_owned(),
        TrialState::Finished(Outcome::Unscored { reason, .. }) => format!("unscored: {reason}"),
        TrialState::Finished(Outcome::Scored { scores, .. }) => {
            let score = |(name, score): (&String, &Score)| format!("{name} {}", score_text(score));
            scores.0.iter().map(score).collect::<Vec<_>>().join(", ")
        }
    }
}

/// How many bytes of a state a list shows to people.
const SHOWN: usize = 200;

/// What of a state a list shows to people: all of it, or the parts that hold what is looked for, or else its beginning.
fn excerpt(state: &str, wanted: &str) -> String {
    if state.len() <= SHOWN {
        return state.to_owned();
    }
    let parts = || state.split(", ").filter(|part| wanted.is_empty() || part.contains(wanted));
    let mut shown = String::new();
    for part in
        if parts().next().is_some() { parts().collect::<Vec<_>>() } else { state.split(", ").collect() }
    {
        if shown.len() + part.len() > SHOWN {
            break;
        }
        shown.push_str(part);
        shown.push_str(", ");
    }
    shown + "…"
}

fn score_text(score: &Score) -> String {
    match score {
        Score::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Score::Number(number) => number.to_string(),
        Score::Label(label) => harmless(label),
    }
}

fn trial(reader: &RunReader, no: TrialNo, json: bool) -> Result<String, CommandError> {
    let Some(key) = reader.trial(no)? else {
        return Err(CommandError::usage(format!(
            "the run has no trial {no}; it has {}",
            reader.trial_count()?
        ))
        .hint(format!("find one: unbent show {} --find TEXT", reader.path().display())));
    };
    let events = reader.events(no)?;
    if json {
        return trial_json(reader, no, &key, &events);
    }
    let mut page = Page(format!("trial {no}: {}\n", harmless(&key.to_string())));
    let mut said = Vec::new();
    for logged in &events {
        page.event(reader, logged, &mut said)?;
    }
    if events.is_empty() {
        page.line("(not begun)");
    }
    Ok(page.0)
}

fn read<T: serde::de::DeserializeOwned>(reader: &RunReader, address: BlobRef) -> Result<T, CommandError> {
    serde_json::from_slice(&reader.blob(address)?)
        .map_err(|error| CommandError::new(Exit::BadFile, format!("blob {address} cannot be read: {error}")))
}

fn trial_json(
    reader: &RunReader,
    no: TrialNo,
    key: &TrialKey,
    events: &[LoggedEvent],
) -> Result<String, CommandError> {
    let mut rows = Vec::new();
    for LoggedEvent { at_ms, event, .. } in events {
        let mut row = json!({ "at_ms": at_ms });
        let fields = serde_json::to_value(event)
            .map_err(|error| CommandError::new(Exit::Internal, error.to_string()))?;
        for (name, value) in fields.as_object().into_iter().flatten() {
            // A blob stands in place of its address.
            let is_blob = matches!(name.as_str(), "request" | "answer");
            let address = value.as_str().and_then(|text| text.parse::<BlobRef>().ok()).filter(|_| is_blob);
            row[name] = match address {
                Some(address) => read::<Value>(reader, address)?,
                None => value.clone(),
            };
        }
        rows.push(row);
    }
    Ok(format!("{:#}\n", json!({ "trial": no, "key": key, "events": rows })))
}

/// A trial as a person reads it.
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn block(&mut self, label: &str, text: &str) {
        self.line(&format!("\n{label}"));
        for line in harmless(text).lines() {
            self.line(&format!("    {line}"));
        }
    }

    /// Adds an event; `said` holds the messages that were shown already, which longer conversations repeat.
    fn event(
        &mut self,
        reader: &RunReader,
        logged: &LoggedEvent,
        said: &mut Vec<Message>,
    ) -> Result<(), CommandError> {
        match &logged.event {
            Event::Opened => {}
            Event::Given { need, from, answer } => {
                self.line(&format!("\n── {need}: taken over from trial {from} ──"));
                self.answer(&read(reader, *answer)?);
            }
            Event::Answered { need, role, tried, request, answer, meter, served, .. } => {
                let model =
                    served.model.as_deref().map(|model| format!(", {}", harmless(model))).unwrap_or_default();
                let cost = meter.cost_usd.map(|cost| format!(", {}", usd(cost))).unwrap_or_default();
                let tries = if *tried > 1 { format!(", try {tried}") } else { String::new() };
                self.line(&format!("\n── {need}: {role:?}{model}{cost}{tries} ──"));
                match request {
                    Some(request) => self.request(&read(reader, *request)?, said),
                    None => self.line("(the question was not kept by the source)"),
                }
                let answer = read(reader, *answer)?;
                self.answer(&answer);
                // A conversation that goes on begins with it.
                if let (ModelRole::Subject, Answer::Reply(reply)) = (role, answer) {
                    said.push(Message::Assistant(reply.message));
                }
            }
            Event::Acted { need, request, answer } => {
                let (act, answer) = (read::<Act>(reader, *request)?, read::<Answer>(reader, *answer)?);
                if let (Some(deed), Answer::Acted(acted)) = (Deed::of_act(&act), &answer) {
                    self.deed(need, &deed, acted);
                } else {
                    self.block(&format!("── {need}: tool ──"), &json!(act).to_string());
                    self.answer(&answer);
                }
            }
            Event::Observed { need, answer } => {
                self.line(&format!("\n── {need}: state ──"));
                self.answer(&read(reader, *answer)?);
            }
            Event::Faulted { need, tried, fault, retry_in_ms, .. } => {
                let next =
                    retry_in_ms.map_or_else(|| "given up".to_owned(), |ms| format!("again in {ms} ms"));
                self.line(&format!(
                    "\n── {need}: fault in try {tried}, {next} ──\n    {}",
                    harmless(&fault.to_string())
                ));
            }
            Event::Voided { reason } => self.line(&format!("\n── started over: {} ──", harmless(reason))),
            Event::Reopened => self.line("\n── taken up again ──"),
            Event::Finished { outcome } => self.outcome(outcome),
        }
        Ok(())
    }

    /// What was done in a sandbox, with what came of it.
    fn deed(&mut self, need: &NeedKey, deed: &Deed, acted: &Acted) {
        let what = match deed {
            Deed::Exec { command, cwd, .. } => {
                let cwd = cwd.as_ref().map(|cwd| format!("cd {cwd}\n")).unwrap_or_default();
                format!("{cwd}$ {command}")
            }
            Deed::Read { path } => format!("read {path}"),
            Deed::Write { path, content } => format!("write {path}\n{content}"),
        };
        self.block(&format!("── {need}: {} ms ──", acted.elapsed_ms), &what);
        match Done::of_value(&acted.output) {
            Some(Done::Exec { code, cwd, stdout, stderr }) => {
                let code = code.map_or_else(|| "time was up".to_owned(), |code| format!("exit code {code}"));
                self.block(&format!("result ({code}, in {cwd})"), &stdout);
                if !stderr.is_empty() {
                    self.block("errors", &stderr);
                }
            }
            Some(Done::Read { content }) => self.block("result", &content),
            Some(Done::Written) => self.block("result", "written"),
            Some(Done::NotFound { path }) => self.block("result", &format!("there is no {path}")),
            Some(Done::Refused { why }) => self.block("result", &why),
            None => self.block("result", &acted.output.to_string()),
        }
    }

    fn request(&mut self, ask: &Ask, said: &mut Vec<Message>) {
        let known = said.iter().zip(&ask.messages).take_while(|(known, new)| known == new).count();
        if known > 0 {
            self.line("(after what is above)");
        }
        for message in &ask.messages[known..] {
            match message {
                Message::System { content } => self.block("system", content),
                Message::User { content } => self.block("user", content),
                Message::Tool { content, .. } => self.block("tool result (in the question)", content),
                Message::Assistant(turn) => self.turn("assistant (in the question)", turn),
            }
        }
        said.clone_from(&ask.messages);
    }

    fn answer(&mut self, answer: &Answer) {
        match answer {
            Answer::Reply(reply) => self.turn("answer", &reply.message),
            Answer::Acted(acted) => self.block("result", &acted.output.to_string()),
            Answer::Observation(observation) => self.block("state", &format!("{:#}", observation.state)),
        }
    }

    fn turn(&mut self, label: &str, turn: &AssistantMessage) {
        if let Some(reasoning) = &turn.reasoning {
            self.block(&format!("{label}: reasoning"), reasoning);
        }
        if let Some(content) = &turn.content {
            self.block(label, content);
        }
        for call in &turn.tool_calls {
            self.block(
                &format!("{label}: calls {}", harmless(&call.name)),
                &readable_arguments(&call.arguments),
            );
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Scored { scores, note } => {
                self.line("\n── scored ──");
                for (name, score) in &scores.0 {
                    self.line(&format!("    {name:24} {}", score_text(score)));
                }
                if let Some(note) = note {
                    self.block("the reasons", note);
                }
            }
            Outcome::Unscored { reason, detail } => {
                self.line(&format!("\n── unscored: {reason} ──\n    {}", harmless(detail)));
            }
        }
    }
}

/// A single text argument as that text, everything else as it was written.
fn readable_arguments(arguments: &str) -> String {
    match serde_json::from_str::<Value>(arguments) {
        Ok(Value::Object(object)) if object.len() == 1 => {
            object.values().next().and_then(Value::as_str).map_or_else(|| arguments.to_owned(), str::to_owned)
        }
        _ => arguments.to_owned(),
    }
}
