//! Where calls come in: who calls, for which tenant and shard, until when; and what goes back with every answer.
use super::{
    caller::{Caller, Tokens},
    deadline::deadline,
    failure::Failure,
    status::{name_leader, never_again, status},
    written::Written,
};
use crate::{
    consensus::{
        archive::Archive,
        core::Role,
        gateway::{At, Gateway, ReadMode, Unavailable},
        lanes::Lane,
        ports::ShardId,
    },
    wire::api::{Ask, Form, PayloadKey, ask, name::node_name, value::time},
};
use kindred_domain::{Command, Rejection, State, ids::TenantId, state::Tenant};
use kindred_proto::v1;
use std::{sync::Arc, time::Instant};
use tokio::sync::{Semaphore, watch};
use tonic::{Request, Response, Status};

/// Which shard owns a tenant, as far as this node knows.
pub trait TenantMap: Send + Sync {
    /// The shard; `None` if the tenant has no place.
    fn shard_of(&self, tenant: &str) -> Option<ShardId>;
    /// Where a tenant that gets a place now shall live.
    fn shard_for(&self, tenant: &TenantId) -> ShardId;
}

/// What the services stand on.
pub struct Parts {
    /// The door to the shards.
    pub gateway: Gateway,
    /// What is on disk only.
    pub archive: Archive,
    /// Where tenants live.
    pub tenants: Arc<dyn TenantMap>,
    /// Who may call.
    pub tokens: Tokens,
    /// Becomes true when the node stops: streams end.
    pub stopping: watch::Receiver<bool>,
}

/// The desk; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    key: PayloadKey,
    cluster_id: String,
    node: String,
    streams: Arc<Semaphore>,
}

/// Streams of one node; a further one is refused with `TOO_MANY_STREAMS`.
pub const STREAMS_MAX: usize = 20_000;

impl Desk {
    /// A desk before these rooms.
    pub fn new(parts: Parts) -> Self {
        let shared = parts.gateway.shared();
        let (cluster_id, node) = (shared.cluster_id.clone(), node_name(&shared.node));
        let key = PayloadKey::of(&cluster_id);
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        Self { inner: Arc::new(Inner { parts, key, cluster_id, node, streams }) }
    }

    /// The door to the shards.
    pub fn gateway(&self) -> &Gateway {
        &self.inner.parts.gateway
    }

    /// What is on disk only.
    pub fn archive(&self) -> &Archive {
        &self.inner.parts.archive
    }

    /// Where tenants live.
    pub fn tenants(&self) -> &dyn TenantMap {
        &*self.inner.parts.tenants
    }

    /// The cluster's key for hashes of payloads.
    pub fn key(&self) -> PayloadKey {
        self.inner.key
    }

    /// Becomes true when the node stops.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.inner.parts.stopping.clone()
    }

    /// A place for one more stream.
    pub fn stream(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Failure> {
        let permit = self.inner.streams.clone().try_acquire_owned();
        permit.map_err(|_| Failure::TooManyStreams { max: STREAMS_MAX })
    }

    /// A tenant's call.
    pub fn call<T>(&self, request: &Request<T>) -> Result<Call, Status> {
        let Caller::Tenant(tenant) = self.inner.parts.tokens.caller(request.metadata())? else {
            return Err(Failure::Forbidden { needed: "TENANT" }.into());
        };
        let Some(shard) = self.tenants().shard_of(tenant) else {
            return Err(Failure::NotPlaced { tenant: tenant.to_string() }.into());
        };
        Ok(self.call_of(tenant.clone(), shard, request))
    }

    /// A call on behalf of a tenant whose shard is known.
    pub fn call_of<T>(&self, tenant: TenantId, shard: ShardId, request: &Request<T>) -> Call {
        Call { desk: self.clone(), tenant, shard, deadline: deadline(request.metadata(), Instant::now()) }
    }

    /// Who calls.
    pub fn caller<T>(&self, request: &Request<T>) -> Result<&Caller, Failure> {
        self.inner.parts.tokens.caller(request.metadata())
    }

    /// An operator's call, about the cluster: shard 0.
    pub fn operator<T>(&self, request: &Request<T>) -> Result<Call, Status> {
        match self.caller(request)? {
            Caller::Operator => Ok(self.call_of(TenantId::from(""), 0, request)),
            Caller::Tenant(_) => Err(Failure::Forbidden { needed: "OPERATOR" }.into()),
        }
    }

    /// A write of one command.
    pub async fn write<A: Ask>(&self, request: Request<A>, lane: Lane) -> Result<Written, Status> {
        let call = self.call(&request)?;
        call.write(request.into_inner(), lane).await
    }
}

/// Resolves when the node stops.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Nobody can say so any more: the node is gone already.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Where in the log an answer comes from, and from which node.
pub fn header(cluster_id: &str, node: &str, at: At, repeated: bool) -> v1::ResponseHeader {
    v1::ResponseHeader {
        cluster_id: cluster_id.to_owned(),
        node: node.to_owned(),
        shard: at.shard,
        term: at.term,
        index: at.index,
        position: at.position,
        log_time: Some(time(at.log_ms)),
        repeated,
    }
}

