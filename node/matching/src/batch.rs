//! What the Matchmaker proposes, how it ended, and what was counted.
use kindred_affinity::Parts;
use kindred_domain::{command::MakeOffers, ids::*, reply::Dropped};
use std::collections::BTreeMap;

/// What to propose: one command for each tenant, [`OFFERS_PER_BATCH`] offers in all. Deferrals are empty: no rule of
/// today keeps a lawful pair waiting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The commands, by tenant.
    pub offers: BTreeMap<TenantId, MakeOffers>,
    /// What the scores of offers are made of, in modes that score.
    pub reasons: Vec<(OfferId, Parts)>,
}

impl Batch {
    /// Offers of all tenants.
    pub fn len(&self) -> usize {
        self.offers.values().map(|command| command.offers.len()).sum()
    }

    /// No offer at all; the Matchmaker never gives such a batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How the batch in flight ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Applied, and its changes told before this; with what apply dropped.
    Applied(Vec<(TenantId, InteractionId, Dropped)>),
    /// Rejected, not proposed, or dropped with a change of term: nothing came of it.
    Lost,
}

/// Counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Batches composed.
    pub batches: u64,
    /// Offers planned.
    pub offers: u64,
    /// Planned offers that apply dropped.
    pub dropped: u64,
    /// Announcements that were answered.
    pub bids: u64,
    /// Announcements that were not: grades decided.
    pub silent: u64,
    /// Answers that did not fit the announcement: grades decided.
    pub unfit: u64,
}
