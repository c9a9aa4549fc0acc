//! Commands about queues, teams, profiles, policies and tenants, one file each.
pub(super) mod create_policy;
pub(super) mod create_profile;
pub(super) mod create_queue;
pub(super) mod create_team;
pub(super) mod delete_policy;
pub(super) mod delete_profile;
pub(super) mod delete_queue;
pub(super) mod delete_team;
pub(super) mod delete_tenant;
mod policy_rules;
mod profile_rules;
pub(super) mod rollback_policy;
pub(super) mod update_policy;
pub(super) mod update_profile;
pub(super) mod update_queue;
pub(super) mod update_team;
pub(super) mod update_tenant;
