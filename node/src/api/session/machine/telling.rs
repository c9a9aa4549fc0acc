//! A session tells: events come, records are read, messages go out.
use super::{Machine, Now, Phase, Telling, Then, Want, What};
use crate::{
    api::{
        desk::header,
        failure::Failure,
        session::{
            looks::Look,
            tidings::{Needs, Records},
        },
        tail::Batch,
    },
    consensus::gateway::At,
    wire::api::name::node_name,
};
use kindred_proto::v1::{SessionResponse, session_response::Message};

impl Machine {
    /// Events: what it takes to tell of them is read first.
    pub(super) fn events(&mut self, now: &Now, batch: Batch, at: At) {
        if !matches!(self.phase, Phase::Open) || self.telling.is_some() {
            return;
        }
        let (mut needs, mut seen) = (Needs::default(), self.seen);
        for event in batch.events(&self.setting.tenant) {
            self.session.need(event, &mut needs);
            seen = event.number;
        }
        self.telling = Some(Telling { batch, at, seen });
        match needs.is_empty() {
            true => self.tell(&Records::default()),
            false => self.look(now, What::Needs(needs), Then::Tell),
        }
    }

    fn tell(&mut self, records: &Records) {
        let Some(Telling { batch, at, seen }) = self.telling.take() else { return };
        (self.at, self.seen) = (at, seen);
        let tidings = self.session.tell(batch.events(&self.setting.tenant), records);
        self.send_all(tidings.messages, true);
        if tidings.lapsed {
            self.attach_again();
        }
    }

    /// Records, or why there are none.
    pub(super) fn looked(&mut self, now: &Now, look: Look, looked: Result<(At, Records), Failure>) {
        if !matches!(self.phase, Phase::Introducing { .. } | Phase::Open | Phase::Finishing) {
            return;
        }
        let looked = match looked {
            Err(failure) => match look.again(&failure, now.ms) {
                Some(again) => return self.again.push(again),
                None => Err(failure),
            },
            // Newer ones were told while these were on their way: nobody shall see an agent or a call go back.
            Ok((at, _)) if at.index < self.shown => return self.wants.push(Want::Look(look.anew(now.ms))),
            looked => looked,
        };
        match (look.then, looked) {
            (Then::Introduce, looked) => self.introduced(now, looked),
            (Then::Attached { request_id, index }, looked) => {
                let What::Agents(agents) = &*look.what else { return };
                self.attached(request_id, agents, index, looked);
            }
            (Then::Tell, Ok((at, records))) => {
                self.shown = at.index;
                self.tell(&records);
            }
            (Then::Tell, Err(failure)) => {
                self.telling = None;
                self.leave(Some(failure));
            }
        }
    }

    /// Says something; `moved` if all events so far are told with it.
    pub(super) fn send(&mut self, message: Message, moved: bool) {
        self.say(self.at, false, message, moved.then_some(self.seen));
    }

    /// Says all of it; only the last one's token stands for the whole.
    pub(super) fn send_all(&mut self, messages: Vec<Message>, moved: bool) {
        let last = messages.len().saturating_sub(1);
        messages.into_iter().enumerate().for_each(|(at, message)| self.send(message, moved && at == last));
    }

    pub(super) fn say(&mut self, at: At, repeated: bool, message: Message, place: Option<u64>) {
        self.told = place.unwrap_or(self.told);
        let resume_token = place.map(|place| self.token(place)).unwrap_or_default();
        let header = Some(header(&self.setting.cluster_id, &node_name(&self.setting.node), at, repeated));
        self.wants.push(Want::Send(SessionResponse { header, resume_token, message: Some(message) }, place));
    }
}
