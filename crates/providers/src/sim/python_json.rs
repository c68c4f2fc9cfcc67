//! JSON as Python's `json.dumps` writes it by default.
//!
//! The published requests were made in Python, so texts that models are shown have its spaces after `,` and `:`, its
//! `\uXXXX` for everything outside printable ASCII, and its spelling of numbers. Keys stay in the order they have.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// The text that Python's `json.dumps(value)` gives.
pub fn python_json(value: &Value) -> String {
    let mut bytes = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut bytes, Python))
        .expect("a JSON value is JSON, and memory takes every byte");
    String::from_utf8(bytes).expect("only ASCII is written")
}

struct Python;

impl Formatter for Python {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(python_float(value).as_bytes())
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if (' '..='~').contains(&c) {
                writer.write_all(&[c as u8])?;
            } else {
                // Beyond the basic plane this is a surrogate pair.
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// A finite number as Python's `repr`: the shortest digits that read back, with an exponent below 1e-4 and from 1e16.
fn python_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').expect("`e` formats with an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a whole number");
    if value == 0.0 || (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::python_json;

    /// Each line is what Python 3.11 prints.
    #[test]
    fn every_kind_of_value_is_written_as_python_writes_it() {
        for (value, text) in [
            (
                json!({"message": "Hi", "n": [1, -2, {}]}),
                r#"{"message": "Hi", "n": [1, -2, {}]}"#,
            ),
            (
                json!({"z": null, "a": [true, false, []]}),
                r#"{"z": null, "a": [true, false, []]}"#,
            ),
            (json!("Zoë – „ja“"), r#""Zo\u00eb \u2013 \u201eja\u201c""#),
            (json!("😀𝄞"), r#""\ud83d\ude00\ud834\udd1e""#),
            (
                json!("\u{ffff}\u{10000}\u{10ffff}"),
                r#""\uffff\ud800\udc00\udbff\udfff""#,
            ),
            (json!("q\"b\\s/\u{8}\u{c}\n\r\t"), r#""q\"b\\s/\b\f\n\r\t""#),
            (json!("\u{0}\u{1f}\u{7f}\u{80}"), r#""\u0000\u001f\u007f\u0080""#),
            (json!({"é": 1}), r#"{"\u00e9": 1}"#),
            (
                json!([0.1, 1.0, -0.0, 1e15]),
                "[0.1, 1.0, -0.0, 1000000000000000.0]",
            ),
            (
                json!([1e16, 1.5e300, 1e-4, 1e-5]),
                "[1e+16, 1.5e+300, 0.0001, 1e-05]",
            ),
            (json!(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(python_json(&value), text);
            assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value);
        }
    }
}
