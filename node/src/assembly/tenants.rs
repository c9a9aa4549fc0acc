//! Which shard owns a tenant: what shard 0 says, kept for quick looks.
use crate::{
    api::TenantMap,
    consensus::{
        gateway::{Gateway, ReadMode},
        ports::ShardId,
    },
};
use kindred_domain::ids::TenantId;
use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

/// Looking shard 0 up takes at most this.
const LOOK_MS: u64 = 1_000;

/// The map tenant → shard; cheap to clone.
#[derive(Clone)]
pub struct Tenants {
    gateway: Gateway,
    map: Arc<RwLock<BTreeMap<TenantId, ShardId>>>,
}

impl Tenants {
    /// Empty until refreshed.
    pub fn new(gateway: Gateway) -> Self {
        Self { gateway, map: Arc::default() }
    }

    /// Takes what this node's replica of shard 0 knows now.
    pub async fn refresh(&self) -> Vec<(TenantId, ShardId, String)> {
        let until = Instant::now() + Duration::from_millis(LOOK_MS);
        let look = |state: &kindred_domain::State| {
            state.placements().map(|p| (p.tenant.clone(), p.shard, p.display_name.clone())).collect::<Vec<_>>()
        };
        // Stale is enough: a tenant that moved answers WRONG_SHARD.
        let Ok((_, placed)) = self.gateway.read(0, ReadMode::Stale, until, look).await else { return Vec::new() };
        *self.map.write().unwrap_or_else(|p| p.into_inner()) = placed.iter().map(|(t, s, _)| (t.clone(), *s)).collect();
        placed
    }
}

impl TenantMap for Tenants {
    fn shard_of(&self, tenant: &str) -> Option<ShardId> {
        self.map.read().unwrap_or_else(|p| p.into_inner()).get(tenant).copied()
    }

    fn shard_for(&self, tenant: &TenantId) -> ShardId {
        super::shard_for(tenant, self.gateway.shards())
    }
}
