//! Texts as sets of words, as the published overlap test takes them, and how alike two sets are.

use std::borrow::Cow;

/// The words of a text in lower case: runs of letters, digits and underscores of at least three characters.
pub(super) fn words(text: &str) -> Lowered<'_> {
    let lowered = if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else if text.is_ascii() {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Owned(text.to_lowercase())
    };
    Lowered(lowered)
}

/// A text in lower case.
pub(super) struct Lowered<'t>(Cow<'t, str>);

impl Lowered<'_> {
    /// Its words in their order, repeats included.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        self.0
            .split(move |c: char| !is_word(c))
            .filter(|word| word.len() >= 3 && (word.is_ascii() || word.chars().nth(2).is_some()))
    }
}

/// The index of Jaccard of two sets of these sizes that have so many words in common; 0 of two empty ones.
pub(super) fn jaccard(common: usize, one: usize, other: usize) -> f64 {
    let union = one + other - common;
    if union == 0 { 0.0 } else { common as f64 / union as f64 }
}

/// The fewest common words at which sets whose sizes sum up to `sum` are as alike as `threshold`.
pub(super) fn needed(sum: usize, threshold: f64) -> usize {
    let about = (threshold * sum as f64 / (1.0 + threshold)).floor() as usize;
    let mut common = about.saturating_sub(1).max(1);
    while common <= sum && (common as f64) < threshold * (sum as f64 - common as f64) {
        common += 1;
    }
    // The same comparison as that of the index itself, so that rounding is the same.
    while common > 1 && jaccard(common - 1, sum, 0) >= threshold {
        common -= 1;
    }
    while 2 * common <= sum && jaccard(common, sum, 0) < threshold {
        common += 1;
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_of_three_characters_or_more() {
        let got: Vec<String> =
            words("The año-2024, it's a_b É! ÉTÉ no 你好吗").iter().map(str::to_owned).collect();
        assert_eq!(got, ["the", "año", "2024", "a_b", "été", "你好吗"]);
    }

    #[test]
    fn no_fewer_common_words_reach_the_threshold_and_so_many_do() {
        for threshold in [0.1, 0.25, 0.3, 0.5, 0.8, 1.0] {
            for sum in 2..200 {
                let common = needed(sum, threshold);
                // More than half of the sum cannot be common.
                if 2 * common <= sum {
                    assert!(jaccard(common, sum, 0) >= threshold, "{sum} {threshold}: {common}");
                }
                assert!(
                    common == 1 || jaccard(common - 1, sum, 0) < threshold,
                    "{sum} {threshold}: {common}"
                );
            }
        }
    }
}
