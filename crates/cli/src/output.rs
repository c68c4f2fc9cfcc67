//! The only place that prints.

use std::io::{self, IsTerminal as _, Write as _};

/// Prints to standard output. A reader that has gone away is not an error.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Prints a line to standard output.
pub(crate) fn line(text: &str) {
    out(&format!("{text}\n"));
}

/// Prints a line to standard error.
pub(crate) fn err_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a warning to standard error: for people, or as a line of JSON.
pub(crate) fn warn(warning: &str, json: bool) {
    if json {
        err_line(&serde_json::json!({ "event": "warning", "message": warning }).to_string());
    } else {
        err_line(&format!("warning: {warning}"));
    }
}

/// The width of the terminal that standard output goes to; none if it goes elsewhere.
pub(crate) fn terminal_width() -> Option<u16> {
    io::stdout().is_terminal().then(terminal_size::terminal_size).flatten().map(|(width, _)| width.0)
}

/// Whether a person watches standard error.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Other people's text, without what could move a cursor, colour a screen, hide or reorder characters.
pub(crate) fn harmless(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn model_text_cannot_steer_the_terminal() {
        let text = "a\u{1b}[2J\u{1b}]0;title\u{7}b\r\u{202e}c\u{9b}31m\n\td";
        let shown = harmless(text);
        assert!(shown.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{shown:?}");
        assert!(!shown.contains('\u{202e}') && shown.ends_with("\n\td"));
    }
}
