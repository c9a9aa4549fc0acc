//! Customers and conversations. What they wrote is on disk only.
use super::Sealed;
use crate::{ids::*, selector::Value};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// A way a customer is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CustomerIdentity {
    /// `phone`, `email`, `account`, your own.
    pub kind: String,
    /// The identifier, sealed.
    pub value: Sealed,
}

/// Who contacts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Customer {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: CustomerId,
    /// For people to read, sealed.
    pub display_name: Sealed,
    /// Ways the customer is known.
    pub identities: Vec<CustomerIdentity>,
    /// What scoring may use.
    pub features: BTreeMap<LabelKey, Value>,
    /// Agents the customer knows, best first.
    pub preferred_agents: Vec<AgentId>,
    /// Created, log time.
    pub created_ms: u64,
    /// The etag.
    pub version: u64,
}

/// All contacts about one matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Conversation {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: ConversationId,
    /// Whose matter.
    pub customer: Option<CustomerId>,
    /// Items written so far; the last one's number.
    pub items: u64,
    /// Open interactions in it.
    pub open_interactions: u32,
    /// Created, log time.
    pub created_ms: u64,
    /// Last written, log time.
    pub active_ms: u64,
    /// The etag.
    pub version: u64,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// A page viewed.
    Page,
    /// A step in a voice or chat menu.
    MenuTurn,
    /// A turn with a bot.
    BotTurn,
    /// A note of an agent.
    Note,
    /// Where a transcript is kept.
    TranscriptReference,
    /// Something another system reports.
    External,
}

/// One item of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConversationItem {
    /// From 1, without gaps.
    pub number: u64,
    /// What it is.
    pub kind: ItemKind,
    /// In which interaction, if in one.
    pub interaction: Option<InteractionId>,
    /// On which channel, if on one.
    pub channel: Option<Channel>,
    /// When it happened, as the platform says.
    pub happened_ms: u64,
    /// When it was written, log time.
    pub written_ms: u64,
    /// What was said, sealed.
    pub body: Sealed,
}
