//! What a rubric asks of a judge, as categories that can be counted.

use unbent_core::Scores;

/// Something that a judge says of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rating {
    /// The name of the score.
    pub id: &'static str,
    /// What it can be.
    pub scale: Scale,
}

/// What a rating can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// A whole number from 0 to the most; at or above `pass` it counts as positive.
    Grade {
        /// The most.
        most: u8,
        /// From which on it is positive.
        pass: u8,
    },
    /// False or true; true is positive.
    Flag,
    /// One of several names.
    Classes {
        /// The names, each a category by its place.
        names: &'static [&'static str],
        /// Those that count as positive.
        good: &'static [&'static str],
        /// The one that is no verdict, if there is one.
        undetermined: Option<&'static str>,
    },
}

impl Rating {
    /// The category that these scores hold; none if they hold none of the scale.
    pub fn read(&self, scores: &Scores) -> Option<u8> {
        match self.scale {
            Scale::Grade { most, .. } => {
                let grade = scores.number(self.id)?.round();
                (0.0..=f64::from(most)).contains(&grade).then_some(grade as u8)
            }
            Scale::Flag => scores.flag(self.id).map(u8::from),
            Scale::Classes { names, .. } => place(names, scores.label(self.id)?),
        }
    }

    /// The category of a value as people write it.
    pub fn parse(&self, value: &str) -> Option<u8> {
        let value = value.trim();
        match self.scale {
            Scale::Grade { most, .. } => value.parse().ok().filter(|grade| *grade <= most),
            Scale::Flag => match value.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(1),
                "false" | "no" | "0" => Some(0),
                _ => None,
            },
            Scale::Classes { names, .. } => place(names, value),
        }
    }

    /// How many categories there are.
    pub fn categories(&self) -> usize {
        match self.scale {
            Scale::Grade { most, .. } => usize::from(most) + 1,
            Scale::Flag => 2,
            Scale::Classes { names, .. } => names.len(),
        }
    }

    /// Whether categories have an order.
    pub fn is_graded(&self) -> bool {
        matches!(self.scale, Scale::Grade { .. })
    }

    /// Whether a category counts as positive.
    pub fn is_positive(&self, category: u8) -> bool {
        match self.scale {
            Scale::Grade { pass, .. } => category >= pass,
            Scale::Flag => category == 1,
            Scale::Classes { names, good, .. } => {
                names.get(usize::from(category)).is_some_and(|name| good.contains(name))
            }
        }
    }

    /// Whether a category is a verdict at all.
    pub fn is_determined(&self, category: u8) -> bool {
        match self.scale {
            Scale::Classes { names, undetermined, .. } => {
                names.get(usize::from(category)).is_some_and(|name| Some(*name) != undetermined)
            }
            _ => true,
        }
    }

    /// The name of a category.
    pub fn name_of(&self, category: u8) -> String {
        match self.scale {
            Scale::Grade { .. } => category.to_string(),
            Scale::Flag => (category == 1).to_string(),
            Scale::Classes { names, .. } => {
                names.get(usize::from(category)).copied().unwrap_or("?").to_owned()
            }
        }
    }

    /// What it takes, for people.
    pub fn takes(&self) -> String {
        match self.scale {
            Scale::Grade { most, .. } => format!("a whole number from 0 to {most}"),
            Scale::Flag => "true or false".to_owned(),
            Scale::Classes { names, .. } => format!("one of {}", names.join(", ")),
        }
    }

    /// What counts as positive, for people.
    pub fn positive(&self) -> String {
        match self.scale {
            Scale::Grade { pass, .. } => format!("{pass} or more"),
            Scale::Flag => "true".to_owned(),
            Scale::Classes { good, .. } => good.join(" or "),
        }
    }
}

/// The place of a name among the names.
fn place(names: &[&str], value: &str) -> Option<u8> {
    names.iter().zip(0..).find(|(name, _)| **name == value).map(|(_, place)| place)
}
