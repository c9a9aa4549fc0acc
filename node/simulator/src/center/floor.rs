//! The center's life: what happens next is taken from the agenda, becomes a command, and what came of it is heard from
//! the domain's events (`hearing.rs`).
use super::{
    agenda::{Agenda, Happening, Key},
    contact::{Contact, Demand, Outcome},
    observer::Observer,
    people::{Duty, Plan},
    shard::Shard,
};
use kindred_domain::{Applied, Body, Entry, Rejection, command::*, ids::*, record::*, state::Orphan};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, HashMap};

/// Why a center cannot live.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A recorded configuration does not hold together.
    #[error("the recorded configuration: {0}")]
    Restored(#[from] Orphan),
    /// The domain refuses a part of the configuration.
    #[error("{command} is refused: {rejection}")]
    Configuration {
        /// The command.
        command: &'static str,
        /// Why.
        rejection: Rejection,
    },
    /// The domain refused what a platform or an agent did; it should not have been done.
    #[error("{command} is refused at {at_ms} ms: {rejection}")]
    Refused {
        /// The command.
        command: &'static str,
        /// Virtual time.
        at_ms: u64,
        /// Why.
        rejection: Rejection,
    },
}

/// Lives from virtual millisecond 0 until nobody comes any more and everybody is served or gone. `rng` draws offer ids
/// (and what the Matchmaker draws from them), nothing else. The same plan, demand and generator give the same life.
pub fn live(plan: &Plan, demand: &mut impl Demand, rng: ChaCha8Rng, observer: &mut impl Observer) -> Result<(), Error> {
    let mut floor = Floor::open(plan, demand, rng, observer)?;
    while floor.turn()? {}
    Ok(())
}

/// As [`live`], and gives the log that a cluster would have: every entry from the first, at index 2.
pub fn record(
    plan: &Plan,
    demand: &mut impl Demand,
    rng: ChaCha8Rng,
    observer: &mut impl Observer,
) -> Result<Vec<Entry>, Error> {
    let mut floor = Floor::on(Shard::new(rng, plan)?.recording(), plan, demand, observer)?;
    while floor.turn()? {}
    Ok(floor.shard.log.unwrap_or_default())
}

/// Where a contact stands, as the domain's events tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Waiting,
    Offered,
    /// An agent has it; the platform connects.
    Taken,
    Talking,
    /// Closed; an agent may still wrap up.
    Over,
}

/// A contact that is not over, or still wrapped up.
pub(super) struct Live {
    pub number: u64,
    pub id: InteractionId,
    pub of: Contact,
    pub queue: usize,
    pub answer_mode: AnswerMode,
    pub stand: Stand,
    pub offers: u32,
    /// Who has it.
    pub person: Option<usize>,
    pub answered_ms: Option<u64>,
    /// What a cancelling by the platform means.
    pub cancelled: Outcome,
}

/// What is known of an agent.
#[derive(Default)]
pub(super) struct Desk {
    pub on_duty: bool,
    pub gone: bool,
    /// Counts turns, so that a break that was cut short does not end another one.
    pub stay: u64,
    pub break_ms: u64,
}

pub(super) struct Floor<'a, D, O> {
    pub plan: &'a Plan,
    pub shard: Shard,
    pub agenda: Agenda,
    pub demand: &'a mut D,
    pub observer: &'a mut O,
    pub lives: Vec<Option<Live>>,
    pub free: Vec<usize>,
    pub by_id: HashMap<InteractionId, usize>,
    /// By queue of the plan: how many wait there, not held out to anybody.
    pub waiting: Vec<usize>,
    pub desks: Vec<Desk>,
    pub person_of: HashMap<AgentId, usize>,
    pub queue_of: BTreeMap<QueueId, usize>,
    upcoming: Option<Contact>,
    /// Who will try again.
    pub coming: usize,
    /// Contacts so far.
    pub count: u64,
}

