//! What became of interactions: how long each waited, with whom it talked, for how long. One that was given on waits again:
//! it has a leg for each time.
use super::{Unfollowed, recorder::Window};
use kindred_domain::{Event, EventKind, command::CreateInteraction, event::QueuedCause, ids::*, record::*};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// One interaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// When it was submitted.
    pub at_ms: u64,
    /// What was submitted.
    pub submitted: Arc<CreateInteraction>,
    /// It waits, and is answered or not; once, or again for each agent who gave it on.
    pub legs: Vec<Leg>,
}

/// One time of waiting, and what followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    /// Where it waited.
    pub queue: QueueId,
    /// Since when.
    pub since_ms: u64,
    /// For how long, as far as is known.
    pub waited_ms: u64,
    /// What ended the waiting.
    pub stopped: Stopped,
}

/// What ended the waiting.
#[derive(Clone, Debug, PartialEq)]
pub enum Stopped {
    /// An agent.
    Answered(Answered),
    /// The customer: patience was no longer than this.
    Left,
    /// The queue's longest wait.
    Expired,
    /// The platform withdrew it, or lost it.
    Withdrawn,
    /// Nothing: the log ends before.
    Open,
}

/// With whom, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// By whom.
    pub agent: AgentId,
    /// Connecting took so long.
    pub connect_ms: u64,
    /// They talked so long; `None` if they still did when the log ended.
    pub talk_ms: Option<u64>,
    /// After-work took so long; `None` if it still did when the log ended.
    pub wrap_up_ms: Option<u64>,
}

/// An agent's part in an interaction that is not over.
struct Part {
    id: AssignmentId,
    agent: AgentId,
    accepted_ms: u64,
    leg: usize,
    connected_ms: Option<u64>,
    talked_until_ms: Option<u64>,
}

/// An interaction that is not over.
struct Open {
    visit: usize,
    parts: Vec<Part>,
    asleep_since_ms: Option<u64>,
    slept_ms: u64,
    closed: bool,
}

/// Follows one tenant's interactions. Times here are log time until [`Visits::finish`].
#[derive(Default)]
pub(super) struct Visits {
    all: Vec<Visit>,
    open: HashMap<InteractionId, Open>,
    /// Open ones that came before the window.
    before: BTreeSet<InteractionId>,
}

impl Visits {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The interactions as submitted, with log times made times since the beginning.
    pub fn finish(self, begins_ms: u64) -> Vec<Visit> {
        let mut all = self.all;
        for visit in &mut all {
            visit.at_ms -= begins_ms;
            visit.legs.iter_mut().for_each(|leg| leg.since_ms -= begins_ms);
        }
        all
    }

    /// The log ends: who waits has waited so long.
    pub fn end(&mut self, now_ms: u64, unfollowed: &mut Unfollowed) {
        unfollowed.open_before += self.before.len() as u64;
        for open in self.open.values() {
            if let Some(leg) = self.all[open.visit].legs.last_mut()
                && leg.stopped == Stopped::Open
            {
                leg.waited_ms = now_ms.saturating_sub(leg.since_ms);
            }
        }
    }

    pub fn created(&mut self, at_ms: u64, command: &Arc<CreateInteraction>, window: &Window) {
        if at_ms < window.since_ms {
            self.before.insert(command.id.clone());
            return;
        }
        if at_ms >= window.until_ms {
            return;
        }
        let leg = Leg { queue: command.queue.clone(), since_ms: at_ms, waited_ms: 0, stopped: Stopped::Open };
        let visit = self.all.len();
        self.all.push(Visit { at_ms, submitted: command.clone(), legs: vec![leg] });
        let open = Open { visit, parts: Vec::new(), asleep_since_ms: None, slept_ms: 0, closed: false };
        self.open.insert(command.id.clone(), open);
    }

