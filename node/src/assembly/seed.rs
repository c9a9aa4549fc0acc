//! What `serve --dev` finds there at its first start, so that the first call works: a queue `support` for calls, chats and
//! e-mails, whom it is served by, and one agent, `ada`, who is OFFLINE until somebody says otherwise.
use crate::consensus::{
    gateway::{Gateway, Unavailable},
    lanes::Lane,
};
use kindred_domain::{
    Body, Command, Rejection,
    command::{AgentSpec, CreateAgent, CreatePolicy, CreateProfile, CreateQueue, PolicySpec, QueueSpec},
    record::{AgentKind, Capacity, Mode, ProfileEntry},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The tenant of `serve --dev`.
const TENANT: &str = "dev";
const QUEUE: &str = "support";
const CHANNELS: [&str; 3] = ["voice", "chat", "email"];
/// A single node leads and has its tenant within this, or something is wrong.
const WITHIN: Duration = Duration::from_secs(30);
const ATTEMPT: Duration = Duration::from_secs(2);
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Makes it, through the same door as everybody's commands; what is there already stays as it is.
pub async fn seed(gateway: &Gateway) -> anyhow::Result<()> {
    let weights = PolicySpec { skill_weight: 60, channel_weight: 20, preferred_weight: 20, ..PolicySpec::default() };
    let spec = PolicySpec { mode: Mode::LongestIdle, ..weights };
    let name = || "Whoever is idle longest".into();
    make(gateway, CreatePolicy { id: "longest-idle".into(), display_name: name(), spec, validate_only: false }).await?;
    let spec = QueueSpec {
        display_name: "Support".into(),
        policy: "longest-idle".into(),
        priority: 0,
        age_weight_micros_per_s: 1_000_000,
        service_level_ms: 20_000,
        sla_urgency_micros: 0,
        starvation_bound_ms: 600_000,
        max_wait_ms: 0,
        channels: BTreeMap::new(),
        schedule: None,
        refuse_when_closed: false,
    };
    make(gateway, CreateQueue { id: QUEUE.into(), spec }).await?;
    let entry = |channel: &str| ProfileEntry {
        queue: QUEUE.into(),
        channel: channel.into(),
        tier: 1,
        priority: 0,
        delay_ms: 0,
    };
    let entries = CHANNELS.into_iter().map(entry).collect();
    let (display_name, capacity) = ("Everything".into(), Capacity::default());
    make(gateway, CreateProfile { id: "everything".into(), display_name, entries, capacity }).await?;
    let spec = AgentSpec {
        kind: AgentKind::Human,
        display_name: "Ada".into(),
        team: None,
        profile: "everything".into(),
        skills: BTreeMap::new(),
        channel_proficiency: BTreeMap::new(),
        labels: BTreeMap::new(),
        capacity: None,
        endpoint: "sip:ada@example.invalid".into(),
    };
    make(gateway, CreateAgent { id: "ada".into(), spec }).await
}

async fn make(gateway: &Gateway, body: impl Into<Body>) -> anyhow::Result<()> {
    let command = Command { tenant: Some(TENANT.into()), request: None, body: body.into() };
    let until = Instant::now() + WITHIN;
    loop {
        let why = match gateway.submit(0, Lane::Submit, &command, Instant::now() + ATTEMPT).await {
            Ok(outcome) => match outcome.result {
                Ok(_) | Err(Rejection::AlreadyExists { .. }) => return Ok(()),
                // The tenant gets its place a moment after the node leads.
                Err(no @ Rejection::WrongShard { .. }) => no.to_string(),
                Err(no) => anyhow::bail!("{}: {no}", command.body.name()),
            },
            Err(not_yet @ (Unavailable::NoLeader | Unavailable::NotLeader { .. } | Unavailable::ResultUnknown)) => {
                not_yet.to_string()
            }
            Err(other) => return Err(other.into()),
        };
        anyhow::ensure!(Instant::now() < until, "{} after {WITHIN:?}: {why}", command.body.name());
        tokio::time::sleep(ASK_AGAIN).await;
    }
}
