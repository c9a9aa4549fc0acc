//! The agents: each speaks over a session of its own, accepts, declines, lets ring, connects, holds, completes, does its
//! after-work; and comes back by another node when its connection goes.
use super::calls::Caller;
use crate::live::{TENANT, name};
use kindred_client::{Client, Session, SessionReader, v1};
use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};
use v1::{session_request::Action, session_response::Message};

/// Offers remembered so as not to answer one twice when a new connection tells of it again.
const SEEN_MAX: usize = 64;

/// Before an agent looks again how it stands.
const AGAIN: Duration = Duration::from_millis(300);

/// How agents are.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Longest before an offer is answered; half of it on the average.
    pub answer_ms: u64,
    pub connect_ms: u64,
    pub talk_ms: u64,
    pub wrap_up_ms: u64,
    /// Shares of offers.
    pub declined: f64,
    pub missed: f64,
    /// Share of talks.
    pub held: f64,
}

impl Default for Habits {
    fn default() -> Self {
        Habits {
            answer_ms: 60,
            connect_ms: 40,
            talk_ms: 300,
            wrap_up_ms: 100,
            declined: 0.03,
            missed: 0.01,
            held: 0.15,
        }
    }
}

/// What an agent needs to know.
pub struct Desk {
    pub number: usize,
    pub habits: Habits,
    pub caller: Caller,
    /// Clients that know all nodes, each beginning with another: where an agent goes when it moves.
    pub clients: Vec<Client>,
    /// Goes up when all agents are to drop their connection and come back elsewhere.
    pub moves: watch::Receiver<u64>,
}

/// One agent with one session.
struct Sitting {
    name: String,
    habits: Habits,
    caller: Caller,
    client: Client,
    session: Session,
    seen: VecDeque<String>,
    /// Assignments somebody is busy with.
    busy: Arc<Mutex<HashSet<String>>>,
    /// At most as many as an agent can have offers and assignments.
    doing: JoinSet<()>,
}

fn up_to(ms: u64) -> Duration {
    Duration::from_millis(rand::random_range(0..=ms))
}

impl Desk {
    /// Until dropped.
    pub async fn work(mut self) {
        let name = name("agents", &format!("a{}", self.number));
        let mut at = self.number;
        loop {
            let client = self.clients[at % self.clients.len()].clone();
            let (session, reader) = client.session(format!("tenants/{TENANT}"), [name.clone()]);
            let sitting = Sitting {
                name: name.clone(),
                habits: self.habits,
                caller: self.caller.clone(),
                client,
                session,
                seen: VecDeque::new(),
                busy: Arc::default(),
                doing: JoinSet::new(),
            };
            tokio::select! {
                () = sitting.sit(reader) => {}
                // An error: the load is over.
                moved = self.moves.changed() => if moved.is_err() { return },
            }
            at += 1;
        }
    }
}

impl Sitting {
    async fn sit(mut self, mut reader: SessionReader) {
        self.say_available();
        loop {
            tokio::select! {
                told = reader.next() => match told {
                    Some(Ok(message)) => self.told(*message),
                    // The session is over for good: another one begins.
                    Some(Err(_)) | None => return sleep(Duration::from_millis(200)).await,
                },
                // One that panicked is a broken harness.
                Some(done) = self.doing.join_next() => if done.is_err() { return },
            }
        }
    }

    fn told(&mut self, message: v1::SessionResponse) {
        match message.message {
            Some(Message::Offer(told)) => {
                if let (Some(interaction), Some(offer)) = (told.interaction, told.offer) {
                    self.offered(&interaction.name, offer);
                }
            }
            Some(Message::Assignment(told)) => {
                if let (Some(interaction), Some(part)) = (told.interaction, told.assignment) {
                    self.serve(interaction.name, part);
                }
            }
            // A missed offer means a back-off, which presence ends.
            Some(Message::Revocation(revoked)) if revoked.expired && revoked.agent == self.name => self.say_available(),
            // How everything stands after a new beginning.
            Some(Message::Agent(standing)) => {
                for interaction in standing.interactions {
                    for offer in interaction.offers {
                        self.offered(&interaction.name, offer);
                    }
                    for part in interaction.assignments {
                        self.serve(interaction.name.clone(), part);
                    }
                }
            }
            _ => {}
        }
    }

