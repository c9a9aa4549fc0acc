//! Built only with the feature `chaos`: the way out to peers, at which the raft thread passes the point where it may be
//! asked to panic.
use crate::{
    consensus::{
        core::{RaftId, Urgency},
        ports::{PeerSender, ShardId},
    },
    ops::sabotage,
    peer::Links,
};
use bytes::Bytes;
use std::sync::Arc;

/// Links whose user may be asked to panic.
pub struct Sabotaged(pub Arc<Links>);

impl PeerSender for Sabotaged {
    fn send(&self, to: RaftId, shard: ShardId, urgency: Urgency, bytes: Bytes) {
        sabotage::point();
        self.0.send(to, shard, urgency, bytes);
    }

    fn send_snapshot(&self, to: RaftId, shard: ShardId, min_index: u64, done: Box<dyn FnOnce(bool) + Send>) {
        self.0.send_snapshot(to, shard, min_index, done);
    }
}
