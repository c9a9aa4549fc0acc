//! What is asked of the state machine. One struct per command; its meaning is in `apply/<command>.rs`.
//!
//! Form (lengths, syntax, depth) was checked by `wire`; apply checks everything that depends on state.
mod agent;
mod config;
mod interaction;
mod platform;
mod schedule;
mod shard;
mod supervision;

pub use agent::*;
pub use config::*;
pub use interaction::*;
pub use platform::*;
pub use schedule::*;
pub use shard::*;
pub use supervision::*;

use crate::ids::*;
use alloc::boxed::Box;

/// A caller's request: what makes a retry recognisable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The `request_id`.
    pub id: RequestId,
    /// Keyed hash of the payload, taken before ids, time and sealing are added.
    pub payload_hash: u64,
}

/// A command to one tenant, or to the shard itself (`tenant` is `None`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Whose.
    pub tenant: Option<TenantId>,
    /// The caller's request; the leader's own commands have none.
    pub request: Option<Request>,
    /// What.
    pub body: Body,
}

/// Expected version of the record; a mismatch is `Rejection::EtagMismatch`.
pub type Etag = Option<u64>;

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// Every command.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Body {
            $($(#[$doc])* $name(Box<$name>),)*
        }
        $(impl From<$name> for Body { fn from(command: $name) -> Self { Body::$name(Box::new(command)) } })*
        impl Body {
            /// The command's name, for logs and metrics.
            pub fn name(&self) -> &'static str {
                match self { $(Body::$name(_) => stringify!($name),)* }
            }
        }
    };
}

bodies! {
    /// A platform submits.
    CreateInteraction;
    /// Changes user-written fields.
    UpdateInteraction;
    /// The platform withdraws.
    CancelInteraction;
    /// The customer left.
    AbandonInteraction;
    /// Ends the customer's contact: the PRIMARY goes to wrap-up, the interaction closes.
    CompleteInteraction;
    /// An agent takes the offer.
    AcceptOffer;
    /// An agent declines.
    DeclineOffer;
    /// The platform connected the agent.
    ReportConnected;
    /// The platform could not.
    ReportConnectFailed;
    /// On hold.
    HoldAssignment;
    /// Back from hold.
    RetrieveAssignment;
    /// The same agent, one more channel.
    AddChannel;
    /// Blind transfer to a queue or agent.
    TransferInteraction;
    /// Ends an agent's part: wrap-up; the interaction is requeued.
    EndAssignment;
    /// Ends after-work.
    CompleteWrapUp;
    /// Customer or agent wrote.
    RecordActivity;
    /// The leader's Matchmaker: offers and deferrals.
    MakeOffers;
    /// Adds an agent.
    CreateAgent;
    /// Changes an agent.
    UpdateAgent;
    /// Removes an agent without work.
    DeleteAgent;
    /// Says where agents are.
    SetPresence;
    /// Changes several agents, all or none.
    BatchUpdateAgents;
    /// A stream begins to speak for agents.
    AttachSession;
    /// A stream renews its lease.
    RenewSession;
    /// A stream stops speaking for agents; `lost` if it broke.
    DetachSession;
    /// Adds a team.
    CreateTeam;
    /// Changes a team.
    UpdateTeam;
    /// Removes a team without agents.
    DeleteTeam;
    /// Adds a routing profile.
    CreateProfile;
    /// Changes a routing profile.
    UpdateProfile;
    /// Removes a routing profile without agents.
    DeleteProfile;
    /// Adds a queue.
    CreateQueue;
    /// Changes a queue.
    UpdateQueue;
    /// Removes an empty queue that no profile names.
    DeleteQueue;
    /// Adds a policy.
    CreatePolicy;
    /// Adds a revision.
    UpdatePolicy;
    /// Removes a policy no queue uses.
    DeletePolicy;
    /// Registers a connector, or takes it up again.
    RegisterConnector;
    /// Renews a lease.
    HeartbeatConnector;
    /// Says which interactions are alive.
    ReconcileConnector;
    /// Removes a connector.
    DeleteConnector;
    /// Adds a customer.
    CreateCustomer;
    /// Changes a customer.
    UpdateCustomer;
    /// Removes a customer's profile.
    DeleteCustomer;
    /// Writes items; creates the conversation if it is new.
    AppendConversation;
    /// Shard 0: places a tenant.
    CreateTenant;
    /// The owning shard takes a placed tenant on; repeats change nothing.
    AdoptTenant;
    /// Changes a tenant's settings.
    UpdateTenant;
    /// Empties and removes a tenant.
    DeleteTenant;
    /// Shard 0: a machine announces itself; gives it a raft id.
    RegisterNode;
    /// Shard 0: a machine's part, addresses or drain changed.
    UpdateNode;
    /// Raises the gate for new behaviour.
    SetClusterVersion;
    /// A new leader's first command: log time may jump, open deadlines are extended.
    LeaderStarted;
    /// Time passed; deadlines are due.
    Advance;
    /// The leader's state hash at an index.
    CompareHash;
    /// A kept revision of a policy becomes a new one.
    RollbackPolicy;
    /// Adds hours of operation.
    CreateSchedule;
    /// Changes hours of operation.
    UpdateSchedule;
    /// Removes hours no queue follows.
    DeleteSchedule;
    /// The leader's own: hours worked out anew, further ahead or by newer zone data.
    ExpandSchedule;
    /// A supervisor changes an open interaction's priority.
    ReprioritiseInteraction;
    /// A supervisor lets it wait in another queue.
    MoveInteraction;
    /// A supervisor takes it from who has it or is offered it, back into its queue.
    PullBackInteraction;
    /// A supervisor takes it from who has it and gives it to a named agent.
    ReassignInteraction;
    /// A supervisor says where agents are.
    ForcePresence;
    /// Ends that.
    LiftPresence;
    /// A supervisor lets agents finish what they have: nothing new is offered.
    DrainAgents;
    /// Ends that.
    UndrainAgents;
    /// A supervisor changes many agents or interactions until a time.
    StartAdjustment;
    /// It ends before.
    EndAdjustment;
    /// A supervisor lets nothing be offered from a queue.
    PauseQueue;
    /// Ends that.
    ResumeQueue;
    /// A supervisor lets a queue take nothing new.
    DrainQueue;
    /// Ends that.
    UndrainQueue;
}
