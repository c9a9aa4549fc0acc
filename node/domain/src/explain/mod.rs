//! Why an interaction is not offered to an agent: everything that stands in the way, in the order in which
//! [`lawful`](crate::lawful) asks. Taking away what is named first leaves the next, or a lawful pair.
use crate::{capacity, hours, ids::*, lawful, limits, record::*, reply::Dropped, selector, state::Tenant};
use alloc::vec::Vec;

/// One thing that stands in the way. Times are log time, milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// It does not wait: it is in this state.
    NotWaiting(InteractionState),
    /// Its connector is silent since then.
    Unconfirmed {
        /// Since when.
        since_ms: u64,
    },
    /// Its queue is closed by the hours it follows.
    QueueClosed {
        /// Whose hours.
        schedule: ScheduleId,
        /// When it opens; `None`: not as far as is known.
        opens_ms: Option<u64>,
    },
    /// A supervisor paused its queue.
    QueuePaused(Intervention),
    /// A supervisor says something other than AVAILABLE of the agent.
    PresenceForced {
        /// The word.
        status: PresenceStatus,
        /// Whose, why, since when.
        word: Intervention,
    },
    /// A supervisor drains the agent.
    AgentDraining(Intervention),
    /// The agent says something other than AVAILABLE.
    Presence(PresenceStatus),
    /// The agent leaves after the current contact.
    Leaving(PresenceStatus),
    /// AVAILABLE, but not for this channel.
    OtherChannels,
    /// The agent's stream is lost.
    StreamLost {
        /// Since when.
        since_ms: u64,
    },
    /// Missed an offer.
    BackedOff {
        /// Until when.
        until_ms: u64,
    },
    /// Missed too many.
    NotResponding {
        /// Until when.
        until_ms: u64,
    },
    /// The profile has no line for the queue and channel.
    NotServed,
    /// The profile's line is for older interactions.
    TooYoung {
        /// When it is old enough.
        from_ms: u64,
    },
    /// Declined it, missed it or gave it away a short while ago.
    Excluded {
        /// Until when.
        until_ms: u64,
    },
    /// It waits for another agent.
    Named(AgentId),
    /// The required selector does not hold.
    NotQualified,
    /// The profile gives no capacity for this channel.
    ChannelNotServed(Channel),
    /// As much on this channel as the profile allows.
    ChannelFull {
        /// Which.
        channel: Channel,
        /// How much that is.
        max: u32,
    },
    /// Too few units free, counting only work that the channel may not interrupt.
    UnitsFull {
        /// What one more costs.
        cost: u32,
        /// What the agent's work takes.
        taken: u32,
        /// What there is in all.
        total: u32,
    },
    /// As many pieces of work as anybody may have.
    TooMuchWork {
        /// How many that is.
        max: u32,
    },
}

impl Obstacle {
    /// The kind of refusal apply gives for it.
    pub fn dropped(&self) -> Dropped {
        match self {
            Self::NotWaiting(_) => Dropped::InteractionNotWaiting,
            Self::Unconfirmed { .. } => Dropped::Unconfirmed,
            Self::QueueClosed { .. } => Dropped::QueueClosed,
            Self::QueuePaused(_) => Dropped::QueuePaused,
            Self::AgentDraining(_) => Dropped::AgentDraining,
            Self::Presence(_)
            | Self::PresenceForced { .. }
            | Self::Leaving(_)
            | Self::OtherChannels
            | Self::StreamLost { .. }
            | Self::BackedOff { .. }
            | Self::NotResponding { .. } => Dropped::AgentNotAvailable,
            Self::NotServed | Self::TooYoung { .. } => Dropped::NotServed,
            Self::Excluded { .. } => Dropped::Excluded,
            Self::Named(_) | Self::NotQualified => Dropped::NotQualified,
            Self::ChannelNotServed(_)
            | Self::ChannelFull { .. }
            | Self::UnitsFull { .. }
            | Self::TooMuchWork { .. } => Dropped::NoCapacity,
        }
    }
}

/// Everything that stands between the interaction and the agent; nothing if it may be offered now.
pub fn obstacles(tenant: &Tenant, interaction: &Interaction, agent: &Agent, now_ms: u64) -> Vec<Obstacle> {
    let mut found = Vec::new();
    of_interaction(interaction, &mut found);
    of_queue(tenant.queue(&interaction.queue).map(|queue| &**queue), now_ms, &mut found);
    of_agent(agent, &interaction.channel, now_ms, &mut found);
    let Some(profile) = tenant.profile(&agent.profile) else {
        found.push(Obstacle::NotServed);
        return found;
    };
    of_profile(interaction, agent, profile, now_ms, &mut found);
    of_pair(interaction, agent, now_ms, &mut found);
    of_room(interaction, agent, capacity::effective(agent, profile), &mut found);
    found
}

