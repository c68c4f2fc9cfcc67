//! JSON as CPython's `json.dumps` writes it by default.
//!
//! Published requests were made with it, and a tool call's arguments are text: to ask the same question they must be
//! the same characters.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

/// The value as JSON with `", "` and `": "` between its parts and everything but ASCII escaped as `\uXXXX`.
pub fn ascii_json<T: Serialize>(value: &T) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    value.serialize(&mut serializer).expect("values with text keys are always JSON");
    String::from_utf8(bytes).expect("only ASCII was written")
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            if c.is_ascii() {
                writer.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ascii_json;

    #[test]
    fn it_is_written_as_python_writes_it() {
        // python3 -c 'import json; print(json.dumps({"message": "I’m \"é\" 😀\n", "n": [1, 2.5, None, True], "e": {}}))'
        let expected =
            r#"{"message": "I\u2019m \"\u00e9\" \ud83d\ude00\n", "n": [1, 2.5, null, true], "e": {}}"#;
        let value = json!({"message": "I’m \"é\" 😀\n", "n": [1, 2.5, null, true], "e": {}});
        assert_eq!(ascii_json(&value), expected);
    }
}
