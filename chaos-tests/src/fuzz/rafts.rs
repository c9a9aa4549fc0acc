//! Raft messages as a peer's stream brings them: what is no message, is for somebody else or of a kind that no peer may
//! send is refused, and the replica goes on.
//!
//! An input is a list of pieces, each a message for replica 1 of three, or a while in which nothing comes. Lies are left
//! out ([`Claim::is_possible`]): a peer that contradicts what is committed has broken Raft, and stopping is the answer.
use super::{chosen, joined, pieces};
use bytes::Bytes;
use kindred_node::consensus::core::{Boot, Config, Core, LogReadError, LogReader, Persist, RaftId, peek};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

const VOTERS: [RaftId; 3] = [1, 2, 3];
const HERE: RaftId = 1;
/// Ticks in a while: more than an election timeout.
const WHILE_TICKS: usize = 25;

/// Terms and indexes of a cluster that is older than any.
const NUMBER_MAX: u64 = 1 << 40;

/// What a message claims, in raft's numbers of fields.
#[derive(Clone, PartialEq, prost::Message)]
struct Claim {
    #[prost(uint64, tag = "3")]
    from: u64,
    #[prost(uint64, tag = "4")]
    term: u64,
    #[prost(uint64, tag = "6")]
    index: u64,
    #[prost(bytes = "vec", repeated, tag = "7")]
    entries: Vec<Vec<u8>>,
    #[prost(uint64, tag = "8")]
    commit: u64,
}

impl Claim {
    fn of(message: &[u8]) -> Self {
        prost::Message::decode(message).unwrap_or_default()
    }

    /// Whether a peer that keeps to Raft can have sent it: none of its entries is said to be in the place of a committed
    /// one.
    fn is_possible(&self, committed: u64) -> bool {
        let numbers = [self.term, self.index, self.commit];
        self.from != HERE
            && numbers.iter().all(|number| *number < NUMBER_MAX)
            && (self.entries.is_empty() || self.index >= committed)
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Disk(Rc<RefCell<BTreeMap<u64, (u64, Bytes)>>>);

impl LogReader for Disk {
    fn entries(&self, low: u64, high: u64, _max_bytes: u64) -> Result<Vec<Bytes>, LogReadError> {
        Ok(self.0.borrow().range(low..high).map(|(_, (_, bytes))| bytes.clone()).collect())
    }

    fn term(&self, index: u64) -> Result<u64, LogReadError> {
        self.0.borrow().get(&index).map(|(term, _)| *term).ok_or(LogReadError::Missing { index })
    }
}

/// A replica whose disk and state machine are quick.
struct Replica {
    core: Core<Disk>,
    disk: Disk,
    committed: u64,
}

impl Replica {
    fn new(raft_id: RaftId) -> Self {
        let disk = Disk::default();
        let config = Config { raft_id, shard: 0, seed: raft_id, recent_log_bytes: 4_096 };
        let core = Core::new(config, Boot::founding(&VOTERS), disk.clone()).expect("a founding member starts");
        Self { core, disk, committed: 1 }
    }

    /// Takes turns until nothing is left; what is to be sent.
    fn rest(&mut self) -> Vec<(RaftId, Bytes)> {
        let mut sent = Vec::new();
        loop {
            let out = self.core.turn();
            sent.extend(out.messages.into_iter().map(|message| (message.to, message.bytes)));
            for entry in out.committed {
                assert_eq!(entry.index, self.committed + 1, "committed once, in order");
                self.committed = entry.index;
                self.core.applied(entry.index);
            }
            match out.persist {
                Some(persist) => self.write(persist),
                None if !out.more => return sent,
                None => {}
            }
        }
    }

    fn write(&mut self, persist: Persist) {
        let mut log = self.disk.0.borrow_mut();
        if let Some(first) = persist.entries.first() {
            assert!(first.index > self.committed, "what is committed is never replaced");
            log.split_off(&first.index);
        }
        log.extend(persist.entries.into_iter().map(|entry| (entry.index, (entry.term, entry.bytes))));
        drop(log);
        self.core.persisted(persist.number);
    }

    fn wait(&mut self) {
        for _ in 0..WHILE_TICKS {
            self.core.tick();
            self.rest();
        }
    }
}

pub fn run(data: &[u8]) {
    let mut replica = Replica::new(HERE);
    for piece in pieces(data) {
        let Some((what, message)) = chosen(piece, 8) else { continue };
        if what == 7 {
            replica.wait();
            continue;
        }
        let facts = peek(message);
        if facts.is_some() && !Claim::of(message).is_possible(replica.committed) {
            continue;
        }
        let taken = replica.core.receive(message);
        assert!(facts.is_some() || taken.is_err(), "received and not readable");
        replica.rest();
    }
}

/// What replica 1 hears of the others while one of them leads, and then while it leads itself.
fn heard(leader: RaftId) -> Vec<Bytes> {
    let mut replicas: BTreeMap<RaftId, Replica> = VOTERS.iter().map(|id| (*id, Replica::new(*id))).collect();
    let mut heard = Vec::new();
    for round in 0..40_u8 {
        let tick = |replica: &mut Replica| replica.core.tick();
        // Only one of them ever stands for election.
        replicas.get_mut(&leader).map(tick);
        if round == 30 {
            let replica = replicas.get_mut(&leader).expect("it is there");
            replica.core.propose(b"a command".to_vec()).expect("it leads");
        }
        let mut under_way: Vec<(RaftId, Bytes)> = replicas.values_mut().flat_map(Replica::rest).collect();
        while !under_way.is_empty() {
            for (to, bytes) in std::mem::take(&mut under_way) {
                if to == HERE {
                    heard.push(bytes.clone());
                }
                let replica = replicas.get_mut(&to).expect("a voter");
                replica.core.receive(&bytes).expect("a message of theirs");
                under_way.extend(replica.rest());
            }
        }
    }
    heard
}

pub fn seeds() -> Vec<Vec<u8>> {
    let piece = |message: &Bytes| [&[0], &message[..]].concat();
    let mut seeds = Vec::new();
    for leader in [2, HERE] {
        let messages = heard(leader);
        let waited = (leader == HERE).then(|| vec![7]);
        seeds.push(joined(waited.into_iter().chain(messages.iter().map(piece))));
        let mut kinds = Vec::new();
        for message in &messages {
            let kind = peek(message).expect("a message").kind;
            if !kinds.contains(&kind) {
                kinds.push(kind);
                seeds.push(joined([piece(message)]));
            }
        }
    }
    seeds
}
