//! A small contact center for tests: records as the state would hold them, fed to a Matchmaker as entries would change
//! them, and offers applied by the domain's own rule of what is lawful.
#![allow(dead_code, reason = "each test file uses its part")]
pub mod life;
pub mod policies;
pub mod supervision;

use kindred_domain::{capacity, command::OfferPlan, ids::*, lawful, record::*, reply::Dropped, selector::*, split};
use kindred_matching::{Batch, Bidder, Ended, Matchmaker, NoBidder};
use std::{collections::BTreeMap, sync::Arc};

pub const T0: u64 = 1_700_000_000_000;
pub const VOICE: &str = "voice";
pub const CHAT: &str = "chat";
pub const EMAIL: &str = "email";
/// How many a RING_ALL of the tests rings.
pub const RING_MAX: usize = 3;

pub struct Floor {
    pub tenant: TenantId,
    pub matchmaker: Matchmaker,
    pub now_ms: u64,
    pub index: u64,
    /// Raised by every end of work, so that no two agents are idle since the same moment.
    pub ends: u64,
    pub policies: BTreeMap<PolicyId, Arc<Policy>>,
    pub queues: BTreeMap<QueueId, Arc<Queue>>,
    pub profiles: BTreeMap<ProfileId, Arc<Profile>>,
    pub agents: BTreeMap<AgentId, Arc<Agent>>,
    pub interactions: BTreeMap<InteractionId, Arc<Interaction>>,
}

impl Floor {
    pub fn new() -> Self {
        Self::of("t")
    }

    pub fn of(tenant: &str) -> Self {
        Self::with(tenant, Matchmaker::new())
    }

    pub fn with(tenant: &str, mut matchmaker: Matchmaker) -> Self {
        matchmaker.reset(T0);
        let (policies, queues, profiles, agents, interactions) = Default::default();
        let tenant = tenant.into();
        let (now_ms, index, ends) = (T0, 1, 0);
        Self { tenant, matchmaker, now_ms, index, ends, policies, queues, profiles, agents, interactions }
    }

    pub fn policy(&mut self, id: &str, mode: Mode) {
        self.put_policy(id, mode, (60, 20, 20));
    }

    pub fn put_policy(&mut self, id: &str, mode: Mode, weights: (u32, u32, u32)) {
        let old = self.policies.get(id).map_or(0, |policy| policy.revisions.len() as u64);
        let revision = PolicyRevision {
            revision: old + 1,
            mode,
            skill_weight: weights.0,
            channel_weight: weights.1,
            preferred_weight: weights.2,
            made_ms: self.now_ms,
            rolled_back_to: None,
            groups: if mode == Mode::PercentSplit { groups() } else { vec![] },
            ring_max: if mode == Mode::RingAll { RING_MAX as u32 } else { 0 },
        };
        let mut revisions = self.policies.get(id).map_or(vec![], |policy| policy.revisions.clone());
        revisions.push(revision);
        let (tenant, display_name) = (self.tenant.clone(), String::new());
        let policy = Policy { tenant, id: id.into(), display_name, revisions, version: 1 };
        let policy = Arc::new(policy);
        self.policies.insert(id.into(), policy.clone());
        self.matchmaker.apply_record(Record::Policy(policy));
    }

    /// A new revision, as the last one but for a change.
    pub fn edit_policy(&mut self, id: &str, edit: impl FnOnce(&mut PolicyRevision)) {
        let mut policy = (*self.policies[id]).clone();
        let mut revision = policy.revisions.last().unwrap().clone();
        revision.revision += 1;
        edit(&mut revision);
        policy.revisions.push(revision);
        let policy = Arc::new(policy);
        self.policies.insert(id.into(), policy.clone());
        self.matchmaker.apply_record(Record::Policy(policy));
    }

    /// A queue under the policy of the same name, made with the mode.
    pub fn queue(&mut self, id: &str, mode: Mode) {
        self.policy(id, mode);
        self.put_queue(Queue {
            tenant: self.tenant.clone(),
            id: id.into(),
            display_name: String::new(),
            policy: id.into(),
            priority: 0,
            age_weight_micros_per_s: 1_000,
            service_level_ms: 20_000,
            sla_urgency_micros: 0,
            starvation_bound_ms: 600_000,
            max_wait_ms: 0,
            channels: BTreeMap::new(),
            created_ms: T0,
            version: 1,
            split: None,
            schedule: None,
            refuse_when_closed: false,
            hours: None,
            paused: None,
            draining: None,
        });
    }

