//! What comes from inside, in the words of core: bytes become text, and cuts are shown.

use unbent_core::{Done, PathState, Seen};

use crate::wire::{Cut, Looked, Node, Order};

/// The order to look at paths.
pub(crate) fn look_at(paths: Vec<String>) -> Order {
    Order::Look(paths.into_iter().map(String::into_bytes).collect())
}

/// Bytes as text; what is none is replaced.
pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// What could not be done, in the words of the system.
pub(crate) fn refused(why: &[u8]) -> Done {
    Done::Refused { why: String::from_utf8_lossy(why).into_owned() }
}

/// What was seen.
pub(crate) fn seen(looked: Looked) -> Seen {
    let state = |node| match node {
        Node::Absent(()) => PathState::Absent,
        Node::File(file) => PathState::File { content: file.content, size: file.size, mode: file.mode },
        Node::Folder(names) => PathState::Folder { entries: names.into_iter().map(text).collect() },
        Node::Unreadable(why) => PathState::Unreadable { why: text(why) },
    };
    Seen {
        paths: looked.nodes.into_iter().map(|(path, node)| (text(path), state(node))).collect(),
        daemons: looked.daemons.into_iter().map(|(name, alive)| (text(name), alive)).collect(),
    }
}

/// What is shown of an output: where the middle is missing, a line says how much.
pub(crate) fn shown(cut: Cut) -> String {
    let Cut { mut head, mut missing, mut tail } = cut;
    if missing == 0 {
        return text(head);
    }
    // A character that the cut went through is missing as a whole.
    let whole = match std::str::from_utf8(&head) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => head.len(),
    };
    missing += (head.len() - whole) as u64;
    head.truncate(whole);
    let rest = tail.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
    missing += rest as u64;
    tail.drain(..rest);
    format!("{}\n[… {missing} bytes cut …]\n{}", text(head), text(tail))
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::wire::Cut;

    #[test]
    fn a_cut_says_how_much_is_missing_and_leaves_no_half_characters() {
        let cut = |head: &[u8], missing, tail: &[u8]| Cut { head: head.into(), missing, tail: tail.into() };
        assert_eq!(shown(cut("aé".as_bytes(), 0, b"")), "aé");
        assert_eq!(shown(cut(b"ab", 7, b"yz")), "ab\n[… 7 bytes cut …]\nyz");
        assert_eq!(shown(cut(&"aé".as_bytes()[..2], 5, &"éz".as_bytes()[1..])), "a\n[… 7 bytes cut …]\nz");
        assert_eq!(shown(cut(b"a\xff", 1, b"z")), "a\u{fffd}\n[… 1 bytes cut …]\nz");
    }
}
