//! What is set up before a run: tenants with queues, profiles and agents, through calls like any other.

use std::collections::{BTreeMap, VecDeque};

use kindred_client::Error;
use kindred_domain::command::*;
use kindred_domain::ids::TenantId;
use kindred_domain::record::{AgentKind, Capacity, ChannelRules, Mode, ProfileEntry};
use kindred_domain::{Body, Command, Reply, limits};

use super::super::plan::Plan;
use super::super::server::{Answer, Asking};
use super::super::world::{Place, Verdict, World};
use super::Role;

/// What is still to be set up.
#[derive(Default)]
pub struct Setup {
    waiting: VecDeque<Asking>,
    pub done: bool,
}

fn plain(shard: u32, tenant: Option<&TenantId>, body: impl Into<Body>) -> Asking {
    Asking::Plain { shard, command: Command { tenant: tenant.cloned(), request: None, body: body.into() } }
}

/// Deadlines are short: a run of half a minute sees all of them pass.
fn queue(id: &str, offer_timeout_ms: u64) -> CreateQueue {
    let rules = |channel: &str| {
        let mut rules = ChannelRules::defaults(channel);
        rules.offer_timeout_ms = offer_timeout_ms;
        (rules.connect_timeout_ms, rules.wrap_up_timeout_ms) = (2_000, 1_500);
        (channel.into(), rules)
    };
    CreateQueue {
        id: id.into(),
        spec: QueueSpec {
            display_name: String::new(),
            policy: "p".into(),
            priority: 0,
            age_weight_micros_per_s: 1_000_000,
            service_level_ms: 20_000,
            sla_urgency_micros: 0,
            starvation_bound_ms: limits::STARVATION_BOUND_MS,
            max_wait_ms: 0,
            channels: ["voice", "chat", "email"].map(rules).into_iter().collect(),
        },
    }
}

fn agent(n: usize) -> CreateAgent {
    CreateAgent {
        id: format!("a{n}").as_str().into(),
        spec: AgentSpec {
            kind: AgentKind::Human,
            display_name: String::new(),
            team: None,
            profile: "all".into(),
            skills: BTreeMap::new(),
            channel_proficiency: BTreeMap::new(),
            labels: BTreeMap::new(),
            capacity: None,
            endpoint: String::new(),
        },
    }
}

impl Setup {
    /// Everything a tenant needs, in order.
    pub fn of(tenants: &[Place], plan: &Plan) -> Self {
        let mut waiting = VecDeque::new();
        for Place { id, shard } in tenants {
            let display_name = String::new;
            waiting.push_back(plain(
                0,
                None,
                CreateTenant { id: id.clone(), display_name: display_name(), shard: *shard },
            ));
            waiting.push_back(plain(*shard, None, AdoptTenant { id: id.clone(), display_name: display_name() }));
            let spec = PolicySpec { mode: Mode::LongestIdle, skill_weight: 0, channel_weight: 0, preferred_weight: 0 };
            let policy = CreatePolicy { id: "p".into(), display_name: String::new(), spec, validate_only: false };
            waiting.push_back(plain(*shard, Some(id), policy));
            waiting
                .extend(["q0", "q1"].map(|queue_id| plain(*shard, Some(id), queue(queue_id, plan.offer_timeout_ms))));
            let entry = |queue: &str, channel: &str| ProfileEntry {
                queue: queue.into(),
                channel: channel.into(),
                tier: 1,
                priority: 0,
                delay_ms: 0,
            };
            let pairs = ["q0", "q1"].into_iter().flat_map(|q| ["voice", "chat", "email"].map(|c| (q, c)));
            let entries = pairs.map(|(queue, channel)| entry(queue, channel)).collect();
            let (display_name, capacity) = (String::new(), Capacity::default());
            waiting.push_back(plain(
                *shard,
                Some(id),
                CreateProfile { id: "all".into(), display_name, entries, capacity },
            ));
            waiting.extend((0..plan.agents).map(|n| plain(*shard, Some(id), agent(n))));
        }
        Self { waiting, done: false }
    }
}

/// Whether it is a machine that asks to be let in; founders say which raft id they have.
fn asks_in(asking: &Asking) -> bool {
    let Asking::Plain { command, .. } = asking else { return false };
    matches!(&command.body, Body::RegisterNode(node) if node.raft_id.is_none())
}

impl Setup {
    /// These come first.
    pub fn begin_with(&mut self, asked: Vec<Asking>) {
        asked.into_iter().rev().for_each(|asking| self.waiting.push_front(asking));
    }
}

impl World {
    /// The next step of the setting up.
    pub(in super::super) fn set_up_next(&mut self, client: usize) {
        match self.setup.waiting.pop_front() {
            Some(asking) => self.call(client, asking),
            None => self.setup.done = true,
        }
    }

    /// An operator changes how many units of work agents of the first tenant can do at once.
    pub fn set_capacity(&mut self, total: u32) {
        let Place { id, shard } = self.tenants[0].clone();
        let capacity = Some(Capacity { total, ..Capacity::default() });
        let change = UpdateProfile { id: "all".into(), etag: None, display_name: None, entries: None, capacity };
        self.call(0, plain(shard, Some(&id), change));
    }

    pub(super) fn operator_told(&mut self, client: usize, asking: Asking, outcome: Result<Answer, Error>) -> Verdict {
        debug_assert!(matches!(self.clients[client].role, Role::Operator));
        match outcome {
            Ok(Answer { reply: Some(Reply::Node(node)), .. }) if asks_in(&asking) => self.let_in(&node)?,
            Ok(_) => self.set_up_next(client),
            Err(error) if error.is("ALREADY_EXISTS") => self.set_up_next(client),
            Err(error) if error.result_unknown() => self.call(client, asking),
            Err(error) => return Err(format!("setting up: {error}")),
        }
        Ok(())
    }
}
