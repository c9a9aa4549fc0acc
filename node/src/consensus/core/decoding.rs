//! Raft's messages and entries from bytes.
//!
//! The crate's getters panic at a number that is no kind they know: bytes from a peer or from disk are refused here
//! before anybody asks for a kind. So is a message without a term, and one whose entries cannot be in it.

use protobuf::Message as _;
use raft::eraftpb::{ConfChangeTransition, ConfChangeType, ConfChangeV2, Entry, EntryType, Message, MessageType};

use super::errors::BadMessage;

/// A message from a peer, with kinds that are known throughout.
pub(super) fn message(bytes: &[u8]) -> Result<Message, BadMessage> {
    let mut message = Message::default();
    message.merge_from_bytes(bytes).map_err(|error| BadMessage::Undecodable(error.to_string()))?;
    let Some(kind) = MessageType::from_i32(message.msg_type) else {
        return Err(BadMessage::Forbidden(message.msg_type.to_string()));
    };
    // Term 0 means "from this replica itself" to the crate, which panics where it cannot be; only a read asks without one.
    if message.term == 0 && kind != MessageType::MsgReadIndex {
        return Err(BadMessage::Forbidden(format!("{kind:?} without a term")));
    }
    message.entries.iter().try_for_each(is_known)?;
    if !is_well_formed(kind, &message) {
        return Err(BadMessage::Forbidden(format!("{kind:?} with entries that cannot be in it")));
    }
    Ok(message)
}

/// A read carries its context in one entry. Appended entries follow the one that is named and each other, and none is of
/// a later term; to the crate term 0 would match any place beyond the end of the log.
fn is_well_formed(kind: MessageType, message: &Message) -> bool {
    match kind {
        MessageType::MsgReadIndex => message.entries.len() == 1,
        MessageType::MsgAppend => {
            let mut last = (message.log_term, message.index);
            let follow = message.entries.iter().all(|entry| {
                let follows = Some(entry.index) == last.1.checked_add(1) && entry.term >= last.0;
                last = (entry.term, entry.index);
                follows
            });
            follow && last.0 <= message.term && (message.log_term == 0) == (message.index == 0)
        }
        _ => true,
    }
}

/// An entry from disk, of a known kind.
pub(super) fn entry(bytes: &[u8]) -> Result<Entry, BadMessage> {
    let mut entry = Entry::default();
    entry.merge_from_bytes(bytes).map_err(|error| BadMessage::Undecodable(error.to_string()))?;
    is_known(&entry)?;
    Ok(entry)
}

fn is_known(entry: &Entry) -> Result<(), BadMessage> {
    match EntryType::from_i32(entry.entry_type) {
        Some(_) => Ok(()),
        None => Err(BadMessage::Undecodable(format!("entry kind {} is not known", entry.entry_type))),
    }
}

/// A change of membership; an unknown kind of change is like bytes that are none.
pub(super) fn change(change: ConfChangeV2) -> Result<ConfChangeV2, protobuf::ProtobufError> {
    let unknown = |kind| Err(protobuf::ProtobufError::WireError(protobuf::error::WireError::InvalidEnumValue(kind)));
    if ConfChangeTransition::from_i32(change.transition).is_none() {
        return unknown(change.transition);
    }
    match change.changes.iter().find(|single| ConfChangeType::from_i32(single.change_type).is_none()) {
        Some(single) => unknown(single.change_type),
        None => Ok(change),
    }
}
