//! An interaction as it stands: in memory while open, on disk once closed.
use super::{desk::Call, failure::Failure};
use crate::{
    consensus::{
        archive,
        gateway::{At, ReadMode, Unavailable},
    },
    wire::api::tells,
};
use kindred_domain::{Rejection, ids::InteractionId, record::Interaction, rejection::Kind, state::Tenant};
use kindred_proto::v1;
use std::sync::Arc;

/// An interaction, with what of its agent belongs into an offer.
#[derive(Clone, Debug)]
pub struct Sight {
    /// As it stands.
    pub record: Arc<Interaction>,
    /// The endpoint of the agent it is offered to.
    pub endpoint: Option<String>,
}

impl Sight {
    /// An interaction in memory, with the endpoint.
    pub fn of(tenant: &Tenant, record: &Arc<Interaction>) -> Self {
        let agent = record.offer.as_ref().and_then(|offer| tenant.agent(&offer.agent));
        Self { record: record.clone(), endpoint: agent.map(|agent| agent.endpoint.clone()) }
    }

    /// As callers see it.
    pub fn tell(&self) -> v1::Interaction {
        tells::interaction(&self.record, self.endpoint.as_deref())
    }
}

/// What memory knows of a name.
enum Known {
    Open(Sight),
    Closed,
    Nothing,
}

impl From<archive::Error> for Failure {
    fn from(error: archive::Error) -> Self {
        match error {
            archive::Error::Stopping => Unavailable::Stopping.into(),
            error => Self::Internal { what: error.to_string() },
        }
    }
}

impl Call {
    /// What a read of the disk finds, if it does within the call's time: reads of others may be before it.
    pub async fn archived<T>(&self, reading: impl Future<Output = Result<T, archive::Error>>) -> Result<T, Failure> {
        match tokio::time::timeout_at(self.deadline.into(), reading).await {
            Ok(read) => Ok(read?),
            Err(_) => Err(Unavailable::TimedOut.into()),
        }
    }

    /// An interaction as it stands, open or closed and retained.
    pub async fn interaction(&self, mode: ReadMode, id: &InteractionId) -> Result<(At, Sight), Failure> {
        let wanted = id.clone();
        let look = move |tenant: &Tenant, _: u64| match tenant.interaction(&wanted) {
            Some(record) => Known::Open(Sight::of(tenant, record)),
            None if tenant.closed().contains(&wanted) => Known::Closed,
            None => Known::Nothing,
        };
        let missing = || Rejection::NotFound { kind: Kind::Interaction, id: id.to_string(), field: String::new() };
        match self.look(mode, look).await? {
            (at, Known::Open(sight)) => Ok((at, sight)),
            (_, Known::Nothing) => Err(missing().into()),
            (at, Known::Closed) => {
                let reading = self.desk().archive().closed(self.shard, self.tenant.clone(), id.clone());
                let record = self.archived(reading).await?;
                // Retention may have taken it between the two looks.
                let record = record.ok_or_else(missing)?;
                Ok((at, Sight { record, endpoint: None }))
            }
        }
    }
}
