//! The agents: each speaks over a session of its own, comes when the shift begins, takes offers, declines some, misses
//! some, does its after-work, and goes when the shift is over.
use super::{
    TENANT, name,
    platform::{World, overtaken},
};
use kindred_client::{
    Session,
    v1::{self, session_request::Action, session_response::Message},
};
use kindred_simulator::Reaction;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::sleep_until};

/// An answer over the session ends within this, an election included.
const ASK: Duration = Duration::from_secs(60);
/// Offers and after-works remembered so as not to answer one twice when a new connection tells it again.
const SEEN_MAX: usize = 64;

/// Runs one task for each agent until it is dropped.
pub fn run(world: &Arc<World>, seed: u64) -> JoinSet<()> {
    let mut agents = JoinSet::new();
    for place in 0..world.demand.agents.len() {
        let world = world.clone();
        agents.spawn(async move {
            let name = name("agents", &world.demand.agents[place].name);
            sleep_until(world.clock.at(world.demand.agents[place].shift.from_s)).await;
            if let Err(error) = work(world.clone(), place, &name, seed).await {
                world.facts.trouble(format!("{name}: {error:#}"));
            }
        });
    }
    agents
}

/// One agent at a desk.
struct Desk {
    world: Arc<World>,
    name: String,
    session: Session,
    habits: kindred_simulator::Habits,
    rng: ChaCha8Rng,
    seen: VecDeque<String>,
    /// Unanswered offers in a row.
    missed: u32,
    gone: bool,
    /// Answers and after-works under way; at most as many as an agent can have offers and assignments.
    doing: JoinSet<()>,
}

async fn work(world: Arc<World>, place: usize, name: &str, seed: u64) -> anyhow::Result<()> {
    let agent = &world.demand.agents[place];
    let (session, mut reader) = world.client.session(format!("tenants/{TENANT}"), [name.to_string()]);
    let goes_at = world.clock.at(agent.shift.to_s);
    let mut desk = Desk {
        name: name.to_string(),
        session,
        habits: agent.habits,
        rng: ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(place as u64)),
        seen: VecDeque::new(),
        missed: 0,
        gone: false,
        doing: JoinSet::new(),
        world: world.clone(),
    };
    desk.say(v1::presence::Status::Available, false);
    loop {
        tokio::select! {
            told = reader.next() => match told {
                Some(Ok(message)) => desk.told(*message),
                Some(Err(error)) => return Err(error.into()),
                None => anyhow::bail!("the session ended"),
            },
            () = sleep_until(goes_at), if !desk.gone => {
                desk.gone = true;
                desk.say(v1::presence::Status::Offline, true);
            }
            Some(done) = desk.doing.join_next() => done?,
        }
    }
}

impl Desk {
    fn told(&mut self, message: v1::SessionResponse) {
        match message.message {
            Some(Message::Offer(offered)) => {
                if let (Some(interaction), Some(offer)) = (offered.interaction, offered.offer) {
                    self.offered(&interaction.name, offer);
                }
            }
            Some(Message::Assignment(changed)) => {
                if let (Some(interaction), Some(part)) = (changed.interaction, changed.assignment) {
                    self.assigned(&interaction.name, part);
                }
            }
            Some(Message::Revocation(revoked)) if revoked.agent == self.name && revoked.expired => {
                self.missed(revoked.offer_id);
            }
            // How everything stands after a new beginning: what was told before the break may not have been heard.
            Some(Message::Agent(standing)) => {
                for interaction in standing.interactions {
                    for offer in interaction.offers {
                        self.offered(&interaction.name, offer);
                    }
                    for part in interaction.assignments {
                        self.assigned(&interaction.name, part);
                    }
                }
            }
            _ => {}
        }
    }

    /// True the first time.
    fn is_new(&mut self, what: String) -> bool {
        if self.seen.contains(&what) {
            return false;
        }
        if self.seen.len() == SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(what);
        true
    }

