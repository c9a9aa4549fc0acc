//! Which events a reader wants.
use super::numbers::Numbers;
use crate::wire::api::{Form, tells::public_kind};
use kindred_domain::{
    Event,
    ids::{AgentId, ConversationId, InteractionId, QueueId},
};
use kindred_proto::v1::{self, event};
use std::collections::BTreeSet;

/// Queues and agents in a filter, each.
const NAMES_MAX: usize = 64;

/// All conditions must hold; within a list, one.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// About one of these queues; any if empty.
    pub queues: BTreeSet<QueueId>,
    /// About one of these agents; any if empty.
    pub agents: BTreeSet<AgentId>,
    /// About this conversation.
    pub conversation: Option<ConversationId>,
    /// About this interaction.
    pub interaction: Option<InteractionId>,
    /// Of one of these kinds; any if empty.
    pub kinds: Numbers,
}

impl Filter {
    /// Reads a filter.
    pub fn read(form: &mut Form<'_>, asked: v1::EventFilter) -> Self {
        let queues = form.names(&"filter.queues", &asked.queues, NAMES_MAX).into_iter().collect();
        let agents = form.names(&"filter.agents", &asked.agents, NAMES_MAX).into_iter().collect();
        Self {
            queues,
            agents,
            conversation: form.optional_name(&"filter.conversation", &asked.conversation),
            interaction: form.optional_name(&"filter.interaction", &asked.interaction),
            kinds: Numbers::read::<event::Kind>(form, &"filter.kinds", &asked.kinds),
        }
    }

    /// Whether the reader wants it.
    pub fn matches(&self, event: &Event) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(public_kind(&event.kind).into()))
            && (self.queues.is_empty() || event.queue.as_ref().is_some_and(|queue| self.queues.contains(queue)))
            && (self.agents.is_empty() || event.agent.as_ref().is_some_and(|agent| self.agents.contains(agent)))
            && (self.conversation.is_none() || event.conversation == self.conversation)
            && (self.interaction.is_none() || event.interaction == self.interaction)
    }
}
