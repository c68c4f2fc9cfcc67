//! Rust source with its comments and literals blanked out, so that what is left is code.
//!
//! A scanner, not a parser: it knows where comments, strings and characters begin and end, and nothing else.

/// The source with every comment and the inside of every literal replaced by spaces; lines stay where they were.
pub(super) fn blanked(source: &str) -> String {
    let mut rest = source;
    let mut code = String::with_capacity(source.len());
    while let Some(first) = rest.chars().next() {
        let after_word = code.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if first == '"' {
            string(rest)
        } else if first == '\'' {
            character(rest)
        } else if !after_word && let Some(raw) = raw_string(rest) {
            raw
        } else {
            0
        };
        let (blank, taken) = if skipped == 0 { (false, first.len_utf8()) } else { (true, skipped) };
        let (piece, tail) = rest.split_at(taken);
        if blank {
            code.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(piece);
        }
        rest = tail;
    }
    code
}

/// The length of the block comment that `text` begins with; such comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the string that `text` begins with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the character literal that `text` begins with; 0 if it is a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            text.char_indices().skip(3).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1)
        }
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        None => 0,
    }
}

/// The length of the raw string that `text` begins with, if it begins with one.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('"') || rest.starts_with('#'))
    })?;
    let rest = &text[prefix.len()..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let body = rest[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let opened = prefix.len() + hashes + 1;
    Some(body.find(&end).map_or(text.len(), |at| opened + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::blanked;

    #[test]
    fn comments_and_literals_vanish_and_code_stays() {
        assert_eq!(blanked("a // b\nc"), "a     \nc");
        assert_eq!(blanked("a /* b /* c */ d */ e"), format!("a {} e", " ".repeat(17)));
        assert_eq!(blanked(r#"f("x \" y", z)"#), "f(        , z)");
        assert_eq!(blanked("f(r#\"x \" y\"#)"), "f(          )");
        assert_eq!(blanked("f(b\"x\")"), "f(b   )");
        assert_eq!(blanked("['\\'', '\"', 'é']"), "[    ,    ,    ]");
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        assert_eq!(blanked("fn f<'a>(x: &'a str)"), "fn f<'a>(x: &'a str)");
        assert_eq!(blanked("r#type + for_"), "r#type + for_");
    }

    #[test]
    fn lines_stay_where_they_were() {
        let source = "let a = \"one\ntwo\";\n/* three\n four */ b";
        assert_eq!(blanked(source).lines().count(), source.lines().count());
    }
}
