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
    /// The etag.
    pub version: u64,
}
