//! Lines that expect: what an answer, an interaction, a part, an agent, a connector or the last line's events are.
use super::{line::Line, reading::*, world::World};
use kindred_domain::{
    capacity,
    ids::*,
    record::*,
    reply::{Answer, Reply},
};
use std::{collections::BTreeMap, sync::Arc};

/// `-> OFFER_GONE`, `-> INVALID_FIELD direction`, `-> dropped Excluded`, `-> REPEAT`; nothing: it was done.
pub fn answer(answer: &Answer, expected: Option<&str>) -> Result<(), String> {
    let (said, text) = match answer {
        Answer::Repeat { .. } => ("REPEAT".to_string(), String::new()),
        Answer::Fresh(Err(rejection)) => (rejection.reason().to_string(), rejection.to_string()),
        Answer::Fresh(Ok(Reply::Offers { dropped, .. })) if !dropped.is_empty() => {
            ("dropped".to_string(), format!("{dropped:?}"))
        }
        Answer::Fresh(Ok(reply)) => ("done".to_string(), format!("{reply:?}")),
    };
    let mut words = expected.unwrap_or("done").split_whitespace();
    let reason = words.next().unwrap_or("done");
    if said != reason {
        return Err(format!("expected {reason}, was {said} {text}"));
    }
    match words.find(|word| !text.contains(word)) {
        Some(word) => Err(format!("expected {word} in {text}")),
        None => Ok(()),
    }
}

/// Checks an expectation; `None` if the line is none.
pub fn check(world: &World, line: &Line) -> Result<Option<()>, String> {
    match line.verb.as_str() {
        "events" => events(world, line).map(Some),
        "event" => event(world, line).map(Some),
        "part" => part(world, line).map(Some),
        "expect" => {
            let name = line.word(0)?;
            let tenant = world.tenant();
            if let Some(agent) = tenant.agent(&name.into()) {
                return compare(line, &agent_facts(world, agent), AGENT).map(Some);
            }
            if let Some(connector) = tenant.connector(&name.into()) {
                return compare(line, &connector_facts(world, connector), &["lease"]).map(Some);
            }
            compare(line, &interaction_facts(world, &*interaction(world, name)?), INTERACTION).map(Some)
        }
        _ => Ok(None),
    }
}

/// Facts of an interaction that may be absent.
const INTERACTION: &[&str] = &[
    "agent",
    "part_state",
    "deadline",
    "revoked_in",
    "target",
    "connect_by",
    "reason",
    "note",
    "unconfirmed",
    "silent_in",
    "deferred",
    "skips",
    "excluded",
    "added",
    "adjustment",
];

/// Facts of an agent that may be absent.
const AGENT: &[&str] = &[
    "total",
    "reason",
    "next",
    "reverts",
    "backoff",
    "not_responding",
    "offline_in",
    "lost",
    "session",
    "forced",
    "draining",
    "adjustment",
    "skills",
];

