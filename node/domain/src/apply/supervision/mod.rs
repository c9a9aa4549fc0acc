//! Commands of supervisors, one file each. Every one is an event with its mandate, and what stands by it is in a record.
pub(super) mod adjust;
pub(super) mod drain_agents;
pub(super) mod drain_queue;
pub(super) mod end_adjustment;
pub(super) mod entrance;
pub(super) mod force_presence;
pub(super) mod lift_presence;
pub(super) mod move_interaction;
pub(super) mod pause_queue;
pub(super) mod pull_back_interaction;
pub(super) mod reassign_interaction;
pub(super) mod reprioritise_interaction;
pub(super) mod resume_queue;
mod rules;
pub(super) mod start_adjustment;
mod take;
pub(super) mod undrain_agents;
pub(super) mod undrain_queue;
