//! What is set up before a run: tenants with queues, profiles and agents, through calls like any other.

use std::collections::{BTreeMap, VecDeque};

use kindred_client::Error;
use kindred_domain::command::*;
use kindred_domain::ids::TenantId;
use kindred_domain::record::{
    AgentKind, Capacity, ChannelRules, DayInterval, Expansion, Group, HoursRules, Mode, ProfileEntry, Span,
    WeekdayHours,
};
use kindred_domain::selector::{Comparison, MICROS, Operand, Selector, Value};
use kindred_domain::{Body, Command, Reply, limits};
use rand::Rng;

use super::super::clocks::BEGAN_UTC_US;
use super::super::plan::{MS, Plan};
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

/// The one schedule of a tenant: open day and night, until an operator plays with it.
const HOURS: &str = "hours";
/// How long an operator's play with hours goes on; then it is open for good.
const PLAY_MS: u64 = 12_000;

/// Day and night.
fn rules() -> HoursRules {
    let intervals = vec![DayInterval { opens_min: 0, closes_min: 1_440 }];
    let weekly = (1..=7).map(|weekday| WeekdayHours { weekday, intervals: intervals.clone() }).collect();
    HoursRules { time_zone: "UTC".into(), weekly, ..HoursRules::default() }
}

/// Of zone data older than anybody's: the first leader works it out anew.
fn schedule() -> CreateSchedule {
    let (from_ms, until_ms) = (0, BEGAN_UTC_US / 1_000 + limits::HOURS_EXTEND_AFTER_MS);
    let spans = vec![Span { from_ms, until_ms }];
    let expansion = Expansion { zone_version: "2000a".into(), of_version: 1, from_ms, until_ms, spans };
    CreateSchedule { id: HOURS.into(), display_name: String::new(), rules: rules(), expansion, validate_only: false }
}

/// Deadlines are short: a run of half a minute sees all of them pass.
fn queue(id: &str, policy: &str, offer_timeout_ms: u64) -> CreateQueue {
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
            policy: policy.into(),
            priority: 0,
            age_weight_micros_per_s: 1_000_000,
            service_level_ms: 20_000,
            sla_urgency_micros: 0,
            starvation_bound_ms: limits::STARVATION_BOUND_MS,
            max_wait_ms: 0,
            channels: ["voice", "chat", "email"].map(rules).into_iter().collect(),
            schedule: (id == "q1").then(|| HOURS.into()),
            refuse_when_closed: false,
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
            skills: [("x".into(), (20 * n % 100) as u8)].into(),
            channel_proficiency: BTreeMap::new(),
            labels: BTreeMap::new(),
            capacity: None,
            endpoint: String::new(),
        },
    }
}

/// Queues and the policy of each.
const QUEUES: [(&str, &str); 2] = [("q0", "p"), ("q1", "p1")];

/// Every mode there is.
const MODES: [Mode; 9] = [
    Mode::LongestIdle,
    Mode::LeastLoaded,
    Mode::RoundRobin,
    Mode::FewestHandled,
    Mode::Tiered,
    Mode::Random,
    Mode::BestMatch,
    Mode::PercentSplit,
    Mode::RingAll,
];

fn drawn_mode(draw: u64) -> Mode {
    MODES[(draw % MODES.len() as u64) as usize]
}

