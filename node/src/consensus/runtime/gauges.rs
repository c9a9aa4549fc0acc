//! What a shard shows of itself at every tick; handles are taken once, their labels cost more than their numbers.
use crate::consensus::{
    gateway::lane_name,
    lanes::{Lane, Lanes},
    ports::ShardId,
    submission::Submission,
};
use metrics::Gauge;

/// One shard's.
pub struct Gauges {
    term: Gauge,
    leads: Gauge,
    commit_index: Gauge,
    lanes: [(Lane, Gauge); 3],
}

impl Gauges {
    pub fn new(shard: ShardId) -> Self {
        let shard = shard.to_string();
        let lane = |lane| {
            let gauge = metrics::gauge!("kindred_lane_depth", "shard" => shard.clone(), "lane" => lane_name(lane));
            (lane, gauge)
        };
        Self {
            lanes: [Lane::Internal, Lane::Answer, Lane::Submit].map(lane),
            term: metrics::gauge!("kindred_raft_term", "shard" => shard.clone()),
            leads: metrics::gauge!("kindred_raft_is_leader", "shard" => shard.clone()),
            commit_index: metrics::gauge!("kindred_raft_commit_index", "shard" => shard.clone()),
        }
    }

    pub fn publish(&self, term: u64, leads: bool, commit_index: u64, lanes: &Lanes<Submission>) {
        self.term.set(term as f64);
        self.leads.set(f64::from(u8::from(leads)));
        self.commit_index.set(commit_index as f64);
        for (lane, gauge) in &self.lanes {
            gauge.set(lanes.waiting(*lane) as f64);
        }
    }
}
