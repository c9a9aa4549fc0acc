//! Lines that expect of records: `record policies/fair version=2 revisions=1,2 mode=TIERED`, `record teams/front none`,
//! `record tenant closed=1 requests=0`, `record nodes/1 role=VOTER`, and of what the last line wrote: `wrote removed=3`.
use super::{expectations::compare, line::Line, reading::*, world::World};
use kindred_domain::state::Tenant;
use std::collections::BTreeMap;

type Facts = BTreeMap<&'static str, String>;

/// Checks an expectation; `None` if the line is none.
pub fn check(world: &World, line: &Line) -> Result<Option<()>, String> {
    let facts = match line.verb.as_str() {
        "record" => facts(world, line.word(0)?, line.key("tenant"))?,
        // `rows-of u 0`: so many rows are left of a tenant.
        "rows-of" => {
            let of = [format!("({}", line.word(0)?), format!("({},", line.word(0)?)];
            let rows = world.rows.left();
            let theirs = |row: &&String| of.iter().any(|of| row.contains(of));
            let left = rows.iter().filter(theirs).count();
            return match line.word(1)? == left.to_string() {
                true => Ok(Some(())),
                false => Err(format!("{left} rows: {rows:?}")),
            };
        }
        "wrote-rows" => Some(wrote(world)),
        _ => return Ok(None),
    };
    match (facts, line.words.get(1).map(String::as_str)) {
        (None, Some("none")) => Ok(Some(())),
        (Some(_), Some("none")) => Err("it is there".into()),
        (None, _) => Err("it is not there".into()),
        (Some(facts), _) => compare(line, &facts, &[]).map(Some),
    }
}

fn wrote(world: &World) -> Facts {
    let applied = &world.applied;
    let count = |n: usize| n.to_string();
    BTreeMap::from([
        ("puts", count(applied.puts.len())),
        ("removed", count(applied.removed.len())),
        ("blobs", count(applied.blobs.len())),
        ("forgotten", count(applied.forgotten.len())),
        ("emptied", count(applied.conversations_emptied.len())),
        ("trimmed", format!("{:?}", applied.events_trimmed.last().map_or(0, |t| t.1))),
        ("compare", format!("{:?}", applied.compare.map_or(0, |c| c.1))),
    ])
}

