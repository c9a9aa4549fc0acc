//! One customer contact, its offer, its assignments.
use super::{Assignment, Deadline, Sealed};
use crate::{
    ids::*,
    selector::{Selector, Value},
};
use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// Who began the contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The customer.
    #[default]
    Inbound,
    /// An agent or campaign; later.
    Outbound,
    /// Between agents; later.
    Internal,
}

/// How sure the platform is of who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerifiedLevel {
    /// Nothing is known.
    #[default]
    None,
    /// Claimed, for instance a calling number.
    Claimed,
    /// Something checked it.
    Verified,
    /// Strongly authenticated.
    Strong,
}

/// What the customer was known by in this contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The identifier, sealed.
    pub value: Sealed,
    /// How sure.
    pub verified: VerifiedLevel,
}

/// Where an interaction is. UNCONFIRMED is not here: it is [`Interaction::unconfirmed_since_ms`] over one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InteractionState {
    /// Waits for its time; later issues.
    Scheduled,
    /// Waits for an agent.
    Queued,
    /// Held out to an agent, or to several at once.
    Offered,
    /// An agent has it (connecting, active, held), or is wrapping it up as PRIMARY with nobody after.
    Assigned,
    /// An agent keeps it, the customer is silent.
    Dormant,
    /// The customer wrote again; the same agent is waited for until the deadline.
    Resuming,
    /// Over.
    Closed,
}

/// Why an interaction is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseReason {
    /// Served.
    Completed,
    /// The customer left before.
    Abandoned,
    /// The platform withdrew it.
    Cancelled,
    /// Answered by self-service.
    Deflected,
    /// Waited or was assigned too long.
    Expired,
    /// Became part of another; later.
    Merged,
    /// Not a contact.
    Spam,
    /// The platform lost it.
    LostMedia,
    /// Outbound, nobody answered; later.
    NoAnswer,
}

/// An interaction held out to an agent. Reserves the agent's capacity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offer {
    /// Fencing token.
    pub id: OfferId,
    /// To whom.
    pub agent: AgentId,
    /// When it was made, log time.
    pub made_ms: u64,
    /// When it expires.
    pub expires: Deadline,
    /// Revision of the distribution policy it was made under.
    pub policy_revision: u64,
    /// What the Matchmaker thought of it, fixed point, millionths.
    pub score_micros: i64,
    /// Who rings.
    pub answer_mode: AnswerMode,
    /// Revoked at this time unless the agent's stream is back (lost stream).
    pub revoke_at_ms: Option<u64>,
    /// How it was drawn, if it was (RANDOM).
    pub draw: Option<Draw>,
}

/// What the leader drew: one of so many agents who might have had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Draw {
    /// How many there were.
    pub candidates: u32,
    /// Which was drawn, from 0, in the Matchmaker's order of agents: by a hash of their names.
    pub drawn: u32,
}

/// Who rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerMode {
    /// The agent accepts on the desktop, then the platform dials.
    #[default]
    AgentAccepts,
    /// The ringing is the offer: its answer is accept and connected in one command.
    RingIsOffer,
    /// Accepted for the agent as soon as it is made.
    Auto,
}

/// An agent not offered this interaction until a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exclusion {
    /// Who.
    pub agent: AgentId,
    /// Until when, log time; 0 once it is over and only counted.
    pub until_ms: u64,
    /// How often this agent declined it or could not be connected; the sole qualified agent's exclusion doubles by it.
    pub times: u32,
}

/// A bounded wait for a preferred agent or a better match, replicated with the decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deferred {
    /// Until when, log time; 0 once it is over and only counted.
    pub until_ms: u64,
    /// Why.
    pub reason: DeferReason,
    /// How often it was passed over.
    pub skips: u32,
}

/// Why a lawful pair was not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeferReason {
    /// Waits for a preferred agent.
    PreferredAgent,
    /// Waits for a better match.
    BetterMatch,
}

