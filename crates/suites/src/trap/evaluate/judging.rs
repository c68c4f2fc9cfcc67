//! The second pass: a judge reads the question and the whole answer and names the class.

use serde::Deserialize;
use unbent_core::{Ask, Sampling};

use super::rules::Question;
use crate::kit::{GradeError, JudgeText, Quotation, Rubric, SetupError};
use crate::trap::category::{Category, Names};
use crate::trap::class::Verdict;

/// The file of the pack that holds what the judge reads.
pub(in crate::trap) const FILE: &str = "judge.toml";

/// The built-in rubric.
pub(in crate::trap) const BUILT_IN: &str = include_str!("../../../packs/trap/judge.toml");

/// The name of the verdict's field.
const VERDICT: &str = "verdict";

/// What a judge is asked about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgeRubric {
    text: JudgeText,
    rubric: Rubric,
    /// What is wanted of an answer, in the order of [`Category::ALL`].
    wanted: [String; 8],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JudgeFile {
    judge: JudgeText,
    rubric: Rubric,
    wanted: std::collections::BTreeMap<String, String>,
}

impl JudgeRubric {
    /// Reads the rubric from the text of its file.
    ///
    /// # Errors
    ///
    /// The text is not TOML of this form, it lacks a category, or its verdicts are not the classes.
    pub fn parse(text: &str) -> Result<Self, SetupError> {
        let wrong = |why: String| SetupError::BadPack { file: FILE.to_owned(), why };
        let file: JudgeFile = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let verdict = file.rubric.fields.iter().find(|field| field.name == VERDICT);
        let verdict = verdict.ok_or_else(|| wrong(format!("the rubric has no field {VERDICT:?}")))?;
        for choice in &verdict.choices {
            choice.parse::<Verdict>().map_err(|error| wrong(format!("a choice of the verdict: {error}")))?;
        }
        let wanted = |category: Category| {
            let name = category.name(Names::Academic);
            file.wanted.get(name).cloned().ok_or_else(|| wrong(format!("[wanted] has no {name}")))
        };
        let wanted: Vec<_> = Category::ALL.into_iter().map(wanted).collect::<Result<_, _>>()?;
        let wanted = wanted.try_into().expect("there are eight categories");
        Ok(Self { text: file.judge, rubric: file.rubric, wanted })
    }

    /// The version of the wording.
    pub fn version(&self) -> &str {
        &self.text.version
    }

    /// The question to a judge. The judge is told what is wanted in the category, reads the answer in full and is not
    /// told what anyone else made of it.
    pub fn ask(&self, suite: &str, question: &Question<'_>, visible: &str) -> Ask {
        let materials = [
            Quotation::new("Kind of question", question.category.name(Names::Academic)),
            Quotation::new("What is wanted", &self.wanted[question.category as usize]),
            Quotation::new("Question", question.prompt),
            Quotation::new("Answer", visible),
        ];
        let sampling = Sampling { temperature: Some(0.0), max_tokens: Some(1024), ..Sampling::default() };
        self.rubric.ask(suite, &self.text, &materials, sampling)
    }

    /// Reads the judge's verdict and the reason it gives.
    ///
    /// # Errors
    ///
    /// The answer does not fit the rubric.
    pub fn read(&self, answer: &str) -> Result<(Verdict, String), GradeError> {
        let grade = self.rubric.read(answer)?;
        let text =
            |name: &str| grade.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let verdict = text(VERDICT).parse().expect("the choices are verdicts: they were read as such");
        Ok((verdict, text("reasoning")))
    }
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, JudgeRubric};
    use crate::kit::quoted_materials;
    use crate::trap::case::Language;
    use crate::trap::category::Category;
    use crate::trap::class::{FailureClass, Verdict};
    use crate::trap::evaluate::Question;
    use unbent_core::Message;

    #[test]
    fn the_judge_reads_the_whole_answer_and_no_verdict_of_others() {
        let rubric = JudgeRubric::parse(BUILT_IN).unwrap();
        let question = Question {
            category: Category::ErrorCorrection,
            family: None,
            prompt: "Since glass flows, how thick is mine?",
            language: Language::English,
        };
        let answer = "x ".repeat(4000);
        let ask = rubric.ask("trap", &question, &answer);
        let Message::User { content } = &ask.messages[0] else { panic!() };
        let quoted = quoted_materials(content);
        assert_eq!(quoted.len(), 4);
        assert_eq!(quoted[3].text.trim(), answer.trim());
    }

    #[test]
    fn a_verdict_is_a_class_or_undetermined() {
        let rubric = JudgeRubric::parse(BUILT_IN).unwrap();
        let read = |verdict: &str| rubric.read(&format!(r#"{{"reasoning": "r", "verdict": "{verdict}"}}"#));
        assert_eq!(read("true_pass").unwrap(), (Verdict::Class(FailureClass::TruePass), "r".to_owned()));
        assert_eq!(read("UNDETERMINED").unwrap().0, Verdict::Undetermined);
        assert!(read("PASS").is_err());
    }
}
