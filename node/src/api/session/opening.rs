//! A session begins: its first message, its place in the events, its agents; and how records are looked at.
use super::{
    outbox::Outbox,
    run::{Runner, SILENCE_MS},
    tidings::{Records, Session},
};
use crate::{
    api::{desk::Call, failure::Failure, stream::Writer, tail::Tail},
    consensus::{
        gateway::{At, Outcome, ReadMode, Unavailable},
        lanes::Lane,
    },
    wire::api::{
        FieldViolation, Form, Malformed,
        asks::{draw, started},
    },
};
use futures::stream::FuturesUnordered;
use kindred_domain::{Body, Command, command::AttachSession, ids::AgentId, state::Tenant};
use kindred_proto::v1::{self, SessionRequest, SessionResponse, session_request};
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Status, Streaming};

/// A look that cannot be answered now is tried so often, at this distance: a busy moment ends no session.
const LOOKS: u32 = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// All tries together: less than the lease leaves between two renewals.
const LOOKING: Duration = Duration::from_secs(4);

/// Runs a session to its end, and lets go of its agents.
pub async fn run(call: Call, mut incoming: Streaming<SessionRequest>, writer: Writer<SessionResponse>) {
    let first = tokio::select! {
        first = incoming.message() => first,
        () = tokio::time::sleep(Duration::from_millis(SILENCE_MS)) => {
            return writer.end(call.fail(Failure::SessionSilent { silent_ms: SILENCE_MS }));
        }
    };
    let start = match first {
        Ok(Some(SessionRequest { action: Some(session_request::Action::Start(start)), .. })) => start,
        Ok(Some(_)) => return writer.end(call.fail(bad("action", "must be `start` in the first message"))),
        Ok(None) => return,
        Err(status) => return writer.end(call.fail(unread(&status))),
    };
    let (mut runner, resumed) = match begin(call.clone(), &start, writer).await {
        Ok(begun) => begun,
        Err((failure, writer)) => return writer.end(call.fail(failure)),
    };
    metrics::gauge!("kindred_sessions").increment(1.0);
    let over = match runner.introduce(resumed).await {
        Ok(()) => runner.serve(&mut incoming).await,
        Err(over) => over,
    };
    metrics::gauge!("kindred_sessions").decrement(1.0);
    runner.finish(over).await;
}

/// What came up could not be read: the stream broke, and nobody hears this, or the message is none of ours.
pub(super) fn unread(status: &Status) -> Failure {
    let what = match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => "is longer than a request may be",
        _ => "cannot be read",
    };
    bad("action", what)
}

pub(super) fn bad(field: &str, description: &str) -> Failure {
    let violation = FieldViolation::new(field, description);
    Failure::Malformed(Malformed { violations: vec![violation] })
}

/// Finds the place in the events, then attaches: nothing happens to the agents unseen.
async fn begin(
    call: Call,
    start: &v1::SessionStart,
    writer: Writer<SessionResponse>,
) -> Result<(Runner, bool), (Failure, Writer<SessionResponse>)> {
    let begun = async {
        let agents = started(&call.tenant, start)?;
        let mut form = Form::new(&call.tenant);
        let place = form.place(&"start.resume_token", &start.resume_token);
        let place = form.finish(place)?;
        let (tail, resumed, at) = match Tail::start(&call, place).await {
            Ok((tail, at)) => (tail, place.is_some(), at),
            // Too old, or of a stream of events that is no more: it begins with how everything stands.
            Err(Failure::TokenExpired { .. } | Failure::Malformed(_)) => {
                let (tail, at) = Tail::start(&call, None).await?;
                (tail, false, at)
            }
            Err(failure) => return Err(failure),
        };
        let mut session = Session::new(call.tenant.clone(), draw());
        session.attaching(&agents);
        let attached = attach(&call, &session, agents.clone()).await?;
        session.attached(&agents, attached.index);
        Ok((tail, resumed, at, session))
    };
    match begun.await {
        Ok((tail, resumed, at, session)) => {
            let (under_way, heard) = (FuturesUnordered::new(), Instant::now());
            let outbox = Outbox::new(writer, tail.seen());
            Ok((Runner { call, outbox, session, tail, under_way, at, heard }, resumed))
        }
        Err(failure) => Err((failure, writer)),
    }
}

pub(super) fn submit(call: &Call, command: Command) -> impl Future<Output = Result<Outcome, Failure>> + Send + 'static {
    let call = call.renewed();
    async move { Ok(call.desk().gateway().submit(call.shard, Lane::Answer, &command, call.deadline).await?) }
}

pub(super) fn command(call: &Call, body: impl Into<Body>) -> Command {
    Command { tenant: Some(call.tenant.clone()), request: None, body: body.into() }
}

pub(super) fn attach(
    call: &Call,
    session: &Session,
    agents: Vec<AgentId>,
) -> impl Future<Output = Result<At, Failure>> + Send + 'static {
    let node = call.desk().gateway().shared().node.clone();
    let attach = submit(call, command(call, AttachSession { session: session.id(), node, agents }));
    async move {
        let outcome = attach.await?;
        outcome.result?;
        Ok(outcome.at)
    }
}

/// A look at the state, again if it cannot be answered now. Leases are renewed and the client is heard after it, so it
/// may take no longer than they can wait.
pub(super) async fn insist<T, L>(mut look: impl FnMut() -> L) -> Result<T, Failure>
where
    L: Future<Output = Result<T, Failure>>,
{
    let mut looks = 1;
    let until = Instant::now() + LOOKING;
    loop {
        let looked = tokio::time::timeout_at(until, look()).await;
        match looked.unwrap_or(Err(Unavailable::TimedOut.into())) {
            Err(Failure::Unavailable(
                Unavailable::Overloaded { .. }
                | Unavailable::TimedOut
                | Unavailable::NoLeader
                | Unavailable::NotLeader { .. },
            )) if looks < LOOKS && Instant::now() < until => {}
            looked => return looked,
        }
        tokio::time::sleep(looks * LOOK_AGAIN).await;
        looks += 1;
    }
}

/// Looks at agents and everything they have work in.
pub(super) async fn look_at(call: Call, agents: Vec<AgentId>, mode: ReadMode) -> Result<(At, Records), Failure> {
    insist(|| look_once(call.renewed(), agents.clone(), mode)).await
}

async fn look_once(call: Call, agents: Vec<AgentId>, mode: ReadMode) -> Result<(At, Records), Failure> {
    let look = move |tenant: &Tenant, log_ms: u64| Records::of_agents(tenant, agents, log_ms);
    call.look(mode, look).await
}