/// A state and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transition {
    /// The state entered.
    pub state: InteractionState,
    /// Log time.
    pub at_ms: u64,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Closing {
    /// The reason.
    pub reason: CloseReason,
    /// A caller's note, at most [`crate::limits::TEXT_MAX`] characters.
    pub note: String,
    /// Log time.
    pub at_ms: u64,
}

/// One customer contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Interaction {
    /// Whose.
    pub tenant: TenantId,
    /// Its name: the caller's natural key or drawn by the server.
    pub id: InteractionId,
    /// The matter it belongs to.
    pub conversation: Option<ConversationId>,
    /// The first channel.
    pub channel: Channel,
    /// Channels added (same agent, no requeue).
    pub added_channels: Vec<Channel>,
    /// Who began it.
    pub direction: Direction,
    /// Who contacts, if known.
    pub customer: Option<CustomerId>,
    /// By what they were known.
    pub identity: Option<Identity>,
    /// The platform's thread, sealed.
    pub external_thread_id: Option<Sealed>,
    /// Whose lease keeps it confirmed.
    pub connector: Option<ConnectorId>,
    /// Where it waits or last waited.
    pub queue: QueueId,
    /// Only this agent (blind transfer to an agent).
    pub target_agent: Option<AgentId>,
    /// When a supervisor named that agent; the wait for them counts from then.
    pub target_since_ms: Option<u64>,
    /// Typed labels.
    pub labels: BTreeMap<LabelKey, Value>,
    /// Who is qualified.
    pub required: Option<Selector>,
    /// Who is preferred.
    pub preferred: Option<Selector>,
    /// Caller's priority, higher first; one scale with ageing.
    pub priority: i32,
    /// When a person was asked for.
    pub human_requested_at_ms: Option<u64>,
    /// When it should be answered at the latest.
    pub connect_by_ms: Option<u64>,
    /// Bytes of context on disk; 0 for none.
    pub context_bytes: u32,
    /// Where it is.
    pub state: InteractionState,
    /// Connector silent since; no offers while set.
    pub unconfirmed_since_ms: Option<u64>,
    /// Its connector last confirmed it by reconciling, log time.
    pub confirmed_ms: Option<u64>,
    /// Created, log time.
    pub created_ms: u64,
    /// Since when it waits for a person: its age; kept through requeue and transfer.
    pub waiting_since_ms: u64,
    /// Since when in this state.
    pub state_since_ms: u64,
    /// RESUMING or waiting deadline; the offer's and assignments' are on them.
    pub deadline: Option<Deadline>,
    /// The offers out, while OFFERED, oldest first: one, or those of a ring (RING_ALL).
    pub offers: Vec<Offer>,
    /// Parts of agents, oldest first.
    pub assignments: Vec<Assignment>,
    /// Who is passed over, and until when.
    pub exclusions: Vec<Exclusion>,
    /// Why it is kept waiting though a pair is lawful.
    pub deferred: Option<Deferred>,
    /// Offers made so far.
    pub attempts: u32,
    /// First offer, log time.
    pub first_offered_ms: Option<u64>,
    /// Customer last wrote.
    pub customer_active_ms: Option<u64>,
    /// Agent last wrote.
    pub agent_active_ms: Option<u64>,
    /// Becomes DORMANT at this log time unless somebody writes.
    pub silent_at_ms: Option<u64>,
    /// When it entered which state.
    pub transitions: Vec<Transition>,
    /// How it ended.
    pub closing: Option<Closing>,
    /// Raised by every write of a user; the etag.
    pub version: u64,
    /// The adjustment it is in.
    pub adjustment: Option<AdjustmentId>,
}

impl Interaction {
    /// One of the offers out.
    pub fn offer(&self, id: OfferId) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.id == id)
    }

    /// The offer out to an agent.
    pub fn offer_to(&self, agent: &AgentId) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.agent == *agent)
    }
}
