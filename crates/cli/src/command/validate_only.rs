//! `unbent run --validate-only`: opens every world of a run once, so that what is missing is found before anyone is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use unbent_core::{Case, Deed, Done, Observe, SandboxHost, TrialKey, WorldSpec};

use crate::error::{CommandError, Exit};
use crate::output;
use crate::sandboxes::Sandboxes;

/// Opens each world once, runs a command in it and looks at it; tells what the run would be.
pub(super) fn validate_only(
    cases: &[Case],
    trials: u64,
    sandboxes: Option<&Sandboxes>,
    json: bool,
) -> Result<Exit, CommandError> {
    let mut worlds = BTreeMap::new();
    for case in cases {
        if let Some(world) = &case.world {
            worlds.entry(format!("{} {}", world.kind, world.spec)).or_insert((case, world));
        }
    }
    if let Some(sandboxes) = sandboxes {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
            CommandError::new(Exit::Io, format!("the system refuses to start threads: {error}"))
        })?;
        for (case, world) in worlds.values() {
            runtime.block_on(try_world(&sandboxes.host, case, world)).map_err(|why| {
                CommandError::new(
                    Exit::NoSandbox,
                    format!("the world of the case {} cannot be opened: {why}", case.id),
                )
                .hint("see what the machine has: unbent doctor")
            })?;
        }
        runtime.shutdown_background();
    }
    let (cases, opened) = (cases.len(), worlds.len());
    if json {
        let event = json!({ "event": "validated", "cases": cases, "trials": trials, "worlds": opened });
        output::line(&event.to_string());
    } else {
        output::line(&format!(
            "everything that the run needs is there: {cases} cases, {trials} trials, {opened} worlds opened; nothing was asked"
        ));
    }
    Ok(Exit::Done)
}

async fn try_world(host: &Arc<dyn SandboxHost>, case: &Case, world: &WorldSpec) -> Result<(), String> {
    let trial =
        TrialKey { suite: case.suite.clone(), case: case.id.clone(), subject: "nobody".into(), repeat: 1 };
    let sandbox = host.open(&trial, world).await.map_err(|fault| fault.to_string())?;
    let deed = Deed::Exec { command: "true".to_owned(), cwd: None, timeout_s: 30 };
    let acted = sandbox.act(&deed.to_act()).await.map_err(|fault| fault.to_string())?;
    if !matches!(Done::of_value(&acted.output), Some(Done::Exec { code: Some(0), .. })) {
        return Err(format!("a command that does nothing failed: {}", acted.output));
    }
    sandbox.observe(&Observe { scope: "world".to_owned() }).await.map_err(|fault| fault.to_string())?;
    Ok(())
}
