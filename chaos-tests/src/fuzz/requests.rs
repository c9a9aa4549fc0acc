//! Requests that write, one after the other: never a panic, a refusal names a field, and what is well formed is applied.
//!
//! An input is a list of [`pieces`]; the first byte of each is the kind of request, the rest the message.
use super::{chosen, commands::KINDS, joined, pieces, samples::sample, world::World};
use kindred_node::wire::api::asks::new_tenant;
use prost::Message as _;

/// Requests of one input; more would only take longer.
const REQUESTS_MAX: usize = 16;

pub fn run(data: &[u8]) {
    let mut world: Option<World> = None;
    for piece in pieces(data).into_iter().take(REQUESTS_MAX) {
        let Some((kind, message)) = chosen(piece, KINDS.len() + 1) else { continue };
        match KINDS.get(kind) {
            Some((_, read)) => {
                if let Ok(Ok(command)) = read(message) {
                    world.get_or_insert_with(World::new).apply(vec![command]);
                }
            }
            None => add_tenant(message),
        }
    }
    if let Some(world) = world {
        world.check();
    }
}

/// The request that is more than one command.
fn add_tenant(message: &[u8]) {
    let Ok(request) = kindred_proto::v1::CreateTenantRequest::decode(message) else { return };
    if let Err(refused) = new_tenant(super::commands::key(), request) {
        super::commands::is_told("CreateTenantRequest", &refused);
    }
}

/// A call from beginning to end.
const LIFE: &[&str] = &[
    "AcceptOfferRequest",
    "ReportConnectedRequest",
    "HoldAssignmentRequest",
    "RetrieveAssignmentRequest",
    "RecordActivityRequest",
    "UpdateInteractionRequest",
    "TransferInteractionRequest",
    "CompleteWrapUpRequest",
    "ReconcileConnectorRequest",
    "CancelInteractionRequest",
];

pub fn seeds() -> Vec<Vec<u8>> {
    let piece = |name: &str, choice| {
        let kind = KINDS.iter().position(|(known, _)| *known == name).unwrap_or(KINDS.len());
        let mut piece = vec![kind as u8];
        piece.extend(sample(name, choice));
        piece
    };
    let alone = KINDS.iter().map(|(name, _)| joined([piece(name, 0)]));
    let life = joined(LIFE.iter().map(|name| piece(name, 0)));
    let to_an_agent =
        joined(LIFE[..2].iter().map(|name| piece(name, 0)).chain([piece("TransferInteractionRequest", 1)]));
    alone.chain([life, to_an_agent, joined([piece("CreateTenantRequest", 0)])]).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            commands::{OTHERS, read},
            schema::schema,
        },
        *,
    };
    use kindred_domain::{Answer, Command};
    use std::collections::BTreeSet;

    #[test]
    fn every_sample_is_accepted_and_every_write_is_here() {
        for (name, read) in KINDS {
            let Ok(answer) = read(&sample(name, 0)) else { panic!("a sample of {name} is no message") };
            assert!(answer.is_ok(), "{name}: {answer:?}");
        }
        let known = KINDS.iter().map(|(name, _)| *name).chain(OTHERS.iter().copied());
        assert_eq!(known.collect::<BTreeSet<_>>(), schema().writes());
    }

    #[test]
    fn the_life_of_a_call_is_lived() {
        let mut world = World::new();
        for name in LIFE {
            let Ok(Ok(command)) = read(name, &sample(name, 0)) else { panic!("{name}") };
            // The samples share one request id: without it each is a request of its own.
            let command = Command { request: None, ..command };
            let answer = world.apply(vec![command]).answers.remove(0);
            assert!(matches!(answer, Answer::Fresh(Ok(_))), "{name}: {answer:?}");
        }
        assert_eq!(world.state().tenant("acme").map(|tenant| tenant.agents().len()), Some(1));
    }
}
