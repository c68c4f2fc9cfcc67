//! `unbent resume`: goes on with a run.

use std::path::Path;

use unbent_core::{Manifest, Origin};
use unbent_store::RunReader;

use super::run::tell;
use crate::args::ResumeArgs;
use crate::error::{CommandError, Exit};
use crate::output;
use crate::progress::Telling;
use crate::session::{Left, work, workable};

pub(super) fn resume(args: &ResumeArgs, json: bool) -> Result<Exit, CommandError> {
    let reader = RunReader::open(&args.file)?;
    let manifest = reader.manifest()?;
    let left = Left::of(&reader, &workable(&manifest))?;
    if left.total() == 0 && matches!(manifest.origin, Origin::Imported { .. }) {
        refuse_to_ask(&reader, &manifest, &args.file)?;
    }
    drop(reader);
    if left.total() == 0 && !json {
        output::err_line("every trial has its scores: nothing is asked");
    }
    let cache = args.cache.open(json)?;
    let worked =
        work(&args.file, None, args.parallel, args.room, args.caps.caps(), cache, Telling::suiting(json))?;
    tell(&worked, &args.file, json)
}

/// Tells that an imported run has trials without answers, if it has.
fn refuse_to_ask(reader: &RunReader, manifest: &Manifest, file: &Path) -> Result<(), CommandError> {
    let all = manifest.subjects.iter().map(|subject| subject.id.clone()).collect();
    let left = Left::of(reader, &all)?.total();
    if left == 0 {
        return Ok(());
    }
    let file = file.display();
    let message = format!("{file} was imported, and its source has no answers for {left} of its trials");
    Err(CommandError::new(Exit::Incomplete, message)
        .hint("imported subjects cannot be asked; nothing was changed")
        .hint(format!("see which they are: unbent show {file} --find open:")))
}
