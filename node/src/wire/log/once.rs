//! An interaction that is a record and a first reply at once: encoded once, put into both.
//!
//! Protobuf writes a message inside another as its number, its length and its bytes, so what is the same in both
//! need not be made twice. The tests hold this to what prost writes.
use super::{RememberedHead, mirror::Mirror};
use bytes::Bytes;
use kindred_domain::record::Interaction;
use kindred_proto::log::v1 as pb;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

/// Numbers of the fields on the way to the interaction.
const RECORD_INTERACTION: u32 = 11;
const RECORD_CLOSED: u32 = 12;
const REPLY_INTERACTION: u32 = 2;
const OUTCOME_REPLY: u32 = 1;
const REMEMBERED_OUTCOME: u32 = 6;

/// An encoded interaction, to be put into others.
pub struct Encoded(Vec<u8>);

impl Encoded {
    /// Encodes it.
    pub fn of(interaction: &Interaction) -> Self {
        let written: pb::Interaction = interaction.put();
        Self(written.encode_to_vec())
    }

    /// As [`encode_record`](super::encode_record) writes an open interaction, or one that is closed.
    pub fn record(&self, closed: bool) -> Bytes {
        let number = if closed { RECORD_CLOSED } else { RECORD_INTERACTION };
        let mut data = Vec::with_capacity(field_len(number, self.0.len()));
        self.put_field(number, &mut data);
        data.into()
    }

    /// As [`encode_remembered`](super::encode_remembered) writes the reply that is this interaction.
    pub fn remembered(&self, head: RememberedHead) -> Bytes {
        let written = pb::RememberedHead {
            payload_hash: head.payload_hash,
            at_ms: head.at_ms,
            index: head.index,
            position: head.position,
            term: head.term,
        };
        let reply = field_len(REPLY_INTERACTION, self.0.len());
        let outcome = field_len(OUTCOME_REPLY, reply);
        let mut data = Vec::with_capacity(written.encoded_len() + field_len(REMEMBERED_OUTCOME, outcome));
        // Writing into a vector cannot run out of room.
        let _ = written.encode(&mut data);
        begin_field(REMEMBERED_OUTCOME, outcome, &mut data);
        begin_field(OUTCOME_REPLY, reply, &mut data);
        self.put_field(REPLY_INTERACTION, &mut data);
        data.into()
    }

    fn put_field(&self, number: u32, data: &mut Vec<u8>) {
        begin_field(number, self.0.len(), data);
        data.extend_from_slice(&self.0);
    }
}

fn begin_field(number: u32, len: usize, data: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, data);
    encode_varint(len as u64, data);
}

fn field_len(number: u32, len: usize) -> usize {
    key_len(number) + encoded_len_varint(len as u64) + len
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, Source};
    use super::super::{encode_record, encode_remembered};
    use super::*;
    use kindred_domain::{Reply, record::Record};
    use proptest::prelude::*;
    use std::sync::Arc;

    proptest! {
        #[test]
        fn as_prost_writes_it(bytes in prop::collection::vec(any::<u8>(), 0..2048), number in any::<u64>()) {
            let interaction: Arc<Interaction> = Arc::sample(&mut Source::new(bytes));
            let encoded = Encoded::of(&interaction);
            prop_assert_eq!(encoded.record(false), encode_record(&Record::Interaction(interaction.clone())));
            prop_assert_eq!(encoded.record(true), encode_record(&Record::Closed(interaction.clone())));
            let reply = Ok(Reply::Interaction(interaction));
            // Zeros are not written, and large numbers take more bytes.
            for number in [0, 1, number] {
                let (position, term) = (number as u32, number);
                let head = RememberedHead { payload_hash: number, at_ms: number, index: number, position, term };
                prop_assert_eq!(encoded.remembered(head), encode_remembered(head, &reply));
            }
        }
    }
}
