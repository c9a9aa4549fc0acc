//! Commands that another node forwards, and what a leader answers: only what can be read and applied is taken.
use super::{
    chosen,
    commands::KINDS,
    samples::{TENANT, sample},
    world::World,
};
use kindred_domain::{Answer, Reply};
use kindred_node::{
    peer::fuzzing::{taken_from_peer, told_by_leader},
    wire::log::{decode_command, decode_entry, encode_command, encode_entry, encode_outcome},
};
use kindred_proto::peer::v1::{
    self as pb, ForwardRequest, ForwardResponse, JoinRequest, SnapshotRequest, StreamRequest, forward_response::Outcome,
};
use prost::Message as _;

pub fn run(data: &[u8]) {
    let Some((kind, message)) = chosen(data, 3) else { return };
    match kind {
        0 => request(message),
        1 => response(message),
        _ => others(message),
    }
}

/// A taken command is put into an entry as it came: every replica must be able to read and apply that.
fn request(message: &[u8]) {
    let Ok(request) = ForwardRequest::decode(message) else { return };
    let Some((tenant, bytes)) = taken_from_peer(&request) else { return };
    let command = decode_command(&bytes).expect("what is taken can be read");
    assert_eq!(command.tenant.as_deref(), tenant.as_deref());
    let entry = decode_entry(1_000_000, encode_entry(1, [&*bytes])).expect("an entry of readable commands");
    assert_eq!(entry.commands, [command]);
    let mut world = World::new();
    world.apply(entry.commands);
    world.check();
}

fn response(message: &[u8]) {
    let Ok(response) = ForwardResponse::decode(message) else { return };
    let Some(again) = told_by_leader(response) else { return };
    let twice = told_by_leader(again.clone()).expect("what was told can be read");
    assert_eq!(twice, again);
}

/// Messages that are only decoded here; what is in them goes to other targets.
fn others(message: &[u8]) {
    let _ = StreamRequest::decode(message);
    let _ = SnapshotRequest::decode(message);
    let _ = JoinRequest::decode(message);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: u8, message: Vec<u8>| [vec![kind], message].concat();
    let mut world = World::new();
    let mut seeds = Vec::new();
    for (name, read) in KINDS.iter().step_by(2) {
        let Ok(Ok(command)) = read(&sample(name, 0)) else { panic!("a sample of {name} is accepted") };
        let bytes = encode_command(&command);
        let (tenant, lane) = (TENANT.to_owned(), pb::Lane::Submit.into());
        let forward = ForwardRequest { cluster_id: "c".into(), shard: 0, tenant, lane, command: bytes };
        seeds.push(seed(0, forward.encode_to_vec()));
        let answer = world.apply(vec![kindred_domain::Command { request: None, ..command }]).answers.remove(0);
        if let (Answer::Fresh(outcome), true) = (answer, seeds.len() % 3 == 0) {
            let applied = pb::Applied { reply: encode_outcome(&outcome), term: 1, index: 2, ..Default::default() };
            seeds.push(seed(1, ForwardResponse { outcome: Some(Outcome::Applied(applied)) }.encode_to_vec()));
        }
    }
    let done = pb::Applied { reply: encode_outcome(&Ok(Reply::Done)), term: 1, index: 2, ..Default::default() };
    seeds.push(seed(1, ForwardResponse { outcome: Some(Outcome::Applied(done)) }.encode_to_vec()));
    let message = pb::RaftMessage { shard: 0, message: b"opaque".to_vec().into() };
    let batch = StreamRequest { cluster_id: "c".into(), messages: vec![message], ..Default::default() };
    seeds.push(seed(2, batch.encode_to_vec()));
    seeds
}
