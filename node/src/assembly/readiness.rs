//! Whether this node can serve now: what `/readyz` and the health service say.
use crate::{
    consensus::gateway::{Gateway, ReadMode},
    ops::metrics::Readiness,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// A look at a shard's state takes at most this; then it is tried again.
const LOOK_MS: u64 = 1_000;
/// Between two tries.
const AGAIN_MS: u64 = 20;

/// Ready: leaders known everywhere, this replica a member, nothing wrong with it, and since its start it has caught up
/// once. Later it may lag as any follower does: what must be fresh is read at an index the leader gives.
pub fn readiness(gateway: Gateway, tasks: &mut JoinSet<()>, mut stopping: watch::Receiver<bool>) -> Readiness {
    let caught_up = Arc::new(AtomicBool::new(false));
    let (noted, asked) = (caught_up.clone(), gateway.clone());
    tasks.spawn(async move {
        tokio::select! {
            // An error: the node is gone already.
            _ = stopping.wait_for(|stop| *stop) => {}
            () = catch_up(&asked) => noted.store(true, Ordering::Release),
        }
    });
    Arc::new(move || standing(&gateway).and_then(|()| caught_up_or(&caught_up)))
}

/// Resolves once every shard's state here has applied what was committed when it was asked.
async fn catch_up(gateway: &Gateway) {
    for shard in 0..gateway.shards() {
        loop {
            let until = Instant::now() + Duration::from_millis(LOOK_MS);
            if gateway.read(shard, ReadMode::Linearizable, until, |_| ()).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(AGAIN_MS)).await;
        }
    }
}

fn caught_up_or(caught_up: &AtomicBool) -> Result<(), String> {
    if caught_up.load(Ordering::Acquire) { Ok(()) } else { Err("catching up".into()) }
}

fn standing(gateway: &Gateway) -> Result<(), String> {
    let shared = gateway.shared();
    if shared.is_stopping() {
        return Err("stopping".into());
    }
    if shared.is_refused() {
        return Err("the cluster refuses this node".into());
    }
    for shard in 0..gateway.shards() {
        let Some(door) = shared.door(shard) else { continue };
        // Calls come in by other nodes then; what is led here in other shards is still served.
        if door.is_quarantined() {
            return Err(format!("shard {shard}: quarantined: the state deviates"));
        }
        if door.standing().leader.is_none() {
            return Err(format!("shard {shard}: no leader"));
        }
        if !door.membership().contains(gateway.raft_id()) {
            return Err(format!("shard {shard}: not a member"));
        }
    }
    Ok(())
}
