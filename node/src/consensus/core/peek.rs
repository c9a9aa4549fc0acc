//! What an opaque message says, for traces, metrics and the simulation's oracles. Decides nothing.

use raft::eraftpb::MessageType;

use super::decoding;
use super::types::RaftId;

/// The kinds of message that replicas exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Entries, or the news of a commit.
    Append,
    /// A follower's answer to it.
    AppendAnswer,
    /// A leader's sign of life.
    Heartbeat,
    /// A follower's answer to it.
    HeartbeatAnswer,
    /// Would you vote for me?
    PreVote,
    /// The answer to it.
    PreVoteAnswer,
    /// Vote for me.
    Vote,
    /// The answer to it.
    VoteAnswer,
    /// Stand for election now.
    TimeoutNow,
    /// A follower asks for a read index.
    ReadIndex,
    /// The leader's answer to it.
    ReadIndexAnswer,
    /// Anything else; never sent.
    Other,
}

/// The facts of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageFacts {
    /// Its kind.
    pub kind: MessageKind,
    /// The sender.
    pub from: RaftId,
    /// The receiver.
    pub to: RaftId,
    /// The term it speaks for; a pre-vote speaks for a term that does not exist yet.
    pub term: u64,
    /// Append: the index before its first entry. Append answer: the last index that matches.
    pub index: u64,
    /// How many entries it carries.
    pub entries: usize,
    /// Whether an answer is a no.
    pub refused: bool,
}

/// Reads a message without acting on it; `None` if it is not one.
pub fn peek(bytes: &[u8]) -> Option<MessageFacts> {
    let message = decoding::message(bytes).ok()?;
    let kind = match message.get_msg_type() {
        MessageType::MsgAppend => MessageKind::Append,
        MessageType::MsgAppendResponse => MessageKind::AppendAnswer,
        MessageType::MsgHeartbeat => MessageKind::Heartbeat,
        MessageType::MsgHeartbeatResponse => MessageKind::HeartbeatAnswer,
        MessageType::MsgRequestPreVote => MessageKind::PreVote,
        MessageType::MsgRequestPreVoteResponse => MessageKind::PreVoteAnswer,
        MessageType::MsgRequestVote => MessageKind::Vote,
        MessageType::MsgRequestVoteResponse => MessageKind::VoteAnswer,
        MessageType::MsgTimeoutNow => MessageKind::TimeoutNow,
        MessageType::MsgReadIndex => MessageKind::ReadIndex,
        MessageType::MsgReadIndexResp => MessageKind::ReadIndexAnswer,
        _ => MessageKind::Other,
    };
    Some(MessageFacts {
        kind,
        from: message.from,
        to: message.to,
        term: message.term,
        index: message.index,
        entries: message.entries.len(),
        refused: message.reject,
    })
}
