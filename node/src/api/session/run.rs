//! A session's loop: what comes up, what is applied, what is due goes into the machine; what it wants is done.
use super::{
    looks::Look,
    machine::{Input, Machine, Now, Setting, Step, Want, bad},
    outbox::Outbox,
    tidings::Records,
};
use crate::{
    api::{
        desk::{Call, stopped},
        failure::Failure,
        forsaken,
        stream::{Cut, Writer},
        tail::Tail,
    },
    consensus::{
        gateway::{At, Unavailable},
        lanes::Lane,
    },
    wire::api::{asks::draw, token::Place},
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use kindred_domain::Command;
use kindred_proto::v1::{SessionRequest, SessionResponse};
use std::{ops::ControlFlow, pin::pin, time::Duration};
use tokio::time::{Instant, interval, sleep_until, timeout_at};
use tonic::{Code, Status, Streaming};

/// Nothing is due: look again then.
const IDLE: Duration = Duration::from_secs(60);

/// Something that was waited for.
enum Done {
    Input(Input),
    Begun(Result<(Tail, At), Failure>),
}

/// One that speaks for its agents, in the gauge of sessions.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("kindred_sessions").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("kindred_sessions").decrement(1.0);
    }
}

/// See the module.
pub(super) struct Runner {
    call: Call,
    machine: Machine,
    outbox: Outbox<SessionResponse>,
    tail: Option<Tail>,
    under_way: FuturesUnordered<BoxFuture<'static, Done>>,
    /// The machine's time counts from here.
    began: Instant,
    /// The reader is gone, or too slow.
    cut: Option<Cut>,
    counted: Option<Counted>,
}

impl Runner {
    pub(super) fn new(call: Call, writer: Writer<SessionResponse>) -> Self {
        let shared = call.desk().gateway().shared();
        let setting = Setting {
            tenant: call.tenant.clone(),
            session: draw(),
            cluster_id: shared.cluster_id.clone(),
            node: shared.node.clone(),
            key: call.desk().key(),
        };
        Self {
            machine: Machine::new(setting, 0),
            outbox: Outbox::new(writer, 0),
            tail: None,
            under_way: FuturesUnordered::new(),
            began: Instant::now(),
            cut: None,
            counted: None,
            call,
        }
    }

    /// Runs a session to its end, and lets go of its agents.
    pub(super) async fn run(mut self, mut incoming: Streaming<SessionRequest>) {
        let end = self.serve(&mut incoming).await;
        if self.cut.is_none() {
            self.cut = self.outbox.flush().await.err();
        }
        match (self.cut, end) {
            (Some(Cut::Slow), _) => {
                metrics::counter!("kindred_slow_readers_cut_total", "stream" => "session").increment(1);
                let resume_token = self.machine.token(self.outbox.told_place());
                self.outbox.into_writer().end(self.call.fail(Failure::SlowReader { resume_token }));
            }
            (None, Some(failure)) => self.outbox.into_writer().end(self.call.fail(failure)),
            (Some(Cut::Gone), _) | (None, None) => {}
        }
    }

    /// Until it is over, and why if that is to be told.
    async fn serve(&mut self, incoming: &mut Streaming<SessionRequest>) -> Option<Failure> {
        let mut stopping = self.call.desk().stopping();
        let mut look = interval(forsaken::LOOK);
        let gone = self.outbox.writer().reader();
        let mut due = pin!(sleep_until(self.due_at()));
        loop {
            let waiting = self.outbox.len();
            let goes_on = self.machine.goes_on();
            let due_at = self.due_at();
            if due.deadline() != due_at {
                due.as_mut().reset(due_at);
            }
            let input = tokio::select! {
                drained = self.outbox.drain(), if self.cut.is_none() => match drained {
                    Ok(()) => continue,
                    Err(cut) => self.cut_off(cut),
                },
                batch = next(&mut self.tail), if self.machine.listens(waiting) => batch.unwrap_or_else(Input::Failed),
                Some(done) = self.under_way.next() => self.done(done),
                message = incoming.message(), if self.machine.reads(waiting) => asked(message),
                () = &mut due => Input::Due(waiting),
                _ = look.tick(), if goes_on && self.machine.is_led() != self.call.is_led() => Input::Due(waiting),
                () = gone.closed(), if goes_on && self.cut.is_none() => self.cut_off(Cut::Gone),
                () = stopped(&mut stopping), if goes_on => Input::Failed(Unavailable::Stopping.into()),
            };
            if let ControlFlow::Break(end) = self.take(input) {
                return end;
            }
        }
    }

