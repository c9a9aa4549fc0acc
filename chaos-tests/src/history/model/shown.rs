//! The model's records in the form in which answers and reads show them.

use kindred_proto::v1::interaction::State;
use uuid::Uuid;

use super::records::*;
use super::tenant::{Dropped, Tenant};
use super::{
    super::{Shown, ShownAssignment, ShownOffer},
    Model,
};

/// A UUID in its usual spelling.
pub fn spelled(id: Uid) -> String {
    Uuid::from_u128(id).to_string()
}

fn full(tenant: &str, collection: &str, id: &str) -> String {
    format!("tenants/{tenant}/{collection}/{id}")
}

/// An interaction, open or closed and retained.
pub fn interaction(tenant: &str, state: &Tenant, id: &str) -> Shown {
    let name = full(tenant, "interactions", id);
    let agent = |id: &str| full(tenant, "agents", id);
    let part =
        |id: Uid, to: &str, state: &str| ShownAssignment { id: spelled(id), agent: agent(to), state: state.to_owned() };
    if let Some(i) = state.interactions.get(id) {
        let laid_over = if i.unconfirmed_since_ms.is_some() { State::Unconfirmed } else { i.state };
        return Shown::Interaction {
            name,
            state: laid_over.as_str_name().to_owned(),
            offers: i.offers.iter().map(|o| ShownOffer { id: spelled(o.id), agent: agent(&o.agent) }).collect(),
            assignments: i.parts.iter().map(|p| part(p.id, &p.agent, p.state.as_str_name())).collect(),
        };
    }
    let Some(closed) = state.closed.get(id) else { return Shown::Nothing { name } };
    let ended = kindred_proto::v1::assignment::State::Ended.as_str_name();
    Shown::Interaction {
        name,
        state: State::Closed.as_str_name().to_owned(),
        offers: Vec::new(),
        assignments: closed.parts.iter().map(|(id, to)| part(*id, to, ended)).collect(),
    }
}

/// An agent.
pub fn agent(tenant: &str, state: &Tenant, id: &str) -> Shown {
    let name = full(tenant, "agents", id);
    match state.agents.get(id) {
        Some(a) => Shown::Agent { name, present: !a.is_offline(), session: a.session.map(spelled) },
        None => Shown::Nothing { name },
    }
}

/// `tenants/t/interactions/i` taken apart.
pub fn parted(name: &str) -> Option<(&str, &str, &str)> {
    let (tenant, rest) = name.strip_prefix("tenants/")?.split_once('/')?;
    let (collection, id) = rest.split_once('/')?;
    Some((tenant, collection, id))
}

impl Model {
    /// A record by its full name; `None`: not of a kind that is followed.
    pub fn shown(&self, name: &str) -> Option<Shown> {
        let (tenant, collection, id) = parted(name)?;
        let nothing = Shown::Nothing { name: name.to_owned() };
        let state = self.tenants.get(tenant).filter(|_| !self.blurred.contains(tenant));
        match collection {
            "interactions" => Some(state.map_or(nothing, |state| interaction(tenant, state, id))),
            "agents" => Some(state.map_or(nothing, |state| agent(tenant, state, id))),
            _ => None,
        }
    }

    /// Of which interaction an offer ever made was, and to whom: full names.
    pub fn offer(&self, tenant: &str, offer: Uid) -> Option<(String, String)> {
        let (interaction, agent) = self.tenants.get(tenant)?.offers.get(&offer)?;
        Some((full(tenant, "interactions", interaction), full(tenant, "agents", agent)))
    }

    /// Why a planned offer was not made, if it was planned and never made.
    pub fn dropped(&self, tenant: &str, offer: Uid) -> Option<Dropped> {
        let tenant = self.tenants.get(tenant)?;
        tenant.dropped.get(&offer).copied().filter(|_| !tenant.offers.contains_key(&offer))
    }

    /// Who serves the interaction as PRIMARY: connecting, active or held.
    pub fn serving(&self, tenant: &str, interaction: &str) -> Vec<Uid> {
        let i = self.tenants.get(tenant).and_then(|t| t.interactions.get(interaction));
        i.map(|i| i.parts.iter().filter(|p| p.serves()).map(|p| p.id).collect()).unwrap_or_default()
    }

    /// Kinds of a tenant's events by number, from 1; `None` where they are not followed.
    pub fn events(&self, tenant: &str) -> Option<&[u8]> {
        let state = self.tenants.get(tenant).filter(|_| !self.blurred.contains(tenant))?;
        Some(&state.events)
    }

    /// Numbers that named offers of two interactions, by tenant.
    pub fn offers_twice(&self) -> impl Iterator<Item = (&str, Uid)> {
        self.tenants.iter().flat_map(|(id, t)| t.offers_twice.iter().map(|offer| (&**id, *offer)))
    }

    /// Is the record's tenant one of which everything is followed.
    pub fn follows(&self, name: &str) -> bool {
        let tenant = parted(name).and_then(|(tenant, _, _)| self.tenants.get_key_value(tenant));
        tenant.is_some_and(|(id, t)| !t.deleted && !self.blurred.contains(id))
    }

    /// Every interaction and agent there is, closed ones included, in the order of tenants and names.
    pub fn all(&self) -> impl Iterator<Item = Shown> {
        let followed = self.tenants.iter().filter(|(id, t)| !t.deleted && !self.blurred.contains(*id));
        followed.flat_map(|(id, t)| {
            let ids: std::collections::BTreeSet<&Name> = t.interactions.keys().chain(t.closed.keys()).collect();
            let interactions = ids.into_iter().map(move |i| interaction(id, t, i));
            interactions.chain(t.agents.keys().map(move |a| agent(id, t, a)))
        })
    }
}
