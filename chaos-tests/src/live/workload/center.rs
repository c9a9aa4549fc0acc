//! What a contact center needs before it opens: a policy, a queue for three channels, a routing profile, agents.
use crate::live::{TENANT, name};
use anyhow::ensure;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kindred_client::{Client, Error, Kind, v1};
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub const CHANNELS: [&str; 3] = ["voice", "chat", "email"];
/// The tenant has its place within this after the start.
const PLACED: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// Agents made at a time.
const AT_ONCE: usize = 16;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub offer_s: i64,
    pub connect_s: i64,
    pub wrap_up_s: i64,
}

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

/// What is there already, because an earlier answer was lost, is as good.
#[allow(clippy::result_large_err, reason = "as in the client, whose error it is")]
fn there<T>(made: Result<T, Error>) -> Result<(), Error> {
    match made {
        Err(error) if error.kind != Kind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes all of it.
pub async fn open(client: &Client, agents: usize, timeouts: Timeouts) -> anyhow::Result<()> {
    let parent = || format!("tenants/{TENANT}");
    let rules = Some(v1::policy::Rules::Distribution(v1::Distribution::default()));
    let policy = v1::Policy { rules, ..Default::default() };
    let request = v1::CreatePolicyRequest {
        parent: parent(),
        policy: Some(policy),
        policy_id: "idle".into(),
        ..Default::default()
    };
    let until = Instant::now() + PLACED;
    while let Err(error) = there(client.create_policy(request.clone()).await) {
        ensure!(Instant::now() < until, "{error}");
        sleep(ASK_AGAIN).await;
    }
    there(client.create_queue(queue(timeouts)).await)?;
    there(client.create_routing_profile(profile()).await)?;
    hire(client, "a", agents).await
}

/// Makes so many agents, `a0`, `a1`, …; they are OFFLINE.
pub async fn hire(client: &Client, prefix: &str, count: usize) -> anyhow::Result<()> {
    let hire = |number: usize| {
        let agent = v1::Agent {
            routing_profile: name("routingProfiles", "all"),
            endpoint: format!("sip:{prefix}{number}@example.invalid"),
            ..Default::default()
        };
        let (parent, agent_id) = (format!("tenants/{TENANT}"), format!("{prefix}{number}"));
        let request = v1::CreateAgentRequest { parent, agent: Some(agent), agent_id, ..Default::default() };
        async { there(client.create_agent(request).await) }
    };
    Ok(stream::iter(0..count).map(hire).buffer_unordered(AT_ONCE).try_for_each(|()| async { Ok(()) }).await?)
}

/// They say that they are there, without a session: what they are offered is told to whoever asks.
pub async fn seat(client: &Client, prefix: &str, count: usize) -> anyhow::Result<()> {
    let presence = v1::Presence { status: v1::presence::Status::Available as i32, ..Default::default() };
    let request = v1::BatchSetPresenceRequest {
        parent: format!("tenants/{TENANT}"),
        names: (0..count).map(|number| name("agents", &format!("{prefix}{number}"))).collect(),
        presence: Some(presence),
        ..Default::default()
    };
    client.batch_set_presence(request).await?;
    Ok(())
}

/// A queue nobody serves, in which nobody waits longer than this.
pub async fn waiting_room(client: &Client, id: &str, max_wait_s: Option<i64>) -> anyhow::Result<String> {
    let queue =
        v1::Queue { policy: name("policies", "idle"), max_wait: max_wait_s.and_then(seconds), ..Default::default() };
    let parent = format!("tenants/{TENANT}");
    let request = v1::CreateQueueRequest { parent, queue: Some(queue), queue_id: id.into(), ..Default::default() };
    there(client.create_queue(request).await)?;
    Ok(name("queues", id))
}

fn queue(timeouts: Timeouts) -> v1::CreateQueueRequest {
    let rules = |channel: &&str| {
        // Only calls have after-work.
        let wrap_up_s = if *channel == "voice" { timeouts.wrap_up_s } else { 0 };
        let rules = v1::ChannelRules {
            answer_mode: v1::AnswerMode::AgentAccepts as i32,
            offer_timeout: seconds(timeouts.offer_s),
            connect_timeout: seconds(timeouts.connect_s),
            wrap_up_timeout: seconds(wrap_up_s),
            ..Default::default()
        };
        ((*channel).to_owned(), rules)
    };
    let queue = v1::Queue {
        policy: name("policies", "idle"),
        channels: CHANNELS.iter().map(rules).collect(),
        ..Default::default()
    };
    let parent = format!("tenants/{TENANT}");
    v1::CreateQueueRequest { parent, queue: Some(queue), queue_id: "support".into(), ..Default::default() }
}

/// One call, or a few chats and e-mails at a time.
fn profile() -> v1::CreateRoutingProfileRequest {
    let entry = |channel: &&str| v1::RoutingProfileEntry {
        queue: name("queues", "support"),
        channel: (*channel).to_owned(),
        ..Default::default()
    };
    let most = [("voice", 1, 100), ("chat", 4, 25), ("email", 5, 20)];
    let channel = |(channel, max_interactions, cost_units): (&str, u32, u32)| {
        (channel.to_owned(), v1::ChannelCapacity { max_interactions, cost_units })
    };
    let capacity =
        v1::Capacity { total_units: 100, channels: most.into_iter().map(channel).collect(), interruptions: Vec::new() };
    let entries = CHANNELS.iter().map(entry).collect();
    let profile = v1::RoutingProfile { entries, capacity: Some(capacity), ..Default::default() };
    v1::CreateRoutingProfileRequest {
        parent: format!("tenants/{TENANT}"),
        routing_profile: Some(profile),
        routing_profile_id: "all".into(),
        ..Default::default()
    }
}
