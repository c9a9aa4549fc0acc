//! Lines of supervisors, and what stands in the way of a pair. `by=` is who (`sue`, unless the line says), `reason=` why
//! (`because`).
use super::{line::Line, reading::*, world::World};
use kindred_domain::{command::*, explain, ids::*, record::*};
use std::collections::BTreeMap;

fn mandate(line: &Line) -> Mandate {
    let text = |key: &str, or: &str| line.key(key).unwrap_or(or).to_string();
    Mandate { supervisor: text("by", "sue"), reason: text("reason", "because") }
}

fn agents(line: &Line) -> Result<Vec<AgentId>, String> {
    Ok(line.word(0)?.split(',').map(AgentId::new).collect())
}

/// The command of such a line; `None` if it is none.
pub fn body(world: &World, line: &Line) -> Result<Option<Body>, String> {
    let by = mandate(line);
    macro_rules! of {
        ($name:ident, agents) => {
            $name { agents: agents(line)?, by }.into()
        };
        ($name:ident, id) => {
            $name { id: line.word(0)?.into(), by }.into()
        };
    }
    Ok(Some(match line.verb.as_str() {
        // `reprioritise call-1 5 etag=1`.
        "reprioritise" => ReprioritiseInteraction {
            id: line.word(0)?.into(),
            etag: line.read("etag", number)?,
            priority: number(line.word(1)?)?,
            by,
        }
        .into(),
        "move" => MoveInteraction { id: line.word(0)?.into(), queue: line.word(1)?.into(), by }.into(),
        "pull-back" => of!(PullBackInteraction, id),
        // `reassign call-1 ben connect_by=+20s`.
        "reassign" => ReassignInteraction {
            id: line.word(0)?.into(),
            agent: line.word(1)?.into(),
            connect_by_ms: line
                .read("connect_by", |text| Ok(world.now_ms + duration(text.trim_start_matches('+'))?))?,
            by,
        }
        .into(),
        // `force anna,ben AVAILABLE channels=chat for=10m`.
        "force" => ForcePresence {
            agents: agents(line)?,
            status: presence(line.word(1)?)?,
            channels: line.list("channels").into_iter().map(Channel::new).collect(),
            expires_after_ms: line.read("for", duration)?,
            by,
        }
        .into(),
        "lift" => of!(LiftPresence, agents),
        "drain" => of!(DrainAgents, agents),
        "undrain" => of!(UndrainAgents, agents),
        "pause-queue" => of!(PauseQueue, id),
        "resume-queue" => of!(ResumeQueue, id),
        "drain-queue" => {
            DrainQueue { id: line.word(0)?.into(), overflow: line.key("overflow").map(QueueId::new), by }.into()
        }
        "undrain-queue" => of!(UndrainQueue, id),
        // `adjust boost agents=anna,ben skills=french:60 profile=other interactions=call-1 priority=5 queue=sales for=1h`.
        "adjust" => StartAdjustment {
            id: line.word(0)?.into(),
            agents: line.list("agents").into_iter().map(AgentId::new).collect(),
            agent_change: AgentChange {
                profile: line.key("profile").map(ProfileId::new),
                skills: grades(&line.list("skills"))?,
            },
            interactions: line.list("interactions").into_iter().map(InteractionId::new).collect(),
            interaction_change: InteractionChange {
                priority: line.read("priority", number)?,
                queue: line.key("queue").map(QueueId::new),
            },
            lasts_ms: line.read("for", duration)?.unwrap_or(0),
            by,
        }
        .into(),
        "end-adjustment" => of!(EndAdjustment, id),
        _ => return Ok(None),
    }))
}

/// What stands of an adjustment.
pub fn adjustment_facts(world: &World, it: &Adjustment) -> BTreeMap<&'static str, String> {
    let agents: Vec<&str> = it.agents.iter().map(|before| before.agent.as_str()).collect();
    let interactions: Vec<&str> = it.interactions.iter().map(|before| before.interaction.as_str()).collect();
    BTreeMap::from([
        ("agents", agents.join(",")),
        ("interactions", interactions.join(",")),
        ("left", format!("{}ms", it.until_ms - world.now_ms)),
        ("by", it.word.by.supervisor.clone()),
    ])
}

/// `obstacles call-1 anna QueuePaused AgentDraining`: these in this order; `none`. `obstacle call-1 anna QueuePaused drill`:
/// one of this kind with these words in it.
pub fn check(world: &World, line: &Line) -> Result<Option<()>, String> {
    if line.verb != "obstacles" && line.verb != "obstacle" {
        return Ok(None);
    }
    let tenant = world.tenant();
    let interaction = tenant.interaction(&line.word(0)?.into()).ok_or("there is no such interaction")?;
    let agent = tenant.agent(&line.word(1)?.into()).ok_or("there is no such agent")?;
    let found = explain::obstacles(tenant, interaction, agent, world.now_ms);
    let shown: Vec<String> = found.iter().map(|obstacle| format!("{obstacle:?}")).collect();
    let kinds: Vec<&str> = shown.iter().map(|text| text.split([' ', '(']).next().unwrap_or_default()).collect();
    let words = &line.words[2..];
    let holds = match (line.verb.as_str(), words.first().map(String::as_str)) {
        ("obstacles", Some("none")) => found.is_empty(),
        ("obstacles", _) => kinds == *words,
        _ => shown.iter().any(|text| words.iter().all(|word| text.contains(word))),
    };
    if holds { Ok(Some(())) } else { Err(format!("they are {shown:?}")) }
}

/// What supervisors laid down of a queue.
pub fn queue_facts(queue: &Queue, facts: &mut BTreeMap<&'static str, String>) {
    let shown = |text: Option<&String>| text.map_or("-".to_string(), Clone::clone);
    facts.insert("paused", shown(queue.paused.as_ref().map(|word| &word.by.reason)));
    facts.insert("draining", shown(queue.draining.as_ref().map(|drain| &drain.word.by.reason)));
    let overflow = queue.draining.as_ref().and_then(|drain| drain.overflow.as_ref());
    facts.insert("overflow", overflow.map_or("-".to_string(), |id| id.to_string()));
}
