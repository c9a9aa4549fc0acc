//! What can happen next, and the queue in which it waits.

use std::cmp::Ordering;

use bytes::Bytes;
use kindred_client::Error;
use kindred_domain::ids::TenantId;
use kindred_node::consensus::core::RaftId;
use kindred_node::consensus::gateway::{Outcome, Unavailable};
use kindred_node::consensus::lanes::Lane;
use kindred_proto::v1;

use super::clients::{Act, Told};
use super::server::{Ask, EventMessage};

/// One life of a node, from start to crash: what was meant for an earlier life is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Life {
    pub id: RaftId,
    pub number: u32,
}

/// A stream between a client and a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conn {
    pub number: u64,
    pub client: usize,
    pub life: Life,
}

/// Something that happens.
pub enum Event {
    /// The raft thread takes a round.
    Round(Life),
    /// The log writer's sync is over.
    Synced(Life),
    /// The apply thread works off what waits.
    Apply(Life),
    /// A shard's Matchmaker has a turn.
    Turn(Life, u32),
    /// The keeper's round, and the end of what waited too long.
    Keep(Life),
    /// A stopped process goes on.
    Continue(Life),
    /// A crashed one is started again.
    Start(RaftId, u32),
    /// A raft message arrives.
    Raft { to: RaftId, shard: u32, bytes: Bytes },
    /// The next part of a snapshot arrives: its head, a chunk, its end.
    SnapshotPart { to: RaftId, number: u64 },
    /// The sender of a snapshot learns how it ended.
    SnapshotEnded { from: Life, done: Box<dyn FnOnce(bool) + Send>, installed: bool },
    /// A command arrives at whom the other takes for the leader.
    Forward { from: Life, to: RaftId, number: u64, shard: u32, lane: Lane, tenant: Option<TenantId>, command: Bytes },
    /// Its answer comes back.
    Forwarded { to: Life, number: u64, answer: Box<Result<Outcome, Unavailable>> },
    /// A call arrives at a node.
    Ask(RaftId, Box<Ask>),
    /// Its answer arrives at the client.
    Told(Box<Told>),
    /// An attempt of a call is due.
    Attempt { client: usize, call: u64 },
    /// An attempt has had its time.
    AttemptOver { client: usize, call: u64, attempt: u32 },
    /// A client opens its stream.
    Dial { client: usize },
    /// A message of a session arrives at the node.
    Up(Conn, Box<v1::SessionRequest>),
    /// And one at the client.
    Down(Conn, Box<v1::SessionResponse>),
    /// An event of a watched tenant arrives.
    Watched(Conn, EventMessage),
    /// Time has passed for a session of a node.
    StreamDue(Conn),
    /// The node hears that the client has gone.
    Hangup(Conn),
    /// The client hears that its stream is over.
    Broken(Conn, Option<Box<Error>>),
    /// A session has something due.
    SessionDue { client: usize },
    /// A client does something by itself.
    Act { client: usize, act: Act },
    /// A client's process is started again.
    Revive { client: usize },
    /// There is room on a disk again.
    Space(RaftId),
    /// These cuts end.
    Mend(Vec<(RaftId, RaftId)>),
    /// The next fault of a storm.
    Fault,
}

/// An event with its time; those of the same moment happen in the order in which they were scheduled.
pub struct Scheduled {
    pub at_us: u64,
    pub order: u64,
    pub event: Event,
}

impl Scheduled {
    fn key(&self) -> (u64, u64) {
        (self.at_us, self.order)
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    /// The soonest is the greatest: a heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}
