//! Commands: what is asked of the state machine.
use super::Error;
use super::mirror::{Mirror, enums, required, structs};
#[cfg(test)]
use super::sample::{Sample, Source};
use kindred_domain::ids::{AgentId, Channel, CustomerId, LabelKey, ScheduleId, Skill, TeamId};
use kindred_domain::record::{
    Capacity, ChannelRules, CustomerIdentity, Holiday, Identity, ProfileEntry, Sealed, SpecialDay, WeekdayHours,
};
use kindred_domain::selector::{Selector, Value};
use kindred_proto::log::v1 as pb;
use std::collections::BTreeMap;

mod domain {
    pub use kindred_domain::command::*;
}

structs! {
    Request { id, payload_hash }
    CreateInteraction { id, conversation, channel, direction, customer, identity, external_thread_id,
        connector, queue, labels, required, preferred, priority, human_requested_at_ms, connect_by_ms, context
        }
    InteractionPatch { labels, required, preferred, priority, customer, identity, context,
        human_requested_at_ms, connect_by_ms }
    UpdateInteraction { id, etag, patch }
    CancelInteraction { id, reason, note }
    AbandonInteraction { id }
    CompleteInteraction { id, assignment, note }
    AcceptOffer { interaction, offer }
    DeclineOffer { interaction, offer, reason }
    ReportConnected { interaction, assignment }
    ReportConnectFailed { interaction, assignment, cause }
    HoldAssignment { interaction, assignment }
    RetrieveAssignment { interaction, assignment }
    AddChannel { interaction, assignment, channel }
    TransferInteraction { interaction, assignment, target, connect_by_ms, reason }
    EndAssignment { interaction, assignment }
    CompleteWrapUp { interaction, assignment }
    RecordActivity { interaction, party, now_dormant }
    OfferPlan { offer, interaction, agent, score_micros, policy_revision, draw, free_groups }
    DeferPlan { interaction, until_ms, reason }
    MakeOffers { offers, deferrals }
    AgentSpec { kind, display_name, team, profile, skills, channel_proficiency, labels, capacity, endpoint }
    CreateAgent { id, spec }
    AgentPatch { kind, display_name, team, profile, skills, channel_proficiency, labels, capacity, endpoint }
    UpdateAgent { id, etag, patch }
    DeleteAgent { id, etag }
    SetPresence { agents, status, reason, channels, after_contact, expires_after_ms }
    BatchUpdateAgents { updates }
    AttachSession { session, node, agents }
    RenewSession { session }
    DetachSession { session, agents, lost }
    CreateTeam { id, display_name }
    UpdateTeam { id, etag, display_name }
    DeleteTeam { id, etag }
    CreateProfile { id, display_name, entries, capacity }
    UpdateProfile { id, etag, display_name, entries, capacity }
    DeleteProfile { id, etag }
    QueueSpec { display_name, policy, priority, age_weight_micros_per_s, service_level_ms, sla_urgency_micros,
        starvation_bound_ms, max_wait_ms, channels, schedule, refuse_when_closed }
    CreateQueue { id, spec }
    QueuePatch { display_name, policy, priority, age_weight_micros_per_s, service_level_ms,
        sla_urgency_micros, starvation_bound_ms, max_wait_ms, channels, schedule, refuse_when_closed }
    UpdateQueue { id, etag, patch }
    DeleteQueue { id, etag }
    PolicySpec { mode, skill_weight, channel_weight, preferred_weight, groups, ring_max }
    CreatePolicy { id, display_name, spec, validate_only }
    UpdatePolicy { id, etag, display_name, spec, validate_only }
    DeletePolicy { id, etag, validate_only }
    RegisterConnector { id, display_name, lease_ms }
    HeartbeatConnector { id }
    ReconcileConnector { id, alive, observed_ms, partial }
    DeleteConnector { id, etag }
    CustomerSpec { display_name, identities, features, preferred_agents }
    CreateCustomer { id, spec }
    UpdateCustomer { id, etag, display_name, identities, features, preferred_agents }
    DeleteCustomer { id, etag }
    NewItem { kind, interaction, channel, happened_ms, body }
    AppendConversation { id, customer, items }
    CreateTenant { id, display_name, shard }
    AdoptTenant { id, display_name }
    UpdateTenant { etag, display_name, closed_retention_ms, closed_retention_bytes, event_retention_ms,
        event_retention_bytes }
    DeleteTenant { etag }
    RegisterNode { id, storage, raft_id, peer_address, client_address, version, role }
    UpdateNode { raft_id, role, peer_address, client_address, version, draining }
    SetClusterVersion { version }
    LeaderStarted { raft_id, term }
    Advance {  }
    CompareHash { index, hash }
    RollbackPolicy { id, etag, revision, validate_only }
    CreateSchedule { id, display_name, rules, expansion, validate_only }
    HoursPatch { time_zone, weekly, holidays, special_days }
    UpdateSchedule { id, etag, display_name, patch, expansion, validate_only }
    DeleteSchedule { id, etag, validate_only }
    ExpandSchedule { id, expansion }
    ReprioritiseInteraction { id, etag, priority, by }
    MoveInteraction { id, queue, by }
    PullBackInteraction { id, by }
    ReassignInteraction { id, agent, connect_by_ms, by }
    ForcePresence { agents, status, channels, expires_after_ms, by }
    LiftPresence { agents, by }
    DrainAgents { agents, by }
    UndrainAgents { agents, by }
    StartAdjustment { id, agents, agent_change, interactions, interaction_change, lasts_ms, by }
    EndAdjustment { id, by }
    PauseQueue { id, by }
    ResumeQueue { id, by }
    DrainQueue { id, overflow, by }
    UndrainQueue { id, by }
}

