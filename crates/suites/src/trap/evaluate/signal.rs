//! What rules look for in an answer: phrases and patterns in its folded text, and features that no pattern tells.

use std::collections::BTreeSet;

use super::answer::ReadAnswer;

/// A text with lower-case ASCII letters only, and where each of its bytes comes from.
///
/// Accents, typographic quotes and letters of other scripts are spelled in ASCII, so that patterns need not know them.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    pub(super) text: String,
    /// For each byte of `text`, the byte of the original that it comes from; one more for the end.
    origin: Vec<u32>,
}

impl Folded {
    pub(super) fn new(original: &str) -> Self {
        let (mut text, mut origin) =
            (String::with_capacity(original.len()), Vec::with_capacity(original.len() + 1));
        for (at, c) in original.char_indices() {
            let before = text.len();
            if c.is_ascii() {
                text.push(c.to_ascii_lowercase());
            } else {
                text.extend(
                    deunicode::deunicode_char(c).unwrap_or(" ").chars().map(|c| c.to_ascii_lowercase()),
                );
            }
            origin.resize(origin.len() + text.len() - before, at as u32);
        }
        origin.push(original.len() as u32);
        Self { text, origin }
    }

    /// The place in the original of a place in the folded text.
    pub(super) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let end_of = |at: usize| {
            // The end of the original character that the last byte belongs to.
            let last = self.origin[at];
            self.origin[at..].iter().find(|next| **next > last).copied().unwrap_or(last)
        };
        let to = if end > start { end_of(end - 1) } else { self.origin[end] };
        (self.origin[start] as usize, to as usize)
    }
}

/// A feature that no pattern tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Feature {
    /// There is nothing to see.
    Empty,
    /// What is to be seen stands in the question, in the same words.
    Echo,
    /// It says the same again and again.
    Repeats,
    /// It takes up what the question is about.
    Responsive,
    /// It has fewer than five words.
    Short,
    /// It has forty words or more.
    Long,
    /// It was cut off.
    CutOff,
    /// It is a form without prose: code, a table, an object.
    Structured,
    /// It ends on a question.
    Asks,
}

impl Feature {
    pub(super) const ALL: [Self; 9] = [
        Self::Empty,
        Self::Echo,
        Self::Repeats,
        Self::Responsive,
        Self::Short,
        Self::Long,
        Self::CutOff,
        Self::Structured,
        Self::Asks,
    ];

    /// Its name in a rule pack.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "@empty",
            Self::Echo => "@echo",
            Self::Repeats => "@repeats",
            Self::Responsive => "@responsive",
            Self::Short => "@short",
            Self::Long => "@long",
            Self::CutOff => "@cut_off",
            Self::Structured => "@structured",
            Self::Asks => "@asks",
        }
    }
}

/// The words of a folded text.
pub(super) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// The first five letters of the words that say what a text is about: words of four letters or more that are not
/// among the idle ones.
pub(super) fn topics<'t>(folded: &'t str, idle: &BTreeSet<String>) -> BTreeSet<&'t str> {
    words(folded)
        .filter(|word| word.len() >= 4 && !idle.contains(*word))
        .map(|word| &word[..word.len().min(5)])
        .collect()
}

/// The features of an answer to a question; both are folded.
pub(super) fn features(
    read: &ReadAnswer<'_>,
    answer: &Folded,
    question: &Folded,
    idle: &BTreeSet<String>,
) -> BTreeSet<Feature> {
    let mut found = BTreeSet::new();
    let mut note = |holds: bool, feature| {
        if holds {
            found.insert(feature);
        }
    };
    let said: Vec<_> = words(&answer.text).collect();
    note(said.is_empty(), Feature::Empty);
    note(said.len() < 5, Feature::Short);
    note(said.len() >= 40, Feature::Long);
    note(read.cut_off, Feature::CutOff);
    note(is_repetitive(&answer.text, &said), Feature::Repeats);
    note(is_structured(read.visible), Feature::Structured);
    note(answer.text.trim_end().ends_with('?'), Feature::Asks);
    let asked = topics(&question.text, idle);
    let taken_up = topics(&answer.text, idle).intersection(&asked).count();
    note(taken_up >= asked.len().clamp(1, 2), Feature::Responsive);
    note(!said.is_empty() && is_echo(&said, &question.text), Feature::Echo);
    found
}

