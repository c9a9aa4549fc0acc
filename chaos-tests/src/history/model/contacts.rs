//! Commands about interactions: what each asks, what it finds, what follows.

use kindred_proto::log::v1::{self as pb, transfer_target::Target};
use kindred_proto::v1::{assignment::State as Stage, event::Kind, interaction::State};

use super::lawful;
use super::offers::{name, uid};
use super::records::*;
use super::tenant::Turn;

const CHANNELS_MAX: usize = 4;
const WORK_MAX: usize = 64;
const PARTS_MAX: usize = 32;
const OPEN_MAX: usize = 1_000_000;

type Said = Result<(), Refusal>;

/// One of the interaction's parts, if it is in one of the states.
fn part_in<'a>(i: &'a Interaction, part: Uid, states: &[Stage]) -> Result<&'a Part, Refusal> {
    let found = i.part(part).ok_or("NOT_FOUND")?;
    if states.contains(&found.state) { Ok(found) } else { Err("WRONG_STATE") }
}

/// Parts that are not over are never dropped: one more must have its place.
fn check_parts(i: &Interaction) -> Said {
    let live = i.parts.iter().filter(|p| !p.is_over()).count();
    if live + 1 >= PARTS_MAX { Err("LIMIT_REACHED") } else { Ok(()) }
}

