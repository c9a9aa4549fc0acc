//! The small state machine of the simulation: lists that only grow, with a memory of requests.
//!
//! An append answers with the position it took. That makes linearizability cheap to check completely: the
//! positions are the order, so an operation must not come before one that had ended when it began.

use std::collections::BTreeMap;

use kindred_node::consensus::clock::LeaderTime;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::machine::{Machine, Operation, Outcome, Workload};
use crate::trace::mix;

/// Lists in one shard.
const KEYS: u8 = 4;
/// Of ten operations so many are reads.
const READS_IN_TEN: u32 = 3;

/// Appends the request's own id to the list `key`.
#[derive(Clone, Copy, Debug)]
pub struct Append {
    request: u64,
    key: u8,
}

/// The length of a list and a hash over its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    len: usize,
    hash: u64,
}

/// The replicated state.
#[derive(Clone, Default)]
pub struct Ledger {
    lists: BTreeMap<u8, Vec<u64>>,
    /// Hash over each list's content.
    hashes: BTreeMap<u8, u64>,
    /// Request to position: the memory of requests.
    positions: BTreeMap<u64, usize>,
    log_ms: u64,
    started_term: u64,
    applied_hash: u64,
}

const LEADER_STARTED: u8 = 1;
const COMMANDS: u8 = 2;
const COMMAND_BYTES: usize = 9;

fn word(bytes: &[u8]) -> Result<u64, String> {
    bytes.try_into().map(u64::from_le_bytes).map_err(|_| "an entry is cut short".to_owned())
}

impl Ledger {
    fn append(&mut self, append: Append) -> usize {
        if let Some(position) = self.positions.get(&append.request) {
            return *position;
        }
        let list = self.lists.entry(append.key).or_default();
        let position = list.len();
        list.push(append.request);
        self.positions.insert(append.request, position);
        let hash = self.hashes.entry(append.key).or_default();
        *hash = mix(*hash, append.request);
        position
    }

    fn advance_to(&mut self, log_ms: u64) -> Result<(), String> {
        if log_ms < self.log_ms {
            return Err(format!("log time went back from {} to {log_ms}", self.log_ms));
        }
        self.log_ms = log_ms;
        Ok(())
    }
}

impl Machine for Ledger {
    type Command = Append;
    type Reply = usize;
    type Query = u8;
    type Answer = Length;

    fn founding() -> Self {
        Self::default()
    }

    fn encode_leader_started(term: u64, time: LeaderTime) -> Vec<u8> {
        let mut entry = vec![LEADER_STARTED];
        for value in [time.log_ms, term] {
            entry.extend_from_slice(&value.to_le_bytes());
        }
        entry
    }

    fn encode_commands(log_ms: u64, commands: &[&Append]) -> Vec<u8> {
        let mut entry = vec![COMMANDS];
        entry.extend_from_slice(&log_ms.to_le_bytes());
        for append in commands {
            entry.extend_from_slice(&append.request.to_le_bytes());
            entry.push(append.key);
        }
        entry
    }

    fn command_bytes(_command: &Append) -> usize {
        COMMAND_BYTES
    }

    fn tenant(command: &Append) -> u32 {
        u32::from(command.key)
    }

    fn apply(&mut self, index: u64, term: u64, entry: &[u8]) -> Result<Vec<usize>, String> {
        let (kind, rest) = entry.split_first().ok_or("an empty entry")?;
        let (log_ms, rest) = rest.split_at_checked(8).ok_or("an entry without a time")?;
        self.advance_to(word(log_ms)?)?;
        self.applied_hash = mix(mix(self.applied_hash, index), term);
        if *kind == LEADER_STARTED {
            self.started_term = word(rest)?;
            let right = self.started_term == term;
            return if right { Ok(Vec::new()) } else { Err(format!("term {term} was started as another")) };
        }
        if self.started_term != term {
            return Err(format!("commands at {index} before the first entry of term {term}"));
        }
        let mut replies = Vec::new();
        for command in rest.chunks(COMMAND_BYTES) {
            let (request, key) = command.split_at_checked(8).ok_or("a command is cut short")?;
            let key = *key.first().ok_or("a command without a key")?;
            replies.push(self.append(Append { request: word(request)?, key }));
        }
        Ok(replies)
    }

