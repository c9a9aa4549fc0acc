//! Handing leadership away: when the node stops, when it leaves a shard, and while an operator has it drained.
use super::stale;
use crate::consensus::{
    core::{PeerProgress, successor},
    gateway::Gateway,
    shared::Control,
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

/// Shards, and voters that were asked to take them over.
type Asked = BTreeSet<(u32, u64)>;

/// Hands every shard led here to a voter that can lead it, and waits until somebody else does. Ends early where nobody is
/// left to be asked.
pub async fn drain(gateway: &Gateway) {
    let until = Instant::now() + Duration::from_millis(DRAIN_MS);
    let led: Vec<u32> = (0..gateway.shards()).filter(|shard| gateway.leads(*shard)).collect();
    let (mut asked, mut last_asked) = (Asked::new(), Instant::now());
    while Instant::now() < until && led.iter().any(|shard| gateway.leads(*shard)) {
        if hand_all_over(gateway, &mut asked, |_| true).await {
            last_asked = Instant::now();
        } else if last_asked.elapsed() > Duration::from_millis(HAND_OVER_MS) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A call that comes now is answered with the new leader's address, not with "nobody".
    let leaderless = || led.iter().any(|s| gateway.standing(*s).is_some_and(|s| s.leader.is_none()));
    while Instant::now() < until && leaderless() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One try for every shard led here; whether somebody was asked. Who does not take over within [`HAND_OVER_MS`] is not
/// asked again: it may be stuck, and proposals wait meanwhile.
async fn hand_all_over(gateway: &Gateway, asked: &mut Asked, may: impl Fn(&PeerProgress) -> bool) -> bool {
    let before = asked.len();
    for shard in (0..gateway.shards()).filter(|shard| gateway.leads(*shard)) {
        let to = hand_over(gateway, shard, |peer| may(peer) && !asked.contains(&(shard, peer.raft_id))).await;
        asked.extend(to.map(|to| (shard, to)));
    }
    asked.len() > before
}

/// Asks the best of those who may be asked to take a shard over, and waits a little for it; who was asked.
pub async fn hand_over(gateway: &Gateway, shard: u32, may: impl Fn(&PeerProgress) -> bool) -> Option<u64> {
    let drained = drained(gateway).await.unwrap_or_default();
    let door = gateway.shared().door(shard)?;
    let to = successor(&door.peers(), &door.membership().voters, &drained, may)?;
    if let Err(error) = gateway.control(shard, Control::Transfer(to), Duration::from_millis(HAND_OVER_MS)).await {
        tracing::warn!(shard, to, %error, "leadership not handed over");
    }
    let until = Instant::now() + Duration::from_millis(HAND_OVER_MS);
    while gateway.leads(shard) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Some(to)
}

/// Which nodes an operator has drained, as far as this node knows; `None` if its replica does not answer at once.
pub async fn drained(gateway: &Gateway) -> Option<BTreeSet<u64>> {
    let look = |state: &kindred_domain::State| {
        state.nodes().filter(|node| node.draining).map(|node| node.raft_id).collect::<BTreeSet<_>>()
    };
    stale(gateway, 0, Duration::from_millis(HAND_OVER_MS), look).await
}

/// While an operator has the node drained: hands away whatever it leads, or came to lead. Until the node stops.
pub async fn keep_drained(gateway: Gateway, mut stopping: watch::Receiver<bool>) {
    let (mut asked, mut since) = (Asked::new(), Instant::now());
    loop {
        tokio::select! {
            // An error: the node is gone already.
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if since.elapsed() > Duration::from_millis(DRAIN_MS) {
            asked.clear();
            since = Instant::now();
        }
        let Some(drained) = drained(&gateway).await.filter(|drained| drained.contains(&gateway.raft_id())) else {
            continue;
        };
        // To nobody rather than to one that does not answer, or would hand it back: better led here than not at all.
        let able = |peer: &PeerProgress| peer.active && !drained.contains(&peer.raft_id);
        hand_all_over(&gateway, &mut asked, able).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(raft_id: u64, matched: u64, active: bool) -> PeerProgress {
        PeerProgress { raft_id, matched, active, replicating: active, receiving_snapshot: false }
    }

    #[test]
    fn a_dead_voter_is_the_last_to_be_asked() {
        // In an idle cluster all match alike, and the dead one has the highest id.
        let peers = [peer(2, 10, true), peer(3, 9, true), peer(4, 10, true), peer(5, 10, false)];
        let none = BTreeSet::new();
        assert_eq!(successor(&peers, &[1, 2, 3, 5], &none, |_| true), Some(2));
        assert_eq!(successor(&peers, &[1, 2, 3, 5], &none, |to| to.raft_id != 2), Some(3));
        assert_eq!(successor(&peers, &[1, 5], &none, |_| true), Some(5));
        assert_eq!(successor(&peers, &[1], &none, |_| true), None);
    }

    #[test]
    fn a_drained_voter_is_asked_if_nobody_else_is_able() {
        let peers = [peer(2, 10, true), peer(3, 9, true), peer(5, 10, false)];
        let drained = BTreeSet::from([2]);
        assert_eq!(successor(&peers, &[1, 2, 3, 5], &drained, |_| true), Some(3));
        assert_eq!(successor(&peers, &[1, 2, 5], &drained, |_| true), Some(2));
    }
}
