//! What every random day begins with.
use super::commands::{to_shard, to_tenant};
use kindred_domain::{Command, command::*, limits, record::*};
use std::collections::BTreeMap;

/// A tenant with short retention, two queues, two routing profiles, five agents and two connectors.
pub fn opening() -> Vec<Command> {
    let mut commands = vec![
        to_shard(CreateTenant { id: "t".into(), display_name: String::new(), shard: 0 }),
        to_shard(AdoptTenant { id: "t".into(), display_name: String::new() }),
        to_tenant(UpdateTenant {
            etag: None,
            display_name: None,
            closed_retention_ms: Some(3_600_000),
            closed_retention_bytes: Some(4_000),
            event_retention_ms: Some(2 * 3_600_000),
            event_retention_bytes: Some(60_000),
        }),
        to_tenant(CreatePolicy {
            id: "p".into(),
            display_name: String::new(),
            spec: PolicySpec { mode: Mode::LongestIdle, ..PolicySpec::default() },
            validate_only: false,
        }),
        to_tenant(CreatePolicy {
            id: "ring".into(),
            display_name: String::new(),
            spec: PolicySpec { mode: Mode::RingAll, ring_max: 3, ..PolicySpec::default() },
            validate_only: false,
        }),
    ];
    commands.push(to_tenant(CreateSchedule {
        id: "s0".into(),
        display_name: String::new(),
        rules: HoursRules::default(),
        expansion: Expansion { spans: vec![Span { from_ms: 0, until_ms: END_MS }], ..expansion(1) },
        validate_only: false,
    }));
    commands.extend(["q0", "q1"].map(|id| to_tenant(queue(id))));
    commands.extend(["all", "some"].map(|id| to_tenant(profile(id))));
    commands.extend((0..5).map(|n| to_tenant(agent(n))));
    commands
}

/// After all random days.
pub const END_MS: u64 = 1 << 42;

/// Never open, as of a version of its schedule.
pub fn expansion(of_version: u64) -> Expansion {
    let (zone_version, spans) = ("2025b".into(), Vec::new());
    Expansion { zone_version, of_version, from_ms: 0, until_ms: END_MS, spans }
}

fn queue(id: &str) -> CreateQueue {
    let mut channels = BTreeMap::new();
    let mut chat = ChannelRules::defaults("chat");
    (chat.dormant_after_ms, chat.dormant_percent) = (10_000, 10);
    channels.insert("chat".into(), chat);
    if id == "q1" {
        let mut voice = ChannelRules::defaults("voice");
        voice.answer_mode = AnswerMode::RingIsOffer;
        (voice.assigned_max_ms, voice.close_overdue) = (600_000, true);
        channels.insert("voice".into(), voice);
        let mut email = ChannelRules::defaults("email");
        (email.answer_mode, email.wrap_up_timeout_ms) = (AnswerMode::Auto, 0);
        channels.insert("email".into(), email);
    }
    CreateQueue {
        id: id.into(),
        spec: QueueSpec {
            display_name: String::new(),
            policy: if id == "q0" { "ring" } else { "p" }.into(),
            priority: 0,
            age_weight_micros_per_s: 1,
            service_level_ms: 20_000,
            sla_urgency_micros: 5,
            starvation_bound_ms: limits::STARVATION_BOUND_MS,
            max_wait_ms: if id == "q1" { 900_000 } else { 0 },
            channels,
            schedule: (id == "q1").then(|| "s0".into()),
            refuse_when_closed: false,
        },
    }
}

pub fn capacity(interrupts: bool) -> Capacity {
    let mut capacity = Capacity::default();
    if interrupts {
        let pair = ("voice".into(), "email".into());
        capacity.may_interrupt.insert(pair);
    }
    capacity
}

fn profile(id: &str) -> CreateProfile {
    let line = |queue: &str, channel: &str, delay_ms| ProfileEntry {
        queue: queue.into(),
        channel: channel.into(),
        tier: 1,
        priority: 0,
        delay_ms,
    };
    let mut entries = vec![line("q0", "chat", 0), line("q0", "voice", 0)];
    if id == "all" {
        let more = [("q1", "voice"), ("q1", "email"), ("q0", "email"), ("q1", "chat")];
        entries.extend(more.map(|(queue, channel)| line(queue, channel, 0)));
    } else {
        entries.push(line("q1", "chat", 5_000));
    }
    CreateProfile { id: id.into(), display_name: String::new(), entries, capacity: capacity(id == "all") }
}

pub fn agent(n: u64) -> CreateAgent {
    CreateAgent {
        id: format!("a{n}").into(),
        spec: AgentSpec {
            kind: AgentKind::Human,
            display_name: String::new(),
            team: None,
            profile: if n < 3 { "all" } else { "some" }.into(),
            skills: BTreeMap::from([("x".into(), (n * 20) as u8)]),
            channel_proficiency: BTreeMap::new(),
            labels: BTreeMap::new(),
            capacity: None,
            endpoint: String::new(),
        },
    }
}
