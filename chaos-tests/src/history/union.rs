//! The log of a cluster from what each replica has of it: what several have must be the same.

use std::collections::BTreeMap;

use super::{Archive, Archived, Violation};

/// Differences told at most; a broken log would fill the memory with them.
const TOLD_MAX: usize = 20;

/// See the module.
#[derive(Default)]
pub struct Union {
    /// With who was the first to have it.
    entries: BTreeMap<(u32, u64), (String, Archived)>,
    differences: Vec<Violation>,
}

impl Union {
    /// A replica has this entry.
    pub fn add(&mut self, who: &str, shard: u32, entry: Archived) {
        let index = entry.index;
        let Some((first, known)) = self.entries.get(&(shard, index)) else {
            self.entries.insert((shard, index), (who.to_owned(), entry));
            return;
        };
        if (known.term, &known.bytes) == (entry.term, &entry.bytes) || self.differences.len() >= TOLD_MAX {
            return;
        }
        let (a, b, x, y) = (known.term, entry.term, known.bytes.len(), entry.bytes.len());
        let what =
            format!("shard {shard} index {index}: {first} has {x} bytes of term {a}, {who} {y} bytes of term {b}");
        self.differences.push(Violation { invariant: 'A', what });
    }

    /// Everything that anybody has, in order, and where replicas differ. A hole is the checker's to find.
    pub fn end(self) -> (Archive, Vec<Violation>) {
        let mut archive = Archive::new();
        for ((shard, _), (_, entry)) in self.entries {
            archive.entry(shard).or_default().push(entry);
        }
        (archive, self.differences)
    }
}