impl<'a, D: Demand, O: Observer> Floor<'a, D, O> {
    pub fn open(plan: &'a Plan, demand: &'a mut D, rng: ChaCha8Rng, observer: &'a mut O) -> Result<Self, Error> {
        Self::on(Shard::new(rng, plan)?, plan, demand, observer)
    }

    fn on(mut shard: Shard, plan: &'a Plan, demand: &'a mut D, observer: &'a mut O) -> Result<Self, Error> {
        let refused = |rejection| Error::Configuration { command: "AdoptTenant", rejection };
        shard.begin(plan).map_err(refused)?;
        let upcoming = demand.next();
        let queue_of = plan.queues.iter().enumerate().map(|(at, queue)| (queue.id.clone(), at)).collect();
        let person_of = plan.people.iter().enumerate().map(|(at, person)| (person.id.clone(), at)).collect();
        let mut floor = Self {
            plan,
            shard,
            agenda: Agenda::default(),
            demand,
            observer,
            lives: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            waiting: vec![0; plan.queues.len()],
            desks: plan.people.iter().map(|_| Desk::default()).collect(),
            person_of,
            queue_of,
            upcoming,
            coming: 0,
            count: 0,
        };
        floor.configure()?;
        Ok(floor)
    }

    fn configure(&mut self) -> Result<(), Error> {
        let plan = self.plan;
        let queue =
            |queue: &super::QueuePlan| queue.spec.clone().map(|spec| CreateQueue { id: queue.id.clone(), spec }.into());
        let person =
            |person: &super::Person| person.spec.clone().map(|spec| CreateAgent { id: person.id.clone(), spec }.into());
        let bodies = plan.teams.iter().chain(&plan.policies).cloned();
        let bodies = bodies.chain(plan.queues.iter().filter_map(queue)).chain(plan.profiles.iter().cloned());
        for body in bodies.chain(plan.people.iter().filter_map(person)).chain(plan.changes.iter().cloned()) {
            let command = Body::name(&body);
            self.shard.ask(body).map_err(|rejection| Error::Configuration { command, rejection })?;
        }
        for (at, person) in plan.people.iter().enumerate() {
            if let Some(first) = person.turns.first() {
                self.agenda.note(first.at_ms, Happening::Turns { person: at, turn: 0 });
            }
        }
        self.agenda.note(plan.closes_ms, Happening::Closes);
        Ok(())
    }

    /// Does what is next; false if nothing is.
    pub fn turn(&mut self) -> Result<bool, Error> {
        let next_ms = self.agenda.next_ms();
        let nobody = self.upcoming.is_none() && self.coming == 0 && self.by_id.is_empty();
        if nobody && next_ms.is_none_or(|at_ms| at_ms > self.plan.ends_ms) {
            return Ok(false);
        }
        let arrival_ms = self.upcoming.as_ref().map(|contact| contact.at_ms);
        let Some(at_ms) = next_ms.into_iter().chain(arrival_ms).chain(self.shard.next_ms()).min() else {
            return Ok(false);
        };
        self.shard.now_ms = self.shard.now_ms.max(at_ms);
        if let Some(applied) = self.shard.advance() {
            self.hear(applied);
            self.settle();
        } else if let Some(what) = self.agenda.take(self.shard.now_ms) {
            self.happen(what)?;
        } else if let Some(contact) = self.upcoming.take_if(|contact| contact.at_ms <= self.shard.now_ms) {
            self.upcoming = self.demand.next();
            self.submit(contact)?;
        } else {
            self.settle();
        }
        Ok(true)
    }

    /// A command that cannot be refused if the events were heard.
    pub fn act(&mut self, body: impl Into<Body>) -> Result<(), Error> {
        let body = body.into();
        let command = body.name();
        let at_ms = self.shard.now_ms;
        let applied = self.shard.ask(body).map_err(|rejection| Error::Refused { command, at_ms, rejection })?;
        self.hear(applied);
        self.settle();
        Ok(())
    }

    /// Offers what can be offered.
    fn settle(&mut self) {
        while let Some(applied) = self.shard.offer() {
            self.hear(applied);
        }
    }