    /// Something happened to an interaction. `primary` says whether an assignment is the customer's own.
    pub fn event(
        &mut self,
        event: &Event,
        window: &Window,
        unfollowed: &mut Unfollowed,
        primary: impl Fn(AssignmentId) -> bool,
    ) {
        let Some(id) = &event.interaction else { return };
        if let EventKind::InteractionClosed { .. } = event.kind
            && self.before.remove(id)
            && event.at_ms >= window.since_ms
        {
            unfollowed.open_before += 1;
        }
        let Some(open) = self.open.get_mut(id) else { return };
        let (at_ms, visit) = (event.at_ms, &mut self.all[open.visit]);
        match &event.kind {
            EventKind::InteractionUpdated
            | EventKind::InteractionReprioritised { .. }
            | EventKind::InteractionMoved { .. }
            | EventKind::InteractionOverflowed { .. } => unfollowed.updated += 1,
            EventKind::OfferAccepted { offer } => {
                if let Some(agent) = event.agent.clone() {
                    let (leg, id) = (visit.legs.len() - 1, *offer);
                    let part = Part { id, agent, accepted_ms: at_ms, leg, connected_ms: None, talked_until_ms: None };
                    open.parts.push(part);
                }
            }
            EventKind::AssignmentConnected { assignment } if primary(*assignment) => {
                open.connected(visit, *assignment, at_ms)
            }
            EventKind::InteractionDormant => {
                open.asleep_since_ms = Some(at_ms);
                unfollowed.slept += 1;
            }
            EventKind::InteractionResumed => open.wakes(at_ms),
            EventKind::InteractionTransferred { target_agent, .. } => {
                unfollowed.given_to_an_agent += u64::from(target_agent.is_some());
            }
            EventKind::WrapUpStarted { assignment, .. } => open.talked(visit, *assignment, at_ms),
            EventKind::AssignmentEnded { assignment, .. } => open.ended(visit, *assignment, at_ms),
            EventKind::InteractionQueued { cause, .. } => {
                let answered = visit.legs.last().is_some_and(|leg| matches!(leg.stopped, Stopped::Answered(_)));
                if answered && again(*cause) {
                    open.wakes(at_ms);
                    let queue = event.queue.clone().unwrap_or_else(|| visit.submitted.queue.clone());
                    visit.legs.push(Leg { queue, since_ms: at_ms, waited_ms: 0, stopped: Stopped::Open });
                }
            }
            EventKind::InteractionClosed { reason } => open.closes(visit, *reason, at_ms),
            _ => {}
        }
        if open.closed && open.parts.is_empty() {
            self.open.remove(id);
        }
    }
}

/// Does who was talking wait again.
fn again(cause: QueuedCause) -> bool {
    use QueuedCause::{NotResumed, PulledBack, Reassigned, Released, TargetNotThere, Transferred};
    matches!(cause, Transferred | Released | NotResumed | TargetNotThere | PulledBack | Reassigned)
}

impl Open {
    fn part(&mut self, id: AssignmentId) -> Option<&mut Part> {
        self.parts.iter_mut().find(|part| part.id == id)
    }

    fn wakes(&mut self, at_ms: u64) {
        if let Some(since_ms) = self.asleep_since_ms.take() {
            self.slept_ms += at_ms.saturating_sub(since_ms);
        }
    }

    fn connected(&mut self, visit: &mut Visit, id: AssignmentId, at_ms: u64) {
        let Some(part) = self.part(id) else { return };
        let Some(leg) = visit.legs.get_mut(part.leg).filter(|leg| leg.stopped == Stopped::Open) else { return };
        part.connected_ms = Some(at_ms);
        leg.waited_ms = at_ms - leg.since_ms;
        let (agent, connect_ms) = (part.agent.clone(), at_ms - part.accepted_ms);
        leg.stopped = Stopped::Answered(Answered { agent, connect_ms, talk_ms: None, wrap_up_ms: None });
    }

    /// The talk is over, if this part ever talked; asleep they did not.
    fn talked(&mut self, visit: &mut Visit, id: AssignmentId, at_ms: u64) {
        self.wakes(at_ms);
        let slept_ms = self.slept_ms;
        let Some(part) = self.part(id).filter(|part| part.talked_until_ms.is_none()) else { return };
        let Some(connected_ms) = part.connected_ms else { return };
        part.talked_until_ms = Some(at_ms);
        let leg = part.leg;
        if let Some(Leg { stopped: Stopped::Answered(answered), .. }) = visit.legs.get_mut(leg) {
            answered.talk_ms = Some((at_ms - connected_ms).saturating_sub(slept_ms));
        }
        self.slept_ms = 0;
    }

    fn ended(&mut self, visit: &mut Visit, id: AssignmentId, at_ms: u64) {
        self.talked(visit, id, at_ms);
        let Some(place) = self.parts.iter().position(|part| part.id == id) else { return };
        let part = self.parts.remove(place);
        if let (Some(Leg { stopped: Stopped::Answered(answered), .. }), Some(until_ms)) =
            (visit.legs.get_mut(part.leg), part.talked_until_ms)
        {
            answered.wrap_up_ms = Some(at_ms - until_ms);
        }
    }

    fn closes(&mut self, visit: &mut Visit, reason: CloseReason, at_ms: u64) {
        self.closed = true;
        if let Some(leg) = visit.legs.last_mut().filter(|leg| leg.stopped == Stopped::Open) {
            leg.waited_ms = at_ms - leg.since_ms;
            leg.stopped = match reason {
                CloseReason::Abandoned => Stopped::Left,
                CloseReason::Expired => Stopped::Expired,
                _ => Stopped::Withdrawn,
            };
        }
    }
}
