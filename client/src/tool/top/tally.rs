//! What happened since the watch began, by queue and channel.
use std::sync::Arc;

/// Queue and channel.
pub type Key = (Arc<str>, Arc<str>);

/// Counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Connected to an agent for the first time.
    pub answered: u64,
    /// Of those within the queue's service level.
    pub in_time: u64,
    /// The customer left before anybody answered.
    pub abandoned: u64,
    pub offers: u64,
    /// Offers nobody answered in time.
    pub missed: u64,
}

impl Tally {
    pub fn add(&mut self, more: Tally) {
        self.answered += more.answered;
        self.in_time += more.in_time;
        self.abandoned += more.abandoned;
        self.offers += more.offers;
        self.missed += more.missed;
    }

    /// `answered_within(service level) / (answered + abandoned)` in percent; nothing before the first of them.
    pub fn service_level_percent(&self) -> Option<u64> {
        let all = self.answered + self.abandoned;
        (all > 0).then(|| self.in_time * 100 / all)
    }
}
