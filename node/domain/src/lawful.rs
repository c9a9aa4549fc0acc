//! Whether an interaction may be offered to an agent. Works on plain records, so that the Matchmaker asks the same
//! question of its mirror that apply asks of the state.
use crate::{capacity, hours, ids::Channel, limits, record::*, reply::Dropped, selector, state::Tenant};

/// May the interaction be offered to the agent now: everything apply rechecks in `MakeOffers`.
pub fn lawful(tenant: &Tenant, interaction: &Interaction, agent: &Agent, now_ms: u64) -> Result<(), Dropped> {
    let profile = tenant.profile(&agent.profile).ok_or(Dropped::NotServed)?;
    waiting(interaction)?;
    open(tenant.queue(&interaction.queue).map(|queue| &**queue), now_ms)?;
    pair(interaction, agent, profile, capacity::effective(agent, profile), now_ms)
}

/// Does the queue offer: it is open, and not paused.
pub fn open(queue: Option<&Queue>, now_ms: u64) -> Result<(), Dropped> {
    match queue {
        Some(queue) if !hours::is_open(queue, now_ms) => Err(Dropped::QueueClosed),
        Some(queue) if queue.paused.is_some() => Err(Dropped::QueuePaused),
        _ => Ok(()),
    }
}

/// As [`lawful`], of records: the agent's profile and its effective capacity ([`capacity::effective`]). The queue is asked
/// apart ([`open`]).
pub fn pair(
    interaction: &Interaction,
    agent: &Agent,
    profile: &Profile,
    capacity: &Capacity,
    now_ms: u64,
) -> Result<(), Dropped> {
    waiting(interaction)?;
    fits(interaction, agent, profile, capacity, now_ms)
}

/// May the interaction, held out to others already, be held out to this agent as well: all of [`lawful`] but that it
/// waits. `ring_max`: to how many at once, see [`ring_max`].
pub fn joins(
    tenant: &Tenant,
    interaction: &Interaction,
    agent: &Agent,
    ring_max: usize,
    now_ms: u64,
) -> Result<(), Dropped> {
    let rings = interaction.state == InteractionState::Offered && interaction.unconfirmed_since_ms.is_none();
    if !rings || interaction.offers.len() >= ring_max || interaction.offer_to(&agent.id).is_some() {
        return Err(Dropped::InteractionNotWaiting);
    }
    let profile = tenant.profile(&agent.profile).ok_or(Dropped::NotServed)?;
    fits(interaction, agent, profile, capacity::effective(agent, profile), now_ms)
}

/// To how many agents at once an interaction may be held out under this revision.
pub fn ring_max(revision: Option<&PolicyRevision>) -> usize {
    let ring = revision.filter(|revision| revision.mode == Mode::RingAll);
    ring.map_or(1, |revision| (revision.ring_max as usize).clamp(1, limits::RING_MAX))
}

/// Everything about the pair but that the interaction waits.
fn fits(
    interaction: &Interaction,
    agent: &Agent,
    profile: &Profile,
    capacity: &Capacity,
    now_ms: u64,
) -> Result<(), Dropped> {
    available(agent, &interaction.channel, now_ms)?;
    served(interaction, agent, profile, now_ms)?;
    if excluded(interaction, agent, now_ms) {
        return Err(Dropped::Excluded);
    }
    if !chosen(interaction, agent) {
        return Err(Dropped::NotQualified);
    }
    room(interaction, agent, capacity)
}

/// Does the interaction wait for an agent, and is its connector alive.
pub fn waiting(interaction: &Interaction) -> Result<(), Dropped> {
    if interaction.state != InteractionState::Queued {
        return Err(Dropped::InteractionNotWaiting);
    }
    match interaction.unconfirmed_since_ms {
        Some(_) => Err(Dropped::Unconfirmed),
        None => Ok(()),
    }
}

/// May the agent be offered anything new on the channel: there for it, and not draining.
pub fn available(agent: &Agent, channel: &Channel, now_ms: u64) -> Result<(), Dropped> {
    present(agent, channel, now_ms)?;
    if agent.draining.is_some() { Err(Dropped::AgentDraining) } else { Ok(()) }
}

/// Is the agent there for the channel: AVAILABLE for it with nothing to follow, its stream not lost, neither in back-off
/// nor NOT_RESPONDING. No stream at all is fine.
pub fn present(agent: &Agent, channel: &Channel, now_ms: u64) -> Result<(), Dropped> {
    let presence = &agent.presence;
    let open = |until_ms: Option<u64>| until_ms.is_none_or(|until_ms| until_ms <= now_ms);
    let available = presence.status == PresenceStatus::Available
        && presence.next.is_none()
        && (presence.channels.is_empty() || presence.channels.contains(channel))
        && agent.stream_lost_ms.is_none()
        && open(agent.backoff_until_ms)
        && open(agent.not_responding_until_ms);
    if available { Ok(()) } else { Err(Dropped::AgentNotAvailable) }
}

/// The profile's line for the queue and channel; lines are kept in their order.
pub fn entry<'a>(profile: &'a Profile, queue: &str, channel: &str) -> Option<&'a ProfileEntry> {
    profile
        .entries
        .binary_search_by(|e| (e.queue.as_str(), e.channel.as_str()).cmp(&(queue, channel)))
        .ok()
        .map(|at| &profile.entries[at])
}

/// Does the agent's profile serve the interaction, and is it old enough for it. Who was named by a transfer need not
/// serve the queue: a person chose.
fn served(interaction: &Interaction, agent: &Agent, profile: &Profile, now_ms: u64) -> Result<(), Dropped> {
    if interaction.target_agent.as_ref() == Some(&agent.id) {
        return Ok(());
    }
    let entry = entry(profile, &interaction.queue, &interaction.channel).ok_or(Dropped::NotServed)?;
    let age_ms = now_ms.saturating_sub(interaction.waiting_since_ms);
    if age_ms < entry.delay_ms {
        return Err(Dropped::NotServed);
    }
    Ok(())
}

/// Named by the transfer, or nobody was named and the required selector holds.
fn chosen(interaction: &Interaction, agent: &Agent) -> bool {
    match (&interaction.target_agent, &interaction.required) {
        (Some(target), _) => *target == agent.id,
        (None, Some(required)) => selector::matches(required, agent),
        (None, None) => true,
    }
}

/// Could the agent ever serve the interaction as things are configured: profile line, target and required selector;
/// whatever passes (delay, presence, exclusion, capacity in use) is left aside.
pub fn qualified(interaction: &Interaction, agent: &Agent, profile: &Profile) -> bool {
    let served = interaction.target_agent.as_ref() == Some(&agent.id)
        || entry(profile, &interaction.queue, &interaction.channel).is_some();
    served && chosen(interaction, agent)
}

/// Did the agent decline or miss it a short while ago.
pub fn excluded(interaction: &Interaction, agent: &Agent, now_ms: u64) -> bool {
    interaction.exclusions.iter().any(|e| e.agent == agent.id && e.until_ms > now_ms)
}

/// Is there room for all channels of the interaction.
pub fn room(interaction: &Interaction, agent: &Agent, capacity: &Capacity) -> Result<(), Dropped> {
    let channels = 1 + interaction.added_channels.len();
    let room = agent.work.len() + channels <= limits::WORK_PER_AGENT_MAX
        && if interaction.added_channels.is_empty() {
            capacity::room(capacity, agent, &interaction.channel)
        } else {
            let channels = core::iter::once(&interaction.channel).chain(&interaction.added_channels);
            capacity::room_for(capacity, agent, channels)
        };
    if room { Ok(()) } else { Err(Dropped::NoCapacity) }
}
