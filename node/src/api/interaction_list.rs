//! Pages of interactions: open ones from memory, closed ones from disk when asked for, merged by name.
use super::{
    desk::Call,
    failure::Failure,
    listing::{EXAMINED_MAX, examine, fit},
    numbers::Numbers,
    sight::Sight,
};
use crate::{
    consensus::gateway::{At, ReadMode},
    wire::api::{Form, tells::public_state, token::Paging},
};
use kindred_domain::{
    ids::{AgentId, ConnectorId, ConversationId, CustomerId, QueueId},
    record::{AssignmentState, Interaction},
    state::Tenant,
};
use kindred_proto::v1::{self, interaction::State};

/// Which interactions are listed.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// In one of these states; any but CLOSED if empty.
    pub states: Numbers,
    /// In this queue.
    pub queue: Option<QueueId>,
    /// Offered to or assigned to this agent.
    pub agent: Option<AgentId>,
    /// In this conversation.
    pub conversation: Option<ConversationId>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this connector.
    pub connector: Option<ConnectorId>,
}

impl Wanted {
    /// Reads the conditions of a request.
    pub fn read(form: &mut Form<'_>, asked: &v1::ListInteractionsRequest) -> Self {
        Self {
            states: Numbers::read::<State>(form, &"states", &asked.states),
            queue: form.optional_name(&"queue", &asked.queue),
            agent: form.optional_name(&"agent", &asked.agent),
            conversation: form.optional_name(&"conversation", &asked.conversation),
            customer: form.optional_name(&"customer", &asked.customer),
            connector: form.optional_name(&"connector", &asked.connector),
        }
    }

    fn closed_too(&self) -> bool {
        self.states.contains(State::Closed.into())
    }

    /// Every closed interaction is wanted: nothing but states is asked for.
    fn is_any_closed(&self) -> bool {
        self.closed_too()
            && self.queue.is_none()
            && self.agent.is_none()
            && self.conversation.is_none()
            && self.customer.is_none()
            && self.connector.is_none()
    }

    fn matches(&self, record: &Interaction) -> bool {
        let state = public_state(record);
        let in_state = match self.states.is_empty() {
            true => state != State::Closed,
            false => self.states.contains(state.into()),
        };
        in_state
            && self.queue.as_ref().is_none_or(|queue| record.queue == *queue)
            && self.agent.as_ref().is_none_or(|agent| has(record, agent))
            && (self.conversation.is_none() || record.conversation == self.conversation)
            && (self.customer.is_none() || record.customer == self.customer)
            && (self.connector.is_none() || record.connector == self.connector)
    }
}

/// An offer out to the agent, or a part of the agent's that has not ended.
fn has(record: &Interaction, agent: &AgentId) -> bool {
    record.offer_to(agent).is_some()
        || record.assignments.iter().any(|part| part.agent == *agent && part.state != AssignmentState::Ended)
}

/// A page of interactions.
pub struct Listed {
    /// Where in the log.
    pub at: At,
    /// In the order of their names, as many as fit into a response.
    pub interactions: Vec<v1::Interaction>,
    /// For the next page; empty after the last.
    pub next_page_token: String,
}

/// What one source gave: matches in the order of names, and up to which name it has looked, if it has more.
struct Part {
    found: Vec<Sight>,
    until: Option<String>,
}

/// A page.
pub async fn list(call: &Call, mode: ReadMode, wanted: Wanted, paging: Paging) -> Result<Listed, Failure> {
    let (size, after, conditions) = (paging.size, paging.after.clone(), wanted.clone());
    let look = move |tenant: &Tenant, _: u64| {
        let records = tenant.interactions_after(after.as_deref());
        let page = examine(records, size, |record| conditions.matches(record));
        let found = page.found.iter().map(|record| Sight::of(tenant, record)).collect();
        Part { found, until: page.last.map(|last| last.id.to_string()) }
    };
    let (at, open) = call.look(mode, look).await?;
    let part = match wanted.closed_too() {
        true => merge(open, closed(call, &wanted, &paging).await?),
        false => open,
    };
    let (found, last) = cut(part, size);
    let interactions = fit(found.iter().map(Sight::tell));
    let left = interactions.len().checked_sub(1).filter(|last| last + 1 < found.len());
    let last = left.map(|last| found[last].record.id.to_string()).or(last);
    let next_page_token = last.map(|last| paging.next(&call.tenant, &last)).unwrap_or_default();
    Ok(Listed { at, interactions, next_page_token })
}

async fn closed(call: &Call, wanted: &Wanted, paging: &Paging) -> Result<Part, Failure> {
    // Whole rows are read and decoded: no more than a page, unless some will not be taken.
    let limit = if wanted.is_any_closed() { paging.size } else { EXAMINED_MAX };
    let (shard, tenant, after) = (call.shard, call.tenant.clone(), paging.after.clone());
    let page = call.archived(call.desk().archive().closed_page(shard, tenant, after, limit)).await?;
    let until = page.found.last().filter(|_| page.more).map(|last| last.id.to_string());
    let found = page.found.into_iter().filter(|record| wanted.matches(record));
    let sight = |record| Sight { record, endpoints: Default::default(), hours: None };
    Ok(Part { found: found.map(sight).collect(), until })
}

/// Both together, as far as both have looked. What closed between the two looks is in both: the later one counts.
fn merge(open: Part, closed: Part) -> Part {
    let until = match (open.until, closed.until) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let mut found = closed.found;
    let names: std::collections::BTreeSet<_> = found.iter().map(|sight| sight.record.id.clone()).collect();
    found.extend(open.found.into_iter().filter(|sight| !names.contains(&sight.record.id)));
    found.sort_by(|one, other| one.record.id.cmp(&other.record.id));
    if let Some(until) = &until {
        found.retain(|sight| sight.record.id.as_str() <= until.as_str());
    }
    Part { found, until }
}

/// At most `size`, and the name to go on after, if there are more.
fn cut(part: Part, size: usize) -> (Vec<Sight>, Option<String>) {
    let Part { mut found, mut until } = part;
    if found.len() > size {
        found.truncate(size);
        until = found.last().map(|last| last.record.id.to_string());
    }
    (found, until)
}
