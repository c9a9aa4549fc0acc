//! What is asked of the state machine. One struct per command; its meaning is in `apply/<command>.rs`.
//!
//! Form (lengths, syntax, depth) was checked by `wire`; apply checks everything that depends on state.
use crate::{
    ids::*,
    record::*,
    selector::{Selector, Value},
};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

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
    /// Shard 0: a machine's part or addresses changed.
    UpdateNode;
    /// Raises the gate for new behaviour.
    SetClusterVersion;
    /// A new leader's first command: log time may jump, open deadlines are extended.
    LeaderStarted;
    /// Time passed; deadlines are due.
    Advance;
    /// The leader's state hash at an index.
    CompareHash;
}

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
    /// Answer by.
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

/// User-written fields of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSpec {
    /// Human or bot.
    pub kind: AgentKind,
    /// For people to read.
    pub display_name: String,
    /// Must exist.
    pub team: Option<TeamId>,
    /// Must exist.
    pub profile: ProfileId,
    /// 0–100.
    pub skills: BTreeMap<Skill, u8>,
    /// 0–100.
    pub channel_proficiency: BTreeMap<Channel, u8>,
    /// Labels.
    pub labels: BTreeMap<LabelKey, Value>,
    /// Instead of the profile's.
    pub capacity: Option<Capacity>,
    /// Opaque.
    pub endpoint: String,
}

/// See [`Body::CreateAgent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAgent {
    /// Its name.
    pub id: AgentId,
    /// The fields.
    pub spec: AgentSpec,
}

/// Fields of an agent to change; `None` leaves as is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentPatch {
    /// See [`AgentSpec`].
    pub kind: Option<AgentKind>,
    /// See [`AgentSpec`].
    pub display_name: Option<String>,
    /// See [`AgentSpec`].
    pub team: Option<Option<TeamId>>,
    /// See [`AgentSpec`].
    pub profile: Option<ProfileId>,
    /// See [`AgentSpec`].
    pub skills: Option<BTreeMap<Skill, u8>>,
    /// See [`AgentSpec`].
    pub channel_proficiency: Option<BTreeMap<Channel, u8>>,
    /// See [`AgentSpec`].
    pub labels: Option<BTreeMap<LabelKey, Value>>,
    /// See [`AgentSpec`].
    pub capacity: Option<Option<Capacity>>,
    /// See [`AgentSpec`].
    pub endpoint: Option<String>,
}

/// See [`Body::UpdateAgent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateAgent {
    /// Which.
    pub id: AgentId,
    /// Expected version.
    pub etag: Etag,
    /// What.
    pub patch: AgentPatch,
}

/// See [`Body::DeleteAgent`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteAgent {
    /// Which.
    pub id: AgentId,
    /// Expected version.
    pub etag: Etag,
}

/// One or many agents; all must exist, or nothing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPresence {
    /// Who.
    pub agents: Vec<AgentId>,
    /// The word.
    pub status: PresenceStatus,
    /// Why.
    pub reason: String,
    /// Channels it is for; empty means all.
    pub channels: BTreeSet<Channel>,
    /// Only after the current contact (if there is work).
    pub after_contact: bool,
    /// Falls back to what it was after this time.
    pub expires_after_ms: Option<u64>,
}

/// See [`Body::BatchUpdateAgents`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchUpdateAgents {
    /// At most [`crate::limits::BATCH_MAX`], each agent once.
    pub updates: Vec<UpdateAgent>,
}

/// See [`Body::AttachSession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachSession {
    /// Drawn by the node.
    pub session: SessionId,
    /// The node that holds the stream.
    pub node: NodeId,
    /// For whom; all must exist. An agent with another stream changes over.
    pub agents: Vec<AgentId>,
}

/// See [`Body::RenewSession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewSession {
    /// Which; an unknown one is `NotFound`: attach again.
    pub session: SessionId,
}

/// See [`Body::DetachSession`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachSession {
    /// Which.
    pub session: SessionId,
    /// Whom; empty means all.
    pub agents: Vec<AgentId>,
    /// The stream broke: the rules of lost streams apply.
    pub lost: bool,
}

/// See [`Body::CreateTeam`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTeam {
    /// Its name.
    pub id: TeamId,
    /// For people to read.
    pub display_name: String,
}

/// See [`Body::UpdateTeam`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateTeam {
    /// Which.
    pub id: TeamId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
}

/// See [`Body::DeleteTeam`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTeam {
    /// Which.
    pub id: TeamId,
    /// Expected version.
    pub etag: Etag,
}

