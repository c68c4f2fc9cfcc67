//! `unbent resume`: goes on with a run.

use unbent_core::Origin;
use unbent_store::RunReader;

use super::run::tell;
use crate::args::ResumeArgs;
use crate::error::{CommandError, Exit};
use crate::output;
use crate::progress::Telling;
use crate::session::{Left, work};

pub(super) fn resume(args: &ResumeArgs, json: bool) -> Result<Exit, CommandError> {
    let reader = RunReader::open(&args.file)?;
    let manifest = reader.manifest()?;
    let left = Left::of(&reader)?;
    drop(reader);
    if left.total() > 0 && matches!(manifest.origin, Origin::Imported { .. }) {
        let message = format!(
            "{} was imported, and its source has no answers for {} of its trials",
            args.file.display(),
            left.total()
        );
        return Err(CommandError::new(Exit::Incomplete, message)
            .hint("imported subjects cannot be asked; nothing was changed")
            .hint(format!("see which they are: unbent show {} --find open:", args.file.display())));
    }
    if left.total() == 0 && !json {
        output::err_line("every trial has its scores: nothing is asked");
    }
    let cache = args.cache.open(json)?;
    let worked = work(&args.file, args.parallel, args.caps.caps(), cache, Telling::suiting(json))?;
    tell(&worked, &args.file, json)
}
