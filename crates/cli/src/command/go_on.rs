//! `unbent run` where its file is there already: goes on with it if the command line asks for the same run.

use std::path::Path;

use serde_json::json;
use unbent_core::{Case, Manifest, Origin};
use unbent_report::thousands;
use unbent_store::{RunReader, StoreError};

use crate::difference::{Asked, differences, other_program};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::session::{Left, workable};

/// Checks that a file is of the run that is asked for, and tells what is left of it. Changes nothing.
pub(super) fn go_on(
    path: &Path,
    manifest: &Manifest,
    cases: &[Case],
    json: bool,
) -> Result<(), CommandError> {
    let file = path.display();
    let another = "name another file with --out";
    let reader = RunReader::open(path).map_err(|error| {
        let not_ours = matches!(error, StoreError::NotARunFile { .. } | StoreError::NewerVersion { .. });
        let error = CommandError::from(error);
        if not_ours { error.hint(another) } else { error }
    })?;
    let recorded = reader.manifest()?;
    if matches!(recorded.origin, Origin::Imported { .. }) {
        return Err(CommandError::new(
            Exit::BadFile,
            format!("{file} was imported, and imported subjects cannot be asked; nothing was changed"),
        )
        .hint(another));
    }
    let (there, asked) = (Asked { manifest: &recorded, cases: &reader.cases()? }, Asked { manifest, cases });
    let found = differences(&there, &asked);
    if !found.is_empty() {
        let name = file.to_string();
        let lines: Vec<_> =
            found.iter().map(|difference| format!("\n  {}", difference.told(&name))).collect();
        return Err(CommandError::usage(format!(
            "{file} is of another run than the one that is asked for; nothing was changed:{}",
            lines.concat()
        ))
        .hint(format!("go on with it as it was begun: unbent resume {file}"))
        .hint(format!("or {another}")));
    }
    if let Some(other) = other_program(&recorded.program, &manifest.program) {
        output::warn(&format!("{file} was begun by {other}"), json);
    }
    let left = Left::of(&reader, &workable(&recorded))?.total();
    if json {
        let trials = reader.trial_count()?;
        let event = json!({ "event": "run_resumed", "file": path, "trials": trials, "left": left });
        output::line(&event.to_string());
    } else if left == 0 {
        output::err_line(&format!("{file} has every trial's scores: nothing is asked"));
    } else {
        output::err_line(&format!("{file} has {} trials left: going on", thousands(left)));
    }
    Ok(())
}