/// See [`Body::CreateProfile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateProfile {
    /// Its name.
    pub id: ProfileId,
    /// For people to read.
    pub display_name: String,
    /// Queues must exist; unique by queue and channel.
    pub entries: Vec<ProfileEntry>,
    /// Capacity of its agents.
    pub capacity: Capacity,
}

/// See [`Body::UpdateProfile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateProfile {
    /// Which.
    pub id: ProfileId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
    /// New lines.
    pub entries: Option<Vec<ProfileEntry>>,
    /// New capacity; lowering it keeps current work.
    pub capacity: Option<Capacity>,
}

/// See [`Body::DeleteProfile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteProfile {
    /// Which.
    pub id: ProfileId,
    /// Expected version.
    pub etag: Etag,
}

/// User-written fields of a queue; see [`Queue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSpec {
    /// For people to read.
    pub display_name: String,
    /// Must exist.
    pub policy: PolicyId,
    /// See [`Queue`].
    pub priority: i32,
    /// See [`Queue`].
    pub age_weight_micros_per_s: u64,
    /// See [`Queue`].
    pub service_level_ms: u64,
    /// See [`Queue`].
    pub sla_urgency_micros: u64,
    /// See [`Queue`].
    pub starvation_bound_ms: u64,
    /// See [`Queue`].
    pub max_wait_ms: u64,
    /// See [`Queue`].
    pub channels: BTreeMap<Channel, ChannelRules>,
}

/// See [`Body::CreateQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateQueue {
    /// Its name.
    pub id: QueueId,
    /// The fields.
    pub spec: QueueSpec,
}

/// Replaces the user-written fields (the wire layer merges the update mask over what was read at the given etag).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueuePatch {
    /// See [`QueueSpec`].
    pub display_name: Option<String>,
    /// See [`QueueSpec`].
    pub policy: Option<PolicyId>,
    /// See [`QueueSpec`].
    pub priority: Option<i32>,
    /// See [`QueueSpec`].
    pub age_weight_micros_per_s: Option<u64>,
    /// See [`QueueSpec`].
    pub service_level_ms: Option<u64>,
    /// See [`QueueSpec`].
    pub sla_urgency_micros: Option<u64>,
    /// See [`QueueSpec`].
    pub starvation_bound_ms: Option<u64>,
    /// See [`QueueSpec`].
    pub max_wait_ms: Option<u64>,
    /// See [`QueueSpec`].
    pub channels: Option<BTreeMap<Channel, ChannelRules>>,
}

/// See [`Body::UpdateQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateQueue {
    /// Which.
    pub id: QueueId,
    /// Expected version.
    pub etag: Etag,
    /// What.
    pub patch: QueuePatch,
}

/// See [`Body::DeleteQueue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteQueue {
    /// Which.
    pub id: QueueId,
    /// Expected version.
    pub etag: Etag,
}

/// User-written fields of a policy revision; see [`PolicyRevision`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySpec {
    /// The mode; those of later issues are refused (`UnsupportedMode`).
    pub mode: Mode,
    /// Percent.
    pub skill_weight: u32,
    /// Percent.
    pub channel_weight: u32,
    /// Percent.
    pub preferred_weight: u32,
}

/// See [`Body::CreatePolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatePolicy {
    /// Its name.
    pub id: PolicyId,
    /// For people to read.
    pub display_name: String,
    /// Its first revision.
    pub spec: PolicySpec,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::UpdatePolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatePolicy {
    /// Which.
    pub id: PolicyId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
    /// A new revision.
    pub spec: Option<PolicySpec>,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::DeletePolicy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletePolicy {
    /// Which.
    pub id: PolicyId,
    /// Expected version.
    pub etag: Etag,
    /// Check only.
    pub validate_only: bool,
}

/// See [`Body::RegisterConnector`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterConnector {
    /// Its name.
    pub id: ConnectorId,
    /// For people to read.
    pub display_name: String,
    /// Within [`crate::limits::CONNECTOR_LEASE_RANGE_MS`].
    pub lease_ms: u64,
}

/// See [`Body::HeartbeatConnector`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatConnector {
    /// Which.
    pub id: ConnectorId,
}

