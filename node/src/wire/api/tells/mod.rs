//! Records and events as callers see them. Nothing that holds a deadline is left out.
mod agent;
mod cluster;
mod config;
mod connector;
mod customer;
mod event;
mod interaction;
mod schedule;
mod supervision;

pub use agent::{agent, status};
pub use cluster::{node, tenant};
pub use config::{policy, policy_revision, profile, queue, team};
pub use connector::connector;
pub use customer::{conversation, customer, item};
pub use event::{event, public_kind, revoke_cause};
pub use interaction::{assignment, interaction, offer, public_state};
pub use schedule::{queue_hours, schedule};
pub use supervision::adjustment;
