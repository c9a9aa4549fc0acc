//! An interaction as it stands: in memory while open, on disk once closed.
use super::{desk::Call, failure::Failure};
use crate::{
    consensus::{
        archive,
        gateway::{At, ReadMode, Unavailable},
    },
    wire::api::tells,
};
use kindred_domain::{
    Rejection,
    ids::{AgentId, InteractionId},
    record::{Interaction, QueueHours},
    rejection::Kind,
    state::Tenant,
};
use kindred_proto::v1;
use std::{collections::BTreeMap, sync::Arc};

/// An interaction, with what of its agents belongs into an offer.
#[derive(Clone, Debug)]
pub struct Sight {
    /// As it stands.
    pub record: Arc<Interaction>,
    /// The endpoints of the agents it is offered to.
    pub endpoints: BTreeMap<AgentId, String>,
    /// Where its queue stands in its hours.
    pub hours: Option<QueueHours>,
}

impl Sight {
    /// An interaction in memory, with the endpoints.
    pub fn of(tenant: &Tenant, record: &Arc<Interaction>) -> Self {
        let agents = record.offers.iter().filter_map(|offer| tenant.agent(&offer.agent));
        let endpoints = agents.map(|agent| (agent.id.clone(), agent.endpoint.clone())).collect();
        let hours = tenant.queue(&record.queue).and_then(|queue| queue.hours);
        Self { record: record.clone(), endpoints, hours }
    }

    /// As callers see it.
    pub fn tell(&self) -> v1::Interaction {
        let mut told = tells::interaction(&self.record, Some(&self.endpoints));
        told.queue_hours = self.hours.filter(|_| self.record.closing.is_none()).map(tells::queue_hours);
        told
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
                Ok((at, Sight { record, endpoints: BTreeMap::new(), hours: None }))
            }
        }
    }
}