    fn say_available(&mut self) {
        let presence = v1::Presence { status: v1::presence::Status::Available as i32, ..Default::default() };
        let said = v1::SessionPresence { agent: self.name.clone(), presence: Some(presence), after_contact: false };
        let (caller, session) = (self.caller.clone(), self.session.clone());
        self.doing.spawn(async move { drop(caller.act(&session, Action::Presence(said)).await) });
    }

    fn offered(&mut self, interaction: &str, offer: v1::Offer) {
        if offer.agent != self.name || offer.revoke_time.is_some() || self.seen.contains(&offer.id) {
            return;
        }
        if self.seen.len() == SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(offer.id.clone());
        self.caller.recorder.offer_told(interaction, &offer.id, &self.name);
        let chance: f64 = rand::random();
        if chance < self.habits.missed {
            return;
        }
        let interaction = interaction.to_owned();
        let (caller, session) = (self.caller.clone(), self.session.clone());
        let wait = up_to(self.habits.answer_ms);
        let declines = chance < self.habits.missed + self.habits.declined;
        self.doing.spawn(async move {
            sleep(wait).await;
            let action = match declines {
                true => Action::Decline(v1::SessionDecline { interaction, offer_id: offer.id, reason: "busy".into() }),
                false => Action::Accept(v1::SessionAccept { interaction, offer_id: offer.id }),
            };
            let began = Instant::now();
            // What follows from it is told as an assignment.
            let done = caller.act(&session, action).await.is_ok();
            if done && !declines {
                caller.recorder.accepted(began.elapsed());
            }
        });
    }

    fn serve(&mut self, interaction: String, part: v1::Assignment) {
        use v1::assignment::State;
        let mine = part.agent == self.name && !matches!(part.state(), State::Ended | State::Unspecified);
        if !mine || !lock(&self.busy).insert(part.name.clone()) {
            return;
        }
        let talk = Talk {
            interaction,
            habits: self.habits,
            caller: self.caller.clone(),
            client: self.client.clone(),
            session: self.session.clone(),
        };
        let busy = self.busy.clone();
        self.doing.spawn(async move {
            let assignment = part.name.clone();
            talk.to_its_end(part).await;
            lock(&busy).remove(&assignment);
        });
    }
}

fn lock(busy: &Mutex<HashSet<String>>) -> std::sync::MutexGuard<'_, HashSet<String>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One assignment from where it stands to its end.
struct Talk {
    interaction: String,
    habits: Habits,
    caller: Caller,
    client: Client,
    session: Session,
}

impl Talk {
    /// Until it is over, whatever is not answered on the way: an agent does not leave a customer on the line.
    async fn to_its_end(&self, mut part: v1::Assignment) {
        let name = part.name.clone();
        while self.through(part).await.is_err() {
            sleep(AGAIN).await;
            let seen = self.caller.read(&self.client, &self.interaction).await;
            let parts = seen.map(|interaction| interaction.assignments).unwrap_or_default();
            match parts.into_iter().find(|part| part.name == name && part.state() != v1::assignment::State::Ended) {
                Some(stands) => part = stands,
                // Refused because something else happened first; what follows is told.
                None => return,
            }
        }
    }

    async fn through(&self, part: v1::Assignment) -> Result<(), kindred_client::Error> {
        use v1::assignment::State;
        let (mut state, name) = (part.state(), part.name);
        if state == State::Connecting {
            sleep(up_to(self.habits.connect_ms)).await;
            self.caller.connected(&self.client, &name).await?;
            state = State::Active;
        }
        if state == State::Active && rand::random_bool(self.habits.held) {
            self.caller.act(&self.session, Action::Hold(v1::SessionHold { assignment: name.clone() })).await?;
            state = State::Held;
        }
        if matches!(state, State::Active | State::Held) {
            sleep(up_to(self.habits.talk_ms)).await;
            if state == State::Held {
                let retrieve = v1::SessionRetrieve { assignment: name.clone() };
                self.caller.act(&self.session, Action::Retrieve(retrieve)).await?;
            }
            let completed = self.caller.complete(&self.client, &self.interaction, &name).await?;
            let parts = completed.assignments;
            state = parts.iter().find(|part| part.name == name).map_or(State::Ended, v1::Assignment::state);
        }
        if state == State::WrapUp {
            sleep(up_to(self.habits.wrap_up_ms)).await;
            let action = Action::CompleteWrapUp(v1::SessionCompleteWrapUp { assignment: name });
            self.caller.act(&self.session, action).await?;
        }
        Ok(())
    }
}
