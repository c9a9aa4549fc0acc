//! Retry and resume as plain state machines: no clock, no socket, no task. Time goes in as milliseconds of any
//! monotonic clock, chance as a seed; what to do next comes out. The client drives them over a network, the chaos
//! simulation over a simulated one.

pub mod backoff;
pub mod budget;
pub mod call;
pub mod endpoints;
pub mod resume;
pub mod session;

pub use backoff::Backoff;
pub use budget::Budget;
pub use call::{Attempts, Next};
pub use endpoints::{Endpoints, Health, Target};
pub use resume::{Resume, Seen};
pub use session::SessionLogic;
