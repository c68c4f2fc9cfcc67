//! Reading a gate, by recursive descent.
//!
//! ```text
//! gate     = all { "or" all }
//! all      = one { "and" one }
//! one      = "not" one | "(" gate ")" | leaf
//! leaf     = quantity ( ">=" | ">" | "<=" | "<" ) number [ "%" ]
//!          | [ metric ] "not worse" [ "than" baseline ] "by" number
//!          | [ metric ] "better" [ "than" baseline ] [ "by" number ]
//! quantity = metric [ ".low" | ".high" ] | "n" | "missing" | "scored" | "unscored" | "unfinished" | "cost"
//! baseline = a run file, FILE#SUBJECT, or either between quotes
//! ```

use thiserror::Error;

use super::{Asked, Claim, Gate, Leaf, Metric, Quantity, Relation};

/// Text that is no gate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("character {position}: {message}")]
pub struct GateError {
    /// Where, in characters from 1; one after the last where something is wanted at the end.
    pub position: usize,
    /// What is wrong, or what is wanted there.
    pub message: String,
}

/// Parentheses and negations may be so deep.
const DEPTH: usize = 64;

/// Quantities that are no metrics.
const OTHERS: [&str; 6] = ["n", "missing", "scored", "unscored", "unfinished", "cost"];

impl Gate {
    /// Reads a gate on subjects with these metrics, of which the first stands where none is named.
    ///
    /// # Errors
    ///
    /// Where the text is no gate, or names a quantity that there is none of.
    pub fn parse(text: &str, metrics: &[Metric]) -> Result<Self, GateError> {
        let mut reader = Reader { text, at: 0, depth: 0, metrics };
        let gate = reader.any()?;
        reader.skip_blanks();
        if reader.at < text.len() {
            return Err(reader.wanted("`and`, `or` or the end"));
        }
        Ok(gate)
    }
}

struct Reader<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    depth: usize,
    metrics: &'t [Metric],
}

impl<'t> Reader<'t> {
    fn any(&mut self) -> Result<Gate, GateError> {
        let mut gates = vec![self.all()?];
        while self.take_word("or") {
            gates.push(self.all()?);
        }
        Ok(if gates.len() == 1 { gates.remove(0) } else { Gate::Or(gates) })
    }

    fn all(&mut self) -> Result<Gate, GateError> {
        let mut gates = vec![self.one()?];
        while self.take_word("and") {
            gates.push(self.one()?);
        }
        Ok(if gates.len() == 1 { gates.remove(0) } else { Gate::And(gates) })
    }