    fn hear(&mut self, applied: Applied) {
        applied.events.into_iter().for_each(|event| self.hear_one(event));
    }

    fn happen(&mut self, what: Happening) -> Result<(), Error> {
        use Stand::*;
        match what {
            Happening::Comes(contact) => {
                self.coming -= 1;
                self.submit(*contact)
            }
            Happening::Leaves(key) => match self.find(key, &[Waiting, Offered, Taken]) {
                Some(id) => self.act(AbandonInteraction { id }),
                None => Ok(()),
            },
            Happening::Accepts(key, offer) => self.accept(key, offer),
            Happening::Declines(key, offer) => match self.offered(key, offer) {
                Some(interaction) => self.act(DeclineOffer { interaction, offer, reason: String::new() }),
                None => Ok(()),
            },
            Happening::Connects(key, assignment) => match self.find(key, &[Taken]) {
                Some(interaction) => self.act(ReportConnected { interaction, assignment }),
                None => Ok(()),
            },
            Happening::HangsUp(key, assignment) => match self.find(key, &[Talking]) {
                Some(id) => self.act(CompleteInteraction { id, assignment: Some(assignment), note: String::new() }),
                None => Ok(()),
            },
            Happening::WrapsUp(key, assignment) => match self.find(key, &[Over]) {
                Some(interaction) => self.act(CompleteWrapUp { interaction, assignment }),
                None => Ok(()),
            },
            Happening::Turns { person, turn } => self.turns(person, turn),
            Happening::Returns { person, stay } if self.desks[person].stay == stay => {
                self.say(person, PresenceStatus::Available)
            }
            Happening::Returns { .. } => Ok(()),
            Happening::Closes => self.send_away(),
        }
    }

    /// The contact's name, if it is still there and stands so.
    pub fn find(&self, key: Key, stands: &[Stand]) -> Option<InteractionId> {
        let live = self.lives[key.slot].as_ref()?;
        (live.number == key.number && stands.contains(&live.stand)).then(|| live.id.clone())
    }

    /// The contact's name, if this very offer is out.
    fn offered(&self, key: Key, offer: OfferId) -> Option<InteractionId> {
        // An offer is answered once or runs out, and the next one has another number: the domain tells them apart, but a
        // late answer would be refused.
        let id = self.find(key, &[Stand::Offered])?;
        self.shard.is_out(&id, offer).then_some(id)
    }

    fn accept(&mut self, key: Key, offer: OfferId) -> Result<(), Error> {
        let Some(interaction) = self.offered(key, offer) else { return Ok(()) };
        let rings = self.lives[key.slot].as_ref().is_some_and(|live| live.answer_mode == AnswerMode::RingIsOffer);
        if rings {
            self.act(ReportConnected { interaction, assignment: offer })
        } else {
            self.act(AcceptOffer { interaction, offer })
        }
    }

    fn turns(&mut self, person: usize, turn: usize) -> Result<(), Error> {
        let turns = &self.plan.people[person].turns;
        if let Some(next) = turns.get(turn + 1) {
            self.agenda.note(next.at_ms, Happening::Turns { person, turn: turn + 1 });
        }
        let desk = &mut self.desks[person];
        desk.stay += 1;
        match turns[turn].duty {
            Duty::Comes => {
                desk.gone = false;
                self.say(person, PresenceStatus::Available)
            }
            // Who is not there takes no break.
            Duty::Breaks { .. } if desk.gone || !desk.on_duty => Ok(()),
            Duty::Breaks { for_ms } => {
                desk.break_ms = for_ms;
                self.say(person, PresenceStatus::Break)
            }
            Duty::Goes => {
                desk.gone = true;
                self.say(person, PresenceStatus::Offline)
            }
        }
    }

    fn say(&mut self, person: usize, status: PresenceStatus) -> Result<(), Error> {
        self.act(SetPresence {
            agents: vec![self.plan.people[person].id.clone()],
            status,
            reason: String::new(),
            channels: Default::default(),
            after_contact: status != PresenceStatus::Available,
            expires_after_ms: None,
        })
    }
}
