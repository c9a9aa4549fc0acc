//! A command on its way: its bytes, and who waits for it.
use super::{
    gateway::{Outcome, Unavailable},
    lanes::Item,
    replica::Command,
};
use bytes::Bytes;
use kindred_domain::ids::TenantId;
use tokio::sync::oneshot;

/// A command in a lane.
pub struct Submission {
    /// Whose turn it takes.
    pub tenant: Option<TenantId>,
    /// `kindred.log.v1.Command`, encoded.
    pub bytes: Bytes,
    /// Who waits.
    pub waiter: Waiter,
}

/// Who waits for a reply.
pub struct Waiter {
    pub(super) reply: oneshot::Sender<Result<Outcome, Unavailable>>,
}

impl Waiter {
    /// Answers; a caller that has gone is nobody to tell.
    pub fn answer(self, outcome: Result<Outcome, Unavailable>) {
        let _ = self.reply.send(outcome);
    }
}

impl Item for Submission {
    type Tenant = Option<TenantId>;
    fn bytes(&self) -> usize {
        crate::wire::log::command_len_in_entry(self.bytes.len())
    }
    fn tenant(&self) -> Self::Tenant {
        self.tenant.clone()
    }
}

impl Command for Submission {
    type Waiter = Waiter;
    fn into_waiter(self) -> Waiter {
        self.waiter
    }
}
