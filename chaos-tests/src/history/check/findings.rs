//! What was found: the first hundred in words, the rest counted.

use std::collections::BTreeMap;

use crate::history::Violation;

/// Findings in words.
const FOUND_MAX: usize = 100;

/// Broken promises as they are found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    first: Vec<Violation>,
    by_letter: BTreeMap<char, u64>,
}

impl Findings {
    /// One more. `what` is asked only while there is room for words.
    pub fn add(&mut self, invariant: char, what: impl FnOnce() -> String) {
        *self.by_letter.entry(invariant).or_default() += 1;
        if self.first.len() < FOUND_MAX {
            self.first.push(Violation { invariant, what: what() });
        }
    }

    /// How many.
    pub fn found(&self) -> u64 {
        self.by_letter.values().sum()
    }

    /// The list; a last line counts what has no words.
    pub fn end(self) -> Vec<Violation> {
        let found = self.found();
        let mut list = self.first;
        if found > list.len() as u64 {
            let counts = self.by_letter.iter().map(|(letter, count)| format!("{letter} {count}"));
            let counts = counts.collect::<Vec<_>>().join(", ");
            let invariant = list.first().map_or('L', |first| first.invariant);
            list.push(Violation {
                invariant,
                what: format!("{found} in all ({counts}); these are the first {FOUND_MAX}"),
            });
        }
        list
    }
}
