//! Which timeouts hold for an interaction: those of its queue for its first channel.
use crate::{
    record::{ChannelRules, Interaction},
    state::Tenant,
};

/// The queue's rules for the interaction's channel, else the defaults of that channel.
pub(in crate::apply) fn of(tenant: &Tenant, interaction: &Interaction) -> ChannelRules {
    tenant
        .queue(&interaction.queue)
        .and_then(|queue| queue.channels.get(&interaction.channel).cloned())
        .unwrap_or_else(|| ChannelRules::defaults(&interaction.channel))
}