    fn one(&mut self) -> Result<Gate, GateError> {
        self.skip_blanks();
        let start = self.at;
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(
                self.error(start, format!("more than {DEPTH} parentheses and negations in each other"))
            );
        }
        let gate = if self.take_word("not") {
            if self.word() == Some("worse") {
                self.against(start, self.headline(start)?, Claim::NotWorse)?
            } else {
                Gate::Not(Box::new(self.one()?))
            }
        } else if self.take("(") {
            let gate = self.any()?;
            if !self.take(")") {
                return Err(self.wanted("`)`, `and` or `or`"));
            }
            gate
        } else {
            self.leaf()?
        };
        self.depth -= 1;
        Ok(gate)
    }

    fn leaf(&mut self) -> Result<Gate, GateError> {
        self.skip_blanks();
        let start = self.at;
        match self.word() {
            Some("better") => return self.against(start, self.headline(start)?, Claim::Better),
            Some("worse") => return Err(self.worse_alone(start)),
            Some("and" | "or" | "than" | "by") | None => {
                return Err(self.wanted("a metric, `not`, `better` or `(`"));
            }
            Some(_) => {}
        }
        let name = self.next_word();
        let end = if self.text[self.at..].starts_with('.') {
            let dot = self.at;
            self.at += 1;
            let end =
                self.text[self.at..].find(|c: char| !is_of_word(c)).map_or(self.text.len(), |n| self.at + n);
            let end = &self.text[std::mem::replace(&mut self.at, end)..end];
            Some((dot, end))
        } else {
            None
        };
        let after = self.word();
        if matches!(after, Some("not" | "better" | "worse")) {
            return self.metric_against(start, name, end);
        }
        let quantity = self.quantity(start, name, end)?;
        let relation = self.relation()?;
        let (bound, is_percent) = self.number()?;
        let quantity = match (is_percent, quantity) {
            (false, quantity) => quantity,
            (true, Quantity::Unscored) => Quantity::UnscoredShare,
            (true, Quantity::Unfinished) => Quantity::UnfinishedShare,
            (true, Quantity::Missing(metric)) => Quantity::MissingShare(metric),
            (true, _) => {
                let why = "only unscored, unfinished and missing are known in percent; metrics are in points";
                return Err(self.error(self.at - 1, why.to_owned()));
            }
        };
        Ok(self.made(start, Asked::Value { quantity, relation, bound }))
    }

    fn metric_against(
        &mut self,
        start: usize,
        name: &str,
        end: Option<(usize, &str)>,
    ) -> Result<Gate, GateError> {
        let metric = self.metric(start, name)?;
        if let Some((dot, _)) = end {
            let why = "a comparison is by the metric, and not by an end of its interval";
            return Err(self.error(dot, why.to_owned()));
        }
        self.skip_blanks();
        let at = self.at;
        if self.take_word("not") {
            if self.word() != Some("worse") {
                return Err(self.wanted("`worse`"));
            }
            return self.against(start, metric, Claim::NotWorse);
        }
        if self.word() == Some("worse") {
            return Err(self.worse_alone(at));
        }
        self.against(start, metric, Claim::Better)
    }

    /// The rest of a leaf from `worse` or `better` on.
    fn against(&mut self, start: usize, metric: Metric, claim: Claim) -> Result<Gate, GateError> {
        self.next_word();
        let baseline = if self.take_word("than") { Some(self.baseline()?) } else { None };
        let by = if self.take_word("by") {
            self.skip_blanks();
            let at = self.at;
            let (by, is_percent) = self.number()?;
            if is_percent {
                let why = "a margin is in points, without a percent sign";
                return Err(self.error(self.at - 1, why.to_owned()));
            }
            if by < 0.0 || (by == 0.0 && claim == Claim::NotWorse) {
                return Err(self.error(at, "a margin is a number of points above 0".to_owned()));
            }
            by
        } else if claim == Claim::NotWorse {
            return Err(self.wanted("`by` and a margin in points"));
        } else {
            0.0
        };
        Ok(self.made(start, Asked::Against { metric, claim, baseline, by }))
    }

    fn baseline(&mut self) -> Result<String, GateError> {
        self.skip_blanks();
        let start = self.at;
        let rest = &self.text[start..];
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        if let Some(quote) = quote {
            let Some(length) = rest[1..].find(quote) else {
                return Err(self.error(start, format!("the {quote} has no other")));
            };
            self.at += length + 2;
            return self.named(start, &rest[1..=length]);
        }
        let length = rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(rest.len());
        self.at += length;
        self.named(start, &rest[..length])
    }

    fn named(&self, start: usize, baseline: &str) -> Result<String, GateError> {
        if baseline.is_empty() || matches!(baseline, "by" | "and" | "or") {
            return Err(self.error(start, "wanted: a run file, or FILE#SUBJECT".to_owned()));
        }
        Ok(baseline.to_owned())
    }

    fn quantity(&self, start: usize, name: &str, end: Option<(usize, &str)>) -> Result<Quantity, GateError> {
        if let Some(metric) = self.metrics.iter().find(|metric| metric.id == name).copied() {
            return match end {
                None => Ok(Quantity::Metric(metric)),
                Some((_, "low")) => Ok(Quantity::Low(metric)),
                Some((_, "high")) => Ok(Quantity::High(metric)),
                Some((dot, _)) => {
                    Err(self.error(dot, format!("of {name} there are {name}.low and {name}.high")))
                }
            };
        }
        let quantity = match name {
            "n" => Quantity::Values(self.headline(start)?),
            "missing" => Quantity::Missing(self.headline(start)?),
            "scored" => Quantity::Scored,
            "unscored" => Quantity::Unscored,
            "unfinished" => Quantity::Unfinished,
            "cost" => Quantity::Cost,
            _ => {
                return Err(self.metric(start, name).map_or_else(|error| error, |_| self.wanted("a metric")));
            }
        };
        match end {
            None => Ok(quantity),
            Some((dot, _)) => Err(self.error(dot, format!("{name} has no interval"))),
        }
    }

    fn metric(&self, start: usize, name: &str) -> Result<Metric, GateError> {
        self.metrics.iter().find(|metric| metric.id == name).copied().ok_or_else(|| {
            let known: Vec<&str> = self.metrics.iter().map(|metric| metric.id).chain(OTHERS).collect();
            self.error(start, format!("there is no {name:?}; there are {}", known.join(", ")))
        })
    }

    fn headline(&self, start: usize) -> Result<Metric, GateError> {
        let first = self.metrics.first().copied();
        first.ok_or_else(|| self.error(start, "the suite has no metrics".to_owned()))
    }

    fn relation(&mut self) -> Result<Relation, GateError> {
        // The longer first.
        let all = [Relation::AtLeast, Relation::AtMost, Relation::Above, Relation::Below];
        match all.into_iter().find(|relation| self.take(relation.sign())) {
            Some(relation) => Ok(relation),
            None => Err(self.wanted("`>=`, `>`, `<=` or `<`")),
        }
    }

    /// A number, and whether a percent sign follows.
    fn number(&mut self) -> Result<(f64, bool), GateError> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let length =
            rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(rest.len());
        let number = rest[..length].parse::<f64>().ok().filter(|number| number.is_finite());
        let Some(number) = number.filter(|_| !rest[length..].starts_with(is_of_word)) else {
            return Err(self.wanted("a number"));
        };
        self.at += length;
        Ok((number, self.take("%")))
    }

    fn worse_alone(&self, at: usize) -> GateError {
        let why = "a gate asks that something is `not worse` by a margin, or `better`";
        self.error(at, why.to_owned())
    }

    fn made(&self, start: usize, asked: Asked) -> Gate {
        Gate::Leaf(Leaf { text: self.text[start..self.at].trim().to_owned(), asked })
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The word that comes next.
    fn word(&self) -> Option<&'t str> {
        let rest = self.text[self.at..].trim_start();
        let length = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
        (length > 0).then(|| &rest[..length])
    }

    /// Goes past the word that comes next.
    fn next_word(&mut self) -> &'t str {
        self.skip_blanks();
        let word = self.word().unwrap_or_default();
        self.at += word.len();
        word
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = self.word() == Some(word);
        if is_next {
            self.next_word();
        }
        is_next
    }

    fn take(&mut self, sign: &str) -> bool {
        let start = self.at;
        self.skip_blanks();
        let is_next = self.text[self.at..].starts_with(sign);
        self.at = if is_next { self.at + sign.len() } else { start };
        is_next
    }

    fn wanted(&self, what: &str) -> GateError {
        let rest = self.text[self.at..].trim_start();
        let start = self.text.len() - rest.len();
        let found = match rest.split_whitespace().next() {
            Some(found) => format!(" in place of {found:?}"),
            None => String::new(),
        };
        self.error(start, format!("wanted: {what}{found}"))
    }

    fn error(&self, at: usize, message: String) -> GateError {
        GateError { position: self.text[..at].chars().count() + 1, message }
    }
}