fn of_interaction(interaction: &Interaction, found: &mut Vec<Obstacle>) {
    if interaction.state != InteractionState::Queued {
        found.push(Obstacle::NotWaiting(interaction.state));
    }
    found.extend(interaction.unconfirmed_since_ms.map(|since_ms| Obstacle::Unconfirmed { since_ms }));
}

/// A queue without a schedule is always open. What drains offers what is in it.
fn of_queue(queue: Option<&Queue>, now_ms: u64, found: &mut Vec<Obstacle>) {
    let paused = queue.and_then(|queue| queue.paused.clone());
    if let Some(queue) = queue.filter(|queue| !hours::is_open(queue, now_ms))
        && let Some(schedule) = &queue.schedule
    {
        found.push(Obstacle::QueueClosed { schedule: schedule.clone(), opens_ms: hours::opens_ms(queue) });
    }
    found.extend(paused.map(Obstacle::QueuePaused));
}

fn of_agent(agent: &Agent, channel: &Channel, now_ms: u64, found: &mut Vec<Obstacle>) {
    let presence = &agent.presence;
    if presence.status != PresenceStatus::Available {
        found.push(match &presence.forced {
            Some(word) => Obstacle::PresenceForced { status: presence.status, word: word.clone() },
            None => Obstacle::Presence(presence.status),
        });
    }
    found.extend(presence.next.as_ref().map(|next| Obstacle::Leaving(next.status)));
    if !presence.channels.is_empty() && !presence.channels.contains(channel) {
        found.push(Obstacle::OtherChannels);
    }
    found.extend(agent.stream_lost_ms.map(|since_ms| Obstacle::StreamLost { since_ms }));
    let ahead = |until_ms: &u64| *until_ms > now_ms;
    found.extend(agent.backoff_until_ms.filter(ahead).map(|until_ms| Obstacle::BackedOff { until_ms }));
    found.extend(agent.not_responding_until_ms.filter(ahead).map(|until_ms| Obstacle::NotResponding { until_ms }));
    found.extend(agent.draining.clone().map(Obstacle::AgentDraining));
}

/// Who was named need not serve the queue.
fn of_profile(interaction: &Interaction, agent: &Agent, profile: &Profile, now_ms: u64, found: &mut Vec<Obstacle>) {
    if interaction.target_agent.as_ref() == Some(&agent.id) {
        return;
    }
    let Some(line) = lawful::entry(profile, &interaction.queue, &interaction.channel) else {
        found.push(Obstacle::NotServed);
        return;
    };
    let from_ms = interaction.waiting_since_ms + line.delay_ms;
    if from_ms > now_ms {
        found.push(Obstacle::TooYoung { from_ms });
    }
}

fn of_pair(interaction: &Interaction, agent: &Agent, now_ms: u64, found: &mut Vec<Obstacle>) {
    let until_ms = interaction.exclusions.iter().filter(|e| e.agent == agent.id).map(|e| e.until_ms).max();
    found.extend(until_ms.filter(|until_ms| *until_ms > now_ms).map(|until_ms| Obstacle::Excluded { until_ms }));
    match (&interaction.target_agent, &interaction.required) {
        (Some(target), _) if *target != agent.id => found.push(Obstacle::Named(target.clone())),
        (None, Some(required)) if !selector::matches(required, agent) => found.push(Obstacle::NotQualified),
        _ => {}
    }
}

/// The first channel there is no room for; the others are asked once there is.
fn of_room(interaction: &Interaction, agent: &Agent, capacity: &Capacity, found: &mut Vec<Obstacle>) {
    let channels = 1 + interaction.added_channels.len();
    if agent.work.len() + channels > limits::WORK_PER_AGENT_MAX {
        found.push(Obstacle::TooMuchWork { max: limits::WORK_PER_AGENT_MAX as u32 });
    }
    let channels = core::iter::once(&interaction.channel).chain(&interaction.added_channels);
    if let Some((channel, lack)) = capacity::lack_for(capacity, agent, channels) {
        found.push(match lack {
            capacity::Lack::Channel => Obstacle::ChannelNotServed(channel.clone()),
            capacity::Lack::Max(max) => Obstacle::ChannelFull { channel: channel.clone(), max },
            capacity::Lack::Units { cost, taken, total } => Obstacle::UnitsFull { cost, taken, total },
        });
    }
}

#[cfg(test)]
mod tests;
