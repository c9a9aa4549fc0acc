//! Does the state hold together: every invariant that spans tables. Looks at everything; for tests, chaos and doubt.
mod agent;
mod config;
mod hours;
mod index;
mod interaction;
mod shard;
#[cfg(test)]
mod tests;

use crate::{ids::*, state::State};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// Something that must never be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Whose; `None` for the shard's own.
    pub tenant: Option<TenantId>,
    /// Which invariant, a stable name (`one_primary`).
    pub rule: &'static str,
    /// Of what (`interactions/i1`).
    pub subject: String,
    /// What is wrong.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tenant) = &self.tenant {
            write!(f, "tenants/{tenant}/")?;
        }
        write!(f, "{}: {}: {}", self.subject, self.rule, self.detail)
    }
}

/// Collects violations of one tenant, or of the shard.
struct Report<'a> {
    tenant: Option<&'a TenantId>,
    found: &'a mut Vec<Violation>,
}

impl Report<'_> {
    /// Notes a violation unless the rule holds.
    fn expect(&mut self, holds: bool, rule: &'static str, subject: impl fmt::Display, detail: impl fmt::Display) {
        if !holds {
            self.found.push(Violation {
                tenant: self.tenant.cloned(),
                rule,
                subject: subject.to_string(),
                detail: detail.to_string(),
            });
        }
    }
}

impl State {
    /// Every cross-table invariant; the violations found, if any.
    pub fn check(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        let report = &mut Report { tenant: None, found: &mut found };
        shard::check(self, report);
        for tenant in self.tenants.values() {
            let report = &mut Report { tenant: Some(&tenant.record.id), found: &mut found };
            index::check(self, tenant, report);
            if !tenant.record.deleted {
                config::check(tenant, report);
                hours::check(self.now_ms, tenant, report);
                interaction::check(self.now_ms, tenant, report);
                agent::check(tenant, report);
            }
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}
