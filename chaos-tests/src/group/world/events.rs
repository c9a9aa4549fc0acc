//! What can happen, and when it happens to whom.

use std::cmp::Ordering;

use bytes::Bytes;
use kindred_node::consensus::core::{RaftId, SnapshotMeta};

use super::super::machine::{Machine, Operation, Outcome, Workload};
use super::{Verdict, World};

/// An operation at a client, and which of its attempts this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub client: usize,
    pub op: u64,
    pub number: u32,
}

/// What a node tells a client.
pub enum Response<M: Machine> {
    /// It is done.
    Done(Outcome<M>),
    /// Not here, or nobody knows: try again, there if somebody is named.
    Again(Option<RaftId>),
}

/// One life of a node's process: events of an earlier one are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub id: RaftId,
    pub number: u64,
}

/// What can happen.
pub enum Event<M: Machine> {
    /// The raft thread looks at what arrived.
    Wake(Life),
    /// The raft thread's clock strikes.
    Tick(Life),
    /// A message arrives.
    Deliver { to: RaftId, shard: u32, bytes: Bytes },
    /// The log writer's sync returns.
    Synced { life: Life, upto: u64, numbers: Vec<(u32, u64)> },
    /// The apply thread gets to work.
    Apply(Life),
    /// A snapshot is scanned.
    Scan { life: Life, shard: u32, to: RaftId, min_index: u64 },
    /// A whole snapshot has arrived.
    SnapshotArrives { sender: Life, to: RaftId, shard: u32, meta: SnapshotMeta, machine: Box<M> },
    /// The sender learns how it went.
    SnapshotEnds { sender: Life, to: RaftId, shard: u32, installed: bool },
    /// A client begins its next operation.
    ClientNext { client: usize },
    /// A client sends its operation again, if it is still waiting on this attempt.
    ClientAgain { attempt: Attempt, timed_out: bool },
    /// An operation reaches a node.
    Request { to: RaftId, shard: u32, attempt: Attempt, operation: Operation<M> },
    /// A response reaches a client.
    Respond { attempt: Attempt, response: Response<M> },
    /// Something breaks.
    Fault,
    /// A node crashes.
    Crash(RaftId),
    /// A crashed node comes back.
    Restart(RaftId),
    /// A cut in the network is mended.
    Mend(Vec<(RaftId, RaftId)>),
    /// An operator acts.
    Operator,
    /// A removed replica is stopped and its data deleted.
    Retire { id: RaftId, shard: u32 },
}

/// An event and its time; the queue yields the earliest first, and among equals the first scheduled.
pub struct Scheduled<M: Machine> {
    pub at_us: u64,
    pub order: u64,
    pub event: Event<M>,
}

impl<M: Machine> PartialEq for Scheduled<M> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<M: Machine> Eq for Scheduled<M> {}

impl<M: Machine> PartialOrd for Scheduled<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<M: Machine> Ord for Scheduled<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_us, other.order).cmp(&(self.at_us, self.order))
    }
}

impl<M: Machine> Event<M> {
    /// The node whose process this needs, and the life it is for.
    fn needs(&self) -> Option<(RaftId, Option<u64>)> {
        match self {
            Self::Wake(life) | Self::Tick(life) | Self::Apply(life) => Some((life.id, Some(life.number))),
            Self::Synced { life, .. } | Self::Scan { life, .. } => Some((life.id, Some(life.number))),
            Self::SnapshotEnds { sender, .. } => Some((sender.id, Some(sender.number))),
            Self::Deliver { to, .. } | Self::Request { to, .. } => Some((*to, None)),
            Self::SnapshotArrives { to, .. } => Some((*to, None)),
            _ => None,
        }
    }
}

impl<M: Machine, W: Workload<M>> World<M, W> {
    /// One event happens, unless its node is dead (then it is void) or paused (then it waits).
    pub(super) fn handle(&mut self, event: Event<M>) -> Verdict {
        if let Some((id, life)) = event.needs() {
            let Some(node) = self.nodes.get(&id) else {
                return Ok(());
            };
            if life.is_some_and(|life| life != node.life) {
                return Ok(());
            }
            if !node.up {
                return self.missed(event);
            }
            let paused_until_us = node.paused_until_us;
            if paused_until_us > self.now_us {
                self.at(paused_until_us, event);
                return Ok(());
            }
        }
        self.trace.note(self.now_us);
        match event {
            Event::Wake(life) => self.wake_up(life.id),
            Event::Tick(life) => self.tick(life.id),
            Event::Deliver { to, shard, bytes } => self.deliver(to, shard, &bytes),
            Event::Synced { life, upto, numbers } => self.synced(life.id, upto, &numbers),
            Event::Apply(life) => self.apply_all(life.id),
            Event::Scan { life, shard, to, min_index } => self.scan(life, shard, to, min_index),
            Event::SnapshotArrives { sender, to, shard, meta, machine } => {
                self.snapshot_arrives(sender, to, shard, meta, machine)
            }
            Event::SnapshotEnds { sender, to, shard, installed } => self.snapshot_ends(sender.id, to, shard, installed),
            Event::ClientNext { client } => self.client_next(client),
            Event::ClientAgain { attempt, timed_out } => self.client_again(attempt, timed_out),
            Event::Request { to, shard, attempt, operation } => self.request(to, shard, attempt, operation),
            Event::Respond { attempt, response } => self.respond(attempt, response),
            Event::Fault => self.fault(),
            Event::Crash(id) => self.crash_for_a_while(id),
            Event::Restart(id) => self.start_node(id),
            Event::Mend(cuts) => self.mend(&cuts),
            Event::Operator => self.operate(),
            Event::Retire { id, shard } => self.retire(id, shard),
        }
    }

    /// What was sent to a dead node: some senders notice.
    fn missed(&mut self, event: Event<M>) -> Verdict {
        match event {
            Event::Request { attempt, .. } if self.chance(500) => self.answer(attempt, Response::Again(None)),
            Event::SnapshotArrives { sender, to, shard, .. } => {
                self.after(1_000, 50_000, Event::SnapshotEnds { sender, to, shard, installed: false });
            }
            _ => {}
        }
        Ok(())
    }
}
