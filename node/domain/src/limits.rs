//! Every bound of the state machine, by name. The reaction at a bound is stated beside it.

/// Characters in an identifier; longer is `Malformed`.
pub const NAME_MAX: usize = 128;
/// Characters in a display name, reason, or label text; longer is `Malformed`.
pub const TEXT_MAX: usize = 256;
/// Labels on an interaction or agent; more is `Malformed`.
pub const LABELS_MAX: usize = 64;
/// Skills of an agent; more is `Malformed`.
pub const SKILLS_MAX: usize = 256;
/// Channels of a tenant, an agent's presence, or a profile; more is `Malformed`.
pub const CHANNELS_MAX: usize = 16;
/// Depth of a selector tree; deeper is `Malformed`.
pub const SELECTOR_DEPTH_MAX: usize = 8;
/// Nodes and listed values in a selector tree; more is `Malformed`.
pub const SELECTOR_NODES_MAX: usize = 64;
/// Bytes of an interaction's context; more is `Malformed`.
pub const CONTEXT_MAX_BYTES: usize = 16 * 1024;
/// Bytes of a conversation item's body; more is `Malformed`.
pub const ITEM_MAX_BYTES: usize = 16 * 1024;
/// Items kept of one conversation; more is refused with `LIMIT_REACHED`.
pub const ITEMS_PER_CONVERSATION: u64 = 10_000;
/// Entries of a routing profile; more is `Malformed`.
pub const PROFILE_ENTRIES_MAX: usize = 1_000;
/// Identities of a customer; more is `Malformed`.
pub const IDENTITIES_MAX: usize = 16;
/// Features of a customer; more is `Malformed`.
pub const FEATURES_MAX: usize = 64;
/// Preferred agents of a customer; more is `Malformed`.
pub const PREFERRED_AGENTS_MAX: usize = 8;
/// Agents in one batch or session command; more is `Malformed`.
pub const BATCH_MAX: usize = 1_000;
/// Revisions of a policy kept; the oldest is dropped.
pub const POLICY_REVISIONS_MAX: usize = 32;
/// Transitions kept on an interaction; the oldest after the first is dropped.
pub const TRANSITIONS_MAX: usize = 64;
/// Assignments kept on an interaction; ended ones are dropped first, the first kept.
pub const ASSIGNMENTS_MAX: usize = 32;
/// Agents excluded from an interaction after declining; the earliest ending is dropped.
pub const EXCLUSIONS_MAX: usize = 64;
/// Channels one interaction may use at once (add channel); more is refused with `LIMIT_REACHED`.
pub const INTERACTION_CHANNELS_MAX: usize = 4;
/// Assignments and offers of one agent at once; more is refused.
pub const WORK_PER_AGENT_MAX: usize = 64;
/// What happens by itself in one entry: deadlines, and of a lapse every interaction marked, of a lost stream every agent
/// and offer; the rest with the next. A stream is lost as a whole, so its last may exceed this by [`BATCH_MAX`] agents.
pub const EXPIRED_PER_ENTRY: usize = 1_000;
/// Records swept by retention in one entry; the rest by the next.
pub const SWEPT_PER_ENTRY: usize = 1_000;
/// Offers in one `MakeOffers`.
pub const OFFERS_PER_BATCH: usize = 256;
/// Commands in one entry.
pub const COMMANDS_PER_ENTRY: usize = 256;
/// Agents per tenant; more is refused with `LIMIT_REACHED`.
pub const AGENTS_PER_TENANT: usize = 20_000;
/// Queues per tenant; more is refused with `LIMIT_REACHED`.
pub const QUEUES_PER_TENANT: usize = 10_000;
/// Open interactions per tenant; more is refused with `LIMIT_REACHED`.
pub const OPEN_PER_TENANT: usize = 1_000_000;
/// Teams, profiles, policies, connectors and sessions per tenant, each; more is refused.
pub const CONFIG_PER_TENANT: usize = 10_000;
/// Customers per tenant; more is refused with `LIMIT_REACHED`.
pub const CUSTOMERS_PER_TENANT: usize = 1_000_000;
/// Conversations per tenant; more is refused with `LIMIT_REACHED`.
pub const CONVERSATIONS_PER_TENANT: usize = 2_000_000;
/// Tenants of the cluster; more is refused.
pub const TENANTS_MAX: usize = 10_000;
/// Nodes of the cluster; more is refused.
pub const NODES_MAX: usize = 64;
/// Nodes of the cluster's whole life, removed ones included; more is refused.
pub const NODES_EVER_MAX: usize = 4_096;
/// Remembered requests per tenant; at the bound new submits are refused, entries are never evicted early.
pub const REQUESTS_PER_TENANT: usize = 8_000_000;
/// Of these, kept free for what is not a submit: agents' answers go on when submits are refused.
pub const REQUESTS_RESERVED: usize = REQUESTS_PER_TENANT / 8;
/// A request is too old after this, in log time; its first reply is kept at least as long.
pub const REQUEST_MEMORY_MS: u64 = 15 * 60 * 1000;
/// How long a request stays in memory: as long as a v7 id from [`REQUEST_AHEAD_MS`] ahead is not too old, or its retry
/// could be taken for a new request.
pub const REQUEST_KEPT_MS: u64 = REQUEST_MEMORY_MS + REQUEST_AHEAD_MS;
/// How far ahead of log time a v7 `request_id` may be.
pub const REQUEST_AHEAD_MS: u64 = 60 * 1000;

