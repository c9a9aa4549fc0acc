//! What is asked of every command of a supervisor: a mandate, and of lists that each comes once.
use crate::{
    apply::ctx::{About, Ctx},
    ids::*,
    limits,
    record::*,
    rejection::{Kind, Rejection},
};
use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

/// Somebody, and a reason, neither too long. The form was checked before; this is what the log promises.
pub(super) fn check_mandate(by: &Mandate) -> Result<(), Rejection> {
    check_text("supervisor", &by.supervisor, limits::NAME_MAX)?;
    check_text("reason", &by.reason, limits::TEXT_MAX)
}

fn check_text(field: &str, text: &str, max: usize) -> Result<(), Rejection> {
    let problem = match text.chars().count() {
        0 => "is required".to_string(),
        count if count > max => format!("is longer than {max} characters"),
        _ => return Ok(()),
    };
    Err(Rejection::InvalidField { field: field.to_string(), problem })
}

/// The field that lists agents where the request is about nothing else.
pub(super) const NAMES: &str = "names";

/// All of them are there, each once; `list` is the field that lists them.
pub(super) fn check_agents(ctx: &Ctx<'_>, agents: &[AgentId], list: &str) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for (at, id) in agents.iter().enumerate() {
        let field = match agents.len() {
            // The resource itself.
            1 if list == NAMES => String::new(),
            _ => format!("{list}[{at}]"),
        };
        ctx.find_agent(id, &field)?;
        if !seen.insert(id) {
            let problem = "the same agent comes twice".to_string();
            return Err(Rejection::InvalidField { field, problem });
        }
    }
    Ok(())
}

/// As they stand now, in the request's order.
pub(super) fn agents_now(ctx: &Ctx<'_>, agents: &[AgentId]) -> Vec<Arc<Agent>> {
    agents.iter().filter_map(|id| ctx.tenant.agents.get(id).cloned()).collect()
}

/// `WrongState`: there is nothing to take back.
pub(super) fn nothing_stands(kind: Kind, id: &str, state: &str, verb: &str) -> Rejection {
    Rejection::WrongState { kind, id: id.to_string(), state: state.to_string(), verb: verb.to_string() }
}

/// What happened is about a queue.
pub(super) fn about_queue(id: &QueueId) -> About {
    About { queue: Some(id.clone()), ..About::default() }
}