    fn offered(&mut self, interaction: &str, offer: v1::Offer) {
        let mine = offer.agent == self.name && offer.answer_mode() != v1::AnswerMode::Auto;
        if !mine || !self.is_new(offer.id.clone()) {
            return;
        }
        let rings = offer.answer_mode() == v1::AnswerMode::RingIsOffer;
        let interaction = interaction.to_string();
        let (after_s, call, action) = match self.habits.react(&mut self.rng) {
            Reaction::Silent => return,
            Reaction::Decline(after_s) => {
                let reason = "busy with something else".to_string();
                let decline = v1::SessionDecline { interaction: interaction.clone(), offer_id: offer.id, reason };
                (after_s, "DeclineOffer", Action::Decline(decline))
            }
            Reaction::Accept(after_s) if rings => {
                let connected = v1::SessionConnected { assignment: offer.assignment };
                (after_s, "ReportConnected", Action::Connected(connected))
            }
            Reaction::Accept(after_s) => {
                let accept = v1::SessionAccept { interaction: interaction.clone(), offer_id: offer.id };
                (after_s, "AcceptOffer", Action::Accept(accept))
            }
        };
        self.act(after_s, call, interaction, action);
    }

    fn assigned(&mut self, interaction: &str, part: v1::Assignment) {
        use v1::assignment::{EndCause, State};
        match (part.state(), part.end_cause()) {
            (State::Active, _) => self.missed = 0,
            (State::Ended, EndCause::ConnectTimeout) if part.agent == self.name => self.missed(part.name.clone()),
            _ => {}
        }
        let wraps_up = part.state() == v1::assignment::State::WrapUp && part.agent == self.name;
        if !wraps_up || !self.is_new(part.name.clone()) {
            return;
        }
        let place = self.world.facts.place(interaction);
        let wrap_up_s = place.map_or(0.0, |place| self.world.demand.arrivals[place].wrap_up_s);
        let complete = Action::CompleteWrapUp(v1::SessionCompleteWrapUp { assignment: part.name });
        self.act(wrap_up_s, "CompleteWrapUp", interaction.to_string(), complete);
    }

    /// An offer ran out. The API's back-off (5 s, doubling; 60 s after the third in a row) does not scale with the
    /// compression, but presence ends it: so the agent says AVAILABLE again when the scaled one is over.
    fn missed(&mut self, offer: String) {
        if self.gone || !self.is_new(format!("missed {offer}")) {
            return;
        }
        self.missed += 1;
        let back_off_s = match self.missed {
            1 | 2 => 5.0 * f64::from(self.missed),
            _ => 60.0,
        };
        self.missed %= 3;
        self.say_after(back_off_s, v1::presence::Status::Available, false);
    }

    fn say(&mut self, status: v1::presence::Status, after_contact: bool) {
        self.say_after(0.0, status, after_contact);
    }

    fn say_after(&mut self, after_s: f64, status: v1::presence::Status, after_contact: bool) {
        let presence = v1::Presence { status: status as i32, ..Default::default() };
        let said = v1::SessionPresence { agent: self.name.clone(), presence: Some(presence), after_contact };
        self.act(after_s, "SetPresence", self.name.clone(), Action::Presence(said));
    }

    /// Does something after a while, and notes that it was acknowledged.
    fn act(&mut self, after_s: f64, call: &'static str, about: String, action: Action) {
        let (world, session, clock) = (self.world.clone(), self.session.clone(), self.world.clock);
        self.doing.spawn(async move {
            tokio::time::sleep(clock.real(after_s)).await;
            let request_id = kindred_client::new_request_id();
            let noted = match session.ask_as(request_id.clone(), action, ASK).await {
                Ok(answer) => world.acks.note(call, &about, &request_id, answer.header.as_ref()),
                Err(error) if overtaken(&error) => Ok(()),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = noted {
                world.facts.trouble(format!("{call} {about}: {error:#}"));
            }
        });
    }
}
