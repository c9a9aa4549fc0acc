//! How are entries, records, events and replies written, and how are they read back?
//!
//! The domain's types are mirrored into `kindred.log.v1` field by field ([`mirror`]); bytes go in and out here and
//! nowhere else. Nothing panics on damaged or newer bytes: [`Error`] says what cannot be read, and where.
//!
//! Adding to the domain: give the field the next free number of its message in `proto/kindred/log/v1`, then name it in
//! the list of its type here. In a type that was written before it must be one that may be missing (an `Option`, a
//! number, a text, a list or map, not an enum or a message), because old bytes lack it: `golden.rs` finds out. A new
//! command, record or event needs a line there.
mod commands;
mod error;
mod events;
#[cfg(test)]
mod golden;
mod mirror;
mod once;
mod records;
mod replies;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod values;

pub use error::{Error, Problem};
pub use once::Encoded;

use bytes::Bytes;
use kindred_domain::{Command, Entry, Event, Rejection, Reply, record};
use kindred_proto::log::v1 as pb;
use mirror::Mirror;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

/// Number of `commands` in `kindred.log.v1.Entry`.
const COMMANDS: u32 = 2;

fn encode<P: Message>(value: &impl Mirror<P>) -> Bytes {
    value.put().encode_to_vec().into()
}

fn decode<P: Message + Default, T: Mirror<P>>(bytes: &[u8]) -> Result<T, Error> {
    // A copy of the whole, so that what is kept does not hold a larger buffer alive.
    T::take(P::decode(Bytes::copy_from_slice(bytes))?)
}

/// A command as it travels between nodes and stands in entries.
pub fn encode_command(command: &Command) -> Bytes {
    encode::<pb::Command>(command)
}

/// Reads [`encode_command`].
pub fn decode_command(bytes: &[u8]) -> Result<Command, Error> {
    decode::<pb::Command, _>(bytes)
}

/// Bytes a command of this encoded length takes in an entry.
pub fn command_len_in_entry(len: usize) -> usize {
    key_len(COMMANDS) + encoded_len_varint(len as u64) + len
}

/// An entry's data from commands that are encoded already ([`encode_command`]), in order. `time_ms` is log time.
pub fn encode_entry<'a>(time_ms: u64, commands: impl IntoIterator<Item = &'a [u8]>) -> Bytes {
    let head = pb::Entry { time_ms, commands: Vec::new() };
    let mut data = head.encode_to_vec();
    for command in commands {
        encode_key(COMMANDS, WireType::LengthDelimited, &mut data);
        encode_varint(command.len() as u64, &mut data);
        data.extend_from_slice(command);
    }
    data.into()
}

/// Reads [`encode_entry`]; the index is raft's. Nothing of the result refers to `data`.
pub fn decode_entry(index: u64, data: Bytes) -> Result<Entry, Error> {
    let written = pb::Entry::decode(data)?;
    Ok(Entry { index, time_ms: written.time_ms, commands: Mirror::take(written.commands)? })
}

/// A record's content; the key it is stored under is storage's.
pub fn encode_record(record: &record::Record) -> Bytes {
    encode::<pb::Record>(record)
}

/// Reads [`encode_record`].
pub fn decode_record(bytes: &[u8]) -> Result<record::Record, Error> {
    decode::<pb::Record, _>(bytes)
}

/// An interaction's context or a conversation's item.
pub fn encode_blob(blob: &record::Blob) -> Bytes {
    encode::<pb::Blob>(blob)
}

/// Reads [`encode_blob`].
pub fn decode_blob(bytes: &[u8]) -> Result<record::Blob, Error> {
    decode::<pb::Blob, _>(bytes)
}

/// An event.
pub fn encode_event(event: &Event) -> Bytes {
    encode::<pb::Event>(event)
}

/// Reads [`encode_event`].
pub fn decode_event(bytes: &[u8]) -> Result<Event, Error> {
    decode::<pb::Event, _>(bytes)
}

/// A reply, as it travels from the leader to the node that forwarded the command.
pub fn encode_outcome(outcome: &Result<Reply, Rejection>) -> Bytes {
    encode::<pb::Outcome>(outcome)
}

/// Reads [`encode_outcome`].
pub fn decode_outcome(bytes: &[u8]) -> Result<Result<Reply, Rejection>, Error> {
    decode::<pb::Outcome, _>(bytes)
}

/// What is kept in memory of a remembered request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RememberedHead {
    /// Hash of the payload.
    pub payload_hash: u64,
    /// When it was applied, log time.
    pub at_ms: u64,
    /// Log index of its entry.
    pub index: u64,
    /// Its position in the entry.
    pub position: u32,
    /// Term of its entry.
    pub term: u64,
}

/// A first reply, as stored under the request's id.
pub fn encode_remembered(head: RememberedHead, outcome: &Result<Reply, Rejection>) -> Bytes {
    let written = pb::Remembered {
        payload_hash: head.payload_hash,
        at_ms: head.at_ms,
        index: head.index,
        position: head.position,
        term: head.term,
        outcome: Some(outcome.put()),
    };
    written.encode_to_vec().into()
}

/// Reads [`encode_remembered`] without the reply.
pub fn decode_remembered_head(bytes: &[u8]) -> Result<RememberedHead, Error> {
    let written = pb::RememberedHead::decode(bytes)?;
    Ok(RememberedHead {
        payload_hash: written.payload_hash,
        at_ms: written.at_ms,
        index: written.index,
        position: written.position,
        term: written.term,
    })
}

/// Reads [`encode_remembered`] with the reply.
pub fn decode_remembered(bytes: &[u8]) -> Result<(RememberedHead, Result<Reply, Rejection>), Error> {
    let head = decode_remembered_head(bytes)?;
    let written = pb::Remembered::decode(Bytes::copy_from_slice(bytes))?;
    let outcome = written.outcome.ok_or_else(|| Error::missing().at("Remembered", "outcome"))?;
    Ok((head, Mirror::take(outcome)?))
}
