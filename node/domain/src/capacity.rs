//! How much an agent can do at once, and whether there is room for one more.
use crate::{
    ids::{AssignmentId, Channel},
    record::{Agent, Capacity, ChannelCapacity, Profile, Work},
    state::Tenant,
};
use alloc::{collections::BTreeSet, vec::Vec};

impl Default for Capacity {
    /// 100 units: one voice call of 100, three chats of 33, five e-mails of 20; nothing interrupts.
    fn default() -> Self {
        let channel = |name: &str, max, cost| (Channel::new(name), ChannelCapacity { max, cost });
        Self {
            total: 100,
            channels: [channel("voice", 1, 100), channel("chat", 3, 33), channel("email", 5, 20)].into_iter().collect(),
            may_interrupt: BTreeSet::new(),
        }
    }
}

/// The agent's own capacity, else the profile's.
pub fn effective<'a>(agent: &'a Agent, profile: &'a Profile) -> &'a Capacity {
    agent.capacity.as_ref().unwrap_or(&profile.capacity)
}

/// The agent's own capacity, else its profile's. `None` only if the profile is missing, which `check()` forbids.
pub fn of<'a>(tenant: &'a Tenant, agent: &'a Agent) -> Option<&'a Capacity> {
    let profile = tenant.profile(&agent.profile)?;
    Some(effective(agent, profile))
}

/// Units one piece of work on the channel takes; `None` if the channel is not served.
pub fn cost(capacity: &Capacity, channel: &str) -> Option<u32> {
    capacity.channels.get(channel).map(|c| c.cost)
}

/// Units a dormant piece of work takes: a percentage of its cost, rounded up.
pub fn dormant_units(cost: u32, percent: u32) -> u32 {
    (u64::from(cost) * u64::from(percent.min(100))).div_ceil(100) as u32
}

/// Is there room for one more piece of work on the channel.
pub fn room(capacity: &Capacity, agent: &Agent, channel: &Channel) -> bool {
    room_beside(capacity, agent.work.iter(), channel)
}

/// Is there room for the channels together (an interaction with added channels).
pub fn room_for<'a>(capacity: &Capacity, agent: &Agent, channels: impl IntoIterator<Item = &'a Channel>) -> bool {
    room_for_beside(capacity, agent, |_| true, channels)
}

/// What there is not enough of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The channel is not served at all.
    Channel,
    /// As much on the channel as there may be.
    Max(u32),
    /// Units.
    Units {
        /// What one more costs.
        cost: u32,
        /// What stands in its way takes.
        taken: u32,
        /// What there is in all.
        total: u32,
    },
}

/// As [`room_for`]; what is lacking, and for which of the channels first, if there is no room.
pub fn lack_for<'a>(
    capacity: &Capacity,
    agent: &Agent,
    channels: impl IntoIterator<Item = &'a Channel>,
) -> Option<(&'a Channel, Lack)> {
    lack_for_beside(capacity, agent, |_| true, channels)
}

/// As [`room_for`], beside some of the agent's work.
fn room_for_beside<'a>(
    capacity: &Capacity,
    agent: &Agent,
    counts: impl Fn(&Work) -> bool,
    channels: impl IntoIterator<Item = &'a Channel>,
) -> bool {
    lack_for_beside(capacity, agent, counts, channels).is_none()
}

fn lack_for_beside<'a>(
    capacity: &Capacity,
    agent: &Agent,
    counts: impl Fn(&Work) -> bool,
    channels: impl IntoIterator<Item = &'a Channel>,
) -> Option<(&'a Channel, Lack)> {
    let mut added: Vec<Work> = Vec::new();
    for channel in channels {
        let lack = lack_beside(capacity, agent.work.iter().filter(|w| counts(w)).chain(&added), channel);
        if let Some(lack) = lack {
            return Some((channel, lack));
        }
        let units = cost(capacity, channel).unwrap_or(0);
        added.push(Work {
            interaction: "".into(),
            id: AssignmentId::default(),
            channel: channel.clone(),
            units,
            offered: false,
            wrap_up: false,
            dormant: false,
        });
    }
    None
}

/// Is there room for an assignment the agent already has to take its full cost again (it was dormant).
pub fn room_to_resume<'a>(
    capacity: &Capacity,
    agent: &Agent,
    assignment: AssignmentId,
    channels: impl IntoIterator<Item = &'a Channel>,
) -> bool {
    room_for_beside(capacity, agent, |work| work.id != assignment, channels)
}

/// Is there room for one more beside this work.
///
/// At most `max` on the channel, dormant ones not counted, and the units of all work that the channel may not
/// interrupt, plus its own cost, within the total. Offers reserve; HELD and after-work cost all; DORMANT its fraction.
pub fn room_beside<'a>(capacity: &Capacity, work: impl Iterator<Item = &'a Work>, channel: &Channel) -> bool {
    lack_beside(capacity, work, channel).is_none()
}

