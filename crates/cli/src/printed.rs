//! What tables are printed as.

use unbent_report::Table;

use crate::args::PrintArgs;
use crate::error::CommandError;
use crate::output;

/// What a command prints its tables as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Printed {
    /// For a terminal.
    Text,
    Markdown,
    /// One table alone.
    Csv,
    Json,
}

impl Printed {
    /// As the options say; refuses several at once.
    pub(crate) fn of(args: PrintArgs, json: bool) -> Result<Self, CommandError> {
        match (json, args.csv, args.md) {
            (false, false, false) => Ok(Self::Text),
            (false, false, true) => Ok(Self::Markdown),
            (false, true, false) => Ok(Self::Csv),
            (true, false, false) => Ok(Self::Json),
            _ => {
                Err(CommandError::usage("--json, --csv and --md exclude each other").hint("name one of them"))
            }
        }
    }

    /// Prints tables one below the other, for people.
    pub(crate) fn tell<'t>(self, tables: impl IntoIterator<Item = &'t Table>) {
        let width = output::terminal_width();
        let text =
            |table: &Table| if self == Self::Markdown { table.to_markdown() } else { table.to_text(width) };
        output::out(&tables.into_iter().map(text).collect::<Vec<_>>().join("\n"));
    }

    /// Prints a line about what else was done, where it does not come between tables that a program reads.
    pub(crate) fn line(self, line: &str) {
        if self == Self::Text { output::line(line) } else { output::err_line(line) }
    }
}

/// Prints a table as comma-separated values; what must be said about them goes where a person sees it.
pub(crate) fn csv(table: &Table) {
    output::out(&table.to_csv());
    tell_notes(table);
}

/// Prints the notes of a table whose rows a program gets.
pub(crate) fn tell_notes(table: &Table) {
    table.notes.iter().for_each(|note| output::err_line(note));
}
