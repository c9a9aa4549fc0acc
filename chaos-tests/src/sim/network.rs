//! The network between nodes, and between clients and nodes.

use std::collections::BTreeSet;

use bytes::Bytes;
use kindred_node::consensus::core::RaftId;
use rand::Rng;

use super::event::Event;
use super::plan::{MS, Network};
use super::world::World;

/// What is cut, and how badly the rest works.
#[derive(Default)]
pub struct Links {
    /// Who cannot send to whom.
    pub cuts: BTreeSet<(RaftId, RaftId)>,
    /// Nodes that clients do not reach.
    pub unreachable: BTreeSet<RaftId>,
    pub weather: Network,
    /// Of a thousand good answers to clients so many are lost on the way.
    pub lose_answers: u32,
    /// Extra delay of one direction, microseconds.
    pub slow: Vec<(RaftId, RaftId, u64)>,
}

/// A message takes so long, microseconds: least and most.
const TRAVEL_US: (u64, u64) = (80, 600);

impl World {
    /// How long a message from one node to another takes; `None` if it is lost.
    pub(super) fn travel(&mut self, from: RaftId, to: RaftId) -> Option<u64> {
        if self.links.cuts.contains(&(from, to)) || self.chance(self.links.weather.lose) {
            self.witness.lost += 1;
            return None;
        }
        let mut travel_us = self.rng.random_range(TRAVEL_US.0..=TRAVEL_US.1);
        if self.links.weather.delay > 0 && self.chance(self.links.weather.delay) {
            self.witness.delayed += 1;
            travel_us += self.rng.random_range(0..=self.links.weather.delay_us.max(1));
        }
        let slow = self.links.slow.iter().find(|(a, b, _)| (*a, *b) == (from, to)).map(|(_, _, by_us)| *by_us);
        if let Some(by_us) = slow {
            self.witness.delayed += 1;
            travel_us += self.rng.random_range(by_us / 2..=by_us + by_us / 2);
        }
        Some(travel_us)
    }

    pub(super) fn carry_raft(&mut self, from: RaftId, to: RaftId, shard: u32, bytes: Bytes) {
        let Some(travel_us) = self.travel(from, to) else {
            // Sometimes the sender notices: a connection that breaks.
            if self.chance(200)
                && let Some(up) = self.nodes.get(&from).and_then(|node| node.up.as_ref())
                && let Some(door) = up.shared.door(shard)
            {
                door.unreachable(to);
            }
            return;
        };
        if self.links.weather.duplicate > 0 && self.chance(self.links.weather.duplicate) {
            self.witness.duplicated += 1;
            let later_us = travel_us + self.rng.random_range(0..20 * MS);
            self.at(self.now_us() + later_us, Event::Raft { to, shard, bytes: bytes.clone() });
        }
        self.at(self.now_us() + travel_us, Event::Raft { to, shard, bytes });
    }

    /// How long something between a client and a node takes; `None` while they cannot reach each other.
    pub(super) fn client_travel(&mut self, node: RaftId) -> Option<u64> {
        if self.links.unreachable.contains(&node) || self.chance(self.links.weather.lose / 4) {
            return None;
        }
        Some(self.rng.random_range(2 * TRAVEL_US.0..=2 * TRAVEL_US.1))
    }

    /// Cuts both directions between two nodes.
    pub fn cut(&mut self, a: RaftId, b: RaftId) {
        self.links.cuts.extend([(a, b), (b, a)]);
    }

    /// `from` can no longer send to `to`; the other direction works.
    pub fn cut_one_way(&mut self, from: RaftId, to: RaftId) {
        self.links.cuts.insert((from, to));
    }

    /// Cuts a node off from all others, and from clients too if `from_clients`.
    pub fn isolate(&mut self, id: RaftId, from_clients: bool) {
        let others: Vec<RaftId> = self.nodes.keys().copied().filter(|other| *other != id).collect();
        others.into_iter().for_each(|other| self.cut(id, other));
        if from_clients {
            self.links.unreachable.insert(id);
            self.hang_up_all(id);
        }
    }

    /// Everybody reaches everybody again.
    pub fn join_all(&mut self) {
        self.links.cuts.clear();
        self.links.unreachable.clear();
        self.links.slow.clear();
    }
}
