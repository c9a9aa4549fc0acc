//! What the simulated cluster replicates, and what its clients do with it.

use kindred_node::consensus::clock::LeaderTime;
use rand_chacha::ChaCha8Rng;

/// A deterministic state machine. `kindred_domain::State` can stand here as well as the small ledger.
pub trait Machine: Clone {
    /// A client's write. Carries its request id.
    type Command: Clone;
    /// What apply tells the caller of a write.
    type Reply: Clone;
    /// A client's read.
    type Query: Clone;
    /// What a read tells its caller.
    type Answer: Clone;

    /// The state before the first entry.
    fn founding() -> Self;
    /// A new leader's first entry.
    fn encode_leader_started(term: u64, time: LeaderTime) -> Vec<u8>;
    /// An entry of commands.
    fn encode_commands(log_ms: u64, commands: &[&Self::Command]) -> Vec<u8>;
    /// The length of a command, in bytes.
    fn command_bytes(command: &Self::Command) -> usize;
    /// The tenant of a command.
    fn tenant(command: &Self::Command) -> u32;
    /// Applies an entry; one reply for each command. An error is a broken promise of consensus.
    fn apply(&mut self, index: u64, term: u64, entry: &[u8]) -> Result<Vec<Self::Reply>, String>;
    /// Answers a read.
    fn query(&self, query: &Self::Query) -> Self::Answer;
    /// The log time of the last entry, in milliseconds.
    fn log_ms(&self) -> u64;
    /// A hash over the whole state.
    fn hash(&self) -> u64;
}

/// One thing that a client does.
pub enum Operation<M: Machine> {
    /// A write, repeated under the same request id until it is answered.
    Write(M::Command),
    /// A linearizable read, repeated until it is answered.
    Read(M::Query),
}

impl<M: Machine> Clone for Operation<M> {
    fn clone(&self) -> Self {
        match self {
            Self::Write(command) => Self::Write(command.clone()),
            Self::Read(query) => Self::Read(query.clone()),
        }
    }
}

/// How an operation ended for its client.
pub enum Outcome<M: Machine> {
    /// The write's reply.
    Reply(M::Reply),
    /// The read's answer.
    Answer(M::Answer),
}

impl<M: Machine> Clone for Outcome<M> {
    fn clone(&self) -> Self {
        match self {
            Self::Reply(reply) => Self::Reply(reply.clone()),
            Self::Answer(answer) => Self::Answer(answer.clone()),
        }
    }
}

/// Invents operations and judges their outcomes.
pub trait Workload<M: Machine> {
    /// Invents operation `op` on `shard`; it is sent now.
    fn invoke(&mut self, op: u64, shard: u32, rng: &mut ChaCha8Rng) -> Operation<M>;
    /// The client received the outcome of `op`, now.
    fn complete(&mut self, op: u64, outcome: &Outcome<M>) -> Result<(), String>;
    /// The cluster has healed and is at rest: judges the final state of a shard.
    fn judge(&self, shard: u32, state: &M) -> Result<(), String>;
}
