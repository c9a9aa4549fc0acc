//! Lines that set a world up: policies, queues, routing profiles, agents, their presence and streams, connectors.
use super::{line::Line, reading::*, world::World};
use kindred_domain::{command::*, ids::*, limits, record::*};
use std::collections::{BTreeMap, BTreeSet};

/// The command of such a line; `None` if it is none.
pub fn body(world: &World, line: &Line) -> Result<Option<Body>, String> {
    Ok(Some(match line.verb.as_str() {
        "policy" => policy(line)?.into(),
        "queue" => queue(line)?.into(),
        "profile" => profile(line)?.into(),
        "agent" => agent(line)?.into(),
        "set-capacity" => UpdateAgent {
            id: line.word(0)?.into(),
            etag: None,
            patch: AgentPatch { capacity: Some(capacity(line)?), ..AgentPatch::default() },
        }
        .into(),
        "presence" => set_presence(line)?.into(),
        "attach" => attach(line)?.into(),
        "renew" => RenewSession { session: session(line.word(0)?) }.into(),
        "detach" => DetachSession {
            session: session(line.word(0)?),
            agents: line.list("agents").into_iter().map(AgentId::new).collect(),
            lost: line.has("lost"),
        }
        .into(),
        "connector" => RegisterConnector {
            id: line.word(0)?.into(),
            display_name: String::new(),
            lease_ms: line.read("lease", duration)?.unwrap_or(limits::CONNECTOR_LEASE_MS),
        }
        .into(),
        "heartbeat" => HeartbeatConnector { id: line.word(0)?.into() }.into(),
        "reconcile" => reconcile(world, line)?.into(),
        _ => return Ok(None),
    }))
}

/// What a line does before: a new agent that names no profile brings its own.
pub fn before(world: &mut World, line: &Line) -> Result<(), String> {
    if line.verb != "agent" || line.key("profile").is_some() {
        return Ok(());
    }
    world.accepted(line, profile(line)?.into())
}

/// What a line does after: a new agent is AVAILABLE, unless the line says `offline`.
pub fn after(world: &mut World, line: &Line) -> Result<(), String> {
    if line.verb != "agent" || line.has("offline") {
        return Ok(());
    }
    let said = Line::parse(&format!("presence {} AVAILABLE", line.word(0)?));
    let body = set_presence(&said)?.into();
    world.accepted(&said, body)
}

fn policy(line: &Line) -> Result<CreatePolicy, String> {
    Ok(CreatePolicy {
        id: line.word(0)?.into(),
        display_name: String::new(),
        spec: policy_spec(line)?,
        validate_only: line.has("validate"),
    })
}

/// `groups=60:team=red,30:skill.x>=50,10:team=blue&skill.x>=50`, called g1, g2 and so on.
fn groups(line: &Line) -> Result<Vec<Group>, String> {
    let mut groups = Vec::new();
    for (at, text) in line.list("groups").into_iter().enumerate() {
        let (percent, who) = text.split_once(':').ok_or("groups=60:team=red")?;
        let mut group = Group { name: format!("g{}", at + 1), team: None, selector: None, percent: number(percent)? };
        for part in who.split('&').filter(|part| !part.is_empty()) {
            match part.strip_prefix("team=") {
                Some(team) => group.team = Some(team.into()),
                None => group.selector = selector(part)?,
            }
        }
        groups.push(group);
    }
    Ok(groups)
}

/// `mode=BEST_MATCH skill=50 channel=25 preferred=25`, `mode=PERCENT_SPLIT groups=…`, `mode=RING_ALL ring=3`.
pub fn policy_spec(line: &Line) -> Result<PolicySpec, String> {
    Ok(PolicySpec {
        mode: line.read("mode", mode)?.unwrap_or_default(),
        skill_weight: line.read("skill", number)?.unwrap_or(50),
        channel_weight: line.read("channel", number)?.unwrap_or(25),
        preferred_weight: line.read("preferred", number)?.unwrap_or(25),
        groups: groups(line)?,
        ring_max: line.read("ring", number)?.unwrap_or(0),
    })
}

/// `queue support policy=fair max_wait=60s voice.offer=20s chat.dormant_after=60s voice.answer=AUTO`.
fn queue(line: &Line) -> Result<CreateQueue, String> {
    let mut channels: BTreeMap<Channel, ChannelRules> = BTreeMap::new();
    for (key, value) in &line.keys {
        if let Some((channel, rule)) = key.split_once('.') {
            let rules = channels.entry(channel.into()).or_insert_with(|| ChannelRules::defaults(channel));
            set_rule(rules, rule, value)?;
        }
    }
    Ok(CreateQueue {
        id: line.word(0)?.into(),
        spec: QueueSpec {
            display_name: String::new(),
            policy: line.key("policy").unwrap_or("fair").into(),
            priority: line.read("priority", number)?.unwrap_or(0),
            age_weight_micros_per_s: 1_000_000,
            service_level_ms: line.read("service_level", duration)?.unwrap_or(20_000),
            sla_urgency_micros: 0,
            starvation_bound_ms: limits::STARVATION_BOUND_MS,
            max_wait_ms: line.read("max_wait", duration)?.unwrap_or(0),
            channels,
            schedule: line.key("schedule").map(ScheduleId::new),
            refuse_when_closed: line.has("refuse"),
        },
    })
}

