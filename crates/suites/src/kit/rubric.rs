//! Rubrics: what a judge is asked, and reading its grade.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use unbent_core::{Ask, Message, ModelRole, ReplySchema, Sampling};

use super::{Quotation, read_object};

/// What stands in every prompt to a judge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeText {
    /// The version of the wording.
    pub version: String,
    /// Stands first.
    pub preamble: String,
    /// Stands last; `{{fields}}` becomes the list of fields.
    pub output: String,
}

/// What a judge is to look for and to answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// Its name.
    pub id: String,
    /// The labels of the quoted texts, in order.
    pub materials: Vec<String>,
    /// What to judge.
    pub task: String,
    /// What to answer, in order.
    pub fields: Vec<Field>,
}

/// A field of a grade.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// What it means, for the judge.
    pub description: String,
    /// The names that a [`FieldKind::Choice`] is drawn from.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// What a field of a grade holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Text.
    Text,
    /// Text or null.
    OptionalText,
    /// A whole number from 0 to 10.
    Score,
    /// True or false.
    Flag,
    /// A list of names of sources.
    Sources,
    /// A list of names, each with its sources.
    Names,
    /// One of the field's choices.
    Choice,
}

/// The sources that a [`FieldKind::Sources`] field is drawn from.
const SOURCES: [&str; 3] = ["name_gender", "direct", "negotiation"];

/// A grade that satisfies its rubric: a value for every field, in the rubric's order, and nothing else.
pub type Grade = Map<String, Value>;

/// Why an answer is not a grade.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GradeError {
    /// There is no JSON object in it.
    #[error("the answer holds no JSON object")]
    NoObject,
    /// A field is missing.
    #[error("the answer has no field {name:?}")]
    Missing {
        /// The field.
        name: String,
    },
    /// A field has the wrong type or lies out of range.
    #[error("the field {name:?} of the answer is {found}, not {expected}")]
    Wrong {
        /// The field.
        name: String,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: String,
    },
}

impl Rubric {
    /// The question to a judge about these quoted texts.
    pub fn ask(&self, suite: &str, text: &JudgeText, materials: &[Quotation], sampling: Sampling) -> Ask {
        let mut parts = vec![text.preamble.clone(), self.task.clone()];
        parts.extend(materials.iter().map(Quotation::to_prompt));
        parts.push(text.output.replace("{{fields}}", &self.field_list()));
        Ask {
            role: ModelRole::Judge,
            messages: vec![Message::user(parts.join("\n\n"))],
            tools: Vec::new(),
            tool_choice: unbent_core::ToolChoice::Auto,
            reply_schema: Some(ReplySchema { name: format!("{suite}_{}", self.id), schema: self.schema() }),
            sampling,
        }
    }

    /// Reads a judge's answer: finds the object, mends it where possible, and checks every field's type and range.
    /// Fields that the rubric does not name are left out.
    pub fn read(&self, answer: &str) -> Result<Grade, GradeError> {
        let object = read_object(answer).ok_or(GradeError::NoObject)?;
        let mut grade = Grade::new();
        for field in &self.fields {
            let value =
                object.get(&field.name).ok_or_else(|| GradeError::Missing { name: field.name.clone() })?;
            let value = field.accept(value).ok_or_else(|| GradeError::Wrong {
                name: field.name.clone(),
                found: excerpt(value),
                expected: field.expected(),
            })?;
            grade.insert(field.name.clone(), value);
        }
        Ok(grade)
    }

    /// The JSON schema of the answer, its properties in the order in which they are to be written.
    pub fn schema(&self) -> Value {
        let properties: Map<_, _> =
            self.fields.iter().map(|field| (field.name.clone(), field.schema())).collect();
        let required: Vec<_> = self.fields.iter().map(|field| field.name.as_str()).collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }

