//! Closed interactions: on disk, their names here, so that a natural key guards against a duplicate.
use crate::ids::*;
use alloc::collections::BTreeSet;

/// One closed interaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stub {
    /// Closed at, log time.
    pub closed_ms: u64,
    /// Approximate bytes on disk.
    pub bytes: u32,
    /// Its name.
    pub id: InteractionId,
}

/// Closed interactions, oldest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closed {
    ids: BTreeSet<InteractionId>,
    by_time: BTreeSet<Stub>,
    bytes: u64,
}

impl Closed {
    /// Is it one of them.
    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Approximate bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds one.
    pub(crate) fn push(&mut self, stub: Stub) {
        self.bytes += u64::from(stub.bytes);
        self.ids.insert(stub.id.clone());
        self.by_time.insert(stub);
    }

    /// Takes the oldest if it is older than `before_ms` or there are more than `max_bytes`.
    pub(crate) fn sweep(&mut self, before_ms: u64, max_bytes: u64) -> Option<Stub> {
        let oldest = self.by_time.first()?;
        if oldest.closed_ms >= before_ms && self.bytes <= max_bytes {
            return None;
        }
        let stub = self.by_time.pop_first()?;
        self.bytes -= u64::from(stub.bytes);
        self.ids.remove(&stub.id);
        Some(stub)
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Stub> {
        self.by_time.iter()
    }
}

impl Closed {
    /// What is remembered of a closed interaction. Bytes are estimated from its parts, alike on every replica.
    pub fn stub(interaction: &crate::record::Interaction) -> Stub {
        let bytes = 256
            + interaction.context_bytes
            + 96 * interaction.assignments.len() as u32
            + 48 * interaction.labels.len() as u32
            + 16 * interaction.transitions.len() as u32;
        let closed_ms = interaction.closing.as_ref().map_or(0, |c| c.at_ms);
        Stub { closed_ms, bytes, id: interaction.id.clone() }
    }
}