    fn query(&self, key: &u8) -> Length {
        let len = self.lists.get(key).map_or(0, Vec::len);
        Length { len, hash: self.hashes.get(key).copied().unwrap_or_default() }
    }

    fn log_ms(&self) -> u64 {
        self.log_ms
    }

    fn hash(&self) -> u64 {
        let lists =
            self.hashes.iter().fold(self.applied_hash, |hash, (key, list)| mix(mix(hash, u64::from(*key)), *list));
        mix(mix(lists, self.log_ms), self.started_term)
    }
}

/// An operation that a client waits for.
struct Open {
    shard: u32,
    key: u8,
    is_read: bool,
    /// The length that was already seen by somebody when the operation began.
    floor: usize,
}

/// What clients know about one list.
#[derive(Default)]
struct Known {
    /// The greatest length anybody was told.
    len: usize,
    /// Appends ever sent.
    sent: usize,
    /// Acknowledged appends: request, position.
    acknowledged: Vec<(u64, usize)>,
    /// Answered reads.
    reads: Vec<Length>,
}

/// Appends and reads at random, and remembers what was promised.
#[derive(Default)]
pub struct Appends {
    open: BTreeMap<u64, Open>,
    known: BTreeMap<(u32, u8), Known>,
}

impl Workload<Ledger> for Appends {
    fn invoke(&mut self, op: u64, shard: u32, rng: &mut ChaCha8Rng) -> Operation<Ledger> {
        let key = rng.random_range(0..KEYS);
        let is_read = rng.random_range(0..10) < READS_IN_TEN;
        let known = self.known.entry((shard, key)).or_default();
        known.sent += usize::from(!is_read);
        self.open.insert(op, Open { shard, key, is_read, floor: known.len });
        if is_read { Operation::Read(key) } else { Operation::Write(Append { request: op, key }) }
    }

    fn complete(&mut self, op: u64, outcome: &Outcome<Ledger>) -> Result<(), String> {
        let open = self.open.remove(&op).ok_or("an answer to nothing")?;
        let known = self.known.entry((open.shard, open.key)).or_default();
        let (floor, len) = match outcome {
            Outcome::Reply(position) if !open.is_read => {
                known.acknowledged.push((op, *position));
                (open.floor + 1, position + 1)
            }
            Outcome::Answer(length) if open.is_read => {
                known.reads.push(*length);
                (open.floor, length.len)
            }
            _ => return Err("a read was answered like a write, or the reverse".to_owned()),
        };
        if len < floor {
            let what = if open.is_read { "read" } else { "append" };
            return Err(format!(
                "{what} {op} of list {} in shard {} saw length {len}, but {floor} was known before it began",
                open.key, open.shard
            ));
        }
        if len > known.sent {
            return Err(format!("list {} has {len} items, only {} were sent", open.key, known.sent));
        }
        known.len = known.len.max(len);
        Ok(())
    }

    fn judge(&self, shard: u32, state: &Ledger) -> Result<(), String> {
        for ((_, key), known) in self.known.range((shard, 0)..=(shard, u8::MAX)) {
            let empty = Vec::new();
            let list = state.lists.get(key).unwrap_or(&empty);
            for (request, position) in &known.acknowledged {
                if list.get(*position) != Some(request) {
                    return Err(format!(
                        "append {request} was acknowledged at {position} of list {key} and is not there"
                    ));
                }
            }
            let mut seen = list.clone();
            seen.sort_unstable();
            if let Some(twice) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(format!("append {} happened twice in list {key}", twice[0]));
            }
            let mut prefixes = vec![0];
            for request in list {
                prefixes.push(mix(prefixes[prefixes.len() - 1], *request));
            }
            for read in &known.reads {
                if prefixes.get(read.len) != Some(&read.hash) {
                    return Err(format!("a read of list {key} saw {} items that are not its first ones", read.len));
                }
            }
        }
        Ok(())
    }
}
