//! Applies a log entry by entry and notes what it says of one tenant.
use super::{Recording, Unfollowed, people::People, rules::Rules, visits::Visits};
use kindred_domain::{
    Body, Entry, Event, EventKind, State,
    command::CreateInteraction,
    ids::*,
    record::{AnswerMode, ChannelRules, PresenceStatus, Record, Role},
};
use std::sync::Arc;

/// Interactions a recording has at most.
pub const VISITS_MAX: usize = 2_000_000;

/// The part of a log that counts, log time: who came from `since_ms` on and before `until_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub since_ms: u64,
    /// Before.
    pub until_ms: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { since_ms: 0, until_ms: u64::MAX }
    }
}

/// Why a log cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An entry is missing: the state after it is not known.
    #[error("entry {index} follows {after}: what is between them is missing")]
    Missing {
        /// What came.
        index: u64,
        /// What it should follow.
        after: u64,
    },
    /// More than [`VISITS_MAX`].
    #[error("more than {VISITS_MAX} interactions: choose a shorter window")]
    TooMany,
}

/// See the module.
pub struct Recorder {
    tenant: TenantId,
    window: Window,
    state: State,
    index: u64,
    visits: Visits,
    people: People,
    rules: Rules,
    unfollowed: Unfollowed,
    first_ms: Option<u64>,
    last_ms: u64,
}

impl Recorder {
    /// Of a tenant in a shard whose log is told from its first entry on. `founded` is the index before that: 1 in a
    /// cluster.
    pub fn new(tenant: TenantId, window: Window, founded: u64) -> Self {
        Self {
            tenant,
            window,
            state: State::restore(founded, 0),
            index: founded,
            visits: Visits::default(),
            people: People::default(),
            rules: Rules::default(),
            unfollowed: Unfollowed::default(),
            first_ms: None,
            last_ms: 0,
        }
    }

    /// An entry that says nothing to the state.
    pub fn nothing(&mut self, index: u64) -> Result<(), Error> {
        if index != self.index + 1 {
            return Err(Error::Missing { index, after: self.index });
        }
        self.index = index;
        Ok(())
    }

    /// The next entry.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), Error> {
        self.nothing(entry.index)?;
        let applied = self.state.apply(entry);
        let now_ms = self.state.now_ms();
        self.submitted(entry, &applied.events);
        if self.visits.len() > VISITS_MAX {
            return Err(Error::TooMany);
        }
        if now_ms < self.window.until_ms {
            let tenant = &self.tenant;
            let ours = |record: &&Record| record.key().tenant().is_none_or(|of| of == tenant);
            for record in applied.puts.iter().filter(ours) {
                self.rules.put(record, now_ms >= self.window.since_ms, &mut self.unfollowed);
            }
        }
        let theirs = applied.events.iter().filter(|event| event.tenant == self.tenant);
        for event in theirs.collect::<Vec<_>>() {
            self.event(event, &applied.puts);
        }
        Ok(())
    }

    /// What was recorded; times count from the first who came, or from where the window begins.
    pub fn finish(mut self) -> Recording {
        let first_ms = self.first_ms.unwrap_or(self.state.now_ms());
        let begins_ms = if self.window.since_ms == 0 { first_ms } else { self.window.since_ms };
        let ends_ms = if self.window.until_ms == u64::MAX { self.last_ms + 1 } else { self.window.until_ms };
        self.visits.end(self.state.now_ms(), &mut self.unfollowed);
        Recording {
            tenant: self.tenant,
            begins_ms,
            duration_ms: ends_ms.min(self.state.now_ms() + 1).saturating_sub(begins_ms).max(1),
            visits: self.visits.finish(begins_ms),
            agents: self.people.finish(begins_ms),
            records: self.rules.finish(begins_ms),
            unfollowed: self.unfollowed,
        }
    }

    /// Interactions that were let in: the submits that were refused made no event.
    fn submitted(&mut self, entry: &Entry, events: &[Event]) {
        let ours = entry.commands.iter().filter(|command| command.tenant.as_ref() == Some(&self.tenant));
        for command in ours {
            match &command.body {
                Body::CreateInteraction(create) => {
                    let made = |event: &&Event| {
                        matches!(event.kind, EventKind::InteractionCreated { .. })
                            && event.tenant == self.tenant
                            && event.interaction.as_ref() == Some(&create.id)
                    };
                    if let Some(event) = events.iter().find(made) {
                        let create = Arc::new(CreateInteraction::clone(create));
                        self.visits.created(event.at_ms, &create, &self.window);
                        if (self.window.since_ms..self.window.until_ms).contains(&event.at_ms) {
                            self.first_ms.get_or_insert(event.at_ms);
                            self.last_ms = event.at_ms;
                        }
                    }
                }
                Body::SetPresence(said) if !said.channels.is_empty() && self.is_within() => {
                    self.unfollowed.presences_by_channel += 1;
                }
                _ => {}
            }
        }
    }

    fn is_within(&self) -> bool {
        (self.window.since_ms..self.window.until_ms).contains(&self.state.now_ms())
    }

    fn event(&mut self, event: &Event, puts: &[Record]) {
        self.visits.event(event, &self.window, &mut self.unfollowed, |assignment| {
            event.interaction.as_ref().is_none_or(|id| is_primary(puts, &self.tenant, id, assignment))
        });
        let Some(agent) = &event.agent else { return };
        match &event.kind {
            EventKind::PresenceChanged { status, .. } => self.people.says(agent, event.at_ms, *status),
            EventKind::AgentDeleted => self.people.says(agent, event.at_ms, PresenceStatus::Offline),
            EventKind::OfferMade { offer, .. } if self.is_asked(event) => self.people.asked(*offer, event.at_ms),
            EventKind::OfferAccepted { offer } => self.people.answered(agent, *offer, event.at_ms, |answers| {
                answers.accepted += 1;
                true
            }),
            EventKind::OfferDeclined { offer, .. } => self.people.answered(agent, *offer, event.at_ms, |answers| {
                answers.declined += 1;
                true
            }),
            EventKind::OfferExpired { offer } => self.people.answered(agent, *offer, event.at_ms, |answers| {
                answers.missed += 1;
                false
            }),
            EventKind::OfferRevoked { offer, .. } => self.people.revoked(*offer),
            _ => {}
        }
    }

    /// Does the queue ask agents on this interaction's channel: else nobody answers.
    fn is_asked(&self, event: &Event) -> bool {
        let Some(tenant) = self.state.tenant(&self.tenant) else { return false };
        let interaction = event.interaction.as_ref().and_then(|id| tenant.interaction(id));
        let queue = event.queue.as_ref().and_then(|id| tenant.queue(id));
        let (Some(interaction), Some(queue)) = (interaction, queue) else { return false };
        let rules = queue.channels.get(&interaction.channel);
        let mode = rules.map_or_else(|| ChannelRules::defaults(&interaction.channel).answer_mode, |r| r.answer_mode);
        mode != AnswerMode::Auto
    }
}

/// Is the assignment the customer's own, rather than of somebody who was asked in.
fn is_primary(puts: &[Record], tenant: &TenantId, id: &InteractionId, assignment: AssignmentId) -> bool {
    let found = puts.iter().find_map(|record| match record {
        Record::Interaction(it) | Record::Closed(it) if it.tenant == *tenant && it.id == *id => Some(it),
        _ => None,
    });
    let part = found.and_then(|it| it.assignments.iter().find(|part| part.id == assignment));
    part.is_none_or(|part| part.role == Role::Primary)
}
