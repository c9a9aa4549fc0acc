//! How long an interaction waits at most, and for whom.
use super::rules;
use crate::{
    limits,
    record::{Deadline, Interaction},
    state::Tenant,
};

/// Since when it waits in this stretch: since it was created, or since the last agent who talked let it go.
///
/// The age ([`Interaction::waiting_since_ms`]) orders those who wait and is kept for ever; the longest wait of a queue and
/// the wait for a named agent are measured from here, or an hour's talk would use them up.
pub(in crate::apply) fn stretch_since_ms(interaction: &Interaction) -> u64 {
    interaction
        .assignments
        .iter()
        .filter(|a| a.connected_ms.is_some())
        .filter_map(|a| a.wrap_up_ms.or(a.ended_ms))
        .max()
        .unwrap_or(interaction.created_ms)
}

/// When the named agent (blind transfer) is no longer waited for: in time to be answered by `connect_by`, or after the
/// channel's resume timeout. `None` if nobody is named.
pub(in crate::apply) fn overflow_at_ms(tenant: &Tenant, interaction: &Interaction) -> Option<u64> {
    interaction.target_agent.as_ref()?;
    let since_ms = stretch_since_ms(interaction).max(interaction.target_since_ms.unwrap_or(0));
    Some(match interaction.connect_by_ms {
        Some(by_ms) => by_ms.saturating_sub(limits::OVERFLOW_BEFORE_MS).max(since_ms),
        None => since_ms + rules::of(tenant, interaction).resume_timeout_ms,
    })
}

/// When the queue's longest wait is over, if it has one.
pub(in crate::apply) fn expires_at_ms(tenant: &Tenant, interaction: &Interaction) -> Option<u64> {
    let max_ms = tenant.queue(&interaction.queue)?.max_wait_ms;
    (max_ms > 0).then(|| stretch_since_ms(interaction) + max_ms)
}

/// The deadline of a QUEUED interaction: overflow or expiry, whichever is sooner.
pub(in crate::apply) fn deadline(tenant: &Tenant, interaction: &Interaction) -> Option<Deadline> {
    let overflow = overflow_at_ms(tenant, interaction);
    let expiry = expires_at_ms(tenant, interaction);
    let at_ms = overflow.into_iter().chain(expiry).min()?;
    Some(Deadline::at(at_ms))
}
