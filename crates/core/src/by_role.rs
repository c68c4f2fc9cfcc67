//! Something for each role that a model can have in a trial. Knows no model.

use std::ops::{Index, IndexMut};

use serde::Serialize;

use crate::ModelRole;

/// One thing for each role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByRole<T> {
    /// That of the model under test.
    pub subject: T,
    /// That of the model that grades.
    pub judge: T,
    /// That of the model that guards.
    pub guard: T,
}

impl<T> ByRole<T> {
    /// One for each role, made one after the other in the order of [`ModelRole::ALL`].
    pub fn of(mut make: impl FnMut(ModelRole) -> T) -> Self {
        let [subject, judge, guard] = ModelRole::ALL.map(&mut make);
        Self { subject, judge, guard }
    }

    /// All of them with their roles, in the order of [`ModelRole::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (ModelRole, &T)> {
        ModelRole::ALL.into_iter().map(|role| (role, &self[role]))
    }

    /// All of them, to be changed, in the order of [`ModelRole::ALL`].
    pub fn values_mut(&mut self) -> [&mut T; 3] {
        [&mut self.subject, &mut self.judge, &mut self.guard]
    }
}

impl<T> Index<ModelRole> for ByRole<T> {
    type Output = T;

    fn index(&self, role: ModelRole) -> &T {
        match role {
            ModelRole::Subject => &self.subject,
            ModelRole::Judge => &self.judge,
            ModelRole::Guard => &self.guard,
        }
    }
}

impl<T> IndexMut<ModelRole> for ByRole<T> {
    fn index_mut(&mut self, role: ModelRole) -> &mut T {
        match role {
            ModelRole::Subject => &mut self.subject,
            ModelRole::Judge => &mut self.judge,
            ModelRole::Guard => &mut self.guard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByRole;
    use crate::ModelRole;

    #[test]
    fn each_role_has_its_own() {
        let mut names = ByRole::of(|role| role.name().to_owned());
        assert!(names.iter().all(|(role, name)| role.name() == name));
        names[ModelRole::Guard].push('!');
        assert_eq!(
            (names.subject.as_str(), names.judge.as_str(), names.guard.as_str()),
            ("subject", "judge", "guard!")
        );
        for (role, value) in ModelRole::ALL.into_iter().zip(names.values_mut()) {
            assert!(value.starts_with(role.name()));
        }
    }
}
