//! Names of which no two are equal.

use std::collections::HashMap;

/// Names in use, and the last number behind each.
#[derive(Debug, Default)]
pub(crate) struct UniqueNames {
    taken: HashMap<String, u64>,
    any_case: bool,
}

impl UniqueNames {
    /// Names of files: some file systems ignore case.
    pub(crate) fn of_files() -> Self {
        Self { any_case: true, ..Self::default() }
    }

    /// Takes a name out of use.
    pub(crate) fn reserve(&mut self, name: &str) {
        self.taken.entry(self.key(name)).or_insert(1);
    }

    /// The name or, if it is in use, what `numbered` makes of the next number, from 2 on.
    pub(crate) fn take(&mut self, name: &str, numbered: impl Fn(u64) -> String) -> String {
        let mut unique = name.to_owned();
        while self.taken.contains_key(&self.key(&unique)) {
            let last = self.taken.entry(self.key(name)).or_insert(1);
            *last += 1;
            unique = numbered(*last);
        }
        self.reserve(&unique);
        unique
    }

    fn key(&self, name: &str) -> String {
        if self.any_case { name.to_lowercase() } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_behind_names_that_meet() {
        let all = |mut names: UniqueNames| {
            ["a", "A", "a", "a~2", "a"].map(|name| names.take(name, |n| format!("{name}~{n}")))
        };
        assert_eq!(all(UniqueNames::default()), ["a", "A", "a~2", "a~2~2", "a~3"]);
        assert_eq!(all(UniqueNames::of_files()), ["a", "A~2", "a~3", "a~2~2", "a~4"]);
        let mut names = UniqueNames::default();
        names.reserve("b");
        assert_eq!(names.take("b", |n| n.to_string()), "2");
    }
}
