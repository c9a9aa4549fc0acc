//! What a changed capacity means for an agent: current work and offers out are kept, and what waits for room looks again.
use crate::{
    apply::{ctx::Ctx, interaction::steps::dormancy::resume_waiting},
    capacity,
    ids::AgentId,
};

/// The agent's capacity (its own, its profile's, or which profile) has changed.
pub(in crate::apply) fn capacity_changed(ctx: &mut Ctx<'_>, id: &AgentId) {
    let Some(agent) = ctx.tenant.agents.get(id) else {
        return;
    };
    let over = capacity::of(ctx.tenant, agent).is_none_or(|c| !capacity::fits(c, &agent.work));
    if agent.over_capacity != over {
        ctx.edit_agent(id, |agent| agent.over_capacity = over);
    }
    resume_waiting(ctx, id);
}
