//! What raft reads: the recent entries from memory, older ones through [`LogReader`].
//!
//! Entries are readable here as soon as raft has handed them out to be written, before they are on disk.
//! So what is not on disk yet is never dropped from memory; the rest is dropped oldest first, beyond a
//! number of bytes.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::Bytes;
use protobuf::Message as _;
use raft::eraftpb::{ConfState, Entry, Snapshot};
use raft::{GetEntriesContext, RaftState, Storage, StorageError};

use super::decoding;
use super::errors::LogReadError;
use super::types::{Position, RaftId, SnapshotWanted};
use crate::consensus::limits::SNAPSHOTS_SENDING_MAX;

/// Reads one shard's log from disk. Called from the raft thread, only for entries that a reported
/// [`Persist`](super::Persist) has written and that no compaction has removed.
pub trait LogReader {
    /// The encoded entries of `low..high` in order, at least one, ending before their sum of lengths
    /// would exceed `max_bytes`.
    fn entries(&self, low: u64, high: u64, max_bytes: u64) -> Result<Vec<Bytes>, LogReadError>;

    /// The term of the entry at `index`.
    fn term(&self, index: u64) -> Result<u64, LogReadError>;
}

/// Snapshots under way to followers, written to by raft through a shared reference.
#[derive(Default)]
pub(super) struct SnapshotBook {
    /// Follower and the index from which it will need the log.
    pub sending: Vec<SnapshotWanted>,
}

pub(super) struct RecentLog<R> {
    reader: R,
    entries: VecDeque<Entry>,
    bytes: usize,
    bytes_max: usize,
    /// The entry before the first that may be asked for.
    truncated: Position,
    last_index: u64,
    initial: RaftState,
    pub membership: ConfState,
    pub applied: u64,
    pub snapshots: RefCell<SnapshotBook>,
}

fn weight(entry: &Entry) -> usize {
    entry.data.len() + entry.context.len() + size_of::<Entry>()
}

impl<R: LogReader> RecentLog<R> {
    pub fn new(
        reader: R,
        bytes_max: usize,
        initial: RaftState,
        truncated: Position,
        last_index: u64,
        applied: u64,
    ) -> Self {
        let membership = initial.conf_state.clone();
        Self {
            reader,
            entries: VecDeque::new(),
            bytes: 0,
            bytes_max,
            truncated,
            last_index,
            initial,
            membership,
            applied,
            snapshots: RefCell::default(),
        }
    }

    pub fn truncated(&self) -> Position {
        self.truncated
    }

    /// The index of the first entry in memory; one past the last if there is none.
    fn first_in_memory(&self) -> u64 {
        self.last_index + 1 - self.entries.len() as u64
    }

    /// Takes entries that raft handed out; they replace what is there from the first one's index on.
    pub fn append(&mut self, new: Vec<Entry>) {
        let Some(first) = new.first() else { return };
        assert!(
            first.index > self.truncated.index && first.index <= self.last_index + 1,
            "append at {} to a log of {}..={}",
            first.index,
            self.truncated.index + 1,
            self.last_index
        );
        while self.last_index >= first.index {
            match self.entries.pop_back() {
                Some(entry) => {
                    self.bytes -= weight(&entry);
                    self.last_index -= 1;
                }
                None => self.last_index = first.index - 1,
            }
        }
        for entry in new {
            self.bytes += weight(&entry);
            self.last_index = entry.index;
            self.entries.push_back(entry);
        }
    }

    /// Drops the oldest entries beyond the memory bound, none above `persisted`.
    pub fn evict(&mut self, persisted: u64) {
        while self.bytes > self.bytes_max {
            match self.entries.front() {
                Some(entry) if entry.index <= persisted => self.pop_front(),
                _ => break,
            }
        }
    }

