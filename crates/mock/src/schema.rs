//! The smallest instance of a JSON schema. Knows the keywords that schemas of replies and tools use, and no dialect.

use serde_json::{Map, Value, json};

/// How deep references are followed; a schema that contains itself ends here with `null`.
const DEEPEST: usize = 24;

/// Returns a minimal valid instance: required properties only (all, if none is named as required), the first of an
/// enumeration, the minimum of a number or 7.
pub(crate) fn instance(schema: &Value) -> Value {
    instance_in(schema, schema, DEEPEST)
}

fn instance_in(root: &Value, schema: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    let go = |schema: &Value| instance_in(root, schema, depth - 1);
    if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
        return root.pointer(pointer.trim_start_matches('#')).map_or(Value::Null, go);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(value) = schema.get("enum").and_then(|values| values.get(0)) {
        return value.clone();
    }
    for keyword in ["anyOf", "oneOf", "any_of"] {
        if let Some(first) = schema.get(keyword).and_then(|schemas| schemas.get(0)) {
            return go(first);
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        return merged(parts.iter().map(go));
    }
    match kind(schema).as_deref() {
        Some("object") => object(schema, go),
        Some("array") => {
            let wanted = count(schema, "minItems").unwrap_or(0);
            let item = schema.get("items").map_or(Value::Null, go);
            Value::Array(vec![item; wanted])
        }
        Some("string") => string(schema),
        Some("integer") => number(schema, true),
        Some("number") => number(schema, false),
        Some("boolean") => Value::Bool(false),
        Some("null") => Value::Null,
        _ => json!({}),
    }
}

/// The type in small letters; Gemini writes them large. Of several the first that is not null.
fn kind(schema: &Value) -> Option<String> {
    let named = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        Some(Value::String(kind)) => Some(kind.as_str()),
        _ if schema.get("properties").is_some() => Some("object"),
        _ => None,
    };
    named.map(str::to_lowercase)
}

fn object(schema: &Value, go: impl Fn(&Value) -> Value) -> Value {
    let required: Option<Vec<&str>> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect());
    let properties = schema.get("properties").and_then(Value::as_object);
    let chosen: Map<String, Value> = properties
        .into_iter()
        .flatten()
        .filter(|(name, _)| required.as_ref().is_none_or(|required| required.contains(&name.as_str())))
        .map(|(name, property)| (name.clone(), go(property)))
        .collect();
    Value::Object(chosen)
}

fn merged(parts: impl Iterator<Item = Value>) -> Value {
    let mut all = Map::new();
    for part in parts {
        match part {
            Value::Object(fields) => all.extend(fields),
            other => return other,
        }
    }
    Value::Object(all)
}

fn string(schema: &Value) -> Value {
    let mut text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2024-01-01T00:00:00Z".to_owned(),
        Some("date") => "2024-01-01".to_owned(),
        _ => "as the rubric says".to_owned(),
    };
    while count(schema, "minLength").is_some_and(|least| text.len() < least) {
        text.push('.');
    }
    if let Some(most) = count(schema, "maxLength") {
        text.truncate(most);
    }
    Value::String(text)
}

fn number(schema: &Value, whole: bool) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let step = if whole { 1.0 } else { 0.5 };
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|above| above + step));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|below| below - step));
    let chosen = least.unwrap_or_else(|| most.map_or(7.0, |most| most.min(7.0)));
    if whole { json!(chosen.ceil() as i64) } else { json!(chosen) }
}

fn count(schema: &Value, name: &str) -> Option<usize> {
    // Gemini writes such counts as strings.
    let value = schema.get(name)?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::instance;

    fn check(schema: &Value, expect: &Value) {
        assert_eq!(instance(schema), *expect);
    }

    #[test]
    fn each_type_has_its_smallest_instance() {
        check(&json!({"type": "integer"}), &json!(7));
        check(&json!({"type": "integer", "minimum": 1, "maximum": 5}), &json!(1));
        check(&json!({"type": "integer", "maximum": 5}), &json!(5));
        check(&json!({"type": "boolean"}), &json!(false));
        check(&json!({"enum": ["low", "high"]}), &json!("low"));
        check(&json!({"type": "string"}), &json!("as the rubric says"));
        check(&json!({"type": "string", "maxLength": 2}), &json!("as"));
        check(&json!({"type": ["null", "number"]}), &json!(7.0));
        check(
            &json!({"type": "ARRAY", "items": {"type": "BOOLEAN"}, "minItems": "2"}),
            &json!([false, false]),
        );
    }

    #[test]
    fn an_object_has_what_is_required_and_all_if_nothing_is() {
        let properties = json!({"score": {"type": "integer"}, "why": {"type": "string"}});
        check(
            &json!({"type": "object", "properties": properties, "required": ["score"]}),
            &json!({"score": 7}),
        );
        check(
            &json!({"type": "object", "properties": properties}),
            &json!({"score": 7, "why": "as the rubric says"}),
        );
    }

    #[test]
    fn references_are_followed_and_those_without_end_are_not() {
        let schema = json!({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "required": ["next"],
            "properties": {"next": {"$ref": "#/$defs/node"}}}}});
        assert!(instance(&schema)["next"]["next"].is_object());
        check(&json!({"allOf": [{"type": "object", "properties": {"a": {"const": 1}}}]}), &json!({"a": 1}));
    }
}
