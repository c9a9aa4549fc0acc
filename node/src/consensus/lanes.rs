//! Who waits to be proposed, and who goes first.
//!
//! Three bounded lanes, drained in order: the leader's own commands, agents' answers, submits. Submits
//! are taken round-robin by tenant, so that one tenant's burst delays another's call by one command at
//! most, and a share of every entry is theirs, so that the lanes before them cannot starve them.

use std::collections::{BTreeMap, VecDeque};

use super::limits::{
    ANSWER_LANE_MAX, COMMAND_BYTES_MAX, COMMANDS_PER_ENTRY_MAX, ENTRY_BYTES_MAX, INTERNAL_LANE_MAX, LANE_BYTES_MAX,
    SUBMIT_LANE_MAX, SUBMIT_SHARE_DIVISOR, SUBMIT_TENANTS_MAX, SUBMITS_PER_TENANT_RESERVED,
};

/// A command as the lanes see it.
pub trait Item {
    /// Tells tenants apart.
    type Tenant: Ord + Clone;
    /// Its length in an entry, in bytes.
    fn bytes(&self) -> usize;
    /// Whose it is.
    fn tenant(&self) -> Self::Tenant;
}

/// Which lane a command waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The leader's own: offers, expiries, the state hash.
    Internal,
    /// What an agent, connector or operator answers to something already under way.
    Answer,
    /// New work.
    Submit,
}

/// Why a lane takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaneFull {
    /// Too many commands wait.
    #[error("{waiting} commands wait in this lane, at most {max}")]
    Commands { waiting: usize, max: usize },
    /// The commands that wait are too large together.
    #[error("{waiting} bytes wait in this lane, at most {max}")]
    Bytes { waiting: usize, max: usize },
    /// Too many tenants have something waiting.
    #[error("{waiting} tenants wait in this lane, at most {max}")]
    Tenants { waiting: usize, max: usize },
    /// This command alone is larger than any may be.
    #[error("a command of {bytes} bytes, at most {max}")]
    TooLarge { bytes: usize, max: usize },
}

struct Line<I> {
    items: VecDeque<I>,
    bytes: usize,
    items_max: usize,
}

/// The three lanes of one shard.
pub struct Lanes<I: Item> {
    internal: Line<I>,
    answers: Line<I>,
    submits: BTreeMap<I::Tenant, VecDeque<I>>,
    /// Tenants with waiting submits; the front one is next.
    turns: VecDeque<I::Tenant>,
    submit_count: usize,
    submit_bytes: usize,
}

impl<I: Item> Default for Lanes<I> {
    fn default() -> Self {
        let line = |items_max| Line { items: VecDeque::new(), bytes: 0, items_max };
        Self {
            internal: line(INTERNAL_LANE_MAX),
            answers: line(ANSWER_LANE_MAX),
            submits: BTreeMap::new(),
            turns: VecDeque::new(),
            submit_count: 0,
            submit_bytes: 0,
        }
    }
}

/// What still fits into the entry being packed.
struct Room {
    commands: usize,
    bytes: usize,
}

impl Room {
    fn take(&mut self, bytes: usize) -> bool {
        let fits = self.commands > 0 && bytes <= self.bytes;
        if fits {
            self.commands -= 1;
            self.bytes -= bytes;
        }
        fits
    }
}

impl<I: Item> Line<I> {
    fn push(&mut self, item: I) -> Result<(), (LaneFull, I)> {
        if self.items.len() >= self.items_max {
            return Err((LaneFull::Commands { waiting: self.items.len(), max: self.items_max }, item));
        }
        if self.bytes + item.bytes() > LANE_BYTES_MAX {
            return Err((LaneFull::Bytes { waiting: self.bytes, max: LANE_BYTES_MAX }, item));
        }
        self.bytes += item.bytes();
        self.items.push_back(item);
        Ok(())
    }

    fn pack(&mut self, room: &mut Room, packed: &mut Vec<I>) {
        while let Some(item) = self.items.pop_front_if(|item| room.take(item.bytes())) {
            self.bytes -= item.bytes();
            packed.push(item);
        }
    }
}

