//! A JSON schema as the API's structured outputs take it: objects closed, and without limits on sizes and numbers,
//! which the API refuses. Suites check the answer's shape themselves.
//!
//! Knows no suite's schema; what else the API refuses it may say itself.

use serde_json::{Map, Value};

/// Limits that the API refuses.
const LIMITS: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// The schema with every object closed and without limits.
pub(super) fn closed(schema: &Value) -> Value {
    let Value::Object(fields) = schema else { return schema.clone() };
    let mut closed_fields = Map::new();
    for (name, value) in fields {
        let value = match (name.as_str(), value) {
            (limit, _) if LIMITS.contains(&limit) => continue,
            ("minItems", least) if least.as_u64().is_none_or(|least| least > 1) => continue,
            ("properties" | "$defs" | "definitions", Value::Object(schemas)) => {
                schemas.iter().map(|(name, schema)| (name.clone(), closed(schema))).collect()
            }
            ("anyOf" | "allOf" | "oneOf", Value::Array(schemas)) => schemas.iter().map(closed).collect(),
            ("items" | "not", schema) => closed(schema),
            ("additionalProperties", _) => Value::Bool(false),
            (_, value) => value.clone(),
        };
        closed_fields.insert(name.clone(), value);
    }
    let is_object = match fields.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => fields.contains_key("properties"),
    };
    if is_object {
        closed_fields.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    closed_fields.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::closed;

    #[test]
    fn objects_are_closed_at_every_depth_and_limits_left_out() {
        let schema = json!({
            "type": "object",
            "properties": {
                "minimum": {"type": "integer", "minimum": 1, "maximum": 5},
                "list": {"type": "array", "minItems": 3, "items": {"type": "object", "additionalProperties": true}},
            },
            "required": ["minimum"],
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "minimum": {"type": "integer"},
                "list": {"type": "array", "items": {"type": "object", "additionalProperties": false}},
            },
            "required": ["minimum"],
            "additionalProperties": false,
        });
        assert_eq!(closed(&schema).to_string(), expected.to_string());
    }
}
