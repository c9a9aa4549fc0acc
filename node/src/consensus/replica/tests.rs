//! What a replica promises beyond its core.

use super::super::core::LogReadError;
use super::super::lanes::Lane;
use super::super::limits::COMMANDS_PER_ENTRY_MAX;
use super::*;
use bytes::Bytes;

/// Nothing is ever read back: the recent entries are all in memory.
struct NoDisk;

impl LogReader for NoDisk {
    fn entries(&self, low: u64, _high: u64, _max_bytes: u64) -> Result<Vec<Bytes>, LogReadError> {
        Err(LogReadError::Missing { index: low })
    }
    fn term(&self, index: u64) -> Result<u64, LogReadError> {
        Err(LogReadError::Missing { index })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Order(u32);

impl Item for Order {
    type Tenant = ();
    fn bytes(&self) -> usize {
        4
    }
    fn tenant(&self) {}
}

impl Command for Order {
    type Waiter = u32;
    fn into_waiter(self) -> u32 {
        self.0
    }
}

/// Remembers what was encoded.
#[derive(Default)]
struct Encoded(Vec<String>);

impl Encoder<Order> for Encoded {
    fn leader_started(&mut self, term: u64, time: LeaderTime) -> Vec<u8> {
        self.0.push(format!("term {term} at {} after {}", time.log_ms, time.gap_ms));
        vec![0]
    }
    fn commands(&mut self, log_ms: u64, commands: &[Order]) -> Vec<u8> {
        self.0.push(format!("{} at {log_ms}", commands.len()));
        vec![1; commands.len()]
    }
}

const NOW: Now = Now { monotonic_us: 0, utc_us: 5_000_000 };

struct Bench {
    replica: Replica<Order, NoDisk>,
    lanes: Lanes<Order>,
    encoded: Encoded,
    applied: Vec<Apply<u32>>,
    lost: Vec<u32>,
}

impl Bench {
    fn new(voters: &[RaftId]) -> Self {
        let config = Config { raft_id: 1, shard: 0, seed: 1, recent_log_bytes: usize::MAX };
        Self {
            replica: Replica::new(config, Boot::founding(voters), 4_000, NoDisk).unwrap(),
            lanes: Lanes::default(),
            encoded: Encoded::default(),
            applied: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// One turn of the loop with a disk that obeys; `applies` says whether the state machine keeps up.
    fn turn(&mut self, applies: bool) {
        self.replica.take_from(&mut self.lanes, NOW, &mut self.encoded);
        let turn = self.replica.turn();
        self.lost.extend(turn.lost);
        if let Some(persist) = turn.persist {
            self.replica.persisted(persist.number);
        }
        self.applied.extend(turn.apply);
        let index = self.applied.last().map_or(1, |entry| entry.index);
        if applies {
            self.replica.applied(index, 4_000);
        }
    }

    fn elect(&mut self) {
        for _ in 0..25 {
            self.replica.tick();
            self.turn(false);
        }
        assert!(self.replica.core().is_leader());
    }

    fn order(&mut self, count: u32) {
        for number in 0..count {
            self.lanes.push(Lane::Answer, Order(number)).unwrap();
        }
    }
}

#[test]
fn a_leader_proposes_nothing_before_it_knows_log_time_and_has_said_so() {
    let mut bench = Bench::new(&[1]);
    bench.elect();
    bench.order(2);
    bench.turn(false);
    assert!(!bench.replica.takes_commands());
    assert_eq!(bench.encoded.0, Vec::<String>::new());
    bench.turn(true);
    bench.turn(true);
    assert!(bench.replica.takes_commands());
    assert_eq!(bench.encoded.0, ["term 2 at 5000 after 1000", "2 at 5000"]);
    bench.turn(true);
    let waiters: Vec<_> = bench.applied.iter().map(|entry| entry.waiters.clone()).collect();
    assert_eq!(waiters, [vec![], vec![], vec![0, 1]]);
}

#[test]
fn commands_gather_in_their_lanes_while_many_entries_are_under_way() {
    let mut bench = Bench::new(&[1]);
    bench.elect();
    bench.turn(true);
    bench.turn(true);
    let capacity = (ENTRIES_PER_TURN_MAX * COMMANDS_PER_ENTRY_MAX) as u32;
    bench.order(capacity + 7);
    bench.replica.take_from(&mut bench.lanes, NOW, &mut bench.encoded);
    assert_eq!(bench.lanes.len(), 7);
    for _ in 0..ENTRIES_IN_FLIGHT_MAX {
        bench.order(COMMANDS_PER_ENTRY_MAX as u32);
        bench.replica.take_from(&mut bench.lanes, NOW, &mut bench.encoded);
    }
    assert_eq!(bench.replica.pending.entries(), ENTRIES_IN_FLIGHT_MAX);
    assert!(bench.lanes.len() > ENTRIES_IN_FLIGHT_MAX);
}

#[test]
fn behind_two_entries_commands_gather_until_they_fill_one() {
    let mut bench = Bench::new(&[1]);
    bench.elect();
    bench.turn(true);
    bench.turn(true);
    bench.turn(true);
    assert_eq!(bench.replica.pending.entries(), 0);
    for number in 1..=3 {
        bench.order(1);
        bench.replica.take_from(&mut bench.lanes, NOW, &mut bench.encoded);
        assert_eq!(bench.replica.pending.entries(), number.min(ENTRIES_IN_FLIGHT_UNFILLED));
    }
    assert_eq!(bench.lanes.len(), 1);
    bench.order(COMMANDS_PER_ENTRY_MAX as u32 - 1);
    bench.replica.take_from(&mut bench.lanes, NOW, &mut bench.encoded);
    assert_eq!((bench.replica.pending.entries(), bench.lanes.len()), (3, 0), "a full entry does not wait");
    bench.order(1);
    (0..3).for_each(|_| bench.turn(true));
    assert!(bench.lanes.is_empty(), "what is committed makes room");
}

#[test]
fn who_waits_for_a_deposed_leader_is_told_that_nobody_knows() {
    let mut bench = Bench::new(&[1]);
    bench.elect();
    bench.turn(true);
    bench.turn(true);
    // A second voter that never answers: what is proposed now cannot be committed.
    bench.replica.change_membership(&[MemberChange::AddLearner(2)]).unwrap();
    (0..3).for_each(|_| bench.turn(true));
    bench.replica.change_membership(&[MemberChange::Promote(2)]).unwrap();
    (0..3).for_each(|_| bench.turn(true));
    bench.order(3);
    bench.turn(true);
    assert_eq!(bench.replica.pending.entries(), 1);
    for _ in 0..25 {
        bench.replica.tick();
        bench.turn(true);
    }
    assert!(!bench.replica.core().is_leader());
    assert_eq!(bench.lost, [0, 1, 2]);
    assert_eq!(bench.replica.pending.entries(), 0);
}
