//! U: at most one PRIMARY connecting, active or held per interaction; no offer or assignment above capacity.

use kindred_proto::log::v1::{self as pb, command::Body};
use kindred_proto::v1::assignment::State;

use crate::history::model::{Answer, Dropped, Model, Uid};
use crate::history::{Shown, Told};

use super::{Findings, Here};

fn uid(bytes: &[u8]) -> Uid {
    bytes.try_into().map_or(0, Uid::from_be_bytes)
}

/// Holds the model to it after every entry that may give an interaction to somebody.
pub fn entry(here: &Here<'_>, model: &Model, findings: &mut Findings) {
    for command in &here.entry.commands {
        let tenant = command.tenant.as_deref().unwrap_or_default();
        let mut look = |interaction: &str| {
            let serving = model.serving(tenant, interaction);
            if serving.len() > 1 {
                let (shard, index) = (here.shard, here.at.index);
                findings.add('U', || format!("shard {shard} index {index}: {interaction} is served by {serving:x?}"));
            }
        };
        match &command.body {
            Some(Body::AcceptOffer(c)) => look(&c.interaction),
            Some(Body::ReportConnected(c)) => look(&c.interaction),
            Some(Body::RecordActivity(c)) => look(&c.interaction),
            Some(Body::MakeOffers(c)) => c.offers.iter().for_each(|plan| look(&plan.interaction)),
            _ => {}
        }
    }
}

/// The fencing token names one thing.
pub fn offers(shard: u32, model: &Model, findings: &mut Findings) {
    for (tenant, offer) in model.offers_twice() {
        findings.add('U', || format!("shard {shard}: offer {offer:032x} of tenant {tenant} is of two interactions"));
    }
}

/// Does an answer show an interaction with two who serve it.
pub fn shows_two(told: &Told) -> bool {
    let Told::Done { shown, .. } = told else { return false };
    let serves = [State::Connecting, State::Active, State::Held].map(|state| state.as_str_name());
    shown.iter().any(|shown| match shown {
        Shown::Interaction { assignments, .. } => {
            assignments.iter().filter(|part| serves.contains(&part.state.as_str())).count() > 1
        }
        _ => false,
    })
}

/// Was somebody told that they have what the model says another has, or what was above their capacity.
pub fn is_broken(told: &Told, command: &pb::Command, answer: &Answer, model: &Model) -> bool {
    let (tenant, Told::Done { .. }) = (command.tenant.as_deref().unwrap_or_default(), told) else { return false };
    let taken = |interaction: &str, by_me: Option<Uid>| {
        model.serving(tenant, interaction).iter().any(|part| Some(*part) != by_me)
    };
    let above = |offer: Uid| model.dropped(tenant, offer) == Some(Dropped::NoRoom);
    match &command.body {
        // Of two who accept one offer, one has been told so wrongly.
        Some(Body::AcceptOffer(c)) => taken(&c.interaction, None) || above(uid(&c.offer)),
        Some(Body::ReportConnected(c)) => {
            let part = uid(&c.assignment);
            taken(&c.interaction, Some(part)) || above(part)
        }
        Some(Body::AddChannel(_)) => *answer == Answer::Refused("CAPACITY_EXCEEDED"),
        _ => false,
    }
}
