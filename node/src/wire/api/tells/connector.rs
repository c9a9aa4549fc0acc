//! Connectors.
use crate::wire::api::{
    form::etag,
    name::full_name,
    value::{duration, time},
};
use kindred_domain::record::Connector;
use kindred_proto::v1::{self, connector::State};

/// A connector.
pub fn connector(record: &Connector) -> v1::Connector {
    let state = if record.lease.is_some() { State::Alive } else { State::Lapsed };
    v1::Connector {
        name: full_name(&record.tenant, &record.id),
        etag: etag(record.version),
        display_name: record.display_name.clone(),
        lease: Some(duration(record.lease_ms)),
        state: state.into(),
        lease_expire_time: record.lease.map(|deadline| time(deadline.at_ms)),
        lapse_time: record.lapsed_ms.map(time),
    }
}
