//! One node's disk: writes are visible at once, durable after a sync, and a crash keeps a prefix.
//!
//! Like a write-ahead log shared by all shards: batches are atomic and ordered, a sync covers everything
//! before it, and what was not synced survives a crash up to some point, chosen by the seed.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use bytes::Bytes;
use kindred_node::consensus::core::{
    Boot, Content, HardState, LogReadError, LogReader, Membership, Persist, Position, SnapshotMeta,
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::machine::Machine;

/// One shard's data.
#[derive(Clone)]
pub struct ShardDisk<M> {
    pub hard_state: HardState,
    pub log: BTreeMap<u64, (u64, Bytes)>,
    pub truncated: Position,
    pub applied: Position,
    pub membership: Membership,
    pub machine: M,
}

impl<M: Machine> ShardDisk<M> {
    fn new(boot: Boot) -> Self {
        Self {
            hard_state: boot.hard_state,
            log: BTreeMap::new(),
            truncated: boot.truncated,
            applied: boot.truncated,
            membership: boot.membership,
            machine: M::founding(),
        }
    }

    /// The index of the last entry.
    pub fn last_index(&self) -> u64 {
        self.log.last_key_value().map_or(self.truncated.index, |(index, _)| *index)
    }

    /// The term of the entry at `index`, if it is known.
    pub fn term(&self, index: u64) -> Option<u64> {
        if index == self.truncated.index {
            return Some(self.truncated.term);
        }
        self.log.get(&index).map(|(term, _)| *term)
    }

    /// What a replica starts from.
    pub fn boot(&self) -> Boot {
        Boot {
            hard_state: self.hard_state,
            membership: self.membership.clone(),
            applied: self.applied.index,
            truncated: self.truncated,
            last_index: self.last_index(),
        }
    }

    /// What a snapshot of the state stands for.
    pub fn snapshot_meta(&self) -> SnapshotMeta {
        SnapshotMeta { index: self.applied.index, term: self.applied.term, membership: self.membership.clone() }
    }
}

/// One atomic batch.
#[derive(Clone)]
pub enum Write<M: Machine> {
    /// The log writer's; with the state to switch to, if it carries a snapshot.
    Persist { persist: Persist, switch: Option<Box<M>> },
    /// The apply thread's: state and `applied` together.
    Apply { at: Position, content: Content },
    /// The log is cut.
    Compact(Position),
}

struct Pending<M: Machine> {
    shard: u32,
    write: Write<M>,
}

/// All shards of one node.
pub struct Disk<M: Machine> {
    visible: BTreeMap<u32, ShardDisk<M>>,
    durable: BTreeMap<u32, ShardDisk<M>>,
    unsynced: VecDeque<Pending<M>>,
    /// Writes ever made; what a sync covers is said in this count.
    pub written: u64,
}

/// What a crash did to a disk.
pub struct Loss {
    /// Writes that were lost.
    pub writes: usize,
    /// Entries among them.
    pub entries: usize,
}

impl<M: Machine> Default for Disk<M> {
    fn default() -> Self {
        Self { visible: BTreeMap::new(), durable: BTreeMap::new(), unsynced: VecDeque::new(), written: 0 }
    }
}

impl<M: Machine> Disk<M> {
    /// Prepares a shard, durably.
    pub fn found(&mut self, shard: u32, boot: Boot) {
        self.visible.insert(shard, ShardDisk::new(boot.clone()));
        self.durable.insert(shard, ShardDisk::new(boot));
    }

    /// The shards on this disk.
    pub fn shards(&self) -> Vec<u32> {
        self.visible.keys().copied().collect()
    }

    /// Removes a shard, durably.
    pub fn forget(&mut self, shard: u32) {
        self.visible.remove(&shard);
        self.durable.remove(&shard);
    }

    /// What is written, synced or not.
    pub fn shard(&self, shard: u32) -> Option<&ShardDisk<M>> {
        self.visible.get(&shard)
    }

    /// What is synced.
    pub fn durable(&self, shard: u32) -> Option<&ShardDisk<M>> {
        self.durable.get(&shard)
    }

    /// Writes a batch. Applying returns the replies.
    pub fn write(&mut self, shard: u32, write: Write<M>) -> Result<Vec<M::Reply>, String> {
        self.written += 1;
        let data = self.visible.get_mut(&shard).ok_or("a write to a shard that is not here")?;
        let replies = perform(data, &write)?;
        self.unsynced.push_back(Pending { shard, write });
        Ok(replies)
    }

    /// Makes everything up to the `upto`th write durable.
    pub fn sync(&mut self, upto: u64) -> Result<(), String> {
        while self.written - (self.unsynced.len() as u64) < upto {
            let Some(pending) = self.unsynced.pop_front() else {
                break;
            };
            if let Some(data) = self.durable.get_mut(&pending.shard) {
                perform(data, &pending.write)?;
            }
        }
        Ok(())
    }

    /// The power fails: of what was not synced a prefix survives.
    pub fn crash(&mut self, rng: &mut ChaCha8Rng) -> Result<Loss, String> {
        let kept = rng.random_range(0..=self.unsynced.len());
        let lost = self.unsynced.split_off(kept);
        let entries = |pending: &Pending<M>| match &pending.write {
            Write::Persist { persist, .. } => persist.entries.len(),
            _ => 0,
        };
        let loss = Loss { writes: lost.len(), entries: lost.iter().map(entries).sum() };
        self.written -= lost.len() as u64;
        self.sync(self.written)?;
        self.visible = self.durable.clone();
        Ok(loss)
    }
}

fn perform<M: Machine>(data: &mut ShardDisk<M>, write: &Write<M>) -> Result<Vec<M::Reply>, String> {
    match write {
        Write::Persist { persist, switch } => {
            if let (Some(meta), Some(machine)) = (&persist.snapshot, switch) {
                data.log.clear();
                data.truncated = Position { term: meta.term, index: meta.index };
                data.applied = data.truncated;
                data.membership = meta.membership.clone();
                data.machine = (**machine).clone();
            }
            if let Some(first) = persist.entries.first() {
                data.log.split_off(&first.index);
            }
            for entry in &persist.entries {
                data.log.insert(entry.index, (entry.term, entry.bytes.clone()));
            }
            data.hard_state = persist.hard_state;
            Ok(Vec::new())
        }
        Write::Apply { at, content } => {
            if at.index != data.applied.index + 1 {
                return Err(format!("entry {} applied after {}", at.index, data.applied.index));
            }
            data.applied = *at;
            match content {
                Content::Empty => Ok(Vec::new()),
                Content::Commands(entry) => data.machine.apply(at.index, at.term, entry),
                Content::Membership(members) => {
                    data.membership = members.clone();
                    Ok(Vec::new())
                }
            }
        }
        Write::Compact(position) => {
            data.log = data.log.split_off(&(position.index + 1));
            data.truncated = *position;
            Ok(Vec::new())
        }
    }
}

/// A disk shared between a node and the cores that read its log.
pub type SharedDisk<M> = Rc<RefCell<Disk<M>>>;

/// One shard's log on a shared disk.
pub struct DiskReader<M: Machine> {
    pub disk: SharedDisk<M>,
    pub shard: u32,
}

impl<M: Machine> LogReader for DiskReader<M> {
    fn entries(&self, low: u64, high: u64, max_bytes: u64) -> Result<Vec<Bytes>, LogReadError> {
        let disk = self.disk.borrow();
        let data = disk.shard(self.shard).ok_or(LogReadError::Missing { index: low })?;
        let mut bytes = 0;
        let mut found = Vec::new();
        for (_, entry) in data.log.range(low..high).map(|(index, (_, entry))| (index, entry)) {
            bytes += entry.len() as u64;
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push(entry.clone());
        }
        Ok(found)
    }

    fn term(&self, index: u64) -> Result<u64, LogReadError> {
        let disk = self.disk.borrow();
        disk.shard(self.shard).and_then(|data| data.term(index)).ok_or(LogReadError::Missing { index })
    }
}
