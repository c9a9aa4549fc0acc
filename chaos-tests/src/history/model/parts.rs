//! An agent's part: connected, let go, wrapped up, ended; asleep and awake; the interaction back in the queue, or closed.

use kindred_proto::log::v1 as pb;
use kindred_proto::v1::{assignment, event::Kind, interaction::State};

use super::lawful;
use super::records::*;
use super::tenant::Turn;
use assignment::State as Stage;

const OFFER_TIMEOUT_MS: u64 = 20_000;
const CONNECT_TIMEOUT_MS: u64 = 10_000;
const WRAP_UP_TIMEOUT_MS: u64 = 30_000;
const VOICE_ASSIGNED_MAX_MS: u64 = 4 * 3600 * 1000;
const RESUME_TIMEOUT_MS: u64 = 60_000;
const OVERFLOW_BEFORE_MS: u64 = 5_000;

impl Turn<'_> {
    /// The queue's rules for the interaction's first channel, else the defaults.
    pub fn rules(&self, id: &Name) -> pb::ChannelRules {
        let i = self.tenant.interactions.get(id);
        i.map(|i| self.rules_of(i)).unwrap_or_else(|| defaults(""))
    }

    pub fn rules_of(&self, i: &Interaction) -> pb::ChannelRules {
        let queue = self.tenant.queues.get(&i.queue);
        queue.and_then(|q| q.channels.get(&*i.channel)).cloned().unwrap_or_else(|| defaults(&i.channel))
    }

    /// In memory: open, or closed while somebody wraps it up.
    pub fn find(&self, id: &Name) -> Result<&Interaction, Refusal> {
        match self.tenant.interactions.get(id) {
            Some(i) => Ok(i),
            None if self.tenant.closed.contains_key(id) => Err("WRONG_STATE"),
            None => Err("NOT_FOUND"),
        }
    }

    pub fn find_open(&self, id: &Name) -> Result<&Interaction, Refusal> {
        self.find(id).and_then(|i| if i.state == State::Closed { Err("WRONG_STATE") } else { Ok(i) })
    }

    /// They talk.
    pub fn connect(&mut self, id: &Name, part: Uid) {
        let (now_ms, max_ms) = (self.now_ms, self.rules(id).assigned_max_ms);
        let agent = self.part(id, part, |p| {
            p.state = Stage::Active;
            p.connected = true;
            p.deadline = (max_ms > 0).then(|| Deadline::at(now_ms + max_ms));
            p.agent.clone()
        });
        let Some(agent) = agent else { return };
        self.interaction(id, |i| i.target = None);
        self.await_silence(id);
        self.emit(Kind::AssignmentConnected);
        self.answered(&agent);
    }

    /// From now on the customer's silence counts, if the channel has it.
    pub fn await_silence(&mut self, id: &Name) {
        let (now_ms, after_ms) = (self.now_ms, self.rules(id).dormant_after_ms);
        self.interaction(id, |i| i.silent_at_ms = (after_ms > 0).then(|| now_ms + after_ms));
    }

    /// Who talked wraps up; who did not, or no longer, is through.
    pub fn let_go(&mut self, id: &Name, part: Uid) {
        let Some(p) = self.tenant.interactions.get(id).and_then(|i| i.part(part)) else { return };
        let talked = matches!(p.state, Stage::Active | Stage::Held);
        let timeout_ms = self.rules(id).wrap_up_timeout_ms;
        if !talked || timeout_ms == 0 {
            return self.end(id, part);
        }
        let now_ms = self.now_ms;
        self.part(id, part, |p| {
            p.state = Stage::WrapUp;
            p.talked_until_ms = Some(now_ms);
            p.deadline = Some(Deadline::at(now_ms + timeout_ms));
        });
        self.emit(Kind::WrapUpStarted);
    }

    /// The part is over, and the agent free of it.
    pub fn end(&mut self, id: &Name, part: Uid) {
        let now_ms = self.now_ms;
        let agent = self.part(id, part, |p| {
            p.state = Stage::Ended;
            p.talked_until_ms.get_or_insert(now_ms);
            p.deadline = None;
            p.agent.clone()
        });
        let Some(agent) = agent else { return };
        self.emit(Kind::AssignmentEnded);
        self.agent(&agent, |a| a.work.retain(|w| w.id != part));
        self.retire_if_over(id);
        self.freed(&agent);
    }

    fn retire_if_over(&mut self, id: &Name) {
        let over = |i: &Interaction| i.state == State::Closed && i.parts.iter().all(Part::is_over);
        if self.tenant.interactions.get(id).is_some_and(over) {
            self.retire(id);
        }
    }

    /// An agent's work became less.
    pub fn freed(&mut self, agent: &Name) {
        self.work_over(agent);
        self.resume_waiting(agent);
    }

    /// Connecting failed; an agent to blame missed it.
    pub fn not_connected(&mut self, id: &Name, part: Uid, blame: bool) {
        let p = self.tenant.interactions.get(id).and_then(|i| i.part(part));
        let Some(agent) = p.map(|p| p.agent.clone()) else { return };
        if blame {
            self.missed(&agent);
            self.interaction(id, |i| i.target = None);
        }
        self.end(id, part);
        self.requeue(id);
        self.freed(&agent);
    }

    /// Waits again, with its age.
    pub fn requeue(&mut self, id: &Name) {
        let Some(i) = self.tenant.interactions.get(id) else { return };
        let (deadline, now_ms) = (self.waiting_deadline(i), self.now_ms);
        self.interaction(id, |i| {
            if i.state != State::Queued {
                i.enter(State::Queued, now_ms);
            }
            i.deadline = deadline;
            i.silent_at_ms = None;
        });
        self.emit(Kind::InteractionQueued);
    }

    /// An agent who talked, or was to, gives it on or back.
    pub fn hand_back(&mut self, id: &Name, part: Uid, agent: &Name) {
        self.exclude(id, agent);
        self.let_go(id, part);
        self.requeue(id);
    }

    /// Until when the agent who was named is waited for.
    pub fn overflow_at_ms(&self, i: &Interaction) -> Option<u64> {
        i.target.as_ref()?;
        let since_ms = i.waits_since_ms().max(i.target_since_ms);
        Some(match i.connect_by_ms {
            Some(by_ms) => by_ms.saturating_sub(OVERFLOW_BEFORE_MS).max(since_ms),
            None => since_ms + self.rules_of(i).resume_timeout_ms,
        })
    }

    /// When the queue's longest wait is over.
    pub fn expires_at_ms(&self, i: &Interaction) -> Option<u64> {
        let max_ms = self.tenant.queues.get(&i.queue)?.max_wait_ms;
        (max_ms > 0).then(|| i.waits_since_ms() + max_ms)
    }

    pub fn waiting_deadline(&self, i: &Interaction) -> Option<Deadline> {
        let ends = [self.overflow_at_ms(i), self.expires_at_ms(i)];
        ends.into_iter().flatten().min().map(Deadline::at)
    }

    /// The end, from any state.
    pub fn close(&mut self, id: &Name) {
        if self.find_open(id).is_err() {
            return;
        }
        let offered = self.withdraw_all(id);
        let now_ms = self.now_ms;
        let left = self.interaction(id, |i| {
            i.enter(State::Closed, now_ms);
            i.deadline = None;
            i.deferred = None;
            i.exclusions.clear();
            i.silent_at_ms = None;
            i.unconfirmed_since_ms = None;
            i.target = None;
            let live = i.parts.iter().filter(|p| !matches!(p.state, Stage::WrapUp | Stage::Ended));
            (i.conversation.clone(), live.map(|p| p.id).collect::<Vec<_>>())
        });
        let Some((conversation, parts)) = left else { return };
        if let Some(conversation) = conversation.filter(|c| self.tenant.conversations.contains_key(c)) {
            self.conversation(&conversation, |c| {
                c.open = c.open.saturating_sub(1);
                c.active_ms = now_ms;
            });
        }
        self.emit(Kind::InteractionClosed);
        for part in parts {
            self.let_go(id, part);
        }
        self.retire_if_over(id);
        offered.iter().for_each(|offer| self.freed(&offer.agent));
    }

    /// The customer is silent: the agent keeps them for a fraction of the cost.
    pub fn sleep(&mut self, id: &Name) -> bool {
        let percent = u64::from(self.rules(id).dormant_percent.min(100));
        let now_ms = self.now_ms;
        let slept = self.interaction(id, |i| {
            let part = i.primary().filter(|p| p.state == Stage::Active)?.id;
            let p = i.parts.iter_mut().find(|p| p.id == part)?;
            p.state = Stage::Dormant;
            let agent = p.agent.clone();
            i.enter(State::Dormant, now_ms);
            i.silent_at_ms = None;
            Some((part, agent))
        });
        let Some((part, agent)) = slept.flatten() else { return false };
        self.pieces(&agent, part, |w| {
            w.dormant = true;
            w.units = (u64::from(w.units) * percent).div_ceil(100) as u32;
        });
        self.emit(Kind::InteractionDormant);
        self.freed(&agent);
        true
    }

    /// The customer wrote again.
    pub fn wake(&mut self, id: &Name) {
        if self.try_resume(id) {
            return;
        }
        let until_ms = self.now_ms + self.rules(id).resume_timeout_ms;
        let now_ms = self.now_ms;
        self.interaction(id, |i| {
            i.enter(State::Resuming, now_ms);
            i.deadline = Some(Deadline::at(until_ms));
        });
        self.emit(Kind::InteractionResuming);
    }

    fn try_resume(&mut self, id: &Name) -> bool {
        let Some(i) = self.tenant.interactions.get(id) else { return false };
        let Some(part) = i.primary().filter(|p| p.state == Stage::Dormant).cloned() else { return false };
        let Some(agent) = self.tenant.agents.get(&part.agent) else { return false };
        let Some(capacity) = lawful::capacity(self.tenant, agent) else { return false };
        let beside = agent.work.iter().filter(|w| w.id != part.id);
        if !lawful::present(agent, &i.channel, self.now_ms) || !lawful::room(capacity, beside, &part.channels) {
            return false;
        }
        let capacity = capacity.clone();
        self.pieces(&part.agent, part.id, |w| {
            w.dormant = false;
            w.units = lawful::cost(Some(&capacity), &w.channel);
        });
        self.part(id, part.id, |p| p.state = Stage::Active);
        let now_ms = self.now_ms;
        self.interaction(id, |i| {
            i.enter(State::Assigned, now_ms);
            i.deadline = None;
        });
        self.await_silence(id);
        self.emit(Kind::InteractionResumed);
        true
    }

    /// Gives an agent who may have room the customers who wrote again, longest waiting first.
    pub fn resume_waiting(&mut self, agent: &Name) {
        let Some(record) = self.tenant.agents.get(agent) else { return };
        let asleep = record.work.iter().filter(|w| w.dormant);
        let resuming = asleep.filter_map(|w| {
            let i = self.tenant.interactions.get(&w.interaction)?;
            (i.state == State::Resuming).then(|| (i.since_ms, w.interaction.clone()))
        });
        let mut resuming: Vec<(u64, Name)> = resuming.collect();
        resuming.sort();
        resuming.dedup();
        for (_, id) in resuming {
            self.try_resume(&id);
        }
    }
}

fn defaults(channel: &str) -> pb::ChannelRules {
    pb::ChannelRules {
        answer_mode: pb::AnswerMode::AgentAccepts.into(),
        offer_timeout_ms: OFFER_TIMEOUT_MS,
        connect_timeout_ms: CONNECT_TIMEOUT_MS,
        wrap_up_timeout_ms: WRAP_UP_TIMEOUT_MS,
        assigned_max_ms: if channel == "voice" { VOICE_ASSIGNED_MAX_MS } else { 0 },
        close_overdue: false,
        dormant_percent: 50,
        dormant_after_ms: 0,
        resume_timeout_ms: RESUME_TIMEOUT_MS,
    }
}