impl<I: Item> Lanes<I> {
    /// Commands waiting in all lanes.
    pub fn len(&self) -> usize {
        self.internal.items.len() + self.answers.items.len() + self.submit_count
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether what waits makes a full entry.
    pub fn fills_an_entry(&self) -> bool {
        let bytes = self.internal.bytes + self.answers.bytes + self.submit_bytes;
        self.len() >= COMMANDS_PER_ENTRY_MAX || bytes >= ENTRY_BYTES_MAX
    }

    /// Commands waiting in one lane.
    pub fn waiting(&self, lane: Lane) -> usize {
        match lane {
            Lane::Internal => self.internal.items.len(),
            Lane::Answer => self.answers.items.len(),
            Lane::Submit => self.submit_count,
        }
    }

    /// Queues a command, or gives it back with the reason.
    pub fn push(&mut self, lane: Lane, item: I) -> Result<(), (LaneFull, I)> {
        if item.bytes() > COMMAND_BYTES_MAX {
            return Err((LaneFull::TooLarge { bytes: item.bytes(), max: COMMAND_BYTES_MAX }, item));
        }
        match lane {
            Lane::Internal => self.internal.push(item),
            Lane::Answer => self.answers.push(item),
            Lane::Submit => self.push_submit(item),
        }
    }

    fn push_submit(&mut self, item: I) -> Result<(), (LaneFull, I)> {
        let tenant = item.tenant();
        let own = self.submits.get(&tenant).map_or(0, VecDeque::len);
        if own >= SUBMITS_PER_TENANT_RESERVED && self.submit_count >= SUBMIT_LANE_MAX {
            return Err((LaneFull::Commands { waiting: self.submit_count, max: SUBMIT_LANE_MAX }, item));
        }
        if own == 0 && self.turns.len() >= SUBMIT_TENANTS_MAX {
            return Err((LaneFull::Tenants { waiting: self.turns.len(), max: SUBMIT_TENANTS_MAX }, item));
        }
        if self.submit_bytes + item.bytes() > LANE_BYTES_MAX {
            return Err((LaneFull::Bytes { waiting: self.submit_bytes, max: LANE_BYTES_MAX }, item));
        }
        self.submit_count += 1;
        self.submit_bytes += item.bytes();
        if own == 0 {
            self.turns.push_back(tenant.clone());
        }
        self.submits.entry(tenant).or_default().push_back(item);
        Ok(())
    }

    /// Takes the commands of the next entry, in the order in which they shall be applied; empty if
    /// nothing waits.
    pub fn pack(&mut self) -> Vec<I> {
        let mut packed = Vec::with_capacity(self.len().min(COMMANDS_PER_ENTRY_MAX));
        let kept = self.kept_for_submits();
        let mut room = Room { commands: COMMANDS_PER_ENTRY_MAX - kept.commands, bytes: ENTRY_BYTES_MAX - kept.bytes };
        self.internal.pack(&mut room, &mut packed);
        self.answers.pack(&mut room, &mut packed);
        room.commands += kept.commands;
        room.bytes += kept.bytes;
        self.pack_submits(&mut room, &mut packed);
        packed
    }

    /// The submits' share, or what they need if that is less; enough for the first one in any case.
    fn kept_for_submits(&self) -> Room {
        let first = self.turns.front().and_then(|tenant| self.submits.get(tenant)).and_then(VecDeque::front);
        let share = (ENTRY_BYTES_MAX / SUBMIT_SHARE_DIVISOR).min(self.submit_bytes);
        Room {
            commands: (COMMANDS_PER_ENTRY_MAX / SUBMIT_SHARE_DIVISOR).min(self.submit_count),
            bytes: share.max(first.map_or(0, Item::bytes)),
        }
    }

    fn pack_submits(&mut self, room: &mut Room, packed: &mut Vec<I>) {
        while let Some(tenant) = self.turns.pop_front() {
            let line = self.submits.get_mut(&tenant);
            let item = line.and_then(|line| line.pop_front_if(|item| room.take(item.bytes())));
            let Some(item) = item else {
                self.turns.push_front(tenant);
                return;
            };
            self.submit_count -= 1;
            self.submit_bytes -= item.bytes();
            packed.push(item);
            if self.submits.get(&tenant).is_some_and(|line| !line.is_empty()) {
                self.turns.push_back(tenant);
            } else {
                self.submits.remove(&tenant);
            }
        }
    }

    /// Empties all lanes, for instance because this replica no longer leads. None of it was proposed.
    pub fn take_all(&mut self) -> Vec<I> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<I> = self.internal.items.drain(..).collect();
        all.extend(self.answers.items.drain(..));
        for (_, line) in std::mem::take(&mut self.submits) {
            all.extend(line);
        }
        *self = Self::default();
        all
    }
}

#[cfg(test)]
mod tests;
