//! Server-sent events, as far as model APIs use them: `event` and `data` lines in blocks.

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SseEvent {
    /// Its name; `message` where none is given.
    pub(crate) name: String,
    /// Its data, lines joined.
    pub(crate) data: String,
}

/// The events of a stream in their order. Comments, ids and the rest of an event that was cut off are left out.
///
/// WHATWG HTML, section 9.2.6.
pub(crate) fn sse_events(stream: &str) -> Vec<SseEvent> {
    let mut events = Vec::new();
    let (mut name, mut data) = (String::new(), None::<String>);
    for line in stream.lines() {
        if line.is_empty() {
            if let Some(data) = data.take() {
                let name = if name.is_empty() { "message".to_owned() } else { std::mem::take(&mut name) };
                events.push(SseEvent { name, data });
            }
            name.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "data" => match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::{SseEvent, sse_events};

    fn event(name: &str, data: &str) -> SseEvent {
        SseEvent { name: name.into(), data: data.into() }
    }

    #[test]
    fn blocks_are_events_and_comments_are_not() {
        let stream = ": keep-alive\n\nevent: a\r\ndata: 1\r\ndata: 2\r\n\r\ndata:{}\n\n";
        assert_eq!(sse_events(stream), [event("a", "1\n2"), event("message", "{}")]);
    }

    #[test]
    fn an_event_without_its_empty_line_was_cut_off() {
        assert_eq!(sse_events("data: 1\n\ndata: 2\n"), [event("message", "1")]);
    }
}
