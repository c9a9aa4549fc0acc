//! What a replica hears from others, and what it does not listen to.

use raft::eraftpb::{Message, MessageType};
use raft::{ProgressState, StateRole};

use super::Core;
use super::decoding;
use super::errors::BadMessage;
use super::recent_log::LogReader;

impl<R: LogReader> Core<R> {
    /// A message from another replica of the shard. An error means that it was ignored.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), BadMessage> {
        let mut message = decoding::message(bytes)?;
        let here = self.raft_id();
        if message.to != here {
            return Err(BadMessage::Misdelivered { to: message.to, here });
        }
        self.note_heard(message.from);
        match message.get_msg_type() {
            MessageType::MsgTimeoutNow if !self.may_campaign() => return Ok(()),
            MessageType::MsgRequestVote | MessageType::MsgRequestPreVote if !self.may_vote => {
                return Ok(());
            }
            // Lost on purpose: the leader sends it again when disk and state machine have caught up.
            MessageType::MsgAppend if !message.entries.is_empty() && self.is_behind() => {
                return Ok(());
            }
            // A leader that remembers more of this log than there is: the disk lost a synced tail.
            MessageType::MsgHeartbeat if message.commit > self.last_index() => {
                self.admit_shorter_log(&message);
                message.commit = self.last_index();
            }
            MessageType::MsgAppendResponse if message.reject => self.believe_shorter_log(&message),
            MessageType::MsgAppend
            | MessageType::MsgAppendResponse
            | MessageType::MsgHeartbeat
            | MessageType::MsgHeartbeatResponse
            | MessageType::MsgRequestVote
            | MessageType::MsgRequestVoteResponse
            | MessageType::MsgRequestPreVote
            | MessageType::MsgRequestPreVoteResponse
            | MessageType::MsgTimeoutNow
            | MessageType::MsgReadIndex
            | MessageType::MsgReadIndexResp => {}
            other => return Err(BadMessage::Forbidden(format!("{other:?}"))),
        }
        // Errors here are answers from strangers (a removed replica): nothing to do.
        let _ = self.raw.step(message);
        self.settle();
        Ok(())
    }

    /// Tells the leader that this log ends before what the leader takes for acknowledged.
    fn admit_shorter_log(&mut self, heartbeat: &Message) {
        let (term, last_index) = (self.standing.term, self.last_index());
        if heartbeat.term != term || self.durable.0 != term {
            return;
        }
        let mut refusal = Message::default();
        refusal.set_msg_type(MessageType::MsgAppendResponse);
        refusal.from = self.raft_id();
        refusal.to = heartbeat.from;
        refusal.term = term;
        refusal.index = heartbeat.commit;
        refusal.reject = true;
        refusal.reject_hint = last_index;
        refusal.log_term = self.raw.raft.raft_log.term(last_index).unwrap_or_default();
        self.send(refusal);
    }

    /// A follower says that its log ends before what it once acknowledged. Raft takes that for an old message
    /// and would never send the missing entries again in this term. Believing less is always safe: what is
    /// committed stays so, and an old message costs entries sent twice.
    fn believe_shorter_log(&mut self, refusal: &Message) {
        let here = self.raft_id();
        let raft = &mut self.raw.raft;
        if raft.state != StateRole::Leader || refusal.term != raft.term || refusal.from == here {
            return;
        }
        if let Some(progress) = raft.mut_prs().get_mut(refusal.from)
            && refusal.reject_hint < progress.matched
            && progress.state != ProgressState::Snapshot
        {
            progress.matched = refusal.reject_hint;
            progress.become_probe();
        }
    }
}
