//! What a supervisor lays down on the floor.
use super::{Floor, T0};
use kindred_domain::record::*;

/// A supervisor's word.
pub fn ruling() -> Intervention {
    Mandate { supervisor: "sue".into(), reason: "drill".into() }.since(T0)
}

impl Floor {
    pub fn set_paused(&mut self, id: &str, paused: bool) {
        self.edit_queue(id, |queue| queue.paused = paused.then(ruling));
    }
}
