//! The virtual clock: what will happen, in order of time; what was noted first goes first at the same millisecond.
use super::contact::Contact;
use kindred_domain::ids::OfferId;
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

/// A live contact: its place, and its number, by which a place used again is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub slot: usize,
    pub number: u64,
}

/// What will happen, unless what it speaks of is over by then.
#[derive(Debug)]
pub(super) enum Happening {
    /// Who was not served tries again.
    Comes(Box<Contact>),
    /// The customer's patience ends.
    Leaves(Key),
    /// An agent takes the offer.
    Accepts(Key, OfferId),
    /// An agent declines it.
    Declines(Key, OfferId),
    /// The platform has connected customer and agent.
    Connects(Key, OfferId),
    /// They have talked.
    HangsUp(Key, OfferId),
    /// After-work is done.
    WrapsUp(Key, OfferId),
    /// The agent's next turn of duty.
    Turns { person: usize, turn: usize },
    /// The agent's break is over, if it is still this one.
    Returns { person: usize, stay: u64 },
    /// Whoever still waits is sent away.
    Closes,
}

#[derive(Debug)]
struct Noted {
    at_ms: u64,
    number: u64,
    what: Happening,
}

impl PartialEq for Noted {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Noted {}
impl Ord for Noted {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at_ms, self.number).cmp(&(other.at_ms, other.number))
    }
}
impl PartialOrd for Noted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    noted: BinaryHeap<Reverse<Noted>>,
    number: u64,
}

impl Agenda {
    pub fn note(&mut self, at_ms: u64, what: Happening) {
        self.number += 1;
        self.noted.push(Reverse(Noted { at_ms, number: self.number, what }));
    }

    pub fn next_ms(&self) -> Option<u64> {
        self.noted.peek().map(|Reverse(noted)| noted.at_ms)
    }

    /// Takes the next, if it is not later than this.
    pub fn take(&mut self, now_ms: u64) -> Option<Happening> {
        if self.next_ms()? > now_ms {
            return None;
        }
        self.noted.pop().map(|Reverse(noted)| noted.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_time_and_then_in_the_order_noted() {
        let mut agenda = Agenda::default();
        let turn = |turn| Happening::Turns { person: 0, turn };
        for (at_ms, which) in [(5, 0), (3, 1), (5, 2), (3, 3)] {
            agenda.note(at_ms, turn(which));
        }
        assert!(agenda.take(2).is_none());
        let order: Vec<usize> = std::iter::from_fn(|| agenda.take(9))
            .map(|what| match what {
                Happening::Turns { turn, .. } => turn,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(order, [1, 3, 0, 2]);
    }
}
