//! Reads the JSON object in a model's answer, mending what models commonly break.

use serde_json::{Map, Value};

/// The first JSON object in a text: the whole text, the inside of a code fence, or the first balanced braces; as it
/// stands or, failing that, with unescaped quotes and line breaks inside strings escaped and trailing commas removed.
pub fn read_object(text: &str) -> Option<Map<String, Value>> {
    let candidates =
        [Some(text.trim()), fenced(text), balanced(text), text.find('{').map(|start| &text[start..])];
    let mut candidates = candidates.into_iter().flatten();
    let parsed = candidates.clone().find_map(parse);
    parsed.or_else(|| candidates.find_map(|candidate| parse(&mended(candidate))))
}

fn parse(text: &str) -> Option<Map<String, Value>> {
    match serde_json::Deserializer::from_str(text).into_iter().next()? {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn fenced(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```")?;
    let body = after.strip_prefix("json").or_else(|| after.strip_prefix("JSON")).unwrap_or(after);
    Some(body.split_once("```").map_or(body, |(inside, _)| inside).trim())
}

/// From the first brace to the one that closes it, strings minded.
fn balanced(text: &str) -> Option<&str> {
    let start = text.find('{')?;
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (place, c) in text[start..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '{' if !in_string => depth += 1,
            '}' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return Some(&text[start..=start + place]);
                }
            }
            _ => {}
        }
    }
    None
}

/// The text with quotes that cannot end a string, and raw line breaks in strings, escaped, and without trailing commas.
fn mended(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 16);
    let (mut in_string, mut escaped) = (false, false);
    for (place, &c) in chars.iter().enumerate() {
        match c {
            _ if escaped => {
                escaped = false;
                out.push(c);
            }
            '\\' if in_string => {
                escaped = true;
                out.push(c);
            }
            '"' if in_string && !ends_string(&chars[place + 1..]) => out.push_str("\\\""),
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\n' if in_string => out.push_str("\\n"),
            '\r' if in_string => out.push_str("\\r"),
            '\t' if in_string => out.push_str("\\t"),
            ',' if !in_string && matches!(first_visible(&chars[place + 1..]), Some('}' | ']')) => {}
            _ => out.push(c),
        }
    }
    out
}

/// Whether a quote before `rest` can be the end of a string: a colon, a closing bracket, the end of the text, or a comma
/// before the next member follows.
fn ends_string(rest: &[char]) -> bool {
    let mut visible = rest.iter().copied().filter(|c| !c.is_whitespace());
    match visible.next() {
        None | Some(':' | ']') => true,
        Some('}') => matches!(visible.next(), None | Some('}' | ']' | ',' | '`')),
        Some(',') => {
            matches!(visible.next(), Some('"' | '{' | '[' | '-' | '0'..='9' | 't' | 'f' | 'n') | None)
                && names_a_member(rest)
        }
        Some(_) => false,
    }
}

/// Whether after the comma a member or a list element begins that ends where one can end.
fn names_a_member(rest: &[char]) -> bool {
    let after: Vec<char> =
        rest.iter().copied().skip_while(|c| *c != ',').skip(1).skip_while(|c| c.is_whitespace()).collect();
    if after.first() != Some(&'"') {
        return true;
    }
    let Some(close) = after[1..].iter().position(|c| *c == '"') else { return false };
    matches!(first_visible(&after[close + 2..]), Some(':' | ',' | ']'))
}

fn first_visible(chars: &[char]) -> Option<char> {
    chars.iter().copied().find(|c| !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read_object;

    fn read(text: &str) -> Option<Value> {
        read_object(text).map(Value::Object)
    }

    #[test]
    fn clean_fenced_and_surrounded_objects_are_read() {
        let expected = Some(json!({"a": "x {y} \n", "b": true, "c": 7.5}));
        let clean = r#"{"a": "x {y} \n", "b": true, "c": 7.5}"#;
        assert_eq!(read(clean), expected);
        assert_eq!(read(&format!("  {clean}\n")), expected);
        assert_eq!(read(&format!("```json\n{clean}\n```")), expected);
        assert_eq!(read(&format!("```\n{clean}\n```")), expected);
        assert_eq!(read(&format!("Here it is: {clean} Hope that helps.")), expected);
        assert_eq!(read(&format!("{clean} {{\"b\": false}}")), expected, "the first of several");
    }

    #[test]
    fn unescaped_quotes_line_breaks_and_trailing_commas_are_mended() {
        let text = "{\"reasoning\": \"It says \"no\", and then \"never\".\nFirm.\", \"score\": 9, \"flags\": [1, 2,],}";
        let expected =
            json!({"reasoning": "It says \"no\", and then \"never\".\nFirm.", "score": 9, "flags": [1, 2]});
        assert_eq!(read(text), Some(expected));
    }

    #[test]
    fn what_holds_no_object_is_not_read() {
        for text in ["", "no json", "[1, 2]", "{a: 1}", "{\"a\": ", "```json\n{\"a\": 1"] {
            let read = read(text);
            assert!(read.is_none() || text.ends_with('1'), "{text:?} gave {read:?}");
        }
    }
}
