//! `DrainAgents`: what they have is finished, silent customers who write again included; nothing new is offered. Offers out
//! are revoked, of a ring only theirs.
use super::rules::{NAMES, agents_now, check_agents, check_mandate};
use crate::{
    apply::{
        ctx::{About, Ctx},
        interaction::steps::offer,
    },
    command::DrainAgents,
    event::{EventKind, RevokeCause},
    ids::*,
    record::Mandate,
    rejection::Rejection,
    reply::Reply,
};
use alloc::{collections::BTreeSet, vec::Vec};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &DrainAgents) -> Result<Reply, Rejection> {
    check_mandate(&command.by)?;
    check_agents(ctx, &command.agents, NAMES)?;
    for id in &command.agents {
        drain(ctx, id, &command.by);
    }
    Ok(Reply::Agents(agents_now(ctx, &command.agents)))
}

/// Said again it is the last word that stands.
fn drain(ctx: &mut Ctx<'_>, id: &AgentId, by: &Mandate) {
    let word = by.since(ctx.now_ms);
    let Some(agent) = ctx.edit_agent(id, |agent| agent.draining = Some(word)) else {
        return;
    };
    let offered = agent.work.iter().filter(|work| work.offered);
    let offered: BTreeSet<(InteractionId, OfferId)> = offered.map(|w| (w.interaction.clone(), w.id)).collect();
    drop(agent);
    ctx.emit(EventKind::AgentDraining { by: by.clone() }, About::agent(id));
    for (interaction, out) in offered.into_iter().collect::<Vec<_>>() {
        offer::revoke_offer(ctx, &interaction, out, RevokeCause::Draining);
    }
}
