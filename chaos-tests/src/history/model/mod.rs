//! An independent, small model of the domain: replays archived entries from their bytes and says what each command must
//! have been answered. It never calls `kindred_domain`.
//!
//! Read in this order: [`records`] (what is remembered), [`tenant`] (one turn in a tenant), [`contacts`] and [`offers`]
//! (what commands do), [`parts`], [`people`], [`platform`], [`config`], [`hours`],
//! [`supervision`], [`adjust`], [`time`] (what happens by itself), [`shown`] (what
//! answers and reads show). Followed is everything of a tenant but what a customer's profile or a policy says; not
//! followed are machines (`RegisterNode`, `UpdateNode`, `SetClusterVersion`) and the remains of a deleted tenant: such
//! commands are answered [`Answer::Unknown`], and nothing is concluded from them.

mod adjust;
mod config;
mod contacts;
mod due;
mod hours;
mod lawful;
mod offers;
mod parts;
mod people;
mod platform;
mod records;
mod shown;
mod supervision;
mod tenant;
mod time;

use std::collections::BTreeMap;

use kindred_proto::log::v1::{self as pb, command::Body};

use super::Shown;
pub use due::Due;
use due::Dues;
use offers::{name, uid};
pub use records::{Name, Refusal, Uid};
pub use tenant::Dropped;
use tenant::{First, Spent, Tenant, Turn};

/// A v7 `request_id` is too old after this, in log time, and may be as much ahead as the other.
const REQUEST_MEMORY_MS: u64 = 15 * 60 * 1000;
const REQUEST_AHEAD_MS: u64 = 60 * 1000;

/// What a command must have been answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done now.
    Done(Vec<Shown>),
    /// Refused now.
    Refused(Refusal),
    /// Applied before under the same request.
    Repeat { index: u64, position: u32 },
    /// The model does not follow this command.
    Unknown,
}

/// What an entry came to.
#[derive(Debug, Default)]
pub struct Applied {
    /// One per command.
    pub answers: Vec<Answer>,
    /// The earliest deadline that passed in it, and what it was.
    pub passed: Option<(u64, Due)>,
}

/// The state of one shard, as far as it is followed.
#[derive(Debug, Default)]
pub struct Model {
    now_ms: u64,
    tenants: BTreeMap<Name, Tenant>,
    /// Shard 0: where tenants were placed, by their display name.
    placements: BTreeMap<String, String>,
    dues: Dues,
    /// Tenants whose remains may be there or not.
    blurred: std::collections::BTreeSet<Name>,
}

impl Model {
    /// Log time of the last entry, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Replays an entry.
    pub fn apply(&mut self, index: u64, entry: &pb::Entry) -> Applied {
        let mut spent = Spent::default();
        let before_ms = self.now_ms;
        self.now_ms = entry.time_ms.max(self.now_ms);
        if entry.commands.iter().any(|c| matches!(c.body, Some(Body::LeaderStarted(_)))) {
            self.stretch(self.now_ms - before_ms, &mut spent);
        }
        let passed = self.expire(&mut spent);
        let commands = entry.commands.iter().zip(0..);
        let answers = commands.map(|(command, position)| self.answer(command, (index, position), &mut spent)).collect();
        self.sweep();
        Applied { answers, passed }
    }