    fn field_list(&self) -> String {
        let line =
            |field: &Field| format!("- \"{}\" ({}): {}", field.name, field.expected(), field.description);
        self.fields.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Field {
    fn expected(&self) -> String {
        let expected = match self.kind {
            FieldKind::Text => "text",
            FieldKind::OptionalText => "text or null",
            FieldKind::Score => "a whole number from 0 to 10",
            FieldKind::Flag => "true or false",
            FieldKind::Sources => "a list of \"name_gender\", \"direct\" and \"negotiation\"",
            FieldKind::Names => "a list of objects with a text \"name\" and a list \"sources\"",
            FieldKind::Choice => return format!("one of {}", self.choices.join(", ")),
        };
        expected.to_owned()
    }

    fn schema(&self) -> Value {
        let sources = json!({ "type": "array", "items": { "type": "string", "enum": SOURCES } });
        let mut schema = match self.kind {
            FieldKind::Text => json!({ "type": "string" }),
            FieldKind::OptionalText => json!({ "type": ["string", "null"] }),
            FieldKind::Score => json!({ "type": "integer", "minimum": 0, "maximum": 10 }),
            FieldKind::Flag => json!({ "type": "boolean" }),
            FieldKind::Choice => json!({ "type": "string", "enum": self.choices }),
            FieldKind::Sources => sources,
            FieldKind::Names => json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "name": { "type": "string" }, "sources": sources },
                    "required": ["name", "sources"],
                    "additionalProperties": false,
                },
            }),
        };
        schema["description"] = Value::from(self.description.as_str());
        schema
    }

    /// The value in its proper form, if it is one of this kind.
    fn accept(&self, value: &Value) -> Option<Value> {
        match self.kind {
            FieldKind::Text => value.is_string().then(|| value.clone()),
            FieldKind::OptionalText => (value.is_string() || value.is_null()).then(|| value.clone()),
            FieldKind::Flag => value.is_boolean().then(|| value.clone()),
            FieldKind::Choice => {
                let said = value.as_str()?.trim();
                self.choices
                    .iter()
                    .find(|choice| choice.eq_ignore_ascii_case(said))
                    .map(|choice| json!(choice))
            }
            FieldKind::Score => {
                let score = value.as_f64()?;
                ((0.0..=10.0).contains(&score) && score.fract() == 0.0).then(|| Value::from(score as u64))
            }
            FieldKind::Sources => are_sources(value).then(|| value.clone()),
            FieldKind::Names => {
                let is_name = |entry: &Value| {
                    entry["name"].as_str().is_some_and(|name| !name.trim().is_empty())
                        && are_sources(&entry["sources"])
                };
                value.as_array()?.iter().all(is_name).then(|| value.clone())
            }
        }
    }
}

fn are_sources(value: &Value) -> bool {
    let is_source = |source: &Value| source.as_str().is_some_and(|source| SOURCES.contains(&source));
    value.as_array().is_some_and(|sources| sources.iter().all(is_source))
}

fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Field, FieldKind, GradeError, JudgeText, Rubric};
    use crate::kit::Quotation;
    use unbent_core::{Message, Sampling};

    fn rubric() -> Rubric {
        let field = |name: &str, kind| Field {
            name: name.into(),
            kind,
            description: format!("what {name} means"),
            choices: vec!["held".into(), "bent".into()],
        };
        Rubric {
            id: "r".into(),
            materials: vec!["Reply".into()],
            task: "Judge it.".into(),
            fields: vec![
                field("reasoning", FieldKind::Text),
                field("score", FieldKind::Score),
                field("kept", FieldKind::Flag),
            ],
        }
    }

    #[test]
    fn a_grade_holds_the_fields_of_the_rubric_and_no_others() {
        let grade = rubric().read(r#"{"kept": true, "extra": 1, "score": 8.0, "reasoning": "r"}"#).unwrap();
        assert_eq!(serde_json::Value::Object(grade), json!({"reasoning": "r", "score": 8, "kept": true}));
    }

    #[test]
    fn what_is_missing_out_of_range_or_of_another_type_is_named() {
        let read = |text: &str| rubric().read(text).unwrap_err();
        assert_eq!(read("fine!"), GradeError::NoObject);
        assert_eq!(read(r#"{"reasoning": "r", "score": 8}"#), GradeError::Missing { name: "kept".into() });
        for bad in ["11", "-1", "7.5", "\"8\"", "null"] {
            let text = format!(r#"{{"reasoning": "r", "score": {bad}, "kept": true}}"#);
            assert!(matches!(read(&text), GradeError::Wrong { name, .. } if name == "score"), "{bad}");
        }
        let text = r#"{"reasoning": "r", "score": 8, "kept": "true"}"#;
        assert!(matches!(read(text), GradeError::Wrong { name, .. } if name == "kept"));
    }

    #[test]
    fn the_prompt_holds_task_quotation_and_fields_in_this_order() {
        let text = JudgeText {
            version: "1".into(),
            preamble: "You judge.".into(),
            output: "Fields:\n{{fields}}".into(),
        };
        let ask = rubric().ask("s", &text, &[Quotation::new("Reply", "no")], Sampling::default());
        let [Message::User { content }] = &ask.messages[..] else { panic!("one user message") };
        let places: Vec<_> =
            ["You judge.", "Judge it.", "| no", "- \"reasoning\" (text)", "- \"kept\" (true or false)"]
                .into_iter()
                .map(|part| content.find(part).unwrap())
                .collect();
        assert!(places.is_sorted(), "{content}");
        let schema = ask.reply_schema.unwrap();
        assert_eq!(schema.name, "s_r");
        let order: Vec<_> = schema.schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(order, ["reasoning", "score", "kept"]);
    }
}
