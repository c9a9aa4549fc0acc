//! Handing leadership away: when the node stops, when it leaves a shard, and while an operator has it drained.
use crate::{
    api::Desk,
    consensus::{core::successor, gateway::Gateway, shared::Control},
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Handing leadership over takes at most this; a node that stops does so anyway then, and an election follows.
const DRAIN_MS: u64 = 2_000;
/// One voter is given so long to take a shard over before the next is asked.
const HAND_OVER_MS: u64 = 150;
/// Between two looks whether an operator has the node drained, and whether it came to lead something meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// Hands every shard led here to a voter that can lead it, and waits until somebody else does. One that does not take
/// over within [`HAND_OVER_MS`] is not asked again: it may be stuck, and proposals wait meanwhile.
pub async fn drain(gateway: &Gateway) {
    let until = Instant::now() + Duration::from_millis(DRAIN_MS);
    let mut tried = BTreeSet::new();
    while Instant::now() < until {
        let led: Vec<u32> = (0..gateway.shards()).filter(|shard| gateway.leads(*shard)).collect();
        if led.is_empty() {
            break;
        }
        for shard in led {
            if let Some(to) = hand_over(gateway, shard, |to| !tried.contains(&(shard, to))).await {
                tried.insert((shard, to));
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A call that comes now is answered with the new leader's address, not with "nobody".
    let leaderless = || (0..gateway.shards()).any(|s| gateway.standing(s).is_some_and(|s| s.leader.is_none()));
    while Instant::now() < until && leaderless() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks the best of those who may be asked to take a shard over, and waits a little for it; who was asked.
pub async fn hand_over(gateway: &Gateway, shard: u32, may: impl Fn(u64) -> bool) -> Option<u64> {
    let door = gateway.shared().door(shard)?;
    let to = successor(&door.peers(), &door.membership().voters, may)?;
    if let Err(error) = gateway.control(shard, Control::Transfer(to), Duration::from_millis(HAND_OVER_MS)).await {
        tracing::warn!(shard, to, %error, "leadership not handed over");
    }
    let until = Instant::now() + Duration::from_millis(HAND_OVER_MS);
    while gateway.leads(shard) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Some(to)
}

/// While an operator has the node drained: hands away whatever it leads, or came to lead. Until the node stops.
pub async fn keep_drained(desk: Desk, mut stopping: watch::Receiver<bool>) {
    let gateway = desk.gateway().clone();
    loop {
        tokio::select! {
            // An error: the node is gone already.
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if desk.is_draining() {
            drain(&gateway).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::core::PeerProgress;

    #[test]
    fn a_dead_voter_is_the_last_to_be_asked() {
        let peer = |raft_id, matched, active| PeerProgress {
            raft_id,
            matched,
            active,
            replicating: active,
            receiving_snapshot: false,
        };
        // In an idle cluster all match alike, and the dead one has the highest id.
        let peers = [peer(2, 10, true), peer(3, 9, true), peer(4, 10, true), peer(5, 10, false)];
        assert_eq!(successor(&peers, &[1, 2, 3, 5], |_| true), Some(2));
        assert_eq!(successor(&peers, &[1, 2, 3, 5], |to| to != 2), Some(3));
        assert_eq!(successor(&peers, &[1, 5], |_| true), Some(5));
        assert_eq!(successor(&peers, &[1], |_| true), None);
    }
}
