//! What happens to agents when the stream that speaks for them is silent.
use crate::{apply::ctx::Ctx, ids::*};

/// A stream's lease lapsed: it is lost.
pub(in crate::apply) fn session_lapsed(_ctx: &mut Ctx<'_>, _session: SessionId) {}

/// A lost stream's presence ends: the agent is OFFLINE.
pub(in crate::apply) fn go_offline(_ctx: &mut Ctx<'_>, _agent: &AgentId) {}
