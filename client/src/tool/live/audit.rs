//! An independent eye on the events: was anybody assigned twice, was anybody above capacity? It knows nothing but the
//! plan and the stream, so it also catches what the state machine's own checks would overlook.
use kindred_client::v1::{self, event::Kind};
use kindred_simulator::Demand;
use std::collections::{BTreeMap, HashMap};

/// What an agent holds: offers and assignments, by the offer's id, with their channel.
type Held = BTreeMap<String, String>;

/// An agent's room: units in all, and by channel (at most, cost).
type Room = (u32, BTreeMap<String, (u32, u32)>);

/// Counts what must never happen.
pub struct Audit {
    /// By agent.
    capacity: HashMap<String, Room>,
    held: HashMap<String, Held>,
    /// By interaction: who serves it as PRIMARY (assignment's id).
    serving: HashMap<String, String>,
    /// What was found, for people; at most [`FOUND_MAX`].
    pub found: Vec<String>,
    /// How often an interaction had two PRIMARY agents at once.
    pub double_assigned: u64,
    /// How often an agent had more than fits.
    pub over_capacity: u64,
}

/// Findings kept in words; all are counted.
const FOUND_MAX: usize = 20;

/// What an event says about an offer or assignment.
fn piece(event: &v1::Event) -> Option<String> {
    use v1::event::Details;
    match event.details.as_ref()? {
        Details::OfferMade(made) => Some(made.offer_id.clone()),
        Details::Offer(offer) => Some(offer.offer_id.clone()),
        Details::Assignment(part) => part.assignment.rsplit('/').next().map(str::to_string),
        _ => None,
    }
}

impl Audit {
    /// Knows the agents' capacities; `name` makes a resource name of an agent's id.
    pub fn new(demand: &Demand, name: impl Fn(&str) -> String) -> Audit {
        let capacity = |agent: &kindred_simulator::Agent| {
            let profile = &demand.profiles[agent.profile];
            (name(&agent.name), (profile.total_units, profile.capacity.clone()))
        };
        Audit {
            capacity: demand.agents.iter().map(capacity).collect(),
            held: HashMap::new(),
            serving: HashMap::new(),
            found: Vec::new(),
            double_assigned: 0,
            over_capacity: 0,
        }
    }

    /// Looks at the next event; `channel` is the interaction's.
    pub fn event(&mut self, event: &v1::Event, channel: &str) {
        let Some(piece) = piece(event) else { return };
        match event.kind() {
            Kind::OfferMade => self.takes(event, piece, channel),
            Kind::OfferAccepted => {
                // A RING_IS_OFFER or AUTO acceptance follows its offer; all hold the same piece.
                self.takes(event, piece.clone(), channel);
                if let Some(other) = self.serving.insert(event.interaction.clone(), piece.clone())
                    && other != piece
                {
                    self.double_assigned += 1;
                    self.note(format!("event {}: {} has two: {other} and {piece}", event.number, event.interaction));
                }
            }
            Kind::OfferDeclined | Kind::OfferExpired | Kind::OfferRevoked => self.gives_back(event, &piece),
            Kind::WrapUpStarted => self.no_longer_serves(event, &piece),
            Kind::AssignmentEnded => {
                self.no_longer_serves(event, &piece);
                self.gives_back(event, &piece);
            }
            _ => {}
        }
    }

    fn no_longer_serves(&mut self, event: &v1::Event, piece: &str) {
        if self.serving.get(&event.interaction).is_some_and(|serving| serving == piece) {
            self.serving.remove(&event.interaction);
        }
    }

    fn gives_back(&mut self, event: &v1::Event, piece: &str) {
        if let Some(held) = self.held.get_mut(&event.agent) {
            held.remove(piece);
        }
    }

