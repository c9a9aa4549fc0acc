//! Lines that change what is there: teams, updates, removals, policies' revisions, customers, conversations, retention,
//! other tenants, nodes.
use super::{configuration::*, line::Line, reading::*, world::World};
use kindred_domain::{command::*, ids::*, record::*};
use std::collections::BTreeMap;

/// The command of such a line; `None` if it is none.
pub fn body(world: &World, line: &Line) -> Result<Option<Body>, String> {
    Ok(Some(match line.verb.as_str() {
        "team" => CreateTeam { id: line.word(0)?.into(), display_name: String::new() }.into(),
        "delete" => delete(line)?,
        "set-team" => UpdateTeam {
            id: line.word(0)?.into(),
            etag: line.read("etag", number)?,
            display_name: line.key("name").map(str::to_string),
        }
        .into(),
        "set-agent" => set_agent(line, line.word(0)?)?.into(),
        "batch" => BatchUpdateAgents {
            updates: line.word(0)?.split(',').map(|agent| set_agent(line, agent)).collect::<Result<_, _>>()?,
        }
        .into(),
        "set-profile" => set_profile(line)?.into(),
        "set-queue" => UpdateQueue {
            id: line.word(0)?.into(),
            etag: line.read("etag", number)?,
            patch: QueuePatch {
                policy: line.key("policy").map(PolicyId::new),
                priority: line.read("priority", number)?,
                max_wait_ms: line.read("max_wait", duration)?,
                channels: auto(line)?,
                schedule: line.key("schedule").map(|id| (id != "none").then(|| ScheduleId::new(id))),
                refuse_when_closed: line.read("refuse", number)?,
                ..QueuePatch::default()
            },
        }
        .into(),
        "revise" => UpdatePolicy {
            id: line.word(0)?.into(),
            etag: line.read("etag", number)?,
            display_name: None,
            spec: Some(policy_spec(line)?),
            validate_only: line.has("validate"),
        }
        .into(),
        "rollback" => RollbackPolicy {
            id: line.word(0)?.into(),
            etag: line.read("etag", number)?,
            revision: number(line.word(1)?)?,
            validate_only: line.has("validate"),
        }
        .into(),
        "set-tenant" => set_tenant(line)?.into(),
        "customer" | "set-customer" => customer(line)?,
        "append" => append(world, line)?.into(),
        _ => return Ok(None),
    }))
}

/// The command of a line to the shard itself; `None` if it is none.
pub fn of_shard(line: &Line) -> Result<Option<Body>, String> {
    let text = |key: &str| line.key(key).unwrap_or("").to_string();
    Ok(Some(match line.verb.as_str() {
        "place" => CreateTenant {
            id: line.word(0)?.into(),
            display_name: text("name"),
            shard: line.read("shard", number)?.unwrap_or(0),
        }
        .into(),
        "adopt" => AdoptTenant { id: line.word(0)?.into(), display_name: text("name") }.into(),
        "node" => RegisterNode {
            id: line.word(0)?.into(),
            storage: Uid(line.read("storage", number)?.unwrap_or(1)),
            raft_id: line.read("raft", number)?,
            peer_address: text("peer"),
            client_address: text("client"),
            version: line.read("version", number)?.unwrap_or(1),
            role: line.read("role", role)?.unwrap_or(NodeRole::Learner),
        }
        .into(),
        "set-node" => UpdateNode {
            raft_id: number(line.word(0)?)?,
            role: line.read("role", role)?,
            peer_address: line.key("peer").map(str::to_string),
            client_address: line.key("client").map(str::to_string),
            version: line.read("version", number)?,
            draining: line.read("draining", number)?,
        }
        .into(),
        "cluster-version" => SetClusterVersion { version: number(line.word(0)?)? }.into(),
        "compare" => CompareHash { index: number(line.word(0)?)?, hash: number(line.word(1)?)? }.into(),
        _ => return Ok(None),
    }))
}

fn role(text: &str) -> Result<NodeRole, String> {
    one_of(&[NodeRole::Learner, NodeRole::Voter, NodeRole::Removed], text)
}

/// `auto=voice`: the channel answers AUTO, the others as by default.
fn auto(line: &Line) -> Result<Option<BTreeMap<Channel, ChannelRules>>, String> {
    Ok(line.key("auto").map(|channel| {
        let rules = ChannelRules { answer_mode: AnswerMode::Auto, ..ChannelRules::defaults(channel) };
        [(Channel::new(channel), rules)].into()
    }))
}

