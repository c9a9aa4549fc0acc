//! What a bench sets up on its cluster: one policy, queues without after-work, agents who are AVAILABLE.
use super::{
    center::{Center, parent},
    experts::SKILL,
};
use crate::tool::live::name;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kindred_client::{new_request_id, v1};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The channel of all interactions of a bench.
pub const CHANNEL: &str = "chat";
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// Agents said AVAILABLE in one call.
const PRESENCE_BATCH: usize = 1_000;
/// Agents added at one time.
const HIRED_AT_ONCE: usize = 64;

impl Center {
    /// The policy of all queues. The tenant may get its place only a moment after the nodes serve, so this waits for it.
    pub async fn policy(&self, within: Duration) -> anyhow::Result<()> {
        let distribution = v1::Distribution { mode: v1::distribution::Mode::LongestIdle as i32, ..Default::default() };
        let rules = Some(v1::policy::Rules::Distribution(distribution));
        let request = v1::CreatePolicyRequest {
            parent: parent(),
            policy: Some(v1::Policy { rules, ..Default::default() }),
            policy_id: "longest-idle".into(),
            request_id: new_request_id(),
            ..Default::default()
        };
        let until = Instant::now() + within;
        loop {
            match self.client.create_policy(request.clone()).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() >= until => return Err(error.into()),
                Err(_) => sleep(ASK_AGAIN).await,
            }
        }
    }

    /// A queue without after-work, whose agents accept.
    pub async fn queue(&self, id: &str) -> anyhow::Result<()> {
        let none = Some(prost_types::Duration::default());
        let rules = v1::ChannelRules { wrap_up_timeout: none, ..Default::default() };
        let queue = v1::Queue {
            policy: name("policies", "longest-idle"),
            channels: [(CHANNEL.to_string(), rules)].into(),
            ..Default::default()
        };
        let (parent, queue_id) = (parent(), id.to_string());
        let request = v1::CreateQueueRequest { parent, queue: Some(queue), queue_id, ..Default::default() };
        self.client.create_queue(request).await?;
        Ok(())
    }

    /// A routing profile whose agents serve these queues, so many interactions at once at most.
    pub async fn profile(&self, id: &str, queues: &[&str], at_once: u32) -> anyhow::Result<()> {
        let entry = |queue: &&str| v1::RoutingProfileEntry {
            queue: name("queues", queue),
            channel: CHANNEL.into(),
            ..Default::default()
        };
        let channel = v1::ChannelCapacity { max_interactions: at_once, cost_units: 100 / at_once };
        let capacity = v1::Capacity {
            total_units: 100,
            channels: [(CHANNEL.to_string(), channel)].into(),
            interruptions: Vec::new(),
        };
        let entries = queues.iter().map(entry).collect();
        let profile = v1::RoutingProfile { entries, capacity: Some(capacity), ..Default::default() };
        let request = v1::CreateRoutingProfileRequest {
            parent: parent(),
            routing_profile: Some(profile),
            routing_profile_id: id.to_string(),
            ..Default::default()
        };
        self.client.create_routing_profile(request).await?;
        Ok(())
    }

    /// Adds so many agents of a routing profile, with so much of the crowd's skill, and all say that they are AVAILABLE.
    pub async fn staff(&self, profile: &str, count: usize, skill: Option<u32>) -> anyhow::Result<()> {
        let hire = |number: usize| {
            let agent = v1::Agent {
                routing_profile: name("routingProfiles", profile),
                skills: skill.iter().map(|skill| (SKILL.to_string(), *skill)).collect(),
                ..Default::default()
            };
            let agent_id = format!("{profile}-{number}");
            self.client.create_agent(v1::CreateAgentRequest {
                parent: parent(),
                agent: Some(agent),
                agent_id,
                ..Default::default()
            })
        };
        let hired = stream::iter(0..count).map(hire).buffer_unordered(HIRED_AT_ONCE);
        hired.try_for_each(|_| async { Ok(()) }).await?;
        let agents: Vec<String> = (0..count).map(|number| name("agents", &format!("{profile}-{number}"))).collect();
        for names in agents.chunks(PRESENCE_BATCH) {
            let presence = v1::Presence { status: v1::presence::Status::Available as i32, ..Default::default() };
            let request = v1::BatchSetPresenceRequest {
                parent: parent(),
                names: names.to_vec(),
                presence: Some(presence),
                ..Default::default()
            };
            self.client.batch_set_presence(request).await?;
        }
        Ok(())
    }
}
