//! Requests that only read: conditions, filters, pages.
use super::{
    chosen,
    commands::{is_told, tenant},
    samples::sample,
    world::World,
};
use kindred_node::api::fuzzing::{events_wanted, interactions_wanted};
use kindred_proto::v1;
use prost::Message as _;
use std::sync::LazyLock;

static EVENTS: LazyLock<Vec<kindred_domain::Event>> = LazyLock::new(|| {
    let mut world = World::new();
    let read = super::commands::read("AcceptOfferRequest", &sample("AcceptOfferRequest", 0));
    let command = read.ok().and_then(Result::ok).expect("a sample is accepted");
    world.apply(vec![command]).events
});

pub fn run(data: &[u8]) {
    let Some((kind, message)) = chosen(data, 2) else { return };
    let (name, read) = match kind {
        0 => {
            let Ok(asked) = v1::ListInteractionsRequest::decode(message) else { return };
            ("ListInteractionsRequest", interactions_wanted(&tenant(), &asked))
        }
        _ => {
            let Ok(asked) = v1::ListEventsRequest::decode(message) else { return };
            let all = EVENTS.len();
            let found = events_wanted(&tenant(), asked, &EVENTS);
            ("ListEventsRequest", found.map(|found| assert!(found <= all)))
        }
    };
    if let Err(refused) = read {
        is_told(name, &refused);
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let of = |kind: u8, name| [vec![kind], sample(name, 0)].concat();
    vec![of(0, "ListInteractionsRequest"), of(1, "ListEventsRequest")]
}
