//! Events: facts in the past tense.
use super::Error;
use super::mirror::{Mirror, enums, required, structs, variants};
#[cfg(test)]
use super::sample::{Sample, Source};
use kindred_proto::log::v1 as pb;

mod domain {
    pub use kindred_domain::event::*;
    pub use kindred_domain::rejection::Kind;
}

structs! {
    Event { tenant, number, index, at_ms, kind, interaction, queue, agent, conversation }
}

variants! {
    EventKind in event_kind::Kind by kind {
        InteractionCreated { channel, customer }
        InteractionUpdated {  }
        InteractionQueued { cause, waiting_since_ms }
        InteractionClosed { reason }
        OfferMade { offer, expires_ms, score_micros, policy_revision, waited_ms, draw }
        OfferAccepted { offer }
        OfferDeclined { offer, reason }
        OfferExpired { offer }
        OfferRevoked { offer, cause }
        AssignmentConnected { assignment }
        AssignmentHeld { assignment }
        AssignmentRetrieved { assignment }
        ChannelAdded { assignment, channel }
        WrapUpStarted { assignment, until_ms }
        AssignmentEnded { assignment, cause }
        InteractionTransferred { assignment, queue, target_agent, reason }
        ActivityRecorded { party }
        InteractionDormant {  }
        InteractionResuming { until_ms }
        InteractionResumed {  }
        AssignmentOverdue { assignment }
        InteractionUnconfirmed {  }
        InteractionConfirmed {  }
        InteractionDeferred { until_ms, reason }
        DeferralEnded {  }
        AgentExcluded { until_ms }
        ExclusionEnded {  }
        AgentCreated {  }
        AgentUpdated {  }
        AgentDeleted {  }
        PresenceChanged { status, reason }
        AgentBackedOff { until_ms }
        AgentNotResponding { until_ms }
        AgentResponding {  }
        SessionAttached { session }
        SessionDetached { session, lost }
        ConfigChanged { kind, id, deleted }
        ConnectorLapsed { connector }
        ConnectorAlive { connector }
        ConversationAppended { first, count }
        ConversationCreated {  }
        PolicyRolledBack { policy, revision, to }
        QueueOpened { closes_ms }
        QueueClosed { opens_ms }
        InteractionReprioritised { from, to, by }
        InteractionMoved { from, by }
        InteractionPulledBack { by }
        InteractionReassigned { to, by }
        InteractionOverflowed { from }
        QueuePaused { by }
        QueueResumed { by }
        QueueDraining { overflow, by }
        QueueUndrained { by }
        AdjustmentStarted { adjustment, until_ms, by }
        AdjustmentEnded { adjustment, by }
        PresenceForced { status, until_ms, by }
        PresenceLifted { by }
        AgentDraining { by }
        AgentUndrained { by }
    }
}

enums! {
    QueuedCause: Created, Declined, Unanswered, Revoked, ConnectFailed, Transferred, Released, NotResumed,
        TargetNotThere, Moved, PulledBack, Reassigned;
    RevokeCause: StreamLost, PresenceChanged, InteractionClosed, NotQualified, Unconfirmed, MediaError,
        AcceptedByAnother, Moved, PulledBack, Reassigned, Draining;
    Kind: Tenant, Agent, Team, Profile, Queue, Policy, Connector, Session, Customer, Conversation,
        Interaction, Offer, Assignment, Node, Schedule, Adjustment;
}
