//! `CreateInteraction`: a platform submits; the interaction waits from now on.
use super::steps::{
    submitted::{check_customer, context_bytes},
    waiting,
};
use crate::{
    apply::{
        ctx::{About, Ctx, check_limit, check_new},
        supervision::entrance,
    },
    command::CreateInteraction,
    event::{EventKind, QueuedCause},
    hours,
    ids::QueueId,
    limits,
    record::*,
    rejection::{Kind, Rejection},
    reply::Reply,
};
use alloc::{string::ToString, vec, vec::Vec};

pub(crate) fn apply(ctx: &mut Ctx<'_>, command: &CreateInteraction) -> Result<Reply, Rejection> {
    let queue = check(ctx, command)?;
    join_conversation(ctx, command);
    if let Some(context) = &command.context {
        let key = BlobKey::Context(ctx.id.clone(), command.id.clone());
        let blob = (key, Blob::Context(context.clone()));
        ctx.out.applied.blobs.push(blob);
    }
    let mut interaction = new(ctx, command, &queue);
    interaction.deadline = waiting::deadline(ctx.tenant, &interaction);
    let interaction = ctx.insert_interaction(interaction);
    let about = About::interaction(&interaction);
    let created =
        EventKind::InteractionCreated { channel: command.channel.clone(), customer: command.customer.clone() };
    ctx.emit(created, about.clone());
    if queue != command.queue {
        ctx.emit(EventKind::InteractionOverflowed { from: command.queue.clone() }, about.clone());
    }
    let queued = EventKind::InteractionQueued { cause: QueuedCause::Created, waiting_since_ms: ctx.now_ms };
    ctx.emit(queued, about);
    Ok(Reply::Interaction(interaction))
}

/// The queue it waits in: the one named, or, while that drains, where it overflows to.
fn check(ctx: &Ctx<'_>, command: &CreateInteraction) -> Result<QueueId, Rejection> {
    let tenant = &*ctx.tenant;
    let exists = tenant.interactions.contains_key(&command.id) || tenant.closed.contains(&command.id);
    check_new(Kind::Interaction, &command.id, exists)?;
    if command.direction != Direction::Inbound {
        return Err(Rejection::InvalidField {
            field: "interaction.direction".to_string(),
            problem: "only INBOUND can be submitted".to_string(),
        });
    }
    let queue = entrance::of(ctx, &command.queue, "interaction.queue")?;
    check_open(&queue, ctx.now_ms)?;
    if let Some(id) = &command.connector {
        let connector = ctx.find_connector(id, "interaction.connector")?;
        if connector.lease.is_none() {
            return Err(Rejection::ConnectorLapsed { connector: id.to_string() });
        }
    }
    check_conversation(ctx, command)?;
    let open = tenant.interactions.len();
    check_limit("open_per_tenant", open, limits::OPEN_PER_TENANT)?;
    // The queue's own name, shared by all who wait in it.
    Ok(queue.id.clone())
}

/// One may wait for a closed queue to open, unless that refuses submits meanwhile.
fn check_open(queue: &Queue, now_ms: u64) -> Result<(), Rejection> {
    if !queue.refuse_when_closed || hours::is_open(queue, now_ms) {
        return Ok(());
    }
    Err(Rejection::Closed {
        field: "interaction.queue".to_string(),
        queue: queue.id.to_string(),
        opens_ms: hours::opens_ms(queue),
    })
}

/// A conversation is one customer's, as soon as it is anybody's.
fn check_conversation(ctx: &Ctx<'_>, command: &CreateInteraction) -> Result<(), Rejection> {
    let Some(id) = &command.conversation else {
        return Ok(());
    };
    let conversations = &ctx.tenant.conversations;
    let Some(conversation) = conversations.get(id) else {
        let max = limits::CONVERSATIONS_PER_TENANT;
        return check_limit("conversations_per_tenant", conversations.len(), max);
    };
    check_customer(conversation, command.customer.as_ref())
}

/// Counts the interaction into its conversation, which begins now if it is new.
fn join_conversation(ctx: &mut Ctx<'_>, command: &CreateInteraction) {
    let Some(id) = &command.conversation else {
        return;
    };
    let now_ms = ctx.now_ms;
    if let Some(conversation) = ctx.tenant.conversations.get(id) {
        let mut conversation = Conversation::clone(conversation);
        conversation.open_interactions = conversation.open_interactions.saturating_add(1);
        conversation.active_ms = now_ms;
        if conversation.customer.is_none() {
            conversation.customer = command.customer.clone();
        }
        ctx.put_conversation(conversation);
        return;
    }
    ctx.put_conversation(Conversation {
        tenant: ctx.id.clone(),
        id: id.clone(),
        customer: command.customer.clone(),
        items: 0,
        open_interactions: 1,
        created_ms: now_ms,
        active_ms: now_ms,
        version: 1,
    });
    let about = About { conversation: Some(id.clone()), ..About::default() };
    ctx.emit(EventKind::ConversationCreated, about);
}

fn new(ctx: &Ctx<'_>, command: &CreateInteraction, queue: &QueueId) -> Interaction {
    let now_ms = ctx.now_ms;
    let state = InteractionState::Queued;
    Interaction {
        tenant: ctx.id.clone(),
        id: command.id.clone(),
        conversation: command.conversation.clone(),
        channel: command.channel.clone(),
        added_channels: Vec::new(),
        direction: command.direction,
        customer: command.customer.clone(),
        identity: command.identity.clone(),
        external_thread_id: command.external_thread_id.clone(),
        connector: command.connector.clone(),
        queue: queue.clone(),
        target_agent: None,
        target_since_ms: None,
        labels: command.labels.clone(),
        required: command.required.clone(),
        preferred: command.preferred.clone(),
        priority: command.priority,
        human_requested_at_ms: command.human_requested_at_ms,
        connect_by_ms: command.connect_by_ms,
        context_bytes: command.context.as_ref().map_or(0, context_bytes),
        state,
        unconfirmed_since_ms: None,
        confirmed_ms: None,
        created_ms: now_ms,
        waiting_since_ms: now_ms,
        state_since_ms: now_ms,
        deadline: None,
        offers: Vec::new(),
        assignments: Vec::new(),
        exclusions: Vec::new(),
        deferred: None,
        attempts: 0,
        first_offered_ms: None,
        customer_active_ms: None,
        agent_active_ms: None,
        silent_at_ms: None,
        transitions: vec![Transition { state, at_ms: now_ms }],
        closing: None,
        version: 1,
        adjustment: None,
    }
}
