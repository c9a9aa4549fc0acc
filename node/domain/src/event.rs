//! Facts in the past tense, numbered per tenant without gaps.
use crate::{command::Party, ids::*, record::*};
use alloc::string::String;

/// A fact. Numbered inside apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Whose.
    pub tenant: TenantId,
    /// From 1, without gaps.
    pub number: u64,
    /// Log index of the entry.
    pub index: u64,
    /// Log time.
    pub at_ms: u64,
    /// What happened.
    pub kind: EventKind,
    /// The interaction it is about.
    pub interaction: Option<InteractionId>,
    /// The queue it is about.
    pub queue: Option<QueueId>,
    /// The agent it is about.
    pub agent: Option<AgentId>,
    /// The conversation it is about.
    pub conversation: Option<ConversationId>,
}

impl Event {
    /// Roughly what it takes on disk, alike on every replica; retention by bytes goes by this.
    pub fn approximate_bytes(&self) -> u64 {
        let names = self.tenant.len()
            + self.interaction.as_ref().map_or(0, |id| id.len())
            + self.queue.as_ref().map_or(0, |id| id.len())
            + self.agent.as_ref().map_or(0, |id| id.len())
            + self.conversation.as_ref().map_or(0, |id| id.len());
        let text = match &self.kind {
            EventKind::OfferDeclined { reason, .. }
            | EventKind::InteractionTransferred { reason, .. }
            | EventKind::PresenceChanged { reason, .. } => reason.len(),
            kind => kind.mandate().map_or(0, Mandate::len),
        };
        64 + (names + text) as u64
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Submitted.
    InteractionCreated {
        /// Its channel.
        channel: Channel,
        /// Who contacts.
        customer: Option<CustomerId>,
    },
    /// User-written fields changed.
    InteractionUpdated,
    /// Waits (again), with its age.
    InteractionQueued {
        /// Why.
        cause: QueuedCause,
        /// Since when it waits.
        waiting_since_ms: u64,
    },
    /// Over.
    InteractionClosed {
        /// Why.
        reason: CloseReason,
    },
    /// An offer was made.
    OfferMade {
        /// The offer.
        offer: OfferId,
        /// When it expires.
        expires_ms: u64,
        /// Preference, millionths.
        score_micros: i64,
        /// The policy revision.
        policy_revision: u64,
        /// Time since it was created, or since the last agent who talked let go; milliseconds of log time.
        waited_ms: u64,
        /// How the agent was drawn, if it was.
        draw: Option<Draw>,
    },
    /// Accepted: the assignment connects.
    OfferAccepted {
        /// The offer and now assignment.
        offer: OfferId,
    },
    /// Declined by the agent.
    OfferDeclined {
        /// The offer.
        offer: OfferId,
        /// Why.
        reason: String,
    },
    /// Not answered in time.
    OfferExpired {
        /// The offer.
        offer: OfferId,
    },
    /// Withdrawn, no penalty.
    OfferRevoked {
        /// The offer.
        offer: OfferId,
        /// Why.
        cause: RevokeCause,
    },
    /// Connected.
    AssignmentConnected {
        /// Which.
        assignment: AssignmentId,
    },
    /// On hold.
    AssignmentHeld {
        /// Which.
        assignment: AssignmentId,
    },
    /// Back from hold.
    AssignmentRetrieved {
        /// Which.
        assignment: AssignmentId,
    },
    /// One more channel.
    ChannelAdded {
        /// Which.
        assignment: AssignmentId,
        /// The channel.
        channel: Channel,
    },
    /// After-work began.
    WrapUpStarted {
        /// Which.
        assignment: AssignmentId,
        /// Until when.
        until_ms: u64,
    },
    /// Over, with its cause.
    AssignmentEnded {
        /// Which.
        assignment: AssignmentId,
        /// Why.
        cause: EndCause,
    },
    /// Blind transfer.
    InteractionTransferred {
        /// From which assignment.
        assignment: AssignmentId,
        /// To which queue.
        queue: QueueId,
        /// To which agent, if one.
        target_agent: Option<AgentId>,
        /// Why.
        reason: String,
    },
    /// Somebody wrote.
    ActivityRecorded {
        /// Who.
        party: Party,
    },
    /// The customer is silent.
    InteractionDormant,
    /// The customer wrote again; the same agent is waited for.
    InteractionResuming {
        /// Until when.
        until_ms: u64,
    },
    /// The same agent has it again.
    InteractionResumed,
    /// Lasted longer than its maximum.
    AssignmentOverdue {
        /// Which.
        assignment: AssignmentId,
    },
    /// Its connector is silent.
    InteractionUnconfirmed,
    /// Its connector confirmed it.
    InteractionConfirmed,
    /// A bounded wait was decided.
    InteractionDeferred {
        /// Until when.
        until_ms: u64,
        /// Why.
        reason: DeferReason,
    },
    /// A bounded wait is over.
    DeferralEnded,
    /// Passed over for a while.
    AgentExcluded {
        /// Until when.
        until_ms: u64,
    },
    /// May be offered again.
    ExclusionEnded,
    /// A new agent.
    AgentCreated,
    /// User-written fields changed.
    AgentUpdated,
    /// Gone.
    AgentDeleted,
    /// Said where they are.
    PresenceChanged {
        /// The word.
        status: PresenceStatus,
        /// Why.
        reason: String,
    },
    /// Missed an offer: no offers before the time.
    AgentBackedOff {
        /// Until when.
        until_ms: u64,
    },
    /// Missed too many.
    AgentNotResponding {
        /// Until when.
        until_ms: u64,
    },
    /// Back from back-off or NOT_RESPONDING.
    AgentResponding,
    /// A stream speaks for the agent.
    SessionAttached {
        /// Which.
        session: SessionId,
    },
    /// No stream speaks for the agent.
    SessionDetached {
        /// Which.
        session: SessionId,
        /// It broke.
        lost: bool,
    },
    /// A record of configuration changed (team, profile, queue, policy, connector, customer, tenant).
    ConfigChanged {
        /// Its kind.
        kind: crate::rejection::Kind,
        /// Its name.
        id: String,
        /// It is gone.
        deleted: bool,
    },
    /// A connector's lease lapsed.
    ConnectorLapsed {
        /// Which.
        connector: ConnectorId,
    },
    /// A connector is back.
    ConnectorAlive {
        /// Which.
        connector: ConnectorId,
    },
    /// Items were written.
    ConversationAppended {
        /// First item's number.
        first: u64,
        /// How many.
        count: u32,
    },
    /// A conversation began.
    ConversationCreated,
    /// A kept revision of a policy became its current one.
    PolicyRolledBack {
        /// Which policy.
        policy: PolicyId,
        /// The new revision.
        revision: u64,
        /// The one whose content it has.
        to: u64,
    },
    /// A queue opened: what waits in it is offered.
    QueueOpened {
        /// When it closes, if that is known.
        closes_ms: Option<u64>,
    },
    /// A queue closed: what waits in it goes on waiting.
    QueueClosed {
        /// When it opens, if that is known.
        opens_ms: Option<u64>,
    },
    /// A supervisor changed its priority.
    InteractionReprioritised {
        /// Before.
        from: i32,
        /// From now on.
        to: i32,
        /// Who, and why.
        by: Mandate,
    },
    /// A supervisor moved it to the queue the event is about.
    InteractionMoved {
        /// From this one.
        from: QueueId,
        /// Who, and why.
        by: Mandate,
    },
    /// A supervisor pulled it back into its queue; from the agent the event is about, unless it was offered to several.
    InteractionPulledBack {
        /// Who, and why.
        by: Mandate,
    },
    /// A supervisor gave it to a named agent; from the agent the event is about, if somebody had it.
    InteractionReassigned {
        /// To whom.
        to: AgentId,
        /// Who, and why.
        by: Mandate,
    },
    /// It was meant for a queue that drains, and waits in the one the event is about.
    InteractionOverflowed {
        /// For which.
        from: QueueId,
    },
    /// A supervisor paused the queue: nothing is offered from it.
    QueuePaused {
        /// Who, and why.
        by: Mandate,
    },
    /// A supervisor let a paused queue go on.
    QueueResumed {
        /// Who, and why.
        by: Mandate,
    },
    /// A supervisor drains the queue: it takes nothing new.
    QueueDraining {
        /// Where what comes goes instead.
        overflow: Option<QueueId>,
        /// Who, and why.
        by: Mandate,
    },
    /// The queue takes what is new again.
    QueueUndrained {
        /// Who, and why.
        by: Mandate,
    },
    /// A supervisor changed many until a time.
    AdjustmentStarted {
        /// Which.
        adjustment: AdjustmentId,
        /// Reverts then.
        until_ms: u64,
        /// Who, and why.
        by: Mandate,
    },
    /// It reverted.
    AdjustmentEnded {
        /// Which.
        adjustment: AdjustmentId,
        /// Who, and why; `None`: its time was over.
        by: Option<Mandate>,
    },
    /// A supervisor said where the agent is.
    PresenceForced {
        /// The word.
        status: PresenceStatus,
        /// When it falls back; `None`: when it is lifted.
        until_ms: Option<u64>,
        /// Who, and why.
        by: Mandate,
    },
    /// The agent's presence is the agent's own again.
    PresenceLifted {
        /// Who, and why.
        by: Mandate,
    },
    /// A supervisor drains the agent: nothing new is offered.
    AgentDraining {
        /// Who, and why.
        by: Mandate,
    },
    /// The agent is offered what is new again.
    AgentUndrained {
        /// Who, and why.
        by: Mandate,
    },
}

impl EventKind {
    /// By whose word it happened, if a supervisor's.
    pub fn mandate(&self) -> Option<&Mandate> {
        match self {
            Self::InteractionReprioritised { by, .. }
            | Self::InteractionMoved { by, .. }
            | Self::InteractionPulledBack { by }
            | Self::InteractionReassigned { by, .. }
            | Self::QueuePaused { by }
            | Self::QueueResumed { by }
            | Self::QueueDraining { by, .. }
            | Self::QueueUndrained { by }
            | Self::PresenceForced { by, .. }
            | Self::PresenceLifted { by }
            | Self::AgentDraining { by }
            | Self::AdjustmentStarted { by, .. }
            | Self::AdjustmentEnded { by: Some(by), .. }
            | Self::AgentUndrained { by } => Some(by),
            _ => None,
        }
    }
}

/// Why an interaction waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueuedCause {
    /// New.
    Created,
    /// The agent declined.
    Declined,
    /// The offer expired.
    Unanswered,
    /// The offer was revoked.
    Revoked,
    /// Connecting failed.
    ConnectFailed,
    /// Blind transfer.
    Transferred,
    /// The agent gave it back.
    Released,
    /// The customer wrote again, and the same agent was not there in time.
    NotResumed,
    /// The agent a transfer named was not there in time: anybody may have it.
    TargetNotThere,
    /// A supervisor moved it to this queue.
    Moved,
    /// A supervisor pulled it back.
    PulledBack,
    /// A supervisor gives it to a named agent.
    Reassigned,
}

/// Why an offer was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevokeCause {
    /// The agent's stream was lost.
    StreamLost,
    /// The agent is no longer available.
    PresenceChanged,
    /// The interaction closed.
    InteractionClosed,
    /// The interaction changed and the agent does not qualify.
    NotQualified,
    /// The interaction's connector is silent.
    Unconfirmed,
    /// The platform could not connect them (a ringing offer); nobody is to blame.
    MediaError,
    /// Held out to several at once (RING_ALL), and another accepted first.
    AcceptedByAnother,
    /// A supervisor moved the interaction to another queue.
    Moved,
    /// A supervisor pulled the interaction back.
    PulledBack,
    /// A supervisor gives the interaction to another agent.
    Reassigned,
    /// A supervisor drains the agent.
    Draining,
}
