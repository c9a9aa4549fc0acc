//! Offers that are out when something breaks.
use crate::{
    live::{
        Options, TENANT, TOKEN,
        cluster::{LOOK, Shape},
        story::{READY, Story},
        workload::{
            Demand,
            calls::{CALL, Caller, wanting},
            center::{self, Timeouts},
        },
    },
    outcome::Outcome,
};
use anyhow::ensure;
use futures::{StreamExt as _, stream};
use kindred_client::{Client, v1};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep};
use v1::interaction::State;

/// Agents without a program of their own; each may have five e-mails at once.
const PREFIX: &str = "s";
pub const EACH: usize = 5;
const AT_ONCE: usize = 32;

/// A center whose offers nobody answers by himself, and they stand long.
pub async fn silent(options: &Options, shape: Shape, agents: usize) -> anyhow::Result<Story> {
    let timeouts = Timeouts { offer_s: 60, connect_s: 60, wrap_up_s: 5 };
    let demand = Demand { per_second: 0.0, agents: 0, timeouts, ..options.demand() };
    let story = Story::begin_with(options, shape, demand).await?;
    center::hire(&story.load.client, PREFIX, agents).await?;
    center::seat(&story.load.client, PREFIX, agents).await?;
    Ok(story)
}

pub async fn submit(caller: &Caller, client: &Client, ids: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
    let one = |id: String| async move { caller.submit(client, &id, wanting("email")).await };
    let mut calls = stream::iter(ids).map(one).buffer_unordered(AT_ONCE);
    while let Some(done) = calls.next().await {
        done?;
    }
    Ok(())
}

