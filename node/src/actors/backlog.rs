//! What a new leader's Matchmaker has not read yet: configuration and agents, then open interactions, who waits
//! longest first. Taken in portions, so that the first offers need not wait for the last of a hundred thousand.
use kindred_domain::{
    ids::TenantId,
    record::{Record, RecordKey},
};
use std::collections::{BTreeSet, VecDeque};

/// Records of one portion: some milliseconds of the Matchmaker's thread.
pub const PORTION: usize = 2_000;

/// See the module.
#[derive(Default)]
pub struct Backlog {
    waiting: VecDeque<Record>,
    /// Changed by entries since: what is here of them is old. Filled only while something waits, so no more than what
    /// changes in the fraction of a second that reading takes.
    changed: BTreeSet<RecordKey>,
    /// Deleted since, with all they had; of one that is made again, what is here stays old.
    deleted: BTreeSet<TenantId>,
}

impl Backlog {
    /// Everything a state holds, in any order.
    pub fn new(records: Vec<Record>) -> Self {
        // The place is looked up once for each: comparing through two pointers costs more than the sort.
        let mut placed: Vec<(u8, u64, Record)> = records.into_iter().map(placed).collect();
        // Stable: of the same moment, the state's order.
        placed.sort_by_key(|(class, since_ms, _)| (*class, *since_ms));
        let waiting = placed.into_iter().map(|(_, _, record)| record).collect();
        Self { waiting, ..Self::default() }
    }

    /// Nothing is left to read.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// An entry wrote or removed this record: the copy here must not be read any more.
    pub fn supersede(&mut self, key: &RecordKey) {
        if self.is_empty() {
            return;
        }
        self.changed.insert(key.clone());
    }

    /// An entry removed this record, and with a tenant all it had.
    pub fn remove(&mut self, key: &RecordKey) {
        self.supersede(key);
        if let RecordKey::Tenant(tenant) = key
            && !self.is_empty()
        {
            self.deleted.insert(tenant.clone());
        }
    }

    /// The next records that still count, from at most [`PORTION`].
    pub fn portion(&mut self) -> Vec<Record> {
        let many = PORTION.min(self.waiting.len());
        let taken: Vec<Record> =
            self.waiting.drain(..many).filter(|record| counts(&self.changed, &self.deleted, record)).collect();
        if self.is_empty() {
            *self = Self::default();
        }
        taken
    }
}

fn counts(changed: &BTreeSet<RecordKey>, deleted: &BTreeSet<TenantId>, record: &Record) -> bool {
    if changed.is_empty() {
        return true;
    }
    let key = record.key();
    !changed.contains(&key) && key.tenant().is_none_or(|tenant| !deleted.contains(tenant))
}

/// What an interaction needs to be offered comes before it.
fn placed(record: Record) -> (u8, u64, Record) {
    let (class, since_ms) = match &record {
        Record::Interaction(interaction) => (2, interaction.waiting_since_ms),
        Record::Agent(_) => (1, 0),
        _ => (0, 0),
    };
    (class, since_ms, record)
}

#[cfg(test)]
mod tests;
