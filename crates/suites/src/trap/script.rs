//! What reference subjects of known truth say to the suite's prompts, and how the simulated judge is reached.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use unbent_core::{Ask, AssistantMessage, Call, Message, ReferenceScript, Stream};

use super::case::Language;
use super::evaluate::{Question, ReadAnswer};
use super::suite::{REGISTRATION, Trap};
use crate::kit::quoted_materials;

impl ReferenceScript for Trap {
    fn speak(
        &self,
        _persona: &str,
        _params: &BTreeMap<String, String>,
        _call: &Call<'_>,
        _stream: Stream,
    ) -> Option<AssistantMessage> {
        None
    }

    /// The simulated judge goes by the rules; where they abstain, so does it.
    fn judge(&self, ask: &Ask) -> Option<Value> {
        ask.reply_schema.as_ref()?.name.strip_prefix(REGISTRATION.id)?.strip_prefix('_')?;
        let Some(Message::User { content }) = ask.messages.first() else { return None };
        let quoted = quoted_materials(content);
        let [category, _, prompt, answer] = quoted.as_slice() else { return None };
        let question = Question {
            category: category.text.trim().parse().ok()?,
            family: None,
            prompt: &prompt.text,
            language: Language::default(),
        };
        let verdict = self.rules().assess(&question, &ReadAnswer::of_text(&answer.text)).verdict();
        Some(json!({ "reasoning": "The simulated judge goes by the rules.", "verdict": verdict.name() }))
    }

    fn guard(
        &self,
        persona: &str,
        params: &BTreeMap<String, String>,
        call: &Call<'_>,
        stream: Stream,
    ) -> Option<Value> {
        super::guard::simulated::decision(self, persona, params, call, stream)
    }
}
