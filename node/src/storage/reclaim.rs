//! Giving the space of deleted ranges back. RocksDB forgets a deleted range only when it happens to rewrite
//! the files that hold it, which for old events may be never.

use std::collections::BTreeMap;

use super::key::HEAD_BYTES;
use super::limits::{RECLAIM_RANGES_MAX, RECLAIM_STATE_BYTES};
use super::shard::{Shared, lock};
use super::store::Store;
use super::table::Family;

/// Where records were deleted by range: one span for each table of a shard's generation.
#[derive(Debug, Default)]
pub(super) struct Reclaim {
    spans: BTreeMap<(Family, Vec<u8>), (Vec<u8>, Vec<u8>)>,
}

impl Reclaim {
    /// Adds a range; beyond the bound it is left to RocksDB's own pace.
    pub fn add(&mut self, family: Family, from: Vec<u8>, to: Vec<u8>) {
        let group = (family, from[..from.len().min(HEAD_BYTES)].to_vec());
        if let Some(span) = self.spans.get_mut(&group) {
            if from < span.0 {
                span.0 = from;
            }
            if to > span.1 {
                span.1 = to;
            }
        } else if self.spans.len() < RECLAIM_RANGES_MAX {
            self.spans.insert(group, (from, to));
        }
    }
}

impl Store {
    /// Gives the space of records deleted by range back to the file system, where it has become worth it.
    /// Takes as long as it takes to rewrite the files concerned: call it once a minute or so, from a thread
    /// that may wait.
    pub fn maintain(&self) {
        self.shared.reclaim(RECLAIM_STATE_BYTES);
    }
}

impl Shared {
    /// Rewrites the spans whose files hold at least so many bytes.
    pub fn reclaim(&self, worth_bytes: u64) {
        let spans = std::mem::take(&mut lock(&self.reclaim).spans);
        for ((family, group), (from, to)) in spans {
            if self.engine.bytes_between(family, &from, &to) >= worth_bytes {
                self.engine.compact(family, &from, &to);
            } else {
                lock(&self.reclaim).spans.entry((family, group)).or_insert((from, to));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_one_table_become_one_span() {
        let mut reclaim = Reclaim::default();
        let key = |table: u8, number: u8| vec![0, 0, 0, 1, 0, 0, 0, 1, table, number];
        reclaim.add(Family::Events, key(32, 5), key(32, 9));
        reclaim.add(Family::Events, key(32, 1), key(32, 5));
        reclaim.add(Family::Events, key(33, 1), key(33, 2));
        let spans: Vec<_> = reclaim.spans.values().cloned().collect();
        assert_eq!(spans, [(key(32, 1), key(32, 9)), (key(33, 1), key(33, 2))]);
        for table in 0..=255 {
            for family in Family::OF_STATE {
                reclaim.add(family, key(table, 1), key(table, 2));
            }
        }
        assert_eq!(reclaim.spans.len(), RECLAIM_RANGES_MAX);
    }
}
