//! What a routing profile must hold, and what a changed capacity means for its agents.
use crate::{
    apply::{agent::refit, ctx::Ctx},
    ids::*,
    record::ProfileEntry,
    rejection::Rejection,
};
use alloc::{collections::BTreeSet, format, string::ToString, vec::Vec};

/// The lines in their order, once every queue exists and no pair of queue and channel comes twice. Lines are kept
/// sorted, so that the line for a queue and channel is found by bisection.
pub(super) fn checked_entries(ctx: &Ctx<'_>, entries: &[ProfileEntry]) -> Result<Vec<ProfileEntry>, Rejection> {
    let mut seen = BTreeSet::new();
    for (at, entry) in entries.iter().enumerate() {
        ctx.find_queue(&entry.queue, &format!("routing_profile.entries[{at}].queue"))?;
        if !seen.insert((&entry.queue, &entry.channel)) {
            return Err(Rejection::InvalidField {
                field: format!("routing_profile.entries[{at}]"),
                problem: "the same queue and channel come twice".to_string(),
            });
        }
    }
    let mut entries = entries.to_vec();
    entries.sort();
    Ok(entries)
}

/// The profile's capacity changed: current work is kept, and what waits for room looks again.
pub(super) fn refit_agents(ctx: &mut Ctx<'_>, profile: &ProfileId) {
    let theirs = ctx.tenant.by_profile.get(profile).into_iter().flatten();
    let theirs = theirs.filter_map(|id| ctx.tenant.agents.get(id));
    let affected = theirs.filter(|a| a.capacity.is_none() && !a.work.is_empty());
    let affected: Vec<AgentId> = affected.map(|a| a.id.clone()).collect();
    for agent in affected {
        refit::capacity_changed(ctx, &agent);
    }
}