    fn turn<T>(&mut self, id: &Name, spent: &mut Spent, run: impl FnOnce(&mut Turn<'_>) -> T) -> Option<T> {
        let tenant = self.tenants.get_mut(id)?;
        Some(run(&mut Turn { now_ms: self.now_ms, id: id.clone(), tenant, dues: &mut self.dues, spent }))
    }

    fn answer(&mut self, command: &pb::Command, at: (u64, u32), spent: &mut Spent) -> Answer {
        let Some(body) = &command.body else { return Answer::Unknown };
        let Some(tenant) = command.tenant.as_ref().map(|id| name(id)) else { return self.of_shard(body) };
        if let Body::AdoptTenant(c) = body {
            return self.adopt(&c.id);
        }
        if self.blurred.contains(&tenant) {
            return Answer::Unknown;
        }
        let Some(state) = self.tenants.get(&tenant).filter(|t| !t.deleted) else {
            if let Body::DeleteTenant(_) = body {
                let placed = self.placements.remove(&*tenant);
                return placed.map_or(Answer::Refused("WRONG_SHARD"), |_| Answer::Done(Vec::new()));
            }
            return Answer::Refused("WRONG_SHARD");
        };
        if let Some(request) = &command.request
            && let Some(answer) = look_up(state, request, self.now_ms)
        {
            return answer;
        }
        let answer = self.turn(&tenant, spent, |turn| turn.answer(body)).unwrap_or(Answer::Unknown);
        if let (Some(request), Some(state)) = (&command.request, self.tenants.get_mut(&tenant)) {
            let first = First { payload_hash: request.payload_hash, index: at.0, position: at.1 };
            state.requests.insert(uid(&request.id), first);
            state.requests_order.push_back((self.now_ms, uid(&request.id)));
        }
        answer
    }

    fn of_shard(&mut self, body: &Body) -> Answer {
        match body {
            Body::LeaderStarted(_) | Body::Advance(_) | Body::CompareHash(_) => Answer::Done(Vec::new()),
            Body::AdoptTenant(c) => self.adopt(&c.id),
            Body::CreateTenant(c) => match self.placements.get(&c.id) {
                Some(display_name) if *display_name != c.display_name => Answer::Refused("ALREADY_EXISTS"),
                Some(_) => Answer::Done(Vec::new()),
                None => {
                    self.placements.insert(c.id.clone(), c.display_name.clone());
                    Answer::Done(Vec::new())
                }
            },
            Body::RegisterNode(_) | Body::UpdateNode(_) | Body::SetClusterVersion(_) => Answer::Unknown,
            _ => Answer::Refused("INVALID_FIELD"),
        }
    }

    /// A repeat changes nothing. One that is being deleted may be gone already, or not.
    fn adopt(&mut self, id: &str) -> Answer {
        let id = name(id);
        match self.tenants.get(&id) {
            Some(tenant) if tenant.deleted => {
                self.blurred.insert(id);
                Answer::Unknown
            }
            Some(_) => Answer::Done(Vec::new()),
            None => {
                self.tenants.insert(id, Tenant::default());
                Answer::Done(Vec::new())
            }
        }
    }
}

/// What the memory of requests says of this one; `None`: it is new.
fn look_up(tenant: &Tenant, request: &pb::Request, now_ms: u64) -> Option<Answer> {
    let id = uid(&request.id);
    if let Some(first) = tenant.requests.get(&id) {
        return Some(match first.payload_hash == request.payload_hash {
            true => Answer::Repeat { index: first.index, position: first.position },
            false => Answer::Refused("REQUEST_ID_REUSED"),
        });
    }
    let sent_ms = (id >> 76 & 0xf == 7).then_some((id >> 80) as u64)?;
    if sent_ms + REQUEST_MEMORY_MS < now_ms {
        return Some(Answer::Refused("REQUEST_TOO_OLD"));
    }
    (sent_ms > now_ms + REQUEST_AHEAD_MS).then_some(Answer::Refused("REQUEST_TIME_AHEAD"))
}

impl Turn<'_> {
    fn answer(&mut self, body: &Body) -> Answer {
        let said = match self.of_contact(body) {
            Some(said) => said,
            None => match self.of_agent(body) {
                Some(said) => said,
                None => return self.of_config(body),
            },
        };
        said.map_or_else(Answer::Refused, Answer::Done)
    }

    fn of_contact(&mut self, body: &Body) -> Option<Result<Vec<Shown>, Refusal>> {
        let (said, id) = match body {
            Body::CreateInteraction(c) => (self.create(c), &c.id),
            Body::UpdateInteraction(c) => (self.update(c), &c.id),
            Body::CancelInteraction(c) => (self.cancel(c), &c.id),
            Body::AbandonInteraction(c) => (self.abandon(c), &c.id),
            Body::CompleteInteraction(c) => (self.complete(c), &c.id),
            Body::AcceptOffer(c) => (self.accept_offer(c), &c.interaction),
            Body::DeclineOffer(c) => (self.decline_offer(c), &c.interaction),
            Body::ReportConnected(c) => (self.connected(c), &c.interaction),
            Body::ReportConnectFailed(c) => (self.connect_failed(c), &c.interaction),
            Body::HoldAssignment(c) => (self.hold(c), &c.interaction),
            Body::RetrieveAssignment(c) => (self.retrieve(c), &c.interaction),
            Body::AddChannel(c) => (self.add_channel(c), &c.interaction),
            Body::TransferInteraction(c) => (self.transfer(c), &c.interaction),
            Body::EndAssignment(c) => (self.end_assignment(c), &c.interaction),
            Body::CompleteWrapUp(c) => (self.complete_wrap_up(c), &c.interaction),
            Body::RecordActivity(c) => (self.record_activity(c), &c.interaction),
            Body::ReprioritiseInteraction(c) => (self.reprioritise(c), &c.id),
            Body::MoveInteraction(c) => (self.move_interaction(c), &c.id),
            Body::PullBackInteraction(c) => (self.pull_back(c), &c.id),
            Body::ReassignInteraction(c) => (self.reassign(c), &c.id),
            _ => return None,
        };
        Some(said.map(|()| vec![shown::interaction(&self.id, self.tenant, id)]))
    }