    fn now(&self) -> Now {
        let ms = self.began.elapsed().as_millis() as u64;
        Now { ms, leader: self.call.leader(), is_led: self.call.is_led() }
    }

    fn instant(&self, ms: u64) -> Instant {
        self.began + Duration::from_millis(ms)
    }

    fn due_at(&self) -> Instant {
        self.machine.next_due_ms().map_or_else(|| Instant::now() + IDLE, |ms| self.instant(ms))
    }

    /// One step; breaks with the end.
    fn take(&mut self, input: Input) -> ControlFlow<Option<Failure>> {
        for want in self.machine.take(&self.now(), input) {
            match want {
                Want::Begin(after) => self.begin(after),
                Want::Submit(command, step) => self.submit(command, step),
                Want::Look(look) => self.look(look),
                Want::Send(response, place) => self.outbox.push(response, place),
                Want::End(end) => return ControlFlow::Break(end),
            }
        }
        self.counted = self.machine.is_attached().then(|| self.counted.take().unwrap_or_else(Counted::new));
        ControlFlow::Continue(())
    }

    fn begin(&mut self, after: Option<Place>) {
        let call = self.call.renewed();
        self.under_way.push(async move { Done::Begun(Tail::start(&call, after).await) }.boxed());
    }

    fn submit(&mut self, command: Command, step: Step) {
        if let Step::AttachAgain(_) = &step {
            tracing::warn!(session = %self.machine.session(), "the lease had lapsed: attaching again");
        }
        let call = self.call.renewed();
        let done = async move {
            let submitted = call.desk().gateway().submit(call.shard, Lane::Answer, &command, call.deadline);
            Done::Input(Input::Outcome(step, submitted.await))
        };
        self.under_way.push(done.boxed());
    }

    fn look(&mut self, look: Look) {
        let (call, until) = (self.call.renewed(), self.instant(look.until_ms));
        let done = async move {
            let looked = timeout_at(until, look_at(&call, &look)).await;
            Done::Input(Input::Looked(look, looked.unwrap_or(Err(Unavailable::TimedOut.into()))))
        };
        self.under_way.push(done.boxed());
    }

    fn done(&mut self, done: Done) -> Input {
        match done {
            Done::Input(input) => input,
            Done::Begun(Ok((tail, at))) => {
                let seen = tail.seen();
                self.outbox.knows(seen);
                self.tail = Some(tail);
                Input::Begun(Ok((at, seen)))
            }
            Done::Begun(Err(failure)) => Input::Begun(Err(failure)),
        }
    }

    fn cut_off(&mut self, cut: Cut) -> Input {
        self.cut = Some(cut);
        Input::Gone
    }
}

/// The next events; never, before it is known where they begin.
async fn next(tail: &mut Option<Tail>) -> Result<Input, Failure> {
    let Some(tail) = tail else { return std::future::pending().await };
    let batch = tail.next().await?;
    let at = tail.at_end_of(&batch);
    Ok(Input::Events(batch, at))
}

/// Records in memory, and of what is closed how it ended.
async fn look_at(call: &Call, look: &Look) -> Result<(At, Records), Failure> {
    let what = look.what.clone();
    let (at, mut found) = call.look(what.mode(), move |tenant, log_ms| what.look(tenant, log_ms)).await?;
    for id in found.closed {
        let reading = call.desk().archive().closed(call.shard, call.tenant.clone(), id);
        // Retention may have taken it between the two looks.
        if let Some(record) = call.archived(reading).await? {
            found.records.add_closed(record);
        }
    }
    Ok((at, found.records))
}

/// What comes up.
fn asked(message: Result<Option<SessionRequest>, Status>) -> Input {
    match message {
        Ok(Some(request)) => Input::Request(request),
        Ok(None) => Input::Finished,
        Err(status) => Input::Failed(unread(&status)),
    }
}

/// What came up could not be read: the stream broke, and nobody hears this, or the message is none of ours.
fn unread(status: &Status) -> Failure {
    let what = match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => "is longer than a request may be",
        _ => "cannot be read",
    };
    bad("action", what)
}