    pub fn put_queue(&mut self, queue: Queue) {
        let queue = Arc::new(queue);
        self.queues.insert(queue.id.clone(), queue.clone());
        self.matchmaker.apply_record(Record::Queue(queue));
    }

    /// Its hours are said to be open or closed.
    pub fn set_open(&mut self, id: &str, open: bool) {
        self.edit_queue(id, |queue| {
            queue.schedule = Some("hours".into());
            queue.hours = Some(QueueHours { open, changes_ms: None });
        });
    }

    pub fn edit_queue(&mut self, id: &str, edit: impl FnOnce(&mut Queue)) {
        let mut queue = (*self.queues[id]).clone();
        edit(&mut queue);
        self.put_queue(queue);
    }

    /// Lines as (queue, channel, tier, priority, delay in ms).
    pub fn profile(&mut self, id: &str, lines: &[(&str, &str, u32, i32, u64)]) {
        let line = |line: &(&str, &str, u32, i32, u64)| ProfileEntry {
            queue: line.0.into(),
            channel: line.1.into(),
            tier: line.2,
            priority: line.3,
            delay_ms: line.4,
        };
        let mut entries: Vec<ProfileEntry> = lines.iter().map(line).collect();
        entries.sort();
        let profile = Arc::new(Profile {
            tenant: self.tenant.clone(),
            id: id.into(),
            display_name: String::new(),
            entries,
            capacity: Capacity::default(),
            version: 1,
        });
        self.profiles.insert(id.into(), profile.clone());
        self.matchmaker.apply_record(Record::Profile(profile));
    }

    /// An agent idle since as many seconds before the start.
    pub fn agent(&mut self, id: &str, profile: &str, idle_s: u64, skills: &[(&str, u8)]) {
        let presence = Presence { status: PresenceStatus::Available, ..Presence::default() };
        self.put_agent(Agent {
            tenant: self.tenant.clone(),
            id: id.into(),
            kind: AgentKind::Human,
            display_name: String::new(),
            team: None,
            profile: profile.into(),
            skills: skills.iter().map(|(skill, level)| (Skill::new(skill), *level)).collect(),
            channel_proficiency: BTreeMap::new(),
            labels: BTreeMap::new(),
            capacity: None,
            endpoint: String::new(),
            presence,
            session: None,
            stream_lost_ms: None,
            offline_at: None,
            missed_in_row: 0,
            backoff_until_ms: None,
            not_responding_until_ms: None,
            work: Default::default(),
            over_capacity: Default::default(),
            idle_since_ms: T0 - idle_s * 1_000,
            last_offered: 0,
            handled: 0,
            handled_since_offline: 0,
            draining: None,
            adjustment: None,
            created_ms: T0,
            version: 1,
        });
    }

    pub fn put_agent(&mut self, agent: Agent) {
        let agent = Arc::new(agent);
        self.agents.insert(agent.id.clone(), agent.clone());
        self.matchmaker.apply_record(Record::Agent(agent));
    }

    pub fn edit_agent(&mut self, id: &str, edit: impl FnOnce(&mut Agent)) {
        let mut agent = (*self.agents[id]).clone();
        edit(&mut agent);
        self.put_agent(agent);
    }

    /// An interaction that waits since now.
    pub fn submit(&mut self, id: &str, queue: &str, channel: &str, required: Option<Selector>) {
        self.put_interaction(self.interaction(id, queue, channel, required));
    }

    pub fn interaction(&self, id: &str, queue: &str, channel: &str, required: Option<Selector>) -> Interaction {
        Interaction {
            tenant: self.tenant.clone(),
            id: id.into(),
            conversation: None,
            channel: channel.into(),
            added_channels: vec![],
            direction: Direction::Inbound,
            customer: None,
            identity: None,
            external_thread_id: None,
            connector: None,
            queue: queue.into(),
            target_agent: None,
            target_since_ms: None,
            adjustment: None,
            labels: BTreeMap::new(),
            required,
            preferred: None,
            priority: 0,
            human_requested_at_ms: None,
            connect_by_ms: None,
            context_bytes: 0,
            state: InteractionState::Queued,
            unconfirmed_since_ms: None,
            confirmed_ms: Default::default(),
            created_ms: self.now_ms,
            waiting_since_ms: self.now_ms,
            state_since_ms: self.now_ms,
            deadline: None,
            offers: vec![],
            assignments: vec![],
            exclusions: vec![],
            deferred: None,
            attempts: 0,
            first_offered_ms: None,
            customer_active_ms: None,
            agent_active_ms: None,
            silent_at_ms: None,
            transitions: vec![],
            closing: None,
            version: 1,
        }
    }

