//! What suites are opened with, from a command line.

use std::collections::BTreeMap;
use std::path::Path;

use unbent_suites::kit::{GivenFile, Registration, Setup};

use crate::args::SuiteArgs;
use crate::error::{CommandError, Exit};
use crate::packs::read_pack;

/// The setup of one suite.
pub(crate) fn setup(args: &SuiteArgs, suite: &str) -> Result<Setup, CommandError> {
    let mut setups = setups(args, &[suite.to_owned()])?;
    Ok(setups.pop().unwrap_or_default())
}

/// The setups of these suites, in their order. What only some suites take goes to those; what none takes is refused.
pub(crate) fn setups(args: &SuiteArgs, suites: &[String]) -> Result<Vec<Setup>, CommandError> {
    let params = params(args)?;
    let pack = args.pack.as_deref().map(read_pack).transpose()?;
    let known: Vec<Option<&Registration>> = suites.iter().map(|suite| unbent_suites::find(suite)).collect();
    let mut setups: Vec<_> = suites
        .iter()
        .map(|_| Setup { params: params.clone(), pack: pack.clone(), ..Setup::default() })
        .collect();
    let files = [("cases", &args.cases_file), ("rules", &args.rules), ("target", &args.target)];
    for (option, path) in files.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?))) {
        let takes = |suite: Option<&Registration>| {
            suite.is_some_and(|suite| suite.files.iter().any(|file| file.name == option))
        };
        let file = read(option, path)?;
        give(option, &known, &mut setups, takes, |setup| {
            setup.files.insert(option.to_owned(), file.clone());
        })?;
    }
    let counts = [("sample", "sample", args.sample), ("suite-size", "size", args.suite_size)];
    for (option, param, n) in counts.into_iter().filter_map(|(option, param, n)| Some((option, param, n?))) {
        if params.contains_key(param) {
            return Err(CommandError::usage(format!(
                "--{option} and --set {param} say the same; give one of them"
            )));
        }
        let takes = |suite: Option<&Registration>| {
            suite.is_some_and(|suite| suite.params.iter().any(|known| known.name == param))
        };
        give(option, &known, &mut setups, takes, |setup| {
            setup.params.insert(param.to_owned(), n.to_string());
        })?;
    }
    Ok(setups)
}

/// Gives something to the suites that take it; an error if none does.
fn give(
    option: &str,
    known: &[Option<&Registration>],
    setups: &mut [Setup],
    takes: impl Fn(Option<&Registration>) -> bool,
    give: impl Fn(&mut Setup),
) -> Result<(), CommandError> {
    let mut taken = false;
    for (_, setup) in known.iter().zip(setups).filter(|(suite, _)| takes(**suite)) {
        give(setup);
        taken = true;
    }
    if taken || known.iter().any(Option::is_none) {
        // A suite that there is not is told where it is opened.
        return Ok(());
    }
    let takers = unbent_suites::registry().iter().filter(|suite| takes(Some(suite))).map(|suite| suite.id);
    let takers: Vec<_> = takers.collect();
    let names: Vec<_> = known.iter().flatten().map(|suite| suite.id).collect();
    Err(CommandError::usage(format!("--{option} is nothing that the suite {} takes", names.join(", ")))
        .hint(format!("suites that take it: {}", takers.join(", "))))
}

fn params(args: &SuiteArgs) -> Result<BTreeMap<String, String>, CommandError> {
    let mut params = BTreeMap::new();
    for param in &args.params {
        let (name, value) = param.split_once('=').ok_or_else(|| {
            CommandError::usage(format!("--set {param} is not of the form NAME=VALUE"))
                .hint("parameters and their values: unbent suites show SUITE")
        })?;
        if params.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(CommandError::usage(format!("--set {name} is given twice")));
        }
    }
    Ok(params)
}

fn read(option: &str, path: &Path) -> Result<GivenFile, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::new(Exit::BadFile, format!("--{option}: {} cannot be read: {error}", path.display()))
            .hint("check the path; the file must be text in UTF-8")
    })?;
    Ok(GivenFile { name: path.display().to_string(), text })
}
