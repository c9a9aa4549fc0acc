//! What is asked of interactions: by platforms, agents, and the Matchmaker.
use super::Etag;
use crate::{
    ids::*,
    record::*,
    selector::{Selector, Value},
    split::FreeGroups,
};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// See [`Body::CreateInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateInteraction {
    /// The caller's natural key, or drawn before proposing.
    pub id: InteractionId,
    /// Created if new.
    pub conversation: Option<ConversationId>,
    /// The channel.
    pub channel: Channel,
    /// Who began it; only INBOUND now.
    pub direction: Direction,
    /// Need not exist.
    pub customer: Option<CustomerId>,
    /// By what the customer was known.
    pub identity: Option<Identity>,
    /// The platform's thread.
    pub external_thread_id: Option<Sealed>,
    /// Must exist and be alive.
    pub connector: Option<ConnectorId>,
    /// Must exist.
    pub queue: QueueId,
    /// Labels.
    pub labels: BTreeMap<LabelKey, Value>,
    /// Who is qualified.
    pub required: Option<Selector>,
    /// Who is preferred.
    pub preferred: Option<Selector>,
    /// Higher first.
    pub priority: i32,
    /// When a person was asked for.
    pub human_requested_at_ms: Option<u64>,
    /// Answer by.
    pub connect_by_ms: Option<u64>,
    /// Opaque; on disk only.
    pub context: Option<Sealed>,
}

/// Fields to change; `None` leaves as is. A changed routing field re-evaluates the waiting interaction and keeps its age.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InteractionPatch {
    /// New labels.
    pub labels: Option<BTreeMap<LabelKey, Value>>,
    /// New requirement (`Some(None)` clears).
    pub required: Option<Option<Selector>>,
    /// New preference (`Some(None)` clears).
    pub preferred: Option<Option<Selector>>,
    /// New priority.
    pub priority: Option<i32>,
    /// New customer.
    pub customer: Option<Option<CustomerId>>,
    /// New identity.
    pub identity: Option<Option<Identity>>,
    /// New context.
    pub context: Option<Option<Sealed>>,
    /// A person was asked for.
    pub human_requested_at_ms: Option<Option<u64>>,
    /// Answer by.
    pub connect_by_ms: Option<Option<u64>>,
}

/// See [`Body::UpdateInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateInteraction {
    /// Which.
    pub id: InteractionId,
    /// Expected version.
    pub etag: Etag,
    /// What.
    pub patch: InteractionPatch,
}

/// See [`Body::CancelInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelInteraction {
    /// Which.
    pub id: InteractionId,
    /// CANCELLED, DEFLECTED or SPAM.
    pub reason: CloseReason,
    /// Why.
    pub note: String,
}

/// See [`Body::AbandonInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbandonInteraction {
    /// Which.
    pub id: InteractionId,
}

/// See [`Body::CompleteInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteInteraction {
    /// Which.
    pub id: InteractionId,
    /// The PRIMARY assignment that completes it; `None` for whichever it is.
    pub assignment: Option<AssignmentId>,
    /// A note.
    pub note: String,
}

/// A compare-and-set on (interaction, offer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptOffer {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which offer: the fencing token.
    pub offer: OfferId,
}

/// See [`Body::DeclineOffer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclineOffer {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which offer.
    pub offer: OfferId,
    /// Why.
    pub reason: String,
}

/// With RING_IS_OFFER it is also the acceptance: `assignment` is the offer's id then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportConnected {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which assignment.
    pub assignment: AssignmentId,
}

/// Why connecting failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectFailure {
    /// As an unanswered offer.
    AgentNoAnswer,
    /// As an unanswered offer.
    AgentBusy,
    /// As an unanswered offer.
    DeviceUnreachable,
    /// ABANDONED, the agent blameless.
    CustomerGone,
    /// Requeued with its age, no penalty.
    MediaError,
}

/// With RING_IS_OFFER it may also name an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportConnectFailed {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which assignment (or ringing offer).
    pub assignment: AssignmentId,
    /// Why.
    pub cause: ConnectFailure,
}

/// See [`Body::HoldAssignment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldAssignment {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which assignment.
    pub assignment: AssignmentId,
}

/// See [`Body::RetrieveAssignment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrieveAssignment {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which assignment.
    pub assignment: AssignmentId,
}

/// See [`Body::AddChannel`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddChannel {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which assignment.
    pub assignment: AssignmentId,
    /// Which channel; the agent's capacity is rechecked.
    pub channel: Channel,
}

/// Where a blind transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTarget {
    /// To a queue.
    Queue(QueueId),
    /// To an agent; in the queue it is in.
    Agent(AgentId),
}

/// See [`Body::TransferInteraction`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferInteraction {
    /// Which interaction.
    pub interaction: InteractionId,
    /// From which assignment.
    pub assignment: AssignmentId,
    /// Where to.
    pub target: TransferTarget,
    /// Answer by; `None` keeps what the interaction has, if that is still ahead.
    pub connect_by_ms: Option<u64>,
    /// Why.
    pub reason: String,
}

/// See [`Body::EndAssignment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndAssignment {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which assignment.
    pub assignment: AssignmentId,
}

/// See [`Body::CompleteWrapUp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteWrapUp {
    /// Which interaction; may be closed already.
    pub interaction: InteractionId,
    /// Which assignment.
    pub assignment: AssignmentId,
}

/// Who wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Wakes a dormant interaction.
    Customer,
    /// Their agent.
    Agent,
}

/// See [`Body::RecordActivity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordActivity {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Who.
    pub party: Party,
    /// The agent says: the customer is silent now, make it dormant (agent only).
    pub now_dormant: bool,
}

/// One pair chosen by the Matchmaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferPlan {
    /// Drawn by the leader.
    pub offer: OfferId,
    /// Which interaction.
    pub interaction: InteractionId,
    /// Which agent.
    pub agent: AgentId,
    /// Preference, millionths.
    pub score_micros: i64,
    /// The policy revision it was chosen under.
    pub policy_revision: u64,
    /// How the agent was drawn, if it was.
    pub draw: Option<Draw>,
    /// Chosen by shares (PERCENT_SPLIT): which groups had somebody free; see [`crate::split`].
    pub free_groups: Option<FreeGroups>,
}

/// One bounded wait chosen by the Matchmaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeferPlan {
    /// Which interaction.
    pub interaction: InteractionId,
    /// Until when, log time.
    pub until_ms: u64,
    /// Why.
    pub reason: DeferReason,
}

/// Apply rechecks everything lawful and drops what is stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeOffers {
    /// At most [`crate::limits::OFFERS_PER_BATCH`].
    pub offers: Vec<OfferPlan>,
    /// As many.
    pub deferrals: Vec<DeferPlan>,
}