    fn takes(&mut self, event: &v1::Event, piece: String, channel: &str) {
        let held = self.held.entry(event.agent.clone()).or_default();
        held.insert(piece, channel.to_string());
        let Some((total, by_channel)) = self.capacity.get(&event.agent) else {
            return;
        };
        let cost = |channel: &String| by_channel.get(channel).map_or(u32::MAX / 64, |(_, cost)| *cost);
        let units: u32 = held.values().map(cost).sum();
        let same = held.values().filter(|held| *held == channel).count();
        let most = by_channel.get(channel).map_or(0, |(most, _)| *most as usize);
        if units > *total || same > most {
            self.over_capacity += 1;
            let what = format!("event {}: {} has {units} units, {same} {channel}", event.number, event.agent);
            self.note(what);
        }
    }

    fn note(&mut self, finding: String) {
        if self.found.len() < FOUND_MAX {
            self.found.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kindred_simulator::world::{BusyHour, busy_hour};
    use v1::event::Details;

    fn audit() -> Audit {
        Audit::new(&busy_hour(&BusyHour::default()), str::to_string)
    }

    fn event(kind: Kind, interaction: &str, agent: &str, piece: &str) -> v1::Event {
        let details = match kind {
            Kind::OfferMade => {
                Details::OfferMade(v1::OfferMadeDetails { offer_id: piece.into(), ..Default::default() })
            }
            Kind::WrapUpStarted | Kind::AssignmentEnded => Details::Assignment(v1::AssignmentDetails {
                assignment: format!("{interaction}/assignments/{piece}"),
                ..Default::default()
            }),
            _ => Details::Offer(v1::OfferDetails { offer_id: piece.into(), ..Default::default() }),
        };
        v1::Event {
            kind: kind as i32,
            interaction: interaction.into(),
            agent: agent.into(),
            details: Some(details),
            ..Default::default()
        }
    }

    fn found(events: &[(Kind, &str, &str, &str)], channel: &str) -> (u64, u64) {
        let mut audit = audit();
        for (kind, interaction, agent, piece) in events {
            audit.event(&event(*kind, interaction, agent, piece), channel);
        }
        (audit.double_assigned, audit.over_capacity)
    }

    #[test]
    fn a_lawful_life_is_found_lawful() {
        let life = [
            (Kind::OfferMade, "i1", "sales-voice-01", "o1"),
            (Kind::OfferExpired, "i1", "sales-voice-01", "o1"),
            (Kind::OfferMade, "i1", "sales-voice-02", "o2"),
            (Kind::OfferAccepted, "i1", "sales-voice-02", "o2"),
            (Kind::WrapUpStarted, "i1", "sales-voice-02", "o2"),
            (Kind::OfferMade, "i1", "sales-voice-01", "o3"),
            (Kind::OfferAccepted, "i1", "sales-voice-01", "o3"),
            (Kind::AssignmentEnded, "i1", "sales-voice-02", "o2"),
            (Kind::AssignmentEnded, "i1", "sales-voice-01", "o3"),
            (Kind::OfferMade, "i2", "sales-voice-01", "o4"),
        ];
        assert_eq!(found(&life, "voice"), (0, 0));
    }

    #[test]
    fn two_at_once_are_found() {
        let life =
            [(Kind::OfferAccepted, "i1", "sales-voice-01", "o1"), (Kind::OfferAccepted, "i1", "sales-voice-02", "o2")];
        assert_eq!(found(&life, "voice"), (1, 0));
    }

    #[test]
    fn more_than_fits_is_found() {
        let calls = [(Kind::OfferMade, "i1", "sales-voice-01", "o1"), (Kind::OfferMade, "i2", "sales-voice-01", "o2")];
        assert_eq!(found(&calls, "voice"), (0, 1));
        let chats = ["o1", "o2", "o3"].map(|offer| (Kind::OfferMade, offer, "digital-01", offer));
        assert_eq!(found(&chats, "chat"), (0, 0));
        let fourth = [chats[0], chats[1], chats[2], (Kind::OfferMade, "o4", "digital-01", "o4")];
        assert_eq!(found(&fourth, "chat"), (0, 1));
        assert_eq!(found(&[(Kind::OfferMade, "i1", "digital-01", "o1")], "voice"), (0, 1), "not served at all");
    }
}
