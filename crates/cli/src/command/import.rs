//! `unbent import`: reads someone else's recorded runs into a run file.

use std::path::Path;

use serde_json::json;
use unbent_core::{Case, Clock as _};
use unbent_store::import_independence_bench;
use unbent_suites::kit::Setup;

use super::run::program;
use crate::args::{ImportArgs, ImportFormat};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::session::{ProgramClock, open_suite};

pub(super) fn import(args: &ImportArgs, json: bool) -> Result<Exit, CommandError> {
    match args.format {
        ImportFormat::IndependenceBench => independence_bench(&args.path, &args.out, json),
    }
}

/// Every case that the reference's cache can hold.
fn cases() -> Result<Vec<Case>, CommandError> {
    let all = [("system", "strong,neutral"), ("delivery", "tool_role,user_role"), ("names", "true")];
    let params = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(open_suite("independence", &Setup { params, pack: None })?.cases())
}