enums! {
    ConnectFailure: AgentNoAnswer, AgentBusy, DeviceUnreachable, CustomerGone, MediaError;
    Party: Customer, Agent;
}

required! {
    domain::TransferTarget => pb::TransferTarget,
}

/// A new value or none: in a patch, where leaving it unset means "as it is".
macro_rules! optional {
    ($($type:ty => $written:ident),* $(,)?) => {$(
        impl Mirror<pb::$written> for Option<$type> {
            fn put(&self) -> pb::$written { pb::$written { value: Mirror::put(self) } }
            fn take(written: pb::$written) -> Result<Self, Error> { Mirror::take(written.value) }
        }
    )*};
}
optional! {
    Selector => OptionalSelector,
    Identity => OptionalIdentity,
    Sealed => OptionalSealed,
    Capacity => OptionalCapacity,
    TeamId => OptionalName,
    CustomerId => OptionalName,
    ScheduleId => OptionalName,
    u64 => OptionalTime,
}

/// A new list or map, possibly empty: in a patch.
macro_rules! some {
    ($($type:ty => $written:ident),* $(,)?) => {$(
        impl Mirror<pb::$written> for $type {
            fn put(&self) -> pb::$written { pb::$written { values: Mirror::put(self) } }
            fn take(written: pb::$written) -> Result<Self, Error> { Mirror::take(written.values) }
        }
    )*};
}
some! {
    BTreeMap<LabelKey, Value> => SomeLabels,
    BTreeMap<Skill, u8> => SomeSkills,
    BTreeMap<Channel, u8> => SomeChannelProficiency,
    BTreeMap<Channel, ChannelRules> => SomeChannelRules,
    Vec<ProfileEntry> => SomeProfileEntries,
    Vec<CustomerIdentity> => SomeIdentities,
    Vec<AgentId> => SomeAgents,
    Vec<WeekdayHours> => SomeWeekly,
    Vec<Holiday> => SomeHolidays,
    Vec<SpecialDay> => SomeSpecialDays,
}

