//! Commands about agents and their streams, one file each.
pub(super) mod attach_session;
pub(super) mod batch_update_agents;
pub(super) mod create_agent;
pub(super) mod delete_agent;
pub(super) mod detach_session;
pub(super) mod lease;
pub(super) mod refit;
pub(super) mod renew_session;
mod rules;
pub(super) mod set_presence;
pub(super) mod standing;
pub(super) mod update_agent;
