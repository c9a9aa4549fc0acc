//! The threads of a node: raft, log writer, apply. Each is a loop around steps ([`Parts`]), which the simulation takes
//! itself, in one thread and with clocks of its own.
mod apply_thread;
mod clocks;
mod encoder;
mod gauges;
mod log_reader;
mod log_writer;
mod members;
mod persist;
mod raft_thread;
mod restore;
mod snapshot_receiver;
#[cfg(test)]
mod tests;

pub use apply_thread::{ApplyThread, HASH_EVERY};
pub use clocks::MachineClocks;
pub use log_writer::{Gathered, LogThread};
pub use members::{decode_members, encode_members};
pub use persist::{Persister, stored_hash};
pub use raft_thread::RaftThread;
pub use restore::nodes_on_disk;
pub use snapshot_receiver::{Finished, SnapshotReceiver};

use super::{
    clock::Clocks,
    core::{Boot, Config, HardState, Position, RaftId},
    gateway::Gateway,
    limits,
    ports::{FeedSink, PeerSender},
    replica::Replica,
    shared::Shared,
    submission::Submission,
};
use crate::storage::{self, LogWriter, SideCheck, Store};
use anyhow::Context as _;
use kindred_domain::{ids::NodeId, planted};
use log_reader::ShardLog;
use std::{sync::Arc, thread::JoinHandle};

/// What stops the process: a disk that fails, a state that cannot be read. Called at most once per thread.
pub type OnFault = Arc<dyn Fn(&str) + Send + Sync>;

/// How a node's consensus is started.
pub struct Start {
    /// The disk; its shards exist already.
    pub store: Arc<Store>,
    /// This replica's raft id.
    pub raft_id: RaftId,
    /// The cluster's identifier.
    pub cluster_id: String,
    /// This node's name.
    pub node: NodeId,
    /// How many shards.
    pub shards: u32,
    /// The newest cluster version this program can run.
    pub version: u32,
    /// An operator vouches for logs whose side file is lost: for a node that cannot earn trust from others.
    pub trust_log: bool,
    /// Stops the process.
    pub on_fault: OnFault,
    /// What it reads time from.
    pub clocks: Arc<dyn Clocks>,
    /// Seed of the election timeouts; another one for every start.
    pub seed: u64,
}

