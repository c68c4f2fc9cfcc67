//! `unbent report`: everything that a run shows, as one document.

mod making;
mod suite;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;
use unbent_report::document::{Block, Document, Section};
use unbent_report::figure::Theme;
use unbent_store::RunReader;

use crate::args::ReportArgs;
use crate::error::{CommandError, Exit};
use crate::output;
use crate::serving::Pooling;
use crate::whole_file;

pub(super) use making::suites_of;

pub(super) fn report(args: &ReportArgs, json: bool) -> Result<Exit, CommandError> {
    let suites = suites_of(&args.files, args.suite.as_deref())?;
    let pooling = if args.pool_providers { Pooling::Told } else { Pooling::Refused };
    let (mut summary, mut bodies) = (Section::new("Summary"), Vec::new());
    for (id, files) in &suites {
        let made = suite::sections(files, id, pooling)?;
        summary.blocks.push(Block::Heading(format!("Suite {id}")));
        summary.blocks.extend(made.summary);
        bodies.extend(made.sections);
    }
    let suites: Vec<&str> = suites.keys().map(String::as_str).collect();
    let runs = args.files.iter().map(|file| making::Run::open(file)).collect::<Result<Vec<_>, _>>()?;
    let mut document = Document {
        title: args.title.clone().unwrap_or_else(|| format!("Unbent: {}", suites.join(", "))),
        subtitle: making::subtitle(&runs),
        sections: vec![summary],
    };
    document.sections.extend(bodies);
    document.sections.extend([
        making::missing(&runs),
        making::caveats(&runs)?,
        making::made(&runs),
        making::again(&runs),
    ]);
    let written = write(&document, &args.out)?;
    if json {
        output::line(&format!("{:#}", json!({ "suites": suites, "files": written })));
    } else {
        output::line(&format!("{}: open it in a browser; it needs nothing else", written[0].display()));
        let (figures, tables) = (count(&written, "svg"), count(&written, "csv") - count(&written, "svg"));
        output::line(&format!("{}, {figures} figures and {tables} tables beside it", written[1].display()));
    }
    Ok(Exit::Done)
}

fn count(files: &[PathBuf], ending: &str) -> usize {
    files.iter().filter(|file| file.extension().is_some_and(|it| it == ending)).count()
}

/// Writes the document, its figures and its tables; what was written, the HTML first and the Markdown second.
fn write(document: &Document, out: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let (figures, tables) = (out.join("figures"), out.join("tables"));
    for folder in [&figures, &tables] {
        std::fs::create_dir_all(folder).map_err(|error| refused(folder, &error))?;
    }
    let mut written = vec![out.join("index.html"), out.join("report.md")];
    let put = |path: &Path, text: &str| {
        whole_file::write(path, text.as_bytes()).map_err(|error| refused(path, &error))
    };
    put(&written[0], &document.to_html())?;
    put(&written[1], &document.to_markdown("figures"))?;
    for (name, figure) in document.sections.iter().flat_map(Section::figures) {
        for (ending, text) in [("svg", figure.to_svg(Theme::Light)), ("csv", figure.to_csv())] {
            let path = figures.join(format!("{name}.{ending}"));
            put(&path, &text)?;
            written.push(path);
        }
    }
    for (number, table) in (1..).zip(document.sections.iter().flat_map(Section::tables)) {
        let path = tables.join(format!("{number:02}-{}.csv", file_name(&table.title)));
        put(&path, &table.to_csv())?;
        written.push(path);
    }
    Ok(written)
}

/// A title as a name of a file.
fn file_name(title: &str) -> String {
    let name: String = title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(48)
        .collect();
    name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn refused(path: &Path, error: &io::Error) -> CommandError {
    CommandError::new(Exit::Io, format!("{} cannot be written: {error}", path.display()))
        .hint("name a folder that can be written to, and that has room, with --out")
}

/// The reader of a run file with its manifest.
pub(super) fn read(file: &Path) -> Result<(RunReader, unbent_core::Manifest), CommandError> {
    let reader = RunReader::open(file)?;
    let manifest = reader.manifest()?;
    Ok((reader, manifest))
}
