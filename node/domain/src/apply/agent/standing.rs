//! An agent's presence and standing with the router: what is said, what falls back, what ends a penalty.
use crate::{apply::ctx::Ctx, ids::*};

/// A presence with an expiry falls back.
pub(in crate::apply) fn presence_expired(_ctx: &mut Ctx<'_>, _agent: &AgentId) {}

/// A back-off after a missed offer is over.
pub(in crate::apply) fn backoff_over(_ctx: &mut Ctx<'_>, _agent: &AgentId) {}

/// NOT_RESPONDING is over.
pub(in crate::apply) fn not_responding_over(_ctx: &mut Ctx<'_>, _agent: &AgentId) {}

/// The agent's last work ended: the presence said for after this contact takes effect. Called by whoever takes work
/// away, once the agent has none left.
pub(in crate::apply) fn work_over(_ctx: &mut Ctx<'_>, _agent: &AgentId) {}
