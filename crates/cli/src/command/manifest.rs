//! `unbent manifest`: how a run was made, and whether it can stand in a paper.

use std::fmt::Write as _;

use serde_json::{Value, json};
use unbent_core::{Manifest, ModelRole};
use unbent_store::RunReader;

use crate::args::ManifestArgs;
use crate::error::{CommandError, Exit};
use crate::output::{self, harmless};
use crate::paid::Accounts;
use crate::readiness::blocking;

/// The version of the JSON form.
const SCHEMA: u32 = 1;

pub(super) fn manifest(args: &ManifestArgs, json: bool) -> Result<Exit, CommandError> {
    let reader = RunReader::open(&args.file)?;
    let manifest = reader.manifest()?;
    let reasons = blocking(&args.file, &reader, &manifest)?;
    let accounts = Accounts::of(&reader)?;
    let total = accounts.view().total();
    let status = match (total.unfinished(), total.trials - total.unfinished()) {
        (0, _) => "completed",
        (_, 0) => "started",
        _ => "interrupted",
    };
    if json {
        let time = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_string();
        let value = json!({
            "schema_version": SCHEMA,
            "file": args.file,
            "status": status,
            "created_at_utc": time(manifest.created_at_ms),
            "program": manifest.program,
            "benchmark": {
                "suites": manifest.suites.iter().map(suite).collect::<Vec<_>>(),
                "models": models(&manifest, ModelRole::Subject),
                "judge": manifest.judge,
                "guard": manifest.guard,
                "repeats": manifest.repeats,
                "seed": manifest.seed,
                "cases": reader.cases()?.len(),
                "trials": {
                    "all": total.trials,
                    "scored": total.scored,
                    "unscored": total.unscored_total(),
                    "unfinished": total.unfinished(),
                },
            },
            "sandbox": manifest.sandbox,
            "env": { "credential_presence": manifest.credentials },
            "rescored": manifest.rescored,
            "repo": manifest.git,
            "origin": manifest.origin,
            "paid": accounts.paid(),
            "seal": reader.seal()?.and_then(|seal| seal.root),
            "paper_facing_readiness": { "claim_ready": reasons.is_empty(), "blocking_reasons": reasons },
        });
        output::line(&format!("{value:#}"));
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(text, "{name:12} {value}").expect("writing to a string does not fail");
    };
    line("run", format!("{} ({status}, {} trials)", args.file.display(), total.trials));
    line("program", format!("{} {}", manifest.program.name, manifest.program.version));
    for record in &manifest.suites {
        let pack = record.pack.as_ref().map_or_else(String::new, |pack| {
            format!("pack {} {} ({:.16}…)", pack.id, pack.version, pack.hash)
        });
        line("suite", format!("{} {pack}", record.id));
        for (name, value) in &record.params {
            line("", format!("{name} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        }
    }
    for (role, model) in manifest.models() {
        line(role.name(), harmless(&model.model));
    }
    line("repeats", manifest.repeats.to_string());
    if let Some(sandbox) = &manifest.sandbox {
        line("sandbox", format!("{} {}", sandbox.backend, sandbox.version));
        for (what, digest) in &sandbox.digests {
            line("", format!("{what} {digest}"));
        }
    }
    for rescoring in &manifest.rescored {
        let at = jiff::Timestamp::from_millisecond(rescoring.at_ms).unwrap_or_default();
        let program = &rescoring.program;
        let by = format!("{} {}", program.name, program.version);
        line("rescored", format!("{} trials at {at} by {by}", rescoring.trials));
    }
    for (name, is_set) in &manifest.credentials {
        line("credential", format!("{name} {}", if *is_set { "was set" } else { "was not set" }));
    }
    if let Some(git) = &manifest.git {
        line("git", format!("{}{}", git.commit, if git.dirty { ", with changes" } else { "" }));
    }
    if reasons.is_empty() {
        line("paper", "nothing stands against it".to_owned());
    } else {
        line("paper", "not ready:".to_owned());
        for reason in &reasons {
            line("", format!("- {}", harmless(reason)));
        }
    }
    output::out(&text);
    Ok(Exit::Done)
}

fn suite(record: &unbent_core::SuiteRecord) -> Value {
    json!({ "id": record.id, "params": record.params, "pack": record.pack })
}

fn models(manifest: &Manifest, wanted: ModelRole) -> Vec<Value> {
    let named = manifest.models().filter(|(role, _)| *role == wanted);
    named.map(|(_, model)| json!(model)).collect()
}