fn facts(world: &World, path: &str, tenant: Option<&str>) -> Result<Option<Facts>, String> {
    let (collection, id) = path.split_once('/').unwrap_or((path, ""));
    if let Some(facts) = of_shard(world, collection, id)? {
        return Ok(facts);
    }
    let Some(tenant) = world.state.tenant(tenant.unwrap_or("t")) else {
        return Ok(None);
    };
    Ok(match collection {
        "tenant" => Some(tenant_facts(tenant)),
        "teams" => tenant.team(&id.into()).map(|t| version(t.version)),
        "queues" => tenant.queue(&id.into()).map(|q| {
            let mut facts = version(q.version);
            facts.insert("policy", q.policy.to_string());
            facts.insert("priority", q.priority.to_string());
            if let Some(split) = &q.split {
                facts.insert("split_revision", split.revision.to_string());
                facts.insert("shared", list(split.shared.iter()));
                facts.insert("spilled", list(split.spilled.iter()));
                facts.insert("ungrouped", split.ungrouped.to_string());
            }
            let hours = q.hours;
            facts.insert("open", hours.map_or("-".into(), |hours| hours.open.to_string()));
            let changes_ms = hours.and_then(|hours| hours.changes_ms);
            facts.insert("changes", changes_ms.map_or("-".into(), super::hours::told));
            super::supervision::queue_facts(q, &mut facts);
            facts
        }),
        "adjustments" => {
            let found = tenant.adjustment(&id.into());
            found.map(|it| super::supervision::adjustment_facts(world, it))
        }
        "schedules" => tenant.schedule(&id.into()).map(|s| {
            let mut facts = version(s.version);
            facts.insert("zone", s.rules.time_zone.clone());
            facts.insert("data", s.expansion.zone_version.clone());
            facts.insert("of", s.expansion.of_version.to_string());
            facts.insert("spans", s.expansion.spans.len().to_string());
            facts.insert("until", super::hours::told(s.expansion.until_ms));
            facts
        }),
        "profiles" => tenant.profile(&id.into()).map(|p| {
            let line = |e: &kindred_domain::record::ProfileEntry| format!("{}/{}", e.queue, e.channel);
            let mut facts = version(p.version);
            facts.insert("lines", list(p.entries.iter().map(line)));
            facts
        }),
        "policies" => tenant.policy(&id.into()).map(|p| {
            let mut facts = version(p.version);
            facts.insert("revisions", list(p.revisions.iter().map(|r| r.revision)));
            facts.insert("mode", upper(p.revisions[p.revisions.len() - 1].mode));
            facts
        }),
        "customers" => tenant.customer(&id.into()).map(|c| {
            let mut facts = version(c.version);
            facts.insert("prefers", list(c.preferred_agents.iter()));
            facts
        }),
        "conversations" => tenant.conversation(&id.into()).map(|c| {
            let mut facts = version(c.version);
            facts.insert("items", c.items.to_string());
            facts.insert("open", c.open_interactions.to_string());
            facts.insert("customer", c.customer.as_ref().map_or("-".into(), |c| c.to_string()));
            facts
        }),
        "sessions" => tenant.session(&super::configuration::session(id)).map(|s| {
            let lease = format!("{}ms", s.lease.at_ms - world.now_ms);
            BTreeMap::from([("agents", list(s.agents.iter())), ("lease", lease)])
        }),
        "agents" => tenant.agent(&id.into()).map(|a| version(a.version)),
        "connectors" => tenant.connector(&id.into()).map(|c| version(c.version)),
        _ => return Err(format!("no such collection: {collection}")),
    })
}

fn of_shard(world: &World, collection: &str, id: &str) -> Result<Option<Option<Facts>>, String> {
    Ok(Some(match collection {
        "shard" => {
            let shard = world.state.shard();
            Some(BTreeMap::from([
                ("version", shard.cluster_version.to_string()),
                ("map", shard.map_version.to_string()),
                ("next_raft", shard.next_raft_id.to_string()),
                ("hash_index", shard.hash_index.to_string()),
            ]))
        }
        "places" => world.state.placement(id).map(|p| {
            let (shard, map) = (p.shard.to_string(), p.map_version.to_string());
            BTreeMap::from([("shard", shard), ("map", map)])
        }),
        "nodes" => {
            let raft_id: u64 = number(id)?;
            let node = world.state.nodes().find(|n| n.raft_id == raft_id);
            node.map(|n| {
                BTreeMap::from([
                    ("name", n.id.to_string()),
                    ("role", upper(n.role)),
                    ("peer", n.peer_address.clone()),
                    ("version", n.version.to_string()),
                    ("draining", n.draining.to_string()),
                ])
            })
        }
        _ => return Ok(None),
    }))
}

fn tenant_facts(tenant: &Tenant) -> Facts {
    let record = tenant.record();
    BTreeMap::from([
        ("version", record.version.to_string()),
        ("deleted", record.deleted.to_string()),
        ("first_event", record.first_event.to_string()),
        ("next_event", record.next_event.to_string()),
        ("agents", tenant.agents().len().to_string()),
        ("open", tenant.interactions().len().to_string()),
        ("closed", tenant.closed().len().to_string()),
        ("conversations", tenant.conversations().len().to_string()),
        ("requests", tenant.requests().len().to_string()),
        ("sessions", tenant.sessions().len().to_string()),
    ])
}

fn version(version: u64) -> Facts {
    BTreeMap::from([("version", version.to_string())])
}

fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.join(",")
}
