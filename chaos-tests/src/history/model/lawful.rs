//! May an interaction be offered to an agent: availability, profile, selector, room. The arithmetic is the model's own.

use kindred_proto::log::v1::{self as pb, operand, selector, value};
use kindred_proto::v1::interaction::State;

use super::records::*;
use super::tenant::{Dropped, Tenant};

/// Offers and assignments of one agent at once.
const WORK_MAX: usize = 64;

/// What of an agent's capacity is its own, else its profile's.
pub fn capacity<'a>(tenant: &'a Tenant, agent: &'a Agent) -> Option<&'a pb::Capacity> {
    let profile = tenant.profiles.get(&agent.spec.profile)?;
    Some(agent.spec.capacity.as_ref().unwrap_or(&profile.capacity))
}

/// Units one piece on the channel takes; 0 where it is not served.
pub fn cost(capacity: Option<&pb::Capacity>, channel: &str) -> u32 {
    capacity.and_then(|c| c.channels.get(channel)).map_or(0, |c| c.cost)
}

/// Is there room for all of the channels, one after the other, beside this work.
pub fn room<'a>(capacity: &pb::Capacity, work: impl Iterator<Item = &'a Piece>, channels: &[Name]) -> bool {
    let mut taken: Vec<(&str, u32, bool)> = work.map(|w| (&*w.channel, w.units, w.dormant)).collect();
    for channel in channels {
        let Some(rules) = capacity.channels.get(&**channel) else { return false };
        let interrupts =
            |other: &str| capacity.may_interrupt.iter().any(|p| p.interrupter == **channel && p.interrupted == other);
        let same = taken.iter().filter(|(other, _, dormant)| *other == &**channel && !dormant).count();
        let units: u64 =
            taken.iter().filter(|(other, ..)| !interrupts(other)).map(|(_, units, _)| u64::from(*units)).sum();
        if same as u64 >= u64::from(rules.max) || units + u64::from(rules.cost) > u64::from(capacity.total) {
            return false;
        }
        taken.push((channel, rules.cost, false));
    }
    true
}

/// There for the channel, and not draining.
pub fn available(agent: &Agent, channel: &str, now_ms: u64) -> bool {
    present(agent, channel, now_ms) && !agent.draining
}

/// AVAILABLE for the channel with nothing to follow, the stream not lost, no penalty running.
pub fn present(agent: &Agent, channel: &str, now_ms: u64) -> bool {
    let said = &agent.presence;
    let over = |until_ms: Option<u64>| until_ms.is_none_or(|until_ms| until_ms <= now_ms);
    allows(said, channel) && !agent.stream_lost && over(agent.backoff_until_ms) && over(agent.not_responding_until_ms)
}

/// Does what the person says allow offers on the channel.
pub fn allows(said: &Presence, channel: &str) -> bool {
    said.status == pb::PresenceStatus::Available
        && said.next.is_none()
        && (said.channels.is_empty() || said.channels.contains(channel))
}

/// May the plan be made. With `ring_max` it may join a ring that began in the same command, up to so many.
pub fn check(tenant: &Tenant, id: &str, (offer, to): (Uid, &str), ring_max: usize, now_ms: u64) -> Result<(), Dropped> {
    let lawful = |is: bool| if is { Ok(()) } else { Err(Dropped::Other) };
    let i = tenant.interactions.get(id).ok_or(Dropped::Other)?;
    let agent = tenant.agents.get(to).ok_or(Dropped::Other)?;
    let profile = tenant.profiles.get(&agent.spec.profile).ok_or(Dropped::Other)?;
    let joins = i.state == State::Offered && i.offers.len() < ring_max && i.offers.iter().all(|o| *o.agent != *to);
    lawful(if ring_max > 0 { joins } else { i.state == State::Queued } && i.unconfirmed_since_ms.is_none())?;
    lawful(tenant.queues.get(&i.queue).is_none_or(|queue| queue.is_open(now_ms) && !queue.paused))?;
    lawful(available(agent, &i.channel, now_ms))?;
    if i.target.as_deref() != Some(to) {
        let line = profile.line(&i.queue, &i.channel).ok_or(Dropped::Other)?;
        lawful(now_ms.saturating_sub(i.created_ms) >= line.delay_ms)?;
    }
    lawful(!i.exclusions.iter().any(|e| *e.agent == *to && e.until_ms > now_ms))?;
    lawful(chosen(i, to, agent))?;
    let channels = i.channels();
    let capacity = agent.spec.capacity.as_ref().unwrap_or(&profile.capacity);
    if agent.work.len() + channels.len() > WORK_MAX || !room(capacity, agent.work.iter(), &channels) {
        return Err(Dropped::NoRoom);
    }
    lawful(i.part(offer).is_none() && i.offer(offer).is_none() && agent.work.iter().all(|w| w.id != offer))
}

