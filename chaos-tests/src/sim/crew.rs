//! Who bids in the simulation: the plain part of the interaction actors, asked without a mailbox in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kindred_domain::ids::{InteractionId, TenantId};
use kindred_domain::record::Interaction;
use kindred_matching::{Ask, Bid, Bidder};
use kindred_node::actors::{Crew, Mind};

/// The minds of one shard's interactions near the front.
#[derive(Default)]
pub struct Minds {
    minds: BTreeMap<(TenantId, InteractionId), Mind>,
}

impl Crew for Minds {
    fn renew(&mut self) {}

    fn changed(&mut self, interaction: &Arc<Interaction>) {
        let key = (interaction.tenant.clone(), interaction.id.clone());
        if let Some(mind) = self.minds.get_mut(&key) {
            *mind = Mind::new(interaction.clone());
        }
    }

    fn follow(&mut self, tenant: &TenantId, near: Vec<Arc<Interaction>>) {
        let keep: BTreeSet<InteractionId> = near.iter().map(|interaction| interaction.id.clone()).collect();
        self.minds.retain(|(of, id), _| of != tenant || keep.contains(id));
        for interaction in near {
            let key = (tenant.clone(), interaction.id.clone());
            self.minds.entry(key).or_insert_with(|| Mind::new(interaction));
        }
    }

    fn clear(&mut self) {
        self.minds.clear();
    }
}

impl Bidder for Minds {
    fn bid(&mut self, ask: &Ask<'_>) -> Option<Bid> {
        let mind = self.minds.get(&(ask.tenant.clone(), ask.interaction.id.clone()))?;
        Some(mind.bid(ask.candidates, ask.revision))
    }
}