/// Offer timeout where the queue says nothing.
pub const OFFER_TIMEOUT_MS: u64 = 20_000;
/// Connect timeout where the queue says nothing.
pub const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// Wrap-up where the queue says nothing.
pub const WRAP_UP_TIMEOUT_MS: u64 = 30_000;
/// First back-off after an unanswered offer; doubles.
pub const RONA_BACKOFF_MS: u64 = 5_000;
/// Unanswered offers in a row after which an agent is NOT_RESPONDING.
pub const RONA_LIMIT: u32 = 3;
/// How long NOT_RESPONDING lasts.
pub const NOT_RESPONDING_MS: u64 = 60_000;
/// How long a decline excludes the agent from that interaction.
pub const DECLINE_EXCLUSION_MS: u64 = 60_000;
/// First exclusion of a sole qualified agent; doubles up to the full exclusion.
pub const SOLE_EXCLUSION_MS: u64 = 5_000;
/// Agents looked at to find out whether somebody is the only one qualified; undecided after these counts as not the only
/// one.
pub const SOLE_LOOK_MAX: usize = 2_000;
/// Open interactions looked at to name one of a queue that cannot be deleted; then only how many there are is said.
pub const NAMED_LOOK_MAX: usize = 1_000;
/// Offers of a lost stream are revoked after this.
pub const STREAM_LOST_REVOKE_MS: u64 = 5_000;
/// Presence of a lost stream is kept this long.
pub const STREAM_LOST_PRESENCE_MS: u64 = 30_000;
/// Lease of an agent stream, renewed by its node.
pub const SESSION_LEASE_MS: u64 = 15_000;
/// Lease of a connector where it says nothing; and its bounds.
pub const CONNECTOR_LEASE_MS: u64 = 15_000;
/// Shortest and longest lease a connector may ask for.
pub const CONNECTOR_LEASE_RANGE_MS: (u64, u64) = (1_000, 300_000);
/// How long the same agent is waited for when a customer writes again.
pub const RESUME_TIMEOUT_MS: u64 = 60_000;
/// A named agent (blind transfer) is waited for until this long before `connect_by`, then anyone may have it.
pub const OVERFLOW_BEFORE_MS: u64 = 5_000;
/// Longest bounded wait the Matchmaker may decide; a longer one is cut.
pub const DEFERRAL_MAX_MS: u64 = 10 * 60 * 1000;
/// Bounded waits of an interaction since its last offer; one more is not taken.
pub const DEFERRALS_MAX: u32 = 32;
/// After this wait the oldest goes first whatever the rest says, where the queue says nothing.
pub const STARVATION_BOUND_MS: u64 = 10 * 60 * 1000;
/// Longest assigned voice work, where the queue says nothing.
pub const VOICE_ASSIGNED_MAX_MS: u64 = 4 * 3600 * 1000;
/// A `LeaderStarted` extends open deadlines by at most this.
pub const EXTENSION_MAX_MS: u64 = 5_000;
/// All extensions of one deadline together.
pub const EXTENSION_TOTAL_MAX_MS: u64 = 30_000;
/// Default retention of closed interactions.
pub const CLOSED_RETENTION_MS: u64 = 30 * 24 * 3600 * 1000;
/// Default cap on closed interactions kept, in bytes of records.
pub const CLOSED_RETENTION_BYTES: u64 = 2 << 30;
/// Default retention of events.
pub const EVENT_RETENTION_MS: u64 = 7 * 24 * 3600 * 1000;
/// Default cap on events kept, in bytes.
pub const EVENT_RETENTION_BYTES: u64 = 1 << 30;
/// Events in one stretch, the unit retention drops.
pub const EVENTS_PER_STRETCH: u64 = 1_024;
/// A stretch of events ends after this, however few it has.
pub const STRETCH_MS: u64 = 3600 * 1000;
/// Interactions listed in one `ReconcileConnector`; more is `Malformed` (send parts).
pub const RECONCILE_MAX: usize = 10_000;
/// Interactions that `ReconcileConnector`s close in one entry; as many more are counted in the reply.
pub const LOST_PER_ENTRY: usize = 1_000;
/// Items in one `AppendConversation`; more is `Malformed`.
pub const ITEMS_PER_APPEND: usize = 256;
/// Schedules per tenant; more is refused with `LIMIT_REACHED`.
pub const SCHEDULES_PER_TENANT: usize = 1_000;
/// Intervals of one day of a schedule; more is `Malformed`.
pub const HOURS_PER_DAY_MAX: usize = 8;
/// Holidays of a schedule, and special days of it, each; more is `Malformed`.
pub const HOURS_DATES_MAX: usize = 366;
/// How far ahead of the moment a schedule is worked out; beyond it counts as closed.
pub const HOURS_HORIZON_MS: u64 = 400 * 24 * 3600 * 1000;
/// And how far behind it, for log time that is not quite the clock's.
pub const HOURS_BEHIND_MS: u64 = 2 * 24 * 3600 * 1000;
/// The leader works a schedule out again when so much of the horizon has passed.
pub const HOURS_EXTEND_AFTER_MS: u64 = 30 * 24 * 3600 * 1000;
/// Spans of a worked out schedule: [`HOURS_PER_DAY_MAX`] for each day of the horizon; more is refused.
pub const HOURS_SPANS_MAX: usize = 4_096;
/// Adjustments that stand in one tenant; more is refused with `LIMIT_REACHED`. Each has at most [`BATCH_MAX`] agents and
/// interactions, and reverts as a whole: so an entry may exceed [`EXPIRED_PER_ENTRY`] by one of them.
pub const ADJUSTMENTS_PER_TENANT: usize = 100;
/// Timeouts anybody may configure lie within this range.
pub const TIMEOUT_RANGE_MS: (u64, u64) = (50, 30 * 24 * 3600 * 1000);
/// Groups a PERCENT_SPLIT names, at least and at most; others are refused with `INVALID_FIELD`.
pub const SPLIT_GROUPS: (usize, usize) = (2, 16);
/// How much of its part of what spilled a group is ever behind or ahead, millionths of an offer; more is forgotten.
pub const SPILL_CARRIED_MICROS: i64 = 2_000_000;
/// Agents a RING_ALL holds one interaction out to at once, at most; more is refused with `INVALID_FIELD`.
pub const RING_MAX: usize = 32;
/// As many where a RING_ALL says nothing.
pub const RING_DEFAULT: u32 = 8;
