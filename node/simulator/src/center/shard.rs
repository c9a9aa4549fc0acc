//! One shard without a cluster: the domain's state, the Matchmaker, and the entries between them, as a leader writes
//! them. Committing takes no time.
use super::people::{Plan, Restored};
use kindred_domain::{
    Answer, Applied, Body, Command, Entry, Rejection, Reply, State,
    command::*,
    ids::*,
    record::{AnswerMode, ChannelRules},
    state::Orphan,
};
use kindred_matching::{Ended, Matchmaker, NoBidder};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Log time of virtual millisecond 0 where nothing was recorded: Monday, 5 January 2026, 00:00 UTC.
pub const EPOCH_MS: u64 = 1_767_571_200_000;
/// Closed interactions and events are nobody's to read here: kept as short as can be said.
const KEPT_MS: u64 = 1;

/// See the module.
pub(super) struct Shard {
    tenant: TenantId,
    state: State,
    matchmaker: Matchmaker,
    /// Virtual time.
    pub now_ms: u64,
    begins_ms: u64,
    /// Draws offer ids.
    rng: ChaCha8Rng,
    /// Every entry, if they are wanted.
    pub log: Option<Vec<Entry>>,
}

/// A shard is founded with an empty state at this index: its first entry is the next one.
const FOUNDED: u64 = 1;

impl Shard {
    /// An empty one, or one with a recorded configuration.
    pub fn new(rng: ChaCha8Rng, plan: &Plan) -> Result<Self, Orphan> {
        let begins_ms = plan.begins_ms;
        let mut matchmaker = Matchmaker::new();
        matchmaker.reset(begins_ms);
        let mut state = State::restore(FOUNDED, begins_ms);
        let mut tenant = TenantId::new("simulated");
        if let Some(Restored { tenant: theirs, records }) = &plan.restored {
            tenant = theirs.clone();
            for record in records {
                state.restore_record(record.clone())?;
                matchmaker.apply_record(record.clone());
            }
            state.restore_finish();
        }
        Ok(Self { tenant, state, matchmaker, now_ms: 0, begins_ms, rng, log: None })
    }

    /// Keeps every entry.
    pub fn recording(self) -> Self {
        Self { log: Some(Vec::new()), ..self }
    }

    /// The tenant, and how little of it is kept.
    pub fn begin(&mut self, plan: &Plan) -> Result<(), Rejection> {
        if plan.restored.is_none() {
            self.ask(AdoptTenant { id: self.tenant.clone(), display_name: String::new() })?;
        }
        self.ask(UpdateTenant {
            etag: None,
            display_name: None,
            closed_retention_ms: Some(KEPT_MS),
            closed_retention_bytes: None,
            event_retention_ms: Some(KEPT_MS),
            event_retention_bytes: None,
        })?;
        Ok(())
    }

    /// Who answers on a channel of a queue.
    pub fn answer_mode(&self, queue: &QueueId, channel: &Channel) -> AnswerMode {
        let queue = self.state.tenant(&self.tenant).and_then(|tenant| tenant.queue(queue));
        let rules = queue.and_then(|queue| queue.channels.get(channel));
        rules.map_or_else(|| ChannelRules::defaults(channel).answer_mode, |rules| rules.answer_mode)
    }

    /// Applies a command in an entry of its own; what it changed is told to the Matchmaker.
    pub fn write(&mut self, body: impl Into<Body>) -> Applied {
        let tenant = Some(self.tenant.clone());
        self.commit(vec![Command { tenant, request: None, body: body.into() }])
    }

    /// As [`Self::write`], of a command that may be refused.
    pub fn ask(&mut self, body: impl Into<Body>) -> Result<Applied, Rejection> {
        let applied = self.write(body);
        match applied.answers.first() {
            Some(Answer::Fresh(Err(rejection))) => Err(rejection.clone()),
            _ => Ok(applied),
        }
    }

    /// Deadlines that are due take effect, if there are any.
    pub fn advance(&mut self) -> Option<Applied> {
        let due = self.state.next_due_ms().is_some_and(|at_ms| at_ms <= self.log_ms());
        due.then(|| self.commit(vec![Command { tenant: None, request: None, body: Advance {}.into() }]))
    }

    /// Applies the next batch of offers, if there is anything to offer.
    pub fn offer(&mut self) -> Option<Applied> {
        let awake = self.matchmaker.has_work() || self.matchmaker.next_wake_ms().is_some_and(|at| at <= self.log_ms());
        if !awake {
            return None;
        }
        let (now_ms, seed) = (self.log_ms(), self.rng.random());
        let batch = self.matchmaker.next_batch(now_ms, seed, &mut NoBidder)?;
        let command = |(tenant, offers): (TenantId, MakeOffers)| Command {
            tenant: Some(tenant),
            request: None,
            body: offers.into(),
        };
        let applied = self.commit(batch.offers.into_iter().map(command).collect());
        let mut stale = Vec::new();
        for answer in &applied.answers {
            if let Answer::Fresh(Ok(Reply::Offers { dropped, .. })) = answer {
                stale.extend(dropped.iter().map(|(id, why)| (self.tenant.clone(), id.clone(), *why)));
            }
        }
        self.matchmaker.batch_done(Ended::Applied(stale));
        Some(applied)
    }

    /// When something happens by itself, virtual time.
    pub fn next_ms(&self) -> Option<u64> {
        let due = self.state.next_due_ms();
        let wake = self.matchmaker.next_wake_ms();
        due.into_iter().chain(wake).min().map(|at_ms| at_ms.saturating_sub(self.begins_ms))
    }

    /// Is this very offer out.
    pub fn is_out(&self, interaction: &InteractionId, offer: OfferId) -> bool {
        let found = self.state.tenant(&self.tenant).and_then(|tenant| tenant.interaction(interaction));
        found.is_some_and(|interaction| interaction.offer(offer).is_some())
    }

    /// What of the state contradicts itself (the domain's own check).
    #[cfg(test)]
    pub fn violations(&self) -> String {
        self.state.check().err().map(|found| format!("{found:?}")).unwrap_or_default()
    }

    fn log_ms(&self) -> u64 {
        self.begins_ms + self.now_ms
    }

    fn commit(&mut self, commands: Vec<Command>) -> Applied {
        let (index, time_ms) = (self.state.index() + 1, self.log_ms());
        let entry = Entry { index, time_ms, commands };
        let mut applied = self.state.apply(&entry);
        if let Some(log) = &mut self.log {
            log.push(entry);
        }
        applied.puts.drain(..).for_each(|record| self.matchmaker.apply_record(record));
        applied.removed.iter().for_each(|key| self.matchmaker.remove_record(key));
        applied
    }
}
