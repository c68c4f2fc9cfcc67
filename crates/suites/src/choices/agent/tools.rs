//! The four tools of an agent: what they take, what they do, and how they tell what went wrong.

use serde_json::{Value, json};
use unbent_core::{Deed, Done, ToolCall, ToolSpec};

/// The tools, as a model is shown them.
pub(in crate::choices) fn schemas() -> Vec<ToolSpec> {
    let tool = |name: &str, description: &str, properties: Value, required: &[&str]| ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }),
    };
    vec![
        tool(
            "shell",
            "Run a command with bash and return what it prints. Every command starts afresh; only files stay.",
            json!({
                "command": { "type": "string", "description": "The command to run." },
                "cwd": {
                    "anyOf": [{ "type": "string" }, { "type": "null" }],
                    "default": null,
                    "description": "The folder to run it in.",
                },
            }),
            &["command"],
        ),
        tool(
            "read_file",
            "Return what a file holds.",
            json!({ "path": { "type": "string", "description": "The file to read." } }),
            &["path"],
        ),
        tool(
            "write_file",
            "Write a file, replacing what it held before.",
            json!({
                "path": { "type": "string", "description": "The file to write." },
                "content": { "type": "string", "description": "What it shall hold." },
            }),
            &["path", "content"],
        ),
        tool(
            "list_dir",
            "List a folder, with details.",
            json!({ "path": { "type": "string", "default": ".", "description": "The folder to list." } }),
            &[],
        ),
    ]
}

/// What a model called.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::choices) enum Called {
    /// Something that can be done.
    Deed {
        /// The tool.
        tool: String,
        /// Its arguments.
        arguments: Value,
        /// What it means.
        deed: Deed,
    },
    /// A tool that there is not, or arguments that it does not take.
    Wrong {
        /// The tool.
        tool: String,
        /// Its arguments, or null where they cannot be read.
        arguments: Value,
        /// What the model is told.
        told: String,
    },
}

/// Reads a call.
pub(super) fn read(call: &ToolCall, command_seconds: u32) -> Called {
    let tool = call.name.clone();
    let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let arguments = match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => value,
        Ok(_) => return wrong(tool, Value::Null, "the arguments are not a JSON object"),
        Err(error) => return wrong(tool, Value::Null, &format!("the arguments are not JSON: {error}")),
    };
    let takes: &[&str] = match tool.as_str() {
        "shell" => &["command", "cwd"],
        "read_file" | "list_dir" => &["path"],
        "write_file" => &["path", "content"],
        _ => return Called::Wrong { told: format!("Tool {tool} not found"), tool, arguments },
    };
    let stray =
        arguments.as_object().and_then(|object| object.keys().find(|key| !takes.contains(&key.as_str())));
    if let Some(stray) = stray {
        let why = format!("{tool} takes no argument {stray:?}, only {}", takes.join(", "));
        return wrong(tool, arguments.clone(), &why);
    }
    let given = |name: &str| match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("the argument {name:?} must be text")),
    };
    let needed = |name: &str| given(name)?.ok_or_else(|| format!("the argument {name:?} is missing"));
    let deed = match tool.as_str() {
        "shell" => needed("command")
            .and_then(|command| Ok(Deed::Exec { command, cwd: given("cwd")?, timeout_s: command_seconds })),
        "read_file" => needed("path").map(|path| Deed::Read { path }),
        "write_file" => needed("path").and_then(|path| Ok(Deed::Write { path, content: needed("content")? })),
        _ => given("path").map(|path| {
            let path = path.unwrap_or_else(|| ".".to_owned());
            Deed::Exec {
                command: format!("ls -la -- {}", quoted(&path)),
                cwd: None,
                timeout_s: command_seconds,
            }
        }),
    };
    match deed {
        Ok(deed) => Called::Deed { tool, arguments, deed },
        Err(why) => wrong(tool, arguments.clone(), &why),
    }
}