/// `delete team front etag=1`.
fn delete(line: &Line) -> Result<Body, String> {
    let etag = line.read("etag", number)?;
    let kind = line.word(0)?;
    if kind == "tenant" {
        return Ok(DeleteTenant { etag }.into());
    }
    macro_rules! delete {
        ($name:ident) => {
            $name { id: line.word(1)?.into(), etag }.into()
        };
    }
    Ok(match kind {
        "team" => delete!(DeleteTeam),
        "profile" => delete!(DeleteProfile),
        "queue" => delete!(DeleteQueue),
        "policy" => DeletePolicy { id: line.word(1)?.into(), etag, validate_only: line.has("validate") }.into(),
        "agent" => delete!(DeleteAgent),
        "schedule" => DeleteSchedule { id: line.word(1)?.into(), etag, validate_only: line.has("validate") }.into(),
        "connector" => delete!(DeleteConnector),
        "customer" => delete!(DeleteCustomer),
        _ => return Err(format!("nothing of this kind is deleted: {kind}")),
    })
}

/// `set-agent anna team=front profile=people skills=french:80 total=100 voice=1x100 etag=1`; `team=none`, `own=none`.
fn set_agent(line: &Line, agent: &str) -> Result<UpdateAgent, String> {
    let own = match line.key("own") {
        Some("none") => Some(None),
        _ => capacity(line)?.map(Some),
    };
    Ok(UpdateAgent {
        id: agent.into(),
        etag: line.read("etag", number)?,
        patch: AgentPatch {
            team: line.key("team").map(|team| (team != "none").then(|| TeamId::new(team))),
            profile: line.key("profile").map(ProfileId::new),
            skills: match line.key("skills") {
                Some(_) => Some(grades(&line.list("skills"))?),
                None => None,
            },
            capacity: own,
            ..AgentPatch::default()
        },
    })
}

/// `set-profile people queues=support,sales channels=voice voice=1x100 etag=1`.
fn set_profile(line: &Line) -> Result<UpdateProfile, String> {
    let lines = line.key("queues").or(line.key("channels"));
    Ok(UpdateProfile {
        id: line.word(0)?.into(),
        etag: line.read("etag", number)?,
        display_name: None,
        entries: match lines {
            Some(_) => Some(entries(line)?),
            None => None,
        },
        capacity: capacity(line)?,
    })
}

/// `set-tenant closed=1h closed_bytes=1000 events=1h events_bytes=1000 etag=1`.
fn set_tenant(line: &Line) -> Result<UpdateTenant, String> {
    Ok(UpdateTenant {
        etag: line.read("etag", number)?,
        display_name: line.key("name").map(str::to_string),
        closed_retention_ms: line.read("closed", duration)?,
        closed_retention_bytes: line.read("closed_bytes", number)?,
        event_retention_ms: line.read("events", duration)?,
        event_retention_bytes: line.read("events_bytes", number)?,
    })
}

/// `customer m prefers=anna,ben features=tier:gold`; `set-customer m prefers=ben etag=1`.
fn customer(line: &Line) -> Result<Body, String> {
    let id = CustomerId::new(line.word(0)?);
    let prefers = line.list("prefers").into_iter().map(AgentId::new).collect();
    let features = labels(&line.list("features"))?;
    if line.verb == "set-customer" {
        return Ok(UpdateCustomer {
            id,
            etag: line.read("etag", number)?,
            display_name: None,
            identities: None,
            features: line.key("features").map(|_| features),
            preferred_agents: line.key("prefers").map(|_| prefers),
        }
        .into());
    }
    Ok(CreateCustomer {
        id,
        spec: CustomerSpec {
            display_name: Sealed::default(),
            identities: Vec::new(),
            features,
            preferred_agents: prefers,
        },
    }
    .into())
}

/// `append matter-1 3 customer=m`: so many notes.
fn append(world: &World, line: &Line) -> Result<AppendConversation, String> {
    let count: u64 = match line.words.get(1) {
        Some(count) => number(count)?,
        None => 0,
    };
    let note = |n: u64| NewItem {
        kind: ItemKind::Note,
        interaction: None,
        channel: None,
        happened_ms: Some(world.now_ms.saturating_sub(n)),
        body: Sealed::default(),
    };
    Ok(AppendConversation {
        id: line.word(0)?.into(),
        customer: line.key("customer").map(CustomerId::new),
        items: (0..count).map(note).collect(),
    })
}
