//! What an agents' desktop sends on its session.
use super::{
    commands::{comes_back, is_told, key, tenant},
    joined, pieces,
    samples::{choices, sample},
    world::World,
};
use kindred_node::wire::api::asks::{Action, started};
use kindred_proto::v1;
use prost::Message as _;

pub fn run(data: &[u8]) {
    let mut world: Option<World> = None;
    for message in pieces(data) {
        let Ok(request) = v1::SessionRequest::decode(message) else { continue };
        match Action::read(&tenant(), key(), request) {
            Ok(Action::Command(command, _)) => {
                comes_back(&command);
                world.get_or_insert_with(World::new).apply(vec![command]);
            }
            Ok(Action::Start(start)) => {
                if let Err(refused) = started(&tenant(), &start) {
                    is_told("SessionRequest", &refused);
                }
            }
            Ok(Action::Attach(agents) | Action::Detach(agents)) => assert!(!agents.is_empty()),
            Ok(Action::Heartbeat) => {}
            Err(refused) => is_told("SessionRequest", &refused),
        }
    }
    if let Some(world) = world {
        world.check();
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let all = (0..choices("SessionRequest")).map(|choice| sample("SessionRequest", choice));
    let together = joined(all.clone());
    all.map(|one| joined([one])).chain([together]).collect()
}

#[test]
fn every_sample_is_read() {
    for choice in 0..choices("SessionRequest") {
        let request = v1::SessionRequest::decode(&*sample("SessionRequest", choice)).expect("a message");
        let action = Action::read(&tenant(), key(), request.clone());
        assert!(action.is_ok(), "{request:?}: {action:?}");
    }
}
