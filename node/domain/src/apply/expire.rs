//! What happens by itself: deadlines that are due, and their extension at a change of leader.
use super::ctx::Out;
use crate::state::State;

/// Extends open offer, connect, wrap-up, session and connector deadlines by the gap.
pub(super) fn extend(_state: &mut State, _out: &mut Out, _gap_ms: u64) {}

/// Expires what is due, at most a bounded number.
pub(super) fn expire(_state: &mut State, _out: &mut Out) {}
