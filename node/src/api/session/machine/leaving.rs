//! A session ends: it lets go of its agents, and says why if anybody is to hear it.
use super::{Machine, Phase, Step, Want};
use crate::api::failure::Failure;
use kindred_domain::command::DetachSession;

impl Machine {
    /// The client has nothing more to say.
    pub(super) fn finish(&mut self) {
        match self.phase {
            Phase::Open => self.phase = Phase::Finishing,
            _ => self.leave(None),
        }
    }

    /// What was under way when the client was done has been answered.
    pub(super) fn finished(&mut self) {
        if matches!(self.phase, Phase::Finishing) && self.under_way == 0 && self.telling.is_none() {
            self.detach(false, None);
        }
    }

    /// It breaks off, for a reason that the client is told if there is one to tell.
    pub(super) fn leave(&mut self, end: Option<Failure>) {
        match &mut self.phase {
            Phase::Waiting { .. } | Phase::Beginning { .. } => self.end(end),
            // Before its attach is done it could not be told apart which of the two comes last in the log.
            Phase::Attaching { ended, .. } => {
                ended.get_or_insert(end);
            }
            Phase::Introducing { .. } | Phase::Open => self.detach(true, end),
            // It was done: its agents are not lost, and nothing has to be told.
            Phase::Finishing => self.detach(false, None),
            Phase::Leaving(_) | Phase::Over => {}
        }
    }

    /// Lets go of the agents; a stream that broke is lost, one that was finished is not.
    fn detach(&mut self, lost: bool, end: Option<Failure>) {
        self.phase = Phase::Leaving(end);
        let session = self.session.id();
        let detach = self.command(DetachSession { session, agents: Vec::new(), lost });
        self.submit(detach, Step::Leave);
    }

    /// Its agents are let go of; if that did not get through, the lease lapses.
    pub(super) fn left(&mut self) {
        if let Phase::Leaving(end) = &mut self.phase {
            let end = end.take();
            self.end(end);
        }
    }

    pub(super) fn end(&mut self, end: Option<Failure>) {
        self.phase = Phase::Over;
        self.wants.push(Want::End(end));
    }
}
