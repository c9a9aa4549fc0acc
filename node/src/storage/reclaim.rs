//! Giving the space of deleted ranges back. RocksDB forgets a deleted range only when it happens to rewrite
//! the files that hold it, which for old events may be never.

use std::collections::BTreeMap;

use super::limits::{RECLAIM_RANGES_MAX, RECLAIM_STATE_BYTES};
use super::shard::{Shared, lock};
use super::store::Store;
use super::table::Family;

/// Where records were deleted by range, by where the ranges begin: trimming goes on from the same beginning.
#[derive(Debug, Default)]
pub(super) struct Reclaim {
    spans: BTreeMap<(Family, Vec<u8>), Vec<u8>>,
}

impl Reclaim {
    /// Adds a range; beyond the bound it is left to RocksDB's own pace.
    pub fn add(&mut self, family: Family, from: Vec<u8>, to: Vec<u8>) {
        let beginning = (family, from);
        if let Some(end) = self.spans.get_mut(&beginning) {
            if to > *end {
                *end = to;
            }
        } else if self.spans.len() < RECLAIM_RANGES_MAX {
            self.spans.insert(beginning, to);
        }
    }
}

impl Store {
    /// Gives the space of records deleted by range back to the file system, where it has become worth it.
    /// Takes as long as it takes to rewrite the files concerned: call it now and then, from a thread that may
    /// wait; it costs little while nothing is worth it.
    pub fn maintain(&self) {
        self.shared.reclaim(RECLAIM_STATE_BYTES);
    }
}

impl Shared {
    /// Rewrites the spans whose files hold at least so many bytes.
    pub fn reclaim(&self, worth_bytes: u64) {
        let spans = std::mem::take(&mut lock(&self.reclaim).spans);
        for ((family, from), to) in spans {
            if self.engine.bytes_between(family, &from, &to) >= worth_bytes {
                self.engine.compact(family, &from, &to);
            } else {
                lock(&self.reclaim).add(family, from, to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_with_one_beginning_become_one_span() {
        let mut reclaim = Reclaim::default();
        let key = |number: u32| number.to_be_bytes().to_vec();
        reclaim.add(Family::Events, key(5), key(9));
        reclaim.add(Family::Events, key(5), key(7));
        reclaim.add(Family::Events, key(5), key(12));
        reclaim.add(Family::Events, key(6), key(8));
        let ends: Vec<_> = reclaim.spans.values().cloned().collect();
        assert_eq!(ends, [key(12), key(8)]);
        for number in 0..=RECLAIM_RANGES_MAX as u32 {
            reclaim.add(Family::Blobs, key(number), key(number + 1));
        }
        assert_eq!(reclaim.spans.len(), RECLAIM_RANGES_MAX);
    }
}