    pub fn put_interaction(&mut self, interaction: Interaction) {
        let interaction = Arc::new(interaction);
        self.interactions.insert(interaction.id.clone(), interaction.clone());
        self.matchmaker.apply_record(Record::Interaction(interaction));
    }

    pub fn edit_interaction(&mut self, id: &str, edit: impl FnOnce(&mut Interaction)) {
        let mut interaction = (*self.interactions[id]).clone();
        edit(&mut interaction);
        self.put_interaction(interaction);
    }

    /// It is over or gone elsewhere: its agent's work with it ends.
    pub fn close(&mut self, id: &str) {
        let Some(interaction) = self.interactions.remove(id) else {
            return;
        };
        for agent in self.agents.values().cloned().collect::<Vec<_>>() {
            if agent.work.iter().any(|work| &*work.interaction == id) {
                self.ends += 1;
                let idle_since_ms = self.now_ms + self.ends;
                self.edit_agent(&agent.id, |agent| {
                    agent.work.retain(|work| &*work.interaction != id);
                    agent.idle_since_ms = idle_since_ms;
                    agent.handled_since_offline += 1;
                });
            }
        }
        self.matchmaker.apply_record(Record::Closed(interaction));
    }

    pub fn capacity<'a>(&'a self, agent: &'a Agent) -> &'a Capacity {
        capacity::effective(agent, &self.profiles[&agent.profile])
    }

    pub fn is_lawful(&self, interaction: &Interaction, agent: &Agent) -> Result<(), Dropped> {
        let Some(profile) = self.profiles.get(&agent.profile) else {
            return Err(Dropped::NotServed);
        };
        let capacity = capacity::effective(agent, profile);
        lawful::open(self.queues.get(&interaction.queue).map(|queue| &**queue), self.now_ms)?;
        lawful::pair(interaction, agent, profile, capacity, self.now_ms)
    }

    /// How many the interaction's queue rings at once.
    pub fn ring_max(&self, interaction: &Interaction) -> usize {
        lawful::ring_max(self.policies[&self.queues[&interaction.queue].policy].revisions.last())
    }

    fn may_join(&self, interaction: &Interaction, agent: &Agent) -> Result<(), Dropped> {
        let rings = self.agents.values().flat_map(|agent| &agent.work).filter(|w| w.interaction == interaction.id);
        let ids: std::collections::BTreeSet<AssignmentId> = rings.map(|work| work.id).collect();
        if ids.len() >= self.ring_max(interaction) {
            return Err(Dropped::InteractionNotWaiting);
        }
        self.is_lawful(&Interaction { state: InteractionState::Queued, ..interaction.clone() }, agent)
    }

    pub fn seed(&self) -> u128 {
        u128::from(self.index) * 0x1234_5678_9abc_def1_2345
    }

    /// Composes a batch, applies it, and tells what was made.
    pub fn round(&mut self) -> Vec<OfferPlan> {
        self.round_with(&mut NoBidder)
    }

    pub fn round_with(&mut self, bidder: &mut impl Bidder) -> Vec<OfferPlan> {
        let seed = self.seed();
        match self.matchmaker.next_batch(self.now_ms, seed, bidder) {
            Some(batch) => self.apply(batch),
            None => vec![],
        }
    }

    /// Applies a batch as the domain would: rechecks each pair, in order.
    pub fn apply(&mut self, mut batch: Batch) -> Vec<OfferPlan> {
        self.index += 1;
        let mut dropped = vec![];
        let offers = batch.offers.remove(&self.tenant).map_or(vec![], |command| command.offers);
        let mut made: Vec<OfferPlan> = vec![];
        for plan in offers {
            let joins = made.last().is_some_and(|last| last.interaction == plan.interaction);
            let lawful =
                match (self.interactions.get(&plan.interaction).cloned(), self.agents.get(&plan.agent).cloned()) {
                    (Some(interaction), Some(agent)) if joins => self.may_join(&interaction, &agent),
                    (Some(interaction), Some(agent)) => self.is_lawful(&interaction, &agent),
                    (None, _) => Err(Dropped::InteractionNotWaiting),
                    (_, None) => Err(Dropped::AgentGone),
                };
            if let Err(reason) = lawful {
                dropped.push((self.tenant.clone(), plan.interaction, reason));
                continue;
            }
            self.make(&plan);
            made.push(plan);
        }
        self.matchmaker.batch_done(Ended::Applied(dropped));
        made
    }

