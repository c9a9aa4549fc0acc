//! An interaction's actor: lives while the interaction is offered or near the front, knows its customer, and bids
//! a score for each agent it is asked about.
use crate::consensus::gateway::{Gateway, ReadMode};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler, Message, WrapFuture};
use kindred_affinity::micros;
use kindred_domain::{
    ids::AgentId,
    record::{Agent, Customer, Interaction, PolicyRevision},
};
use kindred_matching::{Bid, Wanted};
use std::{
    sync::{Arc, mpsc::SyncSender},
    time::{Duration, Instant},
};

/// Requests that may wait at one actor; the Matchmaker asks one at a time.
const MAILBOX: usize = 4;
/// Looking the customer up takes at most this; without it the actor bids by grades alone.
const LOOK_MS: u64 = 1_000;
/// Added for the agent the customer knows best, in grades (0 to 1); the next one gets half, and so on.
const KNOWN_AGENT_BONUS: f64 = 0.05;

/// What an interaction's actor knows.
pub struct InteractionActor {
    shard: u32,
    gateway: Gateway,
    mind: Mind,
}

/// The plain part: scores without an actor around it.
pub struct Mind {
    interaction: Arc<Interaction>,
    customer: Option<Arc<Customer>>,
}

impl Mind {
    /// Knows the interaction, not yet the customer.
    pub fn new(interaction: Arc<Interaction>) -> Self {
        Self { interaction, customer: None }
    }

    /// A score for each agent, in order: the grade, and a little for agents the customer knows.
    pub fn bid(&self, agents: &[Arc<Agent>], revision: &PolicyRevision) -> Bid {
        let about = &self.interaction;
        let wanted = Wanted::new(about.required.as_ref(), about.preferred.as_ref(), &about.channel, revision);
        let grades: Vec<_> = agents.iter().map(|agent| wanted.grade(agent)).collect();
        let scores = agents.iter().zip(&grades).map(|(agent, grade)| micros(grade.value + self.known(&agent.id)));
        Bid { scores: scores.collect(), reasons: grades.iter().map(|grade| grade.parts).collect() }
    }

    fn known(&self, agent: &AgentId) -> f64 {
        let known = self.customer.iter().flat_map(|customer| &customer.preferred_agents);
        let rank = known.enumerate().find(|(_, known)| *known == agent).map(|(rank, _)| rank);
        rank.map_or(0.0, |rank| KNOWN_AGENT_BONUS / f64::from(1 << rank.min(8)))
    }
}

impl InteractionActor {
    /// Not started yet.
    pub fn new(shard: u32, gateway: Gateway, interaction: Arc<Interaction>) -> Self {
        Self { shard, gateway, mind: Mind::new(interaction) }
    }
}

impl Actor for InteractionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.look_up_customer(ctx);
    }
}

impl InteractionActor {
    /// Looks the customer up; asked again when the interaction gets another one, which happens when a caller is identified.
    fn look_up_customer(&mut self, ctx: &mut Context<Self>) {
        self.mind.customer = None;
        let Some(customer) = self.mind.interaction.customer.clone() else { return };
        let (gateway, shard, tenant) = (self.gateway.clone(), self.shard, self.mind.interaction.tenant.clone());
        let wanted = customer.clone();
        let look = async move {
            let until = Instant::now() + Duration::from_millis(LOOK_MS);
            let find = move |state: &kindred_domain::State| state.tenant(&tenant)?.customer(&customer).cloned();
            gateway.read(shard, ReadMode::Stale, until, find).await.ok().and_then(|(_, found)| found)
        };
        ctx.spawn(actix::ActorFutureExt::map(look.into_actor(self), move |found, actor: &mut Self, _| {
            // Two looks may overtake each other: only the present customer counts.
            if actor.mind.interaction.customer.as_ref() == Some(&wanted) {
                actor.mind.customer = found;
            }
        }));
    }
}

/// Asks for a bid; the answer goes back by the channel, if somebody still waits.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Announce {
    /// Lawful agents.
    pub agents: Vec<Arc<Agent>>,
    /// What the queue goes by.
    pub revision: PolicyRevision,
    /// Where the bid goes.
    pub answer: SyncSender<Bid>,
}

impl Handler<Announce> for InteractionActor {
    type Result = ();
    fn handle(&mut self, announce: Announce, _: &mut Self::Context) {
        // Late: the Matchmaker went on without it.
        let _ = announce.answer.try_send(self.mind.bid(&announce.agents, &announce.revision));
    }
}

/// The interaction changed.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Changed(pub Arc<Interaction>);

impl Handler<Changed> for InteractionActor {
    type Result = ();
    fn handle(&mut self, Changed(interaction): Changed, ctx: &mut Self::Context) {
        let same = self.mind.interaction.customer == interaction.customer;
        self.mind.interaction = interaction;
        if !same {
            self.look_up_customer(ctx);
        }
    }
}

/// No longer near the front.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Leave;

impl Handler<Leave> for InteractionActor {
    type Result = ();
    fn handle(&mut self, _: Leave, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

#[cfg(test)]
mod tests;
