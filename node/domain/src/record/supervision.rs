//! What supervisors have laid down: who, why, and since when.
use crate::ids::QueueId;
use alloc::string::String;

/// Who intervenes, and why. Neither is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mandate {
    /// A label of whoever does it, at most [`crate::limits::NAME_MAX`] characters; opaque.
    pub supervisor: String,
    /// Why, at most [`crate::limits::TEXT_MAX`] characters.
    pub reason: String,
}

impl Mandate {
    /// As it stands in a record, from a log time on.
    pub fn since(&self, since_ms: u64) -> Intervention {
        Intervention { by: self.clone(), since_ms }
    }

    /// Characters on disk.
    pub(crate) fn len(&self) -> usize {
        self.supervisor.len() + self.reason.len()
    }
}

/// A supervisor's word that stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Intervention {
    /// Whose, and why.
    pub by: Mandate,
    /// Since when, log time.
    pub since_ms: u64,
}

/// A queue that takes nothing new; what is in it is served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueDrain {
    /// Whose word, and why.
    pub word: Intervention,
    /// Where what comes goes instead; without any it is refused.
    pub overflow: Option<QueueId>,
}