/// Open offers: interaction, offer and agent.
async fn offers(client: &Client) -> anyhow::Result<BTreeMap<String, v1::Offer>> {
    let (mut found, mut page_token) = (BTreeMap::new(), String::new());
    loop {
        let request = v1::ListInteractionsRequest {
            parent: format!("tenants/{TENANT}"),
            page_size: 500,
            page_token,
            states: vec![State::Offered as i32],
            ..Default::default()
        };
        let page = client.list_interactions(request).await?;
        for interaction in page.interactions {
            let open = interaction.offers.into_iter().rev().find(|offer| offer.revoke_time.is_none());
            found.extend(open.map(|offer| (interaction.name, offer)));
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

pub async fn offered(client: &Client, count: usize) -> anyhow::Result<BTreeMap<String, v1::Offer>> {
    let until = Instant::now() + READY;
    loop {
        let found = offers(client).await?;
        if found.len() >= count {
            return Ok(found);
        }
        ensure!(Instant::now() < until, "{} of {count} offers are out", found.len());
        sleep(LOOK).await;
    }
}

/// 31: the leader dies with a thousand offers out. They stand as they stood, under the same ids, and can be accepted.
pub async fn the_leader_dies_with_offers_out(options: &Options) -> anyhow::Result<Outcome> {
    let agents = options.turns(200, 20);
    let out = agents * EACH;
    let mut story = silent(options, Shape::default(), agents).await?;
    let (caller, client) = (story.caller(), story.cluster.client(0, CALL)?);
    for turn in 0..options.turns(3, 1) {
        submit(&caller, &client, (0..out).map(|n| format!("o-{turn}-{n}"))).await?;
        let before = offered(&client, out).await?;
        story.witness("offers out at the kill", before.len() as u64);
        let leader = story.cluster.leader().await?;
        story.kill_leader_quietly(leader).await?;
        let after = offered(&client, out).await?;
        let lost = changed(&before, &after);
        story.holds('T', lost == 0, format!("{lost} of {out} offers are not what they were"));
        let refused = serve_all(&caller, &client, &before).await;
        story.holds('U', refused == 0, format!("{refused} of {out} offers could not be served"));
        story.return_of(leader).await?;
    }
    story.end().await
}

/// Accepts, connects and completes; how many could not be.
pub async fn serve_all(caller: &Caller, client: &Client, offers: &BTreeMap<String, v1::Offer>) -> u64 {
    let one = |(name, offer): (&String, &v1::Offer)| {
        let (name, offer_id) = (name.clone(), offer.id.clone());
        async move { complete(caller, client, caller.accept(client, &name, &offer_id).await?).await }
    };
    let served = stream::iter(offers).map(one).buffer_unordered(AT_ONCE);
    served.fold(0, |sum, done| async move { sum + u64::from(done.is_err()) }).await
}

pub async fn complete(caller: &Caller, client: &Client, of: v1::Interaction) -> Result<(), kindred_client::Error> {
    let assignment = of.assignments.last().map(|part| part.name.clone()).unwrap_or_default();
    caller.connected(client, &assignment).await?;
    caller.complete(client, &of.name, &assignment).await.map(drop)
}

/// Offers that are not what they were: another, another agent's, or none.
pub fn changed(before: &BTreeMap<String, v1::Offer>, after: &BTreeMap<String, v1::Offer>) -> usize {
    let kept = |(name, offer): &(&String, &v1::Offer)| {
        after.get(*name).is_some_and(|now| (&now.id, &now.agent) == (&offer.id, &offer.agent))
    };
    before.iter().filter(|offer| !kept(offer)).count()
}

/// 33: each offer is accepted twice at one moment, through two nodes, under two request ids. One is told yes.
pub async fn two_accept_through_two_nodes(options: &Options) -> anyhow::Result<Outcome> {
    let agents = options.turns(60, 8);
    let mut story = silent(options, Shape::default(), agents).await?;
    let (caller, client) = (story.caller(), story.cluster.client(0, CALL)?);
    let ways = [story.cluster.only(1, TOKEN, CALL)?, story.cluster.only(2, TOKEN, CALL)?];
    for turn in 0..options.turns(10, 1) {
        submit(&caller, &client, (0..agents * EACH).map(|n| format!("d-{turn}-{n}"))).await?;
        let out = offered(&client, agents * EACH).await?;
        let one = |(name, offer): (&String, &v1::Offer)| {
            let accept = |way: usize| {
                let (name, offer_id) = (name.clone(), offer.id.clone());
                let (caller, way) = (&caller, &ways[way]);
                async move { caller.accept(way, &name, &offer_id).await }
            };
            let (one, other) = (accept(0), accept(1));
            let (caller, client) = (&caller, &client);
            async move {
                let (one, other) = tokio::join!(one, other);
                let yes = u32::from(one.is_ok()) + u32::from(other.is_ok());
                if let Ok(won) = one.or(other) {
                    // What cannot be completed shows at the end: it never drains.
                    let _ = complete(caller, client, won).await;
                }
                yes
            }
        };
        let yes: Vec<u32> = stream::iter(&out).map(one).buffer_unordered(AT_ONCE).collect().await;
        let (never, twice) = (yes.iter().filter(|n| **n == 0).count(), yes.iter().filter(|n| **n == 2).count());
        story.holds('U', never == 0 && twice == 0, format!("of {}, {never} had no winner, {twice} two", yes.len()));
        story.fault();
        story.witness("pairs of which one was refused", yes.iter().filter(|n| **n == 1).count() as u64);
    }
    story.end().await
}

/// 34: every agent's stream drops in the middle of offers, and each comes back through another node.
pub async fn agents_return_elsewhere(options: &Options) -> anyhow::Result<Outcome> {
    let mut demand = options.demand();
    // Long enough that a connection drops while an offer rings, and nobody lets it ring: one that expires was lost.
    (demand.habits.answer_ms, demand.habits.missed) = (800, 0.0);
    demand.timeouts.offer_s = 15;
    demand.agents *= 2;
    let mut story = Story::begin_with(options, Shape::default(), demand).await?;
    for _ in 0..options.turns(20, 3) {
        story.load.move_agents();
        story.fault();
        story.lives(Duration::from_millis(1_500)).await;
    }
    story.goes_on(100).await?;
    story.witness("offers told again elsewhere", story.load.recorder.offers_told_again());
    let expired = story.load.recorder.events("OFFER_EXPIRED");
    story.holds('D', expired == 0, format!("{expired} offers expired before their agents"));
    story.end().await
}
