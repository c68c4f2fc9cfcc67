//! Whether a run can stand in a paper, and what keeps it from that.

use unbent_core::{Manifest, Origin};

use crate::error::CommandError;
use crate::joined::Joined;
use crate::models;
use crate::session::open_suites;
use unbent_store::RunReader;

/// What keeps a run from standing in a paper, a sentence each; nothing if nothing does.
pub(crate) fn blocking(
    file: &std::path::Path,
    reader: &RunReader,
    manifest: &Manifest,
) -> Result<Vec<String>, CommandError> {
    let mut reasons = of_manifest(manifest);
    let view = crate::paid::Accounts::of(reader)?;
    let total = view.view().total();
    if total.unfinished() > 0 {
        reasons.push(format!("{} of {} trials are not finished", total.unfinished(), total.trials));
    }
    if total.unscored_total() > 0 {
        reasons.push(format!("{} of {} trials are unscored", total.unscored_total(), total.trials));
    }
    let suites = open_suites(manifest)?;
    for (id, suite) in &suites {
        let runs = Joined::open(&[file.to_owned()], Some(id.as_str()))?;
        let found = runs.read(|_, _| {}, |run| suite.readiness(run))?;
        reasons.extend(found.into_iter().map(|reason| format!("{id}: {reason}")));
    }
    Ok(reasons)
}

/// What the manifest alone tells.
fn of_manifest(manifest: &Manifest) -> Vec<String> {
    let mut reasons = Vec::new();
    if manifest.origin == Origin::Asked {
        match &manifest.git {
            None => reasons.push(
                "it was started outside of a git working tree, so nothing tells what stood around it"
                    .to_owned(),
            ),
            Some(git) if git.dirty => {
                reasons.push(format!("the working tree differed from its commit {:.12}", git.commit));
            }
            Some(_) => {}
        }
    }
    for (role, model) in manifest.models() {
        if model.simulated {
            reasons.push(format!("the {} {} is simulated", role.name(), model.id));
        }
        let reference = model.model.parse().ok();
        reasons.extend(reference.as_ref().and_then(models::warning));
    }
    for suite in &manifest.suites {
        if let Some(path) = suite.pack.as_ref().and_then(|pack| pack.path.as_ref()) {
            reasons.push(format!("{}: its texts are not the built-in ones but those of {path}", suite.id));
        }
    }
    for gap in manifest.sandbox.iter().flat_map(|sandbox| &sandbox.gaps) {
        reasons.push(format!("sandboxes: {gap}"));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unbent_core::{GitState, Manifest};

    use super::of_manifest;

    #[test]
    fn a_dirty_tree_and_simulated_models_keep_a_run_out_of_a_paper() {
        let mut run: Manifest = serde_json::from_value(json!({
            "created_at_ms": 0, "program": { "name": "unbent", "version": "1" }, "origin": { "kind": "asked" },
            "suites": [], "subjects": [], "seed": 0, "repeats": 3,
        }))
        .unwrap();
        run.git = Some(GitState { commit: "0123456789abcdef".into(), dirty: true });
        let reasons = of_manifest(&run);
        assert!(
            reasons.iter().any(|reason| reason.contains("differed from its commit 0123456789ab")),
            "{reasons:?}"
        );
        run.git = None;
        assert!(of_manifest(&run).iter().any(|reason| reason.contains("outside of a git working tree")));
    }
}
