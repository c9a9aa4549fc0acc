//! `BatchUpdateAgents`: several agents, all or none.
use super::rules::{check_update, make_update};
use crate::{apply::ctx::Ctx, command::BatchUpdateAgents, rejection::Rejection, reply::Reply};
use alloc::{collections::BTreeSet, format, string::ToString};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &BatchUpdateAgents) -> Result<Reply, Rejection> {
    let mut seen = BTreeSet::new();
    for (at, update) in command.updates.iter().enumerate() {
        let prefix = format!("updates[{at}].");
        check_update(ctx, update, &prefix)?;
        if !seen.insert(&update.id) {
            return Err(Rejection::InvalidField {
                field: format!("{prefix}agent.name"),
                problem: "the same agent comes twice".to_string(),
            });
        }
    }
    let updates = command.updates.iter();
    let agents = updates.filter_map(|update| make_update(ctx, update));
    Ok(Reply::Agents(agents.collect()))
}
