//! Answers that never arrive, and the same request asked again: here or elsewhere, it is done once.
use crate::{
    live::{
        Options, TOKEN,
        story::Story,
        workload::calls::{CALL, Caller, submission, wanting},
    },
    outcome::Outcome,
};
use futures::{StreamExt as _, stream};
use kindred_client::Client;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

const AT_ONCE: usize = 16;

/// 19: callers hang up a few milliseconds after they asked, and ask again with the same request id.
pub async fn replies_are_lost(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    let (client, caller, repeats) = (story.cluster.client(0, CALL)?, story.caller(), AtomicU64::new(0));
    let calls = options.turns(2_000, 200);
    let one = |number: usize| {
        let (client, caller, repeats) = (&client, &caller, &repeats);
        async move {
            let (id, request) = submission(&format!("lost-{number}"), wanting("chat"));
            let patience = Duration::from_micros(rand::random_range(500..6_000));
            // Dropping the call is what a client does that dies: what it asked for may be on its way.
            let _ = tokio::time::timeout(patience, caller.write(client, &id, request.clone())).await;
            let answer = caller.write(client, &id, request).await;
            let repeated = answer.is_ok_and(|answer| answer.header.is_some_and(|header| header.repeated));
            repeats.fetch_add(u64::from(repeated), Ordering::Relaxed);
        }
    };
    stream::iter(0..calls).map(one).buffer_unordered(AT_ONCE).collect::<()>().await;
    for _ in 0..calls {
        story.fault();
    }
    story.witness("first replies told again", repeats.load(Ordering::Relaxed));
    story.end().await
}

/// 20: the leader dies with calls under way; while the others elect, each is asked again through one of them.
pub async fn a_retry_goes_through_another_node(options: &Options) -> anyhow::Result<Outcome> {
    let mut story = Story::begin(options).await?;
    for turn in 0..options.turns(10, 2) {
        let leader = story.cluster.leader().await?;
        let old = story.cluster.only(leader, TOKEN, CALL)?;
        let other = story.cluster.only((leader + 1) % 3, TOKEN, CALL)?;
        let caller = story.caller();
        let asked = tokio::spawn(both_ways(caller, old, other, turn));
        // Half of them are done, half are not.
        story.lives(Duration::from_millis(30)).await;
        story.kill_leader_quietly(leader).await?;
        let moved = asked.await?;
        story.witness("calls answered by another node", moved);
        story.return_of(leader).await?;
        story.goes_on(50).await?;
    }
    story.end().await
}

const ASKED: usize = 64;

/// Each is asked at one node for a moment, and then at the other until it is answered; how many had to move.
async fn both_ways(caller: Caller, first: Client, second: Client, turn: usize) -> u64 {
    let one = |number: usize| {
        let (caller, first, second) = (&caller, &first, &second);
        async move {
            // They come over a moment, so that the kill falls into some of them.
            tokio::time::sleep(Duration::from_millis(number as u64)).await;
            let (id, request) = submission(&format!("moved-{turn}-{number}"), wanting("chat"));
            let here = caller.write_within(first, &id, request.clone(), Duration::from_millis(150)).await;
            if here.is_ok() {
                return 0;
            }
            u64::from(caller.write(second, &id, request).await.is_ok())
        }
    };
    stream::iter(0..ASKED).map(one).buffer_unordered(ASKED).fold(0, |sum, moved| async move { sum + moved }).await
}
