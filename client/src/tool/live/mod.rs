//! A contact center lived on a real cluster: three nodes of its own, the platform and the agents as programs that use
//! the public API, and a proof afterwards that nothing was lost. `demo` and `replay` are two scripts for it.

pub mod acks;
pub mod audit;
pub mod clock;
pub mod desk;
pub mod events;
pub mod facts;
pub mod nodes;
pub mod platform;
pub mod proof;
pub mod quantiles;
pub mod settle;
pub mod setup;
pub mod stage;
pub mod view;

/// The tenant that lives here.
pub const TENANT: &str = "demo";
/// Its token.
pub const TOKEN: &str = "demo-token";
/// The operator's token.
pub const OPERATOR_TOKEN: &str = "demo-operator-token";

/// `tenants/demo/{collection}/{id}`.
pub fn name(collection: &str, id: &str) -> String {
    format!("tenants/{TENANT}/{collection}/{id}")
}