impl Turn<'_> {
    pub fn create(&mut self, c: &pb::CreateInteraction) -> Said {
        let id = name(&c.id);
        let queue = self.check_create(c, &id)?;
        let overflows = *queue != *c.queue;
        let now_ms = self.now_ms;
        let conversation = c.conversation.as_ref().map(|k| name(k));
        if let Some(k) = &conversation {
            let is_new = !self.tenant.conversations.contains_key(k);
            self.conversation(k, |k| {
                k.open += 1;
                k.active_ms = now_ms;
                k.customer = k.customer.take().or_else(|| c.customer.clone());
            });
            if is_new {
                self.emit(Kind::ConversationCreated);
            }
        }
        let mut i = Interaction {
            channel: name(&c.channel),
            added: Vec::new(),
            connector: c.connector.as_ref().map(|id| name(id)),
            conversation,
            queue,
            target: None,
            target_since_ms: 0,
            required: c.required.clone(),
            connect_by_ms: c.connect_by_ms,
            priority: c.priority,
            adjustment: None,
            created_ms: now_ms,
            state: State::Queued,
            since_ms: now_ms,
            deadline: None,
            offers: Vec::new(),
            parts: Vec::new(),
            exclusions: Vec::new(),
            deferred: None,
            silent_at_ms: None,
            unconfirmed_since_ms: None,
            confirmed_ms: None,
            version: 1,
            transitions: 1,
            labels: c.labels.len() as u32,
            context_bytes: c.context.as_ref().map_or(0, |context| context.bytes.len() as u32),
        };
        i.deadline = self.waiting_deadline(&i);
        self.add_interaction(id, i);
        self.emit(Kind::InteractionCreated);
        if overflows {
            self.emit(Kind::InteractionOverflowed);
        }
        self.emit(Kind::InteractionQueued);
        Ok(())
    }

    fn check_create(&self, c: &pb::CreateInteraction, id: &Name) -> Result<Name, Refusal> {
        let tenant = &*self.tenant;
        if tenant.interactions.contains_key(id) || tenant.closed.contains_key(id) {
            return Err("ALREADY_EXISTS");
        }
        if c.direction() != pb::Direction::Inbound {
            return Err("INVALID_FIELD");
        }
        let waits_in = self.entrance(&c.queue)?;
        let queue = &tenant.queues[&waits_in];
        if queue.refuses && !queue.is_open(self.now_ms) {
            return Err("CLOSED");
        }
        if let Some(connector) = &c.connector {
            let lease = tenant.connectors.get(&**connector).ok_or("NOT_FOUND")?.lease;
            lease.ok_or("CONNECTOR_LAPSED")?;
        }
        self.check_customer(c.conversation.as_deref(), c.customer.as_ref())?;
        if tenant.interactions.len() >= OPEN_MAX { Err("LIMIT_REACHED") } else { Ok(waits_in) }
    }

    /// A conversation is one customer's, as soon as it is anybody's.
    fn check_customer(&self, conversation: Option<&str>, customer: Option<&String>) -> Said {
        let theirs = conversation.and_then(|k| self.tenant.conversations.get(k)).and_then(|k| k.customer.as_ref());
        match (theirs, customer) {
            (Some(theirs), Some(ours)) if theirs != ours => Err("INVALID_FIELD"),
            _ => Ok(()),
        }
    }

    pub fn update(&mut self, c: &pb::UpdateInteraction) -> Said {
        let id = name(&c.id);
        let i = self.find_open(&id)?;
        if c.etag.is_some_and(|etag| etag != i.version) {
            return Err("ETAG_MISMATCH");
        }
        let patch = c.patch.clone().unwrap_or_default();
        let customer = patch.customer.as_ref().and_then(|c| c.value.as_ref());
        self.check_customer(i.conversation.as_deref(), customer)?;
        self.interaction(&id, |i| {
            i.version += 1;
            i.labels = patch.labels.map_or(i.labels, |labels| labels.values.len() as u32);
            if let Some(required) = patch.required {
                i.required = required.value;
            }
            i.priority = patch.priority.unwrap_or(i.priority);
            if let Some(by) = patch.connect_by_ms {
                i.connect_by_ms = by.value;
            }
            if let Some(context) = patch.context {
                i.context_bytes = context.value.map_or(0, |context| context.bytes.len() as u32);
            }
        });
        self.emit(Kind::InteractionUpdated);
        let Some(i) = self.tenant.interactions.get(&id) else { return Ok(()) };
        let stale = i.offers.iter().filter(|o| !lawful::qualified(self.tenant, i, &o.agent));
        let stale: Vec<Uid> = stale.map(|o| o.id).collect();
        if i.state == State::Queued {
            let deadline = self.waiting_deadline(i);
            self.interaction(&id, |i| {
                if i.deadline != deadline {
                    i.deadline = deadline;
                }
            });
        }
        for offer in stale {
            self.revoke(&id, offer);
        }
        Ok(())
    }

    pub fn cancel(&mut self, c: &pb::CancelInteraction) -> Said {
        use pb::CloseReason::{Cancelled, Deflected, Spam};
        let id = name(&c.id);
        self.find_open(&id)?;
        if !matches!(c.reason(), Cancelled | Deflected | Spam) {
            return Err("INVALID_FIELD");
        }
        self.close(&id);
        Ok(())
    }

    pub fn abandon(&mut self, c: &pb::AbandonInteraction) -> Said {
        let id = name(&c.id);
        self.find_open(&id)?;
        self.close(&id);
        Ok(())
    }

    pub fn complete(&mut self, c: &pb::CompleteInteraction) -> Said {
        let id = name(&c.id);
        let i = self.find_open(&id)?;
        let named = c.assignment.as_ref().map(|part| uid(part));
        let part = named.or(i.primary().map(|p| p.id)).ok_or("WRONG_STATE")?;
        part_in(i, part, &[Stage::Active, Stage::Held, Stage::Dormant])?;
        self.close(&id);
        Ok(())
    }

    pub fn accept_offer(&mut self, c: &pb::AcceptOffer) -> Said {
        let id = name(&c.interaction);
        self.find_offer(&id, uid(&c.offer))?;
        self.accept(&id, uid(&c.offer));
        Ok(())
    }

    pub fn decline_offer(&mut self, c: &pb::DeclineOffer) -> Said {
        let id = name(&c.interaction);
        self.find_offer(&id, uid(&c.offer))?;
        self.decline(&id, uid(&c.offer));
        Ok(())
    }

    /// True: this offer rings, and is it. Else the part must be connecting.
    fn rings_or_connects(&self, id: &Name, part: Uid) -> Result<bool, Refusal> {
        if self.find_offer(id, part).is_ok_and(|o| o.rings) {
            return Ok(true);
        }
        let i = self.find_open(id)?;
        if i.offer(part).is_some() {
            self.find_offer(id, part)?;
            return Err("WRONG_STATE");
        }
        part_in(i, part, &[Stage::Connecting])?;
        Ok(false)
    }

    pub fn connected(&mut self, c: &pb::ReportConnected) -> Said {
        let (id, part) = (name(&c.interaction), uid(&c.assignment));
        if self.rings_or_connects(&id, part)? {
            self.accept(&id, part);
        }
        self.connect(&id, part);
        Ok(())
    }

    pub fn connect_failed(&mut self, c: &pb::ReportConnectFailed) -> Said {
        use pb::ConnectFailure::{CustomerGone, MediaError};
        let (id, part) = (name(&c.interaction), uid(&c.assignment));
        let rings = self.rings_or_connects(&id, part)?;
        if c.cause() == CustomerGone {
            self.close(&id);
            return Ok(());
        }
        let blameless = c.cause() == MediaError;
        if blameless {
            let i = self.tenant.interactions.get(&id);
            let agent = match rings {
                true => i.and_then(|i| i.offer(part)).map(|o| o.agent.clone()),
                false => i.and_then(|i| i.part(part)).map(|p| p.agent.clone()),
            };
            agent.iter().for_each(|agent| self.keep_apart(&id, agent));
        }
        match (rings, blameless) {
            (true, true) => self.revoke(&id, part),
            (true, false) => self.miss(&id, part),
            (false, _) => self.not_connected(&id, part, !blameless),
        }
        Ok(())
    }

    pub fn hold(&mut self, c: &pb::HoldAssignment) -> Said {
        let (id, part) = (name(&c.interaction), uid(&c.assignment));
        part_in(self.find_open(&id)?, part, &[Stage::Active])?;
        self.part(&id, part, |p| p.state = Stage::Held);
        self.interaction(&id, |i| i.silent_at_ms = None);
        self.emit(Kind::AssignmentHeld);
        Ok(())
    }

    pub fn retrieve(&mut self, c: &pb::RetrieveAssignment) -> Said {
        let (id, part) = (name(&c.interaction), uid(&c.assignment));
        part_in(self.find_open(&id)?, part, &[Stage::Held])?;
        self.part(&id, part, |p| p.state = Stage::Active);
        self.await_silence(&id);
        self.emit(Kind::AssignmentRetrieved);
        Ok(())
    }

    pub fn add_channel(&mut self, c: &pb::AddChannel) -> Said {
        let (id, part, channel) = (name(&c.interaction), uid(&c.assignment), name(&c.channel));
        let i = self.find_open(&id)?;
        let agent = part_in(i, part, &[Stage::Active, Stage::Held])?.agent.clone();
        let channels = i.channels();
        if channels.contains(&channel) {
            return Err("INVALID_FIELD");
        }
        let record = self.tenant.agents.get(&agent).ok_or("NOT_FOUND")?;
        if channels.len() >= CHANNELS_MAX || record.work.len() >= WORK_MAX {
            return Err("LIMIT_REACHED");
        }
        if !self.has_room(&agent, &channel) {
            return Err("CAPACITY_EXCEEDED");
        }
        let units = lawful::cost(lawful::capacity(self.tenant, record), &channel);
        let piece = Piece {
            interaction: id.clone(),
            id: part,
            channel: channel.clone(),
            units,
            offered: false,
            dormant: false,
        };
        self.agent(&agent, |a| a.take(piece));
        self.part(&id, part, |p| p.channels.push(channel.clone()));
        self.interaction(&id, |i| i.added.push(channel));
        self.emit(Kind::ChannelAdded);
        Ok(())
    }

    pub fn transfer(&mut self, c: &pb::TransferInteraction) -> Said {
        let (id, part, now_ms) = (name(&c.interaction), uid(&c.assignment), self.now_ms);
        let i = self.find_open(&id)?;
        let from = part_in(i, part, &[Stage::Active, Stage::Held])?.agent.clone();
        check_parts(i)?;
        let target = c.target.as_ref().and_then(|t| t.target.as_ref());
        let (queue, agent) = match target {
            Some(Target::Queue(queue)) => (Some(self.entrance(queue)?), None),
            Some(Target::Agent(agent)) => (None, Some(name(agent))),
            None => (None, None),
        };
        if let Some(agent) = &agent {
            let record = self.tenant.agents.get(agent).ok_or("NOT_FOUND")?;
            if *agent == from || record.is_offline() || record.draining {
                return Err("INVALID_FIELD");
            }
        }
        let moves = queue.is_some();
        let overflows = matches!((target, &queue), (Some(Target::Queue(asked)), Some(queue)) if **queue != **asked);
        self.interaction(&id, |i| {
            i.exclusions.retain(|e| Some(&e.agent) != agent.as_ref());
            i.queue = queue.unwrap_or(i.queue.clone());
            i.target = agent;
            i.target_since_ms = 0;
            i.connect_by_ms = c.connect_by_ms.or(i.connect_by_ms.filter(|at_ms| *at_ms > now_ms));
            i.version += 1;
        });
        self.emit(Kind::InteractionTransferred);
        if overflows {
            self.emit(Kind::InteractionOverflowed);
        }
        if moves {
            self.relax(&id);
        }
        self.hand_back(&id, part, &from);
        Ok(())
    }

    pub fn end_assignment(&mut self, c: &pb::EndAssignment) -> Said {
        let (id, part) = (name(&c.interaction), uid(&c.assignment));
        let i = self.find_open(&id)?;
        let had = [Stage::Connecting, Stage::Active, Stage::Held, Stage::Dormant];
        let agent = part_in(i, part, &had)?.agent.clone();
        check_parts(i)?;
        self.interaction(&id, |i| i.target = None);
        self.hand_back(&id, part, &agent);
        Ok(())
    }

    pub fn complete_wrap_up(&mut self, c: &pb::CompleteWrapUp) -> Said {
        let (id, part) = (name(&c.interaction), uid(&c.assignment));
        part_in(self.find(&id)?, part, &[Stage::WrapUp])?;
        self.end(&id, part);
        Ok(())
    }

    pub fn record_activity(&mut self, c: &pb::RecordActivity) -> Said {
        let id = name(&c.interaction);
        let by_customer = c.party() == pb::Party::Customer;
        let i = self.find_open(&id)?;
        let talking = i.primary().is_some_and(|p| p.state == Stage::Active);
        if c.now_dormant && by_customer {
            return Err("INVALID_FIELD");
        }
        if c.now_dormant && !talking {
            return Err("WRONG_STATE");
        }
        let asleep = i.state == State::Dormant;
        self.emit(Kind::ActivityRecorded);
        if c.now_dormant {
            self.sleep(&id);
        } else if asleep && by_customer {
            self.wake(&id);
        } else if talking {
            self.await_silence(&id);
        }
        Ok(())
    }
}
