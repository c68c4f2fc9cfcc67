//! Asks until an answer is usable, for as long as the suite is patient.

use unbent_core::{Ask, Fault, History, Need, NeedKey, Reply};

/// Where the search for a usable answer stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Sought<T> {
    /// Here it is.
    Found(T),
    /// It must be asked for.
    Needed(Box<Need>),
    /// It could not be asked for.
    Faulted(Fault),
    /// It was asked for as often as allowed, and never usable: why the last one was not.
    GaveUp(String),
}

/// Looks for a usable answer under `key`, `key~2`, … and asks for the next one while none is usable.
///
/// At most `tries` askings in each round of the trial. `read` says what a reply gives, or why it is unusable.
pub fn seek<T>(
    history: &History,
    key: &NeedKey,
    tries: u32,
    read: impl Fn(&Reply) -> Result<T, String>,
    ask: impl FnOnce() -> Ask,
) -> Sought<T> {
    let mut why = String::new();
    for n in 1..=tries.saturating_mul(history.rounds() + 1) {
        let key = key.again(n);
        if let Some(fault) = history.fault(&key) {
            return Sought::Faulted(fault.clone());
        }
        match history.reply(&key).map(&read) {
            Some(Ok(found)) => return Sought::Found(found),
            Some(Err(unusable)) => why = unusable,
            None => return Sought::Needed(Box::new(Need::ask(key, ask()))),
        }
    }
    Sought::GaveUp(why)
}

#[cfg(test)]
mod tests {
    use unbent_core::{Ask, AssistantMessage, History, ModelRole, Reply, Sampling};

    use super::{Sought, seek};

    fn look(history: &History) -> Sought<String> {
        let read = |reply: &Reply| match reply.message.content.as_deref() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err("empty".to_owned()),
        };
        seek(history, &"q".into(), 2, read, || Ask {
            role: ModelRole::Judge,
            messages: vec![],
            tools: vec![],
            tool_choice: unbent_core::ToolChoice::Auto,
            reply_schema: None,
            sampling: Sampling::default(),
        })
    }

    fn reply(text: &str) -> Reply {
        Reply::of(AssistantMessage::text(text))
    }

    #[test]
    fn an_unusable_answer_is_asked_again_under_a_key_of_its_own() {
        let history = History::new();
        assert!(matches!(look(&history), Sought::Needed(need) if need.key.as_str() == "q"));
        let history = history.with_reply("q", reply(""));
        assert!(matches!(look(&history), Sought::Needed(need) if need.key.as_str() == "q~2"));
        assert_eq!(look(&history.with_reply("q~2", reply("yes"))), Sought::Found("yes".to_owned()));
    }

    #[test]
    fn patience_ends_and_starts_anew_with_each_round() {
        let history = History::new().with_reply("q", reply("")).with_reply("q~2", reply(""));
        assert_eq!(look(&history), Sought::GaveUp("empty".to_owned()));
        assert!(matches!(look(&history.reopened()), Sought::Needed(need) if need.key.as_str() == "q~3"));
    }
}
