//! Requests that write: what a caller asks becomes a command's body, with the request that makes a retry recognisable.
mod agent;
mod config;
mod connector;
mod customer;
mod interaction;
mod offer;
mod policy;
mod schedule;
mod session;
mod supervision;
mod tenant;

pub use schedule::draft;
pub use session::{Action, started};
pub use tenant::{NewTenant, new_tenant, tenant_in};

use super::form::{Form, Refused};
use kindred_domain::{
    Body, Command,
    command::Request,
    ids::{TenantId, Uid},
};
use prost::Message;
use std::cell::RefCell;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// A public request that becomes one command.
pub trait Ask: Message + Default {
    /// Tells requests of different kinds with equal bytes apart.
    const NAME: &'static str;
    /// Its `request_id`.
    fn request_id(&mut self) -> &mut String;
    /// The command; what is wrong is told to the form.
    fn read(self, form: &mut Form<'_>) -> Body;
}

macro_rules! asks {
    ($($request:ident => $read:path;)*) => {$(
        impl Ask for v1::$request {
            const NAME: &'static str = stringify!($request);
            fn request_id(&mut self) -> &mut String { &mut self.request_id }
            fn read(self, form: &mut Form<'_>) -> Body { $read(self, form) }
        }
    )*};
}
pub(super) use asks;

/// The cluster's key for hashes of payloads: the same on every node, so that a retry may come to any of them.
#[derive(Clone, Copy, Debug)]
pub struct PayloadKey(u64);

impl PayloadKey {
    /// The key of a cluster.
    pub fn of(cluster_id: &str) -> Self {
        Self(xxh3_64(cluster_id.as_bytes()))
    }
}

thread_local! {
    /// Reused between requests: hashing needs a request's bytes in one piece.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Larger scratch buffers are given back after use.
const SCRATCH_MAX_BYTES: usize = 64 * 1024;

impl PayloadKey {
    /// Hash of a request whose `request_id` has been taken out; `name` tells kinds with equal bytes apart.
    fn hash(self, name: &str, request: &impl Message) -> u64 {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            scratch.extend_from_slice(name.as_bytes());
            // A vector grows as needed: encoding into it cannot fail.
            let hash = match request.encode(scratch) {
                Ok(()) => xxh3_64_with_seed(scratch, self.0),
                Err(_) => 0,
            };
            if scratch.capacity() > SCRATCH_MAX_BYTES {
                *scratch = Vec::new();
            }
            hash
        })
    }
}

/// Reads a request for its tenant. Without a `request_id` every call is a request of its own.
pub fn ask<A: Ask>(tenant: &TenantId, key: PayloadKey, mut request: A) -> Result<Command, Refused> {
    let mut form = Form::new(tenant);
    let id = std::mem::take(request.request_id());
    let known = (!id.is_empty())
        .then(|| Request { id: form.uid(&"request_id", &id), payload_hash: key.hash(A::NAME, &request) });
    let body = request.read(&mut form);
    form.finish(Command { tenant: Some(tenant.clone()), request: known, body })
}

/// An identifier drawn by the server.
pub(super) fn drawn<T: for<'a> From<&'a str>>() -> T {
    let mut text = [0; 36];
    T::from(&*uuid::Uuid::now_v7().hyphenated().encode_lower(&mut text))
}

/// A number drawn by the server.
pub fn draw() -> Uid {
    Uid(uuid::Uuid::now_v7().as_u128())
}
