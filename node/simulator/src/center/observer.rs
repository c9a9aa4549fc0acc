//! What happens in the center, told as it happens.
use super::contact::{Contact, Outcome};

/// What happened. `contact` is the contact's number, from 0 in order of arrival; `person` an index into the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fact<'a> {
    /// Submitted.
    Arrived {
        /// Its number.
        contact: u64,
        /// Itself.
        of: &'a Contact,
    },
    /// Held out to an agent.
    Offered {
        /// Which.
        contact: u64,
        /// To whom.
        person: usize,
    },
    /// The agent would not.
    Declined {
        /// Which.
        contact: u64,
        /// Who.
        person: usize,
    },
    /// The agent did not answer in time.
    Missed {
        /// Which.
        contact: u64,
        /// Who.
        person: usize,
    },
    /// The agent has it: work from now on.
    Taken {
        /// Which.
        contact: u64,
        /// Who.
        person: usize,
    },
    /// Customer and agent talk.
    Answered {
        /// Which.
        contact: u64,
        /// By whom.
        person: usize,
        /// Itself.
        of: &'a Contact,
        /// Since it came.
        wait_ms: u64,
    },
    /// The customer's contact is over.
    Ended {
        /// Which.
        contact: u64,
        /// Itself.
        of: &'a Contact,
        /// How.
        outcome: Outcome,
        /// Since it came: until it was answered, or until it ended unanswered.
        wait_ms: u64,
    },
    /// The agent is through with it, after-work included.
    Freed {
        /// Which.
        contact: u64,
        /// Who.
        person: usize,
    },
    /// The agent is there and ready.
    OnDuty {
        /// Who.
        person: usize,
    },
    /// The agent is on a break, or gone.
    OffDuty {
        /// Who.
        person: usize,
    },
}

/// Whoever wants to know.
pub trait Observer {
    /// Something happened at this virtual millisecond. Never goes back.
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>);
}

/// Nobody wants to know.
impl Observer for () {
    fn see(&mut self, _at_ms: u64, _fact: &Fact<'_>) {}
}

/// Two who want to know.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>) {
        self.0.see(at_ms, fact);
        self.1.see(at_ms, fact);
    }
}

impl<O: Observer> Observer for &mut O {
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>) {
        (**self).see(at_ms, fact);
    }
}

impl<O: Observer> Observer for Option<O> {
    fn see(&mut self, at_ms: u64, fact: &Fact<'_>) {
        if let Some(observer) = self {
            observer.see(at_ms, fact);
        }
    }
}