/// The running threads.
pub struct Runtime {
    /// The door.
    pub gateway: Gateway,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads of a node run.
pub struct Parts {
    /// Takes rounds.
    pub raft: RaftThread,
    /// Gathers what waits, and writes it.
    pub log: LogThread,
    /// Works off its jobs.
    pub apply: ApplyThread,
}

/// Room for jobs between threads. What is under way in a shard is bounded below it (entries by
/// [`limits::APPLY_LAG_TURNS_MAX`] and what may still commit then, writes by [`limits::WRITES_UNDER_WAY_MAX`], reads are
/// one job), so that the raft thread never waits in a full channel, and with it the heartbeats of all shards.
const JOBS_PER_SHARD: usize = 2 * (limits::APPLY_LAG_TURNS_MAX + limits::WRITES_UNDER_WAY_MAX);

/// Reads the disk and prepares everything; [`Prepared::run`] starts the threads once the rooms above exist.
pub fn prepare(start: Start) -> anyhow::Result<Prepared> {
    let shared = Arc::new(Shared::new(start.raft_id, start.cluster_id.clone(), start.node.clone(), start.shards));
    let mut writer = start.store.log_writer()?;
    let mut replicas = Vec::new();
    let mut states = Vec::new();
    for shard in 0..start.shards {
        let loaded = start.store.load(shard)?.with_context(|| format!("shard {shard} was never created here"))?;
        check_version(shard, loaded.applied.cluster_version, start.version)?;
        let restored = restore::restore(&start.store, shard).with_context(|| format!("state of shard {shard}"))?;
        let config = Config {
            raft_id: start.raft_id,
            shard,
            seed: start.seed.rotate_left(shard),
            recent_log_bytes: limits::RECENT_LOG_BYTES,
        };
        let boot = boot_of(&loaded)?;
        let door = &shared.doors[shard as usize];
        door.set_membership(boot.membership.clone());
        if let Some(index) = start.store.deviates_since(shard)? {
            tracing::error!(
                shard,
                index,
                "this replica's state deviates from the others': it is quarantined; see the docs"
            );
            door.quarantine();
        }
        let log = ShardLog::new(start.store.log_reader(), shard);
        let mut replica: Replica<Submission, ShardLog> = Replica::new(config, boot, loaded.applied.log_time_ms, log)?;
        let votes = may_vote(&start, &mut writer, shard, &mut replica)?;
        replicas.push((replica, votes));
        states.push(restored);
    }
    Ok(Prepared { gateway: Gateway::new(shared.clone()), shared, replicas, states, writer, start })
}

/// An older program would apply by older rules, and its state deviate from the others'.
fn check_version(shard: u32, needed: u32, known: u32) -> anyhow::Result<()> {
    anyhow::ensure!(
        needed <= known,
        "shard {shard} runs cluster version {needed}, this program at most {known}: a newer kindred-node is needed"
    );
    Ok(())
}

/// Whether a replica may vote from the start; if not, why not is said, and how it may again.
fn may_vote(
    start: &Start,
    writer: &mut LogWriter,
    shard: u32,
    replica: &mut Replica<Submission, ShardLog>,
) -> anyhow::Result<bool> {
    match start.store.side_check(shard)? {
        SideCheck::Ok => return Ok(true),
        _ if planted!(SideFileIgnored) => return Ok(true),
        SideCheck::Behind { .. } => tracing::error!(
            shard,
            "the log is behind what was once synced: this replica does not vote until it has caught up"
        ),
        SideCheck::Unknown if start.trust_log => {
            tracing::error!(
                shard,
                "the side file is lost and the operator vouches for the log (--trust-log): it votes"
            );
            writer.trust(shard)?;
            return Ok(true);
        }
        SideCheck::Unknown => {
            tracing::error!(
                shard,
                "the side file is lost: this replica does not vote until it has caught up with a leader; if there can \
                 be none, start it once with --trust-log"
            );
            replica.begin_probation();
        }
    }
    Ok(false)
}

/// With what each shard begins on the disk of a founder: everybody's the same.
pub fn founding(voters: &[RaftId]) -> storage::Founding {
    let Boot { hard_state: HardState { term, vote, commit }, truncated, membership, .. } = Boot::founding(voters);
    storage::Founding {
        hard_state: storage::HardState { term, vote, commit },
        members: encode_members(&membership).into(),
        position: storage::Position { term: truncated.term, index: truncated.index },
    }
}

fn boot_of(loaded: &storage::Loaded) -> anyhow::Result<Boot> {
    Ok(Boot {
        hard_state: HardState {
            term: loaded.hard_state.term,
            vote: loaded.hard_state.vote,
            commit: loaded.hard_state.commit,
        },
        membership: decode_members(&loaded.members).context("membership on disk")?,
        applied: loaded.applied.index,
        truncated: Position { term: loaded.truncated.term, index: loaded.truncated.index },
        last_index: loaded.last.index,
    })
}

/// Everything read from disk, no thread yet.
pub struct Prepared {
    /// The door; usable once running.
    pub gateway: Gateway,
    /// What gateways and threads share.
    pub shared: Arc<Shared>,
    replicas: Vec<(Replica<Submission, ShardLog>, bool)>,
    states: Vec<restore::Restored>,
    writer: LogWriter,
    start: Start,
}

impl Prepared {
    /// Starts the threads.
    pub fn run(self, peers: Arc<dyn PeerSender>, feed: Arc<dyn FeedSink>) -> anyhow::Result<Runtime> {
        let (gateway, on_fault) = (self.gateway.clone(), self.start.on_fault.clone());
        let Parts { raft, log, apply } = self.parts(peers, feed)?;
        let threads = vec![
            spawn("kindred-log", on_fault.clone(), move || log.run())?,
            spawn("kindred-apply", on_fault.clone(), move || apply.run())?,
            spawn("kindred-raft", on_fault, move || raft.run())?,
        ];
        Ok(Runtime { gateway, threads })
    }

    /// What the threads run, for whoever takes their steps by itself.
    pub fn parts(self, peers: Arc<dyn PeerSender>, feed: Arc<dyn FeedSink>) -> anyhow::Result<Parts> {
        let Self { gateway, shared, replicas, states, writer, start } = self;
        let room = JOBS_PER_SHARD * shared.doors.len().max(1);
        let (to_writer, writes) = crossbeam_channel::bounded(room);
        let (to_apply, jobs) = crossbeam_channel::bounded(room);
        let apply = ApplyThread::new(&start, shared.clone(), states, feed, gateway, jobs)?;
        let (store, clocks) = (start.store, start.clocks);
        let log = LogThread::new(writer, writes, to_apply.clone(), shared.clone());
        Ok(Parts { raft: RaftThread::new(shared, replicas, store, to_writer, to_apply, peers, clocks), log, apply })
    }
}

impl Runtime {
    /// Whether a thread has ended; none does while the node serves.
    pub fn is_broken(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }
}

fn spawn(
    name: &'static str,
    on_fault: OnFault,
    work: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
        if let Err(error) = work() {
            on_fault(&format!("{name}: {error:#}"));
        }
    });
    Ok(thread?)
}
