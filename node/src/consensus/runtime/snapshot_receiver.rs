//! A snapshot on its way in: chunks go to a new generation; at the end raft is offered it.
use super::decode_members;
use crate::{
    consensus::{
        core::SnapshotMeta,
        ports::ShardId,
        shared::{Control, ControlError, Shared},
    },
    storage::{Import, SnapshotMeta as SnapshotHead, Store, Trailer},
};
use std::sync::Arc;
use tokio::sync::oneshot;

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

    /// Writes a verified chunk aside. Blocks on the disk.
    pub fn chunk(&mut self, chunk: &crate::storage::Chunk) -> anyhow::Result<()> {
        Ok(self.import.chunk(chunk)?)
    }

    /// Verifies the whole and offers it to raft; `Ok` once raft took it.
    pub async fn finish(self, trailer: Trailer) -> anyhow::Result<()> {
        let staged = self.import.finish(&trailer)?;
        let (answer, waiting) = oneshot::channel();
        let door = self.shared.door(self.shard).ok_or(ControlError::NoShard)?;
        door.control(Control::Install(self.meta, staged), answer)?;
        self.shared.waker.wake();
        Ok(waiting.await??)
    }
}
