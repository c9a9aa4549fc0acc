//! What apply tells the caller.
use crate::{ids::*, record::*, rejection::Rejection};
use alloc::{sync::Arc, vec::Vec};

/// A command's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Applied now (or rejected now).
    Fresh(Result<Reply, Rejection>),
    /// Applied before under the same request: the first reply is stored under the request's id.
    Repeat {
        /// Log index of the first.
        index: u64,
        /// Its position in the entry.
        position: u32,
    },
}

/// What a command gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing to say.
    Done,
    /// The interaction afterwards.
    Interaction(Arc<Interaction>),
    /// The agent afterwards.
    Agent(Arc<Agent>),
    /// The agents afterwards, in the request's order.
    Agents(Vec<Arc<Agent>>),
    /// The session afterwards.
    Session(Arc<Session>),
    /// The team afterwards.
    Team(Arc<Team>),
    /// The profile afterwards.
    Profile(Arc<Profile>),
    /// The queue afterwards.
    Queue(Arc<Queue>),
    /// The policy afterwards.
    Policy(Arc<Policy>),
    /// The connector afterwards.
    Connector(Arc<Connector>),
    /// What reconciling found.
    Reconciled {
        /// The connector afterwards.
        connector: Arc<Connector>,
        /// Closed as LOST_MEDIA.
        lost: Vec<InteractionId>,
        /// Listed as alive, not open here.
        unknown: Vec<InteractionId>,
        /// How many more are to be closed, of which [`crate::limits::LOST_PER_ENTRY`] are counted: reconcile again with the
        /// same list.
        remaining: u32,
    },
    /// The customer afterwards.
    Customer(Arc<Customer>),
    /// The conversation afterwards.
    Conversation(Arc<Conversation>),
    /// What was made of a batch of offers.
    Offers {
        /// How many were made.
        made: u32,
        /// Those that were stale, and why.
        dropped: Vec<(InteractionId, Dropped)>,
    },
    /// The tenant's settings afterwards.
    Tenant(Arc<TenantRecord>),
    /// Where the tenant lives.
    Placement(Arc<Placement>),
    /// The node afterwards.
    Node(Arc<Node>),
    /// The schedule afterwards.
    Schedule(Arc<Schedule>),
    /// The adjustment as it stands, or stood.
    Adjustment(Arc<Adjustment>),
}

/// Why a planned offer was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dropped {
    /// The interaction does not wait.
    InteractionNotWaiting,
    /// There is no such agent.
    AgentGone,
    /// The agent is not available (presence, back-off, not responding, lost stream).
    AgentNotAvailable,
    /// No room.
    NoCapacity,
    /// The profile does not serve the queue and channel, or not yet (delay).
    NotServed,
    /// The required selector does not hold.
    NotQualified,
    /// Declined a short while ago.
    Excluded,
    /// Its connector is silent.
    Unconfirmed,
    /// A bounded wait that is over already, or one too many.
    DeferralRefused,
    /// The queue is closed.
    QueueClosed,
    /// A supervisor paused the queue.
    QueuePaused,
    /// A supervisor drains the agent.
    AgentDraining,
}