    fn pop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= weight(&entry);
        }
    }

    /// Forgets everything up to and including `index`.
    pub fn compact(&mut self, index: u64, term: u64) {
        while self.entries.front().is_some_and(|entry| entry.index <= index) {
            self.pop_front();
        }
        self.truncated = Position { term, index };
    }

    /// Forgets the whole log: the state was replaced by a snapshot.
    pub fn restart_at(&mut self, index: u64, term: u64, membership: ConfState) {
        self.entries.clear();
        self.bytes = 0;
        self.truncated = Position { term, index };
        self.last_index = index;
        self.membership = membership;
    }

    /// The furthest the log may be cut while snapshots are being sent.
    pub fn needed_by_snapshots(&self) -> Option<u64> {
        self.snapshots.borrow().sending.iter().map(|sending| sending.min_index).min()
    }

    /// Forgets a snapshot being sent. Whether there was one.
    pub fn snapshot_done(&mut self, to: RaftId) -> bool {
        let sending = &mut self.snapshots.get_mut().sending;
        let before = sending.len();
        sending.retain(|snapshot| snapshot.to != to);
        sending.len() != before
    }

    fn read_disk(&self, low: u64, high: u64, max_bytes: u64) -> raft::Result<Vec<Entry>> {
        let encoded = self.reader.entries(low, high, max_bytes).map_err(storage_error)?;
        let mut entries = Vec::with_capacity(encoded.len());
        for (bytes, index) in encoded.iter().zip(low..high) {
            let broken = |error: super::BadMessage| storage_error(LogReadError::Broken(error.to_string()));
            let entry = decoding::entry(bytes).map_err(broken)?;
            if entry.index != index {
                return Err(storage_error(LogReadError::Missing { index }));
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err(storage_error(LogReadError::Missing { index: low }));
        }
        Ok(entries)
    }
}

fn storage_error(error: LogReadError) -> raft::Error {
    raft::Error::Store(StorageError::Other(Box::new(error)))
}

impl<R: LogReader> Storage for RecentLog<R> {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(self.initial.clone())
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        let max_bytes = max_size.into().unwrap_or(u64::MAX);
        if low <= self.truncated.index {
            return Err(raft::Error::Store(StorageError::Compacted));
        }
        assert!(high <= self.last_index + 1, "entries up to {high} of a log that ends at {}", self.last_index);
        let first_in_memory = self.first_in_memory();
        let mut found = Vec::new();
        if low < first_in_memory {
            let disk_high = high.min(first_in_memory);
            found = self.read_disk(low, disk_high, max_bytes)?;
            if (found.len() as u64) < disk_high - low {
                return Ok(found);
            }
        }
        let mut bytes: u64 = found.iter().map(|entry| u64::from(entry.compute_size())).sum();
        let from = low.max(first_in_memory);
        let memory = self.entries.iter().skip((from - first_in_memory) as usize);
        for entry in memory.take(high.saturating_sub(from) as usize) {
            bytes += u64::from(entry.compute_size());
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push(entry.clone());
        }
        Ok(found)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index == self.truncated.index {
            return Ok(self.truncated.term);
        }
        if index < self.truncated.index {
            return Err(raft::Error::Store(StorageError::Compacted));
        }
        if index > self.last_index {
            return Err(raft::Error::Store(StorageError::Unavailable));
        }
        let first_in_memory = self.first_in_memory();
        if index >= first_in_memory {
            return Ok(self.entries[(index - first_in_memory) as usize].term);
        }
        self.reader.term(index).map_err(storage_error)
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.truncated.index + 1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.last_index)
    }

    /// Only the outline of a snapshot: raft needs its index to know where the follower will be. The state
    /// itself is streamed by the runtime, which is told through [`SnapshotWanted`].
    fn snapshot(&self, request_index: u64, to: u64) -> raft::Result<Snapshot> {
        let mut book = self.snapshots.borrow_mut();
        book.sending.retain(|sending| sending.to != to);
        if self.applied < request_index.max(self.truncated.index) || book.sending.len() >= SNAPSHOTS_SENDING_MAX {
            return Err(raft::Error::Store(StorageError::SnapshotTemporarilyUnavailable));
        }
        book.sending.push(SnapshotWanted { to, min_index: self.applied });
        let mut snapshot = Snapshot::default();
        let metadata = snapshot.mut_metadata();
        metadata.index = self.applied;
        metadata.term = self.term(self.applied)?;
        metadata.set_conf_state(self.membership.clone());
        Ok(snapshot)
    }
}
