//! Customers and conversations.
use crate::wire::api::{
    form::etag,
    name::full_name,
    value::{labels, some_time, unseal, unseal_text},
};
use bytes::Bytes;
use kindred_domain::{
    ids::TenantId,
    record::{Conversation, ConversationItem, Customer, ItemKind},
};
use kindred_proto::v1::{self, conversation_item::Kind};

/// A customer.
pub fn customer(record: &Customer) -> v1::Customer {
    let identities = record
        .identities
        .iter()
        .map(|known| v1::CustomerIdentity { kind: known.kind.clone(), value: unseal_text(&known.value) });
    v1::Customer {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        display_name: unseal_text(&record.display_name),
        identities: identities.collect(),
        features: labels(&record.features),
        preferred_agents: record.preferred_agents.iter().map(|agent| full_name(&record.tenant, agent)).collect(),
        create_time: some_time(record.created_ms),
    }
}

/// A conversation.
pub fn conversation(record: &Conversation) -> v1::Conversation {
    v1::Conversation {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        customer: record.customer.as_ref().map(|id| full_name(&record.tenant, id)).unwrap_or_default(),
        item_count: record.items,
        open_interaction_count: record.open_interactions,
        create_time: some_time(record.created_ms),
        active_time: some_time(record.active_ms),
    }
}

/// An item of a conversation.
pub fn item(tenant: &TenantId, item: &ConversationItem) -> v1::ConversationItem {
    let kind = match item.kind {
        ItemKind::Page => Kind::Page,
        ItemKind::MenuTurn => Kind::MenuTurn,
        ItemKind::BotTurn => Kind::BotTurn,
        ItemKind::Note => Kind::Note,
        ItemKind::TranscriptReference => Kind::TranscriptReference,
        ItemKind::External => Kind::External,
    };
    v1::ConversationItem {
        number: item.number,
        kind: kind.into(),
        interaction: item.interaction.as_ref().map(|id| full_name(tenant, id)).unwrap_or_default(),
        channel: item.channel.as_ref().map(|channel| channel.to_string()).unwrap_or_default(),
        happen_time: some_time(item.happened_ms),
        body: Bytes::copy_from_slice(unseal(&item.body)),
        write_time: some_time(item.written_ms),
    }
}
