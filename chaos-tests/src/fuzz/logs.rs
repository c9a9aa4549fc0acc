//! What is written to the log and the state store: damaged bytes are an error, readable ones are written again alike.
use super::{chosen, joined, pieces, samples::sample, world::World};
use bytes::Bytes;
use kindred_domain::{Answer, Entry};
use kindred_node::{
    consensus::{
        core::{Content, HardState, read_entry},
        runtime::{decode_members, encode_members},
    },
    storage::KeyReader,
    wire::log::*,
};
use prost::encoding::{WireType, encode_key, encode_varint};

/// Lines `family kind hexadecimal` of every kind that was ever written.
const GOLDEN: &str = include_str!("../../../node/src/wire/log/golden.txt");
/// Families of [`GOLDEN`], by the choice that reads them.
const FAMILIES: &[&str] = &["command", "record", "blob", "event", "outcome"];
/// A log time far from overflow: times in entries are the leader's clock.
const TIME_MAX_MS: u64 = 1 << 50;

pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = chosen(data, 10) else { return };
    match kind {
        0 => again(decode_command(bytes), encode_command, decode_command),
        1 => again(decode_record(bytes), encode_record, decode_record),
        2 => again(decode_blob(bytes), encode_blob, decode_blob),
        3 => again(decode_event(bytes), encode_event, decode_event),
        4 => again(decode_outcome(bytes), encode_outcome, decode_outcome),
        5 => remembered(bytes),
        6 => entry(bytes),
        7 => replay(bytes),
        8 => members(bytes),
        _ => key(bytes),
    }
}

fn again<T: PartialEq + std::fmt::Debug>(
    read: Result<T, Error>,
    encode: impl Fn(&T) -> Bytes,
    decode: impl Fn(&[u8]) -> Result<T, Error>,
) {
    if let Ok(value) = read {
        assert_eq!(decode(&encode(&value)), Ok(value));
    }
}

fn remembered(bytes: &[u8]) {
    let head = decode_remembered_head(bytes);
    if let Ok((whole, outcome)) = decode_remembered(bytes) {
        assert_eq!(head, Ok(whole));
        assert_eq!(decode_remembered(&encode_remembered(whole, &outcome)), Ok((whole, outcome)));
    }
}

fn entry(bytes: &[u8]) {
    let Ok(entry) = decode_entry(7, Bytes::copy_from_slice(bytes)) else { return };
    let commands: Vec<Bytes> = entry.commands.iter().map(encode_command).collect();
    let written = encode_entry(entry.time_ms, commands.iter().map(AsRef::as_ref));
    let lens: usize = commands.iter().map(|command| command_len_in_entry(command.len())).sum();
    assert!(written.len() <= lens + 11, "the time takes at most a key and ten bytes");
    assert_eq!(decode_entry(7, written), Ok(entry));
}

/// As `kindred-node dump` does it: raft's entries one after the other, through the state machine.
fn replay(bytes: &[u8]) {
    let mut world = World::new();
    for bytes in pieces(bytes) {
        let Ok(committed) = read_entry(bytes) else { continue };
        let Content::Commands(data) = committed.content else { continue };
        let Ok(entry) = decode_entry(committed.index, data) else { continue };
        // The archive has every index once.
        let index = world.state().index() + 1;
        world.entry(&Entry { index, time_ms: entry.time_ms % TIME_MAX_MS, ..entry });
    }
    world.check();
}

fn members(bytes: &[u8]) {
    if let Ok(members) = decode_members(bytes) {
        assert_eq!(decode_members(&encode_members(&members)).ok(), Some(members));
    }
    if let Some(state) = HardState::from_bytes(bytes) {
        assert_eq!(state.to_bytes(), bytes);
    }
}

/// Keys of records: any of their forms, tried in turn.
fn key(bytes: &[u8]) {
    let mut reader = KeyReader::new(bytes);
    let mut built = kindred_node::storage::KeyBuf::new();
    while let Some(text) = reader.text() {
        built.text(&text);
    }
    let mut rest = reader.clone();
    while let Some(number) = rest.number() {
        built.number(number);
    }
    while let Some(byte) = rest.byte() {
        built.byte(byte);
    }
    assert!(rest.is_at_end());
    let _ = reader.uid();
}

/// An entry as raft writes it.
fn raft_entry(index: u64, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (field, number) in [(2, 1), (3, index)] {
        encode_key(field, WireType::Varint, &mut bytes);
        encode_varint(number, &mut bytes);
    }
    encode_key(4, WireType::LengthDelimited, &mut bytes);
    encode_varint(data.len() as u64, &mut bytes);
    bytes.extend_from_slice(data);
    bytes
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: usize, bytes: &[u8]| [&[kind as u8], bytes].concat();
    let golden = GOLDEN.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let family = words.next()?;
        let kind = FAMILIES.iter().position(|known| *known == family)?;
        Some(seed(kind, &unhex(words.nth(1)?)))
    });
    let read = |name: &str| super::commands::read(name, &sample(name, 0)).ok().and_then(Result::ok);
    let commands: Vec<_> = ["AcceptOfferRequest", "ReportConnectedRequest", "CancelInteractionRequest"]
        .into_iter()
        .map(|name| encode_command(&read(name).expect("a sample is accepted")))
        .collect();
    let entry = encode_entry(2_000, commands.iter().map(AsRef::as_ref));
    let head = RememberedHead { payload_hash: 1, at_ms: 2, index: 3, position: 4, term: 5 };
    let mut world = World::new();
    let accepted = world.apply(vec![read("AcceptOfferRequest").expect("a sample is accepted")]);
    let Some(Answer::Fresh(outcome)) = accepted.answers.first() else { panic!("{accepted:?}") };
    let one_by_one = commands.iter().enumerate();
    let replayed = one_by_one.map(|(at, command)| raft_entry(at as u64 + 1, &encode_entry(2_000, [command.as_ref()])));
    let members = kindred_node::consensus::core::Membership::of_voters(&[1, 2, 3]);
    let mut key = kindred_node::storage::KeyBuf::new();
    key.text("acme").text("x\u{0}\u{1}1").number(42);
    let more = [
        seed(5, &encode_remembered(head, outcome)),
        seed(6, &entry),
        seed(7, &joined(replayed)),
        seed(8, &encode_members(&members)),
        seed(8, &HardState { term: 1, vote: 2, commit: 3 }.to_bytes()),
        seed(9, key.bytes()),
    ];
    // The rarer families first: only some of the many are kept as files.
    more.into_iter().chain(golden).collect()
}