/// Whether a name or a word may hold it.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use crate::inference::{Asked, Better, Claim, Gate, Group, Metric};

    const METRICS: [Metric; 2] = [
        Metric {
            id: "index",
            name: "Index",
            about: "an index",
            better: Better::Higher,
            is_headline: true,
            groups: &[Group { weight: 100.0, parts: &["a"] }],
            offset: 0.0,
        },
        Metric {
            id: "over_refusal",
            name: "Over-refusal",
            about: "a failure",
            better: Better::Lower,
            is_headline: false,
            groups: &[Group { weight: 100.0, parts: &["b"] }],
            offset: 0.0,
        },
    ];

    /// The gate in a form that shows how it was read.
    fn shown(gate: &Gate) -> String {
        let all = |gates: &[Gate], word: &str| {
            format!("({})", gates.iter().map(shown).collect::<Vec<_>>().join(&format!(" {word} ")))
        };
        match gate {
            Gate::Leaf(leaf) => format!("[{}]", leaf.text),
            Gate::Not(gate) => format!("!{}", shown(gate)),
            Gate::And(gates) => all(gates, "&"),
            Gate::Or(gates) => all(gates, "|"),
        }
    }

    fn read(text: &str) -> String {
        shown(&Gate::parse(text, &METRICS).unwrap())
    }

    fn refused(text: &str) -> (usize, String) {
        let error = Gate::parse(text, &METRICS).unwrap_err();
        (error.position, error.message)
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        assert_eq!(read("index>=90"), "[index>=90]");
        assert_eq!(
            read("index >= 90 or n > 3 and not unscored <= 1%"),
            "([index >= 90] | ([n > 3] & ![unscored <= 1%]))"
        );
        assert_eq!(read("not (index.low < 3 or cost < 2.5)"), "!([index.low < 3] | [cost < 2.5])");
        assert_eq!(
            read("index >= 90 and not worse than base.unbent by 2 and not better than x by 1"),
            "([index >= 90] & [not worse than base.unbent by 2] & ![better than x by 1])"
        );
        assert_eq!(
            read("(over_refusal not worse by 1.5) and (better)"),
            "([over_refusal not worse by 1.5] & [better])"
        );
    }

    #[test]
    fn a_baseline_is_what_stands_there_or_between_quotes() {
        let baselines = |text: &str| {
            let gate = Gate::parse(text, &METRICS).unwrap();
            gate.baselines().into_iter().map(|name| name.map(str::to_owned)).collect::<Vec<_>>()
        };
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(
            baselines(
                "(not worse than a/b.unbent#sim/yielding?p=0.3 by 2) and better than 'my run.unbent#x' and better"
            ),
            [named("a/b.unbent#sim/yielding?p=0.3"), named("my run.unbent#x"), None]
        );
        assert_eq!(baselines("better than x by 1 and not worse than x by 1"), [named("x")]);
    }

    #[test]
    fn what_is_not_named_is_the_headline_and_a_margin_of_none() {
        let Gate::Leaf(leaf) = Gate::parse("better than x", &METRICS).unwrap() else { panic!("a leaf") };
        let Asked::Against { metric, claim, by, .. } = leaf.asked else { panic!("a comparison") };
        assert_eq!((metric.id, claim, by.to_bits()), ("index", Claim::Better, 0.0_f64.to_bits()));
    }

    #[test]
    fn every_error_says_where() {
        let check = |text: &str, position: usize, part: &str| {
            let (at, message) = refused(text);
            assert_eq!(at, position, "{text:?}: {message}");
            assert!(message.contains(part), "{text:?}: {message}");
        };
        check("", 1, "wanted: a metric");
        check("   ", 4, "wanted: a metric");
        check("indx >= 90", 1, "no \"indx\"; there are index, over_refusal, n, missing");
        check("index >= 90 and indx < 3", 17, "no \"indx\"");
        check("index => 90", 7, "`>=`, `>`, `<=` or `<` in place of \"=>\"");
        check("index", 6, "wanted: `>=`");
        check("index >=", 9, "wanted: a number");
        check("index >= ninety", 10, "a number in place of \"ninety\"");
        check("index >= 9o", 10, "a number");
        check("index >= 1-2", 10, "a number");
        check("index >= 90%", 12, "in points");
        check("index.mid >= 90", 6, "index.low and index.high");
        check("n.low >= 90", 2, "no interval");
        check("index >= 90 and", 16, "wanted: a metric");
        check("and index >= 90", 1, "in place of \"and\"");
        check("index >= 90 index", 13, "`and`, `or` or the end in place of \"index\"");
        check("(index >= 90", 13, "`)`");
        check("index >= 90)", 12, "the end");
        check("()", 2, "wanted: a metric");
        check("not", 4, "wanted: a metric");
        check("worse than x by 1", 1, "not worse");
        check("index worse than x by 1", 7, "not worse");
        check("index not better than x", 11, "`worse` in place of \"better\"");
        check("not worse than x", 17, "`by`");
        check("not worse than by 2", 16, "a run file");
        check("not worse than 'x by 2", 16, "no other");
        check("not worse than x by", 20, "a number");
        check("not worse than x by 0", 21, "above 0");
        check("better than x by -1", 18, "above 0");
        check("not worse than x by 2%", 22, "without a percent sign");
        check("index.low not worse than x by 2", 6, "not by an end");
        check("n not worse than x by 2", 1, "no \"n\"");
        check("é >= 1 and indéx >= 2 é", 1, "no \"é\"");
        check("index >= 1 é", 12, "the end");
        check(&"(".repeat(100), 65, "more than 64");
    }
}
