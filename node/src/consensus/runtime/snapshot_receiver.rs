//! A snapshot on its way in: chunks go to a new generation; at the end raft is offered it.
use super::decode_members;
use crate::{
    consensus::{
        core::{SnapshotMeta, SnapshotRefused},
        ports::ShardId,
        shared::{Control, ControlError, Shared},
    },
    storage::{Import, SnapshotMeta as SnapshotHead, Store, Trailer},
};
use std::sync::{Arc, atomic::Ordering};
use tokio::sync::oneshot;

/// What became of a whole snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Raft took it.
    Taken,
    /// This replica is as far already. For the sender that is as good: it goes on from what the log holds.
    NotNeeded,
}

impl Finished {
    /// What raft's answer to the offer means.
    pub fn from_answer(answer: Result<(), ControlError>) -> Result<Self, ControlError> {
        match answer {
            Ok(()) => Ok(Self::Taken),
            Err(ControlError::Snapshot(SnapshotRefused::NotAhead { .. })) => Ok(Self::NotNeeded),
            Err(error) => Err(error),
        }
    }
}

/// Receives one snapshot of one shard.
pub struct SnapshotReceiver {
    shared: Arc<Shared>,
    shard: ShardId,
    meta: SnapshotMeta,
    import: Import,
}

impl SnapshotReceiver {
    /// Begins; another one under way for the shard is an error.
    pub fn begin(shared: Arc<Shared>, store: &Store, head: SnapshotHead) -> anyhow::Result<Self> {
        let meta = SnapshotMeta {
            index: head.applied.index,
            term: head.applied.term,
            membership: decode_members(&head.members)?,
        };
        Ok(Self { shared, shard: head.shard, meta, import: store.import(head)? })
    }

    /// Whether this replica has applied as much already: then the chunks need not come.
    pub fn is_needed(shared: &Shared, head: &SnapshotHead) -> bool {
        let applied = shared.door(head.shard).map_or(0, |door| door.progress.applied.load(Ordering::Acquire));
        head.applied.index > applied
    }

    /// Writes a verified chunk aside. Blocks on the disk.
    pub fn chunk(&mut self, chunk: &crate::storage::Chunk) -> anyhow::Result<()> {
        Ok(self.import.chunk(chunk)?)
    }

    /// Verifies the whole and offers it to raft; `Ok` once raft took it, or has no need of it.
    pub async fn finish(self, trailer: Trailer) -> anyhow::Result<Finished> {
        let waiting = self.offer(&trailer)?;
        Ok(Finished::from_answer(waiting.await?)?)
    }

    /// The same without waiting: [`Finished::from_answer`] reads what is answered.
    pub fn offer(self, trailer: &Trailer) -> anyhow::Result<oneshot::Receiver<Result<(), ControlError>>> {
        let staged = self.import.finish(trailer)?;
        let (answer, waiting) = oneshot::channel();
        let door = self.shared.door(self.shard).ok_or(ControlError::NoShard)?;
        door.control(Control::Install(self.meta, staged), answer)?;
        self.shared.waker.wake();
        Ok(waiting)
    }
}
