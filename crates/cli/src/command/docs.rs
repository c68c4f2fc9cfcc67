//! `unbent docs`: the reference documents, made from what the program knows of itself.

use crate::args::{Cli, Document};
use crate::error::Exit;
use crate::output;

pub(super) fn docs(document: Document) -> Exit {
    output::out(&match document {
        Document::Cli => cli(),
        Document::ExitCodes => exit_codes(),
    });
    Exit::Done
}

fn cli() -> String {
    let options = clap_markdown::MarkdownOptions::new().show_footer(false).title("Command line".to_owned());
    let text = clap_markdown::help_markdown_custom::<Cli>(&options);
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim_end())
}

fn exit_codes() -> String {
    let mut text = "# Exit codes\n\n| code | name | meaning |\n|---:|---|---|\n".to_owned();
    for exit in Exit::ALL {
        text.push_str(&format!("| {} | `{}` | {} |\n", exit.code(), exit.name(), exit.meaning()));
    }
    text
}
