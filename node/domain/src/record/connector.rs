//! A platform's connection: while its lease is renewed its interactions are confirmed.
use super::Deadline;
use crate::ids::*;
use alloc::string::String;

/// A platform's connection to the router.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connector {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub id: ConnectorId,
    /// For people to read.
    pub display_name: String,
    /// How long a heartbeat is good for.
    pub lease_ms: u64,
    /// When the lease lapses; `None` once it has.
    pub lease: Option<Deadline>,
    /// Lapsed at, log time.
    pub lapsed_ms: Option<u64>,
    /// Its interactions are being made UNCONFIRMED, a bounded number per entry.
    pub marking: Option<Marking>,
    /// The etag.
    pub version: u64,
}

/// How far a lapse has got through the connector's interactions, in name order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marking {
    /// The lapse: younger interactions, and those confirmed since, are left alone.
    pub since_ms: u64,
    /// The last one seen; `None` before the first.
    pub after: Option<InteractionId>,
    /// Goes on with the first entry at or after this log time.
    pub continues_ms: u64,
}
