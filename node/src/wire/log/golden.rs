//! Bytes that were once written must be readable for ever: `golden.txt` holds some of every kind.
//!
//! A line is never changed or removed. When a kind is added, this test says which line is missing; run it once with
//! `KINDRED_GOLDEN=append` to append it.
use super::sample::{Sample, Source};
use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write};

const GOLDEN: &str = include_str!("golden.txt");
/// Values drawn to find every kind.
const DRAWS: u64 = 6_000;
/// Bytes a value is drawn from.
const BYTES: usize = 300;

/// The name of an enum's variant, from how it is shown.
fn kind(value: &impl Debug) -> String {
    let shown = format!("{value:?}");
    shown.chars().take_while(|c| c.is_alphanumeric()).collect()
}

fn drawn<T: Sample>(seed: u64) -> T {
    // A linear congruence (Knuth's MMIX) is random enough to pick variants.
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    T::sample(&mut Source::new((0..BYTES).map(|_| next()).collect()))
}

/// One encoded value of every kind, by `family kind`.
fn every_kind() -> BTreeMap<String, Bytes> {
    let mut found = BTreeMap::new();
    for seed in 0..DRAWS {
        let command: Command = drawn(seed);
        found.entry(format!("command {}", kind(&command.body))).or_insert_with(|| encode_command(&command));
        let record: record::Record = drawn(seed);
        found.entry(format!("record {}", kind(&record))).or_insert_with(|| encode_record(&record));
        let blob: record::Blob = drawn(seed);
        found.entry(format!("blob {}", kind(&blob))).or_insert_with(|| encode_blob(&blob));
        let event: Event = drawn(seed);
        found.entry(format!("event {}", kind(&event.kind))).or_insert_with(|| encode_event(&event));
        let outcome: Result<Reply, Rejection> = drawn(seed);
        let name = match &outcome {
            Ok(reply) => format!("outcome {}", kind(reply)),
            Err(rejection) => format!("outcome Rejection{}", kind(rejection)),
        };
        found.entry(name).or_insert_with(|| encode_outcome(&outcome));
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}

/// Reads a line and says how the value shows itself.
fn read(family: &str, bytes: &[u8]) -> Result<String, Error> {
    Ok(match family {
        "command" => kind(&decode_command(bytes)?.body),
        "record" => kind(&decode_record(bytes)?),
        "blob" => kind(&decode_blob(bytes)?),
        "event" => kind(&decode_event(bytes)?.kind),
        "outcome" => match decode_outcome(bytes)? {
            Ok(reply) => kind(&reply),
            Err(rejection) => format!("Rejection{}", kind(&rejection)),
        },
        other => panic!("unknown family {other}"),
    })
}

#[test]
fn what_was_once_written_can_be_read() {
    for line in GOLDEN.lines() {
        let mut parts = line.split(' ');
        let [family, name, text] = std::array::from_fn(|_| parts.next().expect("three words"));
        match read(family, &unhex(text)) {
            Ok(shown) => assert_eq!(shown, name, "{line}"),
            Err(error) => panic!("{family} {name}: {error}"),
        }
    }
}

#[test]
fn every_kind_has_a_line() {
    let known: BTreeSet<String> =
        GOLDEN.lines().filter_map(|line| line.rsplit_once(' ')).map(|(name, _)| name.to_owned()).collect();
    let missing: Vec<(String, Bytes)> = every_kind().into_iter().filter(|(name, _)| !known.contains(name)).collect();
    if std::env::var("KINDRED_GOLDEN").is_ok_and(|mode| mode == "append") {
        let mut text = GOLDEN.to_owned();
        for (name, bytes) in &missing {
            writeln!(text, "{name} {}", hex(bytes)).expect("a string takes everything");
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wire/log/golden.txt");
        std::fs::write(path, text).expect("the source tree can be written");
        return;
    }
    let names: Vec<&String> = missing.iter().map(|(name, _)| name).collect();
    assert_eq!(names, Vec::<&String>::new(), "kinds without a line in golden.txt");
}

/// Written before there was a drain: such a disk is not drained, and one that is not is still written the same way.
#[test]
fn a_node_of_old_bytes_is_not_drained() {
    let of = |family: &str| GOLDEN.lines().find_map(|line| line.strip_prefix(family)).map(unhex).expect("a line");
    let bytes = of("record Node ");
    let record::Record::Node(node) = decode_record(&bytes).unwrap() else { panic!("not a node") };
    assert!(!node.draining);
    assert_eq!(encode_record(&record::Record::Node(node)), bytes);
    let command = decode_command(&of("command UpdateNode ")).unwrap();
    let kindred_domain::command::Body::UpdateNode(update) = command.body else { panic!("not an update") };
    assert_eq!(update.draining, None);
}

/// Written when one offer at most was out: it is the first of the list, and is written there from then on.
#[test]
fn an_interaction_of_old_bytes_keeps_its_offer() {
    let line = GOLDEN.lines().find_map(|line| line.strip_prefix("record Interaction ")).map(unhex).expect("a line");
    let mut written = pb::Record::decode(&*line).unwrap();
    let Some(pb::record::Record::Interaction(old)) = &mut written.record else { panic!("not an interaction") };
    let offer: record::Offer = drawn(3);
    old.offers.clear();
    old.offer = Some(offer.put());
    let record = decode_record(&written.encode_to_vec()).unwrap();
    let record::Record::Interaction(interaction) = &record else { panic!("not an interaction") };
    assert_eq!(interaction.offers, [offer]);
    let again = pb::Record::decode(encode_record(&record)).unwrap();
    let Some(pb::record::Record::Interaction(again)) = again.record else { panic!("not an interaction") };
    assert_eq!((again.offer, again.offers.len()), (None, 1));
}