fn set_rule(rules: &mut ChannelRules, rule: &str, value: &str) -> Result<(), String> {
    match rule {
        "answer" => rules.answer_mode = answer_mode(value)?,
        "offer" => rules.offer_timeout_ms = duration(value)?,
        "connect" => rules.connect_timeout_ms = duration(value)?,
        "wrap_up" => rules.wrap_up_timeout_ms = duration(value)?,
        "assigned_max" => rules.assigned_max_ms = duration(value)?,
        "close_overdue" => rules.close_overdue = value == "true",
        "dormant_percent" => rules.dormant_percent = number(value)?,
        "dormant_after" => rules.dormant_after_ms = duration(value)?,
        "resume" => rules.resume_timeout_ms = duration(value)?,
        _ => return Err(format!("no rule of a channel: {rule}")),
    }
    Ok(())
}

/// `total=100 voice=1x100 chat=3x33 interrupt=voice>email`; `None` if nothing of it is there.
pub fn capacity(line: &Line) -> Result<Option<Capacity>, String> {
    let mut capacity = Capacity::default();
    let mut given = false;
    for (key, value) in &line.keys {
        if let Some((max, cost)) = value.split_once('x').filter(|(max, _)| number::<u32>(max).is_ok()) {
            let channel = ChannelCapacity { max: number(max)?, cost: number(cost)? };
            capacity.channels.insert(key.as_str().into(), channel);
            given = true;
        }
    }
    if let Some(total) = line.read("total", number)? {
        capacity.total = total;
        given = true;
    }
    for pair in line.list("interrupt") {
        let (by, what) = pair.split_once('>').ok_or("interrupt=voice>email")?;
        capacity.may_interrupt.insert((by.into(), what.into()));
        given = true;
    }
    Ok(given.then_some(capacity))
}

/// `profile people queues=support,sales channels=voice,chat tier=2 delay=30s`.
fn profile(line: &Line) -> Result<CreateProfile, String> {
    Ok(CreateProfile {
        id: line.word(0)?.into(),
        display_name: String::new(),
        entries: entries(line)?,
        capacity: capacity(line)?.unwrap_or_default(),
    })
}

/// Every queue with every channel.
pub fn entries(line: &Line) -> Result<Vec<ProfileEntry>, String> {
    let or = |key, defaults: &[&'static str]| match line.list(key) {
        list if list.is_empty() => defaults.to_vec(),
        list => list,
    };
    let channels = or("channels", &["voice", "chat", "email"]);
    let mut entries = Vec::new();
    for queue in or("queues", &["support"]) {
        for channel in &channels {
            entries.push(ProfileEntry {
                queue: queue.into(),
                channel: (*channel).into(),
                tier: line.read("tier", number)?.unwrap_or(1),
                priority: 0,
                delay_ms: line.read("delay", duration)?.unwrap_or(0),
            });
        }
    }
    Ok(entries)
}

fn agent(line: &Line) -> Result<CreateAgent, String> {
    let id = line.word(0)?;
    Ok(CreateAgent {
        id: id.into(),
        spec: AgentSpec {
            kind: AgentKind::Human,
            display_name: String::new(),
            team: line.key("team").map(TeamId::new),
            profile: line.key("profile").unwrap_or(id).into(),
            skills: grades(&line.list("skills"))?,
            channel_proficiency: grades(&line.list("proficiency"))?,
            labels: labels(&line.list("labels"))?,
            capacity: None,
            endpoint: format!("sip:{id}"),
        },
    })
}

/// `presence anna,ben BREAK reason=lunch for=30m channels=voice next`.
fn set_presence(line: &Line) -> Result<SetPresence, String> {
    let agents = line.word(0)?.split(',').map(AgentId::new).collect();
    let channels: BTreeSet<Channel> = line.list("channels").into_iter().map(Channel::new).collect();
    Ok(SetPresence {
        agents,
        status: presence(line.word(1)?)?,
        reason: line.key("reason").unwrap_or("").to_string(),
        channels,
        after_contact: line.has("next"),
        expires_after_ms: line.read("for", duration)?,
    })
}

/// A stream by its name in the scenario.
pub fn session(name: &str) -> SessionId {
    let bytes = name.bytes().fold(0_u128, |all, byte| all << 8 | u128::from(byte));
    Uid(1 << 120 | bytes)
}

fn attach(line: &Line) -> Result<AttachSession, String> {
    Ok(AttachSession {
        session: session(line.word(0)?),
        node: "node-1".into(),
        agents: line.word(1)?.split(',').map(AgentId::new).collect(),
    })
}

/// `reconcile phone alive=call-1,call-2 observed=-5s partial`.
fn reconcile(world: &World, line: &Line) -> Result<ReconcileConnector, String> {
    let ago = |text: &str| Ok(world.now_ms - duration(text.trim_start_matches('-'))?);
    Ok(ReconcileConnector {
        id: line.word(0)?.into(),
        alive: line.list("alive").into_iter().map(InteractionId::new).collect(),
        observed_ms: line.read("observed", ago)?,
        partial: line.has("partial"),
    })
}
