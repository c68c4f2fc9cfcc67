//! The noise of a simulated judge: every grade that it may give in place of the right one, with its probability.
//!
//! Knows a grade by the JSON schema that it must satisfy, and no suite. The distribution is discrete, so what is expected of
//! a judge can be summed up exactly.

use serde_json::{Map, Value};
use statrs::distribution::{ContinuousCDF, Normal};
use unbent_core::Stream;

/// How far a simulated judge is off.
///
/// All whole numbers of a grade are moved by one and the same step: a normal deviation, rounded to a whole number, and kept
/// within the scale of each. Flags and choices are right, or all wrong together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// The standard deviation of the step, in points of the scale.
    pub sd: f64,
    /// The mean of the step, in points of the scale.
    pub bias: f64,
    /// The probability that flags are turned over and choices are another one.
    pub flip: f64,
}

impl Noise {
    /// Every grade that may be given where `right` is right, with its probability. Probabilities sum to 1; what cannot be is
    /// left out. `schema` is the JSON schema of the grade.
    pub fn grades(&self, right: &Value, schema: &Value) -> Vec<(f64, Value)> {
        let shape = Shape::of(right, schema);
        let (steps, turns) = (self.steps(shape.range), self.turns(shape.others));
        let pairs = steps.iter().flat_map(|step| turns.iter().map(move |turn| (step, turn)));
        pairs
            .filter(|((of_step, _), (of_turn, _))| of_step * of_turn > 0.0)
            .map(|((of_step, step), (of_turn, turn))| (of_step * of_turn, moved(right, schema, *step, *turn)))
            .collect()
    }

    /// One of [`Noise::grades`], as often as its probability says.
    pub fn draw(&self, right: &Value, schema: &Value, stream: &mut Stream) -> Value {
        let shape = Shape::of(right, schema);
        let step = drawn(&self.steps(shape.range), stream.unit());
        let turn = drawn(&self.turns(shape.others), stream.unit());
        moved(right, schema, step, turn)
    }

    /// Steps from `-range` to `range`; the last on each side stand for all beyond.
    fn steps(&self, range: i64) -> Vec<(f64, i64)> {
        let Ok(normal) = Normal::new(self.bias, self.sd) else {
            return vec![(1.0, (self.bias.round() as i64).clamp(-range, range))];
        };
        let up_to = |step: i64| {
            if step >= range { 1.0 } else { normal.cdf(step as f64 + 0.5) }
        };
        let below = |step: i64| if step == -range { 0.0 } else { up_to(step - 1) };
        (-range..=range).map(|step| (up_to(step) - below(step), step)).collect()
    }

    /// No turn, or one to each of the others.
    fn turns(&self, others: usize) -> Vec<(f64, usize)> {
        if others == 0 {
            return vec![(1.0, 0)];
        }
        let turned = (1..=others).map(|turn| (self.flip / others as f64, turn));
        std::iter::once((1.0 - self.flip, 0)).chain(turned).collect()
    }
}

fn drawn<T: Copy>(choices: &[(f64, T)], unit: f64) -> T {
    let mut below = 0.0;
    for (probability, choice) in choices {
        below += probability;
        if unit < below {
            return *choice;
        }
    }
    choices[choices.len() - 1].1
}

/// What of a grade noise can move.
struct Shape {
    /// The longest scale.
    range: i64,
    /// How many other values the flag or choice with the most has; 0 if there are neither.
    others: usize,
}

impl Shape {
    fn of(right: &Value, schema: &Value) -> Self {
        let mut shape = Self { range: 0, others: 0 };
        for (name, value) in right.as_object().into_iter().flatten() {
            let field = &schema["properties"][name];
            if let Some((least, most)) = scale(field).filter(|_| value.is_i64()) {
                shape.range = shape.range.max(most - least);
            } else if value.is_boolean() {
                shape.others = shape.others.max(1);
            } else if let Some(choices) = field["enum"].as_array() {
                shape.others = shape.others.max(choices.len().saturating_sub(1));
            }
        }
        shape
    }
}

/// The least and the most of a field that holds a whole number.
fn scale(field: &Value) -> Option<(i64, i64)> {
    Some((field["minimum"].as_i64()?, field["maximum"].as_i64()?))
}

fn moved(right: &Value, schema: &Value, step: i64, turn: usize) -> Value {
    let Some(fields) = right.as_object() else { return right.clone() };
    let moved = |(name, value): (&String, &Value)| {
        let field = &schema["properties"][name];
        let value = match (value.as_i64().zip(scale(field)), value.as_bool(), field["enum"].as_array()) {
            (Some((grade, (least, most))), ..) => Value::from((grade + step).clamp(least, most)),
            (_, Some(flag), _) => Value::from(flag != (turn > 0)),
            (_, _, Some(choices)) if turn > 0 => {
                let others: Vec<_> = choices.iter().filter(|choice| *choice != value).collect();
                others
                    .get((turn - 1) % others.len().max(1))
                    .map_or_else(|| value.clone(), |other| (*other).clone())
            }
            _ => value.clone(),
        };
        (name.clone(), value)
    };
    Value::Object(fields.iter().map(moved).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};
    use unbent_core::Stream;

    use super::Noise;

    fn schema() -> Value {
        json!({ "properties": {
            "score": { "type": "integer", "minimum": 0, "maximum": 10 },
            "kept": { "type": "boolean" },
            "verdict": { "type": "string", "enum": ["A", "B", "C"] },
            "reasoning": { "type": "string" },
        } })
    }

    fn right() -> Value {
        json!({ "score": 9, "kept": true, "verdict": "B", "reasoning": "why" })
    }

    #[test]
    fn without_noise_the_right_grade_is_the_only_one() {
        let none = Noise { sd: 0.0, bias: 0.0, flip: 0.0 };
        assert_eq!(none.grades(&right(), &schema()), [(1.0, right())]);
        let harsh = Noise { bias: -2.0, ..none };
        assert_eq!(harsh.grades(&right(), &schema())[0].1["score"], 7);
    }

    #[test]
    fn probabilities_sum_to_one_and_are_those_of_the_draws() {
        let noise = Noise { sd: 1.5, bias: -0.5, flip: 0.2 };
        let grades = noise.grades(&right(), &schema());
        let total: f64 = grades.iter().map(|(probability, _)| probability).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        let mut expected: BTreeMap<String, f64> = BTreeMap::new();
        for (probability, grade) in grades {
            *expected.entry(grade.to_string()).or_default() += probability;
        }
        let mut stream = Stream::new(3, "test", "noise");
        let mut seen: BTreeMap<String, f64> = BTreeMap::new();
        for _ in 0..20_000 {
            *seen.entry(noise.draw(&right(), &schema(), &mut stream).to_string()).or_default() +=
                1.0 / 20_000.0;
        }
        for (grade, share) in &expected {
            let error = (share * (1.0 - share) / 20_000.0).sqrt();
            let seen = seen.get(grade).copied().unwrap_or_default();
            assert!((seen - share).abs() < 5.0 * error + 1e-3, "{grade}: {seen} for {share}");
        }
        assert!(seen.keys().all(|grade| expected.contains_key(grade)));
    }

    #[test]
    fn a_grade_stays_on_its_scale() {
        let wild = Noise { sd: 8.0, bias: 3.0, flip: 0.0 };
        for (_, grade) in wild.grades(&right(), &schema()) {
            assert!((0..=10).contains(&grade["score"].as_i64().unwrap()));
            assert_eq!((&grade["kept"], &grade["verdict"]), (&json!(true), &json!("B")));
        }
    }
}
