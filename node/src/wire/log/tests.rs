//! Whatever is written is read back equal; whatever is damaged or newer is an error, never a panic.
use super::sample::{Sample, Source};
use super::*;
use proptest::prelude::*;

const BYTES_MAX: usize = 2048;

fn drawn<T: Sample + std::fmt::Debug>() -> impl Strategy<Value = T> {
    prop::collection::vec(any::<u8>(), 0..BYTES_MAX).prop_map(|bytes| T::sample(&mut Source::new(bytes)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn commands_come_back_equal(command in drawn::<Command>()) {
        prop_assert_eq!(decode_command(&encode_command(&command)), Ok(command));
    }

    #[test]
    fn records_come_back_equal(record in drawn::<record::Record>()) {
        prop_assert_eq!(decode_record(&encode_record(&record)), Ok(record));
    }

    #[test]
    fn blobs_come_back_equal(blob in drawn::<record::Blob>()) {
        prop_assert_eq!(decode_blob(&encode_blob(&blob)), Ok(blob));
    }

    #[test]
    fn events_come_back_equal(event in drawn::<Event>()) {
        prop_assert_eq!(decode_event(&encode_event(&event)), Ok(event));
    }

    #[test]
    fn replies_come_back_equal(outcome in drawn::<Result<Reply, Rejection>>(), numbers in any::<(u64, u64, u64, u32, u64)>()) {
        prop_assert_eq!(decode_outcome(&encode_outcome(&outcome)), Ok(outcome.clone()));
        let (payload_hash, at_ms, index, position, term) = numbers;
        let head = RememberedHead { payload_hash, at_ms, index, position, term };
        let bytes = encode_remembered(head, &outcome);
        prop_assert_eq!(decode_remembered_head(&bytes), Ok(head));
        prop_assert_eq!(decode_remembered(&bytes), Ok((head, outcome)));
    }

    #[test]
    fn entries_come_back_equal(commands in drawn::<Vec<Command>>(), index in any::<u64>(), time_ms in any::<u64>()) {
        let encoded: Vec<Bytes> = commands.iter().map(encode_command).collect();
        let data = encode_entry(time_ms, encoded.iter().map(AsRef::as_ref));
        let lens: usize = encoded.iter().map(|command| command_len_in_entry(command.len())).sum();
        prop_assert!(data.len() <= lens + 11, "the time takes at most a key and ten bytes");
        prop_assert_eq!(decode_entry(index, data), Ok(Entry { index, time_ms, commands }));
    }

    #[test]
    fn damaged_bytes_never_panic(command in drawn::<Command>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode_command(&command).to_vec();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = decode_command(&bytes);
            let _ = decode_command(&bytes[..at]);
        }
        let _ = (decode_record(&bytes), decode_event(&bytes), decode_outcome(&bytes), decode_entry(1, bytes.clone().into()));
    }
}

#[test]
fn a_newer_kind_is_named() {
    // Field 9999, an empty message: a command of a newer version.
    let mut bytes = Vec::new();
    encode_key(9999, WireType::LengthDelimited, &mut bytes);
    encode_varint(0, &mut bytes);
    let error = decode_command(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "Command 0 is not known to this version");
    assert_eq!(decode_record(&bytes).unwrap_err().to_string(), "Record 0 is not known to this version");
}

#[test]
fn a_newer_enum_value_is_named_with_its_place() {
    let written = pb::Command {
        tenant: Some("acme".into()),
        request: None,
        body: Some(pb::command::Body::CancelInteraction(pb::CancelInteraction {
            id: "i".into(),
            reason: 99,
            note: String::new(),
        })),
    };
    let error = decode_command(&written.encode_to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "CancelInteraction.reason: CloseReason 99 is not known to this version");
}

#[test]
fn what_must_be_there_is_missed() {
    let written = pb::Command {
        tenant: None,
        request: None,
        body: Some(pb::command::Body::CreateAgent(pb::CreateAgent { id: "a".into(), spec: None })),
    };
    let error = decode_command(&written.encode_to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "CreateAgent.spec: missing");
}

#[test]
fn a_short_identifier_is_refused() {
    let written = pb::Command {
        tenant: None,
        request: Some(pb::Request { id: Bytes::from_static(b"short"), payload_hash: 0 }),
        body: Some(pb::command::Body::Advance(pb::Advance {})),
    };
    let error = decode_command(&written.encode_to_vec()).unwrap_err();
    assert_eq!(error.to_string(), "Request.id: an identifier of 5 bytes, not 16");
}
