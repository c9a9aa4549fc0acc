//! Contract-net: the Matchmaker announces an interaction to its actor with the agents who could serve it, and the actor
//! bids a score for each. Requests go from the Matchmaker to the actor only.
use kindred_affinity::Parts;
use kindred_domain::{ids::TenantId, record::*};
use std::sync::Arc;

/// Agents named in one announcement: the best by grade, the longest idle among equals.
pub const CANDIDATES_MAX: usize = 200;

/// An announcement: who could serve this interaction best.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// The interaction.
    pub interaction: &'a Arc<Interaction>,
    /// At least two and at most [`CANDIDATES_MAX`] agents, every one of them lawful.
    pub candidates: &'a [Arc<Agent>],
    /// What the queue goes by.
    pub revision: &'a PolicyRevision,
    /// Log time.
    pub now_ms: u64,
}

/// An actor's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bid {
    /// A score for each candidate, in their order, millionths; the highest is chosen, the longest idle among equals.
    pub scores: Vec<i64>,
    /// What each score is made of, in the same order; may be empty.
    pub reasons: Vec<Parts>,
}

/// Whoever asks the interaction actors.
pub trait Bidder {
    /// The actor's bid; `None` if there is no actor or it was silent for too long (5 ms), and then grades decide.
    fn bid(&mut self, ask: &Ask<'_>) -> Option<Bid>;
}

/// No actors: grades decide.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBidder;

impl Bidder for NoBidder {
    fn bid(&mut self, _ask: &Ask<'_>) -> Option<Bid> {
        None
    }
}