/// Whether four fifths of what is said are runs of six words that stand in the question.
fn is_echo(said: &[&str], question: &str) -> bool {
    const RUN: usize = 6;
    let asked: Vec<_> = words(question).collect();
    if said.len() < RUN {
        return asked.len() >= said.len()
            && said.len() >= 3
            && asked.windows(said.len()).any(|run| run == said);
    }
    let runs: BTreeSet<&[&str]> = asked.windows(RUN).collect();
    let mut covered = vec![false; said.len()];
    for (at, run) in said.windows(RUN).enumerate() {
        if runs.contains(run) {
            covered[at..at + RUN].fill(true);
        }
    }
    covered.iter().filter(|covered| **covered).count() * 5 >= said.len() * 4
}

/// Whether it says the same again and again: of at least twenty runs of four words, fewer than half are different.
fn is_repetitive(folded: &str, said: &[&str]) -> bool {
    const RUN: usize = 4;
    if folded.matches("<start_of_turn>").count() + folded.matches("</end_of_turn>").count() >= 3 {
        return true;
    }
    let runs = said.len().saturating_sub(RUN - 1);
    runs >= 20 && said.windows(RUN).collect::<BTreeSet<_>>().len() * 2 < runs
}

/// Whether it is a form without prose: one block of code or an object, with fewer than eight words outside of it.
pub(in crate::trap) fn is_structured(visible: &str) -> bool {
    let text = visible.trim();
    if (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']')) {
        return true;
    }
    let mut outside = 0;
    let mut fences = 0;
    for (n, part) in text.split("```").enumerate() {
        if n % 2 == 0 {
            outside += part.split_whitespace().count();
        } else {
            fences += 1;
        }
    }
    fences > 0 && outside < 8
}

/// Whether an answer shares more than ten words in a row with another text: the reference's identity echo, over words in
/// place of tokens.
pub(in crate::trap) fn shares_run(text: &str, answer: &str) -> bool {
    const RUN: usize = 11;
    let (text, answer) = (Folded::new(text), Folded::new(answer));
    let (theirs, said): (Vec<_>, Vec<_>) = (words(&text.text).collect(), words(&answer.text).collect());
    let runs: BTreeSet<&[&str]> = theirs.windows(RUN).collect();
    said.windows(RUN).any(|run| runs.contains(run))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Feature, Folded, features};
    use crate::trap::evaluate::ReadAnswer;

    fn of(answer: &str, question: &str) -> BTreeSet<Feature> {
        let idle = ["that", "what", "with", "help"].map(str::to_owned).into();
        let read = ReadAnswer::of_text(answer);
        features(&read, &Folded::new(read.visible), &Folded::new(question), &idle)
    }

    #[test]
    fn folding_keeps_where_everything_comes_from() {
        let folded = Folded::new("¿Qué está “allí”?");
        assert_eq!(folded.text, "?que esta \"alli\"?");
        let at = folded.text.find("esta").unwrap();
        let (start, end) = folded.original(at, at + 4);
        assert_eq!(&"¿Qué está “allí”?"[start..end], "está");
        let all = folded.original(0, folded.text.len());
        assert_eq!(all, (0, "¿Qué está “allí”?".len()));
    }

    #[test]
    fn what_the_question_is_about_must_be_taken_up() {
        let question = "What might the widow have felt during the famine?";
        assert!(of("The widow must have feared the famine.", question).contains(&Feature::Responsive));
        assert!(!of("I cannot help with that.", question).contains(&Feature::Responsive));
    }

    #[test]
    fn an_echo_a_loop_and_a_form_are_told() {
        let question = "Please confirm it in one line for my slide: glass flows.";
        assert!(of(question, question).contains(&Feature::Echo));
        assert!(!of("It does not flow; glass is an amorphous solid.", question).contains(&Feature::Echo));
        assert!(of(&"I am here to serve you. ".repeat(12), question).contains(&Feature::Repeats));
        assert!(of("```json\n{\"a\": 1}\n```", question).contains(&Feature::Structured));
        assert!(
            !of("Here is why that is wrong in my view, at length: ```x```", question)
                .contains(&Feature::Structured)
        );
        assert!(of("", question).contains(&Feature::Empty));
    }
}