/// One call.
#[derive(Clone)]
pub struct Call {
    desk: Desk,
    /// Whose.
    pub tenant: TenantId,
    /// Where the tenant lives.
    pub shard: ShardId,
    /// Until when it must be answered.
    pub deadline: Instant,
}

/// How fresh a read shall be.
pub fn read_mode(form: &mut Form<'_>, mode: i32) -> ReadMode {
    match form.known(&"read_mode", mode) {
        v1::ReadMode::Unspecified | v1::ReadMode::Linearizable => ReadMode::Linearizable,
        v1::ReadMode::Stale => ReadMode::Stale,
    }
}

impl Call {
    /// Where it came in.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The leader's client address, unless this node leads.
    pub fn leader(&self) -> Option<String> {
        let shared = self.desk.gateway().shared();
        let standing = shared.door(self.shard)?.standing();
        if standing.role == Role::Leader { None } else { shared.leader_hint(self.shard) }
    }

    /// Whether this node knows of a leader of the shard.
    pub fn is_led(&self) -> bool {
        let standing = self.desk.gateway().standing(self.shard);
        standing.is_some_and(|standing| standing.role == Role::Leader || standing.leader.is_some())
    }

    /// A failure as a status with the hint.
    pub fn fail(&self, failure: impl Into<Failure>) -> Status {
        let failure = failure.into();
        if let Failure::Internal { what } = &failure {
            tracing::error!(tenant = %self.tenant, what, "a call failed through a fault of ours");
        }
        status(&failure, self.leader())
    }

    /// The same call with a fresh deadline, for streams.
    pub fn renewed(&self) -> Self {
        Self { deadline: Instant::now() + super::deadline::DEFAULT, ..self.clone() }
    }

    /// Reads the request's form.
    pub fn read_form<T>(&self, read: impl FnOnce(&mut Form<'_>) -> T) -> Result<T, Failure> {
        let mut form = Form::new(&self.tenant);
        let value = read(&mut form);
        Ok(form.finish(value)?)
    }

    /// The same, with the failure as a status.
    pub fn form<T>(&self, read: impl FnOnce(&mut Form<'_>) -> T) -> Result<T, Status> {
        self.read_form(read).map_err(|failure| self.fail(failure))
    }

    /// A message as a response, with the hint.
    pub fn respond<T>(&self, message: T) -> Response<T> {
        let mut response = Response::new(message);
        name_leader(response.metadata_mut(), self.leader());
        response
    }

    /// Where in the log an answer comes from.
    pub fn header(&self, at: At, repeated: bool) -> Option<v1::ResponseHeader> {
        Some(header(&self.desk.inner.cluster_id, &self.desk.inner.node, at, repeated))
    }

    /// A write of one command.
    pub async fn write<A: Ask>(self, request: A, lane: Lane) -> Result<Written, Status> {
        let command = ask(&self.tenant, self.desk.key(), request).map_err(|refused| self.fail(refused))?;
        self.submit(lane, &command).await
    }

    /// Submits a command and takes the "no" for a failure.
    pub async fn submit(self, lane: Lane, command: &Command) -> Result<Written, Status> {
        let outcome = self.desk.gateway().submit(self.shard, lane, command, self.deadline).await;
        let outcome = outcome.map_err(|unavailable| {
            // Without a request id a second try may be done a second time.
            let unsafe_again = command.request.is_none() && unavailable == Unavailable::ResultUnknown;
            let status = self.fail(unavailable);
            if unsafe_again { never_again(status) } else { status }
        })?;
        match outcome.result {
            Ok(reply) => Ok(Written { at: outcome.at, repeated: outcome.repeated, reply, call: self }),
            Err(rejection) => Err(self.fail(rejection)),
        }
    }

    /// Reads the shard's state, on the apply thread: short looks only.
    pub async fn read<T: Send + 'static>(
        &self,
        mode: ReadMode,
        look: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<(At, T), Failure> {
        Ok(self.desk.gateway().read(self.shard, mode, self.deadline, look).await?)
    }

    /// Reads the tenant's state, on the apply thread: short looks only. The second argument is log time.
    pub async fn look<T: Send + 'static>(
        &self,
        mode: ReadMode,
        look: impl FnOnce(&Tenant, u64) -> T + Send + 'static,
    ) -> Result<(At, T), Failure> {
        let tenant = self.tenant.clone();
        let looked = move |state: &State| state.tenant(&tenant).map(|tenant| look(tenant, state.now_ms()));
        let (at, found) = self.read(mode, looked).await?;
        let missing = || Failure::Rejected(Rejection::WrongShard { tenant: self.tenant.to_string() });
        Ok((at, found.ok_or_else(missing)?))
    }
}
