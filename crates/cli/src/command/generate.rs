//! `unbent generate`: makes the cases of a suite that makes its cases from templates, and writes them to a file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use unbent_suites::kit::PackFiles;
use unbent_suites::trap::generate::sample::stratified;
use unbent_suites::trap::{
    Census, GenerateError, Language, Library, LibraryError, Names, Profile, Target, TrapCase,
    generate as make,
};

use crate::args::{GenerateCommand, LanguageArg, NamesArg, ProfileArg, TrapArgs};
use crate::error::{CommandError, Exit};
use crate::output;
use crate::packs::read_pack;

pub(super) fn generate(command: &GenerateCommand, json: bool) -> Result<Exit, CommandError> {
    match command {
        GenerateCommand::Trap(args) => trap(args, json),
    }
}

fn trap(args: &TrapArgs, json: bool) -> Result<Exit, CommandError> {
    let TrapArgs { library: folder, .. } = args;
    let form = Form::of(&args.out)?;
    let target = args.target.as_deref().map_or_else(|| Ok(Target::public()), read_target)?;
    let given = folder.as_deref().map(read_library).transpose()?;
    let library = Library::load(given.as_ref(), &target).map_err(|error| library_error(&error))?;
    let profile = match args.profile {
        ProfileArg::Published => Profile::Published,
        ProfileArg::Distinct => Profile::Distinct,
    };
    let mut cases = make(&library, profile, args.seed).map_err(|error| generate_error(&error))?;
    if let Some(language) = args.language {
        let language = match language {
            LanguageArg::En => Language::English,
            LanguageArg::Es => Language::Spanish,
        };
        cases.retain(|case| case.language == language);
    }
    if let Some(n) = args.sample {
        let categories: Vec<_> = cases.iter().map(|case| case.category).collect();
        let places = stratified(&categories, n.get(), args.sample_seed);
        if places.len() < n.get() {
            return Err(CommandError::usage(format!(
                "a sample of {n} is wanted, and there are {} cases",
                cases.len()
            ))
            .hint("ask for a smaller sample, or leave --sample away"));
        }
        cases = places.into_iter().map(|place| cases[place].clone()).collect();
    }
    let names = match args.names {
        NamesArg::Internal => Names::Internal,
        NamesArg::Academic => Names::Academic,
    };
    write_cases(&args.out, form, &cases, names)?;
    tell(args, profile, &library, &cases, names, json);
    Ok(Exit::Done)
}

/// How cases are written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// A case a line.
    Lines,
    /// One array, as the reference writes it.
    Array,
}

impl Form {
    fn of(out: &Path) -> Result<Self, CommandError> {
        if is_standard_output(out) {
            return Ok(Self::Lines);
        }
        match out.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => Ok(Self::Lines),
            Some("json") => Ok(Self::Array),
            _ => Err(CommandError::usage(format!("{} ends neither with .jsonl nor with .json", out.display()))
                .hint("--out FILE.jsonl writes a case a line, --out FILE.json one array, --out - to standard output")),
        }
    }
}

fn is_standard_output(out: &Path) -> bool {
    out.as_os_str() == "-"
}

fn read_target(path: &Path) -> Result<Target, CommandError> {
    let unusable = |message: String| {
        CommandError::new(Exit::BadFile, message).hint(
            "a target profile has [target] with id and title, [names], and [lists]: see docs/method/trap.md",
        )
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        unusable(format!("the target profile {} cannot be read: {error}", path.display()))
    })?;
    Target::parse(&path.display().to_string(), &text).map_err(|error| unusable(error.to_string()))
}

/// The files of a library in a folder, as the built-in library names them.
fn read_library(path: &Path) -> Result<PackFiles, CommandError> {
    if !path.is_dir() {
        return Err(CommandError::new(Exit::BadFile, format!("{} is not a folder", path.display()))
            .hint("a library is a folder with FAMILY.toml files; those that it does not have are built in"));
    }
    let read = read_pack(path)?;
    let files = read.files.into_iter().map(|(name, text)| (format!("library/{name}"), text)).collect();
    Ok(PackFiles { path: read.path, files })
}

fn library_error(error: &LibraryError) -> CommandError {
    let lines: Vec<_> = error.0.iter().map(|problem| format!("\n  {problem}")).collect();
    CommandError::new(Exit::BadFile, format!("the library cannot be used:{}", lines.concat()))
        .hint("names are those of the target profile (--target FILE), templates and slots those of --library FOLDER")
}

fn generate_error(error: &GenerateError) -> CommandError {
    CommandError::new(Exit::BadFile, error.to_string())
}

/// Writes the cases beside their place and then moves them there, so that the file is never half there.
fn write_cases(out: &Path, form: Form, cases: &[TrapCase], names: Names) -> Result<(), CommandError> {
    let refused = |error: io::Error| {
        CommandError::new(Exit::Io, format!("{} cannot be written: {error}", out.display()))
            .hint("name a place that can be written to, and that has room, with --out")
    };
    if is_standard_output(out) {
        let mut bytes = Vec::new();
        write_records(&mut bytes, form, cases, names).map_err(refused)?;
        output::out(&String::from_utf8_lossy(&bytes));
        return Ok(());
    }
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut staged = builder.prefix(".unbent-cases-").tempfile_in(parent).map_err(refused)?;
    let mut writer = BufWriter::with_capacity(1 << 18, &mut staged);
    write_records(&mut writer, form, cases, names).and_then(|()| writer.flush()).map_err(refused)?;
    drop(writer);
    staged.persist(out).map_err(|error| refused(error.error))?;
    Ok(())
}

fn write_records(to: &mut impl Write, form: Form, cases: &[TrapCase], names: Names) -> io::Result<()> {
    let records = cases.iter().map(|case| case.record(names));
    match form {
        Form::Lines => {
            for record in records {
                serde_json::to_writer(&mut *to, &record)?;
                to.write_all(b"\n")?;
            }
            Ok(())
        }
        // As the reference: two spaces, nothing escaped that need not be, no line end at the end.
        Form::Array => Ok(serde_json::to_writer_pretty(to, &records.collect::<Vec<_>>())?),
    }
}

/// Prints what was made: to standard error, or as JSON to standard output where the cases did not go there.
fn tell(args: &TrapArgs, profile: Profile, library: &Library, cases: &[TrapCase], names: Names, json: bool) {
    let census = Census::of(cases);
    let table = census.table(names);
    if json {
        let told = json!({
            "file": args.out,
            "profile": profile.name(),
            "seed": args.seed,
            "sample": args.sample.map(|n| json!({ "n": n, "seed": args.sample_seed })),
            "library": library.hash,
            "target": { "id": library.target.id, "hash": library.target.hash },
            "cases": census.all.cases,
            "distinct": census.all.distinct,
            "effective": census.all.effective,
            "counts": table.to_json(),
        });
        let told = format!("{told:#}");
        if is_standard_output(&args.out) {
            output::err_line(&told);
        } else {
            output::line(&told);
        }
        return;
    }
    output::err_line(&table.to_text(None));
    output::err_line(&format!(
        "{} cases, {} distinct prompts, worth {:.0} independent ones if equal prompts get equal answers",
        census.all.cases, census.all.distinct, census.all.effective
    ));
    output::err_line(&format!(
        "profile {}, seed {}, target {} ({}), library {}",
        profile.name(),
        args.seed,
        library.target.id,
        &library.target.hash[..12],
        &library.hash[..12]
    ));
}
