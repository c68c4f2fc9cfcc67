//! What several dialects need of tool calls: an id where none came, and arguments as an object where nothing else goes.
//!
//! Knows no API's names for any of it.

use serde_json::{Value, json};
use unbent_core::{Ask, derive_seed};

/// Under this name goes what a model wrote in place of an arguments object, to APIs that take only objects.
const MALFORMED: &str = "_malformed";

/// An id for a call that came without one: the same for the same call at the same place of a conversation, and of nine
/// letters and digits, which is the only form that Mistral's models take back.
pub(crate) fn generated_id(n: usize, name: &str, arguments: &str, ask: &Ask) -> String {
    let place = format!("{} {n} {name} {arguments}", ask.messages.len());
    let hash = derive_seed(0, "tool call id", &place);
    format!("c{:08x}", hash >> 32)
}

/// The arguments as an object: nothing is the empty one, and text that is no object is told inside of one.
pub(crate) fn arguments_object(arguments: &str) -> Value {
    if arguments.trim().is_empty() {
        return json!({});
    }
    match serde_json::from_str(arguments) {
        Ok(object @ Value::Object(_)) => object,
        _ => json!({ MALFORMED: arguments }),
    }
}

/// The arguments as text; text is what the model wrote and stays as it is.
pub(crate) fn arguments_text(arguments: &Value) -> String {
    match arguments {
        Value::String(text) => text.clone(),
        Value::Null => "{}".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::arguments_object;

    #[test]
    fn only_an_object_goes_as_it_is() {
        assert_eq!(arguments_object("{\"b\": 1, \"a\": 2}").to_string(), "{\"b\":1,\"a\":2}");
        assert_eq!(arguments_object(" "), json!({}));
        for text in ["{\"a\": \"cut", "[1]", "null", "5"] {
            assert_eq!(arguments_object(text), json!({"_malformed": text}));
        }
    }
}
