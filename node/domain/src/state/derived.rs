//! What follows from records and is kept for speed: computed here from nothing, to restore it and to check it.
use super::{DueKey, Dues, Tenant};
use crate::ids::*;
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

/// A tenant's derived indexes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Derived {
    pub by_connector: BTreeMap<ConnectorId, BTreeSet<InteractionId>>,
    pub by_profile: BTreeMap<ProfileId, BTreeSet<AgentId>>,
    pub open_by_queue: BTreeMap<QueueId, usize>,
    pub idle_conversations: BTreeSet<(u64, ConversationId)>,
    pub event_bytes: u64,
}

impl Derived {
    /// As the tenant's records say.
    pub(crate) fn from_records(tenant: &Tenant) -> Self {
        let mut derived = Self::default();
        for interaction in tenant.interactions.values() {
            *derived.open_by_queue.entry(interaction.queue.clone()).or_default() += 1;
            if let Some(connector) = &interaction.connector {
                let open = derived.by_connector.entry(connector.clone()).or_default();
                open.insert(interaction.id.clone());
            }
        }
        for agent in tenant.agents.values() {
            let theirs = derived.by_profile.entry(agent.profile.clone()).or_default();
            theirs.insert(agent.id.clone());
        }
        let idle = tenant.conversations.values();
        derived.idle_conversations =
            idle.filter(|c| c.open_interactions == 0).map(|c| (c.active_ms, c.id.clone())).collect();
        derived.event_bytes = tenant.event_marks.values().map(|mark| mark.bytes).sum();
        derived
    }
}

impl Tenant {
    /// Everything that happens by itself in this tenant; nothing in one that is being deleted.
    pub(crate) fn all_dues(&self) -> Vec<(u64, DueKey)> {
        if self.record.deleted {
            return Vec::new();
        }
        let interactions = self.interactions.values().map(|i| i.dues());
        let agents = self.agents.values().map(|a| a.dues());
        let sessions = self.sessions.values().map(|s| s.dues());
        let connectors = self.connectors.values().map(|c| c.dues());
        let queues = self.queues.values().map(|q| q.dues());
        let adjustments = self.adjustments.values().map(|a| a.dues());
        let all = interactions.chain(agents).chain(sessions).chain(connectors).chain(queues);
        all.chain(adjustments).flatten().collect()
    }
}