fn wrong(tool: String, arguments: Value, why: &str) -> Called {
    Called::Wrong { told: format!("Error parsing the call of {tool}: {why}"), tool, arguments }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// What the model is told of what came of it, and whether that is a success.
///
/// The structure of the texts is the reference's: return code, folder, command, then both outputs.
pub(super) fn told(deed: &Deed, arguments: &Value, done: &Done) -> (String, bool) {
    let or_empty = |text: &str| {
        let text = text.strip_suffix('\n').unwrap_or(text);
        if text.is_empty() { "(empty)".to_owned() } else { text.to_owned() }
    };
    let listed = arguments.get("path").and_then(Value::as_str).unwrap_or(".");
    let is_list = arguments.get("command").is_none();
    match (deed, done) {
        (Deed::Exec { .. }, Done::Exec { code: Some(code @ 1..), stdout, stderr, .. }) if is_list => {
            let (out, err) = (or_empty(stdout), or_empty(stderr));
            (format!("ls failed (returncode={code}).\npath={listed}\nstdout:\n{out}\nstderr:\n{err}"), false)
        }
        (Deed::Exec { command, .. }, Done::Exec { code: Some(code @ 1..), cwd, stdout, stderr }) => {
            let (out, err) = (or_empty(stdout), or_empty(stderr));
            let head = format!("Command failed (returncode={code}).\ncwd={cwd}\ncommand={command}");
            (format!("{head}\nstdout:\n{out}\nstderr:\n{err}"), false)
        }
        (Deed::Exec { command, timeout_s, .. }, Done::Exec { code: None, cwd, .. }) => (
            format!("shell command timed out after {timeout_s} seconds.\ncwd={cwd}\ncommand={command}"),
            false,
        ),
        (_, Done::Read { content }) => (content.clone(), true),
        (_, Done::Written) => ("ok".to_owned(), true),
        (_, Done::NotFound { path }) => (format!("File '{path}' was not found."), false),
        (_, Done::Refused { why }) => (why.clone(), false),
        (_, Done::Exec { stdout, .. }) => (stdout.clone(), true),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use unbent_core::{Deed, Done, ToolCall};

    use super::{Called, read, told};

    fn call(name: &str, arguments: &str) -> Called {
        read(&ToolCall { id: "1".into(), name: name.into(), arguments: arguments.into() }, 180)
    }

    #[test]
    fn calls_are_read_and_wrong_ones_are_answered() {
        let deed = Deed::Exec { command: "ls".into(), cwd: Some("/w".into()), timeout_s: 180 };
        let found = call("shell", r#"{"command": "ls", "cwd": "/w"}"#);
        assert!(matches!(found, Called::Deed { deed: found, .. } if found == deed));
        assert!(
            matches!(call("list_dir", ""), Called::Deed { deed: Deed::Exec { command, .. }, .. } if command == "ls -la -- '.'")
        );
        for (name, arguments, told) in [
            ("fly", "{}", "Tool fly not found"),
            ("shell", "{", "not JSON"),
            ("shell", "[]", "not a JSON object"),
            ("shell", "{}", "\"command\" is missing"),
            ("read_file", r#"{"path": 1}"#, "\"path\" must be text"),
            ("read_file", r#"{"path": "a", "mode": 1}"#, "takes no argument \"mode\""),
        ] {
            let Called::Wrong { told: found, .. } = call(name, arguments) else {
                panic!("{name} {arguments}")
            };
            assert!(found.contains(told), "{found}");
        }
    }

    #[test]
    fn a_failed_command_is_told_as_the_reference_does() {
        let deed = Deed::Exec { command: "cat x".into(), cwd: None, timeout_s: 180 };
        let done = |code| Done::Exec { code, cwd: "/w".into(), stdout: String::new(), stderr: "no\n".into() };
        let (text, ok) = told(&deed, &json!({ "command": "cat x" }), &done(Some(1)));
        assert!(!ok);
        assert_eq!(
            text,
            "Command failed (returncode=1).\ncwd=/w\ncommand=cat x\nstdout:\n(empty)\nstderr:\nno"
        );
        let (text, _) = told(&deed, &json!({ "command": "cat x" }), &done(None));
        assert_eq!(text, "shell command timed out after 180 seconds.\ncwd=/w\ncommand=cat x");
        let (text, _) = told(&deed, &json!({ "path": "x" }), &done(Some(2)));
        assert_eq!(text, "ls failed (returncode=2).\npath=x\nstdout:\n(empty)\nstderr:\nno");
    }
}