/// The line's second word is the state; its keys are facts. `-` is a fact that is absent: one of those that may be.
pub fn compare(line: &Line, facts: &BTreeMap<&str, String>, may_be_absent: &[&str]) -> Result<(), String> {
    let absent = "-".to_string();
    let mut wrong = Vec::new();
    let state = line.words.get(1).map(|word| ("state", word));
    let expected = line.keys.iter().map(|(key, value)| (key.as_str(), value));
    for (key, expected) in state.into_iter().chain(expected) {
        let actual = facts.get(key).unwrap_or(&absent);
        if key == "part" || key == "tenant" {
            continue;
        }
        if !facts.contains_key(key) && !may_be_absent.contains(&key) {
            wrong.push(format!("{key} is no fact of it"));
            continue;
        }
        if same(actual) != same(expected) {
            wrong.push(format!("{key} is {actual}, not {expected}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{}; all: {facts:?}", wrong.join(", ")))
}

/// Durations are compared as such: 60s is 1m.
fn same(text: &str) -> String {
    let part = |part: &str| {
        let timed = part.chars().next().is_some_and(|c| c.is_ascii_digit())
            && part.ends_with(|c: char| c.is_ascii_alphabetic());
        match duration(part) {
            Ok(ms) if timed => format!("{ms}ms"),
            _ => part.to_string(),
        }
    };
    text.split([':', ',']).map(part).collect::<Vec<_>>().join(":")
}

fn interaction(world: &World, name: &str) -> Result<Arc<Interaction>, String> {
    let (tenant, id) = (TenantId::new("t"), InteractionId::new(name));
    if let Some(open) = world.tenant().interaction(&id) {
        return Ok(open.clone());
    }
    match world.disk.get(&RecordKey::Closed(tenant, id)) {
        Some(Record::Closed(closed)) => Ok(closed.clone()),
        _ => Err(format!("there is no {name}")),
    }
}

fn ms(ms: u64) -> String {
    format!("{ms}ms")
}

/// Until a deadline, from now.
fn until(world: &World, at_ms: u64) -> String {
    ms(at_ms.saturating_sub(world.now_ms))
}

fn since(world: &World, at_ms: u64) -> String {
    ms(world.now_ms.saturating_sub(at_ms))
}

fn holder(interaction: &Interaction) -> Option<&Assignment> {
    let has = |a: &&Assignment| !matches!(a.state, AssignmentState::WrapUp | AssignmentState::Ended);
    interaction.assignments.iter().rev().find(has)
}

fn interaction_facts(world: &World, i: &Interaction) -> BTreeMap<&'static str, String> {
    let mut facts = BTreeMap::new();
    let mut put = |key, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.insert(key, value);
        }
    };
    let part = holder(i);
    let offered = i.offers.first();
    let ringing: Vec<&str> = i.offers.iter().map(|offer| offer.agent.as_str()).collect();
    let deadline = match (offered, i.deadline, part) {
        (Some(offer), ..) => Some(offer.expires),
        (None, Some(deadline), _) => Some(deadline),
        (None, None, part) => part.and_then(|a| a.deadline),
    };
    put("state", Some(upper(i.state)));
    put("queue", Some(i.queue.to_string()));
    put("agent", offered.map(|_| ringing.join(",")).or(part.map(|a| a.agent.to_string())));
    put("part_state", part.map(|a| upper(a.state)));
    put("deadline", deadline.map(|d| until(world, d.at_ms)));
    put("revoked_in", i.offers.iter().find_map(|o| o.revoke_at_ms).map(|at| until(world, at)));
    put("target", i.target_agent.as_ref().map(|a| a.to_string()));
    put("age", Some(since(world, i.waiting_since_ms)));
    put("attempts", Some(i.attempts.to_string()));
    put("version", Some(i.version.to_string()));
    put("priority", Some(i.priority.to_string()));
    put("context", Some(i.context_bytes.to_string()));
    put("connect_by", i.connect_by_ms.map(|at| until(world, at)));
    put("reason", i.closing.as_ref().map(|c| upper(c.reason)));
    put("note", i.closing.as_ref().map(|c| c.note.clone()));
    put("unconfirmed", i.unconfirmed_since_ms.map(|at| since(world, at)));
    put("silent_in", i.silent_at_ms.map(|at| until(world, at)));
    put("deferred", i.deferred.as_ref().filter(|d| d.until_ms > 0).map(|d| until(world, d.until_ms)));
    put("skips", i.deferred.as_ref().map(|d| d.skips.to_string()));
    put("parts", Some(i.assignments.len().to_string()));
    put("transitions", Some(i.transitions.len().to_string()));
    let open = i.exclusions.iter().filter(|e| e.until_ms > world.now_ms);
    let excluded: Vec<String> = open.map(|e| format!("{}:{}", e.agent, until(world, e.until_ms))).collect();
    put("excluded", Some(excluded.join(",")));
    let channels: Vec<&str> = i.added_channels.iter().map(|c| c.as_str()).collect();
    put("adjustment", i.adjustment.as_ref().map(|id| id.to_string()));
    put("added", Some(channels.join(",")));
    let memory = world.tenant().interaction(&i.id).is_some();
    put("in", Some(if memory { "memory" } else { "disk" }.to_string()));
    facts
}

/// `part call-1 WRAP_UP agent=anna part=1 units=100 held=5s deadline=30s cause=TRANSFERRED`.
fn part(world: &World, line: &Line) -> Result<(), String> {
    let id = super::commands::part(world, line)?;
    let interaction = interaction(world, line.word(0)?)?;
    let found = interaction.assignments.iter().find(|a| a.id == id);
    let a = found.ok_or("there is no such part")?;
    let mut facts = BTreeMap::from([
        ("state", upper(a.state)),
        ("agent", a.agent.to_string()),
        ("units", a.units.to_string()),
        ("held", ms(a.held_ms)),
        ("channels", a.channels.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(",")),
    ]);
    if let Some(deadline) = a.deadline {
        facts.insert("deadline", until(world, deadline.at_ms));
    }
    if let Some(cause) = a.cause {
        facts.insert("cause", upper(cause));
    }
    compare(line, &facts, &["deadline", "cause"])
}