/// Named by a transfer, or nobody was and the selector holds.
fn chosen(i: &Interaction, id: &str, agent: &Agent) -> bool {
    match (&i.target, &i.required) {
        (Some(target), _) => **target == *id,
        (None, Some(required)) => matches(required, agent),
        (None, None) => true,
    }
}

/// Could the agent ever serve it as things are configured.
pub fn qualified(tenant: &Tenant, i: &Interaction, id: &str) -> bool {
    let Some(agent) = tenant.agents.get(id) else { return false };
    let Some(profile) = tenant.profiles.get(&agent.spec.profile) else { return false };
    let served = i.target.as_deref() == Some(id) || profile.line(&i.queue, &i.channel).is_some();
    served && chosen(i, id, agent)
}

fn matches(selector: &pb::Selector, agent: &Agent) -> bool {
    match &selector.node {
        Some(selector::Node::And(all)) => all.selectors.iter().all(|s| matches(s, agent)),
        Some(selector::Node::Or(any)) => any.selectors.iter().any(|s| matches(s, agent)),
        Some(selector::Node::Not(not)) => !matches(not, agent),
        Some(selector::Node::Compare(compare)) => {
            let actual = compare.operand.as_ref().and_then(|o| read(o, agent));
            compares(actual.as_ref(), compare.comparison(), compare.value.as_ref())
        }
        Some(selector::Node::In(list)) => {
            let actual = list.operand.as_ref().and_then(|o| read(o, agent));
            actual.is_some_and(|actual| list.values.iter().any(|v| v.value.as_ref() == Some(&actual)))
        }
        None => false,
    }
}

fn read(operand: &pb::Operand, agent: &Agent) -> Option<value::Value> {
    match operand.operand.as_ref()? {
        operand::Operand::Label(key) => agent.spec.labels.get(key)?.value.clone(),
        operand::Operand::Skill(skill) => {
            agent.spec.skills.get(skill).map(|level| value::Value::Micros(i64::from(*level) * 1_000_000))
        }
    }
}

fn compares(actual: Option<&value::Value>, comparison: pb::Comparison, expected: Option<&pb::Value>) -> bool {
    use value::Value::{Flag, Micros, Text};
    let order = match (actual, expected.and_then(|e| e.value.as_ref())) {
        (Some(Micros(a)), Some(Micros(b))) => Some(a.cmp(b)),
        (Some(Text(a)), Some(Text(b))) => Some(a.cmp(b)),
        (Some(Flag(a)), Some(Flag(b))) => Some(a.cmp(b)),
        _ => None,
    };
    match comparison {
        pb::Comparison::Eq => order.is_some_and(|o| o.is_eq()),
        pb::Comparison::Ne => order.is_none_or(|o| o.is_ne()),
        pb::Comparison::Ge => order.is_some_and(|o| o.is_ge()),
        pb::Comparison::Gt => order.is_some_and(|o| o.is_gt()),
        pb::Comparison::Le => order.is_some_and(|o| o.is_le()),
        pb::Comparison::Lt => order.is_some_and(|o| o.is_lt()),
        pb::Comparison::Unspecified => false,
    }
}
