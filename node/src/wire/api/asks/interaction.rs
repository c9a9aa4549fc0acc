//! Submitting, changing and closing interactions.
use super::{Ask, asks, drawn};
use crate::wire::api::{
    form::{Field, Form},
    value::seal,
};
use kindred_domain::{
    Body,
    command::{
        AbandonInteraction, CancelInteraction, CompleteInteraction, CreateInteraction, InteractionPatch, Party,
        RecordActivity, UpdateInteraction,
    },
    ids::*,
    limits::{CONTEXT_MAX_BYTES, TEXT_MAX},
    record::{self, CloseReason, Direction, Sealed, VerifiedLevel},
};
use kindred_proto::v1::{self, identity, interaction, record_activity_request};

asks! {
    CreateInteractionRequest => create;
    UpdateInteractionRequest => update;
    CancelInteractionRequest => cancel;
    AbandonInteractionRequest => abandon;
    CompleteInteractionRequest => complete;
    RecordActivityRequest => activity;
}

fn create(request: v1::CreateInteractionRequest, form: &mut Form<'_>) -> Body {
    form.parent(&"parent", &request.parent);
    let id = form.chosen(&"interaction_id", &request.interaction_id).unwrap_or_else(drawn);
    let asked = form.required(&"interaction", request.interaction).unwrap_or_default();
    let direction = match form.known(&"interaction.direction", asked.direction) {
        interaction::Direction::Unspecified | interaction::Direction::Inbound => Direction::Inbound,
        interaction::Direction::Outbound => Direction::Outbound,
        interaction::Direction::Internal => Direction::Internal,
    };
    let thread = form.text(&"interaction.external_thread_id", asked.external_thread_id, TEXT_MAX);
    CreateInteraction {
        id,
        conversation: form.optional_name(&"interaction.conversation", &asked.conversation),
        channel: form.channel(&"interaction.channel", &asked.channel),
        direction,
        customer: form.optional_name(&"interaction.customer", &asked.customer),
        identity: read_identity(form, &"interaction.identity", asked.identity),
        external_thread_id: (!thread.is_empty()).then(|| seal(thread)),
        connector: form.optional_name(&"interaction.connector", &asked.connector),
        queue: form.name(&"interaction.queue", &asked.queue),
        labels: form.labels(&"interaction.labels", asked.labels),
        required: form.selector(&"interaction.required_selector", asked.required_selector),
        preferred: form.selector(&"interaction.preferred_selector", asked.preferred_selector),
        priority: asked.priority,
        human_requested_at_ms: form.time(&"interaction.human_requested_at", asked.human_requested_at),
        connect_by_ms: form.time(&"interaction.connect_by", asked.connect_by),
        context: context(form, &"interaction.context", &asked.context),
    }
    .into()
}

fn read_identity(form: &mut Form<'_>, field: Field<'_>, identity: Option<v1::Identity>) -> Option<record::Identity> {
    let identity = identity?;
    if identity.value.is_empty() {
        form.fail(&format_args!("{field}.value"), "is required");
    }
    let verified = match form.known(&format_args!("{field}.verified_level"), identity.verified_level) {
        identity::VerifiedLevel::Unspecified => VerifiedLevel::None,
        identity::VerifiedLevel::Claimed => VerifiedLevel::Claimed,
        identity::VerifiedLevel::Verified => VerifiedLevel::Verified,
        identity::VerifiedLevel::Strong => VerifiedLevel::Strong,
    };
    let value = form.text(&format_args!("{field}.value"), identity.value, TEXT_MAX);
    Some(record::Identity { value: seal(value), verified })
}

fn context(form: &mut Form<'_>, field: Field<'_>, context: &[u8]) -> Option<Sealed> {
    if context.len() > CONTEXT_MAX_BYTES {
        form.fail(field, format!("is {} bytes long, at most {CONTEXT_MAX_BYTES} are allowed", context.len()));
        return None;
    }
    (!context.is_empty()).then(|| seal(context))
}