fn agent_facts(world: &World, agent: &Agent) -> BTreeMap<&'static str, String> {
    let until = |at: Option<u64>| at.map(|at| until(world, at));
    let mut facts = BTreeMap::from([
        ("state", upper(agent.state(world.now_ms))),
        ("presence", upper(agent.presence.status)),
        ("units", agent.work.iter().map(|w| w.units).sum::<u32>().to_string()),
        ("work", agent.work.len().to_string()),
        ("missed", agent.missed_in_row.to_string()),
        ("handled", agent.handled.to_string()),
        ("handled_today", agent.handled_since_offline.to_string()),
        ("idle", since(world, agent.idle_since_ms)),
        ("version", agent.version.to_string()),
    ]);
    let fits = capacity::of(world.tenant(), agent).map(|c| c.total.to_string());
    let said = Some(agent.presence.reason.clone()).filter(|reason| !reason.is_empty());
    let others = [
        ("total", fits),
        ("reason", said),
        ("next", agent.presence.next.as_ref().map(|n| upper(n.status))),
        ("reverts", until(agent.presence.expires.map(|d| d.at_ms))),
        ("backoff", until(agent.backoff_until_ms)),
        ("not_responding", until(agent.not_responding_until_ms)),
        ("offline_in", until(agent.offline_at.map(|d| d.at_ms))),
        ("lost", agent.stream_lost_ms.map(|at| since(world, at))),
        ("session", agent.session.map(|_| "yes".to_string())),
        ("forced", agent.presence.forced.as_ref().map(|word| word.by.supervisor.clone())),
        ("adjustment", agent.adjustment.as_ref().map(|id| id.to_string())),
        ("skills", skills(agent)),
        ("profile", Some(agent.profile.to_string())),
        ("draining", agent.draining.as_ref().map(|word| word.by.supervisor.clone())),
    ];
    for (key, fact) in others {
        if let Some(fact) = fact {
            facts.insert(key, fact);
        }
    }
    facts
}

fn skills(agent: &Agent) -> Option<String> {
    let shown: Vec<String> = agent.skills.iter().map(|(skill, level)| format!("{skill}:{level}")).collect();
    Some(shown.join(",")).filter(|shown| !shown.is_empty())
}

fn connector_facts(world: &World, connector: &Connector) -> BTreeMap<&'static str, String> {
    let state = if connector.lease.is_some() { "ALIVE" } else { "LAPSED" };
    let mut facts = BTreeMap::from([("state", state.to_string())]);
    if let Some(lease) = connector.lease {
        facts.insert("lease", until(world, lease.at_ms));
    }
    facts
}

/// An event's kind by name.
pub fn name(event: &kindred_domain::Event) -> String {
    let text = format!("{:?}", event.kind);
    text.split([' ', '{']).next().unwrap_or("").to_string()
}

/// `event InteractionQueued TargetNotThere`: one of the last line's of this kind has these words in it.
fn event(world: &World, line: &Line) -> Result<(), String> {
    let kind = line.word(0)?;
    let of_kind = world.events.iter().filter(|event| name(event) == kind);
    let shown: Vec<String> = of_kind.map(|event| format!("{:?}", event.kind)).collect();
    match shown.iter().any(|event| line.words.iter().all(|word| event.contains(word))) {
        true => Ok(()),
        false => Err(format!("they were {shown:?}")),
    }
}

/// `events OfferMade OfferAccepted`: exactly these of the last line. `events has OfferMade`: among others. `events none`.
fn events(world: &World, line: &Line) -> Result<(), String> {
    let said: Vec<String> = world.events.iter().map(name).collect();
    let wrong = match line.words.first().map(String::as_str) {
        Some("none") => !said.is_empty(),
        Some("has") => line.words[1..].iter().any(|word| !said.contains(word)),
        _ => said != line.words,
    };
    if wrong {
        return Err(format!("they were {said:?}"));
    }
    Ok(())
}