impl Mirror<pb::TransferTarget> for domain::TransferTarget {
    fn put(&self) -> pb::TransferTarget {
        use pb::transfer_target::Target;
        let target = match self {
            Self::Queue(queue) => Target::Queue(queue.put()),
            Self::Agent(agent) => Target::Agent(agent.put()),
        };
        pb::TransferTarget { target: Some(target) }
    }

    fn take(written: pb::TransferTarget) -> Result<Self, Error> {
        use pb::transfer_target::Target;
        match written.target {
            Some(Target::Queue(queue)) => Ok(Self::Queue(Mirror::take(queue)?)),
            Some(Target::Agent(agent)) => Ok(Self::Agent(Mirror::take(agent)?)),
            None => Err(Error::unknown("TransferTarget", 0)),
        }
    }
}

macro_rules! bodies {
    ($($name:ident),* $(,)?) => {
        impl Mirror<pb::Command> for domain::Command {
            fn put(&self) -> pb::Command {
                let body = match &self.body {
                    $(domain::Body::$name(body) => pb::command::Body::$name(body.put()),)*
                };
                pb::Command { tenant: self.tenant.put(), request: self.request.put(), body: Some(body) }
            }

            fn take(written: pb::Command) -> Result<Self, Error> {
                let body = match written.body {
                    $(Some(pb::command::Body::$name(body)) => domain::Body::$name(Mirror::take(body)?),)*
                    None => return Err(Error::unknown("Command", 0)),
                };
                let (tenant, request) = (Mirror::take(written.tenant)?, Mirror::take(written.request)?);
                Ok(Self { tenant, request, body })
            }
        }

        #[cfg(test)]
        impl Sample for domain::Body {
            fn sample(source: &mut Source) -> Self {
                let choices: &[fn(&mut Source) -> Self] = &[$(|source|
                    Self::$name(Sample::sample(source))),*];
                source.pick(choices)(source)
            }
        }
    };
}
bodies! {
    CreateInteraction, UpdateInteraction, CancelInteraction, AbandonInteraction, CompleteInteraction,
        AcceptOffer, DeclineOffer, ReportConnected, ReportConnectFailed, HoldAssignment, RetrieveAssignment,
        AddChannel, TransferInteraction, EndAssignment, CompleteWrapUp, RecordActivity, MakeOffers,
        CreateAgent, UpdateAgent, DeleteAgent, SetPresence, BatchUpdateAgents, AttachSession, RenewSession,
        DetachSession, CreateTeam, UpdateTeam, DeleteTeam, CreateProfile, UpdateProfile, DeleteProfile,
        CreateQueue, UpdateQueue, DeleteQueue, CreatePolicy, UpdatePolicy, DeletePolicy, RegisterConnector,
        HeartbeatConnector, ReconcileConnector, DeleteConnector, CreateCustomer, UpdateCustomer,
        DeleteCustomer, AppendConversation, CreateTenant, AdoptTenant, UpdateTenant, DeleteTenant,
        RegisterNode, UpdateNode, SetClusterVersion, LeaderStarted, Advance, CompareHash, RollbackPolicy,
        CreateSchedule, UpdateSchedule, DeleteSchedule, ExpandSchedule,
        ReprioritiseInteraction, MoveInteraction, PullBackInteraction, ReassignInteraction, ForcePresence,
        StartAdjustment, EndAdjustment, LiftPresence, DrainAgents, UndrainAgents, PauseQueue, ResumeQueue, DrainQueue, UndrainQueue,
}

#[cfg(test)]
mod samples {
    use super::*;

    impl Sample for domain::Command {
        fn sample(source: &mut Source) -> Self {
            Self { tenant: Sample::sample(source), request: Sample::sample(source), body: Sample::sample(source) }
        }
    }

    impl Sample for domain::TransferTarget {
        fn sample(source: &mut Source) -> Self {
            match bool::sample(source) {
                true => Self::Queue(Sample::sample(source)),
                false => Self::Agent(Sample::sample(source)),
            }
        }
    }
}
