//! `unbent cache`: shows the cache of answers, or deletes it.

use std::path::Path;

use serde_json::json;
use unbent_report::thousands;
use unbent_store::{CacheError, CacheFile, CacheSummary};

use crate::args::{CacheCommand, CacheCommandArgs};
use crate::error::{CommandError, Exit};
use crate::output;

pub(super) fn cache(args: &CacheCommandArgs, json: bool) -> Result<Exit, CommandError> {
    let path = args.place.path()?;
    match args.command.unwrap_or(CacheCommand::Show) {
        CacheCommand::Show => show(&path, json),
        CacheCommand::Clear => clear(&path, json),
    }
}

fn show(path: &Path, json: bool) -> Result<Exit, CommandError> {
    let held = held(path)?;
    if json {
        let CacheSummary { answers, bytes } = held.unwrap_or(CacheSummary { answers: 0, bytes: 0 });
        let shown = json!({ "file": path, "exists": held.is_some(), "answers": answers, "bytes": bytes });
        output::line(&shown.to_string());
        return Ok(Exit::Done);
    }
    output::line(&match held {
        Some(held) => format!("{}: {}", path.display(), told(held)),
        None => format!("{}: not there; a run with --cache write makes it", path.display()),
    });
    Ok(Exit::Done)
}

fn clear(path: &Path, json: bool) -> Result<Exit, CommandError> {
    // What cannot be read is deleted all the same, if it is a cache.
    let held = held(path).ok().flatten();
    let deleted = match CacheFile::delete(path) {
        Err(CacheError::NotFound { .. }) => false,
        outcome => outcome.map(|()| true)?,
    };
    if json {
        let answers = held.map(|held| held.answers);
        output::line(&json!({ "file": path, "deleted": deleted, "answers": answers }).to_string());
        return Ok(Exit::Done);
    }
    let file = path.display();
    output::line(&match held {
        Some(held) if deleted => format!("deleted {file}: {}", told(held)),
        _ if deleted => format!("deleted {file}"),
        _ => format!("{file}: not there, nothing to delete"),
    });
    Ok(Exit::Done)
}

fn held(path: &Path) -> Result<Option<CacheSummary>, CacheError> {
    match CacheFile::open(path) {
        Err(CacheError::NotFound { .. }) => Ok(None),
        opened => opened?.summary().map(Some),
    }
}

fn told(held: CacheSummary) -> String {
    format!("{} answers in {} bytes", thousands(held.answers), thousands(held.bytes))
}
