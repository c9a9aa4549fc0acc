//! The threads of one node without its peers.
use super::*;
use crate::{
    consensus::{
        core::Urgency,
        gateway::{ReadMode, Unavailable},
        lanes::Lane,
        limits,
        ports::{Feed, ShardId},
        submission::{Submission, Waiter},
    },
    storage::{Options, Who},
    wire,
};
use bytes::Bytes;
use kindred_domain::{Command, command::Advance};
use std::time::Duration;

mod quarantine;

/// Nobody is reached.
struct Alone;

impl PeerSender for Alone {
    fn send(&self, _: RaftId, _: ShardId, _: Urgency, _: Bytes) {}
    fn send_snapshot(&self, _: RaftId, _: ShardId, _: u64, done: Box<dyn FnOnce(bool) + Send>) {
        done(false);
    }
}

impl FeedSink for Alone {
    fn feed(&self, _: ShardId, _: Feed) -> bool {
        true
    }
}

const PATIENCE: Duration = Duration::from_secs(30);

/// A node of one shard with these voters, itself the first.
fn node(dir: &std::path::Path, voters: &[RaftId]) -> Prepared {
    prepare(start(dir, voters)).unwrap()
}

fn start(dir: &std::path::Path, voters: &[RaftId]) -> Start {
    start_with(dir, voters, 1)
}

/// Makes what shards the disk does not have yet.
fn start_with(dir: &std::path::Path, voters: &[RaftId], shards: u32) -> Start {
    let who = Who { cluster_id: "c".into(), node_id: "n".into() };
    let store = Arc::new(Store::open(dir, &who, &Options::default()).unwrap());
    let founding = founding(voters);
    let known = store.shards();
    (0..shards).filter(|shard| !known.contains(shard)).for_each(|shard| store.create_shard(shard, &founding).unwrap());
    Start {
        store,
        raft_id: voters[0],
        cluster_id: "c".into(),
        node: NodeId::from("n"),
        shards,
        version: 1,
        trust_log: false,
        on_fault: Arc::new(|why: &str| panic!("{why}")),
        clocks: Arc::new(MachineClocks::default()),
        seed: 7,
    }
}

#[tokio::test]
async fn a_command_queued_after_leadership_was_lost_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = node(dir.path(), &[1, 2]);
    let shared = prepared.shared.clone();
    let _runtime = prepared.run(Arc::new(Alone), Arc::new(Alone)).unwrap();
    // As a caller does that was preempted between its look at the standing and its push.
    let command = Command { tenant: None, request: None, body: Advance {}.into() };
    let (reply, waiting) = tokio::sync::oneshot::channel();
    let submission = Submission { tenant: None, bytes: wire::log::encode_command(&command), waiter: Waiter { reply } };
    shared.door(0).unwrap().push(Lane::Submit, submission).unwrap();
    shared.waker.wake();
    let answer = tokio::time::timeout(PATIENCE, waiting).await.expect("it is answered").unwrap();
    assert_eq!(answer, Err(Unavailable::NotLeader { leader: None }));
}

#[tokio::test]
async fn reads_that_wait_count_until_they_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = node(dir.path(), &[1, 2]);
    let (gateway, shared) = (prepared.gateway.clone(), prepared.shared.clone());
    let soon = std::time::Instant::now() + PATIENCE;
    let door = shared.door(0).unwrap();
    // No thread runs yet: all of them wait, and the next one is refused.
    let slots: Vec<_> = (0..limits::READS_WAITING_MAX).map(|_| door.read_slot().unwrap()).collect();
    let refused = gateway.read(0, ReadMode::Stale, soon, |_| ()).await.unwrap_err();
    assert!(matches!(refused, Unavailable::Overloaded { what: "reads", .. }), "{refused:?}");
    drop(slots);
    let _runtime = prepared.run(Arc::new(Alone), Arc::new(Alone)).unwrap();
    for _ in 0..3 {
        gateway.read(0, ReadMode::Stale, soon, |_| ()).await.unwrap();
    }
}

#[test]
fn however_many_reads_are_decided_the_apply_thread_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = node(dir.path(), &[1, 2]);
    let door = prepared.shared.door(0).unwrap();
    let job = || -> crate::consensus::shared::Job { Box::new(|_| ()) };
    assert!(!door.decide(1, []));
    assert!(door.decide(1, [job(), job()]));
    assert!(!door.decide(2, [job()]));
    assert_eq!(door.take_decided().iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 1, 2]);
    assert!(door.decide(3, [job()]));
}

#[test]
fn a_program_too_old_for_the_state_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let start = start(dir.path(), &[1]);
    let applied = storage::Applied { cluster_version: 2, ..start.store.load(0).unwrap().unwrap().applied };
    let mut batch = start.store.batch(0).unwrap();
    start.store.commit(&mut batch, &applied, None).unwrap();
    let error = prepare(start).map(drop).unwrap_err().to_string();
    assert_eq!(error, "shard 0 runs cluster version 2, this program at most 1: a newer kindred-node is needed");
}