fn lack_beside<'a>(capacity: &Capacity, work: impl Iterator<Item = &'a Work>, channel: &Channel) -> Option<Lack> {
    let Some(rules) = capacity.channels.get(channel) else {
        return Some(Lack::Channel);
    };
    let (mut on_channel, mut taken) = (0_u32, 0_u64);
    for piece in work {
        if piece.channel == *channel && !piece.dormant {
            on_channel += 1;
        }
        if !interrupts(capacity, channel, &piece.channel) {
            taken += u64::from(piece.units);
        }
    }
    if on_channel >= rules.max {
        return Some(Lack::Max(rules.max));
    }
    let room = taken + u64::from(rules.cost) <= u64::from(capacity.total);
    let taken = u32::try_from(taken).unwrap_or(u32::MAX);
    (!room).then_some(Lack::Units { cost: rules.cost, taken, total: capacity.total })
}

fn interrupts(capacity: &Capacity, interrupter: &Channel, interrupted: &Channel) -> bool {
    // The set is tiny; a lookup by pair would need two clones.
    capacity.may_interrupt.iter().any(|(x, y)| x == interrupter && y == interrupted)
}

/// Could this work have been taken on, piece by piece, without ever exceeding the capacity.
///
/// Taking away work never makes less room, so it is enough to take away, again and again, any piece that would have
/// had room beside the rest. Dormant and freed work only ever shrinks what is taken.
pub fn fits(capacity: &Capacity, work: &BTreeSet<Work>) -> bool {
    let mut rest: Vec<&Work> = work.iter().filter(|w| !w.dormant).collect();
    let dormant: Vec<&Work> = work.iter().filter(|w| w.dormant).collect();
    while !rest.is_empty() {
        let last = (0..rest.len()).find(|&i| {
            let beside = rest.iter().enumerate().filter(|(j, _)| *j != i);
            // Units were taken when the work was: they stand for the cost at that time.
            let beside = beside.map(|(_, w)| *w).chain(dormant.iter().copied());
            room_beside(capacity, beside, &rest[i].channel)
        });
        match last {
            Some(i) => drop(rest.remove(i)),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    //! Channel bounds, costs, the interrupt matrix, fractions of dormant work, and what fits piece by piece.
    use super::*;
    use crate::ids::Uid;

    fn work(id: u128, channel: &str, units: u32) -> Work {
        Work {
            interaction: "i".into(),
            id: Uid(id),
            channel: channel.into(),
            units,
            offered: false,
            wrap_up: false,
            dormant: false,
        }
    }

    fn room(capacity: &Capacity, taken: &[Work], channel: &str) -> bool {
        room_beside(capacity, taken.iter(), &channel.into())
    }

    fn interruptible() -> Capacity {
        let mut capacity = Capacity::default();
        let pair = ("voice".into(), "email".into());
        capacity.may_interrupt.insert(pair);
        capacity
    }

    #[test]
    fn a_channel_has_a_maximum_and_a_cost() {
        let capacity = Capacity::default();
        let chats = [work(1, "chat", 33), work(2, "chat", 33), work(3, "chat", 33)];
        assert!(room(&capacity, &chats[..2], "chat"));
        assert!(!room(&capacity, &chats, "chat"), "three at most");
        assert!(!room(&capacity, &chats[..1], "voice"), "33 + 100 > 100");
        assert!(room(&capacity, &chats[..2], "email"), "66 + 20");
        assert!(!room(&capacity, &[], "fax"), "not served");
    }

    #[test]
    fn a_call_interrupts_email_and_not_the_other_way() {
        let capacity = interruptible();
        let email = [work(1, "email", 20)];
        assert!(room(&capacity, &email, "voice"));
        let call = [work(2, "voice", 100)];
        assert!(!room(&capacity, &call, "email"));
        assert!(!room(&capacity, &call, "voice"), "one call at most");
    }

    #[test]
    fn dormant_work_takes_its_fraction_and_no_place() {
        let capacity = Capacity::default();
        let asleep = |id| Work { dormant: true, ..work(id, "chat", dormant_units(33, 10)) };
        let three = [asleep(1), asleep(2), asleep(3)];
        assert_eq!(three[0].units, 4, "rounded up");
        assert!(room(&capacity, &three, "chat"));
        assert!(!room(&capacity, &three, "voice"), "12 + 100");
        assert_eq!(dormant_units(33, 0), 0);
        assert_eq!(dormant_units(33, 100), 33);
    }

    #[test]
    fn fits_what_could_have_been_taken_on_in_some_order() {
        let capacity = interruptible();
        let set = |pieces: &[Work]| pieces.iter().cloned().collect::<BTreeSet<Work>>();
        let email_then_call = [work(1, "email", 20), work(2, "voice", 100)];
        assert!(fits(&capacity, &set(&email_then_call)));
        let two_calls = [work(1, "voice", 100), work(2, "voice", 100)];
        assert!(!fits(&capacity, &set(&two_calls)));
        let chat_and_call = [work(1, "chat", 33), work(2, "voice", 100)];
        assert!(!fits(&capacity, &set(&chat_and_call)));
        assert!(fits(&capacity, &BTreeSet::new()));
    }
}
