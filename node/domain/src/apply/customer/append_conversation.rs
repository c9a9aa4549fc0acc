//! `AppendConversation`: writes items, numbered without gaps; creates the conversation if it is new. Items live on disk.
use crate::{
    apply::ctx::{About, Ctx, check_limit},
    command::{AppendConversation, NewItem},
    event::EventKind,
    limits,
    record::{Blob, BlobKey, Conversation, ConversationItem},
    rejection::Rejection,
    reply::Reply,
};
use alloc::string::ToString;

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &AppendConversation) -> Result<Reply, Rejection> {
    let existing = ctx.tenant.conversations.get(&command.id);
    let is_new = existing.is_none();
    let mut conversation = match existing {
        Some(existing) => Conversation::clone(existing),
        None => new(ctx, command)?,
    };
    check(&conversation, command)?;
    let first = conversation.items + 1;
    for (number, item) in (first..).zip(&command.items) {
        let key = BlobKey::Item(ctx.id.clone(), command.id.clone(), number);
        let item = Blob::Item(numbered(item, number, ctx.now_ms));
        ctx.out.applied.blobs.push((key, item));
    }
    let count = command.items.len() as u32;
    conversation.items += u64::from(count);
    conversation.customer = conversation.customer.or_else(|| command.customer.clone());
    conversation.active_ms = ctx.now_ms;
    conversation.version += 1;
    let conversation = ctx.put_conversation(conversation);
    let about = About { conversation: Some(command.id.clone()), ..About::default() };
    if is_new {
        ctx.emit(EventKind::ConversationCreated, about.clone());
    }
    if count > 0 {
        ctx.emit(EventKind::ConversationAppended { first, count }, about);
    }
    Ok(Reply::Conversation(conversation))
}

fn new(ctx: &Ctx<'_>, command: &AppendConversation) -> Result<Conversation, Rejection> {
    check_limit("conversations_per_tenant", ctx.tenant.conversations.len(), limits::CONVERSATIONS_PER_TENANT)?;
    Ok(Conversation {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        customer: command.customer.clone(),
        items: 0,
        open_interactions: 0,
        created_ms: ctx.now_ms,
        active_ms: ctx.now_ms,
        version: 0,
    })
}

fn check(conversation: &Conversation, command: &AppendConversation) -> Result<(), Rejection> {
    if let (Some(known), Some(given)) = (&conversation.customer, &command.customer)
        && known != given
    {
        return Err(Rejection::InvalidField {
            field: "customer".to_string(),
            problem: "the conversation is another customer's".to_string(),
        });
    }
    let items = conversation.items + command.items.len() as u64;
    if items > limits::ITEMS_PER_CONVERSATION {
        return Err(Rejection::LimitReached {
            limit: "items_per_conversation".to_string(),
            max: limits::ITEMS_PER_CONVERSATION,
        });
    }
    Ok(())
}

fn numbered(item: &NewItem, number: u64, now_ms: u64) -> ConversationItem {
    ConversationItem {
        number,
        kind: item.kind,
        interaction: item.interaction.clone(),
        channel: item.channel.clone(),
        happened_ms: item.happened_ms.unwrap_or(now_ms),
        written_ms: now_ms,
        body: item.body.clone(),
    }
}
