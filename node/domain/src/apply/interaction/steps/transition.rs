//! Entering a state: the state, since when, and the bounded list of when it entered which.
use crate::{
    limits,
    record::{Interaction, InteractionState, Transition},
};

/// Enters a state at a log time. Of too many transitions the oldest after the first is dropped.
pub(in crate::apply) fn enter(interaction: &mut Interaction, state: InteractionState, now_ms: u64) {
    if interaction.transitions.len() >= limits::TRANSITIONS_MAX {
        interaction.transitions.remove(1);
    }
    interaction.state = state;
    interaction.state_since_ms = now_ms;
    interaction.transitions.push(Transition { state, at_ms: now_ms });
}