/// Which of the connector's open interactions are alive: those listed are confirmed, the others that began before
/// `observed_ms` (`None`: all) are closed as LOST_MEDIA and their agents freed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileConnector {
    /// Which.
    pub id: ConnectorId,
    /// Alive; an unknown id is answered in the reply and changes nothing.
    pub alive: Vec<InteractionId>,
    /// The list was taken at this log time; younger interactions are left alone.
    pub observed_ms: Option<u64>,
    /// Part of a larger list: confirms what is listed and closes nothing.
    pub partial: bool,
}

/// See [`Body::DeleteConnector`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteConnector {
    /// Which.
    pub id: ConnectorId,
    /// Expected version.
    pub etag: Etag,
}

/// User-written fields of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerSpec {
    /// For people to read.
    pub display_name: Sealed,
    /// Ways known.
    pub identities: Vec<CustomerIdentity>,
    /// What scoring may use.
    pub features: BTreeMap<LabelKey, Value>,
    /// Need not exist.
    pub preferred_agents: Vec<AgentId>,
}

/// See [`Body::CreateCustomer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateCustomer {
    /// Its name.
    pub id: CustomerId,
    /// The fields.
    pub spec: CustomerSpec,
}

/// See [`Body::UpdateCustomer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateCustomer {
    /// Which.
    pub id: CustomerId,
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<Sealed>,
    /// Ways known.
    pub identities: Option<Vec<CustomerIdentity>>,
    /// What scoring may use.
    pub features: Option<BTreeMap<LabelKey, Value>>,
    /// Need not exist.
    pub preferred_agents: Option<Vec<AgentId>>,
}

/// See [`Body::DeleteCustomer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteCustomer {
    /// Which.
    pub id: CustomerId,
    /// Expected version.
    pub etag: Etag,
}

/// An item to write; number and log time are given by apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewItem {
    /// What it is.
    pub kind: ItemKind,
    /// In which interaction.
    pub interaction: Option<InteractionId>,
    /// On which channel.
    pub channel: Option<Channel>,
    /// As the platform says; `None` for now.
    pub happened_ms: Option<u64>,
    /// What was said.
    pub body: Sealed,
}

/// See [`Body::AppendConversation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendConversation {
    /// Created if new.
    pub id: ConversationId,
    /// Set if new, must agree otherwise.
    pub customer: Option<CustomerId>,
    /// In order.
    pub items: Vec<NewItem>,
}

/// See [`Body::CreateTenant`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTenant {
    /// Its name.
    pub id: TenantId,
    /// For people to read.
    pub display_name: String,
    /// Chosen by the leader.
    pub shard: u32,
}

/// See [`Body::AdoptTenant`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptTenant {
    /// Its name.
    pub id: TenantId,
    /// For people to read.
    pub display_name: String,
}

/// See [`Body::UpdateTenant`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateTenant {
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
    /// See [`TenantRecord`].
    pub closed_retention_ms: Option<u64>,
    /// See [`TenantRecord`].
    pub closed_retention_bytes: Option<u64>,
    /// See [`TenantRecord`].
    pub event_retention_ms: Option<u64>,
    /// See [`TenantRecord`].
    pub event_retention_bytes: Option<u64>,
}

/// Only a tenant without open interactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTenant {
    /// Expected version.
    pub etag: Etag,
}

/// The same node and storage again gets the same raft id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterNode {
    /// Its name.
    pub id: NodeId,
    /// Its disk.
    pub storage: Uid,
    /// Given at bootstrap; otherwise the next free one.
    pub raft_id: Option<u64>,
    /// `host:port`.
    pub peer_address: String,
    /// `host:port`.
    pub client_address: String,
    /// Newest cluster version it can run.
    pub version: u32,
    /// VOTER at bootstrap, LEARNER otherwise.
    pub role: NodeRole,
}

/// See [`Body::UpdateNode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateNode {
    /// Which.
    pub raft_id: u64,
    /// Its part.
    pub role: Option<NodeRole>,
    /// `host:port`.
    pub peer_address: Option<String>,
    /// `host:port`.
    pub client_address: Option<String>,
    /// Newest cluster version it can run.
    pub version: Option<u32>,
}

/// See [`Body::SetClusterVersion`]; never lowers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetClusterVersion {
    /// The gate.
    pub version: u32,
}

/// See [`Body::LeaderStarted`]; the first command of its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderStarted {
    /// The leader's raft id, for the record.
    pub raft_id: u64,
    /// Its term.
    pub term: u64,
}

/// See [`Body::Advance`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {}

/// See [`Body::CompareHash`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareHash {
    /// At which applied index.
    pub index: u64,
    /// The hash there.
    pub hash: u64,
}
