//! What an agent is told: the texts of a task, put together by the circumstances of a variant.

use std::collections::BTreeMap;

use serde::Deserialize;
use unbent_core::{Message, Stream};

use super::spec::Spec;
use super::variant::{Factors, Scene, Variant};
use super::world::{WorldData, filled_for_prompt};

/// The file `system.toml`: what every task tells.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemTexts {
    /// Where the agent works; `{{work_dir}}` stands for its folder.
    environment: String,
    /// How it works.
    workflow: String,
    /// What it may do with the tools.
    tool_use_notice: String,
    /// The heading before a policy that is repeated in the user's message.
    policy_reminder: String,
}

/// The file `prompt.toml` of a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskTexts {
    /// Who the agent is.
    role: String,
    /// What has happened, by scene; `open` where a scene has no text of its own.
    situation: BTreeMap<Scene, String>,
    /// Where to look, a line each.
    resources: Vec<String>,
    /// What shall be done.
    objective: String,
    /// What depends on it; the first of the four points of the context.
    dependence: Vec<String>,
    stakes: BTreeMap<String, Vec<String>>,
    instruction: BTreeMap<String, Vec<String>>,
    monitoring: BTreeMap<String, Vec<String>>,
    existential: BTreeMap<String, Vec<String>>,
    /// The policy in a few sentences, for the diagnostic variants; absent where a task has none.
    policy: Option<String>,
    /// The line about the tool to record what blocks the work, for the diagnostic variant that has it.
    blocker: Option<String>,
}

/// The factors that have wordings, with the levels that each must word.
const FACTORS: [(&str, &[&str]); 4] = [
    ("stakes", &["medium", "critical"]),
    ("instruction", &["forbidden", "vague", "permitted"]),
    ("monitoring", &["unwatched", "watched"]),
    ("existential", &["literal_death"]),
];

impl SystemTexts {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }
}

impl TaskTexts {
    /// Reads the file and checks that nothing is missing.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn parse(text: &str, is_diagnostic: bool) -> Result<Self, String> {
        let texts: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if !texts.situation.contains_key(&Scene::Open) {
            return Err("situation.open is missing".to_owned());
        }
        for (factor, levels) in FACTORS {
            let table = texts.factor(factor);
            for level in levels {
                if table.get(*level).is_none_or(|wordings| wordings.len() < 2) {
                    return Err(format!("{factor}.{level} needs two wordings or more"));
                }
            }
            if let Some(stray) = table.keys().find(|level| !levels.contains(&level.as_str())) {
                return Err(format!("{factor} has no level {stray:?}, only {}", levels.join(", ")));
            }
        }
        if texts.dependence.is_empty() {
            return Err("dependence needs a wording".to_owned());
        }
        if is_diagnostic && (texts.policy.is_none() || texts.blocker.is_none()) {
            return Err("policy and blocker are needed for the diagnostic variants".to_owned());
        }
        Ok(texts)
    }

    fn factor(&self, name: &str) -> &BTreeMap<String, Vec<String>> {
        match name {
            "stakes" => &self.stakes,
            "instruction" => &self.instruction,
            "monitoring" => &self.monitoring,
            _ => &self.existential,
        }
    }

    /// The wording of each factor that has a level in this variant, drawn by a seed.
    pub(super) fn drawn(&self, task: &str, variant: Variant, seed: u64) -> BTreeMap<String, usize> {
        let mut stream = Stream::new(seed, "choices wording", &format!("{task} {variant}"));
        let mut draw = |wordings: Option<&Vec<String>>| stream.below(wordings.map_or(0, Vec::len));
        let levels = levels(&variant.factors());
        let mut drawn: BTreeMap<_, _> = levels
            .into_iter()
            .map(|(factor, level)| (factor.to_owned(), draw(self.factor(factor).get(level))))
            .collect();
        drawn.insert("dependence".to_owned(), draw(Some(&self.dependence)));
        drawn.retain(|_, wording| *wording > 0);
        drawn
    }

    /// The wording of a factor that a case has.
    fn wording<'t>(&'t self, spec: &Spec, factor: &str, level: &str) -> Option<&'t str> {
        let wordings =
            if factor == "dependence" { &self.dependence } else { self.factor(factor).get(level)? };
        let chosen = spec.wordings.get(factor).copied().unwrap_or(0);
        wordings.get(chosen).or(wordings.first()).map(String::as_str)
    }

    /// The messages that a trial begins with.
    pub(super) fn opening(&self, system: &SystemTexts, world: &WorldData, spec: &Spec) -> Vec<Message> {
        let factors = spec.variant.factors();
        let fill = |text: &str| filled_for_prompt(text.trim(), world, factors.scene);
        let mut blocks = vec![
            block("role", &fill(&self.role)),
            block("environment", &fill(&system.environment)),
            block("workflow", &fill(&system.workflow)),
            block("tool_use_notice", &fill(&system.tool_use_notice)),
        ];
        let policy = self.policy.as_deref().unwrap_or_default();
        if spec.variant == Variant::PromptPolicy {
            blocks.push(block("policy", &fill(policy)));
        }
        let situation = self.situation.get(&factors.scene).unwrap_or(&self.situation[&Scene::Open]);
        let mut resources: Vec<String> =
            self.resources.iter().map(|line| format!("- {}", fill(line))).collect();
        if spec.variant == Variant::SanctionedBlocker {
            resources.extend(self.blocker.iter().map(|line| format!("- {}", fill(line))));
        }
        let mut context = vec![fill(self.wording(spec, "dependence", "").unwrap_or_default())];
        for (factor, level) in levels(&factors) {
            context.extend(self.wording(spec, factor, level).map(&fill));
        }
        let context: Vec<String> = context.iter().map(|point| format!("- {point}")).collect();
        let mut user = format!(
            "{}\n{}\n{}\n\n\n{}",
            block("situation", &fill(situation)),
            block("resources", &resources.join("\n")),
            fill(&self.objective),
            block("context", &context.join("\n")),
        );
        if spec.variant == Variant::PolicyReminder {
            user += &format!("\n\n{}\n{}", fill(&system.policy_reminder), fill(policy));
        }
        vec![Message::system(blocks.join("\n\n")), Message::user(user)]
    }

    /// How many wordings the factor that has the most of them has.
    pub(super) fn most_wordings(&self) -> usize {
        let factors = FACTORS.iter().flat_map(|(name, _)| self.factor(name).values());
        factors.chain([&self.dependence]).map(Vec::len).max().unwrap_or(0)
    }
}

/// The points of the context that follow from the circumstances, in their order.
fn levels(factors: &Factors) -> Vec<(&'static str, &'static str)> {
    let mut levels = vec![
        ("stakes", factors.stakes),
        ("instruction", factors.instruction),
        ("monitoring", factors.monitoring),
    ];
    if factors.existential != "baseline" {
        levels.push(("existential", factors.existential));
    }
    levels
}

fn block(tag: &str, text: &str) -> String {
    format!("<{tag}>\n{text}\n</{tag}>")
}
