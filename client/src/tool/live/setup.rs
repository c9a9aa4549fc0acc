//! What a demand needs before it can be lived: policies, queues, routing profiles, agents, made through the public API.
use super::{
    TENANT,
    acks::Acks,
    clock::{real, timeout},
    name,
};
use kindred_client::{Client, Error, new_request_id, v1};
use kindred_simulator::{Demand, Profile, Queue};

/// How calls, chats and e-mails are answered: by channel.
pub type AnswerModes = fn(&str) -> v1::AnswerMode;

/// Timeouts of a contact center, virtual seconds.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// How long an offer stands.
    pub offer_s: f64,
    /// How long connecting may take.
    pub connect_s: f64,
    /// How long after-work may take; 0 for none.
    pub wrap_up_s: f64,
}

impl Timeouts {
    /// The API's own defaults.
    pub const USUAL: Timeouts = Timeouts { offer_s: 20.0, connect_s: 10.0, wrap_up_s: 30.0 };
}

/// Who is offered what, and who first.
#[derive(Clone, Copy, Debug)]
pub struct Routing {
    /// Queues take these in turn.
    pub modes: &'static [v1::distribution::Mode],
    /// How much a contact gains as its service level comes near, points of priority.
    pub urgency: f64,
    /// After this wait the oldest goes first, virtual seconds.
    pub starvation_s: f64,
}

impl Routing {
    /// Three modes, so that a demo shows them, and the API's own defaults.
    pub const SHOWN: Routing = Routing {
        modes: &[
            v1::distribution::Mode::LongestIdle,
            v1::distribution::Mode::Tiered,
            v1::distribution::Mode::BestMatch,
        ],
        urgency: 0.2,
        starvation_s: 600.0,
    };
    /// A plain switch: whoever is idle longest, and the order of waiting is priority and age alone.
    pub const PLAIN: Routing =
        Routing { modes: &[v1::distribution::Mode::LongestIdle], urgency: 0.0, starvation_s: 86_400.0 };
}

/// What to set up, and how.
pub struct Setup<'a> {
    /// The client of the platform.
    pub client: &'a Client,
    /// The client of the cluster's operator.
    pub operator: &'a Client,
    /// Where acknowledgements go.
    pub acks: &'a Acks,
    /// How many times faster than life.
    pub compress: f64,
    /// Who rings.
    pub answer_modes: AnswerModes,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Who is offered what.
    pub routing: Routing,
}

