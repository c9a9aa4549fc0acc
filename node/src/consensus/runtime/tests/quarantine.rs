//! A replica whose state deviates: the disk knows, other shards serve, and it does not lead.
use super::{super::apply_thread::ApplyJob, *};
use crate::consensus::{core::Content, limits::*, replica::Apply};
use kindred_domain::{Body, command::CompareHash};
use std::time::Instant;

/// Entries between two comparisons.
const EVERY: u64 = 1_000;

fn entry(index: u64, body: Body) -> Apply<Waiter> {
    let command = wire::log::encode_command(&Command { tenant: None, request: None, body });
    let content = Content::Commands(wire::log::encode_entry(index, [&command[..]]));
    Apply { index, term: 1, content, waiters: Vec::new() }
}

/// The apply thread alone, with as many entries in both shards as are compared, then with a hash from the log for each:
/// for shard 0 a wrong one.
fn plant_a_wrong_hash(prepared: Prepared) {
    let Prepared { gateway, shared, states, start, .. } = prepared;
    let first = states[0].applied.index + 1;
    let (to_apply, jobs) = crossbeam_channel::bounded(1);
    let apply = ApplyThread::new(&start, shared.clone(), states, Arc::new(Alone), gateway, jobs).unwrap();
    let thread = std::thread::spawn(move || apply.run());
    let entries = || (first..=EVERY).map(|index| entry(index, Advance {}.into())).collect();
    (0..2).for_each(|shard| to_apply.send(ApplyJob::Entries { shard, entries: entries() }).unwrap());
    let (reached, fence) = crossbeam_channel::bounded(1);
    to_apply.send(ApplyJob::Fence(reached)).unwrap();
    fence.recv().unwrap();
    for shard in 0..2 {
        let hash = shared.doors[shard as usize].progress.state_hash.load(std::sync::atomic::Ordering::Acquire);
        let hash = if shard == 0 { !hash } else { hash };
        let entries = vec![entry(EVERY + 1, CompareHash { index: EVERY, hash }.into())];
        to_apply.send(ApplyJob::Entries { shard, entries }).unwrap();
    }
    drop(to_apply);
    thread.join().unwrap().unwrap();
}

#[test]
fn a_wrong_hash_quarantines_the_shard_and_marks_its_disk() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = prepare(start_with(dir.path(), &[1, 2], 2)).unwrap();
    let (shared, store) = (prepared.shared.clone(), prepared.start.store.clone());
    plant_a_wrong_hash(prepared);
    assert_eq!([0, 1].map(|shard| shared.door(shard).unwrap().is_quarantined()), [true, false]);
    assert_eq!([0, 1].map(|shard| store.deviates_since(shard).unwrap()), [Some(EVERY), None]);
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn advance(gateway: &Gateway, shard: ShardId) -> Result<(), Unavailable> {
    let command = Command { tenant: None, request: None, body: Advance {}.into() };
    gateway.submit(shard, Lane::Submit, &command, Instant::now() + PATIENCE).await.map(drop)
}

#[tokio::test]
async fn a_marked_shard_is_quarantined_after_a_start_and_the_others_serve() {
    let dir = tempfile::tempdir().unwrap();
    let marked = start_with(dir.path(), &[1], 2);
    marked.store.mark_deviating(0, 7).unwrap();
    drop(marked);
    let prepared = prepare(start_with(dir.path(), &[1], 2)).unwrap();
    let gateway = prepared.gateway.clone();
    let _runtime = prepared.run(Arc::new(Alone), Arc::new(Alone)).unwrap();
    until("shard 1 is led", || gateway.leads(1)).await;
    // As long as any election takes to begin, for the same clock.
    tokio::time::sleep(Duration::from_millis(TICK_MS * ELECTION_TICKS_MAX as u64)).await;
    advance(&gateway, 1).await.unwrap();
    let soon = Instant::now() + PATIENCE;
    gateway.read(1, ReadMode::Linearizable, soon, |_| ()).await.unwrap();
    assert!(!gateway.leads(0));
    let refused = gateway.read(0, ReadMode::Stale, soon, |_| ()).await.unwrap_err();
    assert_eq!(refused, Unavailable::Quarantined);
}

#[tokio::test]
async fn a_leader_that_finds_itself_deviating_stops_leading_and_the_others_serve() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = prepare(start_with(dir.path(), &[1], 2)).unwrap();
    let (gateway, shared) = (prepared.gateway.clone(), prepared.shared.clone());
    let _runtime = prepared.run(Arc::new(Alone), Arc::new(Alone)).unwrap();
    until("both are led", || gateway.leads(0) && gateway.leads(1)).await;
    advance(&gateway, 0).await.unwrap();
    shared.door(0).unwrap().quarantine();
    let refused = advance(&gateway, 0).await.unwrap_err();
    assert!(matches!(refused, Unavailable::Quarantined | Unavailable::NoLeader), "{refused:?}");
    until("shard 0 is led no more", || !gateway.leads(0)).await;
    advance(&gateway, 1).await.unwrap();
    assert!(gateway.leads(1) && !gateway.leads(0));
}