/// Fields of an interaction a caller may change.
const UPDATABLE: &[&str] = &[
    "labels",
    "required_selector",
    "preferred_selector",
    "priority",
    "customer",
    "identity",
    "context",
    "human_requested_at",
    "connect_by",
];

fn update(request: v1::UpdateInteractionRequest, form: &mut Form<'_>) -> Body {
    let asked = form.required(&"interaction", request.interaction).unwrap_or_default();
    let mask = form.mask(&"update_mask", request.update_mask, UPDATABLE);
    UpdateInteraction {
        id: form.name(&"interaction.name", &asked.name),
        etag: form.etag(&"interaction.etag", &asked.etag),
        patch: InteractionPatch {
            labels: mask.on("labels", || form.labels(&"interaction.labels", asked.labels)),
            required: mask
                .on("required_selector", || form.selector(&"interaction.required_selector", asked.required_selector)),
            preferred: mask.on("preferred_selector", || {
                form.selector(&"interaction.preferred_selector", asked.preferred_selector)
            }),
            priority: mask.on("priority", || asked.priority),
            customer: mask.on("customer", || form.optional_name(&"interaction.customer", &asked.customer)),
            identity: mask.on("identity", || read_identity(form, &"interaction.identity", asked.identity)),
            context: mask.on("context", || context(form, &"interaction.context", &asked.context)),
            human_requested_at_ms: mask
                .on("human_requested_at", || form.time(&"interaction.human_requested_at", asked.human_requested_at)),
            connect_by_ms: mask.on("connect_by", || form.time(&"interaction.connect_by", asked.connect_by)),
        },
    }
    .into()
}

fn cancel(request: v1::CancelInteractionRequest, form: &mut Form<'_>) -> Body {
    use interaction::CloseReason as Public;
    let reason = match form.known(&"reason", request.reason) {
        Public::Unspecified | Public::Cancelled => CloseReason::Cancelled,
        Public::Deflected => CloseReason::Deflected,
        Public::Spam => CloseReason::Spam,
        other => {
            let name = other.as_str_name();
            form.fail(&"reason", format!("{name} is not CLOSE_REASON_CANCELLED, _DEFLECTED or _SPAM"));
            CloseReason::Cancelled
        }
    };
    CancelInteraction {
        id: form.name(&"name", &request.name),
        reason,
        note: form.text(&"note", request.note, TEXT_MAX),
    }
    .into()
}

fn abandon(request: v1::AbandonInteractionRequest, form: &mut Form<'_>) -> Body {
    AbandonInteraction { id: form.name(&"name", &request.name) }.into()
}

fn complete(request: v1::CompleteInteractionRequest, form: &mut Form<'_>) -> Body {
    let id: InteractionId = form.name(&"name", &request.name);
    let assignment = (!request.assignment.is_empty()).then(|| form.assignment(&"assignment", &request.assignment));
    if let Some((of, _)) = &assignment
        && *of != id
    {
        form.fail(&"assignment", "belongs to another interaction than `name`");
    }
    let assignment = assignment.map(|(_, assignment)| assignment);
    CompleteInteraction { id, assignment, note: form.text(&"note", request.note, TEXT_MAX) }.into()
}

fn activity(request: v1::RecordActivityRequest, form: &mut Form<'_>) -> Body {
    use record_activity_request::Party as Public;
    let party = match form.known(&"party", request.party) {
        Public::Unspecified => {
            form.fail(&"party", "is required");
            Party::Customer
        }
        Public::Customer => Party::Customer,
        Public::Agent => Party::Agent,
    };
    if request.now_dormant && party == Party::Customer {
        form.fail(&"now_dormant", "only goes with PARTY_AGENT");
    }
    let interaction = form.name(&"name", &request.name);
    RecordActivity { interaction, party, now_dormant: request.now_dormant }.into()
}
