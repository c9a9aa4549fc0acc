//! An agent's part in an interaction.
use super::Deadline;
use crate::ids::*;
use alloc::vec::Vec;

/// An agent's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Serves the customer; at most one of these connecting, active or held.
    Primary,
    /// Asked for advice; later.
    Consult,
    /// Takes part; later.
    Conference,
    /// Listens; later.
    Monitor,
}

/// Where an assignment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssignmentState {
    /// The platform dials; has a deadline.
    Connecting,
    /// They talk.
    Active,
    /// On hold; costs all its capacity.
    Held,
    /// The customer is silent; costs the configured fraction.
    Dormant,
    /// After-work; has a deadline.
    WrapUp,
    /// Over.
    Ended,
}

/// Why an assignment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndCause {
    /// Served to the end.
    Completed,
    /// Given on.
    Transferred,
    /// Connect failed: the agent did not answer.
    AgentNoAnswer,
    /// Connect failed: the agent's device was busy.
    AgentBusy,
    /// Connect failed: the device is not reachable.
    DeviceUnreachable,
    /// Connect failed or the customer hung up.
    CustomerGone,
    /// Connect failed: media.
    MediaError,
    /// Connect deadline passed.
    ConnectTimeout,
    /// The longest assigned time passed.
    Expired,
    /// The interaction was cancelled or abandoned.
    Closed,
    /// The platform lost it.
    LostMedia,
    /// Resuming went elsewhere: the agent was not there in time.
    NotResumed,
    /// The agent ended the part and the interaction goes back to the queue.
    Released,
    /// A supervisor pulled the interaction back.
    PulledBack,
    /// A supervisor gave the interaction to another agent.
    Reassigned,
}

/// An agent's part in an interaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// Equal to the offer it came from.
    pub id: AssignmentId,
    /// Whose.
    pub agent: AgentId,
    /// What part.
    pub role: Role,
    /// Where it is.
    pub state: AssignmentState,
    /// Channels it takes capacity on, at least one.
    pub channels: Vec<Channel>,
    /// Capacity units taken now.
    pub units: u32,
    /// Connect, wrap-up or longest-assigned deadline, by state; visible.
    pub deadline: Option<Deadline>,
    /// Accepted, log time.
    pub accepted_ms: u64,
    /// Connected, log time.
    pub connected_ms: Option<u64>,
    /// Accumulated hold.
    pub held_ms: u64,
    /// Since when in this state.
    pub state_since_ms: u64,
    /// Talk ended, wrap-up began.
    pub wrap_up_ms: Option<u64>,
    /// Ended.
    pub ended_ms: Option<u64>,
    /// Why it ended.
    pub cause: Option<EndCause>,
}