    fn of_agent(&mut self, body: &Body) -> Option<Result<Vec<Shown>, Refusal>> {
        let (said, ids): (_, Vec<&String>) = match body {
            Body::CreateAgent(c) => (self.create_agent(c), vec![&c.id]),
            Body::UpdateAgent(c) => (self.update_agent(c), vec![&c.id]),
            Body::BatchUpdateAgents(c) => (self.update_agents(c), c.updates.iter().map(|u| &u.id).collect()),
            Body::SetPresence(c) => (self.set_presence(c), c.agents.iter().collect()),
            Body::ForcePresence(c) => (self.force_presence(c), c.agents.iter().collect()),
            Body::LiftPresence(c) => (self.lift_presence(c), c.agents.iter().collect()),
            Body::DrainAgents(c) => (self.drain_agents(c), c.agents.iter().collect()),
            Body::UndrainAgents(c) => (self.undrain_agents(c), c.agents.iter().collect()),
            Body::DeleteAgent(c) => (self.delete_agent(c), Vec::new()),
            Body::AttachSession(c) => (self.attach(c), Vec::new()),
            Body::RenewSession(c) => (self.renew(uid(&c.session)), Vec::new()),
            Body::DetachSession(c) => (self.detach(c), Vec::new()),
            _ => return None,
        };
        Some(said.map(|()| ids.into_iter().map(|id| shown::agent(&self.id, self.tenant, id)).collect()))
    }

    fn of_config(&mut self, body: &Body) -> Answer {
        let said = match body {
            Body::MakeOffers(c) => {
                self.make_offers(c);
                Ok(())
            }
            Body::RegisterConnector(c) => self.register(c),
            Body::HeartbeatConnector(c) => self.heartbeat(&name(&c.id)),
            Body::ReconcileConnector(c) => self.reconcile(c),
            Body::DeleteConnector(c) => self.delete_connector(c),
            Body::CreateTeam(c) => self.create_team(c),
            Body::UpdateTeam(c) => self.update_team(c),
            Body::DeleteTeam(c) => self.delete_team(c),
            Body::CreateProfile(c) => self.create_profile(c),
            Body::UpdateProfile(c) => self.update_profile(c),
            Body::DeleteProfile(c) => self.delete_profile(c),
            Body::CreateQueue(c) => self.create_queue(c),
            Body::UpdateQueue(c) => self.update_queue(c),
            Body::DeleteQueue(c) => self.delete_queue(c),
            Body::CreatePolicy(c) => self.create_policy(c),
            Body::UpdatePolicy(c) => self.update_policy(c),
            Body::DeletePolicy(c) => self.delete_policy(c),
            Body::RollbackPolicy(c) => self.rollback_policy(c),
            Body::CreateCustomer(c) => self.create_customer(c),
            Body::UpdateCustomer(c) => self.update_customer(c),
            Body::DeleteCustomer(c) => self.delete_customer(c),
            Body::AppendConversation(c) => self.append(c),
            Body::CreateSchedule(c) => self.create_schedule(c),
            Body::UpdateSchedule(c) => self.update_schedule(c),
            Body::DeleteSchedule(c) => self.delete_schedule(c),
            Body::ExpandSchedule(c) => self.expand_schedule(c),
            Body::PauseQueue(c) => self.pause_queue(c),
            Body::StartAdjustment(c) => self.start_adjustment(c),
            Body::EndAdjustment(c) => self.end_adjustment(c),
            Body::ResumeQueue(c) => self.resume_queue(c),
            Body::DrainQueue(c) => self.drain_queue(c),
            Body::UndrainQueue(c) => self.undrain_queue(c),
            Body::UpdateTenant(c) => self.update_tenant(c),
            Body::DeleteTenant(c) => self.delete_tenant(c),
            _ => Err("INVALID_FIELD"),
        };
        said.map_or_else(Answer::Refused, |()| Answer::Done(Vec::new()))
    }
}
