//! Who goes first among those who wait: one scale for all channels and queues, integers only.
use crate::{
    ids::InteractionId,
    record::{Interaction, Queue},
    selector::MICROS,
};
use core::cmp::Reverse;

/// The waiting score in millionths; the formula is documented at [`Queue`]. Saturates.
pub fn waiting_score(interaction: &Interaction, queue: &Queue, now_ms: u64) -> i64 {
    let age_ms = i128::from(now_ms.saturating_sub(interaction.waiting_since_ms));
    let priority = i128::from(interaction.priority) + i128::from(queue.priority);
    let ageing = age_ms * i128::from(queue.age_weight_micros_per_s) / 1000;
    let sum = priority * i128::from(MICROS) + ageing + urgency(queue, age_ms);
    sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Grows linearly from 0 to the queue's urgency as the age reaches the service level, and stays there.
fn urgency(queue: &Queue, age_ms: i128) -> i128 {
    let level_ms = i128::from(queue.service_level_ms);
    if level_ms == 0 {
        return 0;
    }
    i128::from(queue.sla_urgency_micros) * age_ms.min(level_ms) / level_ms
}

/// Has it waited past the queue's starvation bound.
pub fn starving(interaction: &Interaction, queue: &Queue, now_ms: u64) -> bool {
    now_ms.saturating_sub(interaction.waiting_since_ms) >= queue.starvation_bound_ms
}

/// Place in the order of waiting: the smaller goes first.
///
/// Those past their starvation bound go first, oldest first, whatever the rest says; then the higher score; then the
/// older; then by name, so that the order is total.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaitingOrder {
    /// False for those past the bound: they go first.
    rested: bool,
    score: Reverse<i64>,
    since_ms: u64,
    id: InteractionId,
}

impl WaitingOrder {
    /// The score it stands for; the highest for those past the starvation bound.
    pub fn score_micros(&self) -> i64 {
        self.score.0
    }
}

/// The interaction's place in the order of waiting; `bonus_micros` is what the agent's profile line adds
/// (its priority in millionths), 0 where no agent is in sight.
pub fn waiting_order(
    interaction: &Interaction,
    queue: &Queue,
    bonus_micros: i64,
    now_ms: u64,
) -> WaitingOrder {
    let starving = starving(interaction, queue, now_ms);
    let score = if starving {
        i64::MAX
    } else {
        waiting_score(interaction, queue, now_ms).saturating_add(bonus_micros)
    };
    WaitingOrder {
        rested: !starving,
        score: Reverse(score),
        since_ms: interaction.waiting_since_ms,
        id: interaction.id.clone(),
    }
}
