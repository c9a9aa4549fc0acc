//! A business "no": replicated, returned, never logged as an error.
use alloc::string::String;
use core::fmt;

/// What kind of thing a rejection speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A tenant.
    Tenant,
    /// An agent.
    Agent,
    /// A team.
    Team,
    /// A routing profile.
    Profile,
    /// A queue.
    Queue,
    /// A distribution policy.
    Policy,
    /// A connector.
    Connector,
    /// A session.
    Session,
    /// A customer.
    Customer,
    /// A conversation.
    Conversation,
    /// An interaction.
    Interaction,
    /// An offer.
    Offer,
    /// An assignment.
    Assignment,
    /// A node.
    Node,
    /// Hours of operation.
    Schedule,
    /// What a supervisor changed of many until a time.
    Adjustment,
}

/// Why a command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rejection {
    /// There is none; `field` names the request's field that named it.
    NotFound {
        /// What.
        kind: Kind,
        /// Its name.
        id: String,
        /// Which field named it, in the words of the public API (`interaction.queue`); empty for the resource itself.
        field: String,
    },
    /// There is one already (open, or closed and retained).
    AlreadyExists {
        /// What.
        kind: Kind,
        /// Its name.
        id: String,
    },
    /// The etag is not the current one.
    EtagMismatch {
        /// What was expected.
        expected: u64,
        /// What is.
        actual: u64,
    },
    /// Not in this state.
    WrongState {
        /// What.
        kind: Kind,
        /// Its name.
        id: String,
        /// The state it is in, as in the public API.
        state: String,
        /// What was wanted, a verb (`accept`).
        verb: String,
    },
    /// The offer was declined, revoked, expired or taken.
    OfferGone {
        /// The offer.
        offer: String,
    },
    /// The agent has no room.
    CapacityExceeded {
        /// Who.
        agent: String,
        /// On which channel.
        channel: String,
    },
    /// Others depend on it.
    InUse {
        /// What.
        kind: Kind,
        /// Its name.
        id: String,
        /// One of those that do.
        by: String,
    },
    /// A bound of [`crate::limits`] is reached.
    LimitReached {
        /// Which bound, as in the docs (`agents_per_tenant`).
        limit: String,
        /// Its value.
        max: u64,
    },
    /// A field's value does not fit the state (`agent.channels`, why).
    InvalidField {
        /// Which field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The distribution mode is not available yet.
    UnsupportedMode {
        /// Which.
        mode: String,
    },
    /// The same request id came with another payload.
    RequestIdReused,
    /// The request id is older than the memory of requests.
    RequestTooOld,
    /// The request id is from the future.
    RequestTimeAhead,
    /// The memory of requests is full: later.
    RequestMemoryFull,
    /// This shard does not own the tenant.
    WrongShard {
        /// The tenant.
        tenant: String,
    },
    /// The connector's lease has lapsed: heartbeat or register, then reconcile.
    ConnectorLapsed {
        /// Which.
        connector: String,
    },
    /// The queue is closed and refuses submits meanwhile.
    Closed {
        /// Which field named the queue, in the words of the public API.
        field: String,
        /// Which queue.
        queue: String,
        /// When it opens, log time; `None`: not as far as is known.
        opens_ms: Option<u64>,
    },
    /// The queue drains, and there is none it overflows into.
    Draining {
        /// Which field named the queue, in the words of the public API.
        field: String,
        /// Which queue.
        queue: String,
        /// Who drains it.
        supervisor: String,
        /// Why.
        reason: String,
    },
    /// A supervisor said where the agent is: the agent says nothing else until that is lifted.
    PresenceForced {
        /// Who.
        agent: String,
        /// Who said so.
        supervisor: String,
        /// Why.
        reason: String,
    },
}

impl Rejection {
    /// The reason in `ErrorInfo`, documented in the table of reasons.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "NOT_FOUND",
            Self::AlreadyExists { .. } => "ALREADY_EXISTS",
            Self::EtagMismatch { .. } => "ETAG_MISMATCH",
            Self::WrongState { .. } => "WRONG_STATE",
            Self::OfferGone { .. } => "OFFER_GONE",
            Self::CapacityExceeded { .. } => "CAPACITY_EXCEEDED",
            Self::InUse { .. } => "IN_USE",
            Self::LimitReached { .. } => "LIMIT_REACHED",
            Self::InvalidField { .. } => "INVALID_FIELD",
            Self::UnsupportedMode { .. } => "UNSUPPORTED_MODE",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::RequestTooOld => "REQUEST_TOO_OLD",
            Self::RequestTimeAhead => "REQUEST_TIME_AHEAD",
            Self::RequestMemoryFull => "REQUEST_MEMORY_FULL",
            Self::WrongShard { .. } => "WRONG_SHARD",
            Self::ConnectorLapsed { .. } => "CONNECTOR_LAPSED",
            Self::Closed { .. } => "CLOSED",
            Self::Draining { .. } => "DRAINING",
            Self::PresenceForced { .. } => "PRESENCE_FORCED",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.reason(), self)
    }
}

impl core::error::Error for Rejection {}
