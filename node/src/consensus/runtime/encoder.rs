//! Entries as the leader writes them.
use crate::{
    consensus::{clock::LeaderTime, core::RaftId, replica::Encoder, submission::Submission},
    wire,
};
use kindred_domain::{Command, command::LeaderStarted};

/// Packs encoded commands; the leader's first entry names it.
pub struct EntryEncoder {
    pub raft_id: RaftId,
}

impl Encoder<Submission> for EntryEncoder {
    fn leader_started(&mut self, term: u64, time: LeaderTime) -> Vec<u8> {
        let body = LeaderStarted { raft_id: self.raft_id, term }.into();
        let command = wire::log::encode_command(&Command { tenant: None, request: None, body });
        wire::log::encode_entry(time.log_ms, [&command[..]]).into()
    }

    fn commands(&mut self, log_ms: u64, commands: &[Submission]) -> Vec<u8> {
        wire::log::encode_entry(log_ms, commands.iter().map(|c| &c.bytes[..])).into()
    }
}
