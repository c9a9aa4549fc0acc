//! Who of a routing profile's agents is free, in each order; and which buckets its lines serve.
use crate::{
    agents::Member,
    bucket::Server,
    mode::{ORDERS, Rank},
    slots::Slot,
};
use kindred_domain::{ids::*, record::*};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Free agents of a profile on a channel, in each order.
pub(crate) type Free = [BTreeSet<Stand>; ORDERS];

/// A free agent's place in an order: the smaller goes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stand {
    pub rank: Rank,
    /// Decides between equals; two names that spread alike are not worth comparing.
    pub tie: u64,
    pub slot: Slot,
}

/// A routing profile: its lines by bucket, its agents, and who of them is free.
#[derive(Debug)]
pub(crate) struct ProfileSlot {
    pub id: ProfileId,
    pub record: Option<Arc<Profile>>,
    pub lines: Vec<(Slot, Server)>,
    pub members: BTreeSet<Slot>,
    pub free: BTreeMap<Channel, Free>,
}

impl ProfileSlot {
    pub fn new(id: ProfileId) -> Self {
        let (lines, members, free) = Default::default();
        Self { id, record: None, lines, members, free }
    }

    /// Is anybody free on the channel.
    pub fn anybody(&self, channel: &Channel) -> bool {
        self.free.get(channel).is_some_and(|free| !free[0].is_empty())
    }

    /// Puts an agent into the orders, or takes it out.
    pub fn stand(&mut self, member: &Member, slot: Slot, enters: bool) {
        for (channel, ranks) in &member.stands {
            if !self.free.contains_key(channel) {
                self.free.insert(channel.clone(), Free::default());
            }
            let Some(free) = self.free.get_mut(channel) else {
                continue;
            };
            for (order, rank) in free.iter_mut().zip(ranks) {
                let stand = Stand { rank: *rank, tie: member.tie, slot };
                if enters {
                    order.insert(stand);
                } else {
                    order.remove(&stand);
                }
            }
            if free[0].is_empty() {
                self.free.remove(channel);
            }
        }
    }
}
