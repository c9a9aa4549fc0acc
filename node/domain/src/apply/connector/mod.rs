//! Commands about connectors, one file each.
pub(super) mod delete_connector;
pub(super) mod heartbeat_connector;
pub(super) mod lapse;
mod lease;
pub(super) mod reconcile_connector;
pub(super) mod register_connector;
