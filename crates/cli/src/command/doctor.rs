//! `unbent doctor`: whether this machine and its setup are fit for runs.

use std::path::Path;

use serde_json::{Value, json};

use crate::args::DoctorArgs;
use crate::doctor::{Finding, Health, examine, reach};
use crate::error::{CommandError, Exit};
use crate::output;

pub(super) fn doctor(args: &DoctorArgs, json: bool) -> Result<Exit, CommandError> {
    let folder = std::env::current_dir().map_err(|error| {
        CommandError::new(Exit::Io, format!("the current folder cannot be told: {error}"))
            .hint("go to a folder that is there: cd")
    })?;
    let mut findings = examine(Path::new(&folder), args.parallel.into());
    if args.online {
        findings.extend(reach());
    }
    let count = |health| findings.iter().filter(|finding| finding.health == health).count();
    let (problems, warnings) = (count(Health::Problem), count(Health::Warning));
    if json {
        let all: Value = findings.iter().map(Finding::to_json).collect();
        let told =
            json!({ "ok": problems == 0, "problems": problems, "warnings": warnings, "findings": all });
        output::line(&format!("{told:#}"));
    } else {
        for finding in &findings {
            output::line(&finding.to_text());
        }
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        output::line(&format!("\n{}, {}", plural(problems, "problem"), plural(warnings, "warning")));
        if !args.online {
            output::line("whether providers can be reached: unbent doctor --online");
        }
    }
    Ok(if problems == 0 { Exit::Done } else { Exit::Incomplete })
}