impl Setup<'_> {
    /// Makes everything. The tenant is there already if the nodes' configuration names it.
    pub async fn make(&self, demand: &Demand) -> anyhow::Result<()> {
        self.tenant().await?;
        for mode in self.routing.modes {
            self.policy(*mode).await?;
        }
        for (queue, mode) in demand.queues.iter().zip(self.routing.modes.iter().cycle()) {
            self.queue(queue, *mode).await?;
        }
        for profile in &demand.profiles {
            self.profile(profile).await?;
        }
        for agent in &demand.agents {
            self.agent(demand, agent).await?;
        }
        Ok(())
    }

    async fn tenant(&self) -> anyhow::Result<()> {
        let request = v1::GetTenantRequest { name: format!("tenants/{TENANT}"), ..Default::default() };
        match self.client.get_tenant(request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is("NOT_FOUND") => {
                let tenant = Some(v1::Tenant { display_name: "Demo".into(), ..Default::default() });
                let request = v1::CreateTenantRequest { tenant, tenant_id: TENANT.into(), ..Default::default() };
                self.operator.create_tenant(request).await?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn policy(&self, mode: v1::distribution::Mode) -> anyhow::Result<()> {
        let distribution = v1::Distribution {
            mode: mode as i32,
            skill_weight_percent: 60,
            channel_weight_percent: 20,
            preferred_weight_percent: 20,
            ..Default::default()
        };
        let policy = v1::Policy { rules: Some(v1::policy::Rules::Distribution(distribution)), ..Default::default() };
        let id = policy_id(mode);
        let (parent, request_id) = (parent(), new_request_id());
        let request = v1::CreatePolicyRequest {
            parent,
            policy: Some(policy),
            policy_id: id.clone(),
            request_id: request_id.clone(),
            ..Default::default()
        };
        let made = self.client.create_policy(request).await;
        self.note("CreatePolicy", name("policies", &id), request_id, made.map(|r| r.header))
    }

    async fn queue(&self, plan: &Queue, mode: v1::distribution::Mode) -> anyhow::Result<()> {
        let service_level_s = plan.channels.iter().map(|c| c.service_level_s).fold(f64::INFINITY, f64::min);
        let queue = v1::Queue {
            display_name: plan.name.clone(),
            policy: name("policies", &policy_id(mode)),
            // One point of priority is worth so many seconds of age.
            age_weight_per_second: self.compress / plan.priority_worth_s,
            service_level: Some(timeout(self.compress, service_level_s)),
            service_level_urgency: self.routing.urgency,
            starvation_bound: Some(timeout(self.compress, self.routing.starvation_s)),
            channels: plan.channels.iter().map(|c| (c.channel.clone(), self.rules(&c.channel))).collect(),
            ..Default::default()
        };
        let (queue_id, request_id) = (queue_id(&plan.name), new_request_id());
        let request = v1::CreateQueueRequest {
            parent: parent(),
            queue: Some(queue),
            queue_id: queue_id.clone(),
            request_id: request_id.clone(),
        };
        let made = self.client.create_queue(request).await;
        self.note("CreateQueue", name("queues", &queue_id), request_id, made.map(|r| r.header))
    }

    fn rules(&self, channel: &str) -> v1::ChannelRules {
        let wrap_up = match self.timeouts.wrap_up_s {
            0.0 => prost_types::Duration::default(),
            wrap_up_s => timeout(self.compress, wrap_up_s),
        };
        v1::ChannelRules {
            answer_mode: (self.answer_modes)(channel) as i32,
            offer_timeout: Some(timeout(self.compress, self.timeouts.offer_s)),
            connect_timeout: Some(timeout(self.compress, self.timeouts.connect_s)),
            wrap_up_timeout: Some(wrap_up),
            ..Default::default()
        }
    }

    async fn profile(&self, plan: &Profile) -> anyhow::Result<()> {
        let entry = |(queue, channel, tier): &(String, String, u32)| v1::RoutingProfileEntry {
            queue: name("queues", &queue_id(queue)),
            channel: channel.clone(),
            tier: *tier,
            ..Default::default()
        };
        let channel = |(channel, (max, cost)): (&String, &(u32, u32))| {
            (channel.clone(), v1::ChannelCapacity { max_interactions: *max, cost_units: *cost })
        };
        let capacity = v1::Capacity {
            total_units: plan.total_units,
            channels: plan.capacity.iter().map(channel).collect(),
            interruptions: Vec::new(),
        };
        let profile = v1::RoutingProfile {
            entries: plan.serves.iter().map(entry).collect(),
            capacity: Some(capacity),
            ..Default::default()
        };
        let request_id = new_request_id();
        let request = v1::CreateRoutingProfileRequest {
            parent: parent(),
            routing_profile: Some(profile),
            routing_profile_id: plan.name.clone(),
            request_id: request_id.clone(),
        };
        let made = self.client.create_routing_profile(request).await;
        self.note("CreateRoutingProfile", name("routingProfiles", &plan.name), request_id, made.map(|r| r.header))
    }

    async fn agent(&self, demand: &Demand, plan: &kindred_simulator::Agent) -> anyhow::Result<()> {
        let agent = v1::Agent {
            display_name: plan.name.clone(),
            routing_profile: name("routingProfiles", &demand.profiles[plan.profile].name),
            skills: plan.skills.clone().into_iter().collect(),
            endpoint: format!("sip:{}@example.invalid", plan.name),
            ..Default::default()
        };
        let request_id = new_request_id();
        let request = v1::CreateAgentRequest {
            parent: parent(),
            agent: Some(agent),
            agent_id: plan.name.clone(),
            request_id: request_id.clone(),
        };
        let made = self.client.create_agent(request).await;
        self.note("CreateAgent", name("agents", &plan.name), request_id, made.map(|r| r.header))
    }

    fn note(
        &self,
        call: &str,
        name: String,
        request_id: String,
        made: Result<Option<v1::ResponseHeader>, Error>,
    ) -> anyhow::Result<()> {
        self.acks.note(call, &name, &request_id, made?.as_ref())
    }
}

fn policy_id(mode: v1::distribution::Mode) -> String {
    mode.as_str_name().trim_start_matches("MODE_").to_lowercase().replace('_', "-")
}

/// Ids are lower case.
pub fn queue_id(queue: &str) -> String {
    queue.to_lowercase()
}

fn parent() -> String {
    format!("tenants/{TENANT}")
}

/// What does not scale, for the report.
pub fn fixed_times(compress: f64) -> String {
    format!(
        "not scaled, in virtual s: an exclusion after a decline lasts {} instead of 60; offers of a lost stream are revoked \
         after {} instead of 5, its presence kept for {} instead of 30; back-off after an unanswered offer begins at {} \
         instead of 5; assigned work may last {} h instead of 4; no timeout is below {}",
        60.0 * compress,
        5.0 * compress,
        30.0 * compress,
        5.0 * compress,
        4.0 * compress,
        super::clock::TIMEOUT_MIN_MS as f64 / 1e3 * compress,
    )
}

/// How long a virtual second takes, for messages.
pub fn pace(compress: f64) -> String {
    format!("{:.1} ms a virtual second", real(compress, 1.0).as_secs_f64() * 1e3)
}
