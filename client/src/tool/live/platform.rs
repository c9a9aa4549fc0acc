//! The platform: submits contacts when they arrive, connects them when somebody takes them, completes them when they
//! have talked, abandons them when their patience is over.
use super::{
    TENANT,
    acks::Acks,
    clock::Clock,
    facts::{Facts, Stand, interaction_id},
    name,
    setup::queue_id,
};
use kindred_client::{Client, Error, new_request_id, v1};
use kindred_simulator::{Arrival, Demand};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};

/// A call of the platform ends within this, an election included.
const CALL: Duration = Duration::from_secs(60);

/// What all drivers share.
pub struct World {
    /// The platform's client.
    pub client: Client,
    /// Where acknowledgements go.
    pub acks: Acks,
    /// What is known.
    pub facts: Arc<Facts>,
    /// Virtual time.
    pub clock: Clock,
    /// The plan.
    pub demand: Arc<Demand>,
}

/// Submits everything in its time and lives each contact to its end; those not over at `until` are left open.
pub async fn run(world: Arc<World>, until: Instant) -> anyhow::Result<()> {
    let mut lives = JoinSet::new();
    for place in 0..world.demand.arrivals.len() {
        sleep_until(world.clock.at(world.demand.arrivals[place].at_s)).await;
        let world = world.clone();
        lives.spawn(async move {
            let life = Life::new(&world, place);
            if let Err(error) = life.live().await {
                world.facts.trouble(format!("{}: {error:#}", life.id));
            }
        });
        // Those that are over need not be kept until the end.
        while let Some(ended) = lives.try_join_next() {
            ended?;
        }
    }
    while let Ok(Some(ended)) = timeout_at(until, lives.join_next()).await {
        ended?;
    }
    lives.abort_all();
    Ok(())
}

/// One contact.
struct Life<'a> {
    world: &'a World,
    place: usize,
    arrival: &'a Arrival,
    id: String,
    name: String,
}

impl<'a> Life<'a> {
    fn new(world: &'a World, place: usize) -> Life<'a> {
        let arrival = &world.demand.arrivals[place];
        let id = interaction_id(arrival.number);
        let name = name("interactions", &id);
        Life { world, place, arrival, id, name }
    }

    async fn live(&self) -> anyhow::Result<()> {
        let clock = &self.world.clock;
        let mut stand = self.world.facts.stand(self.place);
        self.world.facts.submits(self.place);
        let leaves_at = Instant::now() + clock.real(self.arrival.patience_s);
        self.submit().await?;
        loop {
            let now = stand.borrow_and_update().clone();
            let acted = match now {
                Stand::Closed(_) => return Ok(()),
                Stand::Waiting => match changed_until(&mut stand, leaves_at).await? {
                    true => continue,
                    false => self.abandon().await?,
                },
                Stand::Connecting(assignment) => {
                    let rings_until = Instant::now() + clock.real(self.arrival.connect_s);
                    match changed_until(&mut stand, rings_until.min(leaves_at)).await? {
                        true => continue,
                        false if leaves_at <= rings_until => self.abandon().await?,
                        false => self.connected(assignment).await?,
                    }
                }
                Stand::Connected(assignment) => {
                    let talks_until = Instant::now() + clock.real(self.arrival.handle_s);
                    match changed_until(&mut stand, talks_until).await? {
                        true => continue,
                        false => self.complete(assignment).await?,
                    }
                }
            };
            // What was done, or what came between, is in the stream: go on when it says so.
            if !acted {
                tracing::debug!(interaction = self.id, "was not in that state any more");
            }
            stand.changed().await?;
        }
    }

    async fn submit(&self) -> anyhow::Result<()> {
        let needs = self.arrival.needs.as_ref().map(|(skill, least)| at_least(skill, *least));
        let interaction = v1::Interaction {
            channel: self.arrival.channel.clone(),
            queue: name("queues", &queue_id(&self.arrival.queue)),
            customer: self.arrival.customer.as_ref().map_or_else(String::new, |c| name("customers", c)),
            priority: self.arrival.priority,
            required_selector: needs,
            ..Default::default()
        };
        let request_id = new_request_id();
        let request = v1::CreateInteractionRequest {
            parent: format!("tenants/{TENANT}"),
            interaction: Some(interaction),
            interaction_id: self.id.clone(),
            request_id: request_id.clone(),
        };
        let created = self.world.client.call_within(request, CALL).await?;
        self.world.acks.note("CreateInteraction", &self.name, &request_id, created.header.as_ref())
    }

    async fn connected(&self, assignment: String) -> anyhow::Result<bool> {
        let request_id = new_request_id();
        let request = v1::ReportConnectedRequest { name: assignment, request_id: request_id.clone() };
        let done = self.world.client.call_within(request, CALL).await.map(|r| r.header);
        self.acted("ReportConnected", &request_id, done)
    }

    async fn complete(&self, assignment: String) -> anyhow::Result<bool> {
        let request_id = new_request_id();
        let request = v1::CompleteInteractionRequest {
            name: self.name.clone(),
            assignment,
            request_id: request_id.clone(),
            ..Default::default()
        };
        let done = self.world.client.call_within(request, CALL).await.map(|r| r.header);
        self.acted("CompleteInteraction", &request_id, done)
    }

    async fn abandon(&self) -> anyhow::Result<bool> {
        let request_id = new_request_id();
        let request = v1::AbandonInteractionRequest { name: self.name.clone(), request_id: request_id.clone() };
        let done = self.world.client.call_within(request, CALL).await.map(|r| r.header);
        self.acted("AbandonInteraction", &request_id, done)
    }

    /// Notes what was acknowledged. False if the contact was not in that state any more: the stream will say why.
    fn acted(
        &self,
        call: &str,
        request_id: &str,
        done: Result<Option<v1::ResponseHeader>, Error>,
    ) -> anyhow::Result<bool> {
        match done {
            Ok(header) => {
                self.world.acks.note(call, &self.name, request_id, header.as_ref())?;
                Ok(true)
            }
            Err(error) if overtaken(&error) => Ok(false),
            Err(error) => Err(anyhow::Error::new(error).context(call.to_string())),
        }
    }
}

/// A lawful "no": something else happened first (a deadline, an answer, the other party).
pub fn overtaken(error: &Error) -> bool {
    ["WRONG_STATE", "OFFER_GONE", "NOT_FOUND"].contains(&error.reason.as_str())
}

/// True if the stand changed before `until`.
async fn changed_until(stand: &mut watch::Receiver<Stand>, until: Instant) -> anyhow::Result<bool> {
    match timeout_at(until, stand.changed()).await {
        Ok(changed) => {
            changed?;
            Ok(true)
        }
        Err(_) => Ok(false),
    }
}

/// Only agents with this skill, and at least so well.
fn at_least(skill: &str, least: u32) -> v1::Selector {
    let operand = v1::SelectorOperand { operand: Some(v1::selector_operand::Operand::Skill(skill.into())) };
    let comparison = v1::SelectorComparison {
        operand: Some(operand),
        operator: v1::selector_comparison::Operator::GreaterOrEqual as i32,
        value: Some(v1::LabelValue { kind: Some(v1::label_value::Kind::NumberValue(least.into())) }),
    };
    v1::Selector { node: Some(v1::selector::Node::Compare(comparison)) }
}