/// What a mode needs: groups by a skill, a small ring, weights.
fn spec(mode: Mode) -> PolicySpec {
    let knows = |level: i64| Selector::Compare {
        operand: Operand::Skill("x".into()),
        comparison: Comparison::Ge,
        value: Value::Micros(level * MICROS),
    };
    let group =
        |name: &str, level, percent| Group { name: name.into(), team: None, selector: Some(knows(level)), percent };
    let (groups, ring_max) = match mode {
        Mode::PercentSplit => (vec![group("good", 60, 50), group("fair", 40, 30), group("new", 20, 20)], 0),
        Mode::RingAll => (Vec::new(), 3),
        _ => (Vec::new(), 0),
    };
    PolicySpec { mode, skill_weight: 50, channel_weight: 30, preferred_weight: 20, groups, ring_max }
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
            waiting.push_back(plain(*shard, Some(id), schedule()));
            for (number, (queue_id, policy_id)) in QUEUES.into_iter().enumerate() {
                let mode = if plan.all_modes { drawn_mode(plan.seed + number as u64) } else { Mode::LongestIdle };
                let (display_name, validate_only) = (String::new(), false);
                let policy = CreatePolicy { id: policy_id.into(), display_name, spec: spec(mode), validate_only };
                waiting.push_back(plain(*shard, Some(id), policy));
                waiting.push_back(plain(*shard, Some(id), queue(queue_id, policy_id, plan.offer_timeout_ms)));
            }
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

    /// An operator changes how a queue of the first tenant chooses, or goes back to how it once did.
    pub fn change_mode(&mut self) {
        let Place { id, shard } = self.tenants[0].clone();
        let (_, policy) = QUEUES[self.draw(0..2) as usize];
        let (draw, back) = (self.draw(0..1_000), self.draw(0..4) == 0);
        let (id_of_policy, etag, validate_only) = (policy.into(), None, false);
        let change: Body = match back {
            true => RollbackPolicy { id: id_of_policy, etag, revision: 1, validate_only }.into(),
            false => {
                let spec = Some(spec(drawn_mode(draw)));
                UpdatePolicy { id: id_of_policy, etag, display_name: None, spec, validate_only }.into()
            }
        };
        self.call(0, Asking::Plain { shard, command: Command { tenant: Some(id), request: None, body: change } });
    }

    /// An operator closes and opens the second queue of some tenant a few times, and now and then lets it refuse submits
    /// meanwhile. In a short while it is open for good. It is worked out over a version that may not be there any more: then
    /// the leader works out what the rules say.
    pub fn play_with_hours(&mut self) {
        let at = self.rng.random_range(0..self.tenants.len());
        let Place { id, shard } = self.tenants[at].clone();
        let now_ms = (BEGAN_UTC_US + self.now_us()) / MS;
        let mut spans = Vec::new();
        let mut at_ms = now_ms + self.rng.random_range(0..2_000);
        while at_ms < now_ms + PLAY_MS {
            let (from_ms, open_ms) = (at_ms + 1, self.rng.random_range(1..4_000));
            spans.push(Span { from_ms, until_ms: from_ms + open_ms });
            at_ms = from_ms + open_ms + self.rng.random_range(1..3_000);
        }
        let until_ms = now_ms + limits::HOURS_HORIZON_MS;
        spans.push(Span { from_ms: at_ms + 1, until_ms });
        self.hours_version += 1;
        let (zone_version, from_ms) = (kindred_hours::Zones::bundled().version().to_owned(), now_ms);
        let expansion = Some(Expansion { zone_version, of_version: self.hours_version, from_ms, until_ms, spans });
        let patch = HoursPatch { time_zone: Some("UTC".into()), ..HoursPatch::default() };
        let (display_name, etag, validate_only) = (None, None, false);
        let change = UpdateSchedule { id: HOURS.into(), etag, display_name, patch, expansion, validate_only };
        self.call(0, plain(shard, Some(&id), change));
        let patch = QueuePatch { refuse_when_closed: Some(self.rng.random_bool(0.5)), ..QueuePatch::default() };
        self.call(0, plain(shard, Some(&id), UpdateQueue { id: "q1".into(), etag: None, patch }));
    }

    /// Whoever played with hours says that all is open, day and night; what that comes to the leaders work out.
    pub fn open_for_good(&mut self) {
        if self.hours_version == 1 {
            return;
        }
        for Place { id, shard } in self.tenants.clone() {
            let patch = HoursPatch { weekly: Some(rules().weekly), ..HoursPatch::default() };
            let (display_name, etag, expansion, validate_only) = (None, None, None, false);
            let change = UpdateSchedule { id: HOURS.into(), etag, display_name, patch, expansion, validate_only };
            self.call(0, plain(shard, Some(&id), change));
        }
    }

    pub(super) fn operator_told(&mut self, client: usize, asking: Asking, outcome: Result<Answer, Error>) -> Verdict {
        debug_assert!(matches!(self.clients[client].role, Role::Operator));
        match outcome {
            Ok(Answer { reply: Some(Reply::Node(node)), .. }) if asks_in(&asking) => self.let_in(&node)?,
            Ok(_) => self.set_up_next(client),
            Err(error) if error.is("ALREADY_EXISTS") => self.set_up_next(client),
            // Once all is set up nothing an operator asks is refused: whoever could not do it is asked again.
            Err(error) if error.result_unknown() || self.setup.done => self.call(client, asking),
            Err(error) => return Err(format!("setting up: {error}")),
        }
        Ok(())
    }
}
