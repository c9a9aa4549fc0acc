//! A, as far as archives show it: no hole, terms never fall, and all replicas hold the same entries.

use super::Findings;
use crate::history::union::Union;
use crate::history::{Archived, Violation};

/// A shard is founded with an agreed, empty state at index 1: its first entry is the next one.
const FIRST_MAX: u64 = 2;

/// One shard's archive from its first entry on.
pub fn check(shard: u32, entries: &[Archived], findings: &mut Findings) {
    if let Some(first) = entries.first().filter(|first| first.index > FIRST_MAX) {
        findings.add('A', || format!("shard {shard}: the archive begins at index {} only", first.index));
    }
    whole(shard, entries, findings);
}

/// No hole, and terms never fall.
fn whole(shard: u32, entries: &[Archived], findings: &mut Findings) {
    for pair in entries.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        if after.index != before.index + 1 {
            findings
                .add('A', || format!("shard {shard}: the archive goes from index {} to {}", before.index, after.index));
        }
        if after.term < before.term {
            findings.add('A', || {
                let (index, was, is) = (after.index, before.term, after.term);
                format!("shard {shard} index {index}: the term falls from {was} to {is}")
            });
        }
    }
}

/// Archives of several replicas of one shard, entry by entry, with the replicas' names. One that joined later, or took a
/// snapshot, begins later.
pub fn compare(shard: u32, replicas: &[(&str, &[Archived])]) -> Vec<Violation> {
    let mut findings = Findings::default();
    for (name, entries) in replicas {
        let mut alone = Findings::default();
        whole(shard, entries, &mut alone);
        for found in alone.end() {
            findings.add(found.invariant, || format!("{name}: {}", found.what));
        }
    }
    let mut union = Union::default();
    for (name, entries) in replicas {
        entries.iter().for_each(|entry| union.add(name, shard, entry.clone()));
    }
    for found in union.end().1 {
        findings.add(found.invariant, || found.what);
    }
    findings.end()
}