    fn make(&mut self, plan: &OfferPlan) {
        let interaction = self.interactions[&plan.interaction].clone();
        let units: Vec<(Channel, u32)> = std::iter::once(&interaction.channel)
            .chain(&interaction.added_channels)
            .map(|channel| {
                let capacity = self.capacity(&self.agents[&plan.agent]);
                (channel.clone(), capacity::cost(capacity, channel).unwrap())
            })
            .collect();
        // Every offer its own number: no ties in the last offer either.
        self.index += 1;
        let index = self.index;
        self.edit_agent(&plan.agent, |agent| {
            agent.last_offered = index;
            for (channel, units) in units {
                agent.work.insert(Work {
                    interaction: plan.interaction.clone(),
                    id: plan.offer,
                    channel,
                    units,
                    offered: true,
                    wrap_up: false,
                    dormant: false,
                });
            }
        });
        self.count_share(plan, &interaction.queue);
        self.edit_interaction(&plan.interaction, |interaction| {
            interaction.state = InteractionState::Offered;
            interaction.attempts += 1;
        });
    }

    /// What the domain counts with the queue.
    fn count_share(&mut self, plan: &OfferPlan, queue: &QueueId) {
        let Some(free) = plan.free_groups else { return };
        let policy = self.policies[&self.queues[queue].policy].clone();
        let revision = policy.revisions.last().unwrap();
        let group = split::group_of(&revision.groups, &self.agents[&plan.agent]);
        self.edit_queue(queue, |queue| {
            let kept = queue.split.take().filter(|split| split.is_of(&policy.id, revision));
            let split = queue.split.insert(kept.unwrap_or_else(|| Split::new(&policy.id, revision)));
            split.count(&revision.groups, free, group);
        });
    }

    /// Lawful pairs that nothing replicated keeps apart.
    pub fn unmatched(&self) -> Vec<(InteractionId, AgentId)> {
        let mut pairs = vec![];
        for interaction in self.interactions.values() {
            if interaction.deferred.as_ref().is_some_and(|d| d.until_ms > self.now_ms) {
                continue;
            }
            for agent in self.agents.values() {
                if self.is_lawful(interaction, agent).is_ok() {
                    pairs.push((interaction.id.clone(), agent.id.clone()));
                }
            }
        }
        pairs
    }

    /// All records, in name order.
    pub fn records(&self) -> Vec<Record> {
        let mut records: Vec<Record> = vec![];
        records.extend(self.policies.values().cloned().map(Record::Policy));
        records.extend(self.queues.values().cloned().map(Record::Queue));
        records.extend(self.profiles.values().cloned().map(Record::Profile));
        records.extend(self.agents.values().cloned().map(Record::Agent));
        records.extend(self.interactions.values().cloned().map(Record::Interaction));
        records
    }
}

/// Agents a (idle longest), b, c of profile p, serving queue q on all channels.
pub fn three(mode: Mode) -> Floor {
    let mut floor = Floor::new();
    floor.queue("q", mode);
    floor.profile("p", &[("q", VOICE, 1, 0, 0), ("q", CHAT, 1, 0, 0), ("q", EMAIL, 1, 0, 0)]);
    for (agent, idle_s) in [("c", 10), ("a", 30), ("b", 20)] {
        floor.agent(agent, "p", idle_s, &[]);
    }
    floor
}

/// Red have 60 percent, blue 30, whoever else knows x well the rest.
pub fn groups() -> Vec<Group> {
    let group = |name: &str, team: Option<&str>, selector, percent| {
        let team = team.map(TeamId::from);
        Group { name: name.into(), team, selector, percent }
    };
    vec![
        group("red", Some("red"), None, 60),
        group("blue", Some("blue"), None, 30),
        group("experts", None, needs("x", 50), 10),
    ]
}

/// Pairs as text, in the order they were planned.
pub fn pairs(offers: &[OfferPlan]) -> Vec<String> {
    offers.iter().map(|plan| format!("{}→{}", plan.interaction, plan.agent)).collect()
}

pub fn needs(skill: &str, level: i64) -> Option<Selector> {
    Some(Selector::Compare {
        operand: Operand::Skill(skill.into()),
        comparison: Comparison::Ge,
        value: Value::Micros(level * MICROS),
    })
}

/// SplitMix64.
pub struct Chance(pub u64);

impl Chance {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.draw() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize].clone()
    }

    pub fn shuffle<T>(&mut self, of: &mut [T]) {
        for at in (1..of.len()).rev() {
            of.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}
