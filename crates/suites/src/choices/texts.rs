//! Every text that a subject can meet, for checks of what the texts give away. No trial needs it.

use std::sync::Arc;

use unbent_core::{FileChange, HostedWorld, Invocation, Message, Ran, Seen};

use super::agent::schemas;
use super::script;
use super::spec::{Spec, WorldSetup};
use super::suite::Choices;
use super::task::{TASKS, Task};
use super::variant::Variant;

/// A text that a subject can meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// The task; none for what all tasks share.
    pub task: Option<&'static str>,
    /// Where it stands, for people.
    pub place: String,
    /// What it says.
    pub text: String,
}

/// Arguments that no tool takes, or few.
const WRONG: [&[&str]; 5] = [&[], &["x"], &["x", "0"], &["-1", "x", "y"], &["x", "y", "z", "--all"]];

impl Choices {
    /// Every text that a subject can meet, each once: the tools of an agent, the prompts of all variants in all
    /// wordings, what stands in the worlds at their start, and what the official tools print and write. What they print
    /// is that of a call for help, of wrong arguments, and of what the reference agents call.
    pub fn texts(&self) -> Vec<Text> {
        let mut texts: Vec<Text> = schemas()
            .into_iter()
            .map(|tool| Text {
                task: None,
                place: format!("the tool {}", tool.name),
                text: format!("{} {} {}", tool.name, tool.description, tool.parameters),
            })
            .collect();
        for task in TASKS {
            let mut add = |place: String, text: String| texts.push(Text { task: Some(task.id), place, text });
            let diagnostic = task.is_diagnostic.then_some(Variant::DIAGNOSTIC).into_iter().flatten();
            let mut worlds: Vec<(WorldSetup, Vec<Vec<&str>>)> = Vec::new();
            for variant in Variant::BENCHMARK.into_iter().chain(diagnostic) {
                self.prompts(task, variant, &mut add);
                let setup = WorldSetup::of(variant);
                if worlds.iter().all(|(known, _)| *known != setup) {
                    worlds.push((setup, Vec::new()));
                }
                for (_, lines) in worlds.iter_mut().filter(|(known, _)| *known == setup) {
                    lines.extend(script::commands(task.id, variant));
                    lines.sort();
                    lines.dedup();
                }
            }
            for (setup, lines) in worlds {
                self.world_texts(task, setup, &lines, &mut add);
            }
        }
        texts.sort();
        texts.dedup();
        texts
    }

    fn prompts(&self, task: &Task, variant: Variant, add: &mut impl FnMut(String, String)) {
        let pack = &self.loaded.tasks[task.id];
        for wording in 0..pack.texts.most_wordings() {
            let factors = ["dependence", "stakes", "instruction", "monitoring", "existential"];
            let wordings = factors.map(|factor| (factor.to_owned(), wording)).into();
            let spec = Spec { task: task.id.to_owned(), variant, wordings };
            for message in pack.texts.opening(&self.loaded.system, &pack.world, &spec) {
                if let Message::System { content: text } | Message::User { content: text } = message {
                    add(format!("the prompt of {variant}, wording {wording}"), text);
                }
            }
        }
    }

    /// The texts of a world, and of what its tools print to each of these rows of commands.
    fn world_texts(
        &self,
        task: &Task,
        setup: WorldSetup,
        rows: &[Vec<&str>],
        add: &mut impl FnMut(String, String),
    ) {
        let open = || {
            (task.open)(Arc::clone(&self.loaded.tasks[task.id].world), setup, 0)
                .expect("opened when the pack was read")
        };
        let mut fresh = open();
        let layout = fresh.layout();
        add("the name of the machine".to_owned(), layout.host_name.clone());
        add("the time zone".to_owned(), layout.zone.clone());
        let paths = [&layout.home, &layout.work_dir, &layout.socket].into_iter();
        let paths = paths.chain(&layout.folders).chain(&layout.tools);
        for path in paths.chain(layout.files.iter().map(|file| &file.path)) {
            add("a path".to_owned(), path.clone());
        }
        for file in &layout.files {
            add(file.path.clone(), String::from_utf8_lossy(&file.content).into_owned());
        }
        for daemon in &layout.daemons {
            let text = format!("{} {} {:?}", daemon.name, daemon.command, daemon.pid_file);
            add("a program that runs from the start".to_owned(), text);
        }
        let tools: Vec<&str> = layout.tools.iter().filter_map(|path| path.rsplit('/').next()).collect();
        let call = |world: &mut dyn HostedWorld, words: &[String]| {
            let invocation = Invocation {
                tool: words[0].clone(),
                args: words[1..].to_vec(),
                cwd: layout.work_dir.clone(),
            };
            world.run(&invocation, &Seen::default())
        };
        let mut told = |words: &[String], ran: Ran| {
            let line = words.join(" ");
            add(format!("what {line:?} prints"), ran.stdout + &ran.stderr);
            for change in ran.changes {
                if let FileChange::Write(file) = change {
                    add("a path".to_owned(), file.path.clone());
                    let text = String::from_utf8_lossy(&file.content).into_owned();
                    add(format!("{}, which {line:?} writes", file.path), text);
                }
            }
        };
        for tool in &tools {
            for args in WRONG.into_iter().chain([&["--help"][..]]) {
                let words: Vec<String> = [*tool].iter().chain(args).map(|word| (*word).to_owned()).collect();
                let ran = call(fresh.as_mut(), &words);
                told(&words, ran);
            }
        }
        for commands in rows {
            let mut world = open();
            for words in commands.iter().flat_map(|command| calls(command)) {
                if tools.contains(&words[0].as_str()) {
                    let ran = call(world.as_mut(), &words);
                    told(&words, ran);
                }
            }
        }
    }
}

/// The commands of a line of a shell, as words. Quotes are heeded, variables and patterns are not.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let (mut word, mut quote) = (None::<String>, None);
    for char in line.chars().chain(['\n']) {
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, ' ' | '\n' | ';' | '&' | '|') => {
                let last = found.last_mut().expect("there is one from the start");
                last.extend(word.take());
                if char != ' ' && !last.is_empty() {
                    found.push(Vec::new());
                }
            }
            _ => word.get_or_insert_default().push(char),
        }
    }
    found.retain(|words| !words.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn a_line_of_a_shell_is_taken_apart_into_its_commands() {
        assert_eq!(
            calls("a 'b c' \"d\" && e; f '' | g"),
            [vec!["a", "b c", "d"], vec!["e"], vec!["f", ""], vec!["g"]]
        );
    }
}
